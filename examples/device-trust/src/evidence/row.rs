//! One event, as it is listed.

use okta_devtrust::logs::LogEvent;
use serde::Serialize;

/// One event of the log, with what a reader of sign-ins looks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Row {
    /// When it was published, as Okta wrote it.
    pub at: String,
    /// Its type, such as `user.authentication.sso`.
    pub event: String,
    /// How it ended, such as `SUCCESS`.
    pub outcome: String,
    /// The login of the user, or the name of whoever did it.
    pub user: String,
    /// The app.
    pub app: String,
    /// The device's name.
    pub device: String,
    /// Whether the log calls the device managed: `true`, `false`, or empty where it does not say.
    pub managed: String,
    /// The rule that decided.
    pub rule: String,
    /// Why it ended so.
    pub reason: String,
    /// The event's id, by which it is found in Okta.
    pub uuid: String,
}

impl Row {
    pub(super) const HEADINGS: [&'static str; 10] = [
        "at", "event", "outcome", "user", "app", "device", "managed", "rule", "reason", "uuid",
    ];

    pub(super) fn of(event: &LogEvent) -> Self {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let rule = event
            .target_of("Rule")
            .or_else(|| event.target_of("PolicyRule"));
        let actor = event.actor.as_ref();
        let device = event.device();
        Self {
            at: text(event.published.as_ref().map(okta_devtrust::Time::as_str)),
            event: event.event_type.clone(),
            outcome: text(event.result().map(okta_devtrust::logs::LogResult::as_str)),
            user: text(actor.and_then(|actor| {
                actor
                    .login()
                    .or_else(|| actor.display_name.text())
                    .or(actor.id.as_deref())
            })),
            app: text(
                event
                    .app()
                    .and_then(|app| app.display_name.text().or(app.id.as_deref())),
            ),
            device: text(device.and_then(|device| device.name.text().or(device.id.as_deref()))),
            managed: device
                .and_then(|device| device.managed.value())
                .map(ToString::to_string)
                .unwrap_or_default(),
            rule: text(rule.and_then(|rule| rule.display_name.text().or(rule.id.as_deref()))),
            reason: text(event.reason()),
            uuid: event.uuid.clone(),
        }
    }

    pub(super) fn cells(&self) -> [&str; 10] {
        [
            &self.at,
            &self.event,
            &self.outcome,
            &self.user,
            &self.app,
            &self.device,
            &self.managed,
            &self.rule,
            &self.reason,
            &self.uuid,
        ]
    }
}

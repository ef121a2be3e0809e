//! What Okta's System Log holds of sign-ins: event by event as they are read, or folded to a verdict for each device,
//! user and app. Nothing is kept but what is asked for, so a log of any length can be read.
//!
//! ```
//! use device_trust::evidence::{Search, View};
//!
//! let search = Search::new().view(View::Failures).user("ada@acme.example");
//! assert_eq!(search.filter(), r#"outcome.result eq "FAILURE""#);
//! ```

mod print;
mod row;
mod verdicts;

use std::time::Duration;

use futures::{Stream, TryStreamExt as _};
use jiff::{SignedDuration, Timestamp};
use okta_devtrust::logs::{LogEvent, LogQuery};

pub use print::{Format, Printer};
pub use row::Row;
pub use verdicts::{VerdictRow, verdicts};

use crate::{Error, tenants::Tenants};

/// Past the local clock, so that a server whose clock is ahead is still heard.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_mins(5);
const STAGE: &str = "evidence";

/// A search that the job needs often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum View {
    /// Decisions on sign-ins, sign-ins to apps, and every failure.
    SignIns,
    /// Sign-ins to apps that succeeded: eventType eq "user.authentication.sso" and outcome.result eq "SUCCESS".
    SsoSuccesses,
    /// Everything that failed: outcome.result eq "FAILURE".
    Failures,
}

impl View {
    /// Its System Log filter.
    pub fn filter(self) -> &'static str {
        match self {
            Self::SignIns => okta_devtrust::evidence::FILTER,
            Self::SsoSuccesses => {
                r#"eventType eq "user.authentication.sso" and outcome.result eq "SUCCESS""#
            }
            Self::Failures => r#"outcome.result eq "FAILURE""#,
        }
    }
}

/// Which events. An app, user or device is meant by its id, its name, or for a user the login, without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    view: View,
    app: Option<String>,
    user: Option<String>,
    device: Option<String>,
    outcome: Option<String>,
}

impl Default for Search {
    fn default() -> Self {
        Self::new()
    }
}

impl Search {
    /// All sign-ins.
    pub fn new() -> Self {
        Self {
            view: View::SignIns,
            app: None,
            user: None,
            device: None,
            outcome: None,
        }
    }

    /// The events of this view.
    #[must_use]
    pub fn view(mut self, view: View) -> Self {
        self.view = view;
        self
    }

    /// Only those of this app.
    #[must_use]
    pub fn app(mut self, app: impl Into<String>) -> Self {
        self.app = Some(app.into());
        self
    }

    /// Only those of this user.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Only those of this device.
    #[must_use]
    pub fn device(mut self, device: impl Into<String>) -> Self {
        self.device = Some(device.into());
        self
    }

    /// Only those that ended so, such as `DENY`.
    #[must_use]
    pub fn outcome(mut self, outcome: impl Into<String>) -> Self {
        self.outcome = Some(outcome.into().to_uppercase());
        self
    }

    /// The filter that Okta is asked with. App, user and device are told here: Okta's filter sees all targets of an
    /// event as one.
    pub fn filter(&self) -> String {
        let view = self.view.filter();
        match &self.outcome {
            None => view.to_owned(),
            // A quote would end the value; no outcome has one.
            Some(outcome) => {
                let outcome = outcome.replace(['"', '\\'], "");
                format!("({view}) and outcome.result eq \"{outcome}\"")
            }
        }
    }

    fn wants(&self, event: &LogEvent) -> bool {
        let is = |wanted: &Option<String>, names: &[Option<&str>]| {
            wanted.as_ref().is_none_or(|wanted| {
                let mut names = names.iter().flatten();
                names.any(|name| name.eq_ignore_ascii_case(wanted))
            })
        };
        let (app, actor, device) = (event.app(), event.actor.as_ref(), event.device());
        is(
            &self.app,
            &[
                app.and_then(|app| app.id.as_deref()),
                app.and_then(|app| app.display_name.text()),
                app.and_then(|app| app.alternate_id.text()),
            ],
        ) && is(
            &self.user,
            &[
                actor.and_then(|actor| actor.id.as_deref()),
                actor.and_then(|actor| actor.login()),
                actor.and_then(|actor| actor.display_name.text()),
            ],
        ) && is(
            &self.device,
            &[
                device.and_then(|device| device.id.as_deref()),
                device.and_then(|device| device.name.text()),
            ],
        )
    }
}

/// The events of the last `hours`, oldest first.
pub fn recent(
    tenants: &Tenants,
    search: &Search,
    hours: u32,
) -> impl Stream<Item = Result<Row, Error>> + use<> {
    let (from, to) = window(hours);
    let query = LogQuery::between(from, to).filter(search.filter());
    rows(tenants.okta.logs(&query), search.clone())
}

/// The events of the last `hours` and those that come after, until it is dropped. When nothing new is there it waits
/// `pause` before it asks again.
pub fn follow(
    tenants: &Tenants,
    search: &Search,
    hours: u32,
    pause: Duration,
) -> impl Stream<Item = Result<Row, Error>> + use<> {
    let query = LogQuery::since(window(hours).0).filter(search.filter());
    rows(tenants.okta.follow_logs(&query, pause), search.clone())
}

fn rows(
    events: impl Stream<Item = Result<LogEvent, okta_devtrust::Error>>,
    search: Search,
) -> impl Stream<Item = Result<Row, Error>> {
    events
        .map_err(|error| Error::refused(STAGE, error))
        .try_filter_map(move |event| {
            let row = search.wants(&event).then(|| Row::of(&event));
            async move { Ok(row) }
        })
}

fn window(hours: u32) -> (Timestamp, Timestamp) {
    let now = Timestamp::now();
    let from = now.saturating_sub(SignedDuration::from_hours(hours.into()));
    let to = now.saturating_add(CLOCK_SLACK);
    (from.unwrap_or(Timestamp::MIN), to.unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> LogEvent {
        serde_json::from_str(
            r#"{"actor": {"id": "00u1", "type": "User", "alternateId": "ada@acme.example", "displayName": "Ada L"},
                "target": [{"type": "AppUser", "id": "0ua1", "displayName": "Wiki"},
                           {"type": "AppInstance", "id": "0oa1", "displayName": "Payroll"}],
                "device": {"id": "guo1", "name": "Ada's MacBook"}}"#,
        )
        .unwrap()
    }

    #[test]
    fn apps_users_and_devices_are_meant_by_id_or_name_without_regard_to_case() {
        let search = Search::new;
        for wanted in [
            search(),
            search().app("payroll"),
            search().app("0oa1"),
            search().user("ADA@acme.example"),
            search().user("00u1").device("ada's macbook"),
            search().device("guo1"),
        ] {
            assert!(wanted.wants(&event()), "{wanted:?}");
        }
        for other in [
            // A target of another type has this name.
            search().app("Wiki"),
            search().user("00u2"),
            search().device("guo2"),
            search().app("Payroll").user("bob"),
        ] {
            assert!(!other.wants(&event()), "{other:?}");
        }
    }

    #[test]
    fn an_outcome_narrows_what_okta_is_asked_for() {
        let search = Search::new().view(View::SsoSuccesses).outcome("suc\"cess");
        assert_eq!(
            search.filter(),
            r#"(eventType eq "user.authentication.sso" and outcome.result eq "SUCCESS") and outcome.result eq "SUCCESS""#
        );
    }
}

//! `POST /sandbox/okta-verify/enroll`: Okta Verify on a Mac registers the device. Not part of Okta's
//! API: it stands for what the app does with Okta's servers.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    State as Org,
    answer::{Answer, Document, Failure, Reply},
    authenticators::OKTA_VERIFY,
    devices::{Device, DeviceUser},
    evaluate::{self, Context},
    fields::{Object, text},
    log::{self, Event},
    policy::{MFA_ENROLL, OKTA_SIGN_ON},
    verdict::{self, Journey},
};
use crate::{clock, random, shared::Shared};

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/sandbox/okta-verify/enroll", post(enrol))
        .route("/sandbox/users/{user}/apps", get(apps))
}

async fn apps(State(shared): State<Shared>, Path(user): Path<String>) -> Answer {
    let world = shared.world();
    let org = &world.okta;
    let user = text(org.user(&user)?, "id");
    let apps: Vec<Value> = org
        .apps_of(user)
        .into_iter()
        .map(|app| json!({ "id": app.id(), "label": text(&app.body, "label") }))
        .collect();
    Ok(Reply::ok(apps))
}

/// Body: `user` (id or login), `profile` (`displayName`, `serialNumber`, `udid`, `osVersion`, …), and
/// optionally `app`: the app the user is signing in to when Okta Verify enrols. Without it any app
/// of the user's that does not deny will do. Answer: `deviceId`, `userId`, `appId`.
async fn enrol(State(shared): State<Shared>, Document(sent): Document) -> Answer {
    let mut world = shared.world();
    let now = world.now();
    let org = &mut world.okta;
    let user = org.user(text(&sent, "user"))?.clone();
    let user_id = text(&user, "id").to_owned();
    let profile = sent
        .get("profile")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let udid = text(&profile, "udid").to_owned();
    if udid.is_empty() || text(&profile, "displayName").is_empty() {
        return Err(Failure::validation(
            "profile",
            "profile.udid and profile.displayName are needed",
        ));
    }
    let context = Context {
        user: Some(user_id.clone()),
        groups: org.groups_of(&user_id),
        platform: Some("MACOS".to_owned()),
        registered: Some(false),
        managed: Some(false),
        expressions: true,
        ..Context::default()
    };
    org.refuse_enrolment(&context)?;
    let app = org.enrolment_app(&user, &context, text(&sent, "app"), now)?;

    let known = org
        .devices
        .iter()
        .position(|device| *device.profile("udid") == *udid);
    let at = known.unwrap_or_else(|| {
        org.devices.push(Device::new(&profile, now));
        org.devices.len() - 1
    });
    let device = &mut org.devices[at];
    let (device_id, target) = (device.id().to_owned(), log::device_target(device));
    let tied = device.users.iter().any(|tie| tie.user == user_id);
    if !tied {
        device.users.push(DeviceUser {
            id: random::okta_id("dvu"),
            user: user_id.clone(),
            created: clock::okta(now),
            managed: false,
            screen_lock: "BIOMETRIC".to_owned(),
        });
        org.note_enrolment(&user, &target, known.is_none(), now);
    }
    Ok(Reply::ok(
        json!({ "deviceId": device_id, "userId": user_id, "appId": app }),
    ))
}

impl Org {
    /// Refuses while FastPass is off, the enrolment policy does not offer Okta Verify, or the session
    /// policy denies.
    fn refuse_enrolment(&self, context: &Context) -> Result<(), Failure> {
        let refuse = |why: &str| {
            Failure::new(
                StatusCode::FORBIDDEN,
                "E0000006",
                "Okta Verify cannot be enrolled",
            )
            .cause(why)
        };
        if !self.fastpass_is_active() {
            return Err(refuse(
                "FastPass (okta_verify, method signed_nonce) is not active",
            ));
        }
        let session = evaluate::first(&self.policies, OKTA_SIGN_ON, context);
        let denied = session
            .as_ref()
            .and_then(|found| found.decisive())
            .is_none_or(|rule| {
                rule.rule["actions"].pointer("/signon/access") == Some(&"DENY".into())
            });
        if denied {
            return Err(refuse("the global session policy denies"));
        }
        let enrolment = evaluate::first(&self.policies, MFA_ENROLL, context)
            .ok_or_else(|| refuse("no authenticator enrolment policy applies"))?;
        let never = enrolment.decisive().is_some_and(|rule| {
            rule.rule["actions"].pointer("/enroll/self") == Some(&"NEVER".into())
        });
        let listed = enrolment.policy.body["settings"]["authenticators"].as_array();
        let offered = listed
            .into_iter()
            .flatten()
            .any(|entry| entry["key"] == OKTA_VERIFY && entry["enroll"]["self"] != "NOT_ALLOWED");
        if never || !offered {
            let name = enrolment.policy.name();
            return Err(refuse(&format!(
                "the enrolment policy \"{name}\" does not offer it"
            )));
        }
        Ok(())
    }

    /// The app through which the user may enrol from a device that is not registered yet. A policy
    /// whose catch-all denies blocks this too, and the refusal is logged.
    fn enrolment_app(
        &mut self,
        user: &Object,
        context: &Context,
        asked: &str,
        now: Timestamp,
    ) -> Result<String, Failure> {
        let candidates: Vec<String> = self
            .apps_of(text(user, "id"))
            .into_iter()
            .map(|app| app.id().to_owned())
            .filter(|id| asked.is_empty() || asked == id)
            .collect();
        let mut denied = None;
        for id in candidates {
            let app = self.app(&id)?;
            let policy = app
                .policy
                .as_deref()
                .map(|policy| self.policy(policy))
                .transpose()?;
            let verdict = policy.map(|policy| evaluate::policy(policy, context));
            let rule = verdict.as_ref().and_then(|verdict| verdict.decisive());
            let denies = rule.is_some_and(|rule| {
                rule.rule["actions"].pointer("/appSignOn/access") == Some(&"DENY".into())
            });
            if !denies {
                return Ok(id);
            }
            let target = log::app_target(app, &verdict::app_detail(app, "DENIED"));
            denied = policy
                .zip(rule)
                .map(|(policy, rule)| (target, verdict::rule_target(policy, rule.rule)));
        }
        if let Some((app, rule)) = denied {
            let journey = Journey::new(user, Value::Null);
            journey.deny(&mut self.log, app, rule, now);
        }
        Err(Failure::new(
            StatusCode::FORBIDDEN,
            "E0000006",
            "Okta Verify cannot be enrolled",
        )
        .cause("every app of the user denies a device that is not registered"))
    }

    fn note_enrolment(&mut self, user: &Object, device: &Value, new: bool, now: Timestamp) {
        let transaction = random::alphanumeric(27);
        let steps = [
            (new, "device.enrollment.create", "Create new device"),
            (new, "device.lifecycle.activate", "Activate device"),
            (true, "device.user.add", "Add user to device"),
            (
                true,
                "user.mfa.factor.activate",
                "Activate factor or authenticator enrollment for user",
            ),
        ];
        for (_, kind, display) in steps.into_iter().filter(|(happens, _, _)| *happens) {
            let event = Event {
                kind: kind.to_owned(),
                display: display.to_owned(),
                result: "SUCCESS",
                actor: log::user(user),
                targets: vec![log::user(user), device.clone()],
                transaction: transaction.clone(),
                user_agent: verdict::USER_AGENT.to_owned(),
                ..Event::default()
            };
            self.log.store(now, event);
        }
    }
}

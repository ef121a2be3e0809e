//! The System Log: events of real shape, in the order in which they were stored.
//!
//! Targets stand in an order that changes from event to event, so that a client that looks for one by
//! index instead of by type does not get far.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    State as Org,
    apps::App,
    devices::Device,
    fields::{Object, text},
    policy::Policy,
};
use crate::clock;

/// All events, oldest stored first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Log(pub(crate) Vec<Value>);

/// An event before it is stored. What is `Null` stays null in the log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Event {
    pub(crate) kind: String,
    pub(crate) display: String,
    pub(crate) result: &'static str,
    pub(crate) reason: Option<String>,
    pub(crate) actor: Value,
    pub(crate) targets: Vec<Value>,
    pub(crate) device: Value,
    pub(crate) debug: Value,
    pub(crate) transaction: String,
    pub(crate) session: Option<String>,
    /// What the client said it is; empty for an API call.
    pub(crate) user_agent: String,
    pub(crate) credential: Value,
}

impl Log {
    /// Stores an event that was published at `at`.
    pub(crate) fn store(&mut self, at: Timestamp, event: Event) {
        let mut targets = event.targets;
        if !targets.is_empty() {
            let turn = self.0.len() % targets.len();
            targets.rotate_left(turn);
        }
        let mac = event.user_agent.contains("Macintosh");
        let client_device = if mac { "Computer" } else { "Unknown" };
        self.0.push(json!({
            "actor": event.actor,
            "authenticationContext": {
                "authenticationProvider": null,
                "authenticationStep": 0,
                "credentialProvider": if event.credential.is_null() { Value::Null } else { "OKTA_CREDENTIAL_PROVIDER".into() },
                "credentialType": event.credential,
                "externalSessionId": event.session.clone().unwrap_or_else(|| "unknown".to_owned()),
                "interface": null,
                "issuer": null,
                "rootSessionId": event.session,
            },
            "client": {
                "device": client_device,
                "geographicalContext": null,
                "id": null,
                "ipAddress": "127.0.0.1",
                "userAgent": {
                    "browser": if mac { "SAFARI" } else { "UNKNOWN" },
                    "os": if mac { "Mac OS X" } else { "Unknown" },
                    "rawUserAgent": event.user_agent,
                },
                "zone": "null",
            },
            "debugContext": { "debugData": if event.debug.is_null() { json!({}) } else { event.debug } },
            "device": event.device,
            "displayMessage": event.display,
            "eventType": event.kind,
            "legacyEventType": null,
            "outcome": { "result": event.result, "reason": event.reason },
            "published": clock::okta(at),
            "request": { "ipChain": [{
                "geographicalContext": null, "ip": "127.0.0.1", "source": null, "version": "V4",
            }] },
            "securityContext": {
                "asNumber": null, "asOrg": null, "domain": null, "isProxy": null, "isp": null,
            },
            "severity": if matches!(event.result, "FAILURE" | "DENY") { "WARN" } else { "INFO" },
            "target": if targets.is_empty() { Value::Null } else { targets.into() },
            "transaction": { "detail": {}, "id": event.transaction, "type": "WEB" },
            "uuid": Uuid::new_v4().to_string(),
            "version": "0",
        }));
    }
}

impl Org {
    /// Logs a change an administrator made.
    pub(crate) fn note(&mut self, now: Timestamp, kind: &str, display: &str, targets: Vec<Value>) {
        let actor = json!({
            "id": self.admin, "type": "User", "alternateId": "admin@sandbox.example",
            "displayName": "Sandbox Admin", "detailEntry": null,
        });
        let event = Event {
            kind: kind.to_owned(),
            display: display.to_owned(),
            result: "SUCCESS",
            actor,
            targets,
            transaction: crate::random::alphanumeric(27),
            ..Event::default()
        };
        self.log.store(now, event);
    }
}

/// A target; `detail` may be null.
pub(crate) fn target(kind: &str, id: &str, name: &str, detail: &Value) -> Value {
    json!({
        "id": id, "type": kind, "alternateId": "unknown", "displayName": name,
        "detailEntry": detail,
    })
}

pub(crate) fn user(user: &Object) -> Value {
    let profile = &user["profile"];
    let name = |key: &str| profile[key].as_str().unwrap_or_default();
    json!({
        "id": text(user, "id"), "type": "User", "alternateId": name("login"),
        "displayName": format!("{} {}", name("firstName"), name("lastName")),
        "detailEntry": null,
    })
}

pub(crate) fn app_target(app: &App, detail: &Value) -> Value {
    let label = text(&app.body, "label");
    json!({
        "id": app.id(), "type": "AppInstance", "alternateId": label, "displayName": label,
        "detailEntry": detail,
    })
}

pub(crate) fn policy_target(policy: &Policy) -> Value {
    target(
        "PolicyEntity",
        policy.id(),
        policy.name(),
        &json!({ "policyType": policy.kind() }),
    )
}

pub(crate) fn policy_rule_target(rule: &Object) -> Value {
    target(
        "PolicyRule",
        text(rule, "id"),
        text(rule, "name"),
        &Value::Null,
    )
}

pub(crate) fn device_target(device: &Device) -> Value {
    let name = device.profile("displayName").as_str().unwrap_or_default();
    target("UDDevice", device.id(), name, &Value::Null)
}

//! Authenticator enrolment policies and their rules.

use serde_json::{Value, json};

use super::{Failure, Object, fill, one_of};

pub(super) fn settings(sent: &Object, keys: &[&str]) -> Result<Value, Failure> {
    let settings = sent.get("settings").cloned().unwrap_or_default();
    if settings.get("factors").is_some() {
        let cause = "settings: factors cannot be used where the org uses authenticators";
        return Err(Failure::validation("settings", cause));
    }
    let empty = Vec::new();
    let listed = settings
        .get("authenticators")
        .and_then(Value::as_array)
        .unwrap_or(&empty);
    for entry in listed {
        let key = entry.get("key").and_then(Value::as_str).unwrap_or_default();
        if !keys.contains(&key) {
            let cause = format!("settings.authenticators.key: {key:?} is no authenticator here");
            return Err(Failure::validation("settings.authenticators", cause));
        }
        one_of(
            entry,
            "/enroll/self",
            &["OPTIONAL", "REQUIRED", "NOT_ALLOWED"],
        )?;
    }
    Ok(list_all_authenticators(listed, keys))
}

/// Okta's answer lists every authenticator of the org; those not sent are NOT_ALLOWED.
pub(crate) fn list_all_authenticators(listed: &[Value], keys: &[&str]) -> Value {
    let mut all = listed.to_vec();
    for key in keys {
        if !all.iter().any(|entry| entry["key"] == *key) {
            all.push(json!({ "key": key, "enroll": { "self": "NOT_ALLOWED" } }));
        }
    }
    json!({ "type": "AUTHENTICATORS", "authenticators": all })
}

pub(super) fn conditions(sent: &Object) -> Value {
    let mut conditions = sent.get("conditions").cloned().unwrap_or_default();
    fill(&mut conditions, "/people/users/exclude", json!([]));
    fill(&mut conditions, "/network/connection", json!("ANYWHERE"));
    conditions
}

pub(super) fn actions(sent: &Object) -> Result<Value, Failure> {
    let mut actions = sent.get("actions").cloned().unwrap_or_default();
    fill(&mut actions, "/enroll/self", json!("LOGIN"));
    one_of(&actions, "/enroll/self", &["LOGIN", "CHALLENGE", "NEVER"])?;
    Ok(actions)
}

//! Rules of app sign-in policies: device, platform, people; assurance constraints.

use serde_json::{Value, json};

use super::{Failure, Object, fill, one_of};
use crate::okta::{
    fields::{object, text},
    policy::ACCESS_POLICY,
};

/// The name of the rule every app sign-in policy is born with.
pub(super) const CATCH_ALL_RULE: &str = "Catch-all Rule";

const PLATFORM_TYPES: &[&str] = &["DESKTOP", "MOBILE", "ANY", "OTHER"];
const OS_TYPES: &[&str] = &[
    "MACOS", "WINDOWS", "IOS", "ANDROID", "CHROMEOS", "LINUX", "ANY", "OTHER",
];
const COMMON_KEYS: &[&str] = &[
    "authenticationMethods",
    "excludedAuthenticationMethods",
    "methods",
    "reauthenticateIn",
    "required",
    "types",
];
const POSSESSION_KEYS: &[&str] = &[
    "deviceBound",
    "hardwareProtection",
    "phishingResistant",
    "userPresence",
    "userVerification",
    "userVerificationMethods",
];
const LEVELS: &[&str] = &["OPTIONAL", "REQUIRED"];

/// The catch-all as it is born: ALLOW with any two factors, for everyone, from every device.
pub(crate) fn catch_all() -> Object {
    object(json!({
        "type": ACCESS_POLICY,
        "name": CATCH_ALL_RULE,
        "conditions": null,
        "actions": { "appSignOn": {
            "access": "ALLOW",
            "verificationMethod": {
                "factorMode": "2FA", "type": "ASSURANCE", "reauthenticateIn": "PT12H",
            },
            "keepMeSignedIn": { "postAuth": "NOT_ALLOWED" },
        }},
    }))
}

/// A PUT on the catch-all: everything but the actions is left as it was.
pub(crate) fn take_actions(rule: &mut Object, sent: &Object) -> Result<(), Failure> {
    rule.insert("actions".into(), actions(sent)?);
    Ok(())
}

pub(super) fn conditions(sent: &Object) -> Result<Value, Failure> {
    let mut conditions = sent.get("conditions").cloned().unwrap_or_default();
    if !conditions.is_object() {
        conditions = json!({});
    }
    fill(&mut conditions, "/people/users/exclude", json!([]));
    fill(
        &mut conditions,
        "/userType",
        json!({ "include": [], "exclude": [] }),
    );
    fill(&mut conditions, "/riskScore/level", json!("ANY"));
    one_of(
        &conditions,
        "/riskScore/level",
        &["ANY", "LOW", "MEDIUM", "HIGH"],
    )?;
    one_of(&conditions, "/network/connection", &["ANYWHERE", "ZONE"])?;
    check_device(&conditions)?;
    platform(&mut conditions)?;
    Ok(conditions)
}

pub(super) fn actions(sent: &Object) -> Result<Value, Failure> {
    let mut actions = sent.get("actions").cloned().unwrap_or_default();
    let access = one_of(&actions, "/appSignOn/access", &["ALLOW", "DENY"])?
        .ok_or_else(|| missing("actions.appSignOn.access"))?
        .to_owned();
    fill(
        &mut actions,
        "/appSignOn/keepMeSignedIn/postAuth",
        json!("NOT_ALLOWED"),
    );
    let method = &mut actions["appSignOn"]["verificationMethod"];
    if method.is_null() {
        if access == "ALLOW" {
            return Err(missing("actions.appSignOn.verificationMethod"));
        }
        *method = json!({ "type": "ASSURANCE", "factorMode": "1FA" });
    }
    if access == "DENY" {
        fill(method, "/reauthenticateIn", json!("PT12H"));
    }
    if method.get("inactivityPeriod").is_some_and(Value::is_null) {
        let path = "actions.appSignOn.verificationMethod.inactivityPeriod";
        return Err(Failure::validation(
            path,
            format!("{path}: may not be null"),
        ));
    }
    one_of(
        method,
        "/type",
        &["ASSURANCE", "AUTH_METHOD_CHAIN", "ID_PROOFING"],
    )?;
    one_of(method, "/factorMode", &["1FA", "2FA"])?;
    if let Some(constraints) = method.get_mut("constraints").and_then(Value::as_array_mut) {
        for constraint in constraints {
            keep_known(constraint)?;
        }
    }
    Ok(actions)
}

fn check_device(conditions: &Value) -> Result<(), Failure> {
    let Some(device) = conditions.get("device").filter(|device| !device.is_null()) else {
        return Ok(());
    };
    let registered = device.get("registered").and_then(Value::as_bool);
    let managed = device.get("managed").filter(|managed| !managed.is_null());
    if managed.is_some_and(|managed| !managed.is_boolean()) {
        return Err(Failure::validation(
            "conditions.device.managed",
            "managed: not a boolean",
        ));
    }
    if managed.is_some() && registered != Some(true) {
        let cause = "managed: can only be set when registered is true";
        return Err(Failure::validation("conditions.device.managed", cause));
    }
    Ok(())
}

/// An empty platform and a null expression are dropped; a platform gets an empty `exclude`.
fn platform(conditions: &mut Value) -> Result<(), Failure> {
    let Some(fields) = conditions.as_object_mut() else {
        return Ok(());
    };
    let Some(platform) = fields.get_mut("platform") else {
        return Ok(());
    };
    let Some(include) = platform.get_mut("include").and_then(Value::as_array_mut) else {
        fields.remove("platform");
        return Ok(());
    };
    if include.is_empty() {
        fields.remove("platform");
        return Ok(());
    }
    for entry in include {
        one_of(entry, "/type", PLATFORM_TYPES)?;
        one_of(entry, "/os/type", OS_TYPES)?;
        let other = entry.pointer("/os/type").and_then(Value::as_str) == Some("OTHER");
        let Some(os) = entry.get_mut("os").and_then(Value::as_object_mut) else {
            continue;
        };
        match os.get("expression") {
            Some(Value::Null) => {
                os.remove("expression");
            }
            Some(_) if !other => {
                let path = "conditions.platform.include.os.expression";
                return Err(Failure::validation(
                    path,
                    "expression: only with os type OTHER",
                ));
            }
            _ => {}
        }
    }
    fill(platform, "/exclude", json!([]));
    Ok(())
}

/// Keeps the constraint keys Okta knows and drops all others without a word, misspelt ones included.
fn keep_known(constraint: &mut Value) -> Result<(), Failure> {
    let Some(kinds) = constraint.as_object_mut() else {
        return Err(Failure::not_well_formed());
    };
    kinds.retain(|kind, _| matches!(kind.as_str(), "possession" | "knowledge"));
    for (kind, keys) in kinds {
        let Some(keys) = keys.as_object_mut() else {
            return Err(Failure::not_well_formed());
        };
        let possession = kind == "possession";
        keys.retain(|key, _| {
            COMMON_KEYS.contains(&key.as_str())
                || possession && POSSESSION_KEYS.contains(&key.as_str())
        });
        let excludes = keys
            .get("excludedAuthenticationMethods")
            .and_then(Value::as_array)
            .is_some_and(|methods| !methods.is_empty());
        keys.entry("required").or_insert_with(|| (!excludes).into());
        let verified = text(keys, "userVerification") == "REQUIRED";
        let path = "constraints.possession.userVerificationMethods";
        if keys.contains_key("userVerificationMethods") && !verified {
            let cause = "userVerificationMethods: only when userVerification is REQUIRED";
            return Err(Failure::validation(path, cause));
        }
        let keys = Value::Object(keys.clone());
        for level in POSSESSION_KEYS
            .iter()
            .filter(|key| **key != "userVerificationMethods")
        {
            one_of(&keys, &format!("/{level}"), LEVELS)?;
        }
    }
    Ok(())
}

fn missing(path: &str) -> Failure {
    Failure::validation(path, format!("{path}: The field cannot be left blank"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow(constraints: &Value) -> Object {
        object(
            json!({"actions": {"appSignOn": {"access": "ALLOW", "verificationMethod":
            {"type": "ASSURANCE", "factorMode": "1FA", "constraints": constraints}}}}),
        )
    }

    #[test]
    fn a_misspelt_constraint_key_is_dropped_without_a_word() {
        let sent = allow(
            &json!([{"possession": {"phishingREsistant": "REQUIRED", "deviceBound": "REQUIRED"}}]),
        );
        let kept = actions(&sent).unwrap();
        assert_eq!(
            kept["appSignOn"]["verificationMethod"]["constraints"],
            json!([{"possession": {"deviceBound": "REQUIRED", "required": true}}])
        );
    }

    #[test]
    fn managed_needs_registered() {
        let rule = |device: Value| object(json!({"conditions": {"device": device}}));
        assert!(conditions(&rule(json!({"managed": true}))).is_err());
        assert!(conditions(&rule(json!({"registered": true, "managed": false}))).is_ok());
    }

    #[test]
    fn osx_is_no_platform_of_a_rule() {
        let sent = object(json!({"conditions": {"platform": {"include":
            [{"type": "DESKTOP", "os": {"type": "OSX"}}]}}}));
        assert!(conditions(&sent).is_err());
    }
}

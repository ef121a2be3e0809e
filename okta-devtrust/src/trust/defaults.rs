//! What Okta writes into an object by itself, as recorded answers show it.

use serde_json::{Map, Value};

/// Without nulls, empty objects and lists, and defaults.
pub(super) fn normal(value: &Value) -> Value {
    normal_in("", value).unwrap_or(Value::Object(Map::new()))
}

fn normal_in(parent: &str, value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Object(map) => {
            let denies = map.get("access").and_then(Value::as_str) == Some("DENY");
            let asks_no_second_factor = map.get("requireFactor") != Some(&Value::Bool(true));
            let mut kept = Map::new();
            for (key, value) in map {
                let meaningless = (denies && key == "verificationMethod")
                    || (asks_no_second_factor
                        && matches!(key.as_str(), "factorPromptMode" | "factorLifetime"))
                    || is_default_at(parent, key, value);
                if meaningless {
                    continue;
                }
                if let Some(value) = normal_in(key, value) {
                    kept.insert(key.clone(), value);
                }
            }
            // A factor without demands is still a demand for a factor.
            let stays = matches!(parent, "possession" | "knowledge");
            (stays || !kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => Some(Value::Array(
            items
                .iter()
                .map(|item| normal_in(parent, item).unwrap_or(Value::Object(Map::new())))
                .collect(),
        )),
        other => Some(other.clone()),
    }
}

/// The values that Okta adds where nothing was sent.
fn is_default_at(parent: &str, key: &str, value: &Value) -> bool {
    let default: Value = match (parent, key) {
        ("riskScore", "level") | ("authContext", "authType") | ("identityProvider", "provider") => {
            "ANY".into()
        }
        ("network", "connection") => "ANYWHERE".into(),
        ("keepMeSignedIn", "postAuth") => "NOT_ALLOWED".into(),
        (
            "possession",
            "deviceBound" | "hardwareProtection" | "phishingResistant" | "userVerification",
        ) => "OPTIONAL".into(),
        ("possession", "userPresence") => "REQUIRED".into(),
        ("signon", "requireFactor" | "rememberDeviceByDefault")
        | ("session", "usePersistentCookie")
        | ("", "system") => false.into(),
        ("session", "maxSessionIdleMinutes") => 120.into(),
        ("session", "maxSessionLifetimeMinutes") => 0.into(),
        _ => return false,
    };
    *value == default
}

/// Whether a value says nothing: nothing in it survives without nulls, empties and defaults.
pub(super) fn is_default(parent: &str, key: &str, value: &Value) -> bool {
    is_default_at(parent, key, value) || normal_in(key, value).is_none()
}

/// Keys that decide who gets in and how. `required`, `inactivityPeriod` and `keepMeSignedIn` are not among them: Okta
/// writes the first, and the others are the admin's choice.
pub(super) fn is_known(key: &str) -> bool {
    const KEYS: &[&str] = &[
        "access",
        "app",
        "assurance",
        "authContext",
        "authType",
        "authenticationMethods",
        "chains",
        "condition",
        "connection",
        "constraints",
        "device",
        "deviceBound",
        "elCondition",
        "exclude",
        "excludedAuthenticationMethods",
        "expression",
        "factorLifetime",
        "factorMode",
        "factorPromptMode",
        "groups",
        "hardwareProtection",
        "identityProvider",
        "idpIds",
        "include",
        "knowledge",
        "level",
        "managed",
        "maxSessionIdleMinutes",
        "maxSessionLifetimeMinutes",
        "methods",
        "minRiskLevel",
        "network",
        "os",
        "people",
        "phishingResistant",
        "platform",
        "possession",
        "primaryFactor",
        "provider",
        "reauthenticateIn",
        "registered",
        "rememberDeviceByDefault",
        "requireFactor",
        "riskScore",
        "types",
        "usePersistentCookie",
        "userPresence",
        "userType",
        "userVerification",
        "userVerificationMethods",
        "users",
        "version",
    ];
    KEYS.contains(&key)
}

//! Comparison by meaning: what Okta adds to an answer by itself is equal to absent, and what it dropped is found.
//!
//! The defaults are those that recorded answers show. In the other direction only keys that this crate knows count as
//! a difference: a key that Okta invents tomorrow is left as it is.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::defaults::{is_default, is_known, normal};

/// A key path at which two objects differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The key path, such as `actions.appSignOn.access`.
    pub path: String,
    /// What is wanted, was sent, or was observed before; `null` for nothing.
    pub wanted: Value,
    /// What is there; `null` for nothing.
    pub found: Value,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            wanted,
            found,
        } = self;
        match (wanted, found) {
            (wanted, Value::Null) => write!(f, "`{path}` should be {wanted} and is not there"),
            (Value::Null, found) => write!(f, "`{path}` should not be there and is {found}"),
            (wanted, found) => write!(f, "`{path}` should be {wanted} and is {found}"),
        }
    }
}

/// What of `wanted` is not in `found`; what `found` has beyond it is no difference.
pub(crate) fn lacking(wanted: &Value, found: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    compare(
        "",
        &normal(wanted),
        &normal(found),
        Extra::Ignored,
        &mut differences,
    );
    differences
}

/// What of `wanted` is not in `found`, and which known keys `found` has beyond it.
pub(crate) fn drift(wanted: &Value, found: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    compare(
        "",
        &normal(wanted),
        &normal(found),
        Extra::Known,
        &mut differences,
    );
    differences
}

/// Every difference between an object observed before and the object now, save what the server alone writes and the
/// priority, which shifts when a neighbour is written.
pub(crate) fn changes(before: &Value, now: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    compare(
        "",
        &settled(before),
        &settled(now),
        Extra::Every,
        &mut differences,
    );
    differences
}

/// As [`changes`], without what says nothing: defaults, and how a rule that denies would verify.
pub(crate) fn changes_in_effect(before: &Value, now: &Value) -> Vec<Difference> {
    changes(&normal(before), &normal(now))
}

/// `found` with what `wanted` asks for: known keys follow `wanted`, unknown ones stay as they are.
pub(crate) fn overlay(found: &Value, wanted: &Value) -> Value {
    overlay_in("", found, wanted)
}

fn overlay_in(parent: &str, found: &Value, wanted: &Value) -> Value {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            let mut merged = Map::new();
            for (key, value) in found {
                match wanted.get(key) {
                    Some(wanted) => {
                        drop(merged.insert(key.clone(), overlay_in(key, value, wanted)));
                    }
                    None if is_known(key) && !is_default(parent, key, value) => {}
                    None => drop(merged.insert(key.clone(), value.clone())),
                }
            }
            for (key, value) in wanted {
                if !merged.contains_key(key) {
                    merged.insert(key.clone(), value.clone());
                }
            }
            Value::Object(merged)
        }
        (Value::Array(found), Value::Array(wanted)) if is_keyed(wanted) => {
            let mut merged = found.clone();
            for item in wanted {
                match merged
                    .iter_mut()
                    .find(|other| identity(other) == identity(item))
                {
                    Some(slot) => *slot = overlay_in(parent, slot, item),
                    None => merged.push(item.clone()),
                }
            }
            Value::Array(merged)
        }
        (Value::Array(found), Value::Array(wanted)) if found.len() == wanted.len() => Value::Array(
            found
                .iter()
                .zip(wanted)
                .map(|(found, wanted)| overlay_in(parent, found, wanted))
                .collect(),
        ),
        (_, wanted) => wanted.clone(),
    }
}

/// Which keys that only the second object has are differences.
#[derive(Clone, Copy, PartialEq)]
enum Extra {
    Ignored,
    Known,
    Every,
}

fn compare(path: &str, wanted: &Value, found: &Value, extra: Extra, out: &mut Vec<Difference>) {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            for (key, value) in wanted {
                let found = found.get(key).unwrap_or(&Value::Null);
                compare(&join(path, key), value, found, extra, out);
            }
            for (key, value) in found {
                let counts = match extra {
                    Extra::Ignored => false,
                    Extra::Known => is_known(key),
                    Extra::Every => true,
                };
                if counts && !value.is_null() && !wanted.contains_key(key) {
                    push(join(path, key), &Value::Null, value, out);
                }
            }
        }
        (Value::Object(wanted), Value::Null) if !wanted.is_empty() => {
            // Names the keys that are missing rather than the object that would have held them.
            for (key, value) in wanted {
                compare(&join(path, key), value, &Value::Null, extra, out);
            }
        }
        (Value::Array(wanted), Value::Array(found)) if is_keyed(wanted) => {
            for item in wanted {
                let place = format!("{path}[{}]", identity(item).unwrap_or_default());
                let other = found.iter().find(|other| identity(other) == identity(item));
                compare(&place, item, other.unwrap_or(&Value::Null), extra, out);
            }
            if extra == Extra::Every {
                for item in found
                    .iter()
                    .filter(|item| !wanted.iter().any(|other| identity(other) == identity(item)))
                {
                    let place = format!("{path}[{}]", identity(item).unwrap_or_default());
                    push(place, &Value::Null, item, out);
                }
            }
        }
        (Value::Array(wanted), Value::Array(found)) => {
            compare_sets(path, wanted, found, extra, out);
        }
        _ if wanted == found => {}
        _ => push(path.to_owned(), wanted, found, out),
    }
}

/// Lists are sets: Okta does not keep their order.
fn compare_sets(
    path: &str,
    wanted: &[Value],
    found: &[Value],
    extra: Extra,
    out: &mut Vec<Difference>,
) {
    let mut left: Vec<&Value> = found.iter().collect();
    let mut unmatched = Vec::new();
    for (index, item) in wanted.iter().enumerate() {
        let same = left.iter().position(|other| {
            let mut differences = Vec::new();
            compare("", item, other, extra, &mut differences);
            differences.is_empty()
        });
        match same {
            Some(position) => drop(left.remove(position)),
            None => unmatched.push((index, item)),
        }
    }
    let mut left = left.into_iter();
    for (index, item) in unmatched {
        let other = left.next().unwrap_or(&Value::Null);
        compare(&format!("{path}[{index}]"), item, other, extra, out);
    }
    for item in left {
        push(format!("{path}[]"), &Value::Null, item, out);
    }
}

fn push(path: String, wanted: &Value, found: &Value, out: &mut Vec<Difference>) {
    out.push(Difference {
        path,
        wanted: wanted.clone(),
        found: found.clone(),
    });
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// What tells the items of a list apart, where they have it: the authenticators of an enrolment policy.
fn identity(item: &Value) -> Option<String> {
    let key = item.get("key")?.as_str()?;
    // Only enrolment settings are keyed: the methods of a constraint may name one key twice.
    item.get("enroll")?;
    Some(match item.get("id").and_then(Value::as_str) {
        Some(id) => format!("{key}/{id}"),
        None => key.to_owned(),
    })
}

fn is_keyed(items: &[Value]) -> bool {
    !items.is_empty() && items.iter().all(|item| identity(item).is_some())
}

/// Without what the server alone writes.
fn settled(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(map) = value.as_object_mut() {
        for key in ["created", "lastUpdated", "_links", "_embedded", "priority"] {
            map.remove(key);
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rule() -> Value {
        json!({
            "name": "Managed",
            "conditions": {
                "people": {"groups": {"include": ["00g1"]}},
                "platform": {"include": [{"type": "DESKTOP", "os": {"type": "MACOS"}}]},
                "device": {"registered": true, "managed": true},
                "network": {"connection": "ANYWHERE"}
            },
            "actions": {"appSignOn": {"access": "ALLOW", "verificationMethod": {
                "type": "ASSURANCE", "factorMode": "1FA", "reauthenticateIn": "PT12H",
                "constraints": [{"possession": {"deviceBound": "REQUIRED", "userPresence": "REQUIRED"}}]}}}
        })
    }

    /// The rule as Okta answers it, with everything that recordings show it adds.
    fn answer() -> Value {
        let mut answer = rule();
        answer["id"] = json!("rul1");
        answer["priority"] = json!(3);
        answer["conditions"]["people"]["users"] = json!({"exclude": []});
        answer["conditions"]["userType"] = json!({"include": [], "exclude": []});
        answer["conditions"]["riskScore"] = json!({"level": "ANY"});
        answer["conditions"]["platform"]["exclude"] = json!([]);
        answer["conditions"]["elCondition"] = json!(null);
        answer["actions"]["appSignOn"]["keepMeSignedIn"] = json!({"postAuth": "NOT_ALLOWED"});
        answer["actions"]["appSignOn"]["verificationMethod"]["constraints"][0]["possession"] = json!({
            "deviceBound": "REQUIRED", "hardwareProtection": "OPTIONAL", "phishingResistant": "OPTIONAL",
            "userVerification": "OPTIONAL", "required": true});
        answer
    }

    #[test]
    fn what_okta_adds_by_itself_is_no_difference() {
        assert_eq!(drift(&rule(), &answer()), []);
        assert_eq!(lacking(&rule(), &answer()), []);
    }

    #[test]
    fn a_dropped_key_is_named_by_its_path() {
        let mut sent = rule();
        sent["actions"]["appSignOn"]["verificationMethod"]["constraints"][0]["possession"]["phishingREsistant"] =
            json!("REQUIRED");
        let lacking = lacking(&sent, &answer());
        assert_eq!(lacking.len(), 1);
        assert_eq!(
            lacking[0].to_string(),
            "`actions.appSignOn.verificationMethod.constraints[0].possession.phishingREsistant` \
             should be \"REQUIRED\" and is not there"
        );
    }

    #[test]
    fn an_added_condition_is_drift_and_a_false_is_not_absent() {
        let mut changed = answer();
        changed["conditions"]["elCondition"] = json!({"condition": "user.x == 1"});
        changed["conditions"]["device"]["managed"] = json!(false);
        changed["conditions"]["somethingNew"] = json!({"a": 1});
        let paths: Vec<String> = drift(&rule(), &changed)
            .into_iter()
            .map(|d| d.path)
            .collect();
        assert_eq!(
            paths,
            ["conditions.device.managed", "conditions.elCondition"]
        );
    }

    #[test]
    fn a_possession_factor_without_demands_is_not_no_factor() {
        let any = json!({"constraints": [{"possession": {"userPresence": "REQUIRED"}}]});
        assert_eq!(drift(&any, &json!({"constraints": []})).len(), 1);
    }

    #[test]
    fn a_deny_rule_has_no_verification() {
        let deny = json!({"actions": {"appSignOn": {"access": "DENY"}}});
        let answer = json!({"actions": {"appSignOn": {"access": "DENY",
            "verificationMethod": {"reauthenticateIn": "PT12H", "type": "ASSURANCE"}}}});
        assert_eq!(drift(&deny, &answer), []);
    }

    #[test]
    fn an_overlay_follows_wanted_in_known_keys_and_keeps_the_rest() {
        let mut changed = answer();
        changed["conditions"]["elCondition"] = json!({"condition": "user.x == 1"});
        changed["conditions"]["somethingNew"] = json!({"a": 1});
        changed["actions"]["appSignOn"]["access"] = json!("DENY");
        let merged = overlay(&changed, &rule());
        assert_eq!(drift(&rule(), &merged), []);
        assert_eq!(merged["conditions"]["somethingNew"], json!({"a": 1}));
        assert_eq!(merged["priority"], json!(3));
        assert_eq!(merged["conditions"]["riskScore"], json!({"level": "ANY"}));
        assert_eq!(
            merged["actions"]["appSignOn"]["verificationMethod"]["constraints"][0]["possession"]["required"],
            json!(true)
        );
    }

    #[test]
    fn enrolment_settings_are_told_apart_by_key() {
        let wanted =
            json!({"authenticators": [{"key": "okta_verify", "enroll": {"self": "OPTIONAL"}}]});
        let found = json!({"authenticators": [
            {"key": "okta_password", "enroll": {"self": "REQUIRED"}},
            {"key": "okta_verify", "enroll": {"self": "NOT_ALLOWED"}, "constraints": null}]});
        assert_eq!(
            drift(&wanted, &found)[0].path,
            "authenticators[okta_verify].enroll.self"
        );
        let merged = overlay(&found, &wanted);
        assert_eq!(merged["authenticators"][0], found["authenticators"][0]);
        assert_eq!(merged["authenticators"][1]["enroll"]["self"], "OPTIONAL");
    }

    #[test]
    fn a_change_by_someone_else_is_seen_and_a_shifted_priority_is_not() {
        let before = answer();
        let mut now = before.clone();
        now["priority"] = json!(7);
        now["lastUpdated"] = json!("2026-11-24T12:00:00.000Z");
        assert_eq!(changes(&before, &now), []);
        now["conditions"]["network"] = json!({"connection": "ZONE", "include": ["nzo1"]});
        let paths: Vec<String> = changes(&before, &now).into_iter().map(|d| d.path).collect();
        assert_eq!(
            paths,
            [
                "conditions.network.connection",
                "conditions.network.include"
            ]
        );
    }
}

//! What Okta makes of a policy or rule that is sent: checks, silent drops, and fields it adds.

mod access;
mod enrolment;
mod session;

use serde_json::{Value, json};

use super::{
    answer::Failure,
    fields::{Object, text},
    policy::{ACCESS_POLICY, MFA_ENROLL, OKTA_SIGN_ON},
};

pub(crate) use access::{catch_all, take_actions};
pub(crate) use enrolment::list_all_authenticators;
pub(crate) use session::default_rule;

/// The fields of a policy that a caller sets. `everyone` is the id of the group Okta fills in, `keys`
/// are the keys of the org's authenticators.
pub(crate) fn policy(sent: &Object, everyone: &str, keys: &[&str]) -> Result<Object, Failure> {
    let kind = text(sent, "type");
    let name = required(sent, "name")?;
    let mut kept = Object::new();
    kept.insert("name".into(), name.into());
    let description = sent.get("description").filter(|value| !value.is_null());
    kept.insert(
        "description".into(),
        description.cloned().unwrap_or_else(|| "".into()),
    );
    match kind {
        ACCESS_POLICY => {
            kept.insert("conditions".into(), Value::Null);
        }
        OKTA_SIGN_ON | MFA_ENROLL => {
            kept.insert("conditions".into(), people(sent, everyone));
            if kind == MFA_ENROLL {
                kept.insert("settings".into(), enrolment::settings(sent, keys)?);
            }
        }
        other => {
            return Err(Failure::validation(
                "type",
                format!("Invalid policy type {other:?}"),
            ));
        }
    }
    Ok(kept)
}

/// The fields of a rule that a caller sets, for a policy of `kind`.
pub(crate) fn rule(kind: &str, sent: &Object) -> Result<Object, Failure> {
    let name = required(sent, "name")?;
    let wanted = if kind == OKTA_SIGN_ON {
        "SIGN_ON"
    } else {
        kind
    };
    let given = text(sent, "type");
    if !given.is_empty() && given != wanted {
        let cause = format!("Rules of a policy of type {kind} have type {wanted}, not {given}");
        return Err(Failure::validation("type", cause));
    }
    let (conditions, actions) = match kind {
        ACCESS_POLICY => (access::conditions(sent)?, access::actions(sent)?),
        OKTA_SIGN_ON => (session::conditions(sent), session::actions(sent)?),
        _ => (enrolment::conditions(sent), enrolment::actions(sent)?),
    };
    let mut kept = Object::new();
    kept.insert("type".into(), wanted.into());
    kept.insert("name".into(), name.into());
    kept.insert("conditions".into(), conditions);
    kept.insert("actions".into(), actions);
    Ok(kept)
}

/// Legacy policies without a group get Everyone.
fn people(sent: &Object, everyone: &str) -> Value {
    let mut conditions = sent.get("conditions").cloned().unwrap_or_default();
    if !conditions.is_object() {
        conditions = json!({});
    }
    let groups = conditions
        .pointer("/people/groups/include")
        .and_then(Value::as_array);
    if groups.is_none_or(Vec::is_empty) {
        if !conditions["people"].is_object() {
            conditions["people"] = json!({});
        }
        conditions["people"]["groups"] = json!({ "include": [everyone] });
    }
    conditions
}

fn required<'a>(sent: &'a Object, key: &str) -> Result<&'a str, Failure> {
    match text(sent, key) {
        "" => Err(Failure::validation(
            key,
            format!("{key}: The field cannot be left blank"),
        )),
        value => Ok(value),
    }
}

/// One of `allowed` under a pointer, or a validation failure that names the path. Absent is `None`.
fn one_of<'a>(
    value: &'a Value,
    pointer: &str,
    allowed: &[&str],
) -> Result<Option<&'a str>, Failure> {
    let Some(found) = value.pointer(pointer).filter(|found| !found.is_null()) else {
        return Ok(None);
    };
    match found.as_str() {
        Some(text) if allowed.contains(&text) => Ok(Some(text)),
        _ => {
            let path = pointer.trim_start_matches('/').replace('/', ".");
            let cause = format!("{path}: {found} is not one of {}", allowed.join(", "));
            Err(Failure::validation(&path, cause))
        }
    }
}

/// Puts a default where nothing was sent.
fn fill(value: &mut Value, pointer: &str, default: Value) {
    let mut slot = value;
    for key in pointer.trim_start_matches('/').split('/') {
        if !slot.is_object() {
            *slot = json!({});
        }
        slot = &mut slot[key];
    }
    if slot.is_null() {
        *slot = default;
    }
}

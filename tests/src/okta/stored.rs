//! The sandbox's own state of the org as JSON, which no client's eyes have seen: found by name, and changed as another
//! administrator would.

use device_trust_sandbox::Shared;
use serde_json::Value;

/// The app sign-in policy of [`desired`](super::desired).
pub const ACCESS: &str = "Managed Macs";
/// The enrolment app, and its policy.
pub const ENROL: &str = "Enrol";
/// The pilot app, and its policy.
pub const PILOT: &str = "Pilot";
/// The rule that Okta makes with each app sign-in policy.
pub const CATCH_ALL: &str = "Catch-all Rule";
/// The rule for administrators who must get in whatever happens.
pub const BREAK_GLASS: &str = "device-trust: Break glass";
/// The rule for managed Macs.
pub const MANAGED: &str = "device-trust: Managed macOS";

/// The org as it is.
///
/// # Panics
/// When the sandbox's state is no JSON.
#[must_use]
pub fn org(shared: &Shared) -> Value {
    serde_json::to_value(&shared.world().okta).expect("the state is JSON")
}

/// Changes the org at once, as one request of somebody else would. `change` gets the time as Okta writes it.
///
/// # Panics
/// When the sandbox's state is no JSON, or none any more.
pub fn change<T>(shared: &Shared, change: impl FnOnce(&mut Value, &str) -> T) -> T {
    let mut world = shared.world();
    let now = format!("{:.3}", world.now());
    let mut okta = serde_json::to_value(&world.okta).expect("the state is JSON");
    let done = change(&mut okta, &now);
    world.okta = serde_json::from_value(okta).expect("the change keeps the state's shape");
    done
}

fn named<'a>(list: &'a Value, name: &'a str, pointer: &'a str) -> impl Iterator<Item = &'a Value> {
    let all = list.as_array().into_iter().flatten();
    all.filter(move |one| one.pointer(pointer).and_then(Value::as_str) == Some(name))
}

fn named_mut<'a>(list: &'a mut Value, name: &str, pointer: &str) -> Option<&'a mut Value> {
    let mut all = list.as_array_mut()?.iter_mut();
    all.find(|one| one.pointer(pointer).and_then(Value::as_str) == Some(name))
}

/// A policy with its rules.
#[must_use]
pub fn policy<'a>(okta: &'a Value, name: &'a str) -> Option<&'a Value> {
    named(&okta["policies"], name, "/body/name").next()
}

/// A policy to change.
pub fn policy_mut<'a>(okta: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    named_mut(&mut okta["policies"], name, "/body/name")
}

/// A policy's id.
#[must_use]
pub fn policy_id(okta: &Value, name: &str) -> Option<String> {
    let id = policy(okta, name)?["body"]["id"].as_str()?;
    Some(id.to_owned())
}

/// A rule.
#[must_use]
pub fn rule<'a>(okta: &'a Value, of: &'a str, name: &'a str) -> Option<&'a Value> {
    named(&policy(okta, of)?["rules"], name, "/name").next()
}

/// A rule to change, with its time of change set.
pub fn rule_mut<'a>(
    okta: &'a mut Value,
    policy: &str,
    name: &str,
    now: &str,
) -> Option<&'a mut Value> {
    let rule = named_mut(&mut policy_mut(okta, policy)?["rules"], name, "/name")?;
    rule["lastUpdated"] = now.into();
    Some(rule)
}

/// An app with its policy and groups.
#[must_use]
pub fn app<'a>(okta: &'a Value, label: &'a str) -> Option<&'a Value> {
    named(&okta["apps"], label, "/body/label").next()
}

/// An app to change.
pub fn app_mut<'a>(okta: &'a mut Value, label: &str) -> Option<&'a mut Value> {
    named_mut(&mut okta["apps"], label, "/body/label")
}

/// A group with its members.
#[must_use]
pub fn group<'a>(okta: &'a Value, name: &'a str) -> Option<&'a Value> {
    named(&okta["groups"], name, "/body/profile/name").next()
}

/// A group to change.
pub fn group_mut<'a>(okta: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    named_mut(&mut okta["groups"], name, "/body/profile/name")
}

/// The ids of a group's members.
#[must_use]
pub fn member_ids<'a>(okta: &'a Value, group_name: &'a str) -> Vec<&'a str> {
    let members = group(okta, group_name).map(|group| &group["members"]);
    let members = members.and_then(Value::as_array).into_iter().flatten();
    members.filter_map(Value::as_str).collect()
}

/// The states of a group's members, such as `ACTIVE`.
#[must_use]
pub fn member_states<'a>(okta: &'a Value, group_name: &'a str) -> Vec<&'a str> {
    let members = member_ids(okta, group_name);
    let users = okta["users"].as_array().into_iter().flatten();
    users
        .filter(|user| user["id"].as_str().is_some_and(|id| members.contains(&id)))
        .filter_map(|user| user["status"].as_str())
        .collect()
}

/// Gives every member of a group a state.
pub fn set_member_states(okta: &mut Value, group_name: &str, state: &str) -> Option<()> {
    let members = group(okta, group_name)?["members"].as_array()?.clone();
    for user in okta["users"].as_array_mut()? {
        if members.contains(&user["id"]) {
            user["status"] = state.into();
        }
    }
    Some(())
}

/// Whether the catch-all of the real policy denies.
#[must_use]
pub fn is_closed(okta: &Value) -> bool {
    rule(okta, ACCESS, CATCH_ALL).is_some_and(|rule| {
        rule["status"] == "ACTIVE" && rule["actions"]["appSignOn"]["access"] == "DENY"
    })
}

//! Whether the catch-all may deny, judged from the sandbox's state as JSON. It shares no code with the guard.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

pub(crate) const ACCESS: &str = "Managed Macs";
pub(crate) const ENROL: &str = "Enrol";
pub(crate) const PILOT: &str = "Pilot";
pub(crate) const CATCH_ALL: &str = "Catch-all Rule";
pub(crate) const BREAK_GLASS: &str = "device-trust: Break glass";
pub(crate) const MANAGED: &str = "device-trust: Managed macOS";
pub(crate) const BREAK_GLASS_GROUP: &str = device_trust_sandbox::BREAK_GLASS_GROUP;

const FIRST_PARTY: [&str; 3] = [
    "Okta Admin Console",
    "Okta Dashboard",
    "Okta Browser Plugin",
];

pub(crate) fn policy<'a>(okta: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    let policies = okta["policies"].as_array_mut()?;
    policies
        .iter_mut()
        .find(|policy| policy["body"]["name"] == name)
}

pub(crate) fn policy_id(okta: &Value, name: &str) -> Option<String> {
    let id = find_policy(okta, name)?["body"]["id"].as_str()?;
    Some(id.to_owned())
}

fn find_policy<'a>(okta: &'a Value, name: &str) -> Option<&'a Value> {
    let policies = okta["policies"].as_array()?;
    policies
        .iter()
        .find(|policy| policy["body"]["name"] == name)
}

pub(crate) fn rule<'a>(okta: &'a Value, policy: &str, name: &str) -> Option<&'a Value> {
    let rules = find_policy(okta, policy)?["rules"].as_array()?;
    rules.iter().find(|rule| rule["name"] == name)
}

pub(crate) fn app<'a>(okta: &'a mut Value, label: &str) -> Option<&'a mut Value> {
    let apps = okta["apps"].as_array_mut()?;
    apps.iter_mut().find(|app| app["body"]["label"] == label)
}

pub(crate) fn find_app<'a>(okta: &'a Value, label: &str) -> Option<&'a Value> {
    let apps = okta["apps"].as_array()?;
    apps.iter().find(|app| app["body"]["label"] == label)
}

pub(crate) fn group<'a>(okta: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    let groups = okta["groups"].as_array_mut()?;
    groups
        .iter_mut()
        .find(|group| group["body"]["profile"]["name"] == name)
}

pub(crate) fn members(okta: &Value, name: &str) -> usize {
    let groups = okta["groups"].as_array().into_iter().flatten();
    let mut named = groups.filter(|group| group["body"]["profile"]["name"] == name);
    named
        .next()
        .and_then(|group| group["members"].as_array())
        .map_or(0, Vec::len)
}

fn is(rule: Option<&Value>, access: &str) -> bool {
    rule.is_some_and(|rule| {
        rule["status"] == "ACTIVE" && rule["actions"]["appSignOn"]["access"] == access
    })
}

fn place(rule: Option<&Value>) -> i64 {
    rule.and_then(|rule| rule["priority"].as_i64())
        .unwrap_or(i64::MAX)
}

/// Whether the catch-all of the real policy denies.
pub(crate) fn is_closed(okta: &Value) -> bool {
    is(rule(okta, ACCESS, CATCH_ALL), "DENY")
}

/// The names of the conditions that are not met.
pub(crate) fn unmet(okta: &Value) -> BTreeSet<&'static str> {
    let mut unmet = BTreeSet::new();
    let (glass, managed) = (rule(okta, ACCESS, BREAK_GLASS), rule(okta, ACCESS, MANAGED));
    if !is(glass, "ALLOW")
        || place(glass) >= place(managed)
        || members(okta, BREAK_GLASS_GROUP) == 0
    {
        unmet.insert("break_glass");
    }
    if !enrolment_is_open(okta) {
        unmet.insert("enrollment_app");
    }
    if !managed_mac_gets_in(okta) {
        unmet.insert("simulation");
    }
    if !pilot_denied(okta) {
        unmet.insert("pilot_denial");
    }
    if !managed_signed_in(okta) {
        unmet.insert("managed_sign_ins");
    }
    if !enough_get_in(okta) {
        unmet.insert("replay");
    }
    let first_party = |app: &&Value| {
        FIRST_PARTY
            .iter()
            .any(|label| app["body"]["label"] == *label)
    };
    if under(okta, ACCESS).iter().any(first_party) {
        unmet.insert("first_party_apps");
    }
    unmet
}

fn under<'a>(okta: &'a Value, policy: &str) -> Vec<&'a Value> {
    let Some(id) = policy_id(okta, policy) else {
        return Vec::new();
    };
    let apps = okta["apps"].as_array().into_iter().flatten();
    apps.filter(|app| app["policy"] == *id).collect()
}

fn enrolment_is_open(okta: &Value) -> bool {
    let alone = |apps: &[&Value]| apps.len() == 1 && apps[0]["body"]["label"] == ENROL;
    let Some(policy) = find_policy(okta, ENROL) else {
        return false;
    };
    let mut rules = policy["rules"].as_array().into_iter().flatten();
    let app = find_app(okta, ENROL);
    alone(&under(okta, ENROL))
        && app.is_some_and(|app| {
            app["body"]["status"] == "ACTIVE" && !app["groups"].as_array().unwrap().is_empty()
        })
        && rules.all(|rule| rule["status"] != "ACTIVE" || is(Some(rule), "ALLOW"))
}

/// Of the active rules, only break-glass is tried before the managed rule, which asks for a managed Mac.
fn managed_mac_gets_in(okta: &Value) -> bool {
    let managed = rule(okta, ACCESS, MANAGED);
    let Some(policy) = find_policy(okta, ACCESS) else {
        return false;
    };
    let rules = policy["rules"].as_array().into_iter().flatten();
    let mut above = rules.filter(|rule| {
        rule["status"] == "ACTIVE"
            && rule["name"] != BREAK_GLASS
            && place(Some(rule)) < place(managed)
    });
    is(managed, "ALLOW")
        && managed.is_some_and(|rule| rule["conditions"]["device"]["managed"] == true)
        && above.next().is_none()
}

fn decisions(okta: &Value) -> impl Iterator<Item = &Value> {
    let events = okta["log"].as_array().into_iter().flatten();
    events.filter(|event| event["eventType"] == "policy.evaluate_sign_on")
}

fn is_by(event: &Value, rule: Option<&Value>) -> bool {
    let Some(rule) = rule else { return false };
    let mut targets = event["target"].as_array().into_iter().flatten();
    targets.any(|target| target["type"] == "Rule" && target["id"] == rule["id"])
}

fn pilot_denied(okta: &Value) -> bool {
    let catch_all = rule(okta, PILOT, CATCH_ALL);
    let apps = under(okta, PILOT);
    let seen = decisions(okta).any(|event| {
        event["outcome"]["result"] == "DENY"
            && event["device"]["managed"] != true
            && is_by(event, catch_all)
    });
    is(catch_all, "DENY") && apps.len() == 1 && apps[0]["body"]["label"] == PILOT && seen
}

fn managed_signed_in(okta: &Value) -> bool {
    let managed = rule(okta, ACCESS, MANAGED);
    let changed = managed
        .and_then(|rule| rule["lastUpdated"].as_str())
        .unwrap_or_default();
    decisions(okta).any(|event| {
        event["outcome"]["result"] == "ALLOW"
            && event["device"]["managed"] == true
            && event["published"].as_str().unwrap_or_default() >= changed
            && is_by(event, managed)
    })
}

/// 95 % of the users with a sign-in that was let in came in by the managed rule.
fn enough_get_in(okta: &Value) -> bool {
    let managed = rule(okta, ACCESS, MANAGED);
    let mut users: BTreeMap<&str, bool> = BTreeMap::new();
    let pilot = rule(okta, PILOT, CATCH_ALL);
    for event in decisions(okta).filter(|event| !is_by(event, pilot)) {
        let user = event["actor"]["id"].as_str().unwrap_or_default();
        *users.entry(user).or_default() |= is_by(event, managed);
    }
    let covered = users.values().filter(|covered| **covered).count();
    !users.is_empty() && covered * 100 >= users.len() * 95
}

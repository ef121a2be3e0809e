//! Whether the catch-all may deny, judged from the sandbox's state as JSON. It shares no code with the guard.

use std::collections::{BTreeMap, BTreeSet};

use device_trust_sandbox::{BREAK_GLASS_GROUP, PILOT_USER_GROUP};
use device_trust_tests::okta::stored::{
    self, ACCESS, BREAK_GLASS, CATCH_ALL, ENROL, MANAGED, PILOT, app, policy, policy_id, rule,
};
use serde_json::Value;

const FIRST_PARTY: [&str; 3] = [
    "Okta Admin Console",
    "Okta Dashboard",
    "Okta Browser Plugin",
];

fn is(rule: Option<&Value>, access: &str) -> bool {
    rule.is_some_and(|rule| {
        rule["status"] == "ACTIVE" && rule["actions"]["appSignOn"]["access"] == access
    })
}

fn place(rule: Option<&Value>) -> i64 {
    rule.and_then(|rule| rule["priority"].as_i64())
        .unwrap_or(i64::MAX)
}

/// The names of the conditions that are not met.
pub(crate) fn unmet(okta: &Value) -> BTreeSet<&'static str> {
    let mut unmet = BTreeSet::new();
    let (glass, managed) = (rule(okta, ACCESS, BREAK_GLASS), rule(okta, ACCESS, MANAGED));
    if !is(glass, "ALLOW")
        || place(glass) >= place(managed)
        || is_shadowed(okta, glass)
        || !stored::member_states(okta, BREAK_GLASS_GROUP).contains(&"ACTIVE")
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

/// Those of them that what the org is set to decides, whoever signed in.
pub(crate) fn unmet_in_the_org(okta: &Value) -> BTreeSet<&'static str> {
    let of_sign_ins = ["pilot_denial", "managed_sign_ins", "replay"];
    let mut unmet = unmet(okta);
    unmet.retain(|one| !of_sign_ins.contains(one));
    unmet
}

/// What the proof rests on besides the rules, and is no longer as it was when it was gathered. Nothing waives these.
pub(crate) fn moved(proved: &Value, now: &Value) -> BTreeSet<&'static str> {
    let members = |okta, group| {
        let ids = stored::member_ids(okta, group).into_iter();
        ids.map(str::to_owned).collect::<BTreeSet<String>>()
    };
    let mut moved = BTreeSet::new();
    if [PILOT_USER_GROUP, BREAK_GLASS_GROUP]
        .iter()
        .any(|group| members(proved, group) != members(now, group))
    {
        moved.insert("members");
    }
    let version = |okta: &Value| okta["assurances"][0]["osVersion"].clone();
    if version(proved) != version(now) {
        moved.insert("assurance");
    }
    moved
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
    let Some(policy) = policy(okta, ENROL) else {
        return false;
    };
    let mut rules = policy["rules"].as_array().into_iter().flatten();
    let app = app(okta, ENROL);
    alone(&under(okta, ENROL))
        && app.is_some_and(|app| {
            app["body"]["status"] == "ACTIVE" && !app["groups"].as_array().unwrap().is_empty()
        })
        && rules.all(|rule| rule["status"] != "ACTIVE" || is(Some(rule), "ALLOW"))
}

/// The active rules of the policy that are tried before a rule, and are for a group or for everybody.
fn tried_before<'a>(
    okta: &'a Value,
    rule: Option<&'a Value>,
    group: &'a str,
) -> impl Iterator<Item = &'a Value> {
    let id = stored::group(okta, group).map_or(Value::Null, |group| group["body"]["id"].clone());
    let rules = policy(okta, ACCESS).and_then(|policy| policy["rules"].as_array());
    let is_for = move |other: &Value| {
        let groups = |part: &str| {
            other["conditions"]["people"]["groups"][part]
                .as_array()
                .cloned()
        };
        groups("include").is_none_or(|ids| ids.contains(&id))
            && groups("exclude").is_none_or(|ids| !ids.contains(&id))
    };
    rules.into_iter().flatten().filter(move |other| {
        other["status"] == "ACTIVE"
            && rule.is_some_and(|rule| rule["id"] != other["id"])
            && place(Some(other)) < place(rule)
            && is_for(other)
    })
}

/// Whether a rule that keeps the break-glass group out is tried before theirs.
fn is_shadowed(okta: &Value, glass: Option<&Value>) -> bool {
    tried_before(okta, glass, BREAK_GLASS_GROUP).any(|rule| !is(Some(rule), "ALLOW"))
}

/// Of the active rules for its users, only break-glass is tried before the managed rule, which asks for a managed Mac.
fn managed_mac_gets_in(okta: &Value) -> bool {
    let managed = rule(okta, ACCESS, MANAGED);
    is(managed, "ALLOW")
        && managed.is_some_and(|rule| rule["conditions"]["device"]["managed"] == true)
        && tried_before(okta, managed, PILOT_USER_GROUP).all(|rule| rule["name"] == BREAK_GLASS)
}

/// Whether an app of others is under the policy.
pub(crate) fn decides_for_others(okta: &Value) -> bool {
    !under(okta, ACCESS).is_empty()
}

/// Whether an app is under a policy that lets people in with any one factor.
pub(crate) fn weak_somewhere(okta: &Value) -> bool {
    let policies = okta["policies"].as_array().into_iter().flatten();
    let weak = |rule: &Value| {
        let method = &rule["actions"]["appSignOn"]["verificationMethod"];
        is(Some(rule), "ALLOW") && method["factorMode"] == "1FA" && method["constraints"].is_null()
    };
    let mut weak = policies.filter(|policy| policy["rules"].as_array().unwrap().iter().any(weak));
    weak.any(|policy| {
        let mut apps = okta["apps"].as_array().into_iter().flatten();
        apps.any(|app| app["policy"] == policy["body"]["id"])
    })
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
    let changed = managed.map_or("", |rule| rule["lastUpdated"].as_str().unwrap_or_default());
    let mut users: BTreeMap<&str, bool> = BTreeMap::new();
    let pilot = rule(okta, PILOT, CATCH_ALL);
    for event in decisions(okta).filter(|event| !is_by(event, pilot)) {
        let user = event["actor"]["id"].as_str().unwrap_or_default();
        // Under an older rule these users, who are in no group, prove nothing.
        let since = event["published"].as_str().unwrap_or_default() >= changed;
        *users.entry(user).or_default() |= since && is_by(event, managed);
    }
    let covered = users.values().filter(|covered| **covered).count();
    !users.is_empty() && covered * 100 >= users.len() * 95
}

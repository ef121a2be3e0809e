//! What stored policies decide about a sign-in. Pure: no clock, no store, no log.
//!
//! The one rule: a device condition is tri-state and exact. `registered: true, managed: false` means
//! *registered and not managed*; a key left out means *any*.

use serde_json::Value;

use super::{
    fields::{Object, strings, text},
    policy::{Policy, priority},
};

/// Who signs in, from what. A `None` is "not known" and can prove nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Context {
    pub(crate) user: Option<String>,
    pub(crate) groups: Vec<String>,
    /// `MACOS`, `WINDOWS`, …
    pub(crate) platform: Option<String>,
    pub(crate) registered: Option<bool>,
    pub(crate) managed: Option<bool>,
    /// Device assurance policies the device meets.
    pub(crate) assurances: Vec<String>,
    pub(crate) zones: Vec<String>,
    pub(crate) risk: Option<String>,
    /// Whether custom expressions are evaluated; the simulation does not.
    pub(crate) expressions: bool,
}

/// Outcome of one condition, rule or policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Match,
    NotMatch,
    Undefined,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Match => "MATCH",
            Self::NotMatch => "NOT_MATCH",
            Self::Undefined => "UNDEFINED",
        }
    }

    fn of(known: Option<bool>) -> Self {
        match known {
            Some(true) => Self::Match,
            Some(false) => Self::NotMatch,
            None => Self::Undefined,
        }
    }

    fn all(statuses: impl Iterator<Item = Self>) -> Self {
        statuses.fold(Self::Match, |all, one| match (all, one) {
            (Self::NotMatch, _) | (_, Self::NotMatch) => Self::NotMatch,
            (Self::Undefined, _) | (_, Self::Undefined) => Self::Undefined,
            _ => Self::Match,
        })
    }
}

/// What became of one rule.
#[derive(Clone, Debug)]
pub(crate) struct RuleVerdict<'a> {
    pub(crate) rule: &'a Object,
    pub(crate) status: Status,
    pub(crate) conditions: Vec<(&'static str, Status)>,
}

/// What became of one policy.
#[derive(Clone, Debug)]
pub(crate) struct PolicyVerdict<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) status: Status,
    pub(crate) conditions: Vec<(&'static str, Status)>,
    /// In order of priority, inactive rules left out.
    pub(crate) rules: Vec<RuleVerdict<'a>>,
}

impl<'a> PolicyVerdict<'a> {
    /// The rule that decides: the first that matches.
    pub(crate) fn decisive(&self) -> Option<&RuleVerdict<'a>> {
        if self.status != Status::Match {
            return None;
        }
        self.rules.iter().find(|rule| rule.status == Status::Match)
    }
}

/// Evaluates one policy.
pub(crate) fn policy<'a>(policy: &'a Policy, context: &Context) -> PolicyVerdict<'a> {
    let conditions = policy
        .body
        .get("conditions")
        .map(|c| conditions(c, context));
    let conditions = conditions.unwrap_or_default();
    let status = Status::all(conditions.iter().map(|(_, status)| *status));
    let mut rules: Vec<&Object> = policy
        .rules
        .iter()
        .filter(|rule| text(rule, "status") == "ACTIVE")
        .collect();
    rules.sort_by_key(|rule| priority(rule));
    let rules = rules
        .into_iter()
        .map(|rule| self::rule(rule, context))
        .collect();
    PolicyVerdict {
        policy,
        status,
        conditions,
        rules,
    }
}

/// The first policy of a kind that has a deciding rule. A policy without rules is skipped.
pub(crate) fn first<'a>(
    policies: &'a [Policy],
    kind: &str,
    context: &Context,
) -> Option<PolicyVerdict<'a>> {
    let mut candidates: Vec<&Policy> = policies
        .iter()
        .filter(|policy| policy.kind() == kind && policy.is_active())
        .collect();
    candidates.sort_by_key(|policy| priority(&policy.body));
    candidates
        .into_iter()
        .map(|candidate| policy(candidate, context))
        .find(|verdict| verdict.decisive().is_some())
}

fn rule<'a>(rule: &'a Object, context: &Context) -> RuleVerdict<'a> {
    let conditions = rule
        .get("conditions")
        .map(|c| conditions(c, context))
        .unwrap_or_default();
    let status = Status::all(conditions.iter().map(|(_, status)| *status));
    RuleVerdict {
        rule,
        status,
        conditions,
    }
}

fn conditions(conditions: &Value, context: &Context) -> Vec<(&'static str, Status)> {
    let mut verdicts = Vec::new();
    let mut judge = |name, key: &str, judge: fn(&Value, &Context) -> Status| {
        if let Some(condition) = conditions.get(key).filter(|value| !value.is_null()) {
            verdicts.push((name, judge(condition, context)));
        }
    };
    judge("PEOPLE", "people", people);
    judge("PLATFORM", "platform", platform);
    judge("DEVICE", "device", device);
    judge("NETWORK", "network", network);
    judge("RISK_SCORE", "riskScore", risk);
    judge("EL_CONDITION", "elCondition", expression);
    verdicts
}

fn people(condition: &Value, context: &Context) -> Status {
    let included_users = strings(condition, "/users/include");
    let included_groups = strings(condition, "/groups/include");
    let user = context.user.as_deref();
    let in_group = |groups: &[&str]| context.groups.iter().any(|g| groups.contains(&g.as_str()));
    let is_user = |users: &[&str]| user.is_some_and(|user| users.contains(&user));
    let excluded = is_user(&strings(condition, "/users/exclude"))
        || in_group(&strings(condition, "/groups/exclude"));
    let open = included_users.is_empty() && included_groups.is_empty();
    let included = open || is_user(&included_users) || in_group(&included_groups);
    Status::of(Some(included && !excluded))
}

fn platform(condition: &Value, context: &Context) -> Status {
    let Some(platform) = context.platform.as_deref() else {
        return Status::Undefined;
    };
    let kind = match platform {
        "IOS" | "ANDROID" => "MOBILE",
        _ => "DESKTOP",
    };
    let named = |list: &str| {
        condition
            .get(list)
            .and_then(Value::as_array)
            .is_some_and(|entries| {
                entries.iter().any(|entry| {
                    let fits = |wanted: Option<&Value>, have: &str| {
                        let wanted = wanted.and_then(Value::as_str).unwrap_or("ANY");
                        wanted == "ANY" || wanted == have
                    };
                    fits(entry.get("type"), kind) && fits(entry.pointer("/os/type"), platform)
                })
            })
    };
    let open = condition
        .get("include")
        .and_then(Value::as_array)
        .is_none_or(Vec::is_empty);
    Status::of(Some((open || named("include")) && !named("exclude")))
}

fn device(condition: &Value, context: &Context) -> Status {
    let exact = |key: &str, have: Option<bool>| {
        let wanted = condition.get(key).and_then(Value::as_bool)?;
        Some(Status::of(have.map(|have| have == wanted)))
    };
    // A device that is not registered cannot be managed, known or not.
    let managed = if context.registered == Some(false) {
        Some(false)
    } else {
        context.managed
    };
    let assurances = strings(condition, "/assurance/include");
    let assured = (!assurances.is_empty()).then(|| {
        Status::of(Some(
            context
                .assurances
                .iter()
                .any(|a| assurances.contains(&a.as_str())),
        ))
    });
    Status::all(
        [
            exact("registered", context.registered),
            exact("managed", managed),
            assured,
        ]
        .into_iter()
        .flatten(),
    )
}

fn network(condition: &Value, context: &Context) -> Status {
    if condition.get("connection").and_then(Value::as_str) != Some("ZONE") {
        return Status::Match;
    }
    let inside = |list| {
        let zones = strings(condition, list);
        context
            .zones
            .iter()
            .any(|zone| zones.contains(&zone.as_str()))
    };
    let open = strings(condition, "/include").is_empty();
    Status::of(Some((open || inside("/include")) && !inside("/exclude")))
}

fn risk(condition: &Value, context: &Context) -> Status {
    match condition.get("level").and_then(Value::as_str) {
        None | Some("ANY") => Status::Match,
        Some(level) => Status::of(context.risk.as_deref().map(|risk| risk == level)),
    }
}

/// The two expressions on the device that can be told from the context; all others are undefined.
fn expression(condition: &Value, context: &Context) -> Status {
    let Some(text) = condition.get("condition").and_then(Value::as_str) else {
        return Status::Match;
    };
    if !context.expressions {
        return Status::Undefined;
    }
    let Some((name, wanted)) = text.split_once("==") else {
        return Status::Undefined;
    };
    let wanted = match wanted.trim() {
        "true" => true,
        "false" => false,
        _ => return Status::Undefined,
    };
    let have = match name.trim() {
        "device.profile.managed" => context.managed,
        "device.profile.registered" => context.registered,
        _ => return Status::Undefined,
    };
    Status::of(have.map(|have| have == wanted))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::okta::fields::object;

    fn managed_over_catch_all(device: &Value, catch_all: &str) -> Policy {
        let rule = |id: &str, priority: i64, conditions: Value, access: &str| {
            object(
                json!({"id": id, "name": id, "priority": priority, "status": "ACTIVE",
                "conditions": conditions, "actions": {"appSignOn": {"access": access}}}),
            )
        };
        Policy {
            body: object(json!({"id": "rst1", "type": "ACCESS_POLICY", "status": "ACTIVE"})),
            rules: vec![
                rule("catch-all", 99, Value::Null, catch_all),
                rule("managed", 0, json!({"device": device}), "ALLOW"),
            ],
            belongs_to: None,
        }
    }

    fn decisive(policy: &Policy, registered: Option<bool>, managed: Option<bool>) -> String {
        let context = Context {
            registered,
            managed,
            ..Context::default()
        };
        let verdict = self::policy(policy, &context);
        verdict
            .decisive()
            .map_or("none", |rule| text(rule.rule, "id"))
            .to_owned()
    }

    #[test]
    fn only_a_registered_and_managed_device_matches_the_managed_rule() {
        let policy = managed_over_catch_all(&json!({"registered": true, "managed": true}), "DENY");
        assert_eq!(decisive(&policy, Some(true), Some(true)), "managed");
        assert_eq!(decisive(&policy, Some(true), Some(false)), "catch-all");
        assert_eq!(decisive(&policy, Some(false), None), "catch-all");
    }

    #[test]
    fn registered_and_not_managed_does_not_match_a_managed_mac() {
        let policy = managed_over_catch_all(&json!({"registered": true, "managed": false}), "DENY");
        assert_eq!(decisive(&policy, Some(true), Some(true)), "catch-all");
        assert_eq!(decisive(&policy, Some(true), Some(false)), "managed");
    }

    #[test]
    fn managed_left_out_means_any() {
        let policy = managed_over_catch_all(&json!({"registered": true}), "DENY");
        assert_eq!(decisive(&policy, Some(true), Some(true)), "managed");
        assert_eq!(decisive(&policy, Some(true), Some(false)), "managed");
    }

    #[test]
    fn an_unknown_device_state_is_undefined_and_falls_through() {
        let policy = managed_over_catch_all(&json!({"registered": true, "managed": true}), "DENY");
        let verdict = self::policy(&policy, &Context::default());
        assert_eq!(verdict.rules[0].status, Status::Undefined);
        assert_eq!(decisive(&policy, None, None), "catch-all");
    }

    #[test]
    fn inactive_rules_decide_nothing() {
        let mut policy = managed_over_catch_all(&json!({"registered": true}), "DENY");
        policy.rules[1].insert("status".into(), "INACTIVE".into());
        assert_eq!(decisive(&policy, Some(true), Some(true)), "catch-all");
    }
}

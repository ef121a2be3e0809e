//! Policies of the three types and their rules: made, read, replaced, switched off and on; what is deleted comes last.

use futures::FutureExt as _;
use okta_devtrust::{
    Okta,
    policies::{self, Policy, PolicyType, Rule},
    simulate::{Outcome, SimulatedDevice, Simulation},
};
use serde_json::{Value, json};

use crate::{
    POLICY, RULE,
    exchange::{Call, Exchange, Ids},
};

/// The types, with a policy's and a rule's own parts as this suite sends them.
fn kinds(group: &str) -> [(&'static str, Value, Value); 3] {
    let people = json!({"people": {"groups": {"include": [group]}}});
    [
        (
            "ACCESS_POLICY",
            json!({"description": "for Macs"}),
            json!({"conditions": {"device": {"registered": true, "managed": true}},
                   "actions": {"appSignOn": {"access": "ALLOW", "verificationMethod":
                       {"type": "ASSURANCE", "factorMode": "2FA", "reauthenticateIn": "PT2H"}}}}),
        ),
        (
            "MFA_ENROLL",
            json!({"conditions": people, "settings": {"type": "AUTHENTICATORS", "authenticators": [
                {"key": "okta_password", "enroll": {"self": "REQUIRED"}},
                {"key": "okta_verify", "enroll": {"self": "OPTIONAL"}}]}}),
            json!({"conditions": {"network": {"connection": "ANYWHERE"}},
                   "actions": {"enroll": {"self": "LOGIN"}}}),
        ),
        (
            "OKTA_SIGN_ON",
            json!({"conditions": people}),
            json!({"conditions": {"network": {"connection": "ANYWHERE"}},
                   "actions": {"signon": {"access": "ALLOW", "primaryFactor": "PASSWORD_IDP_ANY_FACTOR",
                                          "requireFactor": true}}}),
        ),
    ]
}

fn with(own: &Value, more: &Value) -> Value {
    let mut all = own.as_object().unwrap().clone();
    all.extend(more.as_object().unwrap().clone());
    all.into()
}

pub(crate) fn policy(kind: &str, ids: &Ids) -> Value {
    let [access, enrollment, session] = kinds(&ids.group);
    let (_, own, _) = [access, enrollment, session]
        .into_iter()
        .find(|(name, ..)| *name == kind)
        .unwrap();
    with(&own, &json!({"type": kind, "name": POLICY}))
}

pub(crate) fn rule(kind: &str, ids: &Ids) -> Value {
    let (_, _, own) = kinds(&ids.group)
        .into_iter()
        .find(|(name, ..)| *name == kind)
        .unwrap();
    let rule_kind = if kind == "OKTA_SIGN_ON" {
        "SIGN_ON"
    } else {
        kind
    };
    with(&own, &json!({"type": rule_kind, "name": RULE}))
}

/// The calls about one type of policy: a function pointer has no room for the type, so each has its own.
macro_rules! calls {
    ($kind:literal) => {
        Calls {
            list: |okta, ids| {
                async move {
                    let all = okta.policies(&PolicyType::from($kind)).await?;
                    let found = all.iter().find(|one| one.id == ids.policy($kind));
                    Ok(json!(found.map(|one| &one.name)))
                }
                .boxed()
            },
            create: |okta, ids| {
                async move {
                    let made = okta.create_policy(&typed(policy($kind, ids))).await?;
                    Ok(json!([made.name, made.is_active(), made.id.is_empty()]))
                }
                .boxed()
            },
            read: |okta, ids| {
                async move { Ok(json!(okta.policy(ids.policy($kind)).await?.name)) }.boxed()
            },
            replace: |okta, ids| {
                async move {
                    let wanted: Policy = typed(policy($kind, ids));
                    let made = okta.replace_policy(ids.policy($kind), &wanted).await?;
                    Ok(json!(made.name))
                }
                .boxed()
            },
            create_rule: |okta, ids| {
                async move {
                    let wanted: Rule = typed(rule($kind, ids));
                    let made = okta.create_rule(ids.policy($kind), &wanted).await?;
                    Ok(json!([made.name, made.is_active(), made.id.is_empty()]))
                }
                .boxed()
            },
            rules: |okta, ids| {
                async move {
                    let all = okta.rules(ids.policy($kind)).await?;
                    Ok(json!(all.iter().any(|one| one.id == ids.rule($kind))))
                }
                .boxed()
            },
            read_rule: |okta, ids| {
                async move {
                    let one = okta.rule(ids.policy($kind), ids.rule($kind)).await?;
                    Ok(json!(one.name))
                }
                .boxed()
            },
            replace_rule: |okta, ids| {
                async move {
                    let wanted: Rule = typed(rule($kind, ids));
                    let (policy, rule) = (ids.policy($kind), ids.rule($kind));
                    Ok(json!(okta.replace_rule(policy, rule, &wanted).await?.name))
                }
                .boxed()
            },
            activate_rule: |okta, ids| {
                async move {
                    let done = okta.activate_rule(ids.policy($kind), ids.rule($kind)).await;
                    done.map(|()| Value::Null)
                }
                .boxed()
            },
            deactivate_rule: |okta, ids| {
                send(
                    okta,
                    policies::deactivate_rule(ids.policy($kind), ids.rule($kind)),
                )
                .boxed()
            },
            activate: |okta, ids| {
                async move {
                    let done = okta.activate_policy(ids.policy($kind)).await;
                    done.map(|()| Value::Null)
                }
                .boxed()
            },
            deactivate: |okta, ids| send(okta, policies::deactivate(ids.policy($kind))).boxed(),
            delete_rule: |okta, ids| {
                send(
                    okta,
                    policies::delete_rule(ids.policy($kind), ids.rule($kind)),
                )
                .boxed()
            },
            delete: |okta, ids| send(okta, policies::delete(ids.policy($kind))).boxed(),
        }
    };
}

struct Calls {
    list: Call,
    create: Call,
    read: Call,
    replace: Call,
    create_rule: Call,
    rules: Call,
    read_rule: Call,
    replace_rule: Call,
    activate_rule: Call,
    deactivate_rule: Call,
    activate: Call,
    deactivate: Call,
    delete_rule: Call,
    delete: Call,
}

fn calls(kind: &str) -> Calls {
    match kind {
        "ACCESS_POLICY" => calls!("ACCESS_POLICY"),
        "MFA_ENROLL" => calls!("MFA_ENROLL"),
        _ => calls!("OKTA_SIGN_ON"),
    }
}

fn typed<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

async fn send(okta: &Okta, request: okta_devtrust::Request) -> Result<Value, okta_devtrust::Error> {
    okta.send(&request).await.map(|_| Value::Null)
}

pub(crate) fn exchanges(ids: &Ids) -> Vec<Exchange> {
    let mut all = Vec::new();
    for (kind, ..) in kinds(&ids.group) {
        all.extend(of_kind(ids, kind));
    }
    all
}

fn of_kind(ids: &Ids, kind: &str) -> Vec<Exchange> {
    let calls = calls(kind);
    let (id, rule_id) = (ids.policy(kind), ids.rule(kind));
    let at = |rest: &str| format!("/policies/{id}{rest}");
    let (policy, rule) = (policy(kind, ids), rule(kind, ids));
    let stored = with(
        &policy,
        &json!({"id": id, "status": "ACTIVE", "system": false, "priority": 1}),
    );
    let stored_rule = with(
        &rule,
        &json!({"id": rule_id, "status": "ACTIVE", "system": false, "priority": 0}),
    );
    let rule_at = |rest: &str| format!("/policies/{id}/rules/{rule_id}{rest}");
    vec![
        Exchange::new("a policy made", "POST", "/policies", calls.create)
            .body(policy.clone())
            .answers(200, stored.clone())
            .becomes(json!([POLICY, true, false])),
        Exchange::new("policies of a type", "GET", "/policies", calls.list)
            .query("type", kind)
            .answers(200, json!([stored]))
            .becomes(json!(POLICY)),
        Exchange::new("a policy", "GET", &at(""), calls.read)
            .answers(200, stored.clone())
            .becomes(json!(POLICY)),
        Exchange::new("a policy replaced", "PUT", &at(""), calls.replace)
            .body(policy)
            .answers(200, stored)
            .becomes(json!(POLICY)),
        Exchange::new(
            "a policy switched off",
            "POST",
            &at("/lifecycle/deactivate"),
            calls.deactivate,
        )
        .answers(204, Value::Null),
        Exchange::new(
            "a policy switched on",
            "POST",
            &at("/lifecycle/activate"),
            calls.activate,
        )
        .answers(204, Value::Null),
        Exchange::new("a rule made", "POST", &at("/rules"), calls.create_rule)
            .body(rule.clone())
            .answers(200, stored_rule.clone())
            .becomes(json!([RULE, true, false])),
        Exchange::new("rules of a policy", "GET", &at("/rules"), calls.rules)
            .answers(200, json!([stored_rule]))
            .becomes(json!(true)),
        Exchange::new("a rule", "GET", &rule_at(""), calls.read_rule)
            .answers(200, stored_rule.clone())
            .becomes(json!(RULE)),
        Exchange::new("a rule replaced", "PUT", &rule_at(""), calls.replace_rule)
            .body(rule)
            .answers(200, stored_rule)
            .becomes(json!(RULE)),
        Exchange::new(
            "a rule switched off",
            "POST",
            &rule_at("/lifecycle/deactivate"),
            calls.deactivate_rule,
        )
        .answers(204, Value::Null),
        Exchange::new(
            "a rule switched on",
            "POST",
            &rule_at("/lifecycle/activate"),
            calls.activate_rule,
        )
        .answers(204, Value::Null),
    ]
}

/// What takes policies and rules away again.
pub(crate) fn removals(ids: &Ids) -> Vec<Exchange> {
    let mut all = Vec::new();
    for (kind, ..) in kinds(&ids.group) {
        let calls = calls(kind);
        let (policy, rule) = (ids.policy(kind), ids.rule(kind));
        let path = format!("/policies/{policy}/rules/{rule}");
        all.push(
            Exchange::new("a rule deleted", "DELETE", &path, calls.delete_rule)
                .answers(204, Value::Null),
        );
        let path = format!("/policies/{policy}");
        all.push(
            Exchange::new("a policy deleted", "DELETE", &path, calls.delete)
                .answers(204, Value::Null),
        );
    }
    all
}

/// What an app under the policy brings: which apps those are, and a simulation on one.
pub(crate) fn of_an_app(ids: &Ids) -> Vec<Exchange> {
    let kind = "ACCESS_POLICY";
    let (policy, rule) = (ids.policy(kind), ids.rule(kind));
    let Ids { app, group, .. } = ids;
    let link = format!("https://acme.okta.com/api/v1/apps/{app}");
    vec![
        Exchange::new("the apps of a policy", "GET", &format!("/policies/{policy}/mappings"), |okta, ids| {
            async {
                let all = okta.policy_mappings(ids.policy("ACCESS_POLICY")).await?;
                Ok(json!(all.iter().map(policies::PolicyMapping::app_id).collect::<Vec<_>>()))
            }
            .boxed()
        })
        .answers(200, json!([{"id": "rsm1", "_links": {"application": {"href": link}}}]))
        .becomes(json!([app])),
        Exchange::new("a simulation", "POST", "/policies/simulate", |okta, ids| {
            async {
                let asked = Simulation::of_groups(&ids.app, [&ids.group], SimulatedDevice::mac(true));
                let answer = okta.simulate(&asked).await?;
                let policy = ids.policy("ACCESS_POLICY");
                Ok(match answer.outcome(policy) {
                    Outcome::Rule(id) => json!(id),
                    other => json!(format!("{other:?}")),
                })
            }
            .boxed()
        })
        .query("expand", "EVALUATED")
        .query("expand", "RULE")
        .body(json!({
            "appInstance": app, "policyTypes": [kind],
            "policyContext": {"groups": {"ids": [group]},
                              "device": {"platform": "MACOS", "registered": true, "managed": true}}}))
        .answers(
            200,
            json!({"evaluation": [{"result": {"policies": [
                {"id": policy, "rules": [{"id": rule, "status": "MATCH"}]}]}}]}),
        )
        .becomes(json!(rule)),
    ]
}

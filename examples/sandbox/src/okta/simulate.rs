//! `POST /api/v1/policies/simulate`: the object body is answered, the array that the specification
//! draws is refused, as recorded.
//!
//! That the object form is accepted, and the answer's shape, stem from Okta's guide; neither was
//! recorded.

use axum::{Router, extract::State, routing::post};
use serde_json::{Map, Value, json};

use super::{
    State as Org,
    answer::{Answer, Document, Failure, Reply},
    apps::App,
    evaluate::{self, Context, PolicyVerdict, Status},
    fields::{Object, strings, text},
    params::Params,
    policy::{ACCESS_POLICY, MFA_ENROLL, OKTA_SIGN_ON, Policy},
};
use crate::shared::Shared;

pub(crate) fn router() -> Router<Shared> {
    Router::new().route("/api/v1/policies/simulate", post(simulate))
}

/// What `expand` asks for.
#[derive(Clone, Copy)]
struct Expand {
    evaluated: bool,
    rule: bool,
}

async fn simulate(
    State(shared): State<Shared>,
    params: Params,
    Document(sent): Document,
) -> Answer {
    let world = shared.world();
    let org = &world.okta;
    let app_id = text(&sent, "appInstance");
    if app_id.is_empty() {
        let cause = "appInstance: The field cannot be left blank";
        return Err(Failure::validation("appInstance", cause));
    }
    let app = org.app(app_id)?;
    let body = Value::Object(sent.clone());
    let context = context(org, app, &body)?;
    let expand = Expand {
        evaluated: params.all("expand").any(|value| value == "EVALUATED"),
        rule: params.all("expand").any(|value| value == "RULE"),
    };
    let evaluation: Vec<Value> = kinds(&sent)
        .into_iter()
        .map(|kind| {
            let mut verdicts = Vec::new();
            for policy in candidates(org, app, &kind) {
                let verdict = evaluate::policy(policy, &context);
                let decided = verdict.decisive().is_some();
                verdicts.push(verdict);
                if decided {
                    break;
                }
            }
            evaluation(&kind, &verdicts, expand)
        })
        .collect();
    Ok(Reply::ok(json!({ "evaluation": evaluation })))
}

/// `policyTypes` or `policyType`, a list or one name; nothing means all.
fn kinds(sent: &Object) -> Vec<String> {
    let asked = sent.get("policyTypes").or_else(|| sent.get("policyType"));
    let asked: Vec<String> = match asked {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => many
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    };
    if asked.is_empty() {
        return [OKTA_SIGN_ON, ACCESS_POLICY, MFA_ENROLL]
            .map(str::to_owned)
            .to_vec();
    }
    asked
}

fn candidates<'a>(org: &'a Org, app: &App, kind: &str) -> Vec<&'a Policy> {
    if kind == ACCESS_POLICY {
        return app
            .policy
            .as_deref()
            .and_then(|id| org.policy(id).ok())
            .into_iter()
            .collect();
    }
    let mut found: Vec<&Policy> = org
        .policies
        .iter()
        .filter(|policy| policy.kind() == kind && policy.is_active())
        .collect();
    found.sort_by_key(|policy| super::policy::priority(&policy.body));
    found
}

fn context(org: &Org, app: &App, body: &Value) -> Result<Context, Failure> {
    let user = body
        .pointer("/policyContext/user/id")
        .and_then(Value::as_str);
    let groups = strings(body, "/policyContext/groups/ids");
    let refuse = |who: &str| {
        let label = text(&app.body, "label");
        let cause =
            format!("Access to {label} is not allowed. {who} is not assigned to this application.");
        Failure::validation("policyContext", cause)
    };
    let groups: Vec<String> = match user {
        Some(user) => {
            let login = text(org.user(user)?, "id").to_owned();
            let groups = org.groups_of(&login);
            if !groups.iter().any(|group| app.groups.contains(group)) {
                return Err(refuse(user));
            }
            groups
        }
        None => {
            if let Some(stranger) = groups
                .iter()
                .find(|group| !app.groups.iter().any(|have| have == *group))
            {
                return Err(refuse(stranger));
            }
            groups.into_iter().map(str::to_owned).collect()
        }
    };
    let device = |key: &str| body.pointer(&format!("/policyContext/device/{key}"));
    let flag = |key: &str| device(key).and_then(Value::as_bool);
    let word = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    Ok(Context {
        user: user.map(str::to_owned),
        groups,
        platform: word(device("platform")),
        registered: flag("registered"),
        managed: flag("managed"),
        assurances: word(device("assuranceId")).into_iter().collect(),
        zones: strings(body, "/policyContext/zones/ids")
            .into_iter()
            .map(str::to_owned)
            .collect(),
        risk: word(body.pointer("/policyContext/risk/level")),
        expressions: false,
    })
}

fn evaluation(kind: &str, verdicts: &[PolicyVerdict<'_>], expand: Expand) -> Value {
    let decisive = verdicts
        .last()
        .filter(|verdict| verdict.decisive().is_some());
    let result: Vec<Value> = decisive
        .map(|verdict| {
            let rule = verdict.decisive().map(|rule| rule.rule);
            show(verdict, expand, |candidate| Some(candidate.rule) == rule)
        })
        .into_iter()
        .collect();
    let undefined: Vec<Value> = verdicts
        .iter()
        .filter(|verdict| {
            verdict
                .rules
                .iter()
                .any(|rule| rule.status == Status::Undefined)
        })
        .map(|verdict| show(verdict, expand, |rule| rule.status == Status::Undefined))
        .collect();
    let mut evaluation = json!({
        "status": null,
        "policyType": [kind],
        "result": { "policies": result },
        "undefined": { "policies": undefined },
    });
    if expand.evaluated {
        let evaluated: Vec<Value> = verdicts
            .iter()
            .map(|verdict| show(verdict, expand, |_| true))
            .collect();
        evaluation["evaluated"] = json!({ "policies": evaluated });
    }
    evaluation
}

fn show(
    verdict: &PolicyVerdict<'_>,
    expand: Expand,
    wanted: impl Fn(&evaluate::RuleVerdict<'_>) -> bool,
) -> Value {
    let rules: Vec<Value> = verdict
        .rules
        .iter()
        .filter(|rule| wanted(rule))
        .map(|rule| entry(rule.rule, rule.status, &rule.conditions, expand))
        .collect();
    let mut shown = entry(
        &verdict.policy.body,
        verdict.status,
        &verdict.conditions,
        expand,
    );
    shown["rules"] = json!(rules);
    shown
}

fn entry(
    object: &Object,
    status: Status,
    conditions: &[(&'static str, Status)],
    expand: Expand,
) -> Value {
    let mut entry = Map::new();
    entry.insert("id".into(), text(object, "id").into());
    entry.insert("name".into(), text(object, "name").into());
    entry.insert("status".into(), status.name().into());
    let conditions: Vec<Value> = conditions
        .iter()
        .filter(|_| expand.rule)
        .map(|(name, status)| json!({ "type": name, "status": status.name() }))
        .collect();
    entry.insert("conditions".into(), conditions.into());
    Value::Object(entry)
}

//! `/api/v1/policies/{id}/rules`: one rule at a time, numbers shifting as Okta shifts them.

use axum::{
    Router,
    extract::{Path, State},
    routing::{get, post},
};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    State as Org,
    answer::{Answer, Document, Failure, Reply},
    fields::text,
    log, normalise,
    params::Params,
    policies::wanted,
    policy::{self, ACCESS_POLICY},
};
use crate::{clock, shared::Shared};

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/api/v1/policies/{policy}/rules", get(list).post(create))
        .route(
            "/api/v1/policies/{policy}/rules/{rule}",
            get(read).put(replace).delete(delete),
        )
        .route(
            "/api/v1/policies/{policy}/rules/{rule}/lifecycle/{verb}",
            post(lifecycle),
        )
}

impl Org {
    fn note_rule(&mut self, now: Timestamp, event: &str, display: &str, policy: &str, rule: &str) {
        if let Ok(policy) = self.policy(policy)
            && let Some(rule) = policy.rule(rule)
        {
            let targets = vec![log::policy_target(policy), log::policy_rule_target(rule)];
            self.note(now, event, display, targets);
        }
    }

    fn rule_answer(&self, policy: &str, rule: &str, base: &str) -> Answer {
        let policy = self.policy(policy)?;
        let rule = policy
            .rule(rule)
            .ok_or_else(|| Failure::not_found(rule, "PolicyRule"))?;
        Ok(Reply::ok(policy.rule_answer(rule, base)))
    }
}

async fn list(State(shared): State<Shared>, Path(id): Path<String>, params: Params) -> Answer {
    let world = shared.world();
    let policy = world.okta.policy(&id)?;
    let rules: Vec<Value> = policy
        .rules
        .iter()
        .map(|rule| policy.rule_answer(rule, shared.okta_url()))
        .collect();
    params.page(shared.okta_url(), rules, usize::MAX, usize::MAX)
}

async fn create(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    params: Params,
    Document(sent): Document,
) -> Answer {
    let mut world = shared.world();
    let now = world.now();
    let org = &mut world.okta;
    let policy = org.policy_mut(&id)?;
    if policy.is_system() && policy.kind() != ACCESS_POLICY {
        return Err(Failure::forbidden());
    }
    let kept = normalise::rule(policy.kind(), &sent)?;
    // A status in the body is ignored; only the parameter stages a rule.
    let active = params.get("activate") != Some("false");
    let rule = policy::new_rule(kept, false, i64::MAX, active, now);
    let rule_id = text(&rule, "id").to_owned();
    policy.rules.push(rule);
    policy.renumber(Some((&rule_id, wanted(&sent))));
    org.note_rule(now, "policy.rule.add", "Add policy rule", &id, &rule_id);
    org.rule_answer(&id, &rule_id, shared.okta_url())
}

async fn read(
    State(shared): State<Shared>,
    Path((policy, rule)): Path<(String, String)>,
) -> Answer {
    shared
        .world()
        .okta
        .rule_answer(&policy, &rule, shared.okta_url())
}

async fn replace(
    State(shared): State<Shared>,
    Path((id, rule_id)): Path<(String, String)>,
    Document(sent): Document,
) -> Answer {
    let mut world = shared.world();
    let now = world.now();
    let org = &mut world.okta;
    let policy = org.policy_mut(&id)?;
    let kind = policy.kind().to_owned();
    let rule = policy
        .rule_mut(&rule_id)
        .ok_or_else(|| Failure::not_found(&rule_id, "PolicyRule"))?;
    if policy::is_system(rule) {
        if kind != ACCESS_POLICY {
            return Err(Failure::forbidden());
        }
        normalise::take_actions(rule, &sent)?;
        rule.insert("lastUpdated".into(), clock::okta(now).into());
    } else {
        rule.extend(normalise::rule(&kind, &sent)?);
        rule.insert("lastUpdated".into(), clock::okta(now).into());
        // Without a number the rule stays where it is.
        if let Some(wanted) = wanted(&sent) {
            policy.renumber(Some((&rule_id, Some(wanted))));
        }
    }
    org.note_rule(
        now,
        "policy.rule.update",
        "Update policy rule",
        &id,
        &rule_id,
    );
    org.rule_answer(&id, &rule_id, shared.okta_url())
}

async fn delete(
    State(shared): State<Shared>,
    Path((id, rule_id)): Path<(String, String)>,
) -> Answer {
    let mut world = shared.world();
    let now = world.now();
    let org = &mut world.okta;
    refuse_system(org, &id, &rule_id)?;
    org.note_rule(
        now,
        "policy.rule.delete",
        "Delete policy rule",
        &id,
        &rule_id,
    );
    let policy = org.policy_mut(&id)?;
    policy.rules.retain(|rule| text(rule, "id") != rule_id);
    policy.renumber(None);
    Ok(Reply::no_content())
}

async fn lifecycle(
    State(shared): State<Shared>,
    Path((id, rule_id, verb)): Path<(String, String, String)>,
) -> Answer {
    let mut world = shared.world();
    let now = world.now();
    let org = &mut world.okta;
    let (status, event, display) = match verb.as_str() {
        "activate" => ("ACTIVE", "policy.rule.activate", "Activate policy rule"),
        "deactivate" => (
            "INACTIVE",
            "policy.rule.deactivate",
            "Deactivate policy rule",
        ),
        _ => return Err(Failure::not_found(&verb, "Lifecycle")),
    };
    refuse_system(org, &id, &rule_id)?;
    if let Some(rule) = org.policy_mut(&id)?.rule_mut(&rule_id) {
        rule.insert("status".into(), status.into());
    }
    org.note_rule(now, event, display, &id, &rule_id);
    Ok(Reply::no_content())
}

/// The catch-all and the default rules can be neither deleted nor deactivated. Which error Okta gives
/// is not confirmed.
fn refuse_system(org: &Org, policy: &str, rule: &str) -> Result<(), Failure> {
    let stored = org
        .policy(policy)?
        .rule(rule)
        .ok_or_else(|| Failure::not_found(rule, "PolicyRule"))?;
    if policy::is_system(stored) {
        Err(Failure::forbidden())
    } else {
        Ok(())
    }
}

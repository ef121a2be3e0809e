//! `/api/v1/policies`: list, read, write, life cycle, clone.

use axum::{
    Router,
    extract::{Path, State},
    routing::{get, post},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    State as Org,
    answer::{Answer, Document, Failure, Reply},
    fields::{Object, text},
    log, normalise,
    params::Params,
    policy::{self, ACCESS_POLICY, Policy, apply, numbered},
    priorities,
};
use crate::{clock, shared::Shared};

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/api/v1/policies", get(list).post(create))
        .route(
            "/api/v1/policies/{policy}",
            get(read).put(replace).delete(delete),
        )
        .route(
            "/api/v1/policies/{policy}/lifecycle/{verb}",
            post(lifecycle),
        )
        .route("/api/v1/policies/{policy}/clone", post(clone))
}

impl Org {
    pub(crate) fn policy(&self, id: &str) -> Result<&Policy, Failure> {
        self.policies
            .iter()
            .find(|policy| policy.id() == id)
            .ok_or_else(|| Failure::not_found(id, "Policy"))
    }

    pub(crate) fn policy_mut(&mut self, id: &str) -> Result<&mut Policy, Failure> {
        self.policies
            .iter_mut()
            .find(|policy| policy.id() == id)
            .ok_or_else(|| Failure::not_found(id, "Policy"))
    }

    /// The org's default policy of a kind: what an app without one of its own gets.
    pub(crate) fn default_policy(&self, kind: &str) -> Option<&Policy> {
        self.policies
            .iter()
            .find(|policy| policy.kind() == kind && policy.is_system())
    }

    /// Renumbers a legacy kind, whose numbers have no gaps; without effect on `ACCESS_POLICY`.
    fn renumber_policies(&mut self, kind: &str, moved: Option<(&str, Option<i64>)>) {
        if kind == ACCESS_POLICY {
            return;
        }
        let of_kind = self.policies.iter().filter(|policy| policy.kind() == kind);
        let entries = of_kind.map(|policy| numbered(&policy.body)).collect();
        let numbers = priorities::contiguous(entries, moved);
        for policy in &mut self.policies {
            apply(&mut policy.body, &numbers);
        }
    }

    fn note_policy(&mut self, now: Timestamp, event: &str, display: &str, id: &str) {
        if let Ok(policy) = self.policy(id) {
            let target = log::policy_target(policy);
            self.note(now, event, display, vec![target]);
        }
    }
}

async fn list(State(shared): State<Shared>, params: Params) -> Answer {
    let Some(kind) = params.get("type") else {
        return Err(Failure::validation(
            "type",
            "type: The field cannot be left blank",
        ));
    };
    let world = shared.world();
    let status = params.get("status");
    let mut found: Vec<&Policy> = world
        .okta
        .policies
        .iter()
        .filter(|policy| policy.kind() == kind)
        .filter(|policy| status.is_none_or(|status| text(&policy.body, "status") == status))
        .collect();
    if kind != ACCESS_POLICY {
        found.sort_by_key(|found| policy::priority(&found.body));
    }
    let policies: Vec<Value> = found
        .into_iter()
        .map(|policy| policy.answer(shared.okta_url()))
        .collect();
    // Whole, however many there are: only rel=self was recorded.
    Ok(Reply::ok(policies).link("self", params.own_url(shared.okta_url())))
}

async fn create(State(shared): State<Shared>, params: Params, Document(sent): Document) -> Answer {
    let mut world = shared.world();
    let now = world.now();
    let org = &mut world.okta;
    let kept = org.normalise_policy(&sent)?;
    let kind = text(&sent, "type").to_owned();
    let mut policy = Policy::new(&kind, kept, false, now);
    if params.get("activate") == Some("false") {
        policy.body.insert("status".into(), "INACTIVE".into());
    }
    if kind == ACCESS_POLICY {
        let rule = policy::new_rule(
            normalise::catch_all(),
            true,
            priorities::CATCH_ALL,
            true,
            now,
        );
        policy.rules.push(rule);
    }
    let id = policy.id().to_owned();
    org.policies.push(policy);
    org.renumber_policies(&kind, Some((&id, wanted(&sent))));
    org.note_policy(now, "policy.lifecycle.create", "Create policy", &id);
    Ok(Reply::ok(org.policy(&id)?.answer(shared.okta_url())))
}

async fn read(State(shared): State<Shared>, Path(id): Path<String>, params: Params) -> Answer {
    let world = shared.world();
    let policy = world.okta.policy(&id)?;
    let mut answer = policy.answer(shared.okta_url());
    if params.get("expand") == Some("rules") {
        let rules: Vec<Value> = policy
            .rules
            .iter()
            .map(|rule| policy.rule_answer(rule, shared.okta_url()))
            .collect();
        answer["_embedded"]["rules"] = json!(rules);
    }
    Ok(Reply::ok(answer))
}

async fn replace(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Document(mut sent): Document,
) -> Answer {
    let mut world = shared.world();
    let now = world.now();
    let org = &mut world.okta;
    let stored = org.policy(&id)?;
    let (kind, system) = (stored.kind().to_owned(), stored.is_system());
    sent.entry("type").or_insert_with(|| kind.clone().into());
    if text(&sent, "type") != kind {
        return Err(Failure::validation("type", "type: cannot be changed"));
    }
    let kept = org.normalise_policy(&sent)?;
    let body = &mut org.policy_mut(&id)?.body;
    for (key, value) in kept {
        // A default policy stays for everyone, under its own name.
        if !(system && matches!(key.as_str(), "name" | "conditions")) {
            body.insert(key, value);
        }
    }
    body.insert("lastUpdated".into(), clock::okta(now).into());
    if let Some(wanted) = wanted(&sent) {
        org.renumber_policies(&kind, Some((&id, Some(wanted))));
    }
    org.note_policy(now, "policy.lifecycle.update", "Update policy", &id);
    Ok(Reply::ok(org.policy(&id)?.answer(shared.okta_url())))
}

async fn delete(State(shared): State<Shared>, Path(id): Path<String>) -> Answer {
    let mut world = shared.world();
    let now = world.now();
    let org = &mut world.okta;
    let stored = org.policy(&id)?;
    if stored.is_system() || stored.belongs_to.is_some() {
        return Err(Failure::forbidden());
    }
    let kind = stored.kind().to_owned();
    org.note_policy(now, "policy.lifecycle.delete", "Delete policy", &id);
    org.policies.retain(|policy| policy.id() != id);
    org.renumber_policies(&kind, None);
    // Apps fall back to "Any two factors": Okta loosens them without a word.
    let default = org
        .default_policy(ACCESS_POLICY)
        .map(|policy| policy.id().to_owned());
    for app in org
        .apps
        .iter_mut()
        .filter(|app| app.policy.as_deref() == Some(&id))
    {
        app.policy.clone_from(&default);
    }
    Ok(Reply::no_content())
}

async fn lifecycle(
    State(shared): State<Shared>,
    Path((id, verb)): Path<(String, String)>,
) -> Answer {
    let mut world = shared.world();
    let now = world.now();
    let org = &mut world.okta;
    let (status, event, display) = match verb.as_str() {
        "activate" => ("ACTIVE", "policy.lifecycle.activate", "Activate policy"),
        "deactivate" => (
            "INACTIVE",
            "policy.lifecycle.deactivate",
            "Deactivate policy",
        ),
        _ => return Err(Failure::not_found(&verb, "Lifecycle")),
    };
    let stored = org.policy_mut(&id)?;
    if stored.is_system() {
        return Err(Failure::forbidden());
    }
    stored.body.insert("status".into(), status.into());
    org.note_policy(now, event, display, &id);
    Ok(Reply::no_content())
}

async fn clone(State(shared): State<Shared>, Path(id): Path<String>) -> Answer {
    let mut world = shared.world();
    let now = world.now();
    let org = &mut world.okta;
    let original = org.policy(&id)?.clone();
    if original.kind() != ACCESS_POLICY {
        return Err(Failure::validation(
            "type",
            "Only app sign-in policies can be cloned",
        ));
    }
    let mut copy = Policy::new(ACCESS_POLICY, original.body.clone(), false, now);
    copy.body.insert(
        "name".into(),
        format!("[cloned] {}", original.name()).into(),
    );
    copy.body.insert("created".into(), Value::Null);
    for rule in &original.rules {
        let active = text(rule, "status") == "ACTIVE";
        let (system, priority) = (policy::is_system(rule), policy::priority(rule));
        copy.rules.push(policy::new_rule(
            rule.clone(),
            system,
            priority,
            active,
            now,
        ));
    }
    let answer = copy.answer(shared.okta_url());
    let copy_id = copy.id().to_owned();
    org.policies.push(copy);
    org.note_policy(now, "policy.lifecycle.create", "Create policy", &copy_id);
    Ok(Reply::ok(answer))
}

impl Org {
    fn normalise_policy(&self, sent: &Object) -> Result<Object, Failure> {
        let everyone = self.everyone().to_owned();
        let keys = self.authenticator_keys();
        normalise::policy(sent, &everyone, &keys)
    }
}

/// The priority a caller asks for.
pub(crate) fn wanted(sent: &Object) -> Option<i64> {
    sent.get("priority").and_then(Value::as_i64)
}

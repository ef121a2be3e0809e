//! Which app has which sign-in policy: the one call that assigns, and the lists that show it.

use axum::{
    Router,
    extract::{Path, State},
    routing::{get, put},
};
use serde_json::{Value, json};

use super::{
    answer::{Answer, Failure, Reply},
    log,
    params::Params,
    policy::ACCESS_POLICY,
};
use crate::shared::Shared;

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/api/v1/apps/{app}/policies/{policy}", put(assign))
        .route(
            "/api/v1/policies/{policy}/mappings",
            get(mappings).post(refuse_mapping),
        )
        .route("/api/v1/policies/{policy}/app", get(apps))
}

/// Replaces the app's policy. First-party apps keep theirs, and a first-party policy stays with its app.
async fn assign(
    State(shared): State<Shared>,
    Path((app_id, policy_id)): Path<(String, String)>,
) -> Answer {
    let mut world = shared.world();
    let now = world.now();
    let org = &mut world.okta;
    let policy = org.policy(&policy_id)?;
    let app = org.app(&app_id)?;
    let current = app.policy.as_deref().and_then(|id| org.policy(id).ok());
    let owner = current.and_then(|current| current.belongs_to.clone());
    if let Some(owner) = owner.or_else(|| policy.belongs_to.clone()) {
        return Err(Failure::validation(
            "policy",
            format!(
                "This policy belongs to \"{owner}\", and re-assignment of this policy is not allowed"
            ),
        ));
    }
    if policy.kind() != ACCESS_POLICY {
        let cause = format!(
            "A policy of type {} cannot be assigned to an app",
            policy.kind()
        );
        return Err(Failure::validation("policy", cause));
    }
    // Recorded is that such a policy cannot be put on apps; the refusal's words are not.
    if policy.body["_embedded"]["resourceType"] != "APP" {
        let cause = format!("The policy \"{}\" is not for apps", policy.name());
        return Err(Failure::validation("policy", cause));
    }
    let targets = vec![
        log::policy_target(policy),
        log::app_target(app, &Value::Null),
    ];
    org.app_mut(&app_id)?.policy = Some(policy_id);
    org.note(
        now,
        "policy.mapping.create",
        "Create policy mapping",
        targets,
    );
    Ok(Reply::no_content())
}

async fn mappings(
    State(shared): State<Shared>,
    Path(policy_id): Path<String>,
    params: Params,
) -> Answer {
    let world = shared.world();
    world.okta.policy(&policy_id)?;
    let base = shared.okta_url();
    let mappings: Vec<Value> = world
        .okta
        .apps
        .iter()
        .filter(|app| app.policy.as_deref() == Some(&policy_id))
        .map(|app| {
            // Okta's mapping ids are opaque; one per pair is enough.
            let suffix: String = app.id().chars().skip(3).collect();
            let id = format!("map{suffix}");
            json!({
                "id": id,
                "_links": {
                    "application": { "href": format!("{base}/api/v1/apps/{}", app.id()) },
                    "policy": { "href": format!("{base}/api/v1/policies/{policy_id}") },
                    "self": { "href": format!("{base}/api/v1/policies/{policy_id}/mappings/{id}") },
                },
            })
        })
        .collect();
    Ok(Reply::ok(mappings).link("self", params.own_url(base)))
}

async fn refuse_mapping(State(shared): State<Shared>, Path(policy_id): Path<String>) -> Answer {
    shared.world().okta.policy(&policy_id)?;
    Err(Failure::validation(
        "mappings",
        "Policy mappings are no longer supported on this endpoint.",
    ))
}

/// Deprecated in the API, in pages of 20.
async fn apps(
    State(shared): State<Shared>,
    Path(policy_id): Path<String>,
    params: Params,
) -> Answer {
    let world = shared.world();
    world.okta.policy(&policy_id)?;
    let base = shared.okta_url();
    let apps = world
        .okta
        .apps
        .iter()
        .filter(|app| app.policy.as_deref() == Some(&policy_id))
        .map(|app| app.answer(base))
        .collect();
    params.page(base, apps, 20, 200)
}

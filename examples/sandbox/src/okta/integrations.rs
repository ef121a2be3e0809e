//! `/api/v1/device-integrations`: the signal providers an org could use, all off; and a neighbour
//! whose feature the org lacks.

use axum::{
    Router,
    extract::{Path, State},
    routing::{any, get, post},
};
use serde_json::{Value, json};

use super::{
    State as Org,
    answer::{Answer, Failure, Reply},
    fields::{Object, link, object, text, with_links},
};
use crate::{random, shared::Shared};

/// The providers of a fresh org.
pub(crate) fn seeded() -> Vec<Object> {
    [
        ("com.okta.device.osquery", "MACOS", "Okta osquery"),
        ("com.google.dtc", "CHROMEOS", "Device Trust from Chrome"),
        ("com.crowdstrike.zta", "MACOS", "CrowdStrike"),
    ]
    .map(|(name, platform, display)| {
        object(json!({
            "id": random::okta_id("dmi"), "name": name, "platform": platform,
            "displayName": display, "status": "DEACTIVATED", "metadata": {},
        }))
    })
    .to_vec()
}

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/api/v1/device-integrations", get(list))
        .route("/api/v1/device-integrations/{id}", get(read))
        .route(
            "/api/v1/device-integrations/{id}/lifecycle/{verb}",
            post(lifecycle),
        )
        .route("/api/v1/device-posture-checks", any(feature_missing))
}

impl Org {
    fn integration(&mut self, id: &str) -> Result<&mut Object, Failure> {
        self.integrations
            .iter_mut()
            .find(|integration| text(integration, "id") == id)
            .ok_or_else(|| Failure::not_found(id, "DeviceIntegration"))
    }
}

async fn list(State(shared): State<Shared>) -> Answer {
    let world = shared.world();
    let all: Vec<Value> = world
        .okta
        .integrations
        .iter()
        .map(|one| answer(one, shared.okta_url()))
        .collect();
    Ok(Reply::ok(all))
}

async fn read(State(shared): State<Shared>, Path(id): Path<String>) -> Answer {
    let mut world = shared.world();
    Ok(Reply::ok(answer(
        world.okta.integration(&id)?,
        shared.okta_url(),
    )))
}

async fn lifecycle(
    State(shared): State<Shared>,
    Path((id, verb)): Path<(String, String)>,
) -> Answer {
    let status = match verb.as_str() {
        "activate" => "ACTIVE",
        "deactivate" => "DEACTIVATED",
        _ => return Err(Failure::not_found(&verb, "Lifecycle")),
    };
    let mut world = shared.world();
    let integration = world.okta.integration(&id)?;
    integration.insert("status".into(), status.into());
    Ok(Reply::ok(answer(integration, shared.okta_url())))
}

async fn feature_missing() -> Answer {
    Err(Failure::feature_missing())
}

fn answer(integration: &Object, base: &str) -> Value {
    let url = format!(
        "{base}/api/v1/device-integrations/{}",
        text(integration, "id")
    );
    let verb = if text(integration, "status") == "ACTIVE" {
        "deactivate"
    } else {
        "activate"
    };
    let mut links = json!({ "self": link(&url, &["GET"]) });
    links[verb] = link(&format!("{url}/lifecycle/{verb}"), &["POST"]);
    with_links(integration, links)
}

//! What JumpCloud documents and no recording shows: asked of the sandbox with plain HTTP.

#![allow(clippy::unwrap_used, missing_docs, reason = "an integration test")]

mod console;

use console::{Console, PAYLOAD, TEMPLATE, keys, policy, read, text};
use device_trust_sandbox::Seed;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const PROFILE: &[u8] = b"<plist/>";

async fn open() -> Console {
    Console::still(Seed::default()).await
}

#[tokio::test]
async fn the_organization_header_is_refused_as_documented() {
    let console = open().await;
    let with = async |path: &str, org: &str| {
        read(console.request(Method::GET, path).header("x-org-id", org)).await
    };
    let own = text(&console.get("/api/organizations").await.body["results"][0]["id"]);
    let unknown = "0".repeat(24);
    assert_eq!(with("/api/v2/policies", &own).await.status, StatusCode::OK);
    assert_eq!(
        with("/api/v2/policies", "not-an-id").await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        with("/api/v2/policies", &unknown).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        with("/api/organizations", &own).await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn a_put_answers_the_shallow_policy_and_replaces_values_and_notes() {
    let console = open().await;
    let path = format!(
        "/api/v2/policies/{}",
        console.policy("before", PROFILE).await
    );
    let body = json!({
        "name": "after",
        "template": { "id": TEMPLATE },
        "values": [{ "configFieldID": PAYLOAD, "configFieldName": "payload", "value": "QQ==" }],
    });
    let reply = console.send(Method::PUT, &path, &body).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(keys(&reply.body), ["id", "name", "template"]);
    let read = console.get(&path).await.body;
    assert_eq!(read["values"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&read["name"], &read["notes"]),
        (&json!("after"), &json!(""))
    );
}

#[tokio::test]
async fn a_deleted_policy_answers_204_and_is_gone() {
    let console = open().await;
    let path = format!(
        "/api/v2/policies/{}",
        console.policy("short-lived", PROFILE).await
    );
    let deleted = console.send(Method::DELETE, &path, &Value::Null).await;
    assert_eq!(
        (deleted.status, deleted.body),
        (StatusCode::NO_CONTENT, Value::Null)
    );
    assert_eq!(console.get(&path).await.status, StatusCode::NOT_FOUND);
}

/// That names are unique is documented; the status of a clash is the sandbox's choice.
#[tokio::test]
async fn a_policy_name_is_unique() {
    let console = open().await;
    console.policy("taken", PROFILE).await;
    assert_eq!(
        console
            .post("/api/v2/policies", policy("taken", PROFILE))
            .await
            .status,
        StatusCode::CONFLICT
    );
}

#[tokio::test]
async fn associations_need_a_target_and_show_from_both_ends() {
    let console = open().await;
    let (policy, group) = (
        console.policy("bound", PROFILE).await,
        console.pilot_group().await,
    );
    let path = format!("/api/v2/policies/{policy}/associations");
    let add = json!({ "op": "add", "type": "system_group", "id": group });
    assert_eq!(
        console.post(&path, add.clone()).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(console.post(&path, add).await.status, StatusCode::CONFLICT);
    assert_eq!(console.get(&path).await.status, StatusCode::BAD_REQUEST);
    let direct = console.get(&format!("{path}?targets=system_group")).await;
    assert_eq!(
        direct.body,
        json!([{ "to": { "type": "system_group", "id": group } }])
    );
    let back = console
        .get(&format!(
            "/api/v2/systemgroups/{group}/associations?targets=policy"
        ))
        .await;
    assert_eq!(
        back.body,
        json!([{ "to": { "type": "policy", "id": policy } }])
    );
    let systems = console
        .get(&format!("/api/v2/policies/{policy}/systems"))
        .await;
    assert_eq!(systems.body.as_array().unwrap().len(), 3);
    assert_eq!(
        keys(&systems.body[0]),
        ["compiledAttributes", "id", "paths", "type"]
    );
}

#[tokio::test]
async fn a_group_put_replaces_every_setting() {
    let console = open().await;
    let created = console
        .post(
            "/api/v2/systemgroups",
            json!({ "name": "ring 1", "description": "first" }),
        )
        .await;
    assert_eq!(created.status, StatusCode::CREATED);
    let path = format!("/api/v2/systemgroups/{}", text(&created.body["id"]));
    let reply = console
        .send(Method::PUT, &path, &json!({ "name": "ring one" }))
        .await;
    assert_eq!(
        (reply.status, &reply.body["name"]),
        (StatusCode::OK, &json!("ring one"))
    );
    assert_eq!(console.get(&path).await.body["description"], "");
}

#[tokio::test]
async fn software_is_created_with_201_and_bound_from_the_app_side_only() {
    let console = open().await;
    let body = json!({ "displayName": "Okta Verify", "settings": [{
        "packageManager": "APPLE_CUSTOM", "packageId": "com.okta.mobile", "desiredState": "INSTALL",
        "location": "https://sandbox.example/OktaVerify.pkg", "description": "",
    }] });
    let created = console.post("/api/v2/softwareapps", body).await;
    assert_eq!(created.status, StatusCode::CREATED);
    assert!(created.body.get("uploadUrl").is_none());
    let (app, group) = (text(&created.body["id"]), console.pilot_group().await);
    let add = |kind: &str, id: &str| json!({ "op": "add", "type": kind, "id": id });
    let from_group = format!("/api/v2/systemgroups/{group}/associations");
    assert_eq!(
        console
            .post(&from_group, add("software_app", &app))
            .await
            .status,
        StatusCode::BAD_REQUEST
    );
    let from_app = format!("/api/v2/softwareapps/{app}/associations");
    assert_eq!(
        console
            .post(&from_app, add("system_group", &group))
            .await
            .status,
        StatusCode::NO_CONTENT
    );
    let bound = console
        .get(&format!("{from_app}?targets=system_group"))
        .await;
    assert_eq!(bound.body[0]["to"]["id"], group.as_str());
}

#[tokio::test]
async fn directory_insights_answer_an_array_with_a_search_after_header() {
    let console = open().await;
    console.policy("audited", PROFILE).await;
    let body = json!({
        "service": ["directory"], "start_time": "2020-01-01T00:00:00Z",
        "search_term": { "and": [{ "event_type": "policy_create" }] },
    });
    let request = console
        .request(Method::POST, "/insights/directory/v1/events")
        .json(&body);
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["x-result-count"], "1");
    assert!(response.headers().contains_key("x-search_after"));
    let events: Value = response.json().await.unwrap();
    assert_eq!(events[0]["resource"]["name"], "audited");
    let without = console
        .post(
            "/insights/directory/v1/events",
            json!({ "service": ["all"] }),
        )
        .await;
    assert_eq!(without.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn system_insights_filter_by_eq_and_in_only() {
    let console = open().await;
    let path = "/api/v2/systeminsights/certificates?filter=";
    assert_eq!(
        console.get(&format!("{path}system_id:eq:x")).await.body,
        json!([])
    );
    assert_eq!(
        console.get(&format!("{path}system_id:ne:x")).await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        console.get(&format!("{path}issuer:eq:x")).await.status,
        StatusCode::BAD_REQUEST
    );
}

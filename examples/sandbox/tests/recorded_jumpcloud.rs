//! Exchanges with JumpCloud that were recorded, seen on a live tenant or documented, replayed against the sandbox with
//! plain HTTP: each test is one exchange, named for what the vendor did.

#![allow(clippy::unwrap_used, missing_docs, reason = "an integration test")]

mod console;

use console::{Console, PAYLOAD, REDISPATCH, TEMPLATE, policy, read, text};
use device_trust_sandbox::{Options, Seed};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const PROFILE: &[u8] = b"<plist/>";

async fn open() -> Console {
    seeded(Seed::default()).await
}

async fn seeded(seed: Seed) -> Console {
    Console::open(Options {
        fleet: false,
        seed,
        ..Options::default()
    })
    .await
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

#[tokio::test]
async fn organizations_answer_a_total_and_one_result() {
    let reply = open().await.get("/api/organizations").await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.body["totalCount"], 1);
    assert_eq!(
        keys(&reply.body["results"][0]),
        ["_id", "created", "displayName", "id", "logoUrl"]
    );
}

#[tokio::test]
async fn a_wrong_key_is_401_in_the_error_shape_of_each_version() {
    let console = open().await;
    for (path, member) in [
        ("/api/organizations", "error"),
        ("/api/v2/policies", "message"),
    ] {
        let url = format!("{}{path}", console.shared.jumpcloud_url());
        let reply = read(console.http.get(url).header("x-api-key", "wrong")).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        assert_eq!(reply.body[member], "Unauthorized");
    }
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
async fn apple_mdms_page_by_one_and_tell_the_total() {
    let reply = open().await.get("/api/v2/applemdms").await;
    assert_eq!(reply.total.as_deref(), Some("1"));
    assert_eq!(reply.body.as_array().unwrap().len(), 1);
    for key in [
        "id",
        "name",
        "organization",
        "apnsPushTopic",
        "apnsCertExpiry",
        "depServerTokenState",
    ] {
        assert!(reply.body[0][key].is_string(), "{key}");
    }
}

#[tokio::test]
async fn one_apple_mdm_by_id_is_404_always() {
    let console = open().await;
    let id = text(&console.get("/api/v2/applemdms").await.body[0]["id"]);
    assert_eq!(
        console.get(&format!("/api/v2/applemdms/{id}")).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn apple_mdm_devices_have_the_recorded_members_and_a_total() {
    let console = open().await;
    let id = text(&console.get("/api/v2/applemdms").await.body[0]["id"]);
    let reply = console
        .get(&format!("/api/v2/applemdms/{id}/devices?limit=2"))
        .await;
    assert_eq!(reply.total.as_deref(), Some("4"));
    let devices = reply.body.as_array().unwrap();
    assert_eq!(devices.len(), 2);
    let recorded = [
        "appleMdmId",
        "createdAt",
        "depRegistered",
        "deviceInformation",
        "enrolled",
        "hasActivationLockBypassCodes",
        "id",
        "mdmOsFamily",
        "modelFamily",
        "osVersion",
        "securityInfo",
        "serialNumber",
        "udid",
    ];
    assert_eq!(keys(&devices[0]), recorded);
    assert_eq!(devices[0]["securityInfo"]["userApprovedEnrollment"], true);
    assert!(devices[0]["deviceInformation"]["isSupervised"].is_boolean());
}

#[tokio::test]
async fn user_groups_tell_the_total() {
    let reply = open().await.get("/api/v2/usergroups").await;
    assert_eq!(reply.total.as_deref(), Some("0"));
    assert_eq!(reply.body, json!([]));
}

#[tokio::test]
async fn an_empty_search_body_matches_every_system() {
    let console = open().await;
    let reply = console.post("/api/search/systems", json!({})).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.body["totalCount"], 4);
    assert_eq!(reply.body["results"].as_array().unwrap().len(), 4);
    let bare = read(console.request(Method::POST, "/api/search/systems")).await;
    assert_eq!(bare.body["totalCount"], 4);
}

#[tokio::test]
async fn a_search_takes_terms_filters_and_fields() {
    let console = open().await;
    let body = json!({
        "searchFilter": { "searchTerm": "GRACE", "fields": ["hostname", "displayName"] },
        "filter": { "and": [{ "osFamily": "darwin" }] },
        "fields": "serialNumber",
    });
    let reply = console.post("/api/search/systems", body).await;
    assert_eq!(reply.body["totalCount"], 1);
    assert_eq!(keys(&reply.body["results"][0]), ["_id", "serialNumber"]);
}

#[tokio::test]
async fn v1_systems_answer_results_and_a_total_with_the_internal_mdm() {
    let console = open().await;
    let reply = console
        .get("/api/systems?limit=1&filter=serialNumber:$eq:SBX0000002")
        .await;
    assert_eq!(reply.body["totalCount"], 1);
    let system = &reply.body["results"][0];
    assert_eq!(system["mdm"]["vendor"], "internal");
    assert_eq!(system["os"], "Mac OS X");
    assert_eq!(system["systemInsights"]["state"], "enabled");
    let one = console
        .get(&format!("/api/systems/{}", text(&system["_id"])))
        .await;
    assert_eq!(one.body["serialNumber"], "SBX0000002");
}

#[tokio::test]
async fn a_template_is_found_by_name_and_its_fields_by_its_id() {
    let console = open().await;
    let found = console
        .get("/api/v2/policytemplates?filter=name:eq:custom_mdm_profile_darwin")
        .await;
    assert_eq!(found.body.as_array().unwrap().len(), 1);
    assert_eq!(found.body[0]["id"], TEMPLATE);
    assert!(found.body[0].get("configFields").is_none());
    let template = console
        .get(&format!("/api/v2/policytemplates/{TEMPLATE}"))
        .await;
    let fields = template.body["configFields"].as_array().unwrap();
    let named: Vec<_> = fields
        .iter()
        .map(|field| (text(&field["name"]), text(&field["id"])))
        .collect();
    assert_eq!(
        named,
        [
            ("payload".to_owned(), PAYLOAD.to_owned()),
            ("redispatchPolicy".to_owned(), REDISPATCH.to_owned())
        ]
    );
    assert_eq!(fields[0]["displayType"], "file");
    assert_eq!(fields[1]["defaultValue"], true);
}

#[tokio::test]
async fn without_apple_mdm_the_template_list_is_empty() {
    let console = seeded(Seed {
        apple_mdm: false,
        ..Seed::default()
    })
    .await;
    let found = console
        .get("/api/v2/policytemplates?filter=name:eq:custom_mdm_profile_darwin")
        .await;
    assert_eq!((found.status, found.body), (StatusCode::OK, json!([])));
    assert_eq!(console.get("/api/v2/applemdms").await.body, json!([]));
}

#[tokio::test]
async fn a_policy_is_created_with_201_and_read_back_in_clear() {
    let console = open().await;
    let created = console
        .post("/api/v2/policies", policy("Okta trust", PROFILE))
        .await;
    assert_eq!(created.status, StatusCode::CREATED);
    assert_eq!(
        keys(&created.body),
        ["configFields", "id", "name", "notes", "template", "values"]
    );
    let read = console
        .get(&format!("/api/v2/policies/{}", text(&created.body["id"])))
        .await;
    assert_eq!(read.body["values"][0]["value"], "PHBsaXN0Lz4=");
    assert_eq!(read.body["values"][0]["configFieldName"], "payload");
    assert_eq!(read.body["values"][1]["value"], false);
    assert_eq!(read.body["notes"], "made by a test");
}

#[tokio::test]
async fn the_policy_list_is_a_bare_shallow_array_without_a_link() {
    let console = open().await;
    for name in ["one", "two", "three"] {
        console.policy(name, PROFILE).await;
    }
    let reply = console.get("/api/v2/policies?limit=2&sort=_id").await;
    assert_eq!(reply.body.as_array().unwrap().len(), 2);
    assert_eq!(keys(&reply.body[0]), ["id", "name", "template"]);
    assert!(!reply.link);
    assert_eq!(reply.total, None);
    let rest = console
        .get("/api/v2/policies?limit=2&skip=2&sort=_id")
        .await;
    assert_eq!(rest.body[0]["name"], "three");
    assert_eq!(rest.body.as_array().unwrap().len(), 1);
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
async fn adding_a_member_twice_is_409_and_removing_a_stranger_404() {
    let console = open().await;
    let members = format!(
        "/api/v2/systemgroups/{}/members",
        console.pilot_group().await
    );
    let outside = console
        .get("/api/systems?filter=serialNumber:$eq:SBX0000004")
        .await;
    let outside = text(&outside.body["results"][0]["_id"]);
    let edit = |op: &str| json!({ "op": op, "type": "system", "id": outside });
    assert_eq!(
        console.post(&members, edit("remove")).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        console.post(&members, edit("add")).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        console.post(&members, edit("add")).await.status,
        StatusCode::CONFLICT
    );
    assert_eq!(
        console.get(&members).await.body.as_array().unwrap().len(),
        4
    );
    assert_eq!(
        console.post(&members, edit("remove")).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        console.get(&members).await.body.as_array().unwrap().len(),
        3
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
async fn an_uploaded_package_goes_to_its_address_without_a_key() {
    let console = open().await;
    let body = json!({ "displayName": "Okta Verify", "settings": [{
        "packageManager": "APPLE_CUSTOM", "desiredState": "INSTALL",
        "storedPackage": { "versions": [{ "name": "OktaVerify.pkg", "version": 1, "size": 3, "sha256sum": "00" }] },
    }] });
    let created = console.post("/api/v2/softwareapps", body).await;
    let (app, address) = (text(&created.body["id"]), text(&created.body["uploadUrl"]));
    let with_key = console
        .http
        .put(&address)
        .header("x-api-key", console.key());
    assert_eq!(
        with_key.body("pkg").send().await.unwrap().status(),
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        console
            .http
            .put(&address)
            .body("pkg")
            .send()
            .await
            .unwrap()
            .status(),
        StatusCode::OK
    );
    let app = console
        .get(&format!("/api/v2/softwareapps/{app}"))
        .await
        .body;
    assert_eq!(
        app["settings"][0]["storedPackage"]["versions"][0]["status"],
        "AVAILABLE"
    );
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

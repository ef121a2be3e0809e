//! Exchanges with JumpCloud that were recorded or seen on a live tenant, replayed against the sandbox with plain HTTP:
//! each test is one exchange, named for what the vendor did.

#![allow(clippy::unwrap_used, missing_docs, reason = "an integration test")]

mod console;

use console::{Console, PAYLOAD, REDISPATCH, TEMPLATE, keys, policy, read, text};
use device_trust_sandbox::Seed;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const PROFILE: &[u8] = b"<plist/>";

async fn open() -> Console {
    Console::still(Seed::default()).await
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
    let console = Console::still(Seed {
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
async fn a_policy_group_takes_the_description_that_the_spec_lacks() {
    let console = open().await;
    let created = console
        .post(
            "/api/v2/policygroups",
            json!({"name": "Device trust", "description": "made by a test"}),
        )
        .await;
    assert_eq!(created.status, StatusCode::CREATED);
    let read = console
        .get(&format!(
            "/api/v2/policygroups/{}",
            text(&created.body["id"])
        ))
        .await;
    assert_eq!(read.body["description"], "made by a test");
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

/// Creates a software app whose package is uploaded; gives its id and where the package goes.
async fn awaiting_upload(console: &Console, name: &str) -> (String, String) {
    let body = json!({ "displayName": "Okta Verify", "settings": [{
        "packageManager": "APPLE_CUSTOM", "desiredState": "INSTALL",
        "storedPackage": { "versions": [{ "name": name, "version": 1, "size": 3, "sha256sum": "00" }] },
    }] });
    let created = console.post("/api/v2/softwareapps", body).await;
    (text(&created.body["id"]), text(&created.body["uploadUrl"]))
}

async fn stored_version(console: &Console, app: &str) -> Value {
    let app = console.get(&format!("/api/v2/softwareapps/{app}")).await;
    app.body["settings"][0]["storedPackage"]["versions"][0].clone()
}

#[tokio::test]
async fn an_uploaded_package_goes_to_its_address_without_a_key() {
    let console = open().await;
    let (app, address) = awaiting_upload(&console, "OktaVerify.pkg").await;
    let put = || console.http.put(&address).body("pkg");
    let with_key = put().header("x-api-key", console.key());
    assert_eq!(
        with_key.send().await.unwrap().status(),
        StatusCode::BAD_REQUEST
    );
    assert_eq!(stored_version(&console, &app).await["status"], "PENDING");
    assert_eq!(put().send().await.unwrap().status(), StatusCode::OK);
    for status in ["PENDING", "VALIDATING", "AVAILABLE", "AVAILABLE"] {
        assert_eq!(stored_version(&console, &app).await["status"], status);
    }
}

#[tokio::test]
async fn an_unfit_package_is_rejected_with_a_reason() {
    let console = open().await;
    let (app, address) = awaiting_upload(&console, "OktaVerify.dmg").await;
    console.http.put(&address).body("dmg").send().await.unwrap();
    for status in ["PENDING", "VALIDATING"] {
        assert_eq!(stored_version(&console, &app).await["status"], status);
    }
    let version = stored_version(&console, &app).await;
    assert_eq!(version["status"], "REJECTED");
    assert!(version["rejectedReason"].is_string());
}

#[tokio::test]
async fn a_key_without_permission_may_not_read_the_organization() {
    let console = Console::still(Seed {
        reads_organization: false,
        ..Seed::default()
    })
    .await;
    assert_eq!(
        console.get("/api/organizations").await.status,
        StatusCode::FORBIDDEN
    );
}

//! Devices, their users, and device assurance.

use serde_json::json;

use crate::org::{ADA, Org, UDID, id, org_with_a_mac};

#[tokio::test]
async fn a_registered_mac_has_the_recorded_shape_and_no_managed_flag() {
    let (org, device) = org_with_a_mac().await;
    let device = org.get(&format!("/api/v1/devices/{device}")).await.body;
    assert!(id(&device).starts_with("guo"));
    assert_eq!(device["resourceType"], "UDDevice");
    assert_eq!(
        device["resourceDisplayName"],
        json!({"value": "A Mac", "sensitive": false})
    );
    let profile = &device["profile"];
    assert_eq!(profile["platform"], "MACOS");
    assert_eq!(profile["manufacturer"], "APPLE");
    assert_eq!(profile["model"], "Mac15,9");
    assert_eq!(profile["registered"], true);
    assert_eq!(profile["secureHardwarePresent"], true);
    assert_eq!(profile["diskEncryptionType"], "ALL_INTERNAL_VOLUMES");
    assert_eq!(profile["osVersion"], "15.6.1");
    assert_eq!(profile["udid"], UDID);
    assert!(profile["serialNumber"].is_string());
    assert!(profile.get("managed").is_none());
    assert_eq!(device["resourceId"], device["id"]);
    assert!(
        device
            .as_object()
            .unwrap()
            .contains_key("resourceAlternateId")
    );
    assert!(device["created"].is_string() && device["lastUpdated"].is_string());
    assert_eq!(
        device["_embedded"]["originatedFrom"][0]["key"],
        "okta_verify"
    );
    let links: Vec<&String> = device["_links"].as_object().unwrap().keys().collect();
    assert_eq!(links, ["deactivate", "self", "suspend", "users"]);
}

#[tokio::test]
async fn only_a_device_read_by_id_says_where_it_came_from() {
    let (org, device) = org_with_a_mac().await;
    org.get("/api/v1/devices").await;
    let listed = org.get("/api/v1/devices").await.body;
    assert_eq!(id(&listed[0]), device);
    assert!(listed[0].get("_embedded").is_none());
}

#[tokio::test]
async fn the_first_read_after_unsuspend_still_says_suspended() {
    let (org, device) = org_with_a_mac().await;
    let path = format!("/api/v1/devices/{device}");
    assert_eq!(
        org.act(&format!("{path}/lifecycle/suspend")).await.status,
        204
    );
    org.get(&path).await;
    assert_eq!(org.get(&path).await.body["status"], "SUSPENDED");
    assert_eq!(
        org.act(&format!("{path}/lifecycle/unsuspend")).await.status,
        204
    );
    assert_eq!(org.get(&path).await.body["status"], "SUSPENDED");
    assert_eq!(org.get(&path).await.body["status"], "ACTIVE");
}

#[tokio::test]
async fn status_and_serial_number_filters_work() {
    let (org, device) = org_with_a_mac().await;
    org.get("/api/v1/devices").await;
    let search = async |text: &str| {
        let query: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        org.get(&format!("/api/v1/devices?search={query}")).await
    };
    assert_eq!(id(&search(r#"status eq "ACTIVE""#).await.body[0]), device);
    assert_eq!(search(r#"status eq "SUSPENDED""#).await.body, json!([]));
    let serial = format!(r#"profile.serialNumber eq "SN{UDID}""#);
    assert_eq!(id(&search(&serial).await.body[0]), device);
    search(r#"profile.model co "Mac""#)
        .await
        .assert_error(400, "E0000031");
}

#[tokio::test]
async fn a_bad_cursor_is_invalid() {
    let (org, _) = org_with_a_mac().await;
    let answer = org.get("/api/v1/devices?after=nonsense").await;
    answer.assert_error(400, "E0000031");
    assert_eq!(answer.body["errorSummary"], "Invalid cursor.");
}

#[tokio::test]
async fn an_unknown_device_is_not_found() {
    let org = Org::fresh().await;
    org.get("/api/v1/devices/guo0000000000000000")
        .await
        .assert_error(404, "E0000007");
}

#[tokio::test]
async fn device_users_carry_the_management_status() {
    let (org, device) = org_with_a_mac().await;
    let users = org
        .get(&format!("/api/v1/devices/{device}/users"))
        .await
        .body;
    assert_eq!(users[0]["managementStatus"], "NOT_MANAGED");
    assert_eq!(users[0]["screenLockType"], "BIOMETRIC");
    assert_eq!(users[0]["user"]["profile"]["login"], ADA);
    assert!(users[0]["created"].is_string());
}

#[tokio::test]
async fn a_macos_assurance_policy_is_created_replaced_and_deleted() {
    let org = Org::fresh().await;
    let mut sent = json!({
        "name": "Current and encrypted", "platform": "MACOS",
        "osVersion": {"minimum": "14.5.0"},
        "diskEncryptionType": {"include": ["ALL_INTERNAL_VOLUMES"]},
        "screenLockType": {"include": ["BIOMETRIC", "PASSCODE"]},
        "secureHardwarePresent": true,
    });
    let created = org.post("/api/v1/device-assurances", sent.clone()).await;
    assert_eq!(created.status, 200, "{}", created.body);
    assert!(id(&created.body).starts_with("dae"));
    let path = format!("/api/v1/device-assurances/{}", id(&created.body));
    sent.as_object_mut()
        .unwrap()
        .remove("secureHardwarePresent");
    let replaced = org.put(&path, sent).await.body;
    assert!(
        replaced.get("secureHardwarePresent").is_none(),
        "a PUT replaces the whole object"
    );
    assert_eq!(org.get(&path).await.body["osVersion"]["minimum"], "14.5.0");
    assert_eq!(org.delete(&path).await.status, 204);
    assert_eq!(org.get(&path).await.status, 404);
}

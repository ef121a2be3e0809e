//! Devices and device assurance; Okta Verify's enrolment, which is the sandbox's own endpoint.

use serde_json::{Value, json};

use crate::org::{ADA, Org, UDID, id, org_with_a_mac};

#[tokio::test]
async fn the_index_shows_a_new_device_only_later() {
    let (org, device) = org_with_a_mac().await;
    assert_eq!(org.get("/api/v1/devices").await.body, json!([]));
    assert_eq!(id(&org.get("/api/v1/devices").await.body[0]), device);
}

#[tokio::test]
async fn a_deactivated_device_has_no_users_and_no_link_to_them() {
    let (org, device) = org_with_a_mac().await;
    let path = format!("/api/v1/devices/{device}");
    assert_eq!(org.delete(&path).await.status, 403);
    assert_eq!(
        org.act(&format!("{path}/lifecycle/deactivate"))
            .await
            .status,
        204
    );
    org.get(&path).await;
    let body = org.get(&path).await.body;
    assert_eq!(body["status"], "DEACTIVATED");
    assert!(body["_links"].get("users").is_none());
    assert_eq!(org.get(&format!("{path}/users")).await.body, json!([]));
    assert_eq!(org.delete(&path).await.status, 204);
    assert_eq!(org.get(&path).await.status, 404);
}

#[tokio::test]
async fn an_assurance_policy_in_use_is_not_deleted() {
    let org = Org::fresh().await;
    let body = json!({"name": "Encrypted", "platform": "MACOS"});
    let assurance = id(&org.post("/api/v1/device-assurances", body).await.body);
    let policy = id(&org.access_policy("Device trust").await);
    let rule = json!({"type": "ACCESS_POLICY", "name": "Assured",
        "conditions": {"device": {"registered": true, "assurance": {"include": [assurance]}}},
        "actions": {"appSignOn": {"access": "ALLOW", "verificationMethod": {"type": "ASSURANCE", "factorMode": "1FA"}}}});
    org.post(&format!("/api/v1/policies/{policy}/rules"), rule)
        .await;
    let answer = org
        .delete(&format!("/api/v1/device-assurances/{assurance}"))
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.body.is_null()),
        (409, false)
    );
}

#[tokio::test]
async fn okta_verify_enrols_only_where_fastpass_and_the_enrolment_policy_allow_it() {
    let org = Org::fresh().await;
    let body = json!({"user": ADA, "profile": {"displayName": "A Mac", "udid": UDID}});
    let request = || {
        org.bare(reqwest::Method::POST, "/sandbox/okta-verify/enroll")
            .json(&body)
    };
    let answer = Org::send(request()).await;
    assert_eq!(answer.status, 403);
    assert!(
        answer.causes()[0].contains("FastPass"),
        "{:?}",
        answer.causes()
    );
    let verify = id(&org.okta_verify().await);
    let path = format!("/api/v1/authenticators/{verify}/methods/signed_nonce/lifecycle/activate");
    org.act(&path).await;
    let answer = Org::send(request()).await;
    assert!(
        answer.causes()[0].contains("enrolment policy"),
        "{:?}",
        answer.causes()
    );
    org.offer_fastpass().await;
    let answer = Org::send(request()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_ne!(answer.body["deviceId"], Value::Null);
}

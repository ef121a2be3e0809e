//! Okta Verify: activation and replacement.

use serde_json::json;

use crate::org::{Org, id};

#[tokio::test]
async fn activating_fastpass_answers_200_with_the_method() {
    let org = Org::fresh().await;
    let verify = id(&org.okta_verify().await);
    let path = format!("/api/v1/authenticators/{verify}/methods/signed_nonce");
    let answer = org.act(&format!("{path}/lifecycle/activate")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["type"], "signed_nonce");
    assert_eq!(answer.body["status"], "ACTIVE");
    assert!(answer.body["_links"].get("activate").is_none());
}

#[tokio::test]
async fn a_second_okta_verify_is_a_conflict() {
    let org = Org::fresh().await;
    let body = json!({"key": "okta_verify", "name": "Okta Verify"});
    let answer = org.post("/api/v1/authenticators?activate=true", body).await;
    answer.assert_error(409, "E0000157");
}

#[tokio::test]
async fn replacing_okta_verify_keeps_only_what_is_sent() {
    let org = Org::fresh().await;
    let mut verify = org.okta_verify().await;
    verify["settings"]["userVerification"] = json!("REQUIRED");
    verify["settings"]["unknownToThisClient"] = json!(true);
    verify["settings"]
        .as_object_mut()
        .unwrap()
        .remove("compliance");
    let path = format!("/api/v1/authenticators/{}", id(&verify));
    let settings = org.put(&path, verify).await.body["settings"].clone();
    assert_eq!(settings["userVerification"], "REQUIRED");
    assert_eq!(settings["unknownToThisClient"], true);
    assert!(settings.get("compliance").is_none());
}

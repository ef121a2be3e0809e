//! What the service app is refused.

use serde_json::json;

use crate::service::{GROUPS, Key, Service};

#[tokio::test]
async fn a_proof_is_good_once() {
    let service = Service::fresh().await;
    let token = service.token("okta.groups.read").await;
    assert_eq!(service.get(GROUPS, &token, "same").await.status, 200);
    let again = service.get(GROUPS, &token, "same").await;
    assert_eq!(again.status, 401);
    assert_eq!(
        again.causes(),
        ["The DPoP proof JWT has already been used."]
    );
}

#[tokio::test]
async fn a_scope_that_was_not_asked_for_is_forbidden() {
    let service = Service::fresh().await;
    let token = service.token("okta.groups.read").await;
    let answer = service
        .get("/api/v1/policies?type=ACCESS_POLICY", &token, "a")
        .await;
    answer.assert_error(403, "E0000006");
}

#[tokio::test]
async fn an_assertion_of_another_key_is_an_invalid_client() {
    let mut service = Service::fresh().await;
    let first = service.ask("okta.groups.read", "one", None).await;
    service.client = Key::generate();
    let second = service
        .ask("okta.groups.read", "two", Some(first.header("dpop-nonce")))
        .await;
    assert_eq!(
        (second.status.as_u16(), &second.body["error"]),
        (401, &json!("invalid_client"))
    );
}

#[tokio::test]
async fn the_request_log_keeps_no_assertion() {
    let service = Service::fresh().await;
    service.token("okta.groups.read").await;
    let log = serde_json::to_string(&service.org.sandbox.requests()).unwrap();
    assert!(log.contains("[masked]"));
    assert!(!log.contains("eyJ"), "no JWT may be in the request log");
}

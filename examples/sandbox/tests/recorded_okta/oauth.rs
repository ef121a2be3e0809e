//! The service app's DPoP nonce dance.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    org::Org,
    service::{GROUPS, Service},
};

#[tokio::test]
async fn the_first_proof_is_answered_with_a_nonce_and_the_second_with_a_token() {
    let service = Service::fresh().await;
    let first = service.ask("okta.groups.read", "one", None).await;
    assert_eq!(first.status, 400);
    assert_eq!(
        first.body,
        json!({"error": "use_dpop_nonce",
            "error_description": "Authorization server requires nonce in DPoP proof."})
    );
    let second = service
        .ask("okta.groups.read", "two", Some(first.header("dpop-nonce")))
        .await;
    assert_eq!(second.status, 200, "{}", second.body);
    assert!(!second.header("dpop-nonce").is_empty());
    assert_eq!(second.body["token_type"], "DPoP");
    assert_eq!(second.body["expires_in"], 3600);
    assert_eq!(second.body["scope"], "okta.groups.read");
    let token = second.body["access_token"].as_str().unwrap();
    let header = URL_SAFE_NO_PAD
        .decode(token.split('.').next().unwrap())
        .unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(header["typ"], "application/okta-internal-at+jwt");
}

#[tokio::test]
async fn a_resource_asks_for_a_proof_but_for_no_nonce() {
    let service = Service::fresh().await;
    let token = service.token("okta.groups.read").await;
    assert_eq!(service.get(GROUPS, &token, "a").await.status, 200);
    let bearer = service.org.bare(Method::GET, GROUPS).bearer_auth(&token);
    assert_eq!(Org::send(bearer).await.status, 401);
}

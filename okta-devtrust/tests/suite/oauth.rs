//! A service app: the dance for its token, and what it does when a token is not taken.

use std::sync::{Arc, Mutex};

use futures::future::join_all;
use okta_devtrust::{
    Error, Missing,
    oauth::{ClientKey, ServiceApp},
    policies::PolicyType,
};
use wiremock::ResponseTemplate;

use crate::support::{
    authority::{ACCESS_TOKEN, Authority, CLIENT, Jwt, Seen},
    org::okta_error,
    trace::Everything,
};

const KIND: PolicyType = PolicyType::AccessPolicy;

fn proof(seen: &Seen) -> &Jwt {
    seen.proof.as_ref().unwrap()
}

#[tokio::test]
async fn the_first_proof_is_refused_and_the_second_carries_the_nonce() {
    let authority = Authority::start().await;
    let okta = authority.okta();
    okta.policies(&KIND).await.unwrap();

    let asked = authority.token_requests();
    assert_eq!(asked.len(), 2);
    assert_eq!(proof(&asked[0]).claims.get("nonce"), None);
    assert_eq!(proof(&asked[1]).claims["nonce"], "nonce-1");
    assert_ne!(
        proof(&asked[0]).claims["jti"],
        proof(&asked[1]).claims["jti"]
    );
    let names: Vec<&str> = asked[1]
        .form
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "grant_type",
            "scope",
            "client_assertion_type",
            "client_assertion"
        ]
    );
    let assertion = asked[1].assertion.as_ref().unwrap();
    assert_eq!(assertion.header["kid"], "key-1");
    assert_eq!(assertion.header["alg"], "ES256");
    assert_eq!(assertion.claims["iss"], CLIENT);
    assert_eq!(assertion.claims["sub"], CLIENT);
    assert_eq!(
        assertion.claims["aud"],
        format!("{}/oauth2/v1/token", authority.server.uri())
    );

    let used = authority.resource_requests();
    assert_eq!(used[0].authorization, format!("DPoP {ACCESS_TOKEN}-1"));
    // The key of the proofs is not the app's.
    let app_key = authority.state.lock().unwrap().registered["x"].clone();
    assert_ne!(proof(&used[0]).header["jwk"]["x"], app_key);
    assert_eq!(proof(&used[0]).header["jwk"].get("d"), None);
}

#[tokio::test]
async fn a_nonce_that_was_rotated_costs_one_more_proof() {
    let authority = Authority::start().await;
    authority.set(|state| state.expires_in = 1);
    let okta = authority.okta();
    okta.policies(&KIND).await.unwrap();
    authority.set(|state| state.nonce = Some("nonce-2"));
    okta.policies(&KIND).await.unwrap();
    okta.policies(&KIND).await.unwrap();
    let nonces: Vec<String> = authority
        .token_requests()
        .iter()
        .map(|seen| {
            proof(seen).claims["nonce"]
                .as_str()
                .unwrap_or("none")
                .to_owned()
        })
        .collect();
    assert_eq!(nonces, ["none", "nonce-1", "nonce-1", "nonce-2", "nonce-2"]);
}

#[tokio::test]
async fn every_attempt_of_a_request_has_a_proof_of_its_own() {
    let authority = Authority::start().await;
    let limited = || {
        okta_error(429, "E0000047", "API call exceeded rate limit")
            .insert_header("retry-after", "0")
    };
    authority.set(|state| state.resource = vec![limited(), limited()]);
    authority.okta().policies(&KIND).await.unwrap();
    let used = authority.resource_requests();
    let ids: std::collections::BTreeSet<String> = used
        .iter()
        .map(|seen| proof(seen).claims["jti"].to_string())
        .collect();
    assert_eq!((used.len(), ids.len()), (3, 3));
}

#[tokio::test]
async fn many_requests_at_once_fetch_one_token() {
    let authority = Authority::start().await;
    let okta = authority.okta();
    let answers = join_all((0..32).map(|_| okta.policies(&KIND))).await;
    assert!(answers.iter().all(Result::is_ok));
    // One without a nonce and one with it.
    assert_eq!(authority.token_requests().len(), 2);
    assert_eq!(authority.resource_requests().len(), 32);
}

#[tokio::test]
async fn many_requests_at_once_with_a_wrong_key_ask_once_and_all_are_told() {
    let authority = Authority::start().await;
    let okta = authority.okta_of(ServiceApp::new(CLIENT, ClientKey::generate().unwrap()));
    let answers = join_all((0..8).map(|_| okta.policies(&KIND))).await;
    for answer in answers {
        let error = answer.unwrap_err();
        assert!(matches!(error, Error::Unauthorized { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains("registered with the service app"), "{text}");
        assert!(text.contains("POST /oauth2/v1/token"), "{text}");
        assert!(text.contains("req-token"), "{text}");
    }
    assert_eq!(authority.token_requests().len(), 2);
    assert!(authority.resource_requests().is_empty());
}

#[tokio::test]
async fn a_token_is_kept_while_it_is_good_and_renewed_before_it_ends() {
    let authority = Authority::start().await;
    let okta = authority.okta();
    okta.policies(&KIND).await.unwrap();
    okta.policies(&KIND).await.unwrap();
    assert_eq!(authority.token_requests().len(), 2);

    let authority = Authority::start().await;
    // It would end on the way.
    authority.set(|state| state.expires_in = 30);
    let okta = authority.okta();
    okta.policies(&KIND).await.unwrap();
    okta.policies(&KIND).await.unwrap();
    assert_eq!(authority.token_requests().len(), 3);
}

#[tokio::test]
async fn a_clock_two_hours_behind_is_put_right_by_the_servers_date() {
    let authority = Authority::start().await;
    authority.set(|state| state.ahead = 7200);
    let okta = authority.okta();
    okta.policies(&KIND).await.unwrap();
    let before = authority.token_requests().len();
    okta.policies(&KIND).await.unwrap();
    assert_eq!(authority.token_requests().len(), before);
    let iat = proof(&authority.resource_requests()[0]).claims["iat"].as_i64();
    assert!(iat.unwrap() > jiff::Timestamp::now().as_second() + 7000);
}

#[tokio::test]
async fn a_token_that_okta_revoked_is_replaced_once() {
    let authority = Authority::start().await;
    let okta = authority.okta();
    okta.policies(&KIND).await.unwrap();
    authority.set(|state| state.revoked = 1);
    okta.policies(&KIND).await.unwrap();
    let used = authority.resource_requests();
    let last = &used.last().unwrap().authorization;
    assert_eq!(
        (used.len(), last.as_str()),
        (3, "DPoP canary-access-token-2")
    );

    authority.set(|state| state.revoked = 99);
    let error = okta.policies(&KIND).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { .. }), "{error}");
    assert_eq!(authority.resource_requests().len(), 5);
}

#[tokio::test]
async fn a_feature_that_the_org_lacks_costs_no_token() {
    let authority = Authority::start().await;
    authority.set(|state| {
        state.resource = vec![okta_error(401, "E0000015", "no feature")];
    });
    let error = authority.okta().policies(&KIND).await.unwrap_err();
    assert!(matches!(error, Error::FeatureDisabled { .. }), "{error}");
    assert_eq!(authority.token_requests().len(), 2);
}

#[tokio::test]
async fn a_scope_that_the_app_was_not_granted_is_named() {
    let authority = Authority::start().await;
    let app =
        ServiceApp::new(CLIENT, authority.key()).scopes(["okta.logs.read", "okta.apps.manage"]);
    let error = authority.okta_of(app).policies(&KIND).await.unwrap_err();
    let Error::Forbidden { code, missing, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(code, "invalid_scope");
    assert_eq!(*missing, Missing::Scope("okta.apps.manage".into()));
    assert!(
        error
            .to_string()
            .contains("the scope okta.apps.manage is missing")
    );
}

#[tokio::test]
async fn a_403_is_a_missing_scope_or_a_missing_role_by_the_scopes_of_the_token() {
    let forbidden = || okta_error(403, "E0000006", "You do not have permission");
    for (scope, missing) in [
        (
            "okta.logs.read",
            Missing::Scope("okta.policies.read".into()),
        ),
        ("okta.policies.read", Missing::Role("read policies".into())),
    ] {
        let authority = Authority::start().await;
        authority.set(|state| state.resource = vec![forbidden()]);
        let app = ServiceApp::new(CLIENT, authority.key()).scopes([scope]);
        let error = authority.okta_of(app).policies(&KIND).await.unwrap_err();
        let Error::Forbidden { missing: found, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(*found, missing);
        assert!(error.to_string().contains(&missing.to_string()), "{error}");
    }
}

#[tokio::test]
async fn a_token_endpoint_behind_a_broken_gateway_is_asked_again() {
    let authority = Authority::start().await;
    authority.set(|state| state.troubles = vec![503, 502]);
    authority.okta().policies(&KIND).await.unwrap();
    assert_eq!(authority.token_requests().len(), 4);
}

#[tokio::test]
async fn an_app_without_dpop_uses_its_token_as_bearer() {
    let authority = Authority::start().await;
    authority.set(|state| state.nonce = None);
    let app = ServiceApp::new(CLIENT, authority.key())
        .scopes(["okta.policies.read"])
        .bearer();
    authority.okta_of(app).policies(&KIND).await.unwrap();
    let used = &authority.resource_requests()[0];
    assert_eq!(used.authorization, "Bearer canary-access-token-1");
    assert!(used.proof.is_none());
    assert_eq!(authority.token_requests().len(), 1);
}

#[test]
fn neither_debug_nor_errors_nor_spans_show_key_assertion_proof_or_token() {
    let trace = Everything::default();
    let shown = Arc::new(Mutex::new(String::new()));
    let written = shown.clone();
    tracing::subscriber::with_default(trace.clone(), || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let authority = Authority::start().await;
            let okta = authority.okta();
            okta.policies(&KIND).await.unwrap();
            let mut text = format!("{okta:?}");
            authority.set(|state| {
                state.resource = vec![
                    ResponseTemplate::new(200).set_body_string("{"),
                    okta_error(403, "E0000006", "no"),
                ];
            });
            for _ in 0..2 {
                let error = okta.policies(&KIND).await.unwrap_err();
                text += &format!("{error} {error:?}");
            }
            authority.set(|state| state.revoked = 99);
            let error = okta.policies(&KIND).await.unwrap_err();
            text += &format!("{error} {error:?}");
            *written.lock().unwrap() = text;
        });
    });
    let text = shown.lock().unwrap().clone() + &trace.text();
    assert!(
        text.contains("/api/v1/policies") && text.contains("/oauth2/v1/token"),
        "{text}"
    );
    // Every JWT, and so every key, assertion and proof, starts with a base64url brace and quote.
    assert!(!text.contains("canary") && !text.contains("eyJ"), "{text}");
}

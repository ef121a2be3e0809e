//! The key and the challenge are seen nowhere but in the request that carries them: not plain, not in base64, not in
//! the base64 of the profile.
#![allow(clippy::unwrap_used)]

mod support;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures::TryStreamExt;
use jumpcloud_mdm::{
    Error, EventQuery,
    deploy::{self, WaitOptions},
    proof::{self, ProofQuery},
};
use serde_json::json;
use support::{CHALLENGE, KEY, PROFILE, World, desired, key};

/// Fails when `text` shows a secret.
fn assert_clean(what: &str, text: &str) {
    for secret in [KEY, CHALLENGE] {
        assert!(!text.contains(secret), "{what} shows {secret}: {text}");
        let encoded = STANDARD.encode(secret);
        // Without the last characters, which depend on what follows.
        assert!(
            !text.contains(&encoded[..encoded.len() - 4]),
            "{what} shows {secret} in base64"
        );
    }
    let profile = STANDARD.encode(PROFILE);
    for window in profile
        .as_bytes()
        .chunks(48)
        .filter(|chunk| chunk.len() == 48)
    {
        let window = std::str::from_utf8(window).unwrap();
        assert!(
            !text.contains(window),
            "{what} shows the profile in base64: {text}"
        );
    }
}

fn assert_error_clean(what: &str, error: &Error) {
    assert_clean(what, &format!("{error} {error:?}"));
}

#[tokio::test]
async fn a_deployment_shows_no_secret() {
    let world = World::start().await;
    let client = world.client();
    assert_clean("client", &format!("{client:?}"));
    let desired = desired();
    assert_clean("desired", &format!("{desired:?}"));
    assert_clean("desired as JSON", &serde_json::to_string(&desired).unwrap());

    let mut shown = String::new();
    for round in ["first", "second", "renewal"] {
        let mut desired = desired.clone();
        if round == "renewal" {
            let renewed = PROFILE.replace("7C9E6679", "8C9E6679");
            desired.profiles[0].profile = renewed.into_bytes();
        }
        let observed = deploy::observe(&client, &desired).await.unwrap();
        let plan = deploy::plan(&desired, &observed, &key()).unwrap();
        shown += &format!(
            "{observed:?} {plan:?} {plan} {}",
            serde_json::to_string(&plan).unwrap()
        );
        let applied = deploy::apply(&client, &plan, &desired, &key(), |event| {
            shown += &format!("{event:?}");
        })
        .await
        .unwrap();
        shown += &format!("{applied:?} {}", serde_json::to_string(&applied).unwrap());
    }
    world.state().statuses = ["s1", "s2"]
        .map(|system| json!({"systemID": system, "state": "failed", "detail": format!("refused: {CHALLENGE}")}))
        .into();
    let rollout = deploy::wait(&client, &desired, &WaitOptions::default(), |_| {})
        .await
        .unwrap();
    assert!(
        rollout.devices[0]
            .detail
            .as_deref()
            .unwrap()
            .contains("[redacted]")
    );
    shown += &format!("{rollout:?} {}", serde_json::to_string(&rollout).unwrap());
    let query = ProofQuery::default().policy("Okta device trust");
    let proofs = proof::collect(&client, &query, &["s1".to_owned()])
        .await
        .unwrap();
    shown += &format!("{proofs:?}");
    let notes = world.state().policies[0]["notes"].to_string();
    assert_clean("the deployment", &shown);
    assert_clean("the notes", &notes);
}

#[tokio::test]
async fn what_a_mac_or_an_installer_quotes_is_in_no_proof() {
    let world = World::start().await;
    let client = world.client();
    support::deploy(&client, &desired()).await.unwrap();
    let quote = format!("refused: {CHALLENGE} in {}", STANDARD.encode(PROFILE));
    world.state().systems[0]["mdm"]["internal"] = json!({"deviceId": "d1"});
    world.state().software_statuses =
        vec![json!({"systemId": "s1", "state": "ERROR", "details": quote, "new": quote})];
    world.state().events = vec![
        json!({"event_type": "mdm_command_result", "success": false, "status": "Error",
        "device_object_id": "d1", "new": quote, "error_chain": [{"error_code": 15001, "error_domain": "MDM-SCEP",
            "localized_description": quote, "us_english_description": quote, "new": quote}]}),
    ];
    let since = "2026-11-24T12:00:00Z".parse().unwrap();
    let query = ProofQuery::default()
        .policy("Okta device trust")
        .software("Okta Verify")
        .refused_commands_since(since);
    let proofs = proof::collect(&client, &query, &["s1".to_owned()])
        .await
        .unwrap();
    let chain = &proofs[0].refused_commands.found().unwrap()[0].error_chain;
    assert_eq!(
        chain,
        &["MDM-SCEP 15001: refused: [redacted] in [redacted]"]
    );
    let details = proofs[0].software.found().unwrap().details.as_deref();
    assert_eq!(details, Some("refused: [redacted] in [redacted]"));
    assert_clean("the proofs", &format!("{proofs:?}"));
    assert_clean("as JSON", &serde_json::to_string(&proofs).unwrap());

    // What was read of JumpCloud itself, and a proof that was made without the policy.
    let events = client
        .events(&EventQuery::of("mdm", since))
        .try_collect::<Vec<_>>();
    assert_clean("events", &format!("{:?}", events.await.unwrap()));
    let statuses = client.software_statuses("a2").try_collect::<Vec<_>>();
    assert_clean("statuses", &format!("{:?}", statuses.await.unwrap()));
    let query = ProofQuery::default()
        .software("Okta Verify")
        .refused_commands_since(since);
    let proofs = proof::collect(&client, &query, &["s1".to_owned()])
        .await
        .unwrap();
    assert_clean("proofs without a policy", &format!("{proofs:?}"));
}

#[tokio::test]
async fn a_server_that_quotes_the_request_is_silenced() {
    let quoted = json!({
        "message": format!("value {} with {CHALLENGE} by {KEY} is bad", STANDARD.encode(PROFILE)),
        "details": [{"value": STANDARD.encode(PROFILE), "challenge": CHALLENGE}],
    });
    for status in [400, 401, 403, 404, 409, 500, 503] {
        let world = World::start().await;
        let client = world.client();
        let observed = deploy::observe(&client, &desired()).await.unwrap();
        let plan = deploy::plan(&desired(), &observed, &key()).unwrap();
        world.refuse_with("POST", "/policies", status, quoted.clone());
        let error = deploy::apply(&client, &plan, &desired(), &key(), |_| {})
            .await
            .unwrap_err();
        assert_error_clean(&format!("status {status}"), &error);
    }
}

#[tokio::test]
async fn an_answer_of_another_shape_is_not_quoted() {
    let world = World::start().await;
    world.refuse_with(
        "GET",
        "/organizations",
        200,
        json!({"results": [{"_id": [CHALLENGE]}]}),
    );
    let error = deploy::observe(&world.client(), &desired())
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Decode { path, .. } if path == "results[0]._id"),
        "{error}"
    );
    assert_error_clean("decode", &error);
}

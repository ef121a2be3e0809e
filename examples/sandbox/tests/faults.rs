//! Recording, faults, and a world that goes on after a restart.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it is"
)]

use std::time::Duration;

use device_trust_sandbox::{
    Actor, Effect, Error, Fault, Options, RecordedRequest, Sandbox, Secrets, Side, World,
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

async fn start() -> Sandbox {
    Sandbox::start(Options {
        fleet: false,
        ..Options::default()
    })
    .await
    .unwrap()
}

fn request(sandbox: &Sandbox, method: &str, path: &str) -> reqwest::RequestBuilder {
    let secrets = sandbox.secrets();
    reqwest::Client::new()
        .request(
            method.parse().unwrap(),
            format!("{}{path}", sandbox.okta_url()),
        )
        .header(
            "authorization",
            format!("SSWS {}", secrets.okta_api_token.expose_secret()),
        )
}

async fn groups(sandbox: &Sandbox) -> usize {
    let answer = request(sandbox, "GET", "/api/v1/groups")
        .send()
        .await
        .unwrap();
    answer
        .json::<Value>()
        .await
        .unwrap()
        .as_array()
        .unwrap()
        .len()
}

fn new_group(sandbox: &Sandbox) -> reqwest::RequestBuilder {
    request(sandbox, "POST", "/api/v1/groups").json(&json!({"profile": {"name": "New"}}))
}

#[tokio::test]
async fn a_lost_answer_leaves_the_change_made() {
    let sandbox = start().await;
    sandbox.arm(Fault::on(
        Side::Okta,
        "POST",
        "/api/v1/groups",
        Effect::LoseAnswer,
    ));
    assert!(new_group(&sandbox).send().await.is_err());
    assert_eq!(groups(&sandbox).await, 4);
    let entry = &sandbox.requests()[0];
    assert_eq!(
        (entry.status, entry.fault.as_deref()),
        (200, Some("answer lost"))
    );
}

#[tokio::test]
async fn a_cut_body_leaves_the_change_made_and_cannot_be_read() {
    const GROUPS: &str = "/api/v2/systemgroups";
    let sandbox = start().await;
    let (http, key) = (reqwest::Client::new(), sandbox.secrets().jumpcloud_api_key);
    let send = async |method: &str, path: &str, body: Value| {
        let url = format!("{}{path}", sandbox.jumpcloud_url());
        let request = http.request(method.parse().unwrap(), url);
        let request = request.header("x-api-key", key.expose_secret()).json(&body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let read = |body: &str| serde_json::from_str::<Vec<Value>>(body);
    let arm = |method, path, effect| sandbox.arm(Fault::on(Side::JumpCloud, method, path, effect));

    arm("POST", GROUPS, Effect::CutBody);
    let (status, half) = send("POST", GROUPS, json!({"name": "New"})).await;
    assert_eq!(status, 201);
    assert!(half.starts_with('{') && !half.ends_with('}'), "{half}");
    arm("GET", GROUPS, Effect::CutBody);
    let (status, half) = send("GET", GROUPS, Value::Null).await;
    assert_eq!((status, read(&half).is_err()), (200, true), "{half}");
    // A stale read repeats what was there, and not the half of it that was sent.
    arm("GET", GROUPS, Effect::StaleRead);
    let (_, whole) = send("GET", GROUPS, Value::Null).await;
    let all = read(&whole).unwrap();
    let new = all.iter().find(|one| one["name"] == "New").unwrap();

    let path = format!("{GROUPS}/{}", new["id"].as_str().unwrap());
    arm("DELETE", &path, Effect::CutBody);
    let gone = send("DELETE", &path, Value::Null).await;
    assert_eq!(gone, (200, "<html>".to_owned()));
    let (_, left) = send("GET", GROUPS, Value::Null).await;
    assert_eq!(read(&left).unwrap().len(), all.len() - 1);
    let cut = |one: &&RecordedRequest| one.fault.as_deref() == Some("body cut");
    assert_eq!(sandbox.requests().iter().filter(cut).count(), 3);
}

#[tokio::test]
async fn a_late_write_is_made_before_the_request_it_waits_for_or_when_it_is_told_to_land() {
    let sandbox = start().await;
    let late = |passing| Fault::on(Side::Okta, "*", "/api/v1/groups", Effect::Late(passing));
    sandbox.arm(late(2));
    assert!(new_group(&sandbox).send().await.is_err());
    assert_eq!(
        groups(&sandbox).await,
        3,
        "the client gave up, and sees nothing"
    );
    assert_eq!(
        groups(&sandbox).await,
        4,
        "made right before the second read"
    );
    let entry = &sandbox.requests()[0];
    assert_eq!((entry.status, entry.fault.as_deref()), (200, Some("late")));

    sandbox.arm(late(u64::MAX));
    assert!(new_group(&sandbox).send().await.is_err());
    assert_eq!(groups(&sandbox).await, 4);
    sandbox.land().await;
    assert_eq!(groups(&sandbox).await, 5);
    sandbox.land().await;
    assert_eq!(groups(&sandbox).await, 5, "it is made once");
}

#[tokio::test]
async fn a_reset_changes_nothing() {
    let sandbox = start().await;
    sandbox.arm(Fault::on(
        Side::Okta,
        "POST",
        "/api/v1/groups",
        Effect::Reset,
    ));
    assert!(new_group(&sandbox).send().await.is_err());
    assert_eq!(groups(&sandbox).await, 3);
    assert_eq!(sandbox.requests()[0].status, 0);
}

#[tokio::test]
async fn a_stale_read_repeats_the_answer_before() {
    let sandbox = start().await;
    assert_eq!(groups(&sandbox).await, 3);
    new_group(&sandbox).send().await.unwrap();
    sandbox.arm(Fault::on(
        Side::Okta,
        "GET",
        "/api/v1/groups",
        Effect::StaleRead,
    ));
    assert_eq!(groups(&sandbox).await, 3);
    assert_eq!(groups(&sandbox).await, 4);
}

#[tokio::test]
async fn a_stale_read_strikes_neither_a_write_nor_what_was_never_read() {
    let sandbox = start().await;
    let stale = Fault::on(Side::Okta, "*", "/api/v1/groups", Effect::StaleRead);
    sandbox.arm(stale.clone());
    assert_eq!(groups(&sandbox).await, 3);
    sandbox.disarm();
    sandbox.arm(stale);
    assert_eq!(new_group(&sandbox).send().await.unwrap().status(), 200);
    assert_eq!(groups(&sandbox).await, 4, "the write was made");
    assert!(sandbox.requests().iter().all(|one| one.fault.is_none()));
}

#[tokio::test]
async fn a_restored_sandbox_has_the_world_of_before_and_neither_faults_nor_old_answers() {
    let sandbox = start().await;
    let (before, url) = (
        sandbox.shared().world().clone(),
        sandbox.okta_url().to_owned(),
    );
    new_group(&sandbox).send().await.unwrap();
    assert_eq!(groups(&sandbox).await, 4);
    let stale = Fault::on(Side::Okta, "*", "/api/v1/groups", Effect::StaleRead);
    sandbox.arm(stale.clone());
    sandbox.restore(&before);
    assert!(sandbox.requests().is_empty());
    sandbox.arm(stale);
    assert_eq!(
        groups(&sandbox).await,
        3,
        "at the same address, by the same token"
    );
    assert_eq!(sandbox.okta_url(), url);
    assert_eq!(sandbox.requests()[0].fault, None);
}

#[tokio::test]
async fn a_429_on_demand_has_the_headers_a_client_waits_by() {
    let sandbox = start().await;
    sandbox.arm(Fault::on(
        Side::Okta,
        "*",
        "/api/v1/**",
        Effect::Status(429),
    ));
    let answer = request(&sandbox, "GET", "/api/v1/groups")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["x-rate-limit-remaining"], "0");
    assert!(answer.headers().contains_key("x-rate-limit-reset"));
    assert_eq!(
        answer.json::<Value>().await.unwrap()["errorCode"],
        "E0000047"
    );
}

#[tokio::test]
async fn a_delay_is_served_in_the_end() {
    let sandbox = start().await;
    let slow = Effect::Delay(Duration::from_millis(30));
    sandbox.arm(Fault::on(Side::Okta, "GET", "/api/v1/groups", slow));
    assert_eq!(groups(&sandbox).await, 3);
    assert_eq!(sandbox.requests()[0].fault.as_deref(), Some("delay 30 ms"));
}

#[tokio::test]
async fn the_log_has_method_path_query_body_and_no_credentials() {
    let sandbox = start().await;
    let path = "/api/v1/policies?activate=true";
    let body = json!({"type": "ACCESS_POLICY", "name": "Recorded"});
    request(&sandbox, "POST", path)
        .json(&body)
        .send()
        .await
        .unwrap();
    let requests = sandbox.requests();
    let entry = &requests[0];
    assert_eq!(
        (entry.seq, entry.side, entry.actor),
        (1, Side::Okta, Actor::Admin)
    );
    assert_eq!(
        (entry.method.as_str(), entry.path.as_str()),
        ("POST", "/api/v1/policies")
    );
    assert_eq!((entry.query.as_str(), entry.status), ("activate=true", 200));
    assert_eq!(entry.body, Some(body));
    assert!(entry.is_write());
    let token = sandbox.secrets().okta_api_token;
    let log = serde_json::to_string(&requests).unwrap();
    assert!(!log.contains(token.expose_secret()));
}

#[tokio::test]
async fn a_saved_world_goes_on_at_the_same_urls_with_the_same_secrets() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("world.json");
    let sandbox = start().await;
    new_group(&sandbox).send().await.unwrap();
    let urls = (
        sandbox.okta_url().to_owned(),
        sandbox.jumpcloud_url().to_owned(),
        sandbox.scep_url(),
    );
    let certificates = sandbox.ca_certificates();
    sandbox.stop().await.save(&path).unwrap();

    let options = Options {
        world: Some(World::load(&path).unwrap()),
        fleet: false,
        ..Options::default()
    };
    let again = Sandbox::start(options).await.unwrap();
    assert_eq!(urls.0, again.okta_url());
    assert_eq!(urls.1, again.jumpcloud_url());
    assert_eq!(urls.2, again.scep_url());
    assert_eq!(certificates, again.ca_certificates());
    assert_eq!(groups(&again).await, 4);
    assert_eq!(again.requests().len(), 2);
    let of_this_run = again.requests_of_this_run();
    assert_eq!(
        of_this_run
            .iter()
            .map(|entry| entry.seq)
            .collect::<Vec<_>>(),
        [2]
    );
}

#[tokio::test]
async fn a_taken_port_is_named_with_the_mend() {
    let sandbox = start().await;
    let world = sandbox.shared().world().clone();
    let options = Options {
        world: Some(world),
        fleet: false,
        ..Options::default()
    };
    let error = Sandbox::start(options).await.unwrap_err();
    assert!(
        matches!(error, Error::PortTaken { side: "okta", .. }),
        "{error}"
    );
    assert!(error.to_string().contains("ports.okta"), "{error}");
}

#[tokio::test]
async fn given_secrets_are_used_and_shown_by_no_debug() {
    let secret = |text: &str| Some(text.to_owned().into());
    let secrets = Secrets {
        okta_api_token: secret("canary-okta"),
        jumpcloud_api_key: secret("canary-jumpcloud"),
        scep_challenge: secret("canary-scep"),
    };
    let options = Options {
        secrets,
        fleet: false,
        ..Options::default()
    };
    let shown = format!("{options:?}");
    assert!(!shown.contains("canary"), "{shown}");
    let sandbox = Sandbox::start(options).await.unwrap();
    assert_eq!(groups(&sandbox).await, 3);
    let shown = format!(
        "{sandbox:?} {:?} {:?}",
        sandbox.secrets(),
        sandbox.requests()
    );
    assert!(!shown.contains("canary"), "{shown}");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secrets.env");
    sandbox.secrets().write_env_file(&path).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    assert_eq!(
        text,
        "OKTA_API_TOKEN='canary-okta'\nJUMPCLOUD_API_KEY='canary-jumpcloud'\nSCEP_CHALLENGE='canary-scep'\n"
    );
}

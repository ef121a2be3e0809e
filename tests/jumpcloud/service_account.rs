//! A service account: one token for all, replaced in time, and its secret nowhere else.

use std::time::Duration;

use device_trust_sandbox::{Effect, Fault, Sandbox, Side};
use futures::future::join_all;
use jumpcloud_mdm::{Error, JumpCloud, ListOptions};
use secrecy::ExposeSecret as _;

use crate::support::{quick, region, sandbox};

fn account(sandbox: &Sandbox, secret: Option<&str>) -> JumpCloud {
    let (id, own) = sandbox.shared().world().jumpcloud.service_account();
    let secret = secret.unwrap_or(own.expose_secret()).to_owned();
    JumpCloud::service_account(region(sandbox), id, secret.into())
        .retry(quick())
        .build()
        .unwrap()
}

async fn read(client: &JumpCloud) -> Result<(), Error> {
    use futures::TryStreamExt as _;
    let policies = client.policies(ListOptions::default());
    policies.try_collect::<Vec<_>>().await.map(drop)
}

fn token_requests(sandbox: &Sandbox) -> usize {
    let requests = sandbox.requests();
    let tokens = requests.iter().filter(|one| one.path == "/oauth2/token");
    tokens.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_requests_at_a_time_share_one_token() {
    let (sandbox, _) = sandbox().await;
    let client = account(&sandbox, None);
    for ended in join_all((0..40).map(|_| read(&client))).await {
        ended.unwrap();
    }
    assert_eq!(token_requests(&sandbox), 1);
    let token = &sandbox.requests()[0];
    assert_eq!(
        token.body,
        Some(serde_json::json!({"grant_type": "client_credentials", "scope": "api"})),
        "the secret is not in the form"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_replaced_before_its_end_and_when_it_is_revoked_even_for_a_write() {
    let (sandbox, _) = sandbox().await;
    let client = account(&sandbox, None);
    sandbox.shared().world().jumpcloud.set_token_lifetime(1);
    read(&client).await.unwrap();
    read(&client).await.unwrap();
    assert_eq!(
        token_requests(&sandbox),
        2,
        "one of no lifetime is not kept"
    );

    sandbox.shared().world().jumpcloud.set_token_lifetime(3600);
    read(&client).await.unwrap();
    let before = token_requests(&sandbox);
    sandbox.shared().world().jumpcloud.revoke_tokens();
    for ended in join_all((0..10).map(|n| {
        let client = client.clone();
        async move {
            let group = jumpcloud_mdm::NewDeviceGroup::new(format!("group {n}"));
            client.create_device_group(&group).await
        }
    }))
    .await
    {
        ended.unwrap();
    }
    assert_eq!(token_requests(&sandbox) - before, 1, "one for all ten");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_told_as_such_once_and_is_not_shown() {
    let (sandbox, _) = sandbox().await;
    let client = account(&sandbox, Some("canary-secret"));
    // Long enough for all to be waiting when the answer comes.
    let slow = Effect::Delay(Duration::from_secs(1));
    sandbox.arm(Fault::on(Side::JumpCloud, "POST", "/oauth2/token", slow));
    let ended = join_all((0..8).map(|_| read(&client))).await;
    for error in ended.into_iter().map(Result::unwrap_err) {
        assert!(
            matches!(&error, Error::NoToken { refused: true, .. }),
            "{error}"
        );
        assert!(error.is_denied());
        let text = format!("{error} {error:?} {client:?}");
        assert!(text.contains("invalid_client"), "{text}");
        assert!(text.contains("whether the secret has expired"), "{text}");
        assert!(!text.contains("canary"), "{text}");
    }
    assert!(
        sandbox
            .requests()
            .iter()
            .all(|one| one.path == "/oauth2/token"),
        "nothing was sent without a token"
    );
    assert_eq!(token_requests(&sandbox), 1, "those who waited ask no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_host_in_trouble_is_asked_again() {
    for effect in [
        Effect::Status(429),
        Effect::Status(503),
        Effect::Reset,
        Effect::LoseAnswer,
    ] {
        let (sandbox, _) = sandbox().await;
        let fault = Fault::on(Side::JumpCloud, "POST", "/oauth2/token", effect.clone());
        sandbox.arm(fault);
        let client = account(&sandbox, None);
        read(&client)
            .await
            .unwrap_or_else(|error| panic!("{effect:?}: {error}"));
        assert_eq!(token_requests(&sandbox), 2, "{effect:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_deployment_runs_on_a_token() {
    let (sandbox, _) = sandbox().await;
    let client = account(&sandbox, None);
    let desired = device_trust_tests::jumpcloud::desired(1);
    let observed = jumpcloud_mdm::deploy::observe(&client, &desired)
        .await
        .unwrap();
    let key = crate::support::key();
    let plan = jumpcloud_mdm::deploy::plan(&desired, &observed, &key).unwrap();
    jumpcloud_mdm::deploy::apply(&client, &plan, &desired, &key, |_| {})
        .await
        .unwrap();
    assert_eq!(token_requests(&sandbox), 1);
}

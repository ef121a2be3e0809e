//! The deployment on a JumpCloud that fails: each write, in each way, and then a second run. The end state is always the
//! same, nothing is there twice, and no policy is PUT, since a PUT costs a certificate on every Mac.
#![allow(missing_docs, clippy::unwrap_used)]

use std::time::Duration;

use device_trust_sandbox::{Effect, Fault, Options, Sandbox, Seed, Side, jumpcloud::State};
use device_trust_tests::jumpcloud::{desired, key};
use futures::TryStreamExt as _;
use jumpcloud_mdm::{Bindable, Error, JumpCloud, ListOptions, ObjectType, Region, Retry, deploy};
use secrecy::ExposeSecret as _;

/// The requests of a first run, in order.
const ROUTES: [(&str, &str); 7] = [
    ("GET", "/api/v2/policytemplates"),
    ("GET", "/api/v2/systemgroups"),
    ("GET", "/api/v2/policies"),
    ("POST", "/api/v2/policies"),
    ("POST", "/api/v2/policies/*/associations"),
    ("POST", "/api/v2/softwareapps"),
    ("POST", "/api/v2/softwareapps/*/associations"),
];

async fn sandbox() -> (Sandbox, JumpCloud) {
    let options = Options {
        fleet: false,
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    let key = sandbox
        .secrets()
        .jumpcloud_api_key
        .expose_secret()
        .to_owned();
    let client = JumpCloud::builder(Region::Url(sandbox.jumpcloud_url().to_owned()), key.into())
        .retry(Retry {
            base: Duration::from_millis(1),
            ..Retry::default()
        })
        .timeout(Duration::from_secs(1))
        .settle(Duration::ZERO)
        .build()
        .unwrap();
    (sandbox, client)
}

/// A JumpCloud as it was at the start, and no request in the log.
fn reset(sandbox: &Sandbox) {
    sandbox.disarm();
    let mut world = sandbox.shared().world();
    world.jumpcloud = State::seeded(&Seed::default());
    world.requests.clear();
}

async fn run(client: &JumpCloud) -> Result<(), Error> {
    let key = key().unwrap();
    let desired = desired(1);
    let observed = deploy::observe(client, &desired).await?;
    let plan = deploy::plan(&desired, &observed, &key)?;
    deploy::apply(client, &plan, &desired, &key, |_| {}).await?;
    Ok(())
}

async fn assert_deployed_once(client: &JumpCloud, case: &str) {
    let policies: Vec<_> = client
        .policies(ListOptions::default())
        .try_collect()
        .await
        .unwrap();
    let apps: Vec<_> = client
        .software_apps(ListOptions::default())
        .try_collect()
        .await
        .unwrap();
    assert_eq!((policies.len(), apps.len()), (1, 1), "{case}");
    for from in [
        Bindable::Policy(policies[0].id.clone()),
        Bindable::SoftwareApp(apps[0].id.clone()),
    ] {
        let edges: Vec<_> = client
            .associations(&from, &ObjectType::SystemGroup)
            .try_collect()
            .await
            .unwrap();
        assert_eq!(edges.len(), 1, "{case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_that_fails_in_each_way_leaves_the_same_end_state_without_a_put() {
    let effects = [
        Effect::Status(429),
        Effect::Status(500),
        Effect::Status(503),
        Effect::Status(504),
        Effect::Status(403),
        Effect::Reset,
        Effect::LoseAnswer,
        // A time-out before the request is handled, and one after it.
        Effect::Delay(Duration::from_secs(3)),
        Effect::Hold,
    ];
    let (sandbox, client) = sandbox().await;
    for (method, path) in ROUTES {
        for effect in &effects {
            let case = format!("{method} {path}: {effect:?}");
            reset(&sandbox);
            sandbox.arm(Fault::on(Side::JumpCloud, method, path, effect.clone()));
            let first = run(&client).await;
            let struck = sandbox.requests().iter().any(|one| one.fault.is_some());
            assert!(struck, "{case}: the fault was not met");
            sandbox.disarm();
            // What can be read back or sent again ends well at once; the rest ends well in a second run.
            let second = run(&client).await;
            assert!(second.is_ok(), "{case}: {first:?}, then {second:?}");
            assert_deployed_once(&client, &case).await;
            let writes = sandbox
                .requests()
                .iter()
                .filter(|one| one.is_write())
                .count();
            run(&client).await.unwrap();
            let requests = sandbox.requests();
            let after = requests.iter().filter(|one| one.is_write()).count();
            assert_eq!(after, writes, "{case}: a run with nothing to do wrote");
            assert!(requests.iter().all(|one| one.method != "PUT"), "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_stops_after_any_write_is_finished_by_the_next() {
    for writes in 1..=4 {
        let (sandbox, client) = sandbox().await;
        // From the next write on nothing is answered: what a killed client leaves behind.
        let dead = Fault::on(Side::JumpCloud, "POST", "/api/v2/**", Effect::Status(403));
        sandbox.arm(dead.from_nth_on(writes + 1));
        assert_eq!(run(&client).await.is_ok(), writes == 4);
        sandbox.disarm();
        run(&client).await.unwrap();
        assert_deployed_once(&client, &format!("stopped after {writes}")).await;
        let committed = sandbox
            .requests()
            .iter()
            .filter(|one| one.is_write() && one.status < 300)
            .count();
        assert_eq!(committed, 4, "each write is committed once");
    }
}

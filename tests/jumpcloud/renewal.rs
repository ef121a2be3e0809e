//! A renewal is one PUT of the next generation, and never of an older one.

use std::time::Duration;

use jumpcloud_mdm::{
    Error, JumpCloud,
    deploy::{self, Desired, Outcome, Provenance, Renewal, RollOutOptions},
};

use crate::support::{
    Macs, RINGS, fill_rings, generation, key, patient, puts, ring, sandbox, writes,
};

const OWNER: &str = "device-trust";

async fn renew(client: &JumpCloud, n: u32) -> Result<Vec<Outcome>, Error> {
    let renewal = Renewal::of_ring("trust", "pilot", n, generation(n));
    let applied = deploy::renew(client, OWNER, &renewal, &key(), |_| Ok(()), |_| {}).await?;
    Ok(applied.outcomes)
}

async fn stored_generation(client: &JumpCloud) -> Option<u32> {
    let policy = client.policy_named("trust (pilot)").await.unwrap().unwrap();
    Provenance::read(&policy.notes.unwrap()).unwrap().generation
}

async fn deployed() -> (device_trust_sandbox::Sandbox, JumpCloud, Macs) {
    let (sandbox, client) = sandbox().await;
    fill_rings(&sandbox, &client).await;
    let macs = Macs::running(&sandbox, Duration::from_millis(5));
    let desired = Desired::new(OWNER).rings("trust", RINGS.map(|(name, _)| ring(name, 1)));
    let options = RollOutOptions::default().wait(patient());
    let rollout = deploy::roll_out(&client, &desired, &options, &key(), |_, _| Ok(()), |_| {})
        .await
        .unwrap();
    assert!(rollout.is_complete());
    (sandbox, client, macs)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_is_one_put_on_its_ring_and_none_when_repeated() {
    let (sandbox, client, _macs) = deployed().await;
    let before = writes(&sandbox).len();
    assert_eq!(renew(&client, 2).await.unwrap(), [Outcome::Done]);
    assert_eq!(renew(&client, 2).await.unwrap(), []);
    let written = writes(&sandbox).split_off(before);
    let policy = client.policy_named("trust (pilot)").await.unwrap().unwrap();
    assert_eq!(written, [format!("PUT /api/v2/policies/{}", policy.id)]);
    assert_eq!(stored_generation(&client).await, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_generation_never_replaces_a_newer_one() {
    let (sandbox, client, _macs) = deployed().await;
    renew(&client, 3).await.unwrap();
    let puts_before = puts(&sandbox);
    for older in [2, 1, 0] {
        let error = renew(&client, older).await.unwrap_err();
        assert!(
            matches!(&error, Error::OlderGeneration { policy, stored: 3, desired }
                if policy == "trust (pilot)" && *desired == older),
            "{error}"
        );
        assert!(error.to_string().contains("generation 3"), "{error}");
    }
    assert_eq!(puts(&sandbox), puts_before);
    assert_eq!(stored_generation(&client).await, Some(3));

    // The same goes for a whole roll-out, before its first ring is written.
    let desired = Desired::new(OWNER).rings("trust", RINGS.map(|(name, _)| ring(name, 2)));
    let observed = deploy::observe(&client, &desired).await.unwrap();
    let error = deploy::plan(&desired, &observed, &key()).unwrap_err();
    assert!(matches!(error, Error::OlderGeneration { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_generation_that_came_after_the_plan_is_not_overwritten() {
    let (sandbox, client, _macs) = deployed().await;
    let renewal = Renewal::of_ring("trust", "pilot", 2, generation(2));
    let observed = deploy::observe(&client, &renewal.desired(OWNER, None))
        .await
        .unwrap();
    let plan = renewal.plan(OWNER, &observed, &key()).unwrap();
    renew(&client, 3).await.unwrap();
    let desired = renewal.desired(OWNER, Some(&observed));
    let error = deploy::apply(&client, &plan, &desired, &key(), |_| {})
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::OlderGeneration {
                stored: 3,
                desired: 2,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(puts(&sandbox), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_with_the_bytes_of_before_would_renew_nothing_and_is_refused() {
    let (sandbox, client, _macs) = deployed().await;
    let same = Renewal::of_ring("trust", "pilot", 2, generation(1));
    let error = deploy::renew(&client, OWNER, &same, &key(), |_| Ok(()), |_| {})
        .await
        .unwrap_err();
    assert!(error.to_string().contains("would renew nothing"), "{error}");
    let missing = Renewal::of_policy("no such policy", 2, generation(2));
    let error = deploy::renew(&client, OWNER, &missing, &key(), |_| Ok(()), |_| {})
        .await
        .unwrap_err();
    assert!(error.to_string().contains("deploy it first"), "{error}");
    assert_eq!(puts(&sandbox), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_switch_and_an_administrators_lines_stay_as_they_are() {
    let (sandbox, client, _macs) = deployed().await;
    let policy = client.policy_named("trust (pilot)").await.unwrap().unwrap();
    let mut values = policy.values.clone().unwrap();
    values[1].value = Some(true.into());
    let by_hand = jumpcloud_mdm::PolicyUpdate {
        name: "trust (pilot)".into(),
        values,
        notes: Some(format!("call Ann first\n{}", policy.notes.unwrap())),
    };
    client.update_policy(&policy.id, &by_hand).await.unwrap();
    renew(&client, 2).await.unwrap();
    let policy = client.policy(&policy.id).await.unwrap();
    assert_eq!(
        policy.values.unwrap()[1].value,
        Some(serde_json::Value::Bool(true))
    );
    assert!(policy.notes.unwrap().starts_with("call Ann first\n"));
    assert_eq!(puts(&sandbox), 2);
}

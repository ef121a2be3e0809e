//! After the set-up: readiness, renewal and withdrawal against the sandbox, by the requests that they cause.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::Path;

use device_trust::{
    Blueprint, Error, Job, Output, Overrides, Silent, Tenants,
    embedded::Embedded,
    keep::{self, CatchAll, KeepUndo, Rotation},
};
use device_trust_tests::jumpcloud::writes;
use jumpcloud_mdm::deploy;

/// Brings the blueprint's profile of a generation onto the Macs, or only lists the change.
async fn rotate(
    blueprint: &Blueprint,
    tenants: &Tenants,
    ring: Option<&str>,
    generation: u32,
    apply: bool,
) -> Result<deploy::Plan, Error> {
    let rotation = Rotation::new(blueprint, ring, generation)?;
    let keep = apply.then_some(&|_: &_| Ok(()) as Result<(), String>);
    let keep = keep.map(|keep| keep as KeepUndo<'_>);
    keep::rotate(blueprint, tenants, &rotation, keep).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_is_one_put_a_repeated_one_none_and_a_withdrawal_leaves_nothing() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/device-trust.toml");
    let (blueprint, secrets) = Blueprint::load(&file, &Overrides::default(), |_| None).unwrap();
    let embedded = Embedded::start(&secrets, None).await.unwrap();
    let sandbox = embedded.sandbox();
    let tenants = || Tenants::sandbox(&blueprint, &embedded).unwrap();

    let readiness = keep::readiness(&tenants()).await.unwrap();
    assert!(readiness.is_ready(), "{readiness:?}");
    assert_eq!(readiness.macs.len(), 4);
    let early = rotate(&blueprint, &tenants(), None, 0, true)
        .await
        .unwrap_err();
    assert!(early.to_string().contains("deploy it first"), "{early}");
    assert!(writes(sandbox).is_empty());

    let folder = tempfile::tempdir().unwrap();
    let job = Job::new(blueprint.clone(), tenants(), Output::new(folder.path()));
    job.run(&Silent, |_| {}).await.unwrap();
    let tenants = tenants();

    let set_up = writes(sandbox).len();
    let same = rotate(&blueprint, &tenants, None, 0, true).await.unwrap();
    assert!(same.is_empty(), "{same}");
    let listed = rotate(&blueprint, &tenants, None, 1, false).await.unwrap();
    assert_eq!(writes(sandbox).len(), set_up, "a list of changes wrote");
    let made = rotate(&blueprint, &tenants, None, 1, true).await.unwrap();
    assert_eq!(made, listed);
    let again = rotate(&blueprint, &tenants, None, 1, true).await.unwrap();
    assert!(again.is_empty(), "{again}");
    // The blueprint was not raised, and the policy remembers.
    let older = rotate(&blueprint, &tenants, None, 0, true)
        .await
        .unwrap_err();
    assert!(
        older.to_string().contains("carries generation 1"),
        "{older}"
    );
    let renewed = writes(sandbox).split_off(set_up);
    assert_eq!(renewed.len(), 1, "{renewed:?}");
    assert!(
        renewed[0].starts_with("PUT /api/v2/policies/"),
        "{renewed:?}"
    );

    let output = Output::new(folder.path());
    let withdraw = |catch_all| keep::withdraw(&blueprint, &tenants, catch_all, Some(&output));
    let locked_out = withdraw(CatchAll::MustAllow).await.unwrap_err();
    assert_eq!(locked_out.exit_code(), 1);
    assert_eq!(writes(sandbox).len(), set_up + 1, "{locked_out}");
    withdraw(CatchAll::Open).await.unwrap();
    let gone: Vec<String> = writes(sandbox).split_off(set_up + 1);
    assert_eq!(gone.len(), 3, "{gone:?}");
    assert!(gone[0].starts_with("PUT /api/v1/policies/"), "{gone:?}");
    assert!(
        gone[1..].iter().all(|write| write.starts_with("DELETE ")),
        "{gone:?}"
    );
    let again = withdraw(CatchAll::MustAllow).await.unwrap();
    assert!(again.jumpcloud.is_empty(), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blueprint_with_rings_is_set_up_renewed_and_withdrawn_ring_by_ring() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/device-trust.toml");
    let text = std::fs::read_to_string(example).unwrap().replace(
        r#"device_groups = ["macOS pilot"]"#,
        r#"rings = [{ name = "first", device_groups = ["macOS pilot"] }, { name = "rest", device_groups = ["macOS rest"] }]"#,
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("b.toml");
    std::fs::write(&file, text).unwrap();
    let (blueprint, secrets) = Blueprint::load(&file, &Overrides::default(), |_| None).unwrap();
    let embedded = Embedded::start(&secrets, None).await.unwrap();
    let sandbox = embedded.sandbox();
    // Two Macs in the first ring, one in the rest, and one outside.
    let client = jumpcloud_mdm::JumpCloud::new(
        jumpcloud_mdm::Region::Url(sandbox.jumpcloud_url().into()),
        sandbox.secrets().jumpcloud_api_key,
    )
    .unwrap();
    let mac = sandbox.shared().world().jumpcloud.system_ids().remove(2);
    let pilot = client.device_group_named("macOS pilot").await.unwrap();
    let rest = client
        .create_device_group(&jumpcloud_mdm::NewDeviceGroup::new("macOS rest"))
        .await
        .unwrap();
    for (group, op) in [
        (pilot.unwrap().id, jumpcloud_mdm::Operation::Remove),
        (rest.id, jumpcloud_mdm::Operation::Add),
    ] {
        client
            .change_device_group_member(&group, op, &mac)
            .await
            .unwrap();
    }
    let tenants = || Tenants::sandbox(&blueprint, &embedded).unwrap();
    let output = Output::new(folder.path().join("out"));
    let job = Job::new(blueprint.clone(), tenants(), output.clone());
    let report = job.run(&Silent, |_| {}).await.unwrap();
    assert_eq!(report.macs.iter().filter(|mac| mac.in_group).count(), 3);
    let again = job.run(&Silent, |_| {}).await.unwrap();
    assert_eq!(again.changes, 0);

    let tenants = tenants();
    for (ring, part) in [
        (None, "--ring: first, rest"),
        (Some("moon"), "one of first, rest"),
    ] {
        let error = rotate(&blueprint, &tenants, ring, 1, true)
            .await
            .unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains(part), "{error}");
    }
    let before = writes(sandbox).len();
    rotate(&blueprint, &tenants, Some("first"), 1, true)
        .await
        .unwrap();
    let rotation = Rotation::new(&blueprint, Some("first"), 1).unwrap();
    let tally = keep::prove(&blueprint, &tenants, &rotation).await.unwrap();
    assert_eq!(tally.succeeded, 2);
    assert_eq!(
        writes(sandbox).len() - before,
        1,
        "the other ring is left alone"
    );

    let made = keep::withdraw(&blueprint, &tenants, CatchAll::Open, Some(&output))
        .await
        .unwrap();
    let steps = made.jumpcloud.steps.len();
    assert_eq!(steps, 3, "two policies and the software: {made}");
}

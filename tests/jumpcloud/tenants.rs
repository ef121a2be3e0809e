//! A thousand organisations, a few of them broken: the good ones are done, the others say why, and neither memory nor
//! connections grow with their number.

use std::{collections::BTreeMap, time::Duration};

use device_trust_sandbox::{PILOT_DEVICE_GROUP, Sandbox, Seed, Side};
use device_trust_tests::jumpcloud::{Job, MspOutput, POLICY, desired};
use jumpcloud_mdm::{
    CUSTOM_MDM_PROFILE_DARWIN, JumpCloud, Method, NewPolicy, PolicyValue, Request,
    deploy::{self, DesiredProfile, Ring, StopReason},
    msp::{self, MspOptions, Overrides, Report, Tenant, TenantOutcome},
};
use serde_json::json;

use crate::{
    child,
    support::{Macs, generation, key, patient, sandbox, writes},
};

/// An organisation with three Macs in the pilot group.
fn seed(name: &str, apple_mdm: bool) -> Seed {
    let seed = Seed::default();
    Seed {
        macs: seed.macs[..3].to_vec(),
        org: name.to_owned(),
        apple_mdm,
        ..seed
    }
}

fn add(sandbox: &Sandbox, name: &str, apple_mdm: bool) -> Tenant {
    let mut world = sandbox.shared().world();
    Tenant::new(world.add_organization(&seed(name, apple_mdm)), name)
}

fn with(
    sandbox: &Sandbox,
    tenant: &Tenant,
    change: impl FnOnce(&mut device_trust_sandbox::jumpcloud::State),
) {
    let mut world = sandbox.shared().world();
    change(
        world
            .more_organizations
            .get_mut(&tenant.organization)
            .unwrap(),
    );
}

fn systems(sandbox: &Sandbox, tenant: &Tenant) -> Vec<String> {
    let world = sandbox.shared().world();
    world.more_organizations[&tenant.organization].system_ids()
}

/// A policy of the name that the deployment wants, made by hand.
async fn clash(client: &JumpCloud) {
    let template = client
        .policy_template_named(CUSTOM_MDM_PROFILE_DARWIN)
        .await
        .unwrap();
    let field = template.field("payload").unwrap();
    let policy = NewPolicy {
        name: POLICY.into(),
        template_id: template.id.clone(),
        values: vec![PolicyValue::new(field, "PHBsaXN0Lz4=")],
        notes: None,
    };
    client.create_policy(&policy).await.unwrap();
}

async fn without_group(client: &JumpCloud) {
    let group = client
        .device_group_named(PILOT_DEVICE_GROUP)
        .await
        .unwrap()
        .unwrap();
    client.delete_device_group(&group.id).await.unwrap();
}

/// One organisation broken in each way, and what its reason holds.
async fn broken(sandbox: &Sandbox, client: &JumpCloud, macs: &Macs) -> Vec<(Tenant, &'static str)> {
    let of = |tenant: &Tenant| client.for_organization(&tenant.organization).unwrap();
    let no_mdm = add(sandbox, "no Apple MDM", false);
    let no_group = add(sandbox, "no group", true);
    without_group(&of(&no_group)).await;
    let clashing = add(sandbox, "a name clash", true);
    clash(&of(&clashing)).await;
    let denied = add(sandbox, "denied", true);
    with(sandbox, &denied, |state| state.refuse_everything(403));
    let down = add(sandbox, "down", true);
    with(sandbox, &down, |state| state.refuse_everything(500));
    let unknown = Tenant::new("5f00000000000000000000aa", "unknown");
    let malformed = Tenant::new("Globex", "malformed");
    let refusing = add(sandbox, "Macs that refuse", true);
    for system in systems(sandbox, &refusing) {
        macs.refuse(&system, true);
    }
    let mistyped = add(sandbox, "a mistyped override", true)
        .overrides(Overrides::default().device_groups("MacOS Pilot", ["All"]));
    let elsewhere = add(sandbox, "a group of another name", true)
        .overrides(Overrides::default().device_groups(PILOT_DEVICE_GROUP, ["All Macs"]));
    vec![
        (no_mdm, "Apple MDM is not set up"),
        (no_group, "device group `macOS pilot`: there is none"),
        (clashing, "was not deployed by `device-trust` and differs"),
        (denied, "does not allow this"),
        (down, "cannot be reached"),
        (unknown, "knows no such object"),
        (malformed, "is not an organisation id"),
        (refusing, "3 of 3 Macs refused the profile"),
        (mistyped, "the blueprint has none of that name"),
        (elsewhere, "device group `All Macs`: there is none"),
    ]
}

async fn run(sandbox: &Sandbox, tenants: &[Tenant], leave_out: Vec<String>) -> MspOutput {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tenants.json");
    std::fs::write(&file, serde_json::to_vec(tenants).unwrap()).unwrap();
    let job = Job::Msp {
        tenants: file,
        leave_out,
    };
    let output = child::run(sandbox, &job).await;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn outcomes(report: &Report) -> BTreeMap<&str, &TenantOutcome> {
    let entries = report.tenants.iter();
    entries
        .map(|tenant| (tenant.organization.as_str(), &tenant.outcome))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_all_good_ones_are_done_and_the_others_say_why() {
    const ALL: usize = 1000;
    const FIRST: usize = 100;
    let (sandbox, client) = sandbox().await;
    let macs = Macs::running(&sandbox, Duration::from_millis(250));
    let bad = broken(&sandbox, &client, &macs).await;
    let mut tenants: Vec<Tenant> = (bad.len()..ALL)
        .map(|n| add(&sandbox, &format!("tenant {n}"), true))
        .collect();
    // Among the first as well as among the others.
    for (n, (tenant, _)) in bad.iter().enumerate() {
        tenants.insert(n * ALL / bad.len() / 2, tenant.clone());
    }
    assert_eq!(tenants.len(), ALL);

    let first = run(&sandbox, &tenants[..FIRST], Vec::new()).await;
    let done = first.report.done();
    assert_eq!(done.len(), FIRST - 2, "{}", first.report);
    let set_up = writes(&sandbox).len();
    let all = run(&sandbox, &tenants, done.iter().cloned().collect()).await;

    let outcomes = outcomes(&all.report);
    assert_eq!(outcomes.len(), ALL);
    for tenant in &tenants {
        let outcome = outcomes[tenant.organization.as_str()];
        let reason = bad
            .iter()
            .find(|(one, _)| one.organization == tenant.organization);
        match (reason, outcome) {
            (None, TenantOutcome::Skipped) => assert!(done.contains(&tenant.organization)),
            (None, TenantOutcome::Done { changes, tally }) => {
                assert_eq!(
                    (*changes, tally.unwrap().succeeded),
                    (4, 3),
                    "{}",
                    tenant.name
                );
            }
            (Some((_, part)), TenantOutcome::Failed { reason, .. }) => {
                assert!(reason.contains(part), "{}: {reason}", tenant.name);
            }
            (Some((_, part)), TenantOutcome::Stopped { reason, .. }) => {
                assert!(
                    reason.to_string().contains(part),
                    "{}: {reason}",
                    tenant.name
                );
            }
            (_, other) => panic!("{}: {other:?}", tenant.name),
        }
    }
    assert_eq!(all.report.remaining().count(), bad.len());
    assert_eq!(all.report.done().len(), ALL - bad.len());
    let good = ALL - bad.len() - done.len();
    let refusing = 4;
    let mut expected = 4 * good;
    if !tenants[..FIRST]
        .iter()
        .any(|one| one.name == "Macs that refuse")
    {
        expected += refusing;
    }
    assert_eq!(writes(&sandbox).len() - set_up, expected);
    assert_eq!(macs.installations(), 3 * (ALL - bad.len()), "each Mac once");

    // Eight requests at a time, each on a connection of its own, and a few connections that the sandbox has not seen
    // closed yet. One after the other they would share one.
    let connections = sandbox.connections(Side::JumpCloud);
    assert!((8..=24).contains(&connections.peak), "{connections:?}");
    // Nine times as many organisations, and next to nothing more but the report.
    let more = all.peak_bytes.saturating_sub(first.peak_bytes);
    assert!(
        more < 2 << 20,
        "{} bytes for {FIRST}, {} for {ALL}",
        first.peak_bytes,
        all.peak_bytes
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_mended_is_done_by_the_next_run_and_nothing_is_written_twice() {
    let (sandbox, client) = sandbox().await;
    let macs = Macs::running(&sandbox, Duration::from_millis(10));
    let tenants = [
        add(&sandbox, "good", true),
        add(&sandbox, "refusing", true),
        add(&sandbox, "without group", true),
    ];
    for system in systems(&sandbox, &tenants[1]) {
        macs.refuse(&system, true);
    }
    without_group(&client.for_organization(&tenants[2].organization).unwrap()).await;
    let options = MspOptions::default().wait(patient());
    let run = async |options: &MspOptions, n| {
        let none = |_: &Tenant, _: &deploy::UndoRecord| Ok(());
        msp::deploy_all(
            &client,
            &desired(n),
            &tenants,
            &key(),
            options,
            none,
            |_| {},
        )
        .await
    };
    let report = run(&options, 1).await;
    assert_eq!(report.remaining().count(), 2, "{report}");
    assert!(
        report
            .to_string()
            .starts_with("1 of 3 organisations are done\n"),
        "{report}"
    );
    // The report survives its file.
    let report: Report = serde_json::from_value(json!(report)).unwrap();
    assert!(matches!(
        report.tenants[1].outcome,
        TenantOutcome::Stopped {
            reason: StopReason::TooManyFailed { failed: 3, .. },
            ..
        }
    ));

    for system in systems(&sandbox, &tenants[1]) {
        macs.refuse(&system, false);
    }
    let organization = client.for_organization(&tenants[2].organization).unwrap();
    organization
        .create_device_group(&jumpcloud_mdm::NewDeviceGroup::new(PILOT_DEVICE_GROUP))
        .await
        .unwrap();
    let group = organization
        .device_group_named(PILOT_DEVICE_GROUP)
        .await
        .unwrap()
        .unwrap();
    for system in systems(&sandbox, &tenants[2]) {
        organization
            .change_device_group_member(&group.id, jumpcloud_mdm::Operation::Add, &system)
            .await
            .unwrap();
    }
    let options = options.leave_out(report.done());
    let before = writes(&sandbox).len();
    let report = run(&options, 2).await;
    assert!(report.is_complete(), "{report}");
    assert!(matches!(report.tenants[0].outcome, TenantOutcome::Skipped));
    assert_eq!(
        writes(&sandbox).len() - before,
        1 + 4,
        "one PUT, one set-up"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_organisation_gets_its_own_profile_and_is_deployed_in_rings_too() {
    let (sandbox, client) = sandbox().await;
    let macs = Macs::running(&sandbox, Duration::from_millis(10));
    let own = |n: u32| Overrides::default().profile(POLICY, generation(n));
    let tenants = [
        add(&sandbox, "one", true).overrides(own(0xA1)),
        add(&sandbox, "two", true).overrides(own(0xA2)),
    ];
    let blueprint = desired(1);
    let options = MspOptions::default().wait(patient());
    let kept = std::sync::Mutex::new(Vec::new());
    let keep = |tenant: &Tenant, record: &deploy::UndoRecord| {
        kept.lock()
            .unwrap()
            .push((tenant.name.clone(), record.organization.clone().unwrap()));
        Ok(())
    };
    let report = msp::deploy_all(
        &client,
        &blueprint,
        &tenants,
        &key(),
        &options,
        keep,
        |_| {},
    )
    .await;
    assert!(report.is_complete(), "{report}");
    for (tenant, n) in tenants.iter().zip([0xA1, 0xA2]) {
        assert!(
            kept.lock()
                .unwrap()
                .contains(&(tenant.name.clone(), tenant.organization.clone()))
        );
        let client = client.for_organization(&tenant.organization).unwrap();
        let same = deploy::Desired::new("device-trust").profile(
            DesiredProfile::new(POLICY, generation(n))
                .device_group(PILOT_DEVICE_GROUP)
                .generation(1),
        );
        let observed = deploy::observe(&client, &same).await.unwrap();
        assert!(deploy::plan(&same, &observed, &key()).unwrap().is_empty());
    }
    assert_eq!(macs.installations(), 6);

    let ringed = deploy::Desired::new("device-trust").rings(
        "other",
        [Ring::new("pilot", generation(3)).device_group(PILOT_DEVICE_GROUP)],
    );
    let tenant = [Tenant::new(&tenants[0].organization, "one")];
    let none = |_: &Tenant, _: &deploy::UndoRecord| Ok(());
    let report = msp::deploy_all(&client, &ringed, &tenant, &key(), &options, none, |_| {}).await;
    assert!(
        matches!(
            report.tenants[0].outcome,
            TenantOutcome::Done { changes: 2, tally: Some(tally) } if tally.succeeded == 3
        ),
        "{report:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_that_is_named_twice_is_worked_on_once() {
    let (sandbox, client) = sandbox().await;
    let tenant = add(&sandbox, "one", true);
    let tenants = [tenant.clone(), tenant];
    let options = MspOptions::default();
    let report = msp::for_each(
        &client,
        &tenants,
        &options,
        |client, _| async move {
            client.send(&Request::v2(Method::GET, ["policies"])).await?;
            Ok(TenantOutcome::Done {
                changes: 0,
                tally: None,
            })
        },
        |_| {},
    )
    .await;
    assert!(matches!(
        report.tenants[0].outcome,
        TenantOutcome::Done { .. }
    ));
    assert!(
        report.tenants[1].to_string().contains("named twice"),
        "{report}"
    );
}

//! SIGKILL after each write that was committed, and then a second run: the end state is that of a run without trouble,
//! nothing is there twice, and no write is made twice. A PUT costs a certificate on every Mac.
#![allow(clippy::print_stdout)]

use std::time::Duration;

use device_trust_sandbox::{Effect, Fault, Seed, Side};
use device_trust_tests::jumpcloud::{Job, MspOutput, POLICY};
use jumpcloud_mdm::{deploy::Provenance, msp::Tenant};

use crate::{
    child,
    jobs::{self, Scenario, committed, end_state},
    support::{Macs, client, sandbox, writes},
};

/// Kills a job after each of its committed writes, runs it again, and compares with a run without trouble.
async fn kill_after_each_write(what: &str, scenario: Scenario) {
    let (whole, job) = (scenario.untroubled().await, &scenario.job);
    let all = &whole.committed;
    assert!(!all.is_empty());
    for place in 0..all.len() {
        let request = |one: &str| -> (String, String) {
            let mut words = one.split(' ').map(str::to_owned);
            (words.next().unwrap(), words.next().unwrap())
        };
        let (method, path) = request(&all[place]);
        let same = |one: &&String| request(one) == (method.clone(), path.clone());
        let earlier = all[..place].iter().filter(same).count();
        let case = format!("{job:?} killed after {place} ({method} {path})");
        let bench = scenario.bench().await;
        let sandbox = &bench.sandbox;
        let hold = Fault::on(Side::JumpCloud, &method, &path, Effect::Hold);
        sandbox.arm(hold.nth(earlier as u64 + 1));
        let status = child::kill_when_held(sandbox, job).await;
        let status = status.unwrap_or_else(|| panic!("{case}: it ended before"));
        #[cfg(unix)]
        {
            use std::os::unix::process::ExitStatusExt as _;
            assert_eq!(status.signal(), Some(9), "{case}");
        }
        assert_eq!(committed(sandbox).len(), place + 1, "{case}");
        sandbox.disarm();
        let output = child::run(sandbox, job).await;
        assert!(output.status.success(), "{case}: {output:?}");
        assert_eq!(end_state(sandbox), whole.state, "{case}");
        let wanted = scenario.committed_around(all, &all[place]);
        assert_eq!(committed(sandbox), wanted, "{case}: each write once");
        let before = writes(sandbox).len();
        assert!(child::run(sandbox, job).await.status.success(), "{case}");
        assert_eq!(writes(sandbox).len(), before, "{case}: nothing left to do");
    }
    println!(
        "{what}: {} kills, one after each committed write",
        all.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment() {
    kill_after_each_write("deployment", jobs::deployment().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change() {
    kill_after_each_write("change", jobs::change().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_ring() {
    kill_after_each_write("next ring", jobs::next_ring().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal() {
    kill_after_each_write("renewal", jobs::renewal().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal() {
    kill_after_each_write("withdrawal", jobs::withdrawal().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_of_a_change() {
    let scenario = jobs::rollback_of_a_change().await;
    kill_after_each_write("rollback of a change", scenario).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_of_a_deployment() {
    let scenario = jobs::rollback_of_a_deployment().await;
    kill_after_each_write("rollback of a deployment", scenario).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_license() {
    kill_after_each_write("license", jobs::license().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_license_elsewhere() {
    kill_after_each_write("license elsewhere", jobs::license_elsewhere().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_withdrawal_of_a_license() {
    let scenario = jobs::license_withdrawal().await;
    kill_after_each_write("withdrawal of a license", scenario).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_of_a_license() {
    let scenario = jobs::rollback_of_license_elsewhere().await;
    kill_after_each_write("rollback of a license", scenario).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_notes_of_a_killed_renewal_name_the_generation_that_is_there() {
    let (sandbox, _client) = sandbox().await;
    let deploy = Job::Deploy { generation: 1 };
    assert!(child::run(&sandbox, &deploy).await.status.success());
    sandbox.arm(Fault::on(
        Side::JumpCloud,
        "PUT",
        "/api/v2/policies/*",
        Effect::Hold,
    ));
    let renew = |generation| Job::Renew {
        policy: POLICY.into(),
        generation,
    };
    child::kill_when_held(&sandbox, &renew(2)).await.unwrap();
    sandbox.disarm();
    let policy = client(&sandbox)
        .policy_named(POLICY)
        .await
        .unwrap()
        .unwrap();
    let origin = Provenance::read(&policy.notes.unwrap()).unwrap();
    assert_eq!(origin.generation, Some(2));
    // The older one is refused from then on.
    let output = child::run(&sandbox, &renew(1)).await;
    assert!(!output.status.success());
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("OlderGeneration"),
        "{output:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload() {
    kill_after_each_write("upload", jobs::upload().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_over_many_organisations_is_gone_on_with_and_none_has_anything_twice() {
    let (sandbox, _client) = sandbox().await;
    let _macs = Macs::running(&sandbox, Duration::from_millis(10));
    let tenants: Vec<Tenant> = (0..6)
        .map(|n| {
            let mut world = sandbox.shared().world();
            let name = format!("tenant {n}");
            Tenant::new(world.add_organization(&Seed::default()), name)
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tenants.json");
    std::fs::write(&file, serde_json::to_vec(&tenants).unwrap()).unwrap();
    let job = Job::Msp {
        tenants: file,
        leave_out: Vec::new(),
    };
    for (path, place) in [("/api/v2/policies", 3), ("/api/v2/softwareapps", 1)] {
        let hold = Fault::on(Side::JumpCloud, "POST", path, Effect::Hold);
        sandbox.arm(hold.nth(place));
        // The log of an earlier round holds an earlier hold.
        sandbox.shared().world().requests.clear();
        let status = child::kill_when_held(&sandbox, &job).await;
        assert!(status.is_some(), "{path}");
        sandbox.disarm();
    }
    let output = child::run(&sandbox, &job).await;
    assert!(output.status.success(), "{output:?}");
    let output: MspOutput = serde_json::from_slice(&output.stdout).unwrap();
    assert!(output.report.is_complete(), "{}", output.report);
    let world = sandbox.shared().world();
    for tenant in &tenants {
        let state = serde_json::to_value(&world.more_organizations[&tenant.organization]).unwrap();
        for list in ["policies", "software"] {
            let found = state[list].as_array().unwrap().len();
            assert_eq!(found, 1, "{}: {list}", tenant.name);
        }
    }
}

//! A roll-out goes on only where it has proven itself, and goes on where it stopped.

use std::time::Duration;

use device_trust_sandbox::{Effect, Fault, PILOT_DEVICE_GROUP, Sandbox, Side};
use jumpcloud_mdm::{
    Error, JumpCloud, Operation,
    deploy::{
        self, Decision, Desired, DesiredProfile, DesiredSoftware, DeviceState, Package, Problem,
        RingRollout, RollOutOptions, StopReason, StopRule, WaitOptions,
    },
};

use crate::support::{
    Macs, RINGS, fill_rings, generation, impatient, key, patient, puts, ring, sandbox, writes,
};

fn desired(n: u32) -> Desired {
    let software = DesiredSoftware::new(
        "Okta Verify",
        Package::custom("okta-verify", "https://example.com/a.pkg"),
    );
    let software = RINGS.iter().fold(software, |software, (_, group)| {
        software.device_group(*group)
    });
    Desired::new("device-trust")
        .rings("trust", RINGS.map(|(name, _)| ring(name, n)))
        .software(software)
}

async fn roll_out(
    client: &JumpCloud,
    desired: &Desired,
    wait: WaitOptions,
) -> Result<RingRollout, Error> {
    let options = RollOutOptions::default()
        .rule(StopRule::default())
        .wait(wait);
    deploy::roll_out(client, desired, &options, &key(), |_, _| Ok(()), |_| {}).await
}

fn decisions(rollout: &RingRollout) -> Vec<(&str, usize, bool)> {
    rollout
        .rings
        .iter()
        .map(|ring| {
            let goes_on = ring.decision == Decision::GoOn;
            (ring.ring.as_str(), ring.changes, goes_on)
        })
        .collect()
}

async fn started() -> (Sandbox, JumpCloud, Macs, Vec<String>) {
    let (sandbox, client) = sandbox().await;
    fill_rings(&sandbox, &client).await;
    let macs = Macs::running(&sandbox, Duration::from_millis(5));
    let systems = sandbox.shared().world().jumpcloud.system_ids();
    (sandbox, client, macs, systems)
}

#[tokio::test(flavor = "multi_thread")]
async fn rings_follow_each_other_and_a_second_run_writes_nothing() {
    let (sandbox, client, macs, _) = started().await;
    let before = writes(&sandbox).len();
    let rollout = roll_out(&client, &desired(1), patient()).await.unwrap();
    assert!(rollout.is_complete(), "{rollout:?}");
    assert_eq!(
        decisions(&rollout),
        [("pilot", 4, true), ("10 %", 3, true), ("all", 3, true)]
    );
    assert_eq!(macs.installations(), 4, "each Mac once");
    let after = writes(&sandbox).len();
    assert_eq!(after - before, 10);
    let again = roll_out(&client, &desired(1), patient()).await.unwrap();
    assert!(again.is_complete());
    assert_eq!(writes(&sandbox).len(), after);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ring_whose_macs_refuse_stops_it_with_the_evidence_and_later_rings_are_untouched() {
    let (sandbox, client, macs, systems) = started().await;
    macs.refuse(&systems[2], true);
    let rollout = roll_out(&client, &desired(1), patient()).await.unwrap();
    let (report, reason) = rollout.stopped().unwrap();
    assert_eq!(report.ring, "10 %");
    assert_eq!(
        *reason,
        StopReason::TooManyFailed {
            failed: 1,
            of: 1,
            allowed_percent: 5
        }
    );
    assert_eq!(report.evidence.len(), 1);
    assert_eq!(report.evidence[0].system_id, systems[2]);
    let detail = report.evidence[0].detail.as_deref().unwrap();
    assert!(detail.contains("MDM-SCEP 15001"), "{detail}");
    assert_eq!(rollout.not_begun, ["all"]);
    assert!(client.policy_named("trust (all)").await.unwrap().is_none());

    // Nothing was mended: it stops at the same place, without a write.
    let written = writes(&sandbox).len();
    let again = roll_out(&client, &desired(1), patient()).await.unwrap();
    assert_eq!(again.stopped().unwrap().0.ring, "10 %");
    assert_eq!(writes(&sandbox).len(), written);

    // The mended profile goes through all rings; the old failure does not count against it.
    macs.refuse(&systems[2], false);
    let mended = roll_out(&client, &desired(2), patient()).await.unwrap();
    assert!(mended.is_complete(), "{mended:?}");
    assert_eq!(puts(&sandbox), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_ring_holds_it_until_its_macs_are_back() {
    let (sandbox, client, macs, systems) = started().await;
    macs.silence(&systems[0], true);
    let rollout = roll_out(&client, &desired(1), impatient()).await.unwrap();
    let (report, reason) = rollout.stopped().unwrap();
    assert!(
        matches!(
            reason,
            StopReason::TooFewReported {
                reported: 1,
                of: 2,
                ..
            }
        ),
        "{reason}"
    );
    assert_eq!(report.evidence[0].state, DeviceState::Unreported);
    assert_eq!(rollout.not_begun, ["10 %", "all"]);
    macs.silence(&systems[0], false);
    let rest = roll_out(&client, &desired(1), patient()).await.unwrap();
    assert!(rest.is_complete());
    assert_eq!(rest.rings[0].changes, 0);
    assert_eq!(puts(&sandbox), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_cut_off_after_an_update_does_not_take_old_results_for_new() {
    let (sandbox, client, macs, systems) = started().await;
    roll_out(&client, &desired(1), patient()).await.unwrap();
    for system in &systems {
        macs.silence(system, true);
    }
    // The update of the pilot is made, and then nothing more is answered.
    let dead = Fault::on(
        Side::JumpCloud,
        "GET",
        "/api/v2/systemgroups",
        Effect::Status(403),
    );
    let observe = 3 + 1;
    sandbox.arm(dead.from_nth_on(observe + 1));
    let cut_off = roll_out(&client, &desired(2), impatient()).await;
    assert!(cut_off.is_err(), "{cut_off:?}");
    sandbox.disarm();
    assert_eq!(puts(&sandbox), 1);
    // All Macs have a success from generation 1, which proves nothing of generation 2.
    let rest = roll_out(&client, &desired(2), impatient()).await.unwrap();
    let (report, reason) = rest.stopped().unwrap();
    assert_eq!((report.ring.as_str(), report.changes), ("pilot", 0));
    assert!(
        matches!(
            reason,
            StopReason::TooFewReported {
                reported: 0,
                of: 2,
                ..
            }
        ),
        "{reason}"
    );
    for system in &systems {
        macs.silence(system, false);
    }
    let rest = roll_out(&client, &desired(2), patient()).await.unwrap();
    assert!(rest.is_complete());
    assert_eq!(puts(&sandbox), 3, "one for each ring");
    assert_eq!(macs.installations(), 8, "each Mac twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mac_in_two_rings_is_refused_before_anything_is_written() {
    let (sandbox, client, _macs, systems) = started().await;
    let pilot = client
        .device_group_named(PILOT_DEVICE_GROUP)
        .await
        .unwrap()
        .unwrap();
    client
        .change_device_group_member(&pilot.id, Operation::Add, &systems[3])
        .await
        .unwrap();
    let written = writes(&sandbox).len();
    let error = roll_out(&client, &desired(1), patient()).await.unwrap_err();
    let Error::Refused { problems } = &error else {
        panic!("{error}")
    };
    assert_eq!(problems.len(), 1, "{problems:?}");
    for part in [
        "macOS pilot",
        "macOS rest",
        "1 Macs are in both",
        &systems[3],
    ] {
        let text = problems[0].to_string();
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(writes(&sandbox).len(), written);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_from_before_there_were_rings_is_refused_while_it_is_bound() {
    let (_sandbox, client, _macs, _) = started().await;
    let before = Desired::new("device-trust")
        .profile(DesiredProfile::new("trust", generation(1)).device_group(PILOT_DEVICE_GROUP));
    let observed = deploy::observe(&client, &before).await.unwrap();
    let plan = deploy::plan(&before, &observed, &key()).unwrap();
    let applied = deploy::apply(&client, &plan, &before, &key(), |_| {})
        .await
        .unwrap();
    let error = roll_out(&client, &desired(1), patient()).await.unwrap_err();
    let Error::Refused { problems } = &error else {
        panic!("{error}")
    };
    assert!(
        matches!(&problems[0], Problem::BoundBeforeRings { policy } if policy == "trust"),
        "{problems:?}"
    );
    client
        .delete_policy(&applied.policies["trust"])
        .await
        .unwrap();
    let rollout = roll_out(&client, &desired(1), patient()).await.unwrap();
    assert!(rollout.is_complete());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_problem_of_the_last_ring_shows_before_the_first_is_written() {
    let (sandbox, client, _macs, _) = started().await;
    let written = writes(&sandbox).len();
    let missing = desired(1).rings("other", [ring("all", 1).device_group("no such group")]);
    let error = roll_out(&client, &missing, patient()).await.unwrap_err();
    assert!(error.to_string().contains("no such group"), "{error}");
    assert_eq!(writes(&sandbox).len(), written);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_record_is_kept_for_each_ring_and_a_ring_that_cannot_be_recorded_is_not_written() {
    let (sandbox, client, _macs, _) = started().await;
    let written = writes(&sandbox).len();
    let options = RollOutOptions::default().wait(patient()).through("10 %");
    let mut kept = Vec::new();
    let keep = |ring: &str, record: &deploy::UndoRecord| {
        kept.push((ring.to_owned(), record.entries.len()));
        if ring == "pilot" {
            Ok(())
        } else {
            Err("the disk is full".into())
        }
    };
    let error = deploy::roll_out(&client, &desired(1), &options, &key(), keep, |_| {})
        .await
        .unwrap_err();
    assert!(error.to_string().contains("the disk is full"), "{error}");
    assert_eq!(kept, [("pilot".to_owned(), 4), ("10 %".to_owned(), 3)]);
    assert_eq!(writes(&sandbox).len(), written + 4);

    let through = deploy::roll_out(
        &client,
        &desired(1),
        &options,
        &key(),
        |_, _| Ok(()),
        |_| {},
    )
    .await
    .unwrap();
    assert_eq!(through.not_begun, ["all"]);
    assert!(through.stopped().is_none());
    let nowhere = RollOutOptions::default().through("moon");
    let error = deploy::roll_out(
        &client,
        &desired(1),
        &nowhere,
        &key(),
        |_, _| Ok(()),
        |_| {},
    )
    .await
    .unwrap_err();
    assert!(error.is_invalid(), "{error}");
}

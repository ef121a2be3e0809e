//! A plan that closes the catch-all is good for as long as its proof: kept on a disk for longer, it closes nothing, and says
//! nothing of one that is closed. Against an org that keeps state.
#![allow(missing_docs, clippy::unwrap_used)]

use device_trust_sandbox::Sandbox;
use device_trust_tests::okta::{self, SignIns, desired, stored};
use jiff::{SignedDuration, Timestamp};
use okta_devtrust::{
    Error, Okta,
    enforcement::{Waive, enforce_plan, gather},
    trust::{Action, Halted, Plan, Reason, apply, observe, plan, resume},
};
use secrecy::ExposeSecret as _;

/// What [`desired`] asks for, which is the default.
const HOURS: i64 = 24;

/// An org with everything applied and proved.
async fn proved() -> (Sandbox, Okta) {
    let sandbox = okta::start(None).await.unwrap();
    let token = sandbox.secrets().okta_api_token;
    let okta = okta::client(sandbox.okta_url(), token.expose_secret()).unwrap();
    let setup = plan(&desired(), &observe(&okta, &desired()).await.unwrap()).unwrap();
    apply(&okta, &setup, |_| {}).await.unwrap();
    SignIns::ENOUGH.write(sandbox.shared());
    (sandbox, okta)
}

/// The plan as it is read from a disk after so long.
fn aged(plan: &Plan, age: SignedDuration) -> Plan {
    let mut plan: Plan = serde_json::from_str(&serde_json::to_string(plan).unwrap()).unwrap();
    for change in &mut plan.changes {
        if let Action::CloseCatchAll { guard, .. } = &mut change.action {
            guard.proof.gathered = Timestamp::now() - age;
        }
    }
    plan
}

fn is_too_old(error: &Error) -> bool {
    let Error::Guarded { refusal, reopened } = error else {
        return false;
    };
    let is_age = |reason: &Reason| matches!(reason, Reason::ProofTooOld { hours, .. } if i64::from(*hours) == HOURS);
    reopened.is_none() && !refusal.reasons.is_empty() && refusal.reasons.iter().all(is_age)
}

fn may_be_closed(halted: &Halted) -> bool {
    matches!(&halted.error, Error::MayBeClosed { policy, cause } if policy == stored::ACCESS && is_too_old(cause))
}

fn writes(sandbox: &Sandbox) -> usize {
    let requests = sandbox.requests_of_this_run();
    requests.iter().filter(|one| one.is_write()).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_whose_proof_is_too_old_closes_nothing_and_a_younger_one_closes() {
    let (sandbox, okta) = proved().await;
    let closing = okta::closing(&okta).await.unwrap();
    let before = okta::state(&okta).await.unwrap();
    let earlier = writes(&sandbox);

    let limit = SignedDuration::from_hours(HOURS);
    let old = aged(&closing, limit + SignedDuration::from_mins(1));
    for halted in [
        apply(&okta, &old, |_| {}).await.unwrap_err(),
        resume(&okta, &old, |_| {}).await.unwrap_err(),
    ] {
        assert!(is_too_old(&halted.error), "{halted}");
        let said = halted.to_string();
        assert!(said.contains("gather evidence again"), "{said}");
    }
    assert_eq!(writes(&sandbox), earlier);
    assert_eq!(okta::state(&okta).await.unwrap(), before);

    let young = aged(&closing, limit - SignedDuration::from_mins(1));
    apply(&okta, &young, |_| {}).await.unwrap();
    assert!(stored::is_closed(&stored::org(sandbox.shared())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_catch_all_is_neither_opened_nor_vouched_for_by_a_proof_that_is_too_old() {
    let (sandbox, okta) = proved().await;
    let closing = okta::closing(&okta).await.unwrap();
    apply(&okta, &closing, |_| {}).await.unwrap();
    let closed = okta::state(&okta).await.unwrap();
    let earlier = writes(&sandbox);

    let old = aged(&closing, SignedDuration::from_hours(HOURS + 1));
    for halted in [
        apply(&okta, &old, |_| {}).await.unwrap_err(),
        resume(&okta, &old, |_| {}).await.unwrap_err(),
    ] {
        assert!(may_be_closed(&halted), "{halted}");
    }
    assert_eq!(writes(&sandbox), earlier);
    assert_eq!(okta::state(&okta).await.unwrap(), closed);

    // A proof of now says that it should deny, and so does the plan while it is young.
    assert!(okta::closing(&okta).await.unwrap().is_empty());
    resume(&okta, &closing, |_| {}).await.unwrap();
    assert_eq!(writes(&sandbox), earlier);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_age_of_a_proof_is_waived_by_no_name() {
    let (sandbox, okta) = proved().await;
    let mut desired = desired();
    desired.guard.waive.extend(Waive::ALL);
    let observed = observe(&okta, &desired).await.unwrap();
    let to = Timestamp::now() + SignedDuration::from_mins(1);
    let from = to - SignedDuration::from_hours(1);
    let proof = gather(&okta, &desired, &observed, from, to).await.unwrap();
    let closing = enforce_plan(&desired, &observed, &proof).unwrap();

    let old = aged(&closing, SignedDuration::from_hours(HOURS + 1));
    let halted = apply(&okta, &old, |_| {}).await.unwrap_err();
    assert!(is_too_old(&halted.error), "{halted}");
    assert!(!stored::is_closed(&stored::org(sandbox.shared())));
}

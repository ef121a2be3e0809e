//! Faults at every request of an apply, and the way back: the next run ends where a run without faults ends, nothing
//! is there twice, and a rollback leaves the org as it was. Okta knows no key that makes a create one of a kind, so one that
//! it makes as late as in the next run can come to be there twice: then every plan is refused by name.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use device_trust_sandbox::{Effect, Fault, RecordedRequest, Sandbox, Side, World};
use device_trust_tests::okta::{self, SignIns, desired};
use okta_devtrust::{
    Error, Okta,
    trust::{Undo, apply, apply_recorded, observe, plan, rollback},
};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tokio::task::JoinSet;

/// What happens to a request.
const EFFECTS: [Effect; 10] = [
    Effect::RetryAfter(429, 0),
    Effect::Status(500),
    Effect::Status(503),
    Effect::Reset,
    Effect::LoseAnswer,
    Effect::StaleRead,
    // The client gives up, reads back, and only then the write is made: while it still reads, while the next run does, and
    // between the two.
    Effect::Late(2),
    Effect::Late(4),
    Effect::Late(IN_THE_NEXT_RUN),
    Effect::Late(u64::MAX),
];

/// How many requests later a write is made that is made while the next run is at work.
const IN_THE_NEXT_RUN: u64 = 25;

async fn start(world: Option<&World>) -> (Sandbox, Okta) {
    let sandbox = okta::start(world).await.unwrap();
    let token = sandbox.secrets().okta_api_token;
    let okta = okta::client(sandbox.okta_url(), token.expose_secret()).unwrap();
    (sandbox, okta)
}

async fn state(okta: &Okta) -> Value {
    okta::state(okta).await.unwrap()
}

/// Runs a case for each effect at each of these requests, four at a time. How many there were.
async fn at_every_request<F>(requests: &[RecordedRequest], case: impl Fn(Effect, u64) -> F) -> usize
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut running = JoinSet::new();
    let mut runs = 0;
    for effect in &EFFECTS {
        for (nth, request) in (1..).zip(requests) {
            // A read that is late is one that is lost.
            if matches!(effect, Effect::Late(_)) && !request.is_write() {
                continue;
            }
            if running.len() == 4 {
                running.join_next().await.unwrap().unwrap();
            }
            running.spawn(case(effect.clone(), nth));
            runs += 1;
        }
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
    runs
}

/// One run as an operator would start it; whether nothing is left to do.
async fn run(okta: &Okta) -> Result<bool, String> {
    let observed = observe(okta, &desired()).await.map_err(|e| e.to_string())?;
    let plan = plan(&desired(), &observed).map_err(|e| e.to_string())?;
    if plan.is_empty() {
        return Ok(true);
    }
    apply(okta, &plan, |_| {})
        .await
        .map_err(|e| e.to_string())?;
    Ok(false)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_at_any_request_of_an_apply_ends_where_a_run_without_faults_ends() {
    let (sandbox, okta) = start(None).await;
    let observed = observe(&okta, &desired()).await.unwrap();
    let reads = sandbox.requests_of_this_run().len();
    let first = plan(&desired(), &observed).unwrap();
    let world = sandbox.shared().world().clone();
    apply(&okta, &first, |_| {}).await.unwrap();
    let requests = sandbox.requests_of_this_run().split_off(reads);
    let whole = state(&okta).await;
    drop(sandbox);

    let runs = at_every_request(&requests, |effect, nth| {
        let (world, whole) = (world.clone(), whole.clone());
        async move {
            let (sandbox, okta) = start(Some(&world)).await;
            let observed = observe(&okta, &desired()).await.unwrap();
            let plan = plan(&desired(), &observed).unwrap();
            sandbox.arm(Fault::on(Side::Okta, "*", "/**", effect.clone()).nth(nth));
            let _ = apply(&okta, &plan, |_| {}).await;
            if effect == Effect::Late(u64::MAX) {
                sandbox.land().await;
            }
            let case = format!("{effect:?} at request {nth}");
            let mut said = Vec::new();
            for _ in 0..4 {
                said.push(run(&okta).await);
                if said.last() == Some(&Ok(true)) {
                    break;
                }
            }
            // What Okta makes only while the next run is at work, that run may make as well: then it is named.
            if effect == Effect::Late(IN_THE_NEXT_RUN)
                && let Some(Err(refusal)) = said.last()
            {
                assert!(
                    refusal.starts_with("refused:\n- several "),
                    "{case}: {said:?}"
                );
                return;
            }
            assert_eq!(said.last(), Some(&Ok(true)), "{case}: {said:?}");
            assert_eq!(state(&okta).await, whole, "{case}: {said:?}");
        }
    })
    .await;
    println!(
        "{runs} faults: each of {} requests of apply, {} kinds; no duplicate, every final state equal",
        requests.len(),
        EFFECTS.len()
    );
}

/// One run of an operator's that closes the catch-all; whether nothing is left to do.
async fn close(okta: &Okta) -> Result<bool, String> {
    let plan = okta::closing(okta).await.map_err(|e| e.to_string())?;
    if plan.is_empty() {
        return Ok(true);
    }
    let applied = apply(okta, &plan, |_| {}).await;
    applied.map_err(|e| e.to_string()).map(|_| false)
}

/// The writes that were committed, by what they set the catch-all to.
fn committed(sandbox: &Sandbox) -> Vec<String> {
    let requests = sandbox.requests_of_this_run().into_iter();
    requests
        .filter(|one| one.is_write() && (200..300).contains(&one.status))
        .map(|one| one.body.unwrap()["actions"]["appSignOn"]["access"].to_string())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_at_any_request_of_an_enforce_ends_where_a_run_without_faults_ends() {
    let (sandbox, okta) = start(None).await;
    let observed = observe(&okta, &desired()).await.unwrap();
    let setup = plan(&desired(), &observed).unwrap();
    apply(&okta, &setup, |_| {}).await.unwrap();
    SignIns::ENOUGH.write(sandbox.shared());
    let world = sandbox.shared().world().clone();
    let earlier = sandbox.requests_of_this_run().len();
    assert_eq!(close(&okta).await, Ok(false));
    let requests = sandbox.requests_of_this_run().split_off(earlier);
    assert_eq!(close(&okta).await, Ok(true));
    let whole = state(&okta).await;
    drop(sandbox);

    let runs = at_every_request(&requests, |effect, nth| {
        let (world, whole) = (world.clone(), whole.clone());
        async move {
            let case = format!("{effect:?} at request {nth}");
            let (sandbox, okta) = start(Some(&world)).await;
            sandbox.arm(Fault::on(Side::Okta, "*", "/**", effect.clone()).nth(nth));
            let mut said = Vec::new();
            for _ in 0..4 {
                said.push(close(&okta).await);
                if effect == Effect::Late(u64::MAX) {
                    sandbox.land().await;
                }
                if said.last() == Some(&Ok(true)) {
                    break;
                }
            }
            assert_eq!(said.last(), Some(&Ok(true)), "{case}: {said:?}");
            assert_eq!(state(&okta).await, whole, "{case}");
            let mut committed = committed(&sandbox);
            if matches!(effect, Effect::Late(_)) {
                // The next run may close what is about to be closed.
                committed.dedup();
            }
            assert_eq!(committed, ["\"DENY\""], "{case}: {said:?}");
        }
    })
    .await;
    println!(
        "{runs} faults: each of {} requests of enforce, {} kinds; closed once, every final state equal",
        requests.len(),
        EFFECTS.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_from_a_record_on_disk_leaves_the_org_as_it_was() {
    let (sandbox, okta) = start(None).await;
    let before = state(&okta).await;
    let observed = observe(&okta, &desired()).await.unwrap();
    let plan = plan(&desired(), &observed).unwrap();
    let record = tempfile::NamedTempFile::new().unwrap();
    let writes = |sandbox: &Sandbox| {
        let requests = sandbox.requests_of_this_run();
        requests.iter().filter(|r| r.method != "GET").count()
    };
    let save = |undo: &Undo| {
        assert_eq!(
            writes(&sandbox),
            0,
            "the record comes before the first write"
        );
        std::fs::write(record.path(), serde_json::to_vec(undo).unwrap())
    };
    apply_recorded(&okta, &plan, save, |_| {}).await.unwrap();
    assert_ne!(state(&okta).await, before);

    let undo: Undo = serde_json::from_slice(&std::fs::read(record.path()).unwrap()).unwrap();
    rollback(&okta, &undo, |_| {}).await.unwrap();
    assert_eq!(state(&okta).await, before);

    let after = writes(&sandbox);
    rollback(&okta, &undo, |_| {}).await.unwrap();
    assert_eq!(writes(&sandbox), after, "a second rollback writes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_after_an_apply_stopped_anywhere_leaves_the_org_as_it_was() {
    let (sandbox, okta) = start(None).await;
    let before = state(&okta).await;
    let world = sandbox.shared().world().clone();
    let observed = observe(&okta, &desired()).await.unwrap();
    let changes = plan(&desired(), &observed).unwrap().len() as u64;
    for nth in 1..=changes {
        for method in ["POST", "PUT"] {
            let (sandbox, okta) = start(Some(&world)).await;
            let observed = observe(&okta, &desired()).await.unwrap();
            let plan = plan(&desired(), &observed).unwrap();
            sandbox.arm(Fault::on(Side::Okta, method, "/**", Effect::Status(500)).nth(nth));
            let _ = apply(&okta, &plan, |_| {}).await;
            sandbox.disarm();
            rollback(&okta, &Undo::of(&plan), |_| {}).await.unwrap();
            assert_eq!(state(&okta).await, before, "stopped at {method} {nth}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_does_not_overwrite_what_an_admin_changed_since() {
    let (_sandbox, okta) = start(None).await;
    let observed = observe(&okta, &desired()).await.unwrap();
    let plan = plan(&desired(), &observed).unwrap();
    apply(&okta, &plan, |_| {}).await.unwrap();
    let observed = observe(&okta, &desired()).await.unwrap();
    let access = observed.access_policy(&desired()).unwrap();
    let mut rule = access.rule("device-trust: Managed macOS").unwrap().clone();
    rule.conditions = okta_devtrust::Field::Null;
    okta.replace_rule(&access.policy.id, &rule.id, &rule)
        .await
        .unwrap();
    let changed = state(&okta).await;

    let halted = rollback(&okta, &Undo::of(&plan), |_| {}).await.unwrap_err();
    assert!(matches!(halted.error, Error::Stale { .. }), "{halted}");
    assert!(halted.applied.steps.is_empty());
    assert_eq!(state(&okta).await, changed);
}

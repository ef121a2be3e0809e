//! Nobody is locked out: random orgs, administrators who change things between any two requests, requests that fail,
//! outages, clients that are gone at any request, and applying, closing, rolling back and taking off in random order.
//! The judge reads the sandbox's own state and shares no code with the guard. What it holds the client to:
//!
//! 1. *Closing*: what was unmet when a run began to act on its plan to close, and is unmet right before the write, was
//!    waived by name: else there is no write.
//! 2. *After closing*: what was unmet right before the write, by a change that slipped in after the last look, and still
//!    is when the run ends, was waived: else the catch-all is open again, or requests failed and the run says that it may deny.
//! 3. *The next run*: a catch-all that denies while a condition is unmet is opened by a run that goes on with its plan, and no
//!    run passes over it as if all were well.
//! 4. *Under a closed catch-all*: no write of ours makes a condition unmet while the policy decides for somebody's app.
//! 5. *The session policy* is made by no plan while a policy lets people in with less than a password. (A rollback of a
//!    teardown puts back what its record says was there.)
//! 6. *Changes of others*: what an administrator changed while a run acted stands after it, unless it was a change to what
//!    the run was asked to take off.
//!
//! What is unmet includes that a proof is about other people or another device assurance policy than there are by now.
//!
//! Okta has no conditional writes, so some things cannot be had from any client. A change to the very object that the next
//! request replaces or deletes, made after it was read, is lost, and so is one to an object of a write that is made after
//! the client gave it up; the judge leaves them out. An administrator who changes something after the last look of a run is
//! found by the next. And who closes the catch-all by hand after a run did cannot be told from that run. An answer that is
//! out of date deceives a client the same way: where there is one, only 3, 5 and 6 are asked.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

mod lockout;

use std::collections::{BTreeMap, BTreeSet};

use device_trust_sandbox::{Effect, Fault, Side, World};
use device_trust_tests::okta::{self, stored};
use lockout::{
    case::{Case, End, Op, When, cases},
    edit::Edit,
    judge,
    operator::Operator,
    org::Org,
    seed::{desired, seed},
};
use okta_devtrust::{
    enforcement::Waive,
    trust::{apply, observe, plan},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use secrecy::ExposeSecret as _;

/// The worlds that cases start from: a fresh org, and one with everything applied.
struct Worlds {
    fresh: World,
    applied: World,
}

impl Worlds {
    async fn new() -> Self {
        let sandbox = okta::start(None).await.unwrap();
        seed(sandbox.shared());
        let fresh = sandbox.shared().world().clone();
        let token = sandbox.secrets().okta_api_token;
        let client = okta::client(sandbox.okta_url(), token.expose_secret()).unwrap();
        let plan = plan(&desired(), &observe(&client, &desired()).await.unwrap()).unwrap();
        apply(&client, &plan, |_| {}).await.unwrap();
        let applied = sandbox.shared().world().clone();
        Self { fresh, applied }
    }
}

/// About how many requests a run takes, to place what happens in it.
fn length(op: Op) -> u64 {
    match op {
        Op::Apply => 75,
        Op::Enforce => 118,
        Op::Rollback => 70,
        Op::Teardown => 95,
    }
}

/// How the runs of a case ended.
type Ends = BTreeMap<&'static str, usize>;

fn subtract<'a>(unmet: &BTreeSet<&'a str>, waived: &BTreeSet<&str>) -> Vec<&'a str> {
    let mut left = unmet.iter().filter(|one| !waived.contains(*one));
    left.by_ref().copied().collect()
}

async fn run(case: &Case, worlds: &Worlds) -> Result<Ends, TestCaseError> {
    let world = if case.start.applied {
        &worlds.applied
    } else {
        &worlds.fresh
    };
    let sandbox = okta::start(Some(world)).await.unwrap();
    let org = Org::new(&sandbox);
    case.start.make(org.shared());
    for edit in &case.before {
        org.edit(*edit);
    }
    let mut desired = desired();
    desired.guard.waive = case.waive.into_iter().collect();
    if !case.start.enrolment_app {
        desired.enrollment_app = None;
    }
    let waived: BTreeSet<&str> = case.waive.into_iter().map(Waive::as_str).collect();
    let mut operator = Operator::new(desired);
    let mut ends = Ends::new();
    let mut signed_in = false;
    for run in &case.runs {
        if run.op == Op::Enforce && !signed_in {
            case.sign_ins.write(org.shared());
            signed_in = true;
        }
        let at = |thousandths: u64| thousandths * length(run.op) / 1000;
        let edits = run.edits.iter();
        let edits = edits.map(|(when, edit)| (when.placed(length(run.op)), *edit));
        let gone_at = match run.end {
            Some(End::Killed(when)) => Some(at(when)),
            _ => None,
        };
        org.begin(edits.collect(), gone_at);
        for (when, effect) in &run.faults {
            sandbox.arm(Fault::on(Side::Okta, "*", "/**", effect.clone()).nth(at(*when) + 1));
        }
        if let Some(End::Outage(when)) = run.end {
            let outage = Fault::on(Side::Okta, "*", "/**", Effect::Reset);
            sandbox.arm(outage.from_nth_on(at(when) + 1));
        }
        let (before, was_closed) = (org.state(), stored::is_closed(&org.state()));
        let outcome = tokio::select! {
            outcome = operator.run(&org, run.op) => Some(outcome),
            () = org.gone() => None,
        };
        sandbox.disarm();
        sandbox.land().await;
        let end = org.state();
        let seen = org.finish();
        let context = format!("{run:?} of {case:?} ended with {outcome:?}");

        prop_assert!(
            seen.overwritten.is_empty(),
            "overwritten: {:?} by {context}",
            seen.overwritten
        );
        let has_session = |org| stored::policy(org, "Pilot sessions").is_some();
        let makes_session = run.op == Op::Apply && !has_session(&before) && has_session(&end);
        if makes_session && !waived.contains("session_strength") {
            let weak = judge::weak_somewhere(&before) && judge::weak_somewhere(&end);
            prop_assert!(!weak, "a session policy over a weak one by {context}");
        }
        let closed = stored::is_closed(&end);
        if !case.has_stale_reads() {
            let taken = subtract(&seen.taken, &waived);
            prop_assert!(taken.is_empty(), "{taken:?} taken away by {context}");
            if let Some(closing) = &seen.closing {
                let overlooked = subtract(&closing.overlooked, &waived);
                prop_assert!(
                    overlooked.is_empty(),
                    "{overlooked:?} overlooked by {context}"
                );
                let still = org.unmet(&end);
                let still = still.intersection(&closing.unmet).copied().collect();
                let still = subtract(&still, &waived);
                let said = match &outcome {
                    None => true,
                    Some(Ok(())) => false,
                    Some(Err(said)) => {
                        let troubled = run.end.is_some() || !run.faults.is_empty();
                        troubled
                            && (said.contains("may deny now") || said.contains("is closed, and"))
                    }
                };
                prop_assert!(
                    !closed || still.is_empty() || said || seen.closed_by_hand,
                    "closed while {still:?} is unmet by {context}"
                );
            }
        }
        let how = match (was_closed, seen.closing.is_some(), closed, &outcome) {
            (_, _, _, None) => "killed",
            (false, true, true, _) => "closed",
            (_, true, false, _) => "closed and opened again",
            (true, _, false, _) => "opened",
            (_, _, _, Some(Err(_))) => "refused or failed",
            _ => "done",
        };
        *ends.entry(how).or_default() += 1;
    }
    next_run(&org, &mut operator, &waived).await?;
    Ok(ends)
}

/// A run in which nothing happens, after all that did.
async fn next_run(
    org: &Org,
    operator: &mut Operator,
    waived: &BTreeSet<&str>,
) -> Result<(), TestCaseError> {
    let before = org.state();
    let is_left = stored::is_closed(&before) && operator.unfinished.is_some();
    let mut unmet = judge::unmet_in_the_org(&before);
    unmet.extend(org.moved(&before));
    let unmet = subtract(&unmet, waived);
    org.begin(Vec::new(), None);
    let outcome = operator.run(org, Op::Enforce).await;
    let end = org.state();
    let closed = stored::is_closed(&end);
    if is_left && !unmet.is_empty() {
        prop_assert!(!closed, "left closed while {unmet:?} is unmet: {outcome:?}");
    }
    let unmet = subtract(&judge::unmet_in_the_org(&end), waived);
    prop_assert!(
        !closed || unmet.is_empty() || outcome.is_err(),
        "passed over a closed catch-all while {unmet:?} is unmet"
    );
    Ok(())
}

#[test]
fn whatever_happens_meanwhile_nobody_is_locked_out_and_no_change_is_overwritten() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let worlds = runtime.block_on(Worlds::new());
    let all = std::cell::RefCell::new(Ends::new());
    let count = |ends: Ends| {
        for (how, many) in ends {
            *all.borrow_mut().entry(how).or_default() += many;
        }
    };
    for (case, how) in Case::directed() {
        let ends = runtime.block_on(run(&case, &worlds)).unwrap();
        assert_eq!(ends.get(how), Some(&1), "{ends:?} of {case:?}");
        count(ends);
    }
    let cases_to_run = std::env::var("DEVTRUST_LOCKOUT_CASES");
    let config = Config {
        cases: cases_to_run.ok().and_then(|n| n.parse().ok()).unwrap_or(96),
        failure_persistence: None,
        max_shrink_iters: 64,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&cases(), |case| {
            count(runtime.block_on(run(&case, &worlds))?);
            Ok(())
        })
        .unwrap();
    println!("runs: {:?}", all.borrow());
    for how in [
        "closed",
        "closed and opened again",
        "opened",
        "killed",
        "refused or failed",
    ] {
        assert!(all.borrow().contains_key(how), "no run is {how}");
    }
}

/// What an operator is told by a run that closes the catch-all, with changes in it; and the org after it.
async fn enforce_with(worlds: &Worlds, when: When, edits: &[Edit]) -> (Org, Result<(), String>) {
    let sandbox = okta::start(Some(&worlds.applied)).await.unwrap();
    let org = Org::new(&sandbox);
    okta::SignIns::ENOUGH.write(org.shared());
    org.begin(edits.iter().map(|edit| (when, *edit)).collect(), None);
    let said = Operator::new(desired()).run(&org, Op::Enforce).await;
    drop(sandbox);
    (org, said)
}

/// A change that slips in between the last look and the write is found by the look after it, whatever it is. Only one of
/// the catch-all itself is lost: the write replaces it.
#[test]
fn every_change_right_before_the_write_opens_the_catch_all_again() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let worlds = Worlds::new().await;
        for edit in Edit::ALL {
            let (org, said) = enforce_with(&worlds, When::Closing, &[edit]).await;
            let closed = stored::is_closed(&org.state());
            let seen = org.finish();
            assert!(seen.closing.is_some(), "{edit:?}: it was never closed");
            assert_eq!(seen.overwritten, [], "{edit:?}");
            if edit.is_of_catch_all() {
                assert_eq!(said, Ok(()), "{edit:?}");
                assert!(closed, "{edit:?}");
            } else {
                let said = said.unwrap_err();
                assert!(said.contains("closed and opened again"), "{edit:?}: {said}");
                assert!(!closed, "{edit:?}");
            }
        }
    });
}

/// A change after the write and before the look after it stands, and opens the catch-all again.
#[test]
fn every_change_right_after_the_write_stands_and_opens_the_catch_all_again() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let worlds = Worlds::new().await;
        for edit in Edit::ALL {
            let (org, said) = enforce_with(&worlds, When::AfterClosing(1), &[edit]).await;
            let end = org.state();
            let seen = org.finish();
            assert!(seen.closing.is_some(), "{edit:?}: it was never closed");
            assert!(edit.stands(&end), "{edit:?}: {said:?}");
            // Who closes what is closed changes nothing.
            if edit == Edit::CloseByHand {
                assert_eq!(said, Ok(()), "{edit:?}");
                assert!(stored::is_closed(&end), "{edit:?}");
            } else {
                let said = said.unwrap_err();
                assert!(said.contains("closed and opened again"), "{edit:?}: {said}");
                assert!(!stored::is_closed(&end), "{edit:?}");
            }
        }
    });
}

/// What an administrator sets in the catch-all, or takes out of it, stays so when it is opened again for another reason.
#[test]
fn opening_the_catch_all_again_keeps_what_was_changed_in_it_since() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let worlds = Worlds::new().await;
        for edit in [Edit::OneFactorAtCatchAll, Edit::NoTimesAtCatchAll] {
            let edits = [edit, Edit::SuspendBreakGlassMember];
            let (org, said) = enforce_with(&worlds, When::AfterClosing(1), &edits).await;
            let said = said.unwrap_err();
            assert!(said.contains("closed and opened again"), "{edit:?}: {said}");
            let end = org.state();
            assert!(!stored::is_closed(&end), "{edit:?}");
            assert!(edit.stands(&end), "{edit:?}");
            assert_eq!(org.finish().overwritten, [], "{edit:?}");
        }
    });
}

/// Who closes the catch-all by hand between the look of a run and its write has not proved it; but it is theirs.
#[test]
fn what_somebody_closes_between_the_look_and_the_write_is_named_and_left_as_it_is() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let worlds = Worlds::new().await;
        let (org, _) = enforce_with(&worlds, When::At(0), &[]).await;
        // The write reads the rule right before it.
        let reads = org.finish().closed_at.unwrap() - 1;
        let edits = [Edit::CloseByHand, Edit::SuspendBreakGlassMember];
        let (org, said) = enforce_with(&worlds, When::At(reads), &edits).await;
        let said = said.unwrap_err();
        assert!(
            said.contains("denies already, and that people still get in"),
            "{said}"
        );
        assert!(said.contains("nothing was written"), "{said}");
        let end = org.state();
        assert!(edits.iter().all(|edit| edit.stands(&end)), "{said}");
        assert_eq!(org.finish().overwritten, []);

        let (org, said) = enforce_with(&worlds, When::At(reads), &[Edit::CloseByHand]).await;
        assert_eq!(said, Ok(()), "it is as it was proved");
        assert!(stored::is_closed(&org.state()));
    });
}

/// Okta may make the write that closes the catch-all after the client gave it up: before it looks, while it looks, and once
/// it has gone. A condition that stopped holding meanwhile is told, and a run that goes on with it opens what was closed.
#[test]
fn a_closing_that_is_made_late_is_named_as_one_and_opened_if_a_condition_is_not_met_any_more() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let worlds = Worlds::new().await;
        let mut left_closed = 0;
        for passing in [1, 2, 5, 30, 60, 100, u64::MAX] {
            let sandbox = okta::start(Some(&worlds.applied)).await.unwrap();
            let org = Org::new(&sandbox);
            okta::SignIns::ENOUGH.write(org.shared());
            let rules = "/api/v1/policies/*/rules/*";
            sandbox.arm(Fault::on(Side::Okta, "PUT", rules, Effect::Late(passing)));
            org.begin(vec![(When::Closing, Edit::SuspendBreakGlassMember)], None);
            let mut operator = Operator::new(desired());
            let said = operator.run(&org, Op::Enforce).await.unwrap_err();
            sandbox.land().await;
            if !stored::is_closed(&org.state()) {
                assert!(
                    said.contains("closed and opened again"),
                    "{passing}: {said}"
                );
                continue;
            }
            left_closed += 1;
            assert!(said.contains("may deny now"), "{passing}: {said}");
            let said = operator.run(&org, Op::Enforce).await.unwrap_err();
            assert!(
                said.contains("closed and opened again"),
                "{passing}: {said}"
            );
            assert!(!stored::is_closed(&org.state()), "{passing}");
        }
        assert!(left_closed > 0, "no write was made after the last look");
    });
}

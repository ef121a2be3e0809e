//! Nobody is locked out: random orgs, administrators who change things between any two requests, and requests that fail.
//! Whatever happens, the catch-all is not left denying while a condition of the guard is unmet, unless it was waived by
//! name, and no change of an administrator's that came in between is overwritten.
//!
//! The judge reads the sandbox's own state and shares no code with the guard. Okta has no conditional writes, so one
//! thing cannot be had from any client: a change to the very rule that the next request replaces, made after it was read,
//! is lost. The judge leaves that one out.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

mod lockout;

use std::collections::BTreeSet;

use device_trust_sandbox::{Effect, Fault, Side, World};
use device_trust_tests::okta::{self, desired};
use lockout::{
    edit::Edit,
    judge,
    org::{Org, SignIns},
};
use okta_devtrust::{
    enforcement::{Waive, enforce_plan, gather},
    trust::{Desired, apply, observe, plan},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

/// One run of the whole job, and all that happens to it.
#[derive(Clone, Debug)]
struct Case {
    /// Whether the plan was applied by an earlier run.
    applied: bool,
    /// What an administrator had changed before.
    before: Vec<Edit>,
    /// What an administrator changes meanwhile, and when, in thousandths of the run.
    meanwhile: Vec<(u64, Edit)>,
    /// A request that fails, and when.
    fault: Option<(u64, Effect)>,
    sign_ins: SignIns,
    waive: Option<Waive>,
}

fn cases() -> impl Strategy<Value = Case> {
    let edit = || prop::sample::select(Edit::ALL.to_vec());
    let effect = prop::sample::select(vec![
        Effect::Status(500),
        Effect::Status(503),
        Effect::Reset,
        Effect::LoseAnswer,
        Effect::StaleRead,
    ]);
    let sign_ins = (
        prop_oneof![4 => Just(3_usize), 1 => 0..3_usize],
        prop_oneof![4 => Just(0_usize), 1 => 0..3_usize],
        prop::bool::weighted(0.85),
    );
    (
        any::<bool>(),
        prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(edit(), 1..3)],
        // Most of them come near the end, where the catch-all is closed.
        prop::collection::vec(
            (prop_oneof![1 => 0..1000_u64, 3 => 600..1000_u64], edit()),
            0..3,
        ),
        prop::option::weighted(0.3, (0..1000_u64, effect)),
        sign_ins,
        prop::option::weighted(0.2, prop::sample::select(Waive::ALL.to_vec())),
    )
        .prop_map(|(applied, before, meanwhile, fault, sign_ins, waive)| {
            let (managed, unmanaged, pilot_denial) = sign_ins;
            Case {
                applied,
                before,
                meanwhile,
                fault,
                sign_ins: SignIns {
                    managed,
                    unmanaged,
                    pilot_denial,
                },
                waive,
            }
        })
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Closed,
    Reopened,
    LeftOpen,
}

/// The worlds that cases start from, and how many requests a run without trouble makes on each.
struct Worlds {
    fresh: (World, u64),
    applied: (World, u64),
}

impl Worlds {
    async fn new() -> Self {
        let sandbox = okta::start(None).await.unwrap();
        let fresh = sandbox.shared().world().clone();
        let token = sandbox.secrets().okta_api_token;
        let client = okta::client(
            sandbox.okta_url(),
            secrecy::ExposeSecret::expose_secret(&token),
        )
        .unwrap();
        let plan = plan(&desired(), &observe(&client, &desired()).await.unwrap()).unwrap();
        apply(&client, &plan, |_| {}).await.unwrap();
        let applied = sandbox.shared().world().clone();
        let mut worlds = Self {
            fresh: (fresh, 0),
            applied: (applied, 0),
        };
        for applied in [false, true] {
            let case = Case {
                applied,
                before: Vec::new(),
                meanwhile: Vec::new(),
                fault: None,
                sign_ins: SignIns {
                    managed: 3,
                    unmanaged: 0,
                    pilot_denial: true,
                },
                waive: None,
            };
            let (end, requests) = run(&case, &worlds).await.unwrap();
            assert_eq!(
                end,
                End::Closed,
                "a run without trouble closes the catch-all"
            );
            let world = if applied {
                &mut worlds.applied
            } else {
                &mut worlds.fresh
            };
            world.1 = requests;
        }
        worlds
    }
}

/// The whole job, as a program does it: whatever fails ends it.
async fn job(org: &Org, desired: &Desired, sign_ins: &SignIns) -> Result<(), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let from = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1);
    let observed = observe(&org.okta, desired).await.map_err(|e| text(&e))?;
    let setup = plan(desired, &observed).map_err(|e| text(&e))?;
    org.applying(true);
    let made = apply(&org.okta, &setup, |_| {}).await;
    org.applying(false);
    made.map_err(|e| text(&e))?;
    org.sign_in(sign_ins);
    let observed = observe(&org.okta, desired).await.map_err(|e| text(&e))?;
    let to = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(60);
    let proof = gather(&org.okta, desired, &observed, from, to)
        .await
        .map_err(|e| text(&e))?;
    let closing = enforce_plan(desired, &observed, &proof).map_err(|e| text(&e))?;
    org.applying(true);
    let closed = apply(&org.okta, &closing, |_| {}).await;
    org.applying(false);
    closed.map_err(|e| text(&e)).map(drop)
}

async fn run(case: &Case, worlds: &Worlds) -> Result<(End, u64), TestCaseError> {
    let (world, requests) = if case.applied {
        &worlds.applied
    } else {
        &worlds.fresh
    };
    let sandbox = okta::start(Some(world)).await.unwrap();
    let at = |thousandths: u64| thousandths * requests / 1000;
    let meanwhile = case.meanwhile.iter().map(|(when, edit)| (at(*when), *edit));
    let org = Org::new(&sandbox, meanwhile.collect());
    for edit in &case.before {
        org.edit(*edit);
    }
    if let Some((when, effect)) = &case.fault {
        sandbox.arm(Fault::on(Side::Okta, "*", "/**", effect.clone()).nth(at(*when) + 1));
    }
    let mut desired = desired();
    desired.guard.waive = case.waive.into_iter().collect();
    let outcome = job(&org, &desired, &case.sign_ins).await;

    let end = org.state();
    let waived: BTreeSet<&str> = case.waive.into_iter().map(Waive::as_str).collect();
    let closing = org.at_closing();
    let closed = judge::is_closed(&end);
    if closed {
        let before = closing.as_ref().map(judge::unmet).unwrap_or_default();
        let unmet: Vec<&str> = judge::unmet(&end)
            .into_iter()
            .filter(|one| before.contains(one) && !waived.contains(one))
            .collect();
        prop_assert!(
            unmet.is_empty(),
            "closed while {unmet:?} is unmet; the job says {outcome:?}"
        );
        prop_assert!(closing.is_some(), "closed by nobody");
    }
    let lost = org.overwritten();
    prop_assert!(
        lost.is_empty(),
        "overwritten: {lost:?}; the job says {outcome:?}"
    );
    let end = match (closed, closing.is_some()) {
        (true, _) => End::Closed,
        (false, true) => End::Reopened,
        (false, false) => End::LeftOpen,
    };
    Ok((end, org.requests()))
}

#[test]
fn whatever_happens_meanwhile_nobody_is_locked_out_and_no_change_is_overwritten() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let worlds = runtime.block_on(Worlds::new());
    let ends = std::cell::RefCell::new(Vec::new());
    let cases_to_run = std::env::var("DEVTRUST_LOCKOUT_CASES");
    let config = Config {
        cases: cases_to_run.ok().and_then(|n| n.parse().ok()).unwrap_or(64),
        failure_persistence: None,
        max_shrink_iters: 64,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&cases(), |case| {
            let (end, _) = runtime.block_on(run(&case, &worlds))?;
            ends.borrow_mut().push(end);
            Ok(())
        })
        .unwrap();
    let count = |wanted| ends.borrow().iter().filter(|end| **end == wanted).count();
    let (closed, reopened, open) = (
        count(End::Closed),
        count(End::Reopened),
        count(End::LeftOpen),
    );
    println!("{closed} closed, {reopened} closed and opened again, {open} left open");
    assert!(closed > 0 && open > 0, "the cases are all of one kind");
}

/// A change that slips in between the last look and the write is found by the look after it.
#[test]
fn a_change_right_before_the_write_opens_the_catch_all_again() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let worlds = Worlds::new().await;
        for edit in [
            Edit::DeactivateBreakGlass,
            Edit::CloseEnrolment,
            Edit::RemoveBreakGlassMember,
        ] {
            let sandbox = okta::start(Some(&worlds.applied.0)).await.unwrap();
            let org = Org::new(&sandbox, Vec::new());
            org.edit_at_closing(edit);
            let sign_ins = SignIns {
                managed: 3,
                unmanaged: 0,
                pilot_denial: true,
            };
            let said = job(&org, &desired(), &sign_ins).await.unwrap_err();
            assert!(said.contains("closed and opened again"), "{said}");
            assert!(org.at_closing().is_some(), "{edit:?}: it was never closed");
            assert!(!judge::is_closed(&org.state()), "{edit:?}");
        }
    });
}

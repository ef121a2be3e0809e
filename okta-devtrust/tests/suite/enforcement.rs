//! When the catch-all may be closed.
use std::collections::BTreeSet;

use crate::support::{applied, desired};
use okta_devtrust::{
    Status,
    enforcement::{
        Grounds, PilotProof, Proof, Replay, ReplayRules, Waive, enforce_plan, reopen_plan,
    },
    evidence::{Evidence, RuleIds},
    policies::Access,
    simulate::{Cell, DeviceCase, Matrix, Verdict},
    trust::{Action, Desired, Observed, Plan, Reason, Refusal},
};
use serde_json::{Value, json};

pub(crate) fn event(result: &str, rule: &str, app: &str, managed: bool) -> Value {
    let user = if managed { "ada" } else { "eve" };
    json!({
        "eventType": "policy.evaluate_sign_on", "published": "2026-11-24T12:30:00.000Z",
        "actor": {"id": user, "type": "User", "alternateId": format!("{user}@acme.example")},
        "outcome": {"result": result},
        "target": [{"type": "AppInstance", "id": app}, {"type": "Rule", "id": rule}],
        "device": {"id": format!("guo-{managed}"), "name": "Mac", "os_platform": "OSX", "managed": managed,
                   "registered": true}
    })
}

pub(crate) fn matrix(app: &str, ids: &RuleIds, denies: bool) -> Matrix {
    let catch_all = ids.catch_all.clone();
    let elsewhere = if denies {
        Verdict::Deny(catch_all)
    } else {
        Verdict::Allow(catch_all)
    };
    let cell = |device| Cell {
        group: "macOS pilot users".into(),
        device,
        verdict: match device {
            DeviceCase::Managed => Verdict::Allow(ids.managed.clone()),
            _ => elsewhere.clone(),
        },
    };
    Matrix {
        app: app.into(),
        cells: DeviceCase::ALL.map(cell).to_vec(),
    }
}

/// A proof of nothing.
pub(crate) fn nothing(observed: &Observed) -> Proof {
    let (from, to) = (
        "2026-11-24T12:00:00Z".parse().unwrap(),
        "2026-11-24T13:00:00Z".parse().unwrap(),
    );
    let ids = observed.rule_ids(&desired()).unwrap();
    let pilot = observed.pilot_rule_ids(&desired()).unwrap();
    let rules = ReplayRules {
        ids: ids.clone(),
        apps: [("0oa-wiki".to_owned(), "Wiki".to_owned())].into(),
        managed: Some(["ada".to_owned()].into()),
        ..ReplayRules::default()
    };
    Proof {
        gathered: to,
        evidence: Evidence::new(ids, from, to),
        simulated: Matrix::default(),
        pilot: Some(PilotProof {
            evidence: Evidence::new(pilot, from, to),
            simulated: Matrix::default(),
        }),
        replay: Replay::new(rules, from, to),
        grounds: Grounds::default(),
    }
}

pub(crate) fn add(proof: &mut Proof, event: Value) {
    let event = serde_json::from_value(event).unwrap();
    proof.evidence.add(&event);
    proof.pilot.as_mut().unwrap().evidence.add(&event);
    proof.replay.add(&event);
}

/// A proof of everything.
pub(crate) fn everything(observed: &Observed) -> Proof {
    let mut proof = nothing(observed);
    let ids = proof.evidence.rules.clone();
    let pilot = proof.pilot.as_ref().unwrap().evidence.rules.clone();
    add(&mut proof, event("ALLOW", &ids.managed, "0oa-wiki", true));
    add(
        &mut proof,
        event("DENY", &pilot.catch_all, "0oa-pilot", false),
    );
    proof.simulated = matrix("Wiki", &ids, false);
    proof.pilot.as_mut().unwrap().simulated = matrix("Pilot", &pilot, true);
    proof
}

fn refused(observed: &Observed, proof: &Proof) -> Vec<Reason> {
    enforce_plan(&desired(), observed, proof)
        .unwrap_err()
        .reasons
}

pub(crate) fn conditions(reasons: &[Reason]) -> BTreeSet<Waive> {
    reasons.iter().filter_map(Reason::condition).collect()
}

pub(crate) fn names(reasons: &[Reason]) -> Vec<String> {
    let name = |reason: &Reason| {
        serde_json::to_value(reason).unwrap()["reason"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    reasons.iter().map(name).collect()
}

/// What breaks one condition, and the reasons that say so.
pub(crate) struct Break {
    pub(crate) condition: Waive,
    pub(crate) breaks: fn(&mut Observed, &mut Proof, &mut Desired),
    pub(crate) reason: &'static str,
}

const fn broken(
    condition: Waive,
    reason: &'static str,
    breaks: fn(&mut Observed, &mut Proof, &mut Desired),
) -> Break {
    Break {
        condition,
        breaks,
        reason,
    }
}

/// Every way in which a condition can be unmet, one by one.
pub(crate) const BREAKS: [Break; 23] = [
    broken(Waive::Simulation, "not_simulated", |_, proof, _| {
        proof.simulated = Matrix::default();
    }),
    broken(Waive::Simulation, "not_simulated", |_, proof, _| {
        proof.simulated.cells[2].verdict = Verdict::NotProven("UNDEFINED".into());
    }),
    broken(Waive::Simulation, "simulated_elsewhere", |_, proof, _| {
        proof.simulated.cells[2].verdict = Verdict::Allow("rul-other".into());
    }),
    broken(Waive::Simulation, "simulated_elsewhere", |_, proof, _| {
        proof.simulated.cells[1].verdict = proof.simulated.cells[2].verdict.clone();
    }),
    // The pilot's catch-all must deny, not only match.
    broken(Waive::Simulation, "simulated_elsewhere", |_, proof, _| {
        let pilot = proof.pilot.as_mut().unwrap();
        let id = pilot.evidence.rules.catch_all.clone();
        pilot.simulated.cells[0].verdict = Verdict::Allow(id);
    }),
    broken(Waive::PilotDenial, "no_pilot", |_, _, desired| {
        desired.pilot = None;
    }),
    broken(Waive::PilotDenial, "pilot_not_ready", |observed, _, _| {
        observed.pilot.policies[0].rules[2].app_sign_on_mut().access = Some(Access::Allow);
    }),
    broken(Waive::PilotDenial, "pilot_not_alone", |observed, _, _| {
        let mut other = observed.pilot.under[0].clone();
        other.label = "Payroll".into();
        observed.pilot.under.push(other);
    }),
    broken(Waive::PilotDenial, "no_pilot_denial", |_, proof, _| {
        let pilot = proof.pilot.as_mut().unwrap();
        let seen = &pilot.evidence;
        pilot.evidence = Evidence::new(seen.rules.clone(), seen.from, seen.to);
    }),
    broken(Waive::PilotDenial, "no_pilot_denial", |_, proof, _| {
        proof.pilot = None;
    }),
    broken(
        Waive::ManagedSignIns,
        "no_managed_sign_in",
        |_, proof, _| {
            let seen = &proof.evidence;
            proof.evidence = Evidence::new(seen.rules.clone(), seen.from, seen.to);
        },
    ),
    // Changed after the sign-in that was to prove it.
    broken(
        Waive::ManagedSignIns,
        "no_managed_sign_in",
        |observed, _, _| {
            let changed: jiff::Timestamp = "2026-11-24T12:45:00Z".parse().unwrap();
            observed.access[0].rules[1].last_updated = okta_devtrust::Time::from(changed).into();
        },
    ),
    broken(Waive::Replay, "nothing_replayed", |_, proof, _| {
        proof.replay.users.clear();
    }),
    // An app that came under the policy after the proof.
    broken(Waive::Replay, "nothing_replayed", |observed, _, _| {
        let mut other = observed.assigned[0].clone();
        other.id = "0oa-other".into();
        observed.assigned.push(other);
    }),
    broken(Waive::Replay, "too_many_denied", |_, proof, _| {
        let rule = proof.evidence.rules.catch_all.clone();
        add(proof, event("ALLOW", &rule, "0oa-wiki", false));
    }),
    broken(Waive::BreakGlass, "break_glass_empty", |observed, _, _| {
        observed.groups.get_mut("Break glass admins").unwrap()[0].has_members = false;
    }),
    broken(Waive::BreakGlass, "break_glass_below", |observed, _, _| {
        observed.access[0].rules[0].priority = 1.into();
        observed.access[0].rules[1].priority = 1.into();
    }),
    broken(
        Waive::BreakGlass,
        "break_glass_shadowed",
        |observed, _, _| shadow(observed, json!(null)),
    ),
    broken(
        Waive::EnrollmentApp,
        "no_enrollment_app",
        |_, _, desired| {
            desired.enrollment_app = None;
        },
    ),
    broken(
        Waive::EnrollmentApp,
        "enrollment_app_closed",
        |observed, _, _| {
            let rules = &mut observed.enrollment_app.policies[0].rules;
            rules.last_mut().unwrap().app_sign_on_mut().access = Some(Access::Deny);
        },
    ),
    broken(
        Waive::EnrollmentApp,
        "enrollment_app_inactive",
        |observed, _, _| {
            observed.enrollment_app.apps[0].status = Some("INACTIVE".into());
        },
    ),
    broken(
        Waive::EnrollmentApp,
        "enrollment_app_not_ready",
        |observed, _, _| {
            observed.enrollment_app.groups.clear();
        },
    ),
    broken(
        Waive::FirstPartyApps,
        "first_party_app",
        |observed, _, _| {
            observed.assigned[0].label = "Okta Admin Console".into();
        },
    ),
];

/// Somebody else's rule that denies, at the top of the policy.
pub(crate) fn shadow(observed: &mut Observed, conditions: Value) {
    let rules = &mut observed.access[0].rules;
    let mut above = rules[0].clone();
    above.id = "rul-above".into();
    above.name = "Contractors".into();
    above.priority = 0.into();
    above.app_sign_on_mut().access = Some(Access::Deny);
    above.conditions = serde_json::from_value(conditions).unwrap();
    rules.insert(0, above);
}

fn with(broken: &Break) -> (Observed, Proof, Desired) {
    let (mut observed, mut wanted) = (applied(), desired());
    let mut proof = everything(&observed);
    (broken.breaks)(&mut observed, &mut proof, &mut wanted);
    (observed, proof, wanted)
}

#[test]
fn the_catch_all_is_closed_when_every_condition_is_met_and_only_its_action_changes() {
    let observed = applied();
    let plan = enforce_plan(&desired(), &observed, &everything(&observed)).unwrap();
    insta::assert_snapshot!(plan, @r"
    Okta org 00o1: 1 change
      1. close `Catch-all Rule` (DENY)
           actions.appSignOn.access: ALLOW → DENY
    ");
    let Action::CloseCatchAll {
        rule,
        observed: before,
        ..
    } = &plan.changes[0].action
    else {
        panic!("{plan}");
    };
    let mut expected = serde_json::to_value(before).unwrap();
    expected["actions"]["appSignOn"]["access"] = json!("DENY");
    assert_eq!(serde_json::to_value(rule).unwrap(), expected);
}

#[test]
fn each_condition_that_is_not_met_refuses_under_its_name() {
    for one in &BREAKS {
        let (observed, proof, wanted) = with(one);
        let reasons = enforce_plan(&wanted, &observed, &proof)
            .unwrap_err()
            .reasons;
        assert!(
            names(&reasons).contains(&one.reason.to_owned()),
            "{}: {reasons:?}",
            one.reason
        );
        assert_eq!(
            conditions(&reasons),
            [one.condition].into(),
            "{}: {reasons:?}",
            one.reason
        );
    }
}

#[test]
fn a_condition_is_waived_by_its_own_name_only_and_the_plan_says_so() {
    for one in &BREAKS {
        let (observed, proof, mut wanted) = with(one);
        for other in Waive::ALL
            .into_iter()
            .filter(|other| *other != one.condition)
        {
            wanted.guard.waive = [other].into();
            let plan = enforce_plan(&wanted, &observed, &proof);
            assert!(plan.is_err(), "{} is waived by {other}", one.reason);
        }
        wanted.guard.waive = [one.condition].into();
        let plan = enforce_plan(&wanted, &observed, &proof).unwrap();
        assert_eq!(plan.len(), 1);
        let waived = format!("waived by name ({}): ", one.condition);
        assert!(
            plan.notes.iter().any(|note| note.starts_with(&waived)),
            "{plan}"
        );
    }
}

#[test]
fn a_managed_sign_in_needs_our_rule_a_managed_device_and_an_allow() {
    let observed = applied();
    let mut proof = everything(&observed);
    let seen = &proof.evidence;
    proof.evidence = Evidence::new(seen.rules.clone(), seen.from, seen.to);
    let managed = proof.evidence.rules.managed.clone();
    add(&mut proof, event("ALLOW", &managed, "0oa-wiki", false));
    add(&mut proof, event("CHALLENGE", &managed, "0oa-wiki", true));
    add(&mut proof, event("ALLOW", "rul-other", "0oa-wiki", true));
    let reasons = refused(&observed, &proof);
    assert_eq!(names(&reasons), ["no_managed_sign_in"]);
}

#[test]
fn who_would_be_kept_out_is_named_and_who_is_expected_does_not_count() {
    let observed = applied();
    let mut proof = everything(&observed);
    let catch_all = proof.evidence.rules.catch_all.clone();
    add(&mut proof, event("ALLOW", &catch_all, "0oa-wiki", false));
    let refusal = enforce_plan(&desired(), &observed, &proof).unwrap_err();
    let text = refusal.to_string();
    assert!(
        text.contains("1 of 2 users who signed in would be let in, and 95 % are asked for; kept out would be: eve@acme.example (the device is not managed)"),
        "{text}"
    );
    let mut wanted = desired();
    wanted.guard.expected_denials = vec!["eve@acme.example".into()];
    let plan = enforce_plan(&wanted, &observed, &proof).unwrap();
    assert_eq!(
        plan.notes,
        ["eve@acme.example (the device is not managed) will be kept out, as expected"]
    );
    let mut wanted = desired();
    wanted.guard.coverage_percent = 50;
    assert!(enforce_plan(&wanted, &observed, &proof).is_ok());
}

#[test]
fn break_glass_must_be_active_above_and_open() {
    type Edit = fn(&mut Observed);
    let edits: [(Edit, &str); 3] = [
        (
            |o| o.access[0].rules[0].status = Some(Status::Inactive),
            "break_glass_inactive",
        ),
        (
            |o| o.access[0].rules[0].priority = 50.into(),
            "break_glass_below",
        ),
        (
            |o| o.access[0].rules[0].app_sign_on_mut().access = Some(Access::Deny),
            "break_glass_denies",
        ),
    ];
    for (edit, name) in edits {
        let mut observed = applied();
        let proof = everything(&observed);
        edit(&mut observed);
        let reasons = refused(&observed, &proof);
        assert!(
            names(&reasons).contains(&name.to_owned()),
            "{name}: {reasons:?}"
        );
    }
}

#[test]
fn opening_needs_no_proof() {
    let mut observed = applied();
    assert!(reopen_plan(&desired(), &observed).is_empty());
    observed.access[0].rules[2].app_sign_on_mut().access = Some(Access::Deny);
    insta::assert_snapshot!(reopen_plan(&desired(), &observed), @r"
    Okta org 00o1: 1 change
      1. open `Catch-all Rule` (ALLOW)
           actions.appSignOn.access: DENY → ALLOW
    ");
}

#[test]
fn every_lacking_proof_is_named_at_once_with_what_gets_it() {
    let mut observed = applied();
    let groups = observed.groups.get_mut("Break glass admins").unwrap();
    groups[0].has_members = false;
    let mut console = observed.assigned[0].clone();
    console.label = "Okta Admin Console".into();
    observed.assigned.push(console);
    let refusal: Refusal = enforce_plan(&desired(), &observed, &nothing(&observed)).unwrap_err();
    insta::assert_snapshot!(refusal);
    let again: Refusal = serde_json::from_str(&serde_json::to_string(&refusal).unwrap()).unwrap();
    assert_eq!(again, refusal);
}

#[test]
fn what_is_no_condition_cannot_be_waived() {
    let mut wanted = desired();
    wanted.guard.waive = Waive::ALL.into();
    let observed = applied();
    let mut proof = everything(&observed);
    proof.evidence.rules.managed = "rul-old".into();
    let reasons = enforce_plan(&wanted, &observed, &proof)
        .unwrap_err()
        .reasons;
    assert_eq!(names(&reasons), ["other_evidence"]);

    let mut observed = applied();
    let proof = everything(&observed);
    let rule = &mut observed.access[0].rules[1];
    let mut changed = serde_json::to_value(&*rule).unwrap();
    changed["conditions"]["device"]["managed"] = json!(null);
    *rule = serde_json::from_value(changed).unwrap();
    let reasons = enforce_plan(&wanted, &observed, &proof)
        .unwrap_err()
        .reasons;
    assert_eq!(names(&reasons), ["not_applied"]);

    let mut observed = applied();
    let proof = everything(&observed);
    observed.assigned.clear();
    let reasons = enforce_plan(&wanted, &observed, &proof)
        .unwrap_err()
        .reasons;
    assert_eq!(names(&reasons), ["not_applied"]);
}

#[test]
fn a_plan_to_close_survives_its_json() {
    let observed = applied();
    let plan = enforce_plan(&desired(), &observed, &everything(&observed)).unwrap();
    let again: Plan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
    assert_eq!(again.changes[0].differences, plan.changes[0].differences);
    assert_eq!(again.to_string(), plan.to_string());
}

//! When the catch-all may be closed.
use crate::support::{applied, desired};
use okta_devtrust::{
    Status,
    enforcement::enforce_plan,
    evidence::{Evidence, Simulated},
    policies::Access,
    simulate::Outcome,
    trust::{Action, Observed, Reason},
};
use serde_json::{Value, json};

fn event(result: &str, rule: &str, managed: bool) -> Value {
    json!({
        "eventType": "policy.evaluate_sign_on", "published": "2026-11-24T12:30:00.000Z",
        "outcome": {"result": result}, "target": [{"type": "Rule", "id": rule}],
        "device": {"id": format!("guo-{managed}"), "name": "Mac", "managed": managed, "registered": true}
    })
}

/// Evidence without events and simulations.
fn nothing(observed: &Observed) -> Evidence {
    Evidence::new(
        observed.rule_ids(&desired()).unwrap(),
        "2026-11-24T12:00:00Z".parse().unwrap(),
        "2026-11-24T13:00:00Z".parse().unwrap(),
    )
}

/// Evidence that proves everything.
fn everything(observed: &Observed) -> Evidence {
    let mut evidence = nothing(observed);
    let ids = evidence.rules.clone();
    for event in [
        event("ALLOW", &ids.managed, true),
        event("ALLOW", &ids.catch_all, false),
    ] {
        evidence.add(&serde_json::from_value(event).unwrap());
    }
    evidence.simulated = Some(Simulated {
        app: "Wiki".into(),
        managed: Outcome::Rule(ids.managed),
        unmanaged: Outcome::Rule(ids.catch_all),
    });
    evidence
}

fn refused(observed: &Observed, evidence: &Evidence) -> Vec<Reason> {
    enforce_plan(&desired(), observed, evidence)
        .unwrap_err()
        .reasons
}

#[test]
fn catch_all_denies_only_after_a_managed_success() {
    let observed = applied();
    let proven = everything(&observed);
    let plan = enforce_plan(&desired(), &observed, &proven).unwrap();
    insta::assert_snapshot!(plan, @r#"
    Okta org 00o1: 1 change
      1. change the rule `Catch-all Rule`
           actions.appSignOn.access: ALLOW → DENY
    "#);

    let mut evidence = nothing(&observed);
    evidence.simulated = proven.simulated;
    let ids = evidence.rules.clone();
    evidence.add(&serde_json::from_value(event("ALLOW", &ids.managed, false)).unwrap());
    evidence.add(&serde_json::from_value(event("CHALLENGE", &ids.managed, true)).unwrap());
    assert!(matches!(
        &refused(&observed, &evidence)[..],
        [Reason::NoManagedSignIn { .. }]
    ));
}

#[test]
fn only_the_action_of_the_catch_all_changes() {
    let observed = applied();
    let plan = enforce_plan(&desired(), &observed, &everything(&observed)).unwrap();
    let Action::ReplaceRule {
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
fn a_closed_catch_all_needs_no_proof_and_no_change() {
    let mut observed = applied();
    observed.access[0].rules[2].app_sign_on_mut().access = Some(Access::Deny);
    let plan = enforce_plan(&desired(), &observed, &nothing(&observed)).unwrap();
    assert!(plan.is_empty());
}

#[test]
fn every_lacking_proof_is_named_at_once() {
    let mut observed = applied();
    let groups = observed.groups.get_mut("Break glass admins").unwrap();
    groups[0].has_members = false;
    let mut console = observed.assigned[0].clone();
    console.label = "Okta Admin Console".into();
    observed.assigned.push(console);
    let refusal = enforce_plan(&desired(), &observed, &nothing(&observed)).unwrap_err();
    insta::assert_snapshot!(refusal);
}

#[test]
fn an_unmanaged_sign_in_or_its_simulation_is_needed() {
    let observed = applied();
    let whole = everything(&observed);
    let mut evidence = nothing(&observed);
    let managed = event("ALLOW", &evidence.rules.managed.clone(), true);
    evidence.add(&serde_json::from_value(managed).unwrap());
    evidence.simulated.clone_from(&whole.simulated);
    assert!(enforce_plan(&desired(), &observed, &evidence).is_ok());

    evidence.simulated.as_mut().unwrap().unmanaged = Outcome::Undefined;
    assert!(matches!(
        &refused(&observed, &evidence)[..],
        [Reason::NoUnmanagedSignIn { .. }]
    ));
}

#[test]
fn an_undecided_simulation_is_said_and_a_wrong_one_refused() {
    let observed = applied();
    let mut evidence = everything(&observed);
    evidence.simulated.as_mut().unwrap().managed = Outcome::Undefined;
    let plan = enforce_plan(&desired(), &observed, &evidence).unwrap();
    assert!(plan.notes[0].contains("UNDEFINED"), "{plan}");

    for wrong in [Outcome::Rule("rul-other".into()), Outcome::NoMatch] {
        evidence.simulated.as_mut().unwrap().managed = wrong;
        assert!(matches!(
            &refused(&observed, &evidence)[..],
            [Reason::SimulatedElsewhere { .. }]
        ));
    }
    evidence.simulated.as_mut().unwrap().managed = Outcome::Refused("no".into());
    assert!(matches!(
        &refused(&observed, &evidence)[..],
        [Reason::NotSimulated { .. }]
    ));
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
        let evidence = everything(&observed);
        edit(&mut observed);
        let reasons = serde_json::to_value(refused(&observed, &evidence)).unwrap();
        let names: Vec<&Value> = reasons
            .as_array()
            .unwrap()
            .iter()
            .map(|reason| &reason["reason"])
            .collect();
        assert!(names.contains(&&json!(name)), "{name}: {names:?}");
    }
}

#[test]
fn evidence_about_other_rules_proves_nothing() {
    let observed = applied();
    let mut evidence = everything(&observed);
    evidence.rules.managed = "rul-old".into();
    assert!(matches!(
        &refused(&observed, &evidence)[..],
        [Reason::OtherEvidence { .. }]
    ));
}

#[test]
fn a_rule_changed_since_the_plan_stops_enforcement() {
    let mut observed = applied();
    let evidence = everything(&observed);
    let rule = &mut observed.access[0].rules[1];
    let mut changed = serde_json::to_value(&*rule).unwrap();
    changed["conditions"]["device"]["managed"] = json!(null);
    *rule = serde_json::from_value(changed).unwrap();
    assert!(matches!(
        &refused(&observed, &evidence)[..],
        [Reason::NotApplied { .. }]
    ));
}

#[test]
fn a_policy_without_an_app_is_not_closed() {
    let mut observed = applied();
    let evidence = everything(&observed);
    observed.assigned.clear();
    assert!(matches!(
        &refused(&observed, &evidence)[..],
        [Reason::NotApplied { .. }]
    ));
}

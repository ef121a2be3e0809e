//! Taking device trust off again.
use crate::support::{applied, desired, org::Org, titles};
use okta_devtrust::{
    Error,
    enforcement::Waive,
    policies::Access,
    trust::{Observed, Owned, Plan, Reason, Undo, plan, rollback, teardown},
};
use serde_json::json;

fn owned(observed: Observed) -> Owned {
    let bookmark = |found: &okta_devtrust::trust::ObservedBookmark| {
        (found.policies[0].clone(), found.under.clone())
    };
    Owned {
        session: observed.session.clone(),
        enrollment: observed.enrollment.clone(),
        access: vec![
            (observed.access[0].clone(), observed.assigned.clone()),
            bookmark(&observed.enrollment_app),
            bookmark(&observed.pilot),
        ],
        apps: observed
            .enrollment_app
            .apps
            .iter()
            .chain(&observed.pilot.apps)
            .cloned()
            .collect(),
        observed,
    }
}

fn enforced() -> Observed {
    let mut observed = applied();
    observed.access[0].rules[2].app_sign_on_mut().access = Some(Access::Deny);
    observed
}

#[test]
fn the_door_is_opened_first_and_the_policies_go_last() {
    let plan = teardown(&desired(), &owned(enforced()), None).unwrap();
    insta::assert_snapshot!(plan);
}

#[test]
fn an_app_goes_back_to_where_a_record_says_it_was() {
    let mut undo: Undo = serde_json::from_value(json!({"org": "00o1", "owner": "device-trust", "steps": [
        {"undo": "reassign_app", "app": "0oa-wiki", "label": "Wiki", "from": {"id": "policy-x"}, "to": "rst-own"}]}))
    .unwrap();
    let policy = |plan: &Plan| {
        let plan = serde_json::to_value(plan).unwrap();
        let changes = plan["changes"].as_array().unwrap().clone();
        let assigned = changes
            .iter()
            .find(|change| change["action"]["do"] == "assign_app");
        assigned.unwrap()["action"]["policy"]["id"].clone()
    };
    let to_former = teardown(&desired(), &owned(enforced()), Some(&undo)).unwrap();
    assert_eq!(policy(&to_former), "rst-own");
    undo.steps.clear();
    let to_default = teardown(&desired(), &owned(enforced()), Some(&undo)).unwrap();
    assert_eq!(policy(&to_default), "rst-any-two");
}

#[test]
fn a_rule_an_administrator_changed_stops_it() {
    let mut observed = enforced();
    let rule = &mut observed.access[0].rules[1];
    let mut changed = serde_json::to_value(&*rule).unwrap();
    changed["conditions"]["network"] = json!({"connection": "ZONE", "include": ["nzo1"]});
    *rule = serde_json::from_value(changed).unwrap();
    let reasons = teardown(&desired(), &owned(observed), None)
        .unwrap_err()
        .reasons;
    assert!(
        matches!(&reasons[..], [Reason::Changed { .. }]),
        "{reasons:?}"
    );
}

#[test]
fn what_is_foreign_is_not_taken_along() {
    let mut observed = enforced();
    let mut foreign = observed.access[0].rules[0].clone();
    foreign.name = "Contractors".into();
    observed.access[0].rules.push(foreign);
    let mut other = observed.assigned[0].clone();
    other.label = "Payroll".into();
    observed.assigned.push(other);
    let reasons = teardown(&desired(), &owned(observed), None)
        .unwrap_err()
        .reasons;
    assert!(
        matches!(
            &reasons[..],
            [Reason::ForeignRule { .. }, Reason::ForeignAppUnder { .. }]
        ),
        "{reasons:?}"
    );
}

#[test]
fn an_org_without_anything_of_ours_needs_no_teardown() {
    let owned = Owned {
        observed: crate::support::fresh(),
        ..Owned::default()
    };
    let plan = teardown(&desired(), &owned, None).unwrap();
    assert_eq!(plan.to_string(), "Okta org 00o1: no changes");
}

#[test]
fn a_rollback_of_a_teardown_does_not_close_the_door() {
    let plan = teardown(&desired(), &owned(enforced()), None).unwrap();
    let undo = serde_json::to_value(Undo::of(&plan)).unwrap();
    let steps: Vec<&str> = undo["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["undo"].as_str().unwrap())
        .collect();
    assert!(!steps.contains(&"restore_rule"), "{steps:?}");
    assert_eq!(
        steps
            .iter()
            .filter(|step| **step == "recreate_policy")
            .count(),
        5
    );
    assert!(steps.contains(&"assign_again"), "{steps:?}");
}

#[test]
fn rules_and_apps_of_a_closed_policy_stay_as_they_were_proved() {
    let mut observed = enforced();
    let rule = &mut observed.access[0].rules[1];
    let mut changed = serde_json::to_value(&*rule).unwrap();
    changed["conditions"]["device"]["managed"] = json!(false);
    *rule = serde_json::from_value(changed).unwrap();
    // Somebody put the app back under the org's default policy.
    observed.apps.get_mut("Wiki").unwrap()[0].access_policy = observed.default_access.clone();
    let reasons = plan(&desired(), &observed).unwrap_err().reasons;
    let [Reason::CatchAllClosed { changes, .. }] = &reasons[..] else {
        panic!("{reasons:?}");
    };
    assert_eq!(
        changes[..],
        [
            "change the rule `device-trust: Managed macOS`",
            "put the app `Wiki` under the app sign-in policy `Managed Macs`"
        ]
    );
    let mut wanted = desired();
    wanted.guard.waive = [Waive::ClosedPolicy].into();
    assert_eq!(plan(&wanted, &observed).unwrap().len(), 2);
}

#[test]
fn under_a_closed_policy_what_lets_people_in_is_put_right() {
    let mut observed = enforced();
    let rules = &mut observed.access[0].rules;
    rules[0].status = Some(okta_devtrust::Status::Inactive);
    rules[0].priority = 7.into();
    rules[0].app_sign_on_mut().access = Some(Access::Deny);
    let plan = plan(&desired(), &observed).unwrap();
    assert_eq!(
        titles(&plan),
        [
            "change the rule `device-trust: Break glass`",
            "activate the rule `device-trust: Break glass`"
        ]
    );
}

#[test]
fn a_session_policy_is_refused_while_an_app_asks_for_less_than_a_password() {
    let mut observed = crate::support::fresh();
    observed.weaker = serde_json::from_value(json!([{
        "policy": "Any one factor", "id": "rst-one", "rule": "Catch-all Rule", "why": "any one factor will do",
        "apps": ["0oa9"]}]))
    .unwrap();
    let refusal = plan(&desired(), &observed).unwrap_err();
    insta::assert_snapshot!(refusal, @r"
    refused:
    - the rule `Catch-all Rule` of the policy `Any one factor` is weaker than the password that the global session policy lifts (any one factor will do; 1 apps are under it); let the rule `Catch-all Rule` ask for two factors, or leave the global session policy out [GET /api/v1/policies/rst-one/rules] (condition `session_strength`)
    ");

    let mut wanted = desired();
    wanted.guard.waive = [Waive::SessionStrength].into();
    assert!(plan(&wanted, &observed).is_ok());
    let mut without = desired();
    without.session = None;
    assert!(plan(&without, &observed).is_ok());

    // A policy that is there already is not taken away for it.
    let mut there = applied();
    there.weaker = observed.weaker;
    assert!(plan(&desired(), &there).unwrap().is_empty());
}

#[test]
fn our_own_managed_rule_must_be_as_strong_as_the_password() {
    let mut wanted = desired();
    let possession = &mut wanted.access.managed.possession;
    possession.phishing_resistant = false;
    possession.user_verification = false;
    let reasons = plan(&wanted, &crate::support::fresh()).unwrap_err().reasons;
    assert!(
        matches!(&reasons[..], [Reason::WeakerThanPassword { .. }]),
        "{reasons:?}"
    );
}

#[tokio::test]
async fn what_a_rollback_makes_again_is_compared_with_what_it_was() {
    let plan = teardown(&desired(), &owned(enforced()), None).unwrap();
    let undo = Undo::of(&plan);
    let whole = Org::start().await;
    rollback(&whole.okta, &undo, |_| {}).await.unwrap();

    for (dropped, path) in [
        ("phishingResistant", "possession.phishingResistant"),
        ("description", "description"),
    ] {
        let org = Org::start().await;
        org.drop_key(dropped);
        let halted = rollback(&org.okta, &undo, |_| {}).await.unwrap_err();
        let Error::Echo { differences, .. } = &halted.error else {
            panic!("{halted}");
        };
        assert!(differences[0].path.ends_with(path), "{halted}");
    }
}

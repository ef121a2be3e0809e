//! What is planned for which world.
use crate::support::{applied, desired, fresh, titles};
use okta_devtrust::{
    Status,
    policies::{Access, Rule},
    trust::{Action, EnrollmentDesired, Observed, Plan, Reason, plan},
};
use serde_json::json;

fn refused(observed: &Observed) -> Vec<Reason> {
    plan(&desired(), observed).unwrap_err().reasons
}

#[test]
fn a_fresh_org_is_set_up_in_the_safe_order() {
    let plan = plan(&desired(), &fresh()).unwrap();
    insta::assert_snapshot!(plan);
    insta::assert_json_snapshot!(plan);
}

#[test]
fn an_org_that_is_as_wanted_needs_nothing() {
    let plan = plan(&desired(), &applied()).unwrap();
    assert_eq!(titles(&plan), [""; 0]);
    assert_eq!(plan.to_string(), "Okta org 00o1: no changes");
}

#[test]
fn a_plan_survives_its_json() {
    let made = plan(&desired(), &fresh()).unwrap();
    let again: Plan = serde_json::from_str(&serde_json::to_string(&made).unwrap()).unwrap();
    assert_eq!(again, made);
}

#[test]
fn after_a_partial_apply_only_the_rest_is_planned() {
    let mut observed = applied();
    observed.access[0].rules.retain(Rule::is_system);
    observed.session.clear();
    let plan = plan(&desired(), &observed).unwrap();
    assert_eq!(
        titles(&plan),
        [
            "create the rule `device-trust: Break glass`",
            "create the rule `device-trust: Managed macOS`",
            "create the global session policy `Pilot sessions`",
            "create the rule `device-trust: Any factor`",
        ]
    );
}

#[test]
fn a_changed_rule_is_put_right_and_keeps_what_is_not_ours() {
    let mut observed = applied();
    let rule = &mut observed.access[0].rules[1];
    let mut changed = serde_json::to_value(&*rule).unwrap();
    changed["conditions"]["device"]["managed"] = json!(false);
    changed["conditions"]["elCondition"] = json!({"condition": "user.x == 1"});
    changed["conditions"]["addedByOkta"] = json!(true);
    changed["status"] = json!("INACTIVE");
    *rule = serde_json::from_value(changed).unwrap();

    let plan = plan(&desired(), &observed).unwrap();
    insta::assert_snapshot!(plan, @r#"
    Okta org 00o1: 2 changes
      1. change the rule `device-trust: Managed macOS`
           conditions.device.managed: false → true
           conditions.elCondition: {"condition":"user.x == 1"} → nothing
      2. activate the rule `device-trust: Managed macOS`
    "#);
    let Action::ReplaceRule { rule, .. } = &plan.changes[0].action else {
        panic!("{plan}");
    };
    let conditions = rule.conditions.value().unwrap();
    assert_eq!(conditions.extra["addedByOkta"], json!(true));
    assert_eq!(conditions.el_condition, None);
}

#[test]
fn a_break_glass_rule_that_sank_is_moved_up_alone() {
    let mut observed = applied();
    observed.access[0].rules[0].priority = 5.into();
    observed.access[0].rules[1].priority = 2.into();
    let plan = plan(&desired(), &observed).unwrap();
    insta::assert_snapshot!(plan, @r#"
    Okta org 00o1: 1 change
      1. change the rule `device-trust: Break glass`
           priority: 5 → 2
    "#);
}

#[test]
fn a_closed_catch_all_is_left_closed() {
    let mut observed = applied();
    observed.access[0].rules[2].app_sign_on_mut().access = Some(Access::Deny);
    let plan = plan(&desired(), &observed).unwrap();
    assert!(plan.is_empty());
    assert_eq!(
        plan.notes,
        ["the catch-all is closed already (DENY) and stays so"]
    );
}

#[test]
fn a_foreign_rule_is_left_and_reported() {
    let mut observed = applied();
    let mut foreign = observed.access[0].rules[0].clone();
    foreign.name = "Contractors".into();
    observed.access[0].rules.push(foreign);
    let plan = plan(&desired(), &observed).unwrap();
    assert!(plan.is_empty());
    assert!(plan.notes[0].contains("`Contractors`"), "{plan}");
}

#[test]
fn the_default_enrolment_policy_is_edited_only_when_asked_and_only_at_okta_verify() {
    let mut desired = desired();
    desired.enrollment = Some(EnrollmentDesired::EditDefault);
    let mut observed = applied();
    observed.enrollment.clear();
    let made = plan(&desired, &observed).unwrap();
    insta::assert_snapshot!(made, @r#"
    Okta org 00o1: 1 change
      1. change the enrolment policy `Default Policy`
           settings.authenticators[okta_verify].enroll.self: NOT_ALLOWED → OPTIONAL
    "#);
    let Action::ReplacePolicy {
        policy,
        observed: before,
    } = &made.changes[0].action
    else {
        panic!("{made}");
    };
    let settings = |policy: &okta_devtrust::policies::Policy| {
        policy.settings.clone().unwrap().authenticators.unwrap()
    };
    assert_eq!(settings(policy)[0], settings(before)[0]);

    observed.default_enrollment = Some((**policy).clone());
    assert!(plan(&desired, &observed).unwrap().is_empty());
}

#[test]
fn an_own_enrolment_policy_keeps_what_the_default_lets_people_enrol() {
    let plan = plan(&desired(), &fresh()).unwrap();
    let Action::CreatePolicy { policy, .. } = &plan.changes[1].action else {
        panic!("{plan}");
    };
    let settings = serde_json::to_value(&policy.settings).unwrap();
    assert_eq!(settings["authenticators"][0]["enroll"]["self"], "REQUIRED");
    assert_eq!(settings["authenticators"][1]["key"], "okta_verify");
    assert_eq!(settings["authenticators"][1]["enroll"]["self"], "OPTIONAL");
}

#[test]
fn okta_verify_is_added_and_fastpass_follows_it() {
    let mut observed = fresh();
    observed.okta_verify = None;
    let plan = plan(&desired(), &observed).unwrap();
    assert_eq!(
        titles(&plan)[..2],
        [
            "add the authenticator Okta Verify",
            "activate FastPass (Okta Verify's method signed_nonce)"
        ]
    );
}

#[test]
fn inactive_things_are_activated() {
    let mut observed = applied();
    observed.okta_verify.as_mut().unwrap().authenticator.status = Some(Status::Inactive);
    observed.access[0].policy.status = Some(Status::Inactive);
    assert_eq!(
        titles(&plan(&desired(), &observed).unwrap()),
        [
            "activate the authenticator Okta Verify",
            "activate the policy `Managed Macs`"
        ]
    );
}

#[test]
fn every_reason_against_a_plan_is_named_at_once() {
    let mut desired = desired();
    desired
        .apps
        .extend(["Okta Admin Console".into(), "Payroll".into()]);
    desired.session.as_mut().unwrap().groups.clear();
    desired.org = Some("00o2".into());
    let mut observed = fresh();
    observed.org.pipeline = Some("v1".into());
    observed.groups.remove("Break glass admins");
    let pilots = observed.groups.get_mut("macOS pilot users").unwrap();
    pilots.push(pilots[0].clone());
    let refusal = plan(&desired, &observed).unwrap_err();
    insta::assert_snapshot!(refusal);
}

#[test]
fn a_policy_of_the_same_name_that_is_not_ours_is_never_touched() {
    let mut observed = applied();
    observed.access[0].policy.description = Some("made by hand".into());
    assert!(matches!(
        &refused(&observed)[..],
        [Reason::ForeignPolicy { .. }]
    ));

    let mut observed = applied();
    let twin = observed.access[0].clone();
    observed.access.push(twin);
    assert!(matches!(
        &refused(&observed)[..],
        [Reason::ManyPolicies { .. }]
    ));
}

#[test]
fn two_rules_of_one_name_are_refused_in_any_policy_since_only_one_would_be_kept() {
    type Rules = fn(&mut Observed) -> &mut Vec<Rule>;
    let policies: [Rules; 4] = [
        |observed| &mut observed.access[0].rules,
        |observed| &mut observed.pilot.policies[0].rules,
        |observed| &mut observed.enrollment[0].rules,
        |observed| &mut observed.session[0].rules,
    ];
    for rules in policies {
        let mut observed = applied();
        let rules = rules(&mut observed);
        let mut twin = rules[0].clone();
        twin.id = "rul-twin".into();
        rules.push(twin);
        let reasons = refused(&observed);
        let [Reason::ManyRules { ids, .. }] = &reasons[..] else {
            panic!("{reasons:?}");
        };
        assert_eq!(ids[1], "rul-twin");
        let said = reasons[0].to_string();
        assert!(said.starts_with("several rules of the policy `"), "{said}");
    }
    // Rules of others may share a name.
    let mut observed = applied();
    let mut foreign = observed.access[0].rules[0].clone();
    foreign.name = "By hand".into();
    foreign.priority = 50.into();
    observed.access[0].rules.extend([foreign.clone(), foreign]);
    assert!(plan(&desired(), &observed).unwrap().is_empty());
}

#[test]
fn two_apps_of_one_label_are_told_apart_by_nobody() {
    let mut observed = fresh();
    let apps = observed.apps.get_mut("Wiki").unwrap();
    apps.push(apps[0].clone());
    assert!(matches!(&refused(&observed)[..], [Reason::ManyApps { .. }]));
}

#[test]
fn an_unknown_key_in_the_desired_state_is_an_error() {
    let mut text = serde_json::to_value(desired()).unwrap();
    text["acess"] = json!({});
    let error = serde_json::from_value::<okta_devtrust::trust::Desired>(text).unwrap_err();
    assert!(error.to_string().contains("acess"));
}

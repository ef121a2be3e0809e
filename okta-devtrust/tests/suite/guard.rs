//! What the guard finds under a catch-all that denies already, above the break-glass rule, and after a write that failed.
use std::collections::BTreeSet;

use crate::{
    enforcement::{BREAKS, add, conditions, event, everything, matrix, names, nothing, shadow},
    support::{applied, desired, org::Org},
};
use okta_devtrust::{
    Error, Status,
    enforcement::{Grounds, Proof, enforce_plan, still_met, unmet},
    policies::Access,
    trust::{self, Desired, Observed, Plan, Reason, StepState, Undo},
};
use serde_json::json;

/// The org after the catch-all was closed, and what is proved then.
fn closed() -> (Observed, Proof) {
    let mut observed = applied();
    observed.access[0].rules[2].app_sign_on_mut().access = Some(Access::Deny);
    let mut proof = everything(&observed);
    proof.simulated = matrix("Wiki", &proof.evidence.rules, true);
    (observed, proof)
}

#[test]
fn a_closed_catch_all_that_is_as_it_was_proved_stays_so_also_when_nobody_signs_in() {
    let (observed, mut proof) = closed();
    assert_eq!(
        still_met(&desired(), &observed, &proof),
        Ok(Vec::<String>::new())
    );
    let silent = nothing(&observed);
    proof.evidence = silent.evidence;
    proof.replay = silent.replay;
    let pilot = proof.pilot.as_mut().unwrap();
    pilot.evidence = silent.pilot.unwrap().evidence;
    assert_eq!(
        still_met(&desired(), &observed, &proof),
        Ok(Vec::<String>::new())
    );
}

#[test]
fn each_condition_that_breaks_under_a_closed_catch_all_is_named_unless_it_is_waived() {
    // Moot: the pilot's denial where the catch-all itself denies, and that nobody signed in.
    let moot = ["no_pilot_denial", "nothing_replayed"];
    let mut seen = BTreeSet::new();
    for one in BREAKS.iter().filter(|one| !moot.contains(&one.reason)) {
        let (mut observed, mut proof) = closed();
        let mut wanted = desired();
        (one.breaks)(&mut observed, &mut proof, &mut wanted);
        let refusal = still_met(&wanted, &observed, &proof).unwrap_err();
        let found = names(&refusal.reasons);
        assert!(found.contains(&one.reason.to_owned()), "{refusal}");
        assert_eq!(unmet(&wanted, &observed, &proof), refusal.reasons);
        // A plan to close says so too, and is not empty as if all were well.
        let planned = enforce_plan(&wanted, &observed, &proof).unwrap_err();
        let policy = wanted.access.name.clone();
        assert_eq!(planned.reasons[0], Reason::ClosedUnproven { policy });
        assert_eq!(planned.reasons[1..], refusal.reasons);
        wanted.guard.waive = conditions(&refusal.reasons);
        let notes = still_met(&wanted, &observed, &proof).unwrap();
        assert!(notes[0].starts_with("waived by name ("), "{notes:?}");
        let planned = enforce_plan(&wanted, &observed, &proof).unwrap();
        assert!(planned.is_empty(), "{planned}");
        assert_eq!(planned.notes, notes);
        seen.insert(one.condition);
    }
    assert_eq!(seen.len(), 7, "{seen:?}");
}

#[test]
fn under_a_closed_catch_all_people_who_try_and_are_not_let_in_count() {
    let (observed, _) = closed();
    let mut proof = nothing(&observed);
    proof.simulated = matrix("Wiki", &proof.evidence.rules, true);
    let pilot = proof.pilot.as_mut().unwrap();
    pilot.simulated = matrix("Pilot", &pilot.evidence.rules, true);
    let catch_all = proof.evidence.rules.catch_all.clone();
    add(&mut proof, event("DENY", &catch_all, "0oa-wiki", false));
    let reasons = unmet(&desired(), &observed, &proof);
    assert_eq!(names(&reasons), ["no_managed_sign_in", "too_many_denied"]);
    let mut wanted = desired();
    wanted.guard.expected_denials = vec!["eve@acme.example".into()];
    assert_eq!(unmet(&wanted, &observed, &proof), []);
}

#[test]
fn a_rule_above_break_glass_that_can_keep_its_people_out_is_refused() {
    let groups = |part: &str, id: &str| json!({"people": {"groups": {part: [id]}}});
    let zone = json!({"network": {"connection": "ZONE", "include": ["nzo1"]}});
    type Edit = fn(&mut okta_devtrust::policies::Rule);
    let as_it_is: Edit = |_| {};
    for (conditions, edit, is_refused) in [
        (json!(null), as_it_is, true),
        (groups("include", "00g-glass"), as_it_is, true),
        // Who is in that group, and from where they come, is not known.
        (groups("include", "00g-everyone"), as_it_is, true),
        (zone, as_it_is, true),
        (
            json!(null),
            |rule| rule.app_sign_on_mut().access = Some("ASK".into()),
            true,
        ),
        (groups("exclude", "00g-glass"), as_it_is, false),
        (
            json!(null),
            |rule| rule.status = Some(Status::Inactive),
            false,
        ),
        (
            json!(null),
            |rule| rule.app_sign_on_mut().access = Some(Access::Allow),
            false,
        ),
        (json!(null), |rule| rule.priority = 50.into(), false),
    ] {
        let mut observed = applied();
        let proof = everything(&observed);
        shadow(&mut observed, conditions.clone());
        edit(&mut observed.access[0].rules[0]);
        let found = names(&unmet(&desired(), &observed, &proof));
        let wanted: &[&str] = if is_refused {
            &["break_glass_shadowed"]
        } else {
            &[]
        };
        assert_eq!(found, wanted, "{conditions}");
    }
}

#[tokio::test]
async fn a_break_glass_group_needs_a_member_who_is_active() {
    use wiremock::ResponseTemplate;
    for (status, is_active) in [("ACTIVE", true), ("SUSPENDED", false), ("STAGED", false)] {
        let org = Org::start().await;
        let members =
            json!([{"id": "00u1", "status": "DEPROVISIONED"}, {"id": "00u2", "status": status}]);
        org.answer(
            "GET",
            "/groups/00g-glass/users",
            ResponseTemplate::new(200).set_body_json(members),
        );
        let observed = trust::observe(&org.okta, &desired()).await.unwrap();
        let group = &observed.groups["Break glass admins"][0];
        assert_eq!(group.has_members, is_active, "{status}");
    }
}

#[tokio::test]
async fn when_the_look_after_closing_fails_the_error_says_that_the_catch_all_may_deny() {
    let wanted = desired();
    let (org, observed) = org_with(&wanted).await;
    let closing = closing(&org, &wanted, &observed).await;
    org.silence_after_write(org.writes().len() + 1);
    let halted = trust::apply(&org.okta, &closing, |_| {}).await.unwrap_err();
    assert!(
        matches!(&halted.error, Error::MayBeClosed { policy, .. } if policy == "Managed Macs"),
        "{halted}"
    );
    let said = halted.to_string();
    assert!(
        said.contains("the catch-all of `Managed Macs` may deny now: "),
        "{said}"
    );
}

/// An org in which what is wanted was applied, and what is seen of it.
async fn org_with(wanted: &Desired) -> (Org, Observed) {
    let org = Org::start().await;
    let observed = trust::observe(&org.okta, wanted).await.unwrap();
    let plan = trust::plan(wanted, &observed).unwrap();
    trust::apply(&org.okta, &plan, |_| {}).await.unwrap();
    let observed = trust::observe(&org.okta, wanted).await.unwrap();
    (org, observed)
}

/// A proof of everything, gathered now.
async fn proved(org: &Org, observed: &Observed) -> Proof {
    let mut proof = everything(observed);
    proof.gathered = jiff::Timestamp::now();
    proof.grounds = Grounds::read(&org.okta, &observed.access[0].rules)
        .await
        .unwrap();
    proof
}

/// A plan to close.
async fn closing(org: &Org, wanted: &Desired, observed: &Observed) -> Plan {
    let proof = proved(org, observed).await;
    enforce_plan(wanted, observed, &proof).unwrap()
}

/// A plan to close, and the same one with a proof of long ago, in an org in which the catch-all was closed since. When
/// `is_met` is false, the break-glass group has lost its last active member.
async fn closed_since_planned(is_met: bool) -> (Org, Plan, Plan) {
    let wanted = desired();
    let (org, observed) = org_with(&wanted).await;
    let proof = proved(&org, &observed).await;
    let plan_of = |gathered| {
        let mut proof = proof.clone();
        proof.gathered = gathered;
        enforce_plan(&wanted, &observed, &proof).unwrap()
    };
    let now = jiff::Timestamp::now();
    let long_ago = now - jiff::SignedDuration::from_hours(24 * 30);
    let (closing, old) = (plan_of(now), plan_of(long_ago));
    let access = &observed.access[0];
    let mut denying = access.catch_all().unwrap().clone();
    denying.app_sign_on_mut().access = Some(Access::Deny);
    org.okta
        .replace_rule(&access.policy.id, &denying.id, &denying)
        .await
        .unwrap();
    if !is_met {
        org.answer(
            "GET",
            "/groups/00g-glass/users",
            wiremock::ResponseTemplate::new(200).set_body_json(json!([])),
        );
    }
    (org, closing, old)
}

async fn denies(org: &Org) -> bool {
    let observed = trust::observe(&org.okta, &desired()).await.unwrap();
    observed.access[0].is_closed()
}

#[tokio::test]
async fn what_somebody_else_closed_is_refused_unless_it_is_as_proved_and_never_opened() {
    let (org, closing, _) = closed_since_planned(true).await;
    let writes = org.writes();
    let applied = trust::apply(&org.okta, &closing, |_| {}).await.unwrap();
    assert_eq!(applied.steps[0].state, StepState::AlreadySo);
    assert_eq!(org.writes(), writes);

    let (org, closing, _) = closed_since_planned(false).await;
    let writes = org.writes();
    let halted = trust::apply(&org.okta, &closing, |_| {}).await.unwrap_err();
    let Error::Guarded { refusal, reopened } = &halted.error else {
        panic!("{halted}");
    };
    assert_eq!(*reopened, None);
    let policy = desired().access.name;
    assert_eq!(refusal.reasons[0], Reason::ClosedUnproven { policy });
    assert!(refusal.reasons.len() > 1, "{refusal}");
    assert_eq!(org.writes(), writes);
}

#[tokio::test]
async fn a_resumed_run_opens_what_it_closed_if_a_condition_is_no_longer_met() {
    let (org, closing, _) = closed_since_planned(true).await;
    let resumed = trust::resume(&org.okta, &closing, |_| {}).await.unwrap();
    assert_eq!(resumed.steps[0].state, StepState::AlreadySo);
    assert!(denies(&org).await);

    let (org, closing, _) = closed_since_planned(false).await;
    let halted = trust::resume(&org.okta, &closing, |_| {})
        .await
        .unwrap_err();
    assert!(
        matches!(
            halted.error,
            Error::Guarded {
                reopened: Some(true),
                ..
            }
        ),
        "{halted}"
    );
    assert!(!denies(&org).await);
}

#[tokio::test]
async fn a_proof_of_long_ago_says_that_the_catch_all_may_deny_where_it_does() {
    let (org, _, old) = closed_since_planned(true).await;
    let writes = org.writes();
    let halted = trust::resume(&org.okta, &old, |_| {}).await.unwrap_err();
    let Error::MayBeClosed { cause, .. } = &halted.error else {
        panic!("{halted}");
    };
    let Error::Guarded { refusal, .. } = &**cause else {
        panic!("{halted}");
    };
    assert_eq!(names(&refusal.reasons), ["proof_too_old"]);
    assert_eq!(org.writes(), writes);

    let (org, closing, old) = closed_since_planned(true).await;
    let undo = Undo::of(&closing);
    trust::rollback(&org.okta, &undo, |_| {}).await.unwrap();
    let writes = org.writes();
    let halted = trust::apply(&org.okta, &old, |_| {}).await.unwrap_err();
    let Error::Guarded { refusal, .. } = &halted.error else {
        panic!("{halted}");
    };
    assert_eq!(names(&refusal.reasons), ["proof_too_old"]);
    assert_eq!(org.writes(), writes);
}

#[tokio::test]
async fn who_left_or_came_and_a_changed_assurance_policy_since_the_proof_refuse_the_closing() {
    let macs = |minimum: &str| {
        let macs = json!({"id": "dae1", "name": "Macs", "platform": "MACOS", "osVersion": {"minimum": minimum}});
        wiremock::ResponseTemplate::new(200).set_body_json(macs)
    };
    let members = |ids: &[&str]| {
        let of = |id| json!({"id": id, "status": "ACTIVE"});
        let all: Vec<_> = ids.iter().map(of).collect();
        wiremock::ResponseTemplate::new(200).set_body_json(all)
    };
    let (glass, pilot, assurance) = (
        "/groups/00g-glass/users",
        "/groups/00g-pilot/users",
        "/device-assurances/dae1",
    );
    let gone = crate::support::org::okta_error(404, "E0000007", "Not found");
    for (path, answer, wanted_path) in [
        (pilot, members(&[]), "groups[00g-pilot].members[00u1]"),
        (
            pilot,
            members(&["00u1", "00u2"]),
            "groups[00g-pilot].members[00u2]",
        ),
        (
            glass,
            members(&["00u1", "00u2"]),
            "groups[00g-glass].members[00u2]",
        ),
        (
            assurance,
            macs("26.0"),
            "assurances[dae1].osVersion.minimum",
        ),
        (assurance, gone, "assurances[dae1].name"),
    ] {
        let mut wanted = desired();
        wanted.access.managed.assurance = vec!["dae1".into()];
        let (org, observed) = org_with(&wanted).await;
        org.answer("GET", assurance, macs("15.0"));
        let closing = closing(&org, &wanted, &observed).await;
        org.answer("GET", path, answer);
        let writes = org.writes();
        let halted = trust::apply(&org.okta, &closing, |_| {}).await.unwrap_err();
        let Error::Stale { differences, .. } = &halted.error else {
            panic!("{halted}");
        };
        let paths: Vec<&str> = differences.iter().map(|one| one.path.as_str()).collect();
        assert!(paths.contains(&wanted_path), "{paths:?}");
        assert_eq!(org.writes(), writes, "{wanted_path}");
    }
}

#[tokio::test]
async fn a_closing_whose_outcome_is_not_known_may_still_be_made_also_while_the_catch_all_is_seen_open()
 {
    let wanted = desired();
    let (org, observed) = org_with(&wanted).await;
    let closing = closing(&org, &wanted, &observed).await;
    org.fail_write(Some(org.writes().len() + 1));
    let halted = trust::apply(&org.okta, &closing, |_| {}).await.unwrap_err();
    assert!(!denies(&org).await);
    let Error::MayBeClosed { cause, .. } = &halted.error else {
        panic!("{halted}");
    };
    assert!(matches!(**cause, Error::Unavailable { .. }), "{halted}");
    // Gone on with, it is closed.
    org.fail_write(None);
    let resumed = trust::resume(&org.okta, &closing, |_| {}).await.unwrap();
    assert_eq!(resumed.steps[0].state, StepState::Written);
    assert!(denies(&org).await);
}

#[tokio::test]
async fn a_closing_that_is_refused_is_answered_by_the_refusal() {
    let wanted = desired();
    let (org, observed) = org_with(&wanted).await;
    let closing = closing(&org, &wanted, &observed).await;
    let path = format!("/rules/{}", observed.access[0].catch_all().unwrap().id);
    let refused = crate::support::org::okta_error(403, "E0000006", "No permission");
    org.answer("PUT", path.leak(), refused);
    let halted = trust::apply(&org.okta, &closing, |_| {}).await.unwrap_err();
    assert!(matches!(halted.error, Error::Forbidden { .. }), "{halted}");
}

#[tokio::test]
async fn a_catch_all_that_okta_keeps_less_of_while_it_denies_is_closed_all_the_same() {
    let wanted = desired();
    let (org, observed) = org_with(&wanted).await;
    let closing = closing(&org, &wanted, &observed).await;
    org.drop_key("verificationMethod");
    let applied = trust::apply(&org.okta, &closing, |_| {}).await.unwrap();
    assert_eq!(applied.steps[0].state, StepState::Written);
    let catch_all = &observed.access[0].catch_all().unwrap().id;
    let stored = org.rule(catch_all);
    assert_eq!(
        stored["actions"]["appSignOn"]["verificationMethod"],
        json!(null)
    );
    let resumed = trust::resume(&org.okta, &closing, |_| {}).await.unwrap();
    assert_eq!(resumed.steps[0].state, StepState::AlreadySo);
    assert!(denies(&org).await);
}

#[tokio::test]
async fn what_an_admin_opened_after_a_stopped_run_is_not_closed_by_going_on() {
    let wanted = desired();
    let (org, observed) = org_with(&wanted).await;
    let catch_all = observed.access[0].catch_all().unwrap().id.clone();
    let at = |minute: u32| json!(format!("2026-11-24T12:{minute}:00.000Z"));
    org.edit_rule(&catch_all, |rule| rule["lastUpdated"] = at(10));
    let observed = trust::observe(&org.okta, &wanted).await.unwrap();
    let closing = closing(&org, &wanted, &observed).await;
    org.edit_rule(&catch_all, |rule| rule["lastUpdated"] = at(30));
    let writes = org.writes();
    let halted = trust::resume(&org.okta, &closing, |_| {})
        .await
        .unwrap_err();
    assert!(matches!(halted.error, Error::Stale { .. }), "{halted}");
    assert_eq!(org.writes(), writes);
}

#[tokio::test]
async fn a_rollback_leaves_the_enrolment_app_while_the_catch_all_denies() {
    let wanted = desired();
    let (org, observed) = org_with(&wanted).await;
    let access = &observed.access[0];
    let catch_all = access.catch_all().unwrap();
    let deny = |access: &str| {
        let mut rule = serde_json::to_value(catch_all).unwrap();
        rule["actions"]["appSignOn"]["access"] = json!(access);
        serde_json::from_value(rule).unwrap()
    };
    let policy = &access.policy.id;
    org.okta
        .replace_rule(policy, &catch_all.id, &deny("DENY"))
        .await
        .unwrap();
    let door = &observed.enrollment_app;
    let (app, own) = (&door.apps[0], &door.policies[0].policy);
    let writes = org.writes();
    for step in [
        json!({"undo": "delete_app", "label": "Enrol"}),
        json!({"undo": "delete_policy", "policy": own}),
        json!({"undo": "deactivate_policy", "id": own.id, "name": own.name}),
        json!({"undo": "reassign_app", "app": app.id, "label": "Enrol", "from": {"id": own.id}, "to": "rst-any-two"}),
        json!({"undo": "unassign_group", "app": app.id, "label": "Enrol", "group": "00g-pilot"}),
    ] {
        let undo = json!({"org": "00o1", "owner": wanted.owner, "steps": [step]});
        let undo: Undo = serde_json::from_value(undo).unwrap();
        let halted = trust::rollback(&org.okta, &undo, |_| {}).await.unwrap_err();
        let Error::Guarded { refusal, .. } = &halted.error else {
            panic!("{step}: {halted}");
        };
        assert_eq!(names(&refusal.reasons), ["catch_all_closed"], "{step}");
        assert_eq!(org.writes(), writes);
    }
    // The pilot app is no door: its catch-all denies.
    let undo = json!({"org": "00o1", "owner": wanted.owner, "steps": [
        {"undo": "unassign_group", "app": observed.pilot.apps[0].id, "label": "Pilot", "group": "00g-none"}]});
    let undo: Undo = serde_json::from_value(undo).unwrap();
    let done = trust::rollback(&org.okta, &undo, |_| {}).await;
    assert!(!matches!(
        done.map_err(|halted| halted.error),
        Err(Error::Guarded { .. })
    ));
}

//! The conditions of the guard, each a pure function of what is there and what was proved.

use super::Proof;
use crate::{
    apps::AppStatus,
    evidence::{Evidence, RuleIds},
    policies::{Access, Rule},
    simulate::{DeviceCase, Matrix, Verdict},
    trust::{Action, Desired, Made, Observed, ObservedApp, ObservedPolicy, Reason, Ref, changes},
};

/// Every condition that is not met, waived or not. Empty when the catch-all may be closed.
pub(super) fn unmet(desired: &Desired, observed: &Observed, proof: &Proof) -> Vec<Reason> {
    judge(desired, observed, proof, false)
}

/// Every condition that is not met under a catch-all that denies already. Its own denial needs no proof on the pilot any
/// more, and silence in the log is nobody kept out: only people who tried and were not let in count.
pub(super) fn unmet_closed(desired: &Desired, observed: &Observed, proof: &Proof) -> Vec<Reason> {
    let mut reasons = judge(desired, observed, proof, true);
    let replay = &proof.replay;
    let tried = replay.coverage(&desired.guard.expected_denials).users > 0;
    reasons.retain(|reason| match reason {
        Reason::NoPilotDenial { .. } => false,
        Reason::NoManagedSignIn { .. } => tried,
        Reason::NothingReplayed { .. } => !all_replayed(observed, proof),
        _ => true,
    });
    reasons
}

/// `closed` says that the catch-all denied when it was simulated.
fn judge(desired: &Desired, observed: &Observed, proof: &Proof, closed: bool) -> Vec<Reason> {
    let mut reasons = not_applied(desired, observed);
    let access = observed.access_policy(desired);
    if let (Some(access), Some(ids)) = (access, observed.rule_ids(desired)) {
        break_glass(desired, observed, access, &mut reasons);
        if proof.evidence.rules == ids {
            managed_sign_ins(access, &proof.evidence, &mut reasons);
            // While the catch-all still allows, its denial is proved on the pilot.
            matrix(desired, &proof.simulated, &ids, closed, &mut reasons);
        } else {
            reasons.push(Reason::OtherEvidence {
                wanted: ids.managed.clone(),
                found: proof.evidence.rules.managed.clone(),
            });
        }
    }
    pilot(desired, observed, proof, &mut reasons);
    enrollment_app(desired, observed, &mut reasons);
    replay(desired, observed, proof, &mut reasons);
    for app in &observed.assigned {
        let reason = Reason::FirstPartyApp {
            label: app.label.clone(),
        };
        if desired.is_first_party(&app.label, app.name.as_deref()) && !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    reasons
}

/// The plan must be applied. What it lacks of the pilot and the enrolment app is those conditions' own.
fn not_applied(desired: &Desired, observed: &Observed) -> Vec<Reason> {
    let (mut access, mut pilot, mut enrollment_app) = (Vec::new(), Vec::new(), Vec::new());
    match changes(desired, observed) {
        Err(refusal) => return refusal.reasons,
        Ok(plan) => {
            for change in &plan.changes {
                let list = match part(&change.action, desired, observed) {
                    Part::Access => &mut access,
                    Part::Pilot => &mut pilot,
                    Part::EnrollmentApp => &mut enrollment_app,
                    Part::Other => continue,
                };
                list.push(change.action.to_string());
            }
        }
    }
    if access.is_empty() && observed.rule_ids(desired).is_none() {
        access.push("the catch-all is not there".into());
    }
    if observed.assigned.is_empty() {
        access.push("no app is under the policy".into());
    }
    let mut reasons = Vec::new();
    if !access.is_empty() {
        reasons.push(Reason::NotApplied { missing: access });
    }
    if !pilot.is_empty() {
        reasons.push(Reason::PilotNotReady { missing: pilot });
    }
    if !enrollment_app.is_empty() {
        reasons.push(Reason::EnrollmentAppNotReady {
            missing: enrollment_app,
        });
    }
    reasons
}

/// What a change is about.
enum Part {
    /// Okta Verify, FastPass, the app sign-in policy, its apps.
    Access,
    Pilot,
    EnrollmentApp,
    /// Enrolment and session policies, which closing does not depend on.
    Other,
}

fn part(action: &Action, desired: &Desired, observed: &Observed) -> Part {
    let of_policy = |reference: &Ref| {
        let is = |policy: Option<&ObservedPolicy>| match (reference, policy) {
            (Ref::Id(id), Some(policy)) => *id == policy.policy.id,
            _ => false,
        };
        match reference {
            Ref::Made(made) => of_made(*made),
            _ if is(observed.access_policy(desired)) => Part::Access,
            _ if is(observed.pilot.policy(desired)) => Part::Pilot,
            _ if is(observed.enrollment_app.policy(desired)) => Part::EnrollmentApp,
            Ref::Id(_) => Part::Other,
        }
    };
    let of_id = |id: &str| of_policy(&Ref::Id(id.to_owned()));
    let of_label = |label: &str| {
        let is = |app: &Option<crate::trust::BookmarkDesired>| {
            app.as_ref().is_some_and(|app| app.label == label)
        };
        if is(&desired.pilot) {
            Part::Pilot
        } else if is(&desired.enrollment_app) {
            Part::EnrollmentApp
        } else {
            Part::Access
        }
    };
    match action {
        Action::CreateOktaVerify
        | Action::ActivateAuthenticator { .. }
        | Action::ActivateMethod { .. } => Part::Access,
        Action::CreatePolicy { made, .. } => of_made(*made),
        Action::CreateRule { policy, .. } => of_policy(policy),
        Action::ReplacePolicy { observed, .. } => of_id(&observed.id),
        Action::ActivatePolicy { id, .. } => of_id(id),
        Action::ReplaceRule { policy, .. } | Action::ActivateRule { policy, .. } => of_id(policy),
        Action::AssignApp { label, .. } | Action::AssignGroup { label, .. } => of_label(label),
        Action::CreateApp { app, .. } => of_label(&app.label),
        Action::DenyPilot { .. } => Part::Pilot,
        _ => Part::Other,
    }
}

fn of_made(made: Made) -> Part {
    match made {
        Made::OktaVerify | Made::Access => Part::Access,
        Made::PilotApp | Made::PilotPolicy => Part::Pilot,
        Made::EnrollmentApp | Made::EnrollmentAppPolicy => Part::EnrollmentApp,
        Made::Enrollment | Made::Session => Part::Other,
    }
}

fn break_glass(
    desired: &Desired,
    observed: &Observed,
    access: &ObservedPolicy,
    reasons: &mut Vec<Reason>,
) {
    let wanted = &desired.access.break_glass;
    let name = desired.rule_name(&wanted.name);
    let group = observed.group(&wanted.group);
    let managed = access.rule(&desired.rule_name(&desired.access.managed.name));
    if let (Some(rule), Some(managed)) = (access.rule(&name), managed) {
        if !rule.is_active() {
            reasons.push(Reason::BreakGlassInactive { rule: name.clone() });
        }
        if rule.access() != Some(&Access::Allow) {
            reasons.push(Reason::BreakGlassDenies { rule: name.clone() });
        }
        if rule.place() >= managed.place() {
            reasons.push(Reason::BreakGlassBelow { rule: name.clone() });
        }
        let shadows = |above: &&Rule| {
            above.id != rule.id
                && !above.is_system()
                && above.place() <= rule.place()
                && can_keep_out(above, group.map(|group| group.id.as_str()))
        };
        for above in access.rules.iter().filter(shadows) {
            reasons.push(Reason::BreakGlassShadowed {
                rule: name.clone(),
                above: above.name.clone(),
                group: wanted.group.clone(),
            });
        }
    }
    if !group.is_some_and(|group| group.has_members) {
        reasons.push(Reason::BreakGlassEmpty {
            group: wanted.group.clone(),
            id: group.map(|group| group.id.clone()),
        });
    }
}

/// Whether a rule may keep out a member of a group. Its other conditions are not judged, and neither is who else is in
/// the groups that it names: only one that is not for this group at all surely does not.
fn can_keep_out(rule: &Rule, group: Option<&str>) -> bool {
    let people = rule.conditions.value().and_then(|all| all.people.as_ref());
    let groups = people.and_then(|people| people.groups.as_ref());
    let excluded = groups.and_then(|groups| groups.exclude.as_ref());
    let is_out =
        excluded.is_some_and(|ids| group.is_some_and(|group| ids.iter().any(|id| id == group)));
    rule.is_active() && rule.access() != Some(&Access::Allow) && !is_out
}

/// A sign-in under the managed rule before its last change proves nothing about it.
fn managed_sign_ins(access: &ObservedPolicy, evidence: &Evidence, reasons: &mut Vec<Reason>) {
    let managed = &evidence.rules.managed;
    let rule = access.rules.iter().find(|rule| rule.id == *managed);
    let changed = rule.and_then(|rule| rule.last_updated.value()?.timestamp());
    let mut seen = evidence
        .devices()
        .filter(|seen| seen.counts.managed_success > 0)
        .filter_map(|seen| seen.last_managed);
    if !seen.any(|at| changed.is_none_or(|changed| at >= changed)) {
        reasons.push(Reason::NoManagedSignIn {
            rule: managed.clone(),
            from: evidence.from,
            to: evidence.to,
        });
    }
}

/// A managed Mac must match the managed rule, every other the catch-all, for every group; `denied` says that the
/// catch-all must deny.
fn matrix(
    desired: &Desired,
    found: &Matrix,
    ids: &RuleIds,
    denied: bool,
    reasons: &mut Vec<Reason>,
) {
    for group in desired.managed_groups() {
        for device in DeviceCase::ALL {
            let wanted = match device {
                DeviceCase::Managed => Verdict::Allow(ids.managed.clone()),
                _ if denied => Verdict::Deny(ids.catch_all.clone()),
                _ => Verdict::Allow(ids.catch_all.clone()),
            };
            let mut of_device = found.of(device);
            let verdict = of_device.find_map(|(name, verdict)| (name == group).then_some(verdict));
            let not_proven = |why: &str| Reason::NotSimulated {
                app: found.app.clone(),
                group: group.to_owned(),
                device,
                why: why.to_owned(),
            };
            match verdict {
                None => reasons.push(not_proven("none was run")),
                Some(Verdict::NotProven(why)) => reasons.push(not_proven(why)),
                Some(verdict) if *verdict == wanted => {}
                Some(verdict) => reasons.push(Reason::SimulatedElsewhere {
                    app: found.app.clone(),
                    group: group.to_owned(),
                    device,
                    wanted,
                    found: verdict.clone(),
                }),
            }
        }
    }
}

fn pilot(desired: &Desired, observed: &Observed, proof: &Proof, reasons: &mut Vec<Reason>) {
    let Some(wanted) = &desired.pilot else {
        reasons.push(Reason::NoPilot);
        return;
    };
    let others = others(&observed.pilot.under, &wanted.label);
    if !others.is_empty() {
        reasons.push(Reason::PilotNotAlone { others });
    }
    let Some(ids) = observed.pilot_rule_ids(desired) else {
        return;
    };
    let Some(pilot) = proof
        .pilot
        .as_ref()
        .filter(|pilot| pilot.evidence.rules == ids)
    else {
        reasons.push(Reason::NoPilotDenial {
            app: wanted.label.clone(),
            rule: ids.catch_all,
            from: proof.evidence.from,
            to: proof.evidence.to,
        });
        return;
    };
    matrix(desired, &pilot.simulated, &ids, true, reasons);
    if pilot.denials() == 0 {
        reasons.push(Reason::NoPilotDenial {
            app: wanted.label.clone(),
            rule: ids.catch_all,
            from: pilot.evidence.from,
            to: pilot.evidence.to,
        });
    }
}

fn enrollment_app(desired: &Desired, observed: &Observed, reasons: &mut Vec<Reason>) {
    let Some(wanted) = &desired.enrollment_app else {
        reasons.push(Reason::NoEnrollmentApp);
        return;
    };
    let found = &observed.enrollment_app;
    if let Some(app) = found.app()
        && app
            .status
            .as_ref()
            .is_some_and(|status| *status != AppStatus::Active)
    {
        reasons.push(Reason::EnrollmentAppInactive {
            label: wanted.label.clone(),
            id: app.id.clone(),
        });
    }
    let Some(policy) = found.policy(desired) else {
        return;
    };
    let keeps_out = |rule: &&Rule| rule.is_active() && rule.access() != Some(&Access::Allow);
    let catch_all = policy.catch_all();
    for rule in policy.rules.iter().filter(keeps_out) {
        reasons.push(Reason::EnrollmentAppClosed {
            label: wanted.label.clone(),
            policy: policy.policy.id.clone(),
            rule: rule.name.clone(),
        });
    }
    if catch_all.is_none() {
        reasons.push(Reason::EnrollmentAppClosed {
            label: wanted.label.clone(),
            policy: policy.policy.id.clone(),
            rule: "catch-all".into(),
        });
    }
    let others = others(&found.under, &wanted.label);
    if !others.is_empty() {
        reasons.push(Reason::EnrollmentAppNotAlone {
            policy: policy.policy.id.clone(),
            others,
        });
    }
}

fn others(under: &[ObservedApp], label: &str) -> Vec<String> {
    let others = under.iter().filter(|app| app.label != label);
    others.map(|app| app.label.clone()).collect()
}

fn replay(desired: &Desired, observed: &Observed, proof: &Proof, reasons: &mut Vec<Reason>) {
    let replay = &proof.replay;
    let guard = &desired.guard;
    if !all_replayed(observed, proof) {
        reasons.push(Reason::NothingReplayed {
            from: replay.from,
            to: replay.to,
        });
        return;
    }
    let coverage = replay.coverage(&guard.expected_denials);
    if coverage.users == 0 {
        reasons.push(Reason::NothingReplayed {
            from: replay.from,
            to: replay.to,
        });
    } else if !coverage.reaches(guard.coverage_percent) {
        reasons.push(Reason::TooManyDenied {
            covered: coverage.covered,
            users: coverage.users,
            percent: guard.coverage_percent,
            denied: coverage.denied,
            from: replay.from,
            to: replay.to,
        });
    }
}

/// An app that came under the policy since was not replayed.
fn all_replayed(observed: &Observed, proof: &Proof) -> bool {
    let replayed = |app: &ObservedApp| proof.replay.rules.apps.contains_key(&app.id);
    observed.assigned.iter().all(replayed)
}

//! What of a plan could lock people out or let them in too easily, though each write is right by itself.

use super::{
    Action, Change, Desired, Difference, Made, Observed, ObservedPolicy, Reason, Ref, Refusal,
    bodies, observed::is_owned, planning::group_ids, strength::weakness,
};
use crate::enforcement::Waive;

/// The reasons that are not waived refuse; those that are become notes.
pub(crate) fn waived(
    desired: &Desired,
    reasons: Vec<Reason>,
    notes: &mut Vec<String>,
) -> Result<(), Refusal> {
    let (by_name, reasons): (Vec<_>, Vec<_>) = reasons.into_iter().partition(|reason| {
        let condition = reason.condition();
        condition.is_some_and(|condition| desired.guard.waive.contains(&condition))
    });
    for reason in by_name {
        let condition = reason.condition().map_or("", Waive::as_str);
        notes.push(format!("waived by name ({condition}): {reason}"));
    }
    if reasons.is_empty() {
        Ok(())
    } else {
        Err(Refusal { reasons })
    }
}

/// Every condition that the changes do not meet.
pub(super) fn reasons(desired: &Desired, observed: &Observed, changes: &[Change]) -> Vec<Reason> {
    let mut reasons = closed(desired, observed, changes);
    if changes
        .iter()
        .any(|change| is_session(&change.action, observed))
    {
        reasons.extend(weaker(desired, observed));
    }
    let denies_pilot = |change: &Change| matches!(change.action, Action::DenyPilot { .. });
    if let Some(pilot) = &desired.pilot
        && changes.iter().any(denies_pilot)
    {
        let under = observed.pilot.under.iter();
        let others: Vec<String> = under
            .filter(|app| app.label != pilot.label)
            .map(|app| app.label.clone())
            .collect();
        if !others.is_empty() {
            reasons.push(Reason::PilotNotAlone { others });
        }
    }
    reasons
}

/// Whether a change makes or changes the global session policy.
fn is_session(action: &Action, observed: &Observed) -> bool {
    let is = |id: &str| observed.session.iter().any(|found| found.policy.id == id);
    match action {
        Action::CreatePolicy { made, .. } => *made == Made::Session,
        Action::CreateRule { policy, .. } => match policy {
            Ref::Made(made) => *made == Made::Session,
            Ref::Id(id) => is(id),
        },
        Action::ReplacePolicy { observed, .. } => is(&observed.id),
        Action::ActivatePolicy { id, .. } => is(id),
        Action::ReplaceRule { policy, .. } | Action::ActivateRule { policy, .. } => is(policy),
        _ => false,
    }
}

/// Whether rules and apps may change while the catch-all denies.
pub(super) fn may_change_closed(desired: &Desired, observed: &Observed) -> bool {
    desired.guard.waive.contains(&Waive::ClosedPolicy)
        && observed
            .access_policy(desired)
            .is_some_and(ObservedPolicy::is_closed)
}

/// Whether a change of a rule takes nobody's access away: it only moves the rule, or the rule keeps people out as it is.
pub(super) fn locks_nobody_out(differences: &[Difference]) -> bool {
    let lets_in = |difference: &Difference| {
        difference.path == "actions.appSignOn.access" && difference.wanted == "ALLOW"
    };
    differences.iter().any(lets_in)
        || differences
            .iter()
            .all(|difference| difference.path == "priority")
}

/// The changes that would be made under a catch-all that denies: nobody has proved who would still get in.
fn closed(desired: &Desired, observed: &Observed, changes: &[Change]) -> Vec<Reason> {
    let Some(access) = observed
        .access_policy(desired)
        .filter(|access| access.is_closed())
    else {
        return Vec::new();
    };
    let id = access.policy.id.as_str();
    let locking = changes.iter().filter(|change| match &change.action {
        Action::ReplaceRule { policy, .. } => {
            policy == id && !locks_nobody_out(&change.differences)
        }
        Action::AssignApp { policy, .. } => matches!(policy, Ref::Id(policy) if policy == id),
        _ => false,
    });
    let changes: Vec<String> = locking.map(|change| change.action.to_string()).collect();
    if changes.is_empty() {
        return Vec::new();
    }
    vec![Reason::CatchAllClosed {
        policy: access.policy.name.clone(),
        changes,
    }]
}

/// The rules that let people in with less than the password that the global session policy lifts: those that are there,
/// and our own that may be about to come.
fn weaker(desired: &Desired, observed: &Observed) -> Vec<Reason> {
    let mut reasons = weaker_now(observed);
    let ids = group_ids(observed);
    let mut managed = bodies::managed_rule(desired, &ids);
    managed.status = Some(crate::Status::Active);
    let known = reasons.iter().any(
        |reason| matches!(reason, Reason::WeakerThanPassword { weak } if weak.rule == managed.name),
    );
    if let Some(why) = weakness(&managed)
        && !known
    {
        reasons.push(Reason::WeakerThanPassword {
            weak: super::WeakRule {
                policy: desired.access.name.clone(),
                id: String::new(),
                rule: managed.name,
                why: why.to_owned(),
                apps: Vec::new(),
            },
        });
    }
    reasons
}

/// The rules that let people in with less than the password that the owner's global session policy lifts by now.
pub(crate) fn weaker_in_force(desired: &Desired, observed: &Observed) -> Vec<Reason> {
    let mark = desired.owner_mark();
    let is_ours = |found: &ObservedPolicy| is_owned(&found.policy, &mark);
    if observed.session.iter().any(is_ours) {
        weaker_now(observed)
    } else {
        Vec::new()
    }
}

fn weaker_now(observed: &Observed) -> Vec<Reason> {
    let weaker = observed.weaker.iter();
    weaker
        .map(|weak| Reason::WeakerThanPassword { weak: weak.clone() })
        .collect()
}

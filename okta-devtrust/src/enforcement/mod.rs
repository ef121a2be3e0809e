//! Closing the catch-all: the one write that can lock people out. It is planned only when everything that could be
//! proved beforehand has been, and every proof that is lacking is named at once.
//!
//! | condition | name | reasons |
//! |---|---|---|
//! | a managed Mac matches the managed rule in a simulation, every other the catch-all | [`Waive::Simulation`] | [`Reason::NotSimulated`], [`Reason::SimulatedElsewhere`] |
//! | the pilot app's catch-all, which denies from the start, kept an unmanaged device out | [`Waive::PilotDenial`] | [`Reason::NoPilot`], [`Reason::PilotNotReady`], [`Reason::PilotNotAlone`], [`Reason::NoPilotDenial`] |
//! | a managed Mac was let in by the managed rule as it is now | [`Waive::ManagedSignIns`] | [`Reason::NoManagedSignIn`] |
//! | the sign-ins of the last days, replayed, are let in for enough users | [`Waive::Replay`] | [`Reason::NothingReplayed`], [`Reason::TooManyDenied`] |
//! | the break-glass rule is active, lets in, is above, no rule that keeps out is above it, and its group has an active member | [`Waive::BreakGlass`] | [`Reason::BreakGlassInactive`], [`Reason::BreakGlassDenies`], [`Reason::BreakGlassBelow`], [`Reason::BreakGlassShadowed`], [`Reason::BreakGlassEmpty`] |
//! | the enrolment app is in use and open, alone under a policy of its own | [`Waive::EnrollmentApp`] | [`Reason::NoEnrollmentApp`], [`Reason::EnrollmentAppNotReady`], [`Reason::EnrollmentAppInactive`], [`Reason::EnrollmentAppClosed`], [`Reason::EnrollmentAppNotAlone`] |
//! | none of Okta's own apps is under the policy | [`Waive::FirstPartyApps`] | [`Reason::FirstPartyApp`] |
//!
//! Two more belong to [`plan`](crate::trust::plan): [`Waive::SessionStrength`] and [`Waive::ClosedPolicy`]. What cannot
//! be waived: the plan is applied ([`Reason::NotApplied`]), the proof is about the rules in force
//! ([`Reason::OtherEvidence`]), about the people and device assurance policies of now ([`Grounds`]) and not old
//! ([`Reason::ProofTooOld`]).

mod conditions;
mod grounds;
mod guard;
mod proof;
mod reopen;
mod replay;
mod verify;
mod waive;

use crate::request::json_of;
use crate::{
    policies::Access,
    trust::{
        Action, Change, Desired, Observed, ObservedPolicy, Plan, Reason, Refusal, catch_all,
        semantic, waived,
    },
};

pub use grounds::Grounds;
pub use guard::Guard;
pub(crate) use guard::guarded;
pub use proof::{PilotProof, Proof, gather};
pub use replay::{
    Coverage, DeniedUser, Predicted, Replay, ReplayRules, ReplayedSignIn, ReplayedUser,
};
pub use verify::{Verified, verify};
pub use waive::Waive;

/// The plan that closes the catch-all (`DENY`): empty when it is closed already and may be, one change otherwise.
///
/// Applying it looks at everything again, before the write and after it: a change since refuses it, and one that slipped
/// in between opens the catch-all again. Looked at are the rules, the apps, and the [`Grounds`] of the proof. A run that was stopped is gone on with by [`resume`](crate::trust::resume) and the
/// same plan: if the catch-all was closed already, that looks at it once more, and opens it if a condition is no longer
/// met. Without that plan, a new one refuses. One that somebody else closed is never opened.
///
/// # Errors
/// A [`Refusal`] with every condition that is not met and not waived by name
/// ([`GuardDesired::waive`](crate::trust::GuardDesired::waive)). Under a catch-all that is closed already it starts with
/// [`Reason::ClosedUnproven`], since people may be locked out by then: [`reopen_plan`] opens it, and so does a rollback
/// of the record of its closing.
pub fn enforce_plan(
    desired: &Desired,
    observed: &Observed,
    proof: &Proof,
) -> Result<Plan, Refusal> {
    let mut closing = empty(desired, observed);
    let access = observed.access_policy(desired);
    if let Some(access) = access.filter(|access| access.is_closed()) {
        return match still_met(desired, observed, proof) {
            Ok(notes) => Ok(Plan { notes, ..closing }),
            Err(mut refusal) => {
                let policy = access.policy.name.clone();
                refusal.reasons.insert(0, Reason::ClosedUnproven { policy });
                Err(refusal)
            }
        };
    }
    let reasons = conditions::unmet(desired, observed, proof);
    waived(desired, reasons, &mut closing.notes)?;
    let Some((access, rule)) = access.and_then(|access| Some((access, access.catch_all()?))) else {
        let missing = vec!["the app sign-in policy is not there".into()];
        let reasons = vec![Reason::NotApplied { missing }];
        return Err(Refusal { reasons });
    };
    let denying = catch_all(rule, Access::Deny);
    closing.changes.push(Change {
        differences: semantic::changes(&json_of(&denying), &json_of(rule)),
        action: Action::CloseCatchAll {
            policy: access.policy.id.clone(),
            rule: Box::new(denying),
            observed: Box::new(rule.clone()),
            guard: Box::new(Guard::new(desired, observed, access, proof)),
        },
    });
    note_denied(desired, proof, &mut closing.notes);
    note_broken(proof, &mut closing.notes);
    Ok(closing)
}

/// Every condition that is not met by what is there and what was proved, waived or not. Asked of a catch-all that is
/// closed already, it says whether it should be: what its closing made moot is not asked any more (the denial on the
/// pilot), and neither is a sign-in while nobody tried.
pub fn unmet(desired: &Desired, observed: &Observed, proof: &Proof) -> Vec<Reason> {
    let access = observed.access_policy(desired);
    if access.is_some_and(ObservedPolicy::is_closed) {
        return conditions::unmet_closed(desired, observed, proof);
    }
    conditions::unmet(desired, observed, proof)
}

/// Looks at a catch-all that is closed already, with a proof gathered since: a run that was stopped right after the
/// write, and an administrator's change after it, leave one that should not be. Gives a note for each waiver that was
/// needed.
///
/// # Errors
/// A [`Refusal`] with every condition that is not met ([`unmet`]) and not waived by name. [`reopen_plan`] opens the
/// catch-all again.
pub fn still_met(
    desired: &Desired,
    observed: &Observed,
    proof: &Proof,
) -> Result<Vec<String>, Refusal> {
    let mut notes = Vec::new();
    waived(desired, unmet(desired, observed, proof), &mut notes)?;
    Ok(notes)
}

/// The plan that opens the catch-all again (`ALLOW`): empty when it is open, one change otherwise. It needs no proof.
pub fn reopen_plan(desired: &Desired, observed: &Observed) -> Plan {
    let mut opening = empty(desired, observed);
    let access = observed.access_policy(desired);
    opening.changes.extend(access.and_then(open));
    opening
}

/// The change that opens a catch-all which denies.
pub(crate) fn open(access: &ObservedPolicy) -> Option<Change> {
    let rule = access.catch_all().filter(|_| access.is_closed())?;
    let allowing = catch_all(rule, Access::Allow);
    Some(Change {
        differences: semantic::changes(&json_of(&allowing), &json_of(rule)),
        action: Action::OpenCatchAll {
            policy: access.policy.id.clone(),
            rule: Box::new(allowing),
            observed: Box::new(rule.clone()),
        },
    })
}

fn empty(desired: &Desired, observed: &Observed) -> Plan {
    Plan {
        org: observed.org.id.clone(),
        owner: desired.owner.clone(),
        changes: Vec::new(),
        notes: Vec::new(),
        waived: desired.guard.waive.clone(),
    }
}

fn note_denied(desired: &Desired, proof: &Proof, notes: &mut Vec<String>) {
    let coverage = proof.replay.coverage(&desired.guard.expected_denials);
    for user in coverage.expected {
        notes.push(format!("{user} will be kept out, as expected"));
    }
    for user in coverage.denied {
        notes.push(format!("{user} will be kept out"));
    }
}

fn note_broken(proof: &Proof, notes: &mut Vec<String>) {
    for device in proof.evidence.devices() {
        let counts = &device.counts;
        if counts.managed_at_catch_all > 0 && counts.managed_success == 0 {
            let name = device.device.as_ref().map_or("a device", |device| {
                device.name.as_deref().unwrap_or(&device.id)
            });
            notes.push(format!(
                "`{name}` is managed and fell to the catch-all all the same: it will be kept out"
            ));
        }
    }
}

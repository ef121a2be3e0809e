//! Why no plan is made: every reason at once, each typed, each with its mend, what it lacks, and the request that gets
//! it.

mod mend;
mod text;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Difference, WeakRule};
use crate::{
    enforcement::{DeniedUser, Waive},
    simulate::{DeviceCase, Verdict},
};

/// Every reason why no plan is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    /// The reasons; at least one.
    pub reasons: Vec<Reason>,
}

/// A reason why no plan is made. Those from [`plan`](super::plan) come first, those from
/// [`enforce_plan`](crate::enforcement::enforce_plan) after them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The org runs the Classic engine, or does not say.
    NotIdentityEngine {
        /// What it says: `v1` for Classic.
        pipeline: String,
    },
    /// The org is not the one that is wanted.
    OtherOrg {
        /// The id that is wanted.
        wanted: String,
        /// The id of this org.
        found: String,
    },
    /// A field of the desired state is not usable.
    Invalid {
        /// The field's path.
        field: String,
        /// What is wrong.
        problem: String,
    },
    /// There is no group of this name.
    NoGroup {
        /// The name.
        name: String,
    },
    /// Several groups have this name.
    ManyGroups {
        /// The name.
        name: String,
        /// Their ids.
        ids: Vec<String>,
    },
    /// There is no app of this label.
    NoApp {
        /// The label.
        label: String,
    },
    /// Several apps have this label.
    ManyApps {
        /// The label.
        label: String,
        /// Their ids.
        ids: Vec<String>,
    },
    /// An app is under no app sign-in policy, as API service apps are: nobody signs in to it, and putting it under one
    /// could not be undone.
    NoAppPolicy {
        /// Its label.
        label: String,
    },
    /// An app is one of Okta's own, whose closing would lock admins out.
    FirstPartyApp {
        /// Its label.
        label: String,
    },
    /// A policy of this name is there and is not the owner's.
    ForeignPolicy {
        /// The name.
        name: String,
        /// Its id.
        id: String,
    },
    /// Several policies of this name are the owner's.
    ManyPolicies {
        /// The name.
        name: String,
        /// Their ids.
        ids: Vec<String>,
    },
    /// Several rules of a policy have the same name of the owner's: only one of them would be kept as wanted.
    ManyRules {
        /// The policy's name.
        policy: String,
        /// The policy's id.
        id: String,
        /// The rule's name.
        rule: String,
        /// The rules' ids.
        ids: Vec<String>,
    },
    /// The org has no default enrolment policy to edit.
    NoDefaultEnrollment,

    /// The access plan is not applied, or something was changed since.
    NotApplied {
        /// What is missing or different.
        missing: Vec<String>,
    },
    /// The evidence is about other rules than those in force.
    OtherEvidence {
        /// The managed rule's id now.
        wanted: String,
        /// The managed rule's id in the evidence.
        found: String,
    },
    /// No managed Mac has signed in under the managed rule.
    NoManagedSignIn {
        /// The managed rule's id.
        rule: String,
        /// The start of the window.
        from: jiff::Timestamp,
        /// The end of the window.
        to: jiff::Timestamp,
    },
    /// The break-glass rule is not in use.
    BreakGlassInactive {
        /// The rule's name.
        rule: String,
    },
    /// The break-glass rule is below the managed rule.
    BreakGlassBelow {
        /// The rule's name.
        rule: String,
    },
    /// The break-glass rule does not let people in.
    BreakGlassDenies {
        /// The rule's name.
        rule: String,
    },
    /// A rule that does not let people in stands above the break-glass rule, and the group is not out of it.
    BreakGlassShadowed {
        /// The rule's name.
        rule: String,
        /// The name of the rule above it.
        above: String,
        /// The break-glass group's name.
        group: String,
    },
    /// The break-glass group has no active member.
    BreakGlassEmpty {
        /// The group's name.
        group: String,
        /// Its id, where there is one group of the name.
        id: Option<String>,
    },
    /// Nothing was simulated, or Okta refused to, or could not decide.
    NotSimulated {
        /// The app that was tried; empty when there was none.
        app: String,
        /// The group.
        group: String,
        /// Which device.
        device: DeviceCase,
        /// Why not.
        why: String,
    },
    /// A simulation names another rule than it should, or one that grants something else.
    SimulatedElsewhere {
        /// The app that was tried.
        app: String,
        /// The group.
        group: String,
        /// Which device.
        device: DeviceCase,
        /// What it should say.
        wanted: Verdict,
        /// What it says.
        found: Verdict,
    },
    /// No pilot app is wanted, so the denial is proved nowhere.
    NoPilot,
    /// The pilot app, its policy or rules are not as planned.
    PilotNotReady {
        /// What is missing or different.
        missing: Vec<String>,
    },
    /// The pilot app's policy decides for another app too.
    PilotNotAlone {
        /// The other apps' labels.
        others: Vec<String>,
    },
    /// The catch-all of the pilot app's policy has not kept an unmanaged device out yet.
    NoPilotDenial {
        /// The pilot app's label.
        app: String,
        /// The catch-all's id.
        rule: String,
        /// The start of the window.
        from: jiff::Timestamp,
        /// The end of the window.
        to: jiff::Timestamp,
    },
    /// No enrolment app is wanted: nobody could register a Mac once the catch-all denies.
    NoEnrollmentApp,
    /// The enrolment app or its policy is not as planned.
    EnrollmentAppNotReady {
        /// What is missing or different.
        missing: Vec<String>,
    },
    /// The enrolment app is not in use.
    EnrollmentAppInactive {
        /// Its label.
        label: String,
        /// Its id.
        id: String,
    },
    /// A rule of the enrolment app's policy keeps people out.
    EnrollmentAppClosed {
        /// The app's label.
        label: String,
        /// The policy's id.
        policy: String,
        /// The rule's name.
        rule: String,
    },
    /// The enrolment app's policy decides for other apps too.
    EnrollmentAppNotAlone {
        /// The policy's id.
        policy: String,
        /// The other apps' labels.
        others: Vec<String>,
    },
    /// Nobody signed in to the apps in the days that are replayed, so nothing says who would be kept out.
    NothingReplayed {
        /// The start of the window.
        from: jiff::Timestamp,
        /// The end of the window.
        to: jiff::Timestamp,
    },
    /// Too many of the users who signed in would be kept out.
    TooManyDenied {
        /// How many would be let in.
        covered: usize,
        /// How many signed in.
        users: usize,
        /// How many percent would have to be let in.
        percent: u8,
        /// Who would be kept out.
        denied: Vec<DeniedUser>,
        /// The start of the window.
        from: jiff::Timestamp,
        /// The end of the window.
        to: jiff::Timestamp,
    },
    /// The catch-all denies already, and what follows is not met: a run was stopped right after closing it, or something
    /// was changed since. People may be locked out.
    ClosedUnproven {
        /// The policy's name.
        policy: String,
    },
    /// The proof is too old to act on.
    ProofTooOld {
        /// When it was gathered.
        gathered: jiff::Timestamp,
        /// For how many hours it may be acted on.
        hours: u32,
    },
    /// A policy that apps are under lets people in with less than the password that the session policy lifts.
    WeakerThanPassword {
        /// The rule.
        weak: WeakRule,
    },
    /// The catch-all denies, and changes under it would take access away unproved.
    CatchAllClosed {
        /// The policy's name.
        policy: String,
        /// The changes.
        changes: Vec<String>,
    },
    /// An app of this label is there and is not the owner's.
    ForeignApp {
        /// The label.
        label: String,
        /// Its id.
        id: String,
    },

    /// A rule that is not the owner's is in the owner's policy, which therefore cannot be removed.
    ForeignRule {
        /// The policy's name.
        policy: String,
        /// The rule's name.
        rule: String,
    },
    /// An app that is not in the list is under the owner's policy, which therefore cannot be removed.
    ForeignAppUnder {
        /// The policy's name.
        policy: String,
        /// The app's label.
        label: String,
    },
    /// An object is no longer as the plan made it, or as it was proved.
    Changed {
        /// The object, for people.
        object: String,
        /// Each key path that differs.
        differences: Vec<Difference>,
    },
    /// The org has no default app sign-in policy to put the apps under.
    NoDefaultAccess,
}

impl Reason {
    /// The condition of the guard that is not met, by whose name it can be waived; `None` for what cannot be.
    pub fn condition(&self) -> Option<Waive> {
        Some(match self {
            Self::NotSimulated { .. } | Self::SimulatedElsewhere { .. } => Waive::Simulation,
            Self::NoPilot
            | Self::PilotNotReady { .. }
            | Self::PilotNotAlone { .. }
            | Self::NoPilotDenial { .. } => Waive::PilotDenial,
            Self::NoManagedSignIn { .. } => Waive::ManagedSignIns,
            Self::NothingReplayed { .. } | Self::TooManyDenied { .. } => Waive::Replay,
            Self::BreakGlassInactive { .. }
            | Self::BreakGlassDenies { .. }
            | Self::BreakGlassBelow { .. }
            | Self::BreakGlassShadowed { .. }
            | Self::BreakGlassEmpty { .. } => Waive::BreakGlass,
            Self::NoEnrollmentApp
            | Self::EnrollmentAppNotReady { .. }
            | Self::EnrollmentAppInactive { .. }
            | Self::EnrollmentAppClosed { .. }
            | Self::EnrollmentAppNotAlone { .. } => Waive::EnrollmentApp,
            Self::WeakerThanPassword { .. } => Waive::SessionStrength,
            Self::FirstPartyApp { .. } => Waive::FirstPartyApps,
            Self::CatchAllClosed { .. } => Waive::ClosedPolicy,
            _ => return None,
        })
    }

    /// Whether people's sign-ins alone may meet it, without any change to the org.
    pub fn waits_for_sign_ins(&self) -> bool {
        matches!(
            self,
            Self::NoManagedSignIn { .. }
                | Self::NoPilotDenial { .. }
                | Self::NothingReplayed { .. }
                | Self::TooManyDenied { .. }
        )
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused:")?;
        for reason in &self.reasons {
            write!(f, "\n- {reason}; {}", reason.mend())?;
            if let Some(command) = reason.command() {
                write!(f, " [{command}]")?;
            }
            if let Some(condition) = reason.condition() {
                write!(f, " (condition `{condition}`)")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

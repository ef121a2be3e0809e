//! The conditions of the guard, by name: what can be waived, each by naming that one and no other.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A condition that is waived. Nothing is waived unless it is named, and every waiver that was needed stands in the
/// notes of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Waive {
    /// The simulations name the managed rule for a managed Mac and the catch-all for every other.
    Simulation,
    /// The pilot app, whose catch-all denies from the start, has kept an unmanaged device out.
    PilotDenial,
    /// A managed Mac was let in by the managed rule as it is now.
    ManagedSignIns,
    /// The sign-ins of the last days, replayed, would be let in for enough users.
    Replay,
    /// The break-glass rule is active, lets in, is above, no rule that keeps out is above it, and its group has an active
    /// member.
    BreakGlass,
    /// An app with an open policy of its own lets people enrol Okta Verify.
    EnrollmentApp,
    /// No app's policy is weaker than the password that the global session policy lifts.
    SessionStrength,
    /// None of Okta's own apps is under the policy.
    FirstPartyApps,
    /// The rules and apps of a policy whose catch-all denies stay as they were proved.
    ClosedPolicy,
}

impl Waive {
    /// All conditions.
    pub const ALL: [Self; 9] = [
        Self::Simulation,
        Self::PilotDenial,
        Self::ManagedSignIns,
        Self::Replay,
        Self::BreakGlass,
        Self::EnrollmentApp,
        Self::SessionStrength,
        Self::FirstPartyApps,
        Self::ClosedPolicy,
    ];

    /// The name by which it is waived, such as `pilot_denial`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Simulation => "simulation",
            Self::PilotDenial => "pilot_denial",
            Self::ManagedSignIns => "managed_sign_ins",
            Self::Replay => "replay",
            Self::BreakGlass => "break_glass",
            Self::EnrollmentApp => "enrollment_app",
            Self::SessionStrength => "session_strength",
            Self::FirstPartyApps => "first_party_apps",
            Self::ClosedPolicy => "closed_policy",
        }
    }

    /// The condition of a name.
    ///
    /// ```
    /// use okta_devtrust::enforcement::Waive;
    ///
    /// assert_eq!(Waive::named("pilot_denial"), Some(Waive::PilotDenial));
    /// assert_eq!(Waive::named("all"), None);
    /// ```
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

impl fmt::Display for Waive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_condition_is_written_by_its_name() {
        for one in Waive::ALL {
            assert_eq!(serde_json::to_value(one).unwrap(), one.as_str());
            assert_eq!(Waive::named(one.as_str()), Some(one));
        }
    }
}

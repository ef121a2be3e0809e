//! What a reason says, for people: the condition and the evidence that is lacking.

use std::fmt;

use super::Reason;

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotIdentityEngine { pipeline } => write!(
                f,
                "the org does not run the Identity Engine (pipeline `{pipeline}`)"
            ),
            Self::OtherOrg { wanted, found } => {
                write!(f, "this is the org {found}, and {wanted} is wanted")
            }
            Self::Invalid { field, problem } => write!(f, "`{field}` {problem}"),
            Self::NoGroup { name } => write!(f, "there is no group `{name}`"),
            Self::ManyGroups { name, ids } => {
                write!(f, "several groups are named `{name}`: {}", ids.join(", "))
            }
            Self::NoApp { label } => write!(f, "there is no active app labelled `{label}`"),
            Self::ManyApps { label, ids } => {
                write!(f, "several apps are labelled `{label}`: {}", ids.join(", "))
            }
            Self::NoAppPolicy { label } => {
                write!(f, "the app `{label}` is under no app sign-in policy")
            }
            Self::FirstPartyApp { label } => write!(
                f,
                "`{label}` is one of Okta's own apps; a closed policy on it locks admins out"
            ),
            Self::ForeignPolicy { name, id } => write!(
                f,
                "the policy `{name}` ({id}) exists and does not carry the owner's mark in its description"
            ),
            Self::ForeignApp { label, id } => write!(
                f,
                "the app `{label}` ({id}) exists and does not carry the owner's mark in its note"
            ),
            Self::ManyPolicies { name, ids } => {
                write!(f, "several policies are named `{name}`: {}", ids.join(", "))
            }
            Self::ManyRules {
                policy, rule, ids, ..
            } => write!(
                f,
                "several rules of the policy `{policy}` are named `{rule}`: {}",
                ids.join(", ")
            ),
            Self::NoDefaultEnrollment => f.write_str("the org has no default enrolment policy"),
            Self::NotApplied { missing } => write!(
                f,
                "the app sign-in policy is not as planned: {}",
                missing.join(", ")
            ),
            Self::OtherEvidence { wanted, found } => write!(
                f,
                "the evidence is about rule {found}, and rule {wanted} is in force"
            ),
            Self::NoManagedSignIn { rule, from, to } => write!(
                f,
                "no managed Mac was let in by rule {rule} as it is now between {from} and {to}"
            ),
            Self::ProofTooOld { gathered, hours } => write!(
                f,
                "the proof was gathered at {gathered}, more than {hours} hours ago"
            ),
            _ => self.guard(f),
        }
    }
}

impl Reason {
    fn guard(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BreakGlassInactive { rule } => write!(f, "the rule `{rule}` is not active"),
            Self::BreakGlassBelow { rule } => {
                write!(f, "the rule `{rule}` is not above the managed rule")
            }
            Self::BreakGlassDenies { rule } => {
                write!(f, "the rule `{rule}` does not let people in")
            }
            Self::BreakGlassShadowed { rule, above, .. } => write!(
                f,
                "the rule `{above}` stands above `{rule}` and can keep its people out"
            ),
            Self::BreakGlassEmpty { group, .. } => {
                write!(f, "the break-glass group `{group}` has no active member")
            }
            Self::NotSimulated {
                app,
                group,
                device,
                why,
            } => {
                write!(f, "the simulation for {device} and the group `{group}`")?;
                if !app.is_empty() {
                    write!(f, " at `{app}`")?;
                }
                write!(f, " proves nothing: {why}")
            }
            Self::SimulatedElsewhere {
                app,
                group,
                device,
                wanted,
                found,
            } => write!(
                f,
                "the simulation for {device} and the group `{group}` at `{app}` should say {wanted} and says {found}"
            ),
            Self::NoPilot => f.write_str("there is no pilot app on which the denial is proved"),
            Self::PilotNotReady { missing } => {
                write!(f, "the pilot app is not as planned: {}", missing.join(", "))
            }
            Self::PilotNotAlone { others } => write!(
                f,
                "other apps are under the pilot policy, whose catch-all denies: {}",
                others.join(", ")
            ),
            Self::NoPilotDenial {
                app,
                rule,
                from,
                to,
            } => write!(
                f,
                "no unmanaged device was kept out of `{app}` by its catch-all {rule} between {from} and {to}"
            ),
            Self::NoEnrollmentApp => f.write_str(
                "there is no app through which people could register a Mac once the catch-all denies",
            ),
            Self::EnrollmentAppNotReady { missing } => {
                write!(f, "the enrolment app is not as planned: {}", missing.join(", "))
            }
            Self::EnrollmentAppInactive { label, .. } => {
                write!(f, "the enrolment app `{label}` is not active")
            }
            Self::EnrollmentAppClosed { label, rule, .. } => write!(
                f,
                "the enrolment app `{label}` is not open: the rule `{rule}` of its policy keeps people out"
            ),
            Self::EnrollmentAppNotAlone { others, .. } => write!(
                f,
                "other apps share the enrolment app's policy: {}",
                others.join(", ")
            ),
            Self::NothingReplayed { from, to } => write!(
                f,
                "nobody signed in to the apps between {from} and {to}, so nothing says who would be kept out"
            ),
            Self::TooManyDenied {
                covered,
                users,
                percent,
                denied,
                ..
            } => {
                write!(
                    f,
                    "{covered} of {users} users who signed in would be let in, and {percent} % are asked for; kept \
                     out would be:"
                )?;
                for (n, user) in denied.iter().enumerate() {
                    write!(f, "{} {user}", if n == 0 { "" } else { "," })?;
                }
                Ok(())
            }
            Self::WeakerThanPassword { weak } => write!(
                f,
                "the rule `{}` of the policy `{}` is weaker than the password that the global session policy lifts \
                 ({}; {} apps are under it)",
                weak.rule,
                weak.policy,
                weak.why,
                weak.apps.len()
            ),
            Self::ClosedUnproven { policy } => write!(
                f,
                "the catch-all of `{policy}` denies already, and that people still get in is not proven"
            ),
            Self::CatchAllClosed { policy, changes } => write!(
                f,
                "the catch-all of `{policy}` denies, and nobody has proved who gets in after: {}",
                changes.join(", ")
            ),
            _ => self.removal(f),
        }
    }

    fn removal(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForeignRule { policy, rule } => write!(
                f,
                "the rule `{rule}` in the policy `{policy}` does not belong to the owner"
            ),
            Self::ForeignAppUnder { policy, label } => write!(
                f,
                "the app `{label}` is under the policy `{policy}` and not in the list"
            ),
            Self::Changed {
                object,
                differences,
            } => {
                write!(f, "{object} is no longer as it was:")?;
                for difference in differences {
                    write!(f, " {difference}")?;
                }
                Ok(())
            }
            Self::NoDefaultAccess => f.write_str("the org has no default app sign-in policy"),
            _ => Ok(()),
        }
    }
}

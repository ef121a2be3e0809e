//! Why no plan is made: every reason at once, each typed, each with its mend.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::simulate::Outcome;

/// Every reason why no plan is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    /// The reasons; at least one.
    pub reasons: Vec<Reason>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused:")?;
        for reason in &self.reasons {
            write!(f, "\n- {reason}; {}", reason.mend())?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

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
    /// Neither a sign-in nor a simulation shows that an unmanaged device falls to the catch-all.
    NoUnmanagedSignIn {
        /// The catch-all's id.
        rule: String,
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
    /// The break-glass group has no member.
    BreakGlassEmpty {
        /// The group's name.
        group: String,
    },
    /// Nothing was simulated, or Okta refused to.
    NotSimulated {
        /// Which device.
        device: String,
        /// Why not.
        why: String,
    },
    /// A simulation names another rule than it should.
    SimulatedElsewhere {
        /// Which device.
        device: String,
        /// The id of the rule that should match.
        wanted: String,
        /// What the simulation says.
        found: Outcome,
    },
}

impl Reason {
    /// What to do about it.
    pub fn mend(&self) -> String {
        match self {
            Self::NotIdentityEngine { .. } => "upgrade the org to the Identity Engine first".into(),
            Self::OtherOrg { .. } => "check the Okta URL and the expected org id".into(),
            Self::Invalid { .. } => "correct the field".into(),
            Self::NoGroup { name } => {
                format!("create the group `{name}` in Okta or correct the name")
            }
            Self::ManyGroups { .. } => "rename all but one of them".into(),
            Self::NoApp { label } => {
                format!("create or activate the app `{label}` or correct the label")
            }
            Self::ManyApps { .. } => "relabel all but one of them".into(),
            Self::NoAppPolicy { .. } => "take it off the list".into(),
            Self::FirstPartyApp { .. } => "take it off the list and off the policy".into(),
            Self::ForeignPolicy { .. } => "choose another policy name, or rename that policy".into(),
            Self::ManyPolicies { .. } => "delete all but the one that the apps are under".into(),
            Self::NoDefaultEnrollment => "use an enrolment policy of its own".into(),
            Self::NotApplied { .. } => "apply the plan first, then gather evidence again".into(),
            Self::OtherEvidence { .. } => "gather evidence again".into(),
            Self::NoManagedSignIn { .. } => {
                "sign in with FastPass on a managed Mac to an app of the policy, then gather evidence again; the \
                 first sign-in after Okta Verify's enrolment does not count yet"
                    .into()
            }
            Self::NoUnmanagedSignIn { .. } => {
                "sign in from an unmanaged device to an app of the policy, then gather evidence again".into()
            }
            Self::BreakGlassInactive { .. } => "activate the rule, or apply the plan again".into(),
            Self::BreakGlassBelow { .. } => "apply the plan again: it moves the rule up".into(),
            Self::BreakGlassDenies { .. } => "apply the plan again: it restores the rule".into(),
            Self::BreakGlassEmpty { group } => format!("add an admin to the group `{group}`"),
            Self::NotSimulated { .. } => {
                "put an app under the policy, assign the managed rule's groups to it, and gather evidence again".into()
            }
            Self::SimulatedElsewhere { .. } => {
                "look at the policy's rules and their order in the Admin Console".into()
            }
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotIdentityEngine { pipeline } => {
                write!(
                    f,
                    "the org does not run the Identity Engine (pipeline `{pipeline}`)"
                )
            }
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
            Self::ManyPolicies { name, ids } => {
                write!(f, "several policies are named `{name}`: {}", ids.join(", "))
            }
            Self::NoDefaultEnrollment => f.write_str("the org has no default enrolment policy"),
            Self::NotApplied { missing } => {
                write!(
                    f,
                    "the app sign-in policy is not as planned: {}",
                    missing.join(", ")
                )
            }
            Self::OtherEvidence { wanted, found } => {
                write!(
                    f,
                    "the evidence is about rule {found}, and rule {wanted} is in force"
                )
            }
            Self::NoManagedSignIn { rule, from, to } => write!(
                f,
                "no managed Mac was let in by rule {rule} between {from} and {to}"
            ),
            Self::NoUnmanagedSignIn { rule } => write!(
                f,
                "no sign-in and no simulation shows an unmanaged device falling to the catch-all {rule}"
            ),
            Self::BreakGlassInactive { rule } => write!(f, "the rule `{rule}` is not active"),
            Self::BreakGlassBelow { rule } => {
                write!(f, "the rule `{rule}` is not above the managed rule")
            }
            Self::BreakGlassDenies { rule } => {
                write!(f, "the rule `{rule}` does not let people in")
            }
            Self::BreakGlassEmpty { group } => {
                write!(f, "the break-glass group `{group}` has no member")
            }
            Self::NotSimulated { device, why } => {
                write!(f, "the simulation for {device} proves nothing: {why}")
            }
            Self::SimulatedElsewhere {
                device,
                wanted,
                found,
            } => {
                write!(
                    f,
                    "the simulation for {device} should match rule {wanted} and "
                )?;
                match found {
                    Outcome::Rule(id) => write!(f, "matches rule {id}"),
                    _ => f.write_str("matches none"),
                }
            }
        }
    }
}

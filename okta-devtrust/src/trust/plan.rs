//! A plan: the writes that are needed, in order, as data. It carries what it observed of each object it changes, so
//! that applying it later can refuse when the object is no longer that.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Difference, ObservedApp};
use crate::{
    apps::App,
    authenticators::MethodType,
    enforcement::{Guard, Waive},
    policies::{Policy, Rule},
};

/// The writes that are needed, in order. Printable for people, serialisable for machines; holds no secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The id of the org it was made for.
    pub org: String,
    /// The owner of what it makes.
    pub owner: String,
    /// The changes, in order. Empty when the org is as wanted.
    pub changes: Vec<Change>,
    /// What a person should know before applying it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The conditions that were waived by name when it was made. Those that are looked at again before a write stay
    /// waived then.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub waived: BTreeSet<Waive>,
}

impl Plan {
    /// Whether nothing needs to change.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How many writes it takes.
    pub fn len(&self) -> usize {
        self.changes.len()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.changes.len() {
            0 => write!(f, "Okta org {}: no changes", self.org)?,
            1 => write!(f, "Okta org {}: 1 change", self.org)?,
            n => write!(f, "Okta org {}: {n} changes", self.org)?,
        }
        for (n, change) in self.changes.iter().enumerate() {
            write!(f, "\n{:>3}. {}", n + 1, change.action)?;
            for difference in &change.differences {
                let Difference {
                    path,
                    wanted,
                    found,
                } = difference;
                write!(f, "\n       {path}: {} → {}", shown(found), shown(wanted))?;
            }
        }
        for note in &self.notes {
            write!(f, "\nNote: {note}")?;
        }
        Ok(())
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// One write, and what it changes in an object that is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The write.
    pub action: Action,
    /// Each key path that changes; empty for an object that is new.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
}

/// An object that may only come to be in the same plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ref {
    /// It is there, with this id.
    Id(String),
    /// An earlier change of the plan makes it.
    Made(Made),
}

/// What a plan makes and later changes refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Made {
    /// The authenticator Okta Verify.
    OktaVerify,
    /// The enrolment policy.
    Enrollment,
    /// The app sign-in policy.
    Access,
    /// The global session policy.
    Session,
    /// The pilot app's policy.
    PilotPolicy,
    /// The pilot app.
    PilotApp,
    /// The enrolment app's policy.
    EnrollmentAppPolicy,
    /// The enrolment app.
    EnrollmentApp,
}

/// A write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// Adds Okta Verify to the org, active.
    CreateOktaVerify,
    /// Activates an authenticator.
    ActivateAuthenticator {
        /// Its id.
        id: String,
    },
    /// Activates a method of an authenticator.
    ActivateMethod {
        /// The authenticator.
        authenticator: Ref,
        /// The method.
        method: MethodType,
    },
    /// Creates a policy.
    CreatePolicy {
        /// What later changes call it.
        made: Made,
        /// The policy.
        policy: Box<Policy>,
    },
    /// Replaces a policy.
    ReplacePolicy {
        /// The policy, whole.
        policy: Box<Policy>,
        /// The policy as observed.
        observed: Box<Policy>,
    },
    /// Activates a policy.
    ActivatePolicy {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
    },
    /// Creates a rule.
    CreateRule {
        /// The policy it goes into.
        policy: Ref,
        /// The rule.
        rule: Box<Rule>,
    },
    /// Replaces a rule.
    ReplaceRule {
        /// The policy it is in.
        policy: String,
        /// The rule, whole. Its priority is only written when it differs from the observed one.
        rule: Box<Rule>,
        /// The rule as observed.
        observed: Box<Rule>,
        /// Whether it may be written while the policy's catch-all denies, since it locks nobody out.
        #[serde(default, skip_serializing_if = "is_false")]
        closed: bool,
    },
    /// Activates a rule.
    ActivateRule {
        /// The policy it is in.
        policy: String,
        /// Its id.
        id: String,
        /// Its name.
        name: String,
    },
    /// Puts an app under a policy.
    AssignApp {
        /// The app.
        app: Ref,
        /// Its label.
        label: String,
        /// The policy.
        policy: Ref,
        /// The policy's name.
        name: String,
        /// The id of the policy that it was under.
        observed: Option<String>,
        /// Whether it may be done while the policy's catch-all denies.
        #[serde(default, skip_serializing_if = "is_false")]
        closed: bool,
    },
    /// Creates a bookmark app.
    CreateApp {
        /// What later changes call it.
        made: Made,
        /// The app.
        app: Box<App>,
    },
    /// Assigns an app to a group's members.
    AssignGroup {
        /// The app.
        app: Ref,
        /// Its label.
        label: String,
        /// The group's id.
        group: String,
        /// The group's name.
        name: String,
    },
    /// Sets the catch-all of the pilot app's policy to `DENY`. Refused when another app is under that policy.
    DenyPilot {
        /// The policy.
        policy: Ref,
        /// Its name.
        name: String,
        /// The id of the pilot app, the one app that may be under the policy; `None` before it is there.
        app: Option<String>,
        /// The catch-all as observed; `None` when an earlier change makes the policy.
        observed: Option<Box<Rule>>,
    },
    /// Sets the catch-all to `DENY`. What was proved is looked at again before it, and after it: if it is not so any
    /// more, the catch-all is opened again.
    CloseCatchAll {
        /// The policy.
        policy: String,
        /// The catch-all, whole.
        rule: Box<Rule>,
        /// The catch-all as observed.
        observed: Box<Rule>,
        /// What was proved, and about what.
        guard: Box<Guard>,
    },
    /// Sets the catch-all to `ALLOW`. A rollback does not close it again: that takes a proof.
    OpenCatchAll {
        /// The policy.
        policy: String,
        /// The catch-all, whole.
        rule: Box<Rule>,
        /// The catch-all as observed.
        observed: Box<Rule>,
    },
    /// Deletes a rule.
    DeleteRule {
        /// The policy it is in.
        policy: String,
        /// The policy as observed, by which it is made again.
        within: Box<Policy>,
        /// The rule as observed.
        observed: Box<Rule>,
    },
    /// Deletes a policy, which has no rule left but its system rule, and no app.
    DeletePolicy {
        /// The policy as observed.
        observed: Box<Policy>,
    },
    /// Deletes a bookmark app that the owner made.
    DeleteApp {
        /// The app as observed.
        observed: Box<ObservedApp>,
    },
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateOktaVerify => f.write_str("add the authenticator Okta Verify"),
            Self::ActivateAuthenticator { .. } => {
                f.write_str("activate the authenticator Okta Verify")
            }
            Self::ActivateMethod {
                method: MethodType::SignedNonce,
                ..
            } => f.write_str("activate FastPass (Okta Verify's method signed_nonce)"),
            Self::ActivateMethod { method, .. } => {
                write!(f, "activate Okta Verify's method {method}")
            }
            Self::CreatePolicy { policy, .. } => {
                write!(f, "create the {} `{}`", kind(policy), policy.name)
            }
            Self::ReplacePolicy { policy, .. } => {
                write!(f, "change the {} `{}`", kind(policy), policy.name)
            }
            Self::ActivatePolicy { name, .. } => write!(f, "activate the policy `{name}`"),
            Self::CreateRule { rule, .. } => write!(f, "create the rule `{}`", rule.name),
            Self::ReplaceRule { rule, .. } => write!(f, "change the rule `{}`", rule.name),
            Self::ActivateRule { name, .. } => write!(f, "activate the rule `{name}`"),
            Self::AssignApp { label, name, .. } => {
                write!(
                    f,
                    "put the app `{label}` under the app sign-in policy `{name}`"
                )
            }
            Self::CreateApp { app, .. } => write!(f, "create the bookmark app `{}`", app.label),
            Self::AssignGroup { label, name, .. } => {
                write!(f, "assign the app `{label}` to the group `{name}`")
            }
            Self::DenyPilot { name, .. } => {
                write!(f, "deny by the catch-all of the pilot policy `{name}`")
            }
            Self::CloseCatchAll { rule, .. } => write!(f, "close `{}` (DENY)", rule.name),
            Self::OpenCatchAll { rule, .. } => write!(f, "open `{}` (ALLOW)", rule.name),
            Self::DeleteRule { observed, .. } => write!(f, "delete the rule `{}`", observed.name),
            Self::DeletePolicy { observed } => {
                write!(f, "delete the {} `{}`", kind(observed), observed.name)
            }
            Self::DeleteApp { observed } => {
                write!(f, "delete the bookmark app `{}`", observed.label)
            }
        }
    }
}

fn kind(policy: &Policy) -> &str {
    use crate::policies::PolicyType;
    match &policy.kind {
        Some(PolicyType::AccessPolicy) => "app sign-in policy",
        Some(PolicyType::OktaSignOn) => "global session policy",
        Some(PolicyType::MfaEnroll) => "enrolment policy",
        Some(other) => other.as_str(),
        None => "policy",
    }
}

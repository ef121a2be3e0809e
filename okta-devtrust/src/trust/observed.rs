//! What is there: everything a plan is made from. Holds no secret and no personal data: of apps only what
//! is named here is kept, of groups only whether they have members.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Desired, WeakRule};
use crate::{
    apps::{App, AppStatus},
    authenticators::{Authenticator, Method, MethodType},
    evidence::RuleIds,
    org::Org,
    policies::{Access, Policy, Rule},
};

/// An org as a plan sees it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    /// The org.
    pub org: Org,
    /// The groups that are named, by name; several groups can share a name.
    pub groups: BTreeMap<String, Vec<ObservedGroup>>,
    /// Okta Verify, if the org has it.
    pub okta_verify: Option<ObservedOktaVerify>,
    /// The policies with the name of the wanted app sign-in policy.
    pub access: Vec<ObservedPolicy>,
    /// The policies with the name of the wanted enrolment policy.
    pub enrollment: Vec<ObservedPolicy>,
    /// The org's default enrolment policy.
    pub default_enrollment: Option<Policy>,
    /// The policies with the name of the wanted global session policy.
    pub session: Vec<ObservedPolicy>,
    /// The apps that are named, by label; several apps can share a label.
    pub apps: BTreeMap<String, Vec<ObservedApp>>,
    /// The apps that are under the app sign-in policy now.
    pub assigned: Vec<ObservedApp>,
    /// The id of the org's default app sign-in policy.
    #[serde(default)]
    pub default_access: Option<String>,
    /// The pilot app and its policy.
    #[serde(default)]
    pub pilot: ObservedBookmark,
    /// The enrolment app and its policy.
    #[serde(default)]
    pub enrollment_app: ObservedBookmark,
    /// Rules that let people in with less than a password, in policies that apps are under. Looked for only when a
    /// global session policy is wanted.
    #[serde(default)]
    pub weaker: Vec<WeakRule>,
}

/// A bookmark app of the plan's own and its policy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ObservedBookmark {
    /// The apps of its label; several apps can share one.
    pub apps: Vec<ObservedApp>,
    /// The ids of the managed rule's groups that are assigned to the app.
    pub groups: BTreeSet<String>,
    /// The policies with the name of its policy.
    pub policies: Vec<ObservedPolicy>,
    /// The apps that are under the owner's policy of that name.
    pub under: Vec<ObservedApp>,
}

impl ObservedBookmark {
    /// The one app of the label.
    pub fn app(&self) -> Option<&ObservedApp> {
        match self.apps.as_slice() {
            [app] => Some(app),
            _ => None,
        }
    }

    /// Its policy, if it is there and belongs to the owner.
    pub fn policy(&self, desired: &Desired) -> Option<&ObservedPolicy> {
        owned(&self.policies, desired)
    }
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedGroup {
    /// Its id.
    pub id: String,
    /// Whether it has a member who is active.
    pub has_members: bool,
}

/// Okta Verify.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ObservedOktaVerify {
    /// The authenticator.
    pub authenticator: Authenticator,
    /// Its methods.
    pub methods: Vec<Method>,
}

impl ObservedOktaVerify {
    /// Whether FastPass (`signed_nonce`) is in use.
    pub fn has_fastpass(&self) -> bool {
        self.methods
            .iter()
            .any(|method| method.kind == Some(MethodType::SignedNonce) && method.is_active())
    }
}

/// A policy with its rules.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ObservedPolicy {
    /// The policy.
    pub policy: Policy,
    /// Its rules.
    pub rules: Vec<Rule>,
}

impl ObservedPolicy {
    /// The rule of a name.
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    /// The rule that Okta made: the catch-all of an app sign-in policy.
    pub fn catch_all(&self) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.is_system())
    }

    /// Whether the catch-all denies.
    pub fn is_closed(&self) -> bool {
        self.catch_all().and_then(Rule::access) == Some(&Access::Deny)
    }

    /// The ids of the rules that decide, once they are all there.
    pub(crate) fn rule_ids(&self, desired: &Desired) -> Option<RuleIds> {
        let id_of = |name: &str| Some(self.rule(&desired.rule_name(name))?.id.clone());
        Some(RuleIds {
            policy: self.policy.id.clone(),
            managed: id_of(&desired.access.managed.name)?,
            break_glass: id_of(&desired.access.break_glass.name)?,
            catch_all: self.catch_all()?.id.clone(),
        })
    }
}

/// An app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedApp {
    /// Its id.
    pub id: String,
    /// What people see.
    pub label: String,
    /// The kind of app.
    pub name: Option<String>,
    /// Its state.
    pub status: Option<AppStatus>,
    /// The id of the app sign-in policy it is under.
    pub access_policy: Option<String>,
    /// The owner whose mark is in its note for administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

impl From<App> for ObservedApp {
    fn from(app: App) -> Self {
        Self {
            owner: app.admin_note().and_then(owner_in).map(str::to_owned),
            access_policy: app.access_policy().map(str::to_owned),
            id: app.id,
            label: app.label,
            name: app.name,
            status: app.status,
        }
    }
}

impl Observed {
    /// The one group of a name.
    pub fn group(&self, name: &str) -> Option<&ObservedGroup> {
        match self.groups.get(name)?.as_slice() {
            [group] => Some(group),
            _ => None,
        }
    }

    /// The wanted app sign-in policy, if it is there and belongs to the owner.
    pub fn access_policy(&self, desired: &Desired) -> Option<&ObservedPolicy> {
        owned(&self.access, desired)
    }

    /// The ids of the app sign-in policy's rules, once they are all there: what evidence is gathered for.
    pub fn rule_ids(&self, desired: &Desired) -> Option<RuleIds> {
        self.access_policy(desired)?.rule_ids(desired)
    }

    /// The ids of the rules of the pilot app's policy, once they are all there.
    pub fn pilot_rule_ids(&self, desired: &Desired) -> Option<RuleIds> {
        self.pilot.policy(desired)?.rule_ids(desired)
    }
}

fn owned<'a>(policies: &'a [ObservedPolicy], desired: &Desired) -> Option<&'a ObservedPolicy> {
    let mark = desired.owner_mark();
    policies.iter().find(|found| is_owned(&found.policy, &mark))
}

/// The owner in a text that carries a mark, `[owner: …]`.
pub(super) fn owner_in(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("[owner: ")?;
    rest.split_once(']').map(|(owner, _)| owner)
}

/// Whether a policy carries the owner's mark.
pub(super) fn is_owned(policy: &Policy, mark: &str) -> bool {
    let description = policy.description.as_deref();
    description.is_some_and(|text| text.contains(mark))
}

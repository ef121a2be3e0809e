//! What is there: everything a plan is made from, read at once. Holds no secret and no personal data: of apps only what
//! is named here is kept, of groups only whether they have members.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::{Desired, EnrollmentDesired};
use crate::{
    Error, Okta,
    apps::{App, AppStatus},
    authenticators::{Authenticator, Method, MethodType, OKTA_VERIFY},
    org::Org,
    policies::{Policy, PolicyType, Rule},
};

/// The name of the group that holds every user.
pub(crate) const EVERYONE: &str = "Everyone";

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
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedGroup {
    /// Its id.
    pub id: String,
    /// Whether it has a member.
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
}

impl From<App> for ObservedApp {
    fn from(app: App) -> Self {
        Self {
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
        let mark = desired.owner_mark();
        self.access
            .iter()
            .find(|found| is_owned(&found.policy, &mark))
    }

    /// The ids of the app sign-in policy's rules, once they are all there: what evidence is gathered for.
    pub fn rule_ids(&self, desired: &Desired) -> Option<crate::evidence::RuleIds> {
        let access = self.access_policy(desired)?;
        let id_of = |name: &str| {
            let rule = access.rule(&desired.rule_name(name))?;
            Some(rule.id.clone())
        };
        Some(crate::evidence::RuleIds {
            policy: access.policy.id.clone(),
            managed: id_of(&desired.access.managed.name)?,
            break_glass: id_of(&desired.access.break_glass.name)?,
            catch_all: access.catch_all()?.id.clone(),
        })
    }
}

/// Whether a policy carries the owner's mark.
pub(super) fn is_owned(policy: &Policy, mark: &str) -> bool {
    let description = policy.description.as_deref();
    description.is_some_and(|text| text.contains(mark))
}

/// Reads what a plan needs, independent reads at the same time. Writes nothing.
///
/// # Errors
/// The first read that fails.
pub async fn observe(okta: &Okta, desired: &Desired) -> Result<Observed, Error> {
    let (
        org,
        groups,
        okta_verify,
        (access, assigned),
        (enrollment, default_enrollment),
        session,
        apps,
    ) = futures::try_join!(
        okta.org(),
        groups(okta, desired),
        okta_verify(okta),
        access(okta, desired),
        enrollment(okta, desired),
        session(okta, desired),
        apps(okta, desired),
    )?;
    Ok(Observed {
        org,
        groups,
        okta_verify,
        access,
        enrollment,
        default_enrollment,
        session,
        apps,
        assigned,
    })
}

async fn groups(
    okta: &Okta,
    desired: &Desired,
) -> Result<BTreeMap<String, Vec<ObservedGroup>>, Error> {
    let mut names = desired.group_names();
    if desired.access.managed.groups.is_empty() {
        // Simulation needs a group even for a rule that is for everyone.
        names.push(EVERYONE);
    }
    let found = names.into_iter().map(|name| async move {
        let groups = okta.groups_by_name(name).await?;
        let groups = groups.into_iter().map(|group| async move {
            let has_members = okta.group_has_members(&group.id).await?;
            Ok::<_, Error>(ObservedGroup {
                id: group.id,
                has_members,
            })
        });
        Ok::<_, Error>((name.to_owned(), try_join_all(groups).await?))
    });
    Ok(try_join_all(found).await?.into_iter().collect())
}

async fn okta_verify(okta: &Okta) -> Result<Option<ObservedOktaVerify>, Error> {
    let mut authenticators = okta.authenticators().await?.into_iter();
    let Some(authenticator) =
        authenticators.find(|authenticator| authenticator.key.as_deref() == Some(OKTA_VERIFY))
    else {
        return Ok(None);
    };
    let methods = okta.authenticator_methods(&authenticator.id).await?;
    Ok(Some(ObservedOktaVerify {
        authenticator,
        methods,
    }))
}

async fn access(
    okta: &Okta,
    desired: &Desired,
) -> Result<(Vec<ObservedPolicy>, Vec<ObservedApp>), Error> {
    let policies = okta.policies(&PolicyType::AccessPolicy).await?;
    let found = with_rules(okta, policies, &desired.access.name).await?;
    let mark = desired.owner_mark();
    let Some(own) = found.iter().find(|found| is_owned(&found.policy, &mark)) else {
        return Ok((found, Vec::new()));
    };
    let mappings = okta.policy_mappings(&own.policy.id).await?;
    let ids: BTreeSet<String> = mappings
        .iter()
        .filter_map(|mapping| mapping.app_id().map(str::to_owned))
        .collect();
    let apps = ids.iter().map(|id| okta.app(id));
    let apps = try_join_all(apps).await?;
    Ok((found, apps.into_iter().map(ObservedApp::from).collect()))
}

async fn enrollment(
    okta: &Okta,
    desired: &Desired,
) -> Result<(Vec<ObservedPolicy>, Option<Policy>), Error> {
    let Some(wanted) = &desired.enrollment else {
        return Ok((Vec::new(), None));
    };
    let policies = okta.policies(&PolicyType::MfaEnroll).await?;
    let default = policies.iter().find(|policy| policy.is_system()).cloned();
    let own = match wanted {
        EnrollmentDesired::Own { name, .. } => with_rules(okta, policies, name).await?,
        EnrollmentDesired::EditDefault => Vec::new(),
    };
    Ok((own, default))
}

async fn session(okta: &Okta, desired: &Desired) -> Result<Vec<ObservedPolicy>, Error> {
    let Some(wanted) = &desired.session else {
        return Ok(Vec::new());
    };
    let policies = okta.policies(&PolicyType::OktaSignOn).await?;
    with_rules(okta, policies, &wanted.name).await
}

async fn with_rules(
    okta: &Okta,
    policies: Vec<Policy>,
    name: &str,
) -> Result<Vec<ObservedPolicy>, Error> {
    let named = policies.into_iter().filter(|policy| policy.name == name);
    let found = named.map(|policy| async move {
        let rules = okta.rules(&policy.id).await?;
        Ok::<_, Error>(ObservedPolicy { policy, rules })
    });
    try_join_all(found).await
}

async fn apps(okta: &Okta, desired: &Desired) -> Result<BTreeMap<String, Vec<ObservedApp>>, Error> {
    let labels: BTreeSet<&str> = desired.apps.iter().map(String::as_str).collect();
    let found = labels.into_iter().map(|label| async move {
        let apps = okta.apps_by_label(label).await?;
        let apps = apps.into_iter().map(ObservedApp::from).collect();
        Ok::<_, Error>((label.to_owned(), apps))
    });
    Ok(try_join_all(found).await?.into_iter().collect())
}

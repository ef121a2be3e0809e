//! Reading what is there: independent reads at the same time, nothing written.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;

use super::{
    BookmarkDesired, Desired, EnrollmentDesired, Observed, ObservedApp, ObservedBookmark,
    ObservedGroup, ObservedOktaVerify, ObservedPolicy, WeakRule, observed::is_owned,
    strength::weakness,
};
use crate::{
    Error, Okta,
    authenticators::OKTA_VERIFY,
    policies::{Policy, PolicyType},
};

/// Reads what a plan needs, independent reads at the same time. Writes nothing.
///
/// When a global session policy is wanted, the rules of every app sign-in policy are read as well: one request for each.
///
/// # Errors
/// The first read that fails.
pub async fn observe(okta: &Okta, desired: &Desired) -> Result<Observed, Error> {
    let reads = async {
        futures::try_join!(
            okta.org(),
            groups(okta, desired),
            okta_verify(okta),
            okta.policies(&PolicyType::AccessPolicy),
            enrollment(okta, desired),
            session(okta, desired),
            apps(okta, desired),
        )
    };
    let (org, groups, okta_verify, policies, (enrollment, default_enrollment), session, apps) =
        Box::pin(reads).await?;
    let group_ids: Vec<String> = desired
        .managed_groups()
        .into_iter()
        .filter_map(|name| match groups.get(name)?.as_slice() {
            [group] => Some(group.id.clone()),
            _ => None,
        })
        .collect();
    let bookmark = |wanted| bookmark(okta, desired, &policies, wanted, &group_ids);
    let reads = async {
        futures::try_join!(
            named(okta, desired, &policies, &desired.access.name),
            bookmark(desired.pilot.as_ref()),
            bookmark(desired.enrollment_app.as_ref()),
            weaker(okta, desired, &policies),
        )
    };
    let ((access, assigned), pilot, enrollment_app, weaker) = Box::pin(reads).await?;
    let default_access = policies.into_iter().find(Policy::is_system);
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
        default_access: default_access.map(|policy| policy.id),
        pilot,
        enrollment_app,
        weaker,
    })
}

async fn groups(
    okta: &Okta,
    desired: &Desired,
) -> Result<BTreeMap<String, Vec<ObservedGroup>>, Error> {
    let found = desired.group_names().into_iter().map(|name| async move {
        let groups = okta.groups_by_name(name).await?;
        let groups = groups.into_iter().map(|group| async move {
            let has_members = okta.group_has_active_members(&group.id).await?;
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

/// The app sign-in policies of a name with their rules, and the apps under the owner's.
async fn named(
    okta: &Okta,
    desired: &Desired,
    policies: &[Policy],
    name: &str,
) -> Result<(Vec<ObservedPolicy>, Vec<ObservedApp>), Error> {
    let found = with_rules(okta, policies, name).await?;
    let mark = desired.owner_mark();
    let Some(own) = found.iter().find(|found| is_owned(&found.policy, &mark)) else {
        return Ok((found, Vec::new()));
    };
    let under = apps_under(okta, &own.policy.id).await?;
    Ok((found, under))
}

/// The apps under a policy.
pub(super) async fn apps_under(okta: &Okta, policy: &str) -> Result<Vec<ObservedApp>, Error> {
    let mappings = okta.policy_mappings(policy).await?;
    let ids: BTreeSet<&str> = mappings
        .iter()
        .filter_map(|mapping| mapping.app_id())
        .collect();
    let apps = try_join_all(ids.into_iter().map(|id| okta.app(id))).await?;
    Ok(apps.into_iter().map(ObservedApp::from).collect())
}

async fn bookmark(
    okta: &Okta,
    desired: &Desired,
    policies: &[Policy],
    wanted: Option<&BookmarkDesired>,
    group_ids: &[String],
) -> Result<ObservedBookmark, Error> {
    let Some(wanted) = wanted else {
        return Ok(ObservedBookmark::default());
    };
    let (apps, (policies, under)) = futures::try_join!(
        okta.apps_by_label(&wanted.label),
        named(okta, desired, policies, &wanted.policy),
    )?;
    let apps: Vec<ObservedApp> = apps.into_iter().map(ObservedApp::from).collect();
    let mut groups = BTreeSet::new();
    if let [app] = apps.as_slice() {
        for id in group_ids {
            if okta.is_group_assigned(&app.id, id).await? {
                groups.insert(id.clone());
            }
        }
    }
    Ok(ObservedBookmark {
        apps,
        groups,
        policies,
        under,
    })
}

async fn weaker(
    okta: &Okta,
    desired: &Desired,
    policies: &[Policy],
) -> Result<Vec<WeakRule>, Error> {
    match desired.session {
        Some(_) => weak_rules(okta, policies).await,
        None => Ok(Vec::new()),
    }
}

/// The weak rules of the policies that apps are under. Which apps those are is asked only where a rule is weak.
pub(super) async fn weak_rules(okta: &Okta, policies: &[Policy]) -> Result<Vec<WeakRule>, Error> {
    let found = policies
        .iter()
        .filter(|policy| policy.is_active())
        .map(|policy| async move {
            let rules = okta.rules(&policy.id).await?;
            let weak = rules.iter().find_map(|rule| Some((rule, weakness(rule)?)));
            let Some((rule, why)) = weak else {
                return Ok(None);
            };
            let mappings = okta.policy_mappings(&policy.id).await?;
            let apps: Vec<String> = mappings
                .iter()
                .filter_map(|mapping| mapping.app_id().map(str::to_owned))
                .collect();
            Ok::<_, Error>((!apps.is_empty()).then(|| WeakRule {
                policy: policy.name.clone(),
                id: policy.id.clone(),
                rule: rule.name.clone(),
                why: why.to_owned(),
                apps,
            }))
        });
    Ok(try_join_all(found).await?.into_iter().flatten().collect())
}

async fn enrollment(
    okta: &Okta,
    desired: &Desired,
) -> Result<(Vec<ObservedPolicy>, Option<Policy>), Error> {
    let Some(wanted) = &desired.enrollment else {
        return Ok((Vec::new(), None));
    };
    let policies = okta.policies(&PolicyType::MfaEnroll).await?;
    let own = match wanted {
        EnrollmentDesired::Own { name, .. } => with_rules(okta, &policies, name).await?,
        EnrollmentDesired::EditDefault => Vec::new(),
    };
    Ok((own, policies.into_iter().find(Policy::is_system)))
}

async fn session(okta: &Okta, desired: &Desired) -> Result<Vec<ObservedPolicy>, Error> {
    let Some(wanted) = &desired.session else {
        return Ok(Vec::new());
    };
    let policies = okta.policies(&PolicyType::OktaSignOn).await?;
    with_rules(okta, &policies, &wanted.name).await
}

async fn with_rules(
    okta: &Okta,
    policies: &[Policy],
    name: &str,
) -> Result<Vec<ObservedPolicy>, Error> {
    let named = policies.iter().filter(|policy| policy.name == name);
    let found = named.map(|policy| async move {
        let rules = okta.rules(&policy.id).await?;
        Ok::<_, Error>(ObservedPolicy {
            policy: policy.clone(),
            rules,
        })
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

//! Taking device trust off an org again: what carries the owner's mark, nothing else, in the safe order.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    Action, Change, Desired, Observed, ObservedApp, ObservedPolicy, Plan, Reason, Ref, Refusal,
    Undo, UndoStep, changes,
    observed::is_owned,
    observing::{apps_under, observe},
};
use crate::{
    Error, Okta,
    enforcement::open,
    policies::{Policy, PolicyType, Rule},
};

/// Everything in an org that carries the owner's mark.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Owned {
    /// The org as a plan sees it.
    pub observed: Observed,
    /// The global session policies.
    pub session: Vec<ObservedPolicy>,
    /// The app sign-in policies, and the apps under each.
    pub access: Vec<(ObservedPolicy, Vec<ObservedApp>)>,
    /// The enrolment policies.
    pub enrollment: Vec<ObservedPolicy>,
    /// The bookmark apps.
    pub apps: Vec<ObservedApp>,
}

/// Reads what carries the owner's mark, whatever it is named. Writes nothing.
///
/// Bookmark apps are looked for under those policies and by the labels of `desired`.
///
/// # Errors
/// The first read that fails.
pub async fn observe_owned(okta: &Okta, desired: &Desired) -> Result<Owned, Error> {
    let mut owned = Owned {
        observed: observe(okta, desired).await?,
        session: of_type(okta, desired, &PolicyType::OktaSignOn).await?,
        enrollment: of_type(okta, desired, &PolicyType::MfaEnroll).await?,
        ..Owned::default()
    };
    let is_ours = |app: &ObservedApp| app.owner.as_ref() == Some(&desired.owner);
    for policy in of_type(okta, desired, &PolicyType::AccessPolicy).await? {
        let under = apps_under(okta, &policy.policy.id).await?;
        owned
            .apps
            .extend(under.iter().filter(|app| is_ours(app)).cloned());
        owned.access.push((policy, under));
    }
    let observed = &owned.observed;
    let by_label = observed
        .pilot
        .apps
        .iter()
        .chain(&observed.enrollment_app.apps);
    let by_label: Vec<ObservedApp> = by_label.filter(|app| is_ours(app)).cloned().collect();
    owned.apps.extend(by_label);
    owned.apps.sort_by(|one, other| one.id.cmp(&other.id));
    owned.apps.dedup_by(|one, other| one.id == other.id);
    Ok(owned)
}

async fn of_type(
    okta: &Okta,
    desired: &Desired,
    kind: &PolicyType,
) -> Result<Vec<ObservedPolicy>, Error> {
    let mark = desired.owner_mark();
    let mut found = Vec::new();
    for policy in okta.policies(kind).await? {
        if is_owned(&policy, &mark) {
            let rules = okta.rules(&policy.id).await?;
            found.push(ObservedPolicy { policy, rules });
        }
    }
    Ok(found)
}

/// The plan that removes what is owned: the catch-all is opened first, then the global session policy goes, the apps go
/// under the policy that `undo` says they were under, or the org's default one, and then rules and policies go.
///
/// Okta Verify and FastPass stay, and so does what was edited in the org's default enrolment policy: they may be in use
/// elsewhere. What undoes the plan ([`Undo::of`]) makes policies and rules again and puts the apps back, and leaves the
/// catch-all open: closing it takes a proof.
///
/// # Errors
/// A [`Refusal`] when something of an administrator's would go with it or was changed: a foreign rule in an owned policy,
/// an app under it that is not in the list, an object that is no longer as `desired` makes it.
pub fn teardown(desired: &Desired, owned: &Owned, undo: Option<&Undo>) -> Result<Plan, Refusal> {
    let reasons = reasons(desired, owned);
    if !reasons.is_empty() {
        return Err(Refusal { reasons });
    }
    let mut plan = Plan {
        org: owned.observed.org.id.clone(),
        owner: desired.owner.clone(),
        changes: Vec::new(),
        notes: vec!["Okta Verify and FastPass stay: other policies may use them".into()],
        waived: BTreeSet::new(),
    };
    let pilot = desired.pilot.as_ref().map(|pilot| &pilot.policy);
    for (policy, _) in &owned.access {
        // The pilot app goes before its rules do: there is nobody to let in.
        if Some(&policy.policy.name) != pilot {
            plan.changes.extend(open(policy));
        }
    }
    for policy in &owned.session {
        remove(desired, policy, &mut plan.changes);
    }
    for (policy, under) in &owned.access {
        for app in under.iter().filter(|app| !is_ours(desired, app)) {
            let to = former(undo, app).or_else(|| owned.observed.default_access.clone());
            let Some(to) = to else { continue };
            plan.changes.push(unassign(app, policy, &to));
        }
    }
    for app in &owned.apps {
        push(
            &mut plan.changes,
            Action::DeleteApp {
                observed: Box::new(app.clone()),
            },
        );
    }
    let access = owned.access.iter().map(|(policy, _)| policy);
    for policy in access.chain(&owned.enrollment) {
        remove(desired, policy, &mut plan.changes);
    }
    if plan.is_empty() {
        plan.notes.clear();
    }
    Ok(plan)
}

fn push(changes: &mut Vec<Change>, action: Action) {
    changes.push(Change {
        action,
        differences: Vec::new(),
    });
}

fn is_ours(desired: &Desired, app: &ObservedApp) -> bool {
    app.owner.as_ref() == Some(&desired.owner)
}

/// The id of the policy that an app was under before the plan of a record.
fn former(undo: Option<&Undo>, app: &ObservedApp) -> Option<String> {
    undo?.steps.iter().find_map(|step| match step {
        UndoStep::ReassignApp { app: id, to, .. } if *id == app.id => to.clone(),
        _ => None,
    })
}

fn unassign(app: &ObservedApp, from: &ObservedPolicy, to: &str) -> Change {
    Change {
        action: Action::AssignApp {
            app: Ref::Id(app.id.clone()),
            label: app.label.clone(),
            name: to.to_owned(),
            policy: Ref::Id(to.to_owned()),
            observed: Some(from.policy.id.clone()),
            closed: true,
        },
        differences: Vec::new(),
    }
}

/// A policy's own rules, the lowest first, so that the break-glass rule goes last; then the policy.
fn remove(desired: &Desired, found: &ObservedPolicy, changes: &mut Vec<Change>) {
    let mut rules: Vec<&Rule> = own_rules(desired, found).collect();
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.place()));
    for rule in rules {
        push(
            changes,
            Action::DeleteRule {
                policy: found.policy.id.clone(),
                within: Box::new(found.policy.clone()),
                observed: Box::new(rule.clone()),
            },
        );
    }
    push(
        changes,
        Action::DeletePolicy {
            observed: Box::new(found.policy.clone()),
        },
    );
}

fn own_rules<'a>(desired: &Desired, found: &'a ObservedPolicy) -> impl Iterator<Item = &'a Rule> {
    let prefix = desired.rule_name("");
    let own = move |rule: &&Rule| !rule.is_system() && rule.name.starts_with(&prefix);
    found.rules.iter().filter(own)
}

fn reasons(desired: &Desired, owned: &Owned) -> Vec<Reason> {
    let mut reasons = match changes(desired, &owned.observed) {
        Err(refusal) => return refusal.reasons,
        Ok(plan) => changed(&plan),
    };
    let access = owned.access.iter().map(|(policy, _)| policy);
    for found in owned.session.iter().chain(access).chain(&owned.enrollment) {
        let prefix = desired.rule_name("");
        let foreign = |rule: &&Rule| !rule.is_system() && !rule.name.starts_with(&prefix);
        for rule in found.rules.iter().filter(foreign) {
            reasons.push(Reason::ForeignRule {
                policy: found.policy.name.clone(),
                rule: rule.name.clone(),
            });
        }
    }
    for (policy, under) in &owned.access {
        for app in under.iter().filter(|app| !is_ours(desired, app)) {
            if !desired.apps.contains(&app.label) {
                reasons.push(Reason::ForeignAppUnder {
                    policy: policy.policy.name.clone(),
                    label: app.label.clone(),
                });
            } else if owned.observed.default_access.is_none() {
                reasons.push(Reason::NoDefaultAccess);
            }
        }
    }
    reasons
}

/// What the plan would put right is what somebody changed. The org's default enrolment policy is not removed.
fn changed(plan: &Plan) -> Vec<Reason> {
    let each = plan.changes.iter().filter_map(|change| {
        let object = match &change.action {
            Action::ReplaceRule { observed, .. } => format!("the rule `{}`", observed.name),
            Action::ReplacePolicy { observed, .. } if !Policy::is_system(observed) => {
                format!("the policy `{}`", observed.name)
            }
            _ => return None,
        };
        Some(Reason::Changed {
            object,
            differences: change.differences.clone(),
        })
    });
    each.collect()
}

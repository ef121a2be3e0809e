//! A rollback under a catch-all that denies: taking rules away there would lock people out.

use crate::{
    Error, Okta,
    enforcement::guarded,
    policies::{Access, PolicyType, Rule, RuleType},
    trust::{
        ObservedApp, Reason, Undo, UndoStep, observed::is_owned, observing::apps_under,
        undo::PolicyRef,
    },
};

/// Refuses a rollback that would take away or change rules of a policy whose catch-all denies, while an app stays under
/// it, or the enrolment app beside it: undo the closing first, or in the same record. And refuses one that would close a catch-all, which takes a proof.
pub(super) async fn refuse(okta: &Okta, undo: &Undo) -> Result<(), Error> {
    for step in &undo.steps {
        if let UndoStep::RestoreRule { before, after, .. } = step
            && before.is_system()
            && denies(before)
            && !denies(after)
        {
            return Err(Error::setup(
                "a rollback does not close a catch-all: that takes a proof (enforcement::enforce_plan)",
            ));
        }
    }
    let mut looked_at = Vec::new();
    for (policy, rule) in undo.steps.iter().filter_map(touched) {
        let Some(id) = resolve(okta, undo, policy).await? else {
            continue;
        };
        if looked_at.contains(&id) || opens(undo, &id) {
            continue;
        }
        if stays_closed(okta, undo, &id).await? {
            let reason = Reason::CatchAllClosed {
                policy: okta.policy(&id).await?.name,
                changes: vec![format!("undo the rule `{rule}`")],
            };
            return Err(guarded(vec![reason], None));
        }
        looked_at.push(id);
    }
    keep_the_door(okta, undo).await
}

/// Refuses a rollback that would take away what stays open beside a catch-all that denies, the enrolment app, while an
/// app of others stays under that catch-all: nobody could register a Mac any more.
async fn keep_the_door(okta: &Okta, undo: &Undo) -> Result<(), Error> {
    let mut changes = Vec::new();
    for step in &undo.steps {
        if let Some(policy) = policy_of(okta, undo, step).await?
            && is_open(okta, &policy).await?
        {
            changes.push(super::title(step));
        }
    }
    if changes.is_empty() {
        return Ok(());
    }
    let mark = format!("[owner: {}]", undo.owner);
    for policy in okta.policies(&PolicyType::AccessPolicy).await? {
        if is_owned(&policy, &mark)
            && !opens(undo, &policy.id)
            && stays_closed(okta, undo, &policy.id).await?
        {
            let policy = policy.name;
            return Err(guarded(
                vec![Reason::CatchAllClosed { policy, changes }],
                None,
            ));
        }
    }
    Ok(())
}

/// The policy that a step takes away, or takes an app or people from.
async fn policy_of(okta: &Okta, undo: &Undo, step: &UndoStep) -> Result<Option<String>, Error> {
    let of_app = async |id: &str| match okta.app(id).await {
        Ok(app) => Ok(app.access_policy().map(str::to_owned)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    };
    match step {
        UndoStep::DeleteApp { label } => {
            let apps = okta.apps_by_label(label).await?;
            let mut apps = apps.into_iter().map(ObservedApp::from);
            let own = apps.find(|app| app.owner.as_ref() == Some(&undo.owner));
            Ok(own.and_then(|app| app.access_policy))
        }
        UndoStep::DeletePolicy { policy } if policy.kind == Some(PolicyType::AccessPolicy) => {
            resolve(okta, undo, PolicyRef::Created(policy.clone())).await
        }
        UndoStep::DeactivatePolicy { id, .. } => Ok(Some(id.clone())),
        UndoStep::ReassignApp { app, from, .. } => {
            let from = resolve(okta, undo, from.clone()).await?;
            Ok(of_app(app).await?.filter(|now| Some(now) == from.as_ref()))
        }
        UndoStep::UnassignGroup { app, .. } => of_app(app).await,
        _ => Ok(None),
    }
}

/// Whether it is an app sign-in policy whose catch-all lets people in.
async fn is_open(okta: &Okta, policy: &str) -> Result<bool, Error> {
    let allows = |rule: &Rule| rule.is_system() && rule.access() == Some(&Access::Allow);
    match okta.rules(policy).await {
        Ok(rules) => Ok(rules.iter().any(allows)),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error),
    }
}

fn denies(rule: &Rule) -> bool {
    rule.access() == Some(&Access::Deny)
}

/// The policy and the rule that a step takes away or changes, if it is one of an app sign-in policy.
fn touched(step: &UndoStep) -> Option<(PolicyRef, &str)> {
    match step {
        UndoStep::DeleteRule { policy, rule } if rule.kind == Some(RuleType::AccessPolicy) => {
            Some((policy.clone(), &rule.name))
        }
        UndoStep::RestoreRule { policy, before, .. }
            if before.kind == Some(RuleType::AccessPolicy) && !before.is_system() =>
        {
            Some((PolicyRef::Id(policy.clone()), &before.name))
        }
        UndoStep::DeactivateRule { policy, name, .. } => {
            Some((PolicyRef::Id(policy.clone()), name))
        }
        _ => None,
    }
}

async fn resolve(okta: &Okta, undo: &Undo, policy: PolicyRef) -> Result<Option<String>, Error> {
    let look = super::Undoing {
        okta,
        undo,
        writes: false,
    };
    look.resolve(&policy).await
}

/// Whether the record itself opens the catch-all again.
fn opens(undo: &Undo, id: &str) -> bool {
    undo.steps.iter().any(|step| {
        matches!(step, UndoStep::RestoreRule { policy, before, .. }
            if policy == id && before.is_system() && !denies(before))
    })
}

async fn stays_closed(okta: &Okta, undo: &Undo, id: &str) -> Result<bool, Error> {
    let rules = match okta.rules(id).await {
        Ok(rules) => rules,
        Err(error) if error.is_not_found() => return Ok(false),
        Err(error) => return Err(error),
    };
    if !rules.iter().any(|rule| rule.is_system() && denies(rule)) {
        return Ok(false);
    }
    let moved = |app: &str| {
        undo.steps.iter().any(
            |step| matches!(step, UndoStep::ReassignApp { app: id, to: Some(_), .. } if id == app),
        )
    };
    let under = apps_under(okta, id).await?;
    let stays = under
        .iter()
        .any(|app| !moved(&app.id) && app.owner.as_ref() != Some(&undo.owner));
    Ok(stays)
}

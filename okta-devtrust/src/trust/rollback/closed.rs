//! A rollback under a catch-all that denies: taking rules away there would lock people out.

use crate::{
    Error, Okta,
    enforcement::guarded,
    policies::{Access, Rule, RuleType},
    trust::{Reason, Undo, UndoStep, observing::apps_under, undo::PolicyRef},
};

/// Refuses a rollback that would take away or change rules of a policy whose catch-all denies, while an app stays under
/// it: undo the closing first, or in the same record. And refuses one that would close a catch-all, which takes a proof.
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
    Ok(())
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

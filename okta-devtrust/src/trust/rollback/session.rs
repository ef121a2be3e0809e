//! A rollback that makes a rule of a global session policy again, or puts one back: it lifts the password, so no app may
//! be under a policy that asks for less.

use crate::{
    Error, Okta,
    policies::{Access, PolicyType, PrimaryFactor, Rule},
    trust::{
        Undo, UndoStep, WeakRule,
        lifting::{refuse_weak, weak_now},
        strength::weakness,
        undo::PolicyRef,
    },
};

/// Whether a step, if it writes, lifts the password.
pub(super) fn lifts(step: &UndoStep) -> bool {
    match step {
        UndoStep::RecreateRule { rule, .. } => lifts_password(rule),
        UndoStep::RestoreRule { before, .. } => lifts_password(before),
        // Its people may be others.
        UndoStep::RestorePolicy { before, .. } => before.kind == Some(PolicyType::OktaSignOn),
        _ => false,
    }
}

/// One that does not say what it asks for may do so.
fn lifts_password(rule: &Rule) -> bool {
    let action = rule.actions.as_ref().and_then(|all| all.signon.as_ref());
    action.is_some_and(|action| {
        action.access != Some(Access::Deny)
            && action.primary_factor != Some(PrimaryFactor::PasswordIdp)
    })
}

/// Refuses when an app will be under a weak policy once the apps of the record have moved. An app that it moves to a
/// policy that is there is looked at when it has moved.
pub(super) async fn refuse_after(okta: &Okta, undo: &Undo) -> Result<(), Error> {
    let mut weak = weak_now(okta).await?;
    for one in &mut weak {
        one.apps.retain(|app| !moves(undo, app));
    }
    weak.retain(|one| !one.apps.is_empty());
    weak.extend(undo.steps.iter().filter_map(|step| made_again(undo, step)));
    refuse_weak(weak)
}

fn moves(undo: &Undo, id: &str) -> bool {
    undo.steps.iter().any(|step| match step {
        UndoStep::AssignAgain { app, .. } => app == id,
        UndoStep::ReassignApp { app, to, .. } => app == id && to.is_some(),
        _ => false,
    })
}

/// The weak rule that a step makes again in a policy that apps are put under again.
fn made_again(undo: &Undo, step: &UndoStep) -> Option<WeakRule> {
    let UndoStep::RecreateRule {
        policy: PolicyRef::Created(policy),
        rule,
    } = step
    else {
        return None;
    };
    let why = weakness(rule)?;
    let under = undo.steps.iter().filter_map(|step| match step {
        UndoStep::AssignAgain { app, to, .. } if to == policy => Some(app.clone()),
        _ => None,
    });
    let apps: Vec<String> = under.collect();
    (!apps.is_empty()).then(|| WeakRule {
        policy: policy.name.clone(),
        // It gets another one.
        id: String::new(),
        rule: rule.name.clone(),
        why: why.to_owned(),
        apps,
    })
}

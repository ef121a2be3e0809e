//! Undoes what plans did, from the end. Everything is looked at before anything is written: an object that is neither
//! as it was nor as the plan left it was changed by someone since, and is not overwritten.

mod closed;
mod session;

use serde::Serialize;
use serde_json::Value;

use super::{
    Applied, Halted, ObservedApp, Step, StepState, Undo, UndoStep,
    apply::{make, same_org},
    echo::{self, compared, holds},
    lifting, removal, semantic,
    undo::PolicyRef,
    write::{Done, assign, stale},
};
use crate::{
    Error, Okta, Request,
    authenticators::{self, OKTA_VERIFY},
    bookmark,
    policies::{self, Policy, Rule},
    request::json_of,
};

/// Undoes what `undo` records, from the end, and reports each step before and after. What was never done is passed
/// over, so a record undoes a run that was stopped anywhere, and undoing twice writes nothing the second time.
///
/// # Errors
/// [`Halted`] before anything is written when an object was changed since ([`Error::Stale`]) and when people could be
/// locked out, or get in with less than the password that a global session policy lifts ([`Error::Guarded`]; a new plan
/// can waive the latter by its name); and at the first step that a request fails.
pub async fn rollback(
    okta: &Okta,
    undo: &Undo,
    mut progress: impl FnMut(&Step),
) -> Result<Applied, Box<Halted>> {
    let mut applied = Applied::default();
    if undo.steps.is_empty() {
        return Ok(applied);
    }
    if let Err(error) = same_org(okta, &undo.org).await {
        return Err(applied.halted("check the org", error));
    }
    if let Err(error) = closed::refuse(okta, undo).await {
        return Err(applied.halted("look for a catch-all that denies", error));
    }
    let undoing = |writes| Undoing { okta, undo, writes };
    let mut lifts_password = false;
    for step in undo.steps.iter().rev() {
        match Box::pin(undoing(false).step(step)).await {
            Ok((_, state)) => lifts_password |= state == StepState::Written && session::lifts(step),
            Err(error) => return Err(applied.halted(title(step), error)),
        }
    }
    if lifts_password && let Err(error) = session::refuse_after(okta, undo).await {
        return Err(applied.halted("look for a policy that is weaker than a password", error));
    }
    for (n, undo_step) in undo.steps.iter().rev().enumerate() {
        let step = Step::starting(n, undo.steps.len(), title(undo_step));
        let undoing = undoing(true);
        let making = Box::pin(undoing.make(undo_step));
        if let Err((step, error)) = make(&mut applied.steps, step, &mut progress, making).await {
            return Err(applied.halted(step, error));
        }
    }
    Ok(applied)
}

fn title(step: &UndoStep) -> String {
    match step {
        UndoStep::DeactivateOktaVerify | UndoStep::DeactivateAuthenticator { .. } => {
            "deactivate the authenticator Okta Verify".into()
        }
        UndoStep::DeactivateMethod { method } => {
            format!("deactivate Okta Verify's method {method}")
        }
        UndoStep::DeletePolicy { policy } => format!("delete the policy `{}`", policy.name),
        UndoStep::RestorePolicy { before, .. } => format!("put the policy `{}` back", before.name),
        UndoStep::DeactivatePolicy { name, .. } => format!("deactivate the policy `{name}`"),
        UndoStep::DeleteRule { rule, .. } => format!("delete the rule `{}`", rule.name),
        UndoStep::RestoreRule { before, .. } => format!("put the rule `{}` back", before.name),
        UndoStep::DeactivateRule { name, .. } => format!("deactivate the rule `{name}`"),
        UndoStep::ReassignApp { label, .. } | UndoStep::AssignAgain { label, .. } => {
            format!("put the app `{label}` back under its former policy")
        }
        UndoStep::DeleteApp { label } => format!("delete the bookmark app `{label}`"),
        UndoStep::UnassignGroup { label, .. } => format!("take the app `{label}` from the group"),
        UndoStep::RecreatePolicy { policy } => format!("make the policy `{}` again", policy.name),
        UndoStep::RecreateRule { rule, .. } => format!("make the rule `{}` again", rule.name),
    }
}

/// Looks only, or looks and writes.
struct Undoing<'a> {
    okta: &'a Okta,
    undo: &'a Undo,
    writes: bool,
}

impl Undoing<'_> {
    /// Makes a step. Before one that lifts the password the apps are looked at once more: they have moved by now.
    async fn make(&self, step: &UndoStep) -> Result<Done, Error> {
        if session::lifts(step) {
            let looking = Undoing {
                writes: false,
                ..*self
            };
            let (_, state) = Box::pin(looking.step(step)).await?;
            if state == StepState::Written {
                lifting::refuse(self.okta).await?;
            }
        }
        self.step(step).await
    }

    async fn step(&self, step: &UndoStep) -> Result<Done, Error> {
        let okta = self.okta;
        match step {
            UndoStep::DeactivateOktaVerify => match self.okta_verify().await? {
                Some(id) => self.deactivate_authenticator(&id).await,
                None => Ok(already(OKTA_VERIFY)),
            },
            UndoStep::DeactivateAuthenticator { id } => self.deactivate_authenticator(id).await,
            UndoStep::DeactivateMethod { method } => {
                let Some(id) = self.okta_verify().await? else {
                    return Ok(already(OKTA_VERIFY));
                };
                let now = okta.authenticator_method(&id, method).await?;
                let request = authenticators::deactivate_method(&id, method);
                self.deactivate(&id, now.is_active(), &request).await
            }
            UndoStep::DeletePolicy { policy } => self.delete_policy(policy).await,
            UndoStep::RestorePolicy { before, after } => {
                let now = okta.policy(&before.id).await?;
                let mut restored = (**before).clone();
                restored.priority = now.priority;
                let request = policies::replace(&before.id, &restored);
                let object = format!("the policy `{}`", before.name);
                self.restore(object, &before.id, [&**before, &**after], &now, &request)
                    .await
            }
            UndoStep::DeactivatePolicy { id, .. } => {
                let active = okta.policy(id).await?.is_active();
                self.deactivate(id, active, &policies::deactivate(id)).await
            }
            UndoStep::DeleteRule { policy, rule } => self.delete_rule(policy, rule).await,
            UndoStep::RestoreRule {
                policy,
                before,
                after,
            } => {
                let now = okta.rule(policy, &before.id).await?;
                let mut restored = (**before).clone();
                if before.priority == after.priority {
                    restored.priority = now.priority;
                }
                let request = policies::replace_rule(policy, &before.id, &restored);
                let object = format!("the rule `{}`", before.name);
                self.restore(object, &before.id, [&**before, &**after], &now, &request)
                    .await
            }
            UndoStep::DeactivateRule { policy, id, .. } => {
                let active = okta.rule(policy, id).await?.is_active();
                let request = policies::deactivate_rule(policy, id);
                self.deactivate(id, active, &request).await
            }
            UndoStep::ReassignApp {
                app,
                label,
                from,
                to,
            } => self.reassign(app, label, from, to.as_deref()).await,
            UndoStep::DeleteApp { label } => self.delete_app(label).await,
            UndoStep::UnassignGroup { app, group, .. } => {
                if !okta.is_group_assigned(app, group).await? {
                    return Ok(already(app));
                }
                self.write(app, &bookmark::unassign_group(app, group)).await
            }
            UndoStep::RecreatePolicy { policy } => match self.created(policy).await? {
                Some(found) => Ok(already(&found.id)),
                None => {
                    let object = format!("the policy `{}`", policy.name);
                    self.write_whole(&policy.id, &object, &policies::create(policy), policy)
                        .await
                }
            },
            UndoStep::RecreateRule { policy, rule } => self.recreate_rule(policy, rule).await,
            UndoStep::AssignAgain {
                app,
                label,
                from,
                to,
            } => {
                let to = self.created(to).await?;
                let Some(to) = to else {
                    // It is made again by an earlier step.
                    return Ok((app.clone(), StepState::Written));
                };
                let from = PolicyRef::Id(from.clone());
                self.reassign(app, label, &from, Some(&to.id)).await
            }
        }
    }

    async fn okta_verify(&self) -> Result<Option<String>, Error> {
        let all = self.okta.authenticators().await?;
        Ok(all
            .into_iter()
            .find(|found| found.key.as_deref() == Some(OKTA_VERIFY))
            .map(|found| found.id))
    }

    async fn deactivate_authenticator(&self, id: &str) -> Result<Done, Error> {
        let active = self.okta.authenticator(id).await?.is_active();
        let request = authenticators::deactivate(id);
        self.deactivate(id, active, &request).await
    }

    async fn deactivate(&self, id: &str, active: bool, request: &Request) -> Result<Done, Error> {
        if !active {
            return Ok(already(id));
        }
        self.write(id, request).await
    }

    /// Writes unless only looking. An ambiguous outcome is the next run's to see: every step looks first.
    async fn write(&self, id: &str, request: &Request) -> Result<Done, Error> {
        if self.writes {
            self.okta.send(request).await?;
        }
        Ok((id.to_owned(), StepState::Written))
    }

    /// Makes an object again unless only looking, and compares what the server made of it.
    async fn write_whole(
        &self,
        former: &str,
        object: &str,
        request: &Request,
        sent: &impl Serialize,
    ) -> Result<Done, Error> {
        if !self.writes {
            return Ok((former.to_owned(), StepState::Written));
        }
        let answer = echo::send(self.okta, request, object, &compared(sent)).await?;
        Ok((echo::id_of(&answer), StepState::Written))
    }

    /// The policy that the plan created, if it is there.
    async fn created(&self, sent: &Policy) -> Result<Option<Policy>, Error> {
        let Some(kind) = &sent.kind else {
            return Ok(None);
        };
        let all = self.okta.policies(kind).await?;
        let same =
            |found: &Policy| found.name == sent.name && found.description == sent.description;
        Ok(all.into_iter().find(same))
    }

    async fn resolve(&self, policy: &PolicyRef) -> Result<Option<String>, Error> {
        match policy {
            PolicyRef::Id(id) => Ok(Some(id.clone())),
            PolicyRef::Created(sent) => Ok(self.created(sent).await?.map(|found| found.id)),
        }
    }

    async fn delete_policy(&self, sent: &Policy) -> Result<Done, Error> {
        let Some(found) = self.created(sent).await? else {
            return Ok(already(&sent.name));
        };
        let object = format!("the policy `{}`", sent.name);
        unchanged(&object, sent, &found)?;
        let own = format!("{}: ", self.undo.owner);
        let rules = self.okta.rules(&found.id).await?;
        let foreign = |rule: &&Rule| !rule.is_system() && !rule.name.starts_with(&own);
        if let Some(rule) = rules.iter().find(foreign) {
            return Err(stale(object, "rules", &Value::Null, &rule.name));
        }
        // Okta would move what is still under it to the default policy without a word.
        if self.writes
            && let Some(mapping) = self.okta.policy_mappings(&found.id).await?.first()
        {
            return Err(stale(object, "mappings", &Value::Null, &mapping.app_id()));
        }
        self.write(&found.id, &policies::delete(&found.id)).await
    }

    async fn delete_rule(&self, policy: &PolicyRef, sent: &Rule) -> Result<Done, Error> {
        let Some(policy) = self.resolve(policy).await? else {
            return Ok(already(&sent.name));
        };
        let rules = self.okta.rules(&policy).await?;
        let Some(found) = rules.into_iter().find(|rule| rule.name == sent.name) else {
            return Ok(already(&sent.name));
        };
        unchanged(&format!("the rule `{}`", sent.name), sent, &found)?;
        let request = policies::delete_rule(&policy, &found.id);
        self.write(&found.id, &request).await
    }

    async fn recreate_rule(&self, policy: &PolicyRef, sent: &Rule) -> Result<Done, Error> {
        let Some(policy) = self.resolve(policy).await? else {
            return Ok((sent.id.clone(), StepState::Written));
        };
        let rules = self.okta.rules(&policy).await?;
        if let Some(found) = rules.iter().find(|rule| rule.name == sent.name) {
            return Ok(already(&found.id));
        }
        let mut request = policies::create_rule(&policy, sent);
        if !sent.is_active() {
            request = request.query("activate", "false");
        }
        let object = format!("the rule `{}`", sent.name);
        self.write_whole(&sent.id, &object, &request, sent).await
    }

    /// The bookmark app of the label that carries the owner's mark.
    async fn delete_app(&self, label: &str) -> Result<Done, Error> {
        let apps = self.okta.apps_by_label(label).await?;
        let mut apps = apps.into_iter().map(ObservedApp::from);
        let Some(app) = apps.find(|app| app.owner.as_ref() == Some(&self.undo.owner)) else {
            return Ok(already(label));
        };
        if self.writes {
            return removal::delete_app(self.okta, &app).await;
        }
        Ok((app.id, StepState::Written))
    }

    async fn restore<T: Serialize>(
        &self,
        object: String,
        id: &str,
        [before, after]: [&T; 2],
        now: &T,
        request: &Request,
    ) -> Result<Done, Error> {
        if semantic::changes(&json_of(before), &json_of(now)).is_empty() {
            return Ok(already(id));
        }
        unchanged(&object, after, now)?;
        if !self.writes {
            return Ok((id.to_owned(), StepState::Written));
        }
        let response = self.okta.send(request).await?;
        let differences =
            semantic::lacking(&compared(before), &compared(&response.json::<Value>()?));
        if differences.is_empty() {
            Ok((id.to_owned(), StepState::Written))
        } else {
            Err(Error::echo(object, differences, request, &response))
        }
    }

    async fn reassign(
        &self,
        app: &str,
        label: &str,
        from: &PolicyRef,
        to: Option<&str>,
    ) -> Result<Done, Error> {
        let now = self.okta.app(app).await?;
        let from = self.resolve(from).await?;
        // Never assigned, or moved back already.
        if now.access_policy() == to || from.is_none() {
            return Ok(already(app));
        }
        if now.access_policy() != from.as_deref() {
            let object = format!("the app `{label}`");
            let path = "_links.accessPolicy";
            return Err(stale(object, path, &from, &now.access_policy()));
        }
        let Some(to) = to else {
            return Err(Error::setup(format!(
                "the app `{label}` was under no policy, and Okta has no call to take it off one; put it under another"
            )));
        };
        if !self.writes {
            return Ok((app.to_owned(), StepState::Written));
        }
        assign(self.okta, app, label, to, from.as_deref()).await
    }
}

fn already(id: &str) -> Done {
    (id.to_owned(), StepState::AlreadySo)
}

/// Refuses when someone changed what the plan wrote: what was sent is gone, or something that decides was added.
fn unchanged<T: Serialize>(object: &str, sent: &T, now: &T) -> Result<(), Error> {
    let differences = semantic::drift(&compared(sent), &compared(now));
    if holds(sent, now) && differences.is_empty() {
        return Ok(());
    }
    Err(Error::Stale {
        object: object.into(),
        differences,
    })
}

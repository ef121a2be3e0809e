//! The write that closes the catch-all, and its plan, which is kept until it is known how that write ended. A run that is
//! stopped in between leaves a catch-all at which nobody has looked since it closed: the next run does, with that plan,
//! and opens it if a condition is no longer met.

use okta_devtrust::{
    Error as OktaError,
    policies::Access,
    trust::{self, Action, Halted, Plan, Reason, Step, StepState},
};

use super::proof::OPEN;
use crate::{Error, Output, Progress, Stage, tenants::Tenants};

const STAGE: Stage = Stage::Enforce;

/// Closes the catch-all. Returns the number of writes.
pub(super) async fn close(
    tenants: &Tenants,
    plan: &Plan,
    output: &Output,
    progress: &dyn Progress,
) -> Result<usize, Error> {
    if plan.is_empty() {
        return Ok(0);
    }
    let file = Output::closing(&plan.org);
    output.write_secret(&file, &crate::report::json(plan))?;
    let applied = trust::apply_recorded(
        &tenants.okta,
        plan,
        |undo| output.keep_undo("okta", undo),
        |step| tell(step, progress),
    )
    .await;
    match applied {
        Ok(applied) => {
            output.remove(&file)?;
            Ok(applied.writes())
        }
        Err(halted) if may_deny(&halted) => Err(unknown(&halted, output, &file)),
        Err(halted) => {
            output.remove(&file)?;
            Err(Error::refused(STAGE.name(), halted))
        }
    }
}

/// Goes on with a closing that an earlier run was stopped at: looks at the catch-all once more, and opens it if a
/// condition is no longer met. Returns the number of writes; `None` when there is none to go on with.
///
/// One that allows was not closed by that run, or is open again: this run proves anew. So it does when the proof is too
/// old, and [`still_met`](super::still_met) then judges a catch-all that denies.
pub(crate) async fn go_on(
    tenants: &Tenants,
    output: &Output,
    progress: &dyn Progress,
) -> Result<Option<usize>, Error> {
    if !output.has_closing() {
        return Ok(None);
    }
    let refused = |error: &dyn std::fmt::Display| Error::refused(STAGE.name(), error);
    let org = tenants.okta.org().await.map_err(|error| refused(&error))?;
    let file = Output::closing(&org.id);
    let Some(content) = output.read(&file)? else {
        return Ok(None);
    };
    progress.stage(STAGE);
    let plan: Plan = serde_json::from_slice(&content).map_err(|error| Error::File {
        path: output.path(&file),
        problem: format!(
            "is no plan: {error}; look whether the catch-all denies, then remove the file"
        ),
    })?;
    let denies = match denies(tenants, &plan).await {
        Ok(denies) => denies,
        Err(error) => return Err(unknown(&error, output, &file)),
    };
    if !denies {
        output.remove(&file)?;
        progress
            .line("an earlier run was stopped before the catch-all was closed: it is proved anew");
        return Ok(None);
    }
    progress
        .line("an earlier run was stopped while it closed the catch-all, which is looked at again");
    let resumed = trust::resume(&tenants.okta, &plan, |step| tell(step, progress)).await;
    match resumed {
        Ok(applied) => {
            output.remove(&file)?;
            Ok(Some(applied.writes()))
        }
        Err(halted) if is_too_old(&halted) => {
            output.remove(&file)?;
            progress.line("its proof is too old to go on with: it is proved anew");
            Ok(None)
        }
        Err(halted) if is_over(&halted) => {
            output.remove(&file)?;
            Err(refused(&halted))
        }
        Err(halted) => Err(unknown(&halted, output, &file)),
    }
}

fn tell(step: &Step, progress: &dyn Progress) {
    if step.state == StepState::Starting {
        progress.line(&format!("okta: {}", step.title));
    }
}

/// Whether the catch-all that the plan closes denies. One that is gone does not.
async fn denies(tenants: &Tenants, plan: &Plan) -> Result<bool, OktaError> {
    for change in &plan.changes {
        if let Action::CloseCatchAll { policy, rule, .. } = &change.action {
            match tenants.okta.rule(policy, &rule.id).await {
                Ok(rule) if rule.access() == Some(&Access::Deny) => return Ok(true),
                Ok(_) => {}
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(false)
}

/// Whether the catch-all was closed and nothing says that it should be.
fn may_deny(halted: &Halted) -> bool {
    matches!(
        halted.error,
        OktaError::MayBeClosed { .. }
            | OktaError::Guarded {
                reopened: Some(false),
                ..
            }
    )
}

/// Whether a closing that was gone on with is over. A request that failed before the look says nothing of it.
fn is_over(halted: &Halted) -> bool {
    let answered = matches!(
        halted.error,
        OktaError::Guarded { .. } | OktaError::Stale { .. }
    );
    answered && !may_deny(halted)
}

fn is_too_old(halted: &Halted) -> bool {
    let OktaError::MayBeClosed { cause, .. } = &halted.error else {
        return false;
    };
    let OktaError::Guarded { refusal, .. } = &**cause else {
        return false;
    };
    let is_age = |reason: &Reason| matches!(reason, Reason::ProofTooOld { .. });
    refusal.reasons.iter().all(is_age)
}

/// The plan stays: it is what the next run goes on with.
fn unknown(error: &dyn std::fmt::Display, output: &Output, file: &str) -> Error {
    Error::refused(
        STAGE.name(),
        format!(
            "{error}\nThe catch-all may deny, and whether it should is not known; the next run looks at it first, with {}. \
             {OPEN}",
            output.path(file).display()
        ),
    )
}

//! Acts on a plan: one write after another, each object read again before it is replaced, each answer compared with
//! what was sent, each unclear outcome read back.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::{
    Made, Plan, Undo,
    write::{self, Done},
};
use crate::{Error, Okta};

/// A change that is about to be made, or was made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// Its number, from 1.
    pub number: usize,
    /// How many there are.
    pub total: usize,
    /// What it does, for people.
    pub title: String,
    /// How far it is.
    pub state: StepState,
}

impl Step {
    /// The step after `before` others.
    pub(super) fn starting(before: usize, total: usize, title: String) -> Self {
        Self {
            number: before + 1,
            total,
            title,
            state: StepState::Starting,
        }
    }
}

/// How far a [`Step`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// It begins.
    Starting,
    /// It was written.
    Written,
    /// The object was so already; nothing was written.
    AlreadySo,
}

/// What applying a plan did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Applied {
    /// The changes that are done, in order.
    pub steps: Vec<AppliedStep>,
    /// The ids of what was made or referred to.
    pub made: BTreeMap<Made, String>,
}

impl Applied {
    /// How many writes were made.
    pub fn writes(&self) -> usize {
        let written = |step: &&AppliedStep| step.state == StepState::Written;
        self.steps.iter().filter(written).count()
    }

    /// Stops here.
    pub(super) fn halted(self, step: impl Into<String>, error: Error) -> Box<Halted> {
        Box::new(Halted {
            applied: self,
            step: step.into(),
            error,
        })
    }
}

/// A change that is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AppliedStep {
    /// What it did, for people.
    pub title: String,
    /// Whether it was written.
    pub state: StepState,
    /// The id of the object.
    pub id: String,
}

/// Applying a plan stopped. What was done before stays; a new plan goes on from there.
#[derive(Debug, Clone, PartialEq)]
pub struct Halted {
    /// What was done before.
    pub applied: Applied,
    /// The change that failed, for people.
    pub step: String,
    /// Why.
    pub error: Error,
}

impl fmt::Display for Halted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = self.applied.steps.len();
        write!(
            f,
            "stopped after {done} of the changes at `{}`: {}",
            self.step, self.error
        )
    }
}

impl std::error::Error for Halted {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// Makes the changes of a plan, in order, and reports each before and after. An empty plan sends nothing.
///
/// # Errors
/// [`Halted`] at the first change that fails: [`Error::Stale`] when the org or an object is no longer what the plan
/// observed (nothing is written to it), [`Error::Echo`] when Okta stored something else than was sent,
/// [`Error::Guarded`] when the change could lock people out or let them in too easily by now, and whatever a request can
/// fail with.
pub async fn apply(
    okta: &Okta,
    plan: &Plan,
    progress: impl FnMut(&Step),
) -> Result<Applied, Box<Halted>> {
    apply_all(okta, plan, progress, false).await
}

/// Goes on with a plan whose run was stopped before it could say how it ended (killed, or cut off), or said
/// [`Error::MayBeClosed`]. As [`apply`], but a catch-all that denies is taken for what that run did: it is looked at once
/// more, and opened if a condition is no longer met.
///
/// # Errors
/// As [`apply`]; [`Error::MayBeClosed`] while it cannot be looked at, and when the proof is too old by now. The plan is to
/// be kept then.
pub async fn resume(
    okta: &Okta,
    plan: &Plan,
    progress: impl FnMut(&Step),
) -> Result<Applied, Box<Halted>> {
    apply_all(okta, plan, progress, true).await
}

async fn apply_all(
    okta: &Okta,
    plan: &Plan,
    mut progress: impl FnMut(&Step),
    resumed: bool,
) -> Result<Applied, Box<Halted>> {
    let mut applied = Applied::default();
    if plan.is_empty() {
        return Ok(applied);
    }
    if let Err(error) = same_org(okta, &plan.org).await {
        return Err(applied.halted("check the org", error));
    }
    for (n, change) in plan.changes.iter().enumerate() {
        let step = Step::starting(n, plan.len(), change.action.to_string());
        let making = Box::pin(write::make(okta, plan, change, &mut applied.made, resumed));
        if let Err((step, error)) = make(&mut applied.steps, step, &mut progress, making).await {
            return Err(applied.halted(step, error));
        }
    }
    Ok(applied)
}

/// Makes a step, and tells of it before and after. An error comes with the step's title.
pub(super) async fn make(
    done: &mut Vec<AppliedStep>,
    mut step: Step,
    progress: &mut impl FnMut(&Step),
    making: impl Future<Output = Result<Done, Error>>,
) -> Result<(), (String, Error)> {
    progress(&step);
    let (id, state) = match making.await {
        Ok(made) => made,
        Err(error) => return Err((step.title, error)),
    };
    step.state = state;
    progress(&step);
    done.push(AppliedStep {
        title: step.title,
        state,
        id,
    });
    Ok(())
}

/// As [`apply`], after `record` has kept what undoes the plan: nothing is written unless it succeeded.
///
/// # Errors
/// As [`apply`]; [`Error::Setup`] when the record cannot be kept.
pub async fn apply_recorded<E: fmt::Display>(
    okta: &Okta,
    plan: &Plan,
    record: impl FnOnce(&Undo) -> Result<(), E>,
    progress: impl FnMut(&Step),
) -> Result<Applied, Box<Halted>> {
    if !plan.is_empty()
        && let Err(error) = record(&Undo::of(plan))
    {
        let what = format!("the undo record cannot be kept ({error}); nothing was written");
        return Err(Applied::default().halted("keep the undo record", Error::setup(what)));
    }
    apply(okta, plan, progress).await
}

pub(super) async fn same_org(okta: &Okta, wanted: &str) -> Result<(), Error> {
    let org = okta.org().await?;
    if org.id == wanted {
        return Ok(());
    }
    Err(write::stale("the org".into(), "id", &wanted, &org.id))
}

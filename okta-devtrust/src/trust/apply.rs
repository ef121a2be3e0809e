//! Acts on a plan: one write after another, each object read again before it is replaced, each answer compared with
//! what was sent, each unclear outcome read back.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::{Made, Plan, Undo, write};
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
/// observed (nothing is written to it), [`Error::Echo`] when Okta stored something else than was sent, and whatever a
/// request can fail with.
pub async fn apply(
    okta: &Okta,
    plan: &Plan,
    mut progress: impl FnMut(&Step),
) -> Result<Applied, Box<Halted>> {
    let mut applied = Applied::default();
    if plan.is_empty() {
        return Ok(applied);
    }
    if let Err(error) = same_org(okta, &plan.org).await {
        let step = "check the org".to_owned();
        return Err(Box::new(Halted {
            applied,
            step,
            error,
        }));
    }
    for (n, change) in plan.changes.iter().enumerate() {
        let mut step = Step {
            number: n + 1,
            total: plan.len(),
            title: change.action.to_string(),
            state: StepState::Starting,
        };
        progress(&step);
        match write::make(okta, change, &mut applied.made).await {
            Ok((id, state)) => {
                step.state = state;
                progress(&step);
                applied.steps.push(AppliedStep {
                    title: step.title,
                    state,
                    id,
                });
            }
            Err(error) => {
                return Err(Box::new(Halted {
                    applied,
                    step: step.title,
                    error,
                }));
            }
        }
    }
    Ok(applied)
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
        return Err(Box::new(Halted {
            applied: Applied::default(),
            step: "keep the undo record".into(),
            error: Error::setup(format!(
                "the undo record cannot be kept ({error}); nothing was written"
            )),
        }));
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

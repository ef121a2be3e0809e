//! Carries out a plan. The rules: nothing is overwritten that the plan did not see; a write with unknown outcome is
//! read back, and a create or a change is never made twice; what was stored is compared with what was sent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Desired, DigestKey, Plan, Step, UndoRecord, bind, observed, policy_write};
use crate::{Bindable, Error, JumpCloud, Operation};

/// What applying did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Applied {
    /// How each step ended, in the plan's order.
    pub outcomes: Vec<Outcome>,
    /// The policies that were touched: name and id.
    pub policies: BTreeMap<String, String>,
    /// The software apps that were touched: display name and id.
    pub software: BTreeMap<String, String>,
    /// For each updated policy, what each system had reported before the update: [`wait`](super::wait) does not take
    /// that for the update's result.
    pub reported_before: BTreeMap<String, BTreeMap<String, String>>,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It was done.
    Done,
    /// It had been done already, by another run or hand.
    AlreadyThere,
}

/// What [`apply`] reports while it runs. Steps are counted from 0.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A step begins.
    Started {
        /// Its place.
        index: usize,
        /// How many steps there are.
        total: usize,
        /// The step.
        step: &'a Step,
    },
    /// A step ended well.
    Finished {
        /// Its place.
        index: usize,
        /// How many steps there are.
        total: usize,
        /// The step.
        step: &'a Step,
        /// How.
        outcome: Outcome,
    },
    /// A step failed; no later step runs. A new plan continues from here.
    Failed {
        /// Its place.
        index: usize,
        /// How many steps there are.
        total: usize,
        /// The step.
        step: &'a Step,
        /// Why.
        error: &'a Error,
    },
}

/// Carries out `plan`. The profiles' bytes come from `desired`, which must be what the plan was made for.
///
/// An empty plan sends nothing. When it fails part-way, observe and plan again: what is done is not done twice. So also
/// after [`Error::Ambiguous`], a create or a change that is not to be seen and may still be made.
///
/// # Errors
/// [`Error::PlanMismatch`] before anything is written, when `desired`, `key` or the organisation is not that of the plan;
/// [`Error::Stale`] when a policy or software app is no longer what the plan saw; [`Error::Echo`] when JumpCloud stored
/// something else than was sent; else an [`Error`] by the answer's meaning.
pub async fn apply(
    client: &JumpCloud,
    plan: &Plan,
    desired: &Desired,
    key: &DigestKey,
    mut progress: impl FnMut(Event<'_>),
) -> Result<Applied, Error> {
    plan.check(desired, key)?;
    let mut run = Run {
        client,
        desired,
        key,
        applied: Applied::default(),
    };
    if plan.is_empty() {
        return Ok(run.applied);
    }
    let organization = observed::organization(client).await?;
    if organization != plan.organization {
        let text = |id: Option<&String>| id.map_or("an unknown one", String::as_str).to_owned();
        return Err(Error::PlanMismatch {
            message: format!(
                "it was made for organisation {}, the key works on {}",
                text(plan.organization.as_ref()),
                text(organization.as_ref())
            ),
        });
    }
    let total = plan.steps.len();
    for (index, step) in plan.steps.iter().enumerate() {
        progress(Event::Started { index, total, step });
        match run.step(step).await {
            Ok(outcome) => {
                run.applied.outcomes.push(outcome);
                progress(Event::Finished {
                    index,
                    total,
                    step,
                    outcome,
                });
            }
            Err(error) => {
                progress(Event::Failed {
                    index,
                    total,
                    step,
                    error: &error,
                });
                return Err(error);
            }
        }
    }
    Ok(run.applied)
}

/// As [`apply`], after `keep` has put the record of how to undo it away. Nothing is written when `keep` fails.
///
/// # Errors
/// As [`apply`]; [`Error::Input`] when `keep` fails, with what it said.
pub async fn apply_recorded(
    client: &JumpCloud,
    plan: &Plan,
    desired: &Desired,
    observed: &observed::Observed,
    key: &DigestKey,
    keep: impl FnOnce(&UndoRecord) -> Result<(), String>,
    progress: impl FnMut(Event<'_>),
) -> Result<Applied, Error> {
    plan.check(desired, key)?;
    if !plan.is_empty() {
        let record = UndoRecord::of(plan, observed, key);
        keep(&record).map_err(|message| Error::input("undo record", message))?;
    }
    apply(client, plan, desired, key, progress).await
}

/// A plan under way.
pub(super) struct Run<'a> {
    pub(super) client: &'a JumpCloud,
    pub(super) desired: &'a Desired,
    pub(super) key: &'a DigestKey,
    pub(super) applied: Applied,
}

impl Run<'_> {
    async fn step(&mut self, step: &Step) -> Result<Outcome, Error> {
        match step {
            Step::CreatePolicy {
                policy,
                template,
                redispatch,
                provenance,
                ..
            } => {
                let wanted = policy_write::Wanted {
                    name: policy,
                    template,
                    redispatch: *redispatch,
                    notes: policy_write::Notes::Origin(provenance),
                };
                self.create_policy(&wanted).await
            }
            Step::UpdatePolicy {
                policy,
                id,
                template,
                redispatch,
                provenance,
                observed,
                ..
            } => {
                let wanted = policy_write::Wanted {
                    name: policy,
                    template,
                    redispatch: *redispatch,
                    notes: policy_write::Notes::Origin(provenance),
                };
                self.update_policy(&wanted, id, observed).await
            }
            Step::RestorePolicy {
                policy,
                id,
                template,
                redispatch,
                notes,
                observed,
                ..
            } => {
                let wanted = policy_write::Wanted {
                    name: policy,
                    template,
                    redispatch: *redispatch,
                    notes: policy_write::Notes::Exactly(notes),
                };
                self.update_policy(&wanted, id, observed).await
            }
            Step::DeletePolicy {
                policy,
                id,
                template,
                observed,
            } => self.delete_policy(policy, id, template, observed).await,
            Step::DeleteSoftware {
                software,
                id,
                manager,
                observed,
            } => self.delete_software(software, id, manager, observed).await,
            Step::DeleteTwin {
                software,
                id,
                manager,
                observed,
                ..
            } => self.delete_twin(software, id, manager, observed).await,
            Step::BindPolicy {
                policy,
                id,
                group_id,
                ..
            } => {
                let id = known(id.as_ref(), &self.applied.policies, policy)?;
                self.bind(Bindable::Policy(id), Operation::Add, group_id)
                    .await
            }
            Step::UnbindPolicy { id, group_id, .. } => {
                let from = Bindable::Policy(id.clone());
                self.bind(from, Operation::Remove, group_id).await
            }
            Step::CreateSoftware { software, .. } => self.create_software(software).await,
            Step::UpdateSoftware {
                software,
                id,
                observed,
                ..
            } => self.update_software(software, id, observed).await,
            Step::BindSoftware {
                software,
                id,
                group_id,
                ..
            } => {
                let id = known(id.as_ref(), &self.applied.software, software)?;
                self.bind(Bindable::SoftwareApp(id), Operation::Add, group_id)
                    .await
            }
            Step::UnbindSoftware { id, group_id, .. } => {
                let from = Bindable::SoftwareApp(id.clone());
                self.bind(from, Operation::Remove, group_id).await
            }
        }
    }

    async fn bind(&self, from: Bindable, op: Operation, group_id: &str) -> Result<Outcome, Error> {
        bind::change(self.client, &from, op, group_id).await
    }
}

/// The id in the step, else the one that an earlier step made.
fn known(
    id: Option<&String>,
    made: &BTreeMap<String, String>,
    name: &str,
) -> Result<String, Error> {
    id.or_else(|| made.get(name))
        .cloned()
        .ok_or_else(|| Error::PlanMismatch {
            message: format!("a step binds `{name}`, which no earlier step creates"),
        })
}

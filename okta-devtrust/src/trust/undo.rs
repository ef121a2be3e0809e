//! What undoes a plan, known before its first write: plain values that another process can read back.

use serde::{Deserialize, Serialize};

use super::{Action, Made, Plan, Ref, bodies::catch_all};
use crate::{
    authenticators::MethodType,
    policies::{Access, Policy, Rule},
};

/// What undoes a plan. Holds no secret.
///
/// Objects that the plan creates have no id yet when the record is made, so they are found again by name and owner:
/// that is what lets a record undo a run that was killed part-way.
///
/// ```
/// use okta_devtrust::trust::{Plan, Undo};
///
/// let plan: Plan = serde_json::from_str(
///     r#"{"org": "00o1", "owner": "device-trust", "changes": [
///         {"action": {"do": "assign_app", "app": {"id": "0oa1"}, "label": "Wiki", "policy": {"id": "rst2"},
///                     "name": "Managed Macs", "observed": "rst1"}}]}"#,
/// )?;
/// let undo = Undo::of(&plan);
/// let read_back: Undo = serde_json::from_str(&serde_json::to_string(&undo)?)?;
/// assert_eq!(read_back, undo);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Undo {
    /// The id of the org.
    pub org: String,
    /// The owner of what the plan makes.
    pub owner: String,
    /// What to undo, in the order in which it was done; it is undone from the end.
    pub steps: Vec<UndoStep>,
}

/// What undoes one change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "undo", rename_all = "snake_case")]
#[non_exhaustive]
pub enum UndoStep {
    /// Deactivates Okta Verify, which the plan added: Okta has no call to remove it.
    DeactivateOktaVerify,
    /// Deactivates an authenticator that the plan activated.
    DeactivateAuthenticator {
        /// Its id.
        id: String,
    },
    /// Deactivates a method of Okta Verify that the plan activated.
    DeactivateMethod {
        /// The method.
        method: MethodType,
    },
    /// Deletes a policy that the plan created.
    DeletePolicy {
        /// The policy as it was sent.
        policy: Box<Policy>,
    },
    /// Puts a policy back.
    RestorePolicy {
        /// The policy as it was.
        before: Box<Policy>,
        /// The policy as the plan wrote it.
        after: Box<Policy>,
    },
    /// Deactivates a policy that the plan activated.
    DeactivatePolicy {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
    },
    /// Deletes a rule that the plan created.
    DeleteRule {
        /// The policy it is in.
        policy: PolicyRef,
        /// The rule as it was sent.
        rule: Box<Rule>,
    },
    /// Puts a rule back.
    RestoreRule {
        /// The policy it is in.
        policy: String,
        /// The rule as it was.
        before: Box<Rule>,
        /// The rule as the plan wrote it.
        after: Box<Rule>,
    },
    /// Deactivates a rule that the plan activated.
    DeactivateRule {
        /// The policy it is in.
        policy: String,
        /// Its id.
        id: String,
        /// Its name.
        name: String,
    },
    /// Puts an app back under the policy that it was under.
    ReassignApp {
        /// The app's id.
        app: String,
        /// Its label.
        label: String,
        /// The policy that the plan puts it under.
        from: PolicyRef,
        /// The id of the policy that it was under; Okta has no call to take an app off every policy.
        to: Option<String>,
    },
    /// Deletes a bookmark app that the plan created.
    DeleteApp {
        /// Its label.
        label: String,
    },
    /// Takes an app from a group that the plan assigned it to.
    UnassignGroup {
        /// The app's id.
        app: String,
        /// Its label.
        label: String,
        /// The group's id.
        group: String,
    },
    /// Makes a policy again that the plan deleted. It gets another id, and its catch-all allows.
    RecreatePolicy {
        /// The policy as it was.
        policy: Box<Policy>,
    },
    /// Makes a rule again that the plan deleted.
    RecreateRule {
        /// The policy it was in.
        policy: PolicyRef,
        /// The rule as it was.
        rule: Box<Rule>,
    },
    /// Puts an app back under a policy that is made again.
    AssignAgain {
        /// The app's id.
        app: String,
        /// Its label.
        label: String,
        /// The id of the policy that the plan put it under.
        from: String,
        /// The policy as it was.
        to: Box<Policy>,
    },
}

/// A policy, by its id or, where the plan creates it, by what was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PolicyRef {
    /// Its id.
    Id(String),
    /// The policy as it was sent.
    Created(Box<Policy>),
}

impl Undo {
    /// What undoes `plan`, whether or not all of it has been done.
    pub fn of(plan: &Plan) -> Self {
        let created = |made: Made| {
            plan.changes.iter().find_map(|change| match &change.action {
                Action::CreatePolicy { made: name, policy } if *name == made => {
                    Some(policy.clone())
                }
                _ => None,
            })
        };
        let policy_ref = |reference: &Ref| match reference {
            Ref::Id(id) => PolicyRef::Id(id.clone()),
            Ref::Made(made) => PolicyRef::Created(created(*made).unwrap_or_default()),
        };
        let deleted = |id: &str| {
            plan.changes.iter().find_map(|change| match &change.action {
                Action::DeletePolicy { observed } if observed.id == id => Some(observed.clone()),
                _ => None,
            })
        };
        let steps = plan
            .changes
            .iter()
            .filter_map(|change| match &change.action {
                Action::AssignApp {
                    app,
                    label,
                    policy,
                    observed,
                    ..
                } => {
                    // An app that the plan creates is deleted, wherever it is.
                    let Ref::Id(app) = app else { return None };
                    Some(match (policy, observed.as_deref().and_then(deleted)) {
                        (Ref::Id(from), Some(to)) => UndoStep::AssignAgain {
                            app: app.clone(),
                            label: label.clone(),
                            from: from.clone(),
                            to,
                        },
                        _ => UndoStep::ReassignApp {
                            app: app.clone(),
                            label: label.clone(),
                            from: policy_ref(policy),
                            to: observed.clone(),
                        },
                    })
                }
                Action::CreateRule { policy, rule } => Some(UndoStep::DeleteRule {
                    policy: policy_ref(policy),
                    rule: rule.clone(),
                }),
                other => step(other),
            });
        Self {
            org: plan.org.clone(),
            owner: plan.owner.clone(),
            steps: steps.collect(),
        }
    }

    /// Adds what a later plan did, so that both are undone at once.
    #[must_use]
    pub fn then(mut self, later: Self) -> Self {
        self.steps.extend(later.steps);
        self
    }
}

/// What undoes an action that refers to no other; `None` for one that is not undone.
fn step(action: &Action) -> Option<UndoStep> {
    Some(match action {
        Action::CreateOktaVerify => UndoStep::DeactivateOktaVerify,
        Action::ActivateAuthenticator { id } => {
            UndoStep::DeactivateAuthenticator { id: id.clone() }
        }
        Action::ActivateMethod { method, .. } => UndoStep::DeactivateMethod {
            method: method.clone(),
        },
        Action::CreatePolicy { policy, .. } => UndoStep::DeletePolicy {
            policy: policy.clone(),
        },
        Action::ReplacePolicy { policy, observed } => UndoStep::RestorePolicy {
            before: observed.clone(),
            after: policy.clone(),
        },
        Action::ActivatePolicy { id, name } => UndoStep::DeactivatePolicy {
            id: id.clone(),
            name: name.clone(),
        },
        Action::ReplaceRule {
            policy,
            rule,
            observed,
            ..
        }
        | Action::CloseCatchAll {
            policy,
            rule,
            observed,
            ..
        } => UndoStep::RestoreRule {
            policy: policy.clone(),
            before: observed.clone(),
            after: rule.clone(),
        },
        Action::DenyPilot {
            policy: Ref::Id(policy),
            observed: Some(observed),
            ..
        } => UndoStep::RestoreRule {
            policy: policy.clone(),
            before: observed.clone(),
            after: Box::new(catch_all(observed, Access::Deny)),
        },
        Action::ActivateRule { policy, id, name } => UndoStep::DeactivateRule {
            policy: policy.clone(),
            id: id.clone(),
            name: name.clone(),
        },
        Action::CreateApp { app, .. } => UndoStep::DeleteApp {
            label: app.label.clone(),
        },
        Action::AssignGroup {
            app: Ref::Id(app),
            label,
            group,
            ..
        } => UndoStep::UnassignGroup {
            app: app.clone(),
            label: label.clone(),
            group: group.clone(),
        },
        Action::DeletePolicy { observed } => UndoStep::RecreatePolicy {
            policy: observed.clone(),
        },
        Action::DeleteRule {
            within, observed, ..
        } => UndoStep::RecreateRule {
            policy: PolicyRef::Created(within.clone()),
            rule: observed.clone(),
        },
        // The pilot policy and the app go as a whole where the plan made them; a door is not closed without proof; and
        // the next plan makes a bookmark app again.
        Action::DenyPilot { .. }
        | Action::AssignGroup { .. }
        | Action::OpenCatchAll { .. }
        | Action::DeleteApp { .. }
        | Action::AssignApp { .. }
        | Action::CreateRule { .. } => return None,
    })
}

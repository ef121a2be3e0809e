//! Who starts the runs, as a program does: whatever fails ends a run; what undoes it is kept, and the plan of a closing
//! until the run says how it ended.

use std::fmt::Display;

use okta_devtrust::{
    Error,
    enforcement::{enforce_plan, gather},
    trust::{
        Desired, Halted, Plan, Undo, apply, observe, observe_owned, plan, resume, rollback,
        teardown,
    },
};

use super::{case::Op, org::Org};

pub(crate) struct Operator {
    pub(crate) desired: Desired,
    pub(crate) unfinished: Option<Plan>,
    records: Vec<Undo>,
}

fn text(error: impl Display) -> String {
    error.to_string()
}

impl Operator {
    pub(crate) fn new(desired: Desired) -> Self {
        Self {
            desired,
            unfinished: None,
            records: Vec::new(),
        }
    }

    pub(crate) async fn run(&mut self, org: &Org, op: Op) -> Result<(), String> {
        match op {
            Op::Apply => {
                let observed = observe(&org.okta, &self.desired).await.map_err(text)?;
                let plan = plan(&self.desired, &observed).map_err(text)?;
                self.act(org, &plan).await.map_err(text)
            }
            Op::Enforce => self.enforce(org).await,
            Op::Rollback => {
                org.acting();
                while let Some(undo) = self.records.last() {
                    rollback(&org.okta, undo, |_| {}).await.map_err(text)?;
                    self.records.pop();
                }
                Ok(())
            }
            Op::Teardown => {
                let owned = observe_owned(&org.okta, &self.desired)
                    .await
                    .map_err(text)?;
                let plan = teardown(&self.desired, &owned, None).map_err(text)?;
                self.act(org, &plan).await.map_err(text)
            }
        }
    }

    async fn act(&mut self, org: &Org, plan: &Plan) -> Result<(), Box<Halted>> {
        if plan.is_empty() {
            return Ok(());
        }
        self.records.push(Undo::of(plan));
        org.acting();
        apply(&org.okta, plan, |_| {}).await.map(drop)
    }

    async fn enforce(&mut self, org: &Org) -> Result<(), String> {
        let closed = if let Some(plan) = self.unfinished.clone() {
            org.going_on();
            org.acting();
            resume(&org.okta, &plan, |_| {}).await.map(drop)
        } else {
            let from = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1);
            let to = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(1);
            let observed = observe(&org.okta, &self.desired).await.map_err(text)?;
            let proof = gather(&org.okta, &self.desired, &observed, from, to);
            let proof = proof.await.map_err(text)?;
            org.proved();
            let plan = enforce_plan(&self.desired, &observed, &proof).map_err(text)?;
            self.unfinished = Some(plan.clone());
            self.act(org, &plan).await
        };
        // A run that does not know how it ended is gone on with, as one that was stopped.
        if !matches!(&closed, Err(halted) if matches!(halted.error, Error::MayBeClosed { .. })) {
            self.unfinished = None;
        }
        closed.map_err(text)
    }
}

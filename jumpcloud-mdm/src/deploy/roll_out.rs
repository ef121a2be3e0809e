//! Rolls out ring by ring: apply, wait, decide, and only then the next. The rule: nothing of a later ring is written
//! before the ring before it has proven itself, and where it stopped is told with the evidence.
//!
//! Where it stands is read from JumpCloud, so a run that was killed is simply repeated: a ring that is done costs reads,
//! and a result from before a ring's last update is told from a new one by the policy's notes.

use serde::Serialize;

use super::{
    Decision, Desired, DeviceResult, DeviceState, DigestKey, Event, Rollout, StopReason, StopRule,
    Tally, UndoRecord, WaitOptions, apply, observe, plan, wait::wait_until,
};
use crate::{Error, JumpCloud};

/// How to roll out.
#[derive(Debug, Clone, Default)]
pub struct RollOutOptions {
    rule: StopRule,
    wait: WaitOptions,
    last_ring: Option<String>,
}

impl RollOutOptions {
    /// When to stop.
    #[must_use]
    pub fn rule(mut self, rule: StopRule) -> Self {
        self.rule = rule;
        self
    }

    /// How long to wait for each ring.
    #[must_use]
    pub fn wait(mut self, wait: WaitOptions) -> Self {
        self.wait = wait;
        self
    }

    /// Ends after this ring; a later run goes on.
    #[must_use]
    pub fn through(mut self, ring: impl Into<String>) -> Self {
        self.last_ring = Some(ring.into());
        self
    }
}

/// What became of a roll-out.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RingRollout {
    /// The rings that were looked at, in order.
    pub rings: Vec<RingReport>,
    /// The rings that were not begun.
    pub not_begun: Vec<String>,
}

/// What became of one ring.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RingReport {
    /// The ring.
    pub ring: String,
    /// How many changes were made; 0 when it was as desired already.
    pub changes: usize,
    /// The devices, counted.
    pub tally: Tally,
    /// What the rule says.
    pub decision: Decision,
    /// The devices that have not acknowledged the profile, each with what JumpCloud says.
    pub evidence: Vec<DeviceResult>,
}

impl RingRollout {
    /// The ring that stopped it, and why.
    pub fn stopped(&self) -> Option<(&RingReport, &StopReason)> {
        self.rings.iter().find_map(|report| match &report.decision {
            Decision::Stop(reason) => Some((report, reason)),
            _ => None,
        })
    }

    /// Whether every ring is done.
    pub fn is_complete(&self) -> bool {
        self.not_begun.is_empty() && self.stopped().is_none()
    }
}

/// What [`roll_out`] reports while it runs.
#[derive(Debug)]
#[non_exhaustive]
pub enum RingEvent<'a> {
    /// A ring begins.
    Began {
        /// The ring.
        ring: &'a str,
    },
    /// A step of a ring's plan.
    Step {
        /// The ring.
        ring: &'a str,
        /// The step's event.
        event: Event<'a>,
    },
    /// A look at a ring's devices.
    Looked {
        /// The ring.
        ring: &'a str,
        /// What they have reported.
        rollout: &'a Rollout,
    },
    /// A ring ended.
    Ended {
        /// How.
        report: &'a RingReport,
    },
}

/// Rolls `desired` out ring by ring. `keep` gets each ring's name and undo record before its first write.
///
/// All rings are planned before anything is written, so that a problem of the last one does not show after the first.
/// A stop is no error: it is told by [`RingRollout::stopped`], and no later ring was touched.
///
/// # Errors
/// [`Error::Input`] when there are no rings, when the ring to end at is none of them, or when `keep` fails; else as
/// [`observe`], [`plan`] and [`apply`](super::apply).
pub async fn roll_out(
    client: &JumpCloud,
    desired: &Desired,
    options: &RollOutOptions,
    key: &DigestKey,
    mut keep: impl FnMut(&str, &UndoRecord) -> Result<(), String>,
    mut progress: impl FnMut(RingEvent<'_>),
) -> Result<RingRollout, Error> {
    let names = desired.ring_names();
    let Some(last) = names.last() else {
        return Err(Error::input(
            "rings",
            "there are none; give the profile rings, or apply it as a whole",
        ));
    };
    let last = options.last_ring.as_deref().unwrap_or(last);
    desired.ring(last)?;
    plan(desired, &observe(client, desired).await?, key)?;
    let mut rings = Vec::new();
    for ring in &names {
        progress(RingEvent::Began { ring });
        let part = desired.ring(ring)?;
        let observed = observe(client, &part).await?;
        let change = plan(&part, &observed, key)?;
        let applied = apply::apply_recorded(
            client,
            &change,
            &part,
            &observed,
            key,
            |record| keep(ring, record),
            |event| progress(RingEvent::Step { ring, event }),
        )
        .await?;
        let watched = desired.policies_of_ring(ring);
        let wait = options.wait.clone().after(&applied);
        let rollout = wait_until(
            client,
            &watched,
            &wait,
            |look| options.rule.decide(&look.devices, false) != Decision::Wait,
            |rollout| progress(RingEvent::Looked { ring, rollout }),
        )
        .await?;
        let report = RingReport {
            ring: (*ring).to_owned(),
            changes: change.steps.len(),
            tally: Tally::of(&rollout.devices),
            decision: options.rule.decide(&rollout.devices, true),
            evidence: rollout
                .devices
                .into_iter()
                .filter(|device| device.state != DeviceState::Success)
                .collect(),
        };
        progress(RingEvent::Ended { report: &report });
        let ends = report.decision != Decision::GoOn || *ring == last;
        rings.push(report);
        if ends {
            break;
        }
    }
    let not_begun = names[rings.len()..]
        .iter()
        .map(ToString::to_string)
        .collect();
    Ok(RingRollout { rings, not_begun })
}

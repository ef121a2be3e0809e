//! Makes the planned changes, after a record of how to undo them is kept: Okta first, so that FastPass is on before the first Mac registers; then JumpCloud.

use jumpcloud_mdm::deploy::{self, RingEvent, RollOutOptions, WaitOptions};
use okta_devtrust::trust::{self, StepState};

use super::Planned;
use crate::{Blueprint, Error, Output, Progress, Stage, keep::evidence, tenants::Tenants};

pub(crate) async fn apply(
    blueprint: &Blueprint,
    tenants: &Tenants,
    planned: &Planned,
    output: &Output,
    progress: &dyn Progress,
) -> Result<deploy::Applied, Error> {
    progress.stage(Stage::Apply);
    let refused = |error: &dyn std::fmt::Display| Error::refused(Stage::Apply.name(), error);
    let (total, of_okta) = (planned.changes(), planned.okta.len());
    trust::apply_recorded(
        &tenants.okta,
        &planned.okta,
        |undo| output.keep_undo("okta", undo),
        |step| match step.state {
            StepState::Starting => progress.line(&format!("okta: {}", step.title)),
            _ => progress.count(step.number, total, "changes"),
        },
    )
    .await
    .map_err(|halted| refused(&halted))?;
    if !planned.deployment.ring_names().is_empty() {
        return in_rings(blueprint, tenants, planned, output, progress).await;
    }
    deploy::apply_recorded(
        &tenants.jumpcloud,
        &planned.jumpcloud,
        &planned.deployment,
        &planned.deployed,
        &tenants.digest_key,
        |undo| output.keep_undo("jumpcloud", undo),
        |event| match event {
            deploy::Event::Started { step, .. } => progress.line(&format!("jumpcloud: {step}")),
            deploy::Event::Finished { index, .. } => {
                progress.count(of_okta + index + 1, total, "changes");
            }
            _ => {}
        },
    )
    .await
    .map_err(|error| refused(&error))
}

/// The JumpCloud part ring by ring: the next one begins when the one before has proven itself.
async fn in_rings(
    blueprint: &Blueprint,
    tenants: &Tenants,
    planned: &Planned,
    output: &Output,
    progress: &dyn Progress,
) -> Result<deploy::Applied, Error> {
    let refused = |error: &dyn std::fmt::Display| Error::refused(Stage::Apply.name(), error);
    let wait = WaitOptions::default()
        .timeout(blueprint.wait.timeout)
        .interval(blueprint.wait.poll);
    let options = RollOutOptions::default()
        .rule(blueprint.jumpcloud.stop)
        .wait(wait);
    let rollout = deploy::roll_out(
        &tenants.jumpcloud,
        &planned.deployment,
        &options,
        &tenants.digest_key,
        |_, undo| output.keep_undo("jumpcloud", undo),
        |event| match event {
            RingEvent::Began { ring } => progress.line(&format!("jumpcloud: ring {ring}")),
            RingEvent::Step {
                event: deploy::Event::Started { step, .. },
                ..
            } => progress.line(&format!("jumpcloud: {step}")),
            RingEvent::Looked { rollout, .. } => {
                let tally = deploy::Tally::of(&rollout.devices);
                progress.count(tally.reported(), tally.reachable(), "Macs have reported");
            }
            _ => {}
        },
    )
    .await
    .map_err(|error| refused(&error))?;
    match rollout.stopped() {
        Some((report, reason)) => Err(refused(&format!(
            "ring {}: {reason}\n{}",
            report.ring,
            evidence(&report.evidence)
        ))),
        // Each ring was waited for already, by what it had reported before.
        None => Ok(deploy::Applied::default()),
    }
}

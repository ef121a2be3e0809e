//! Makes the planned changes, after a record of how to undo them is kept: Okta first, so that FastPass is on before the first Mac registers; then JumpCloud.

use jumpcloud_mdm::deploy;
use okta_devtrust::trust::{self, StepState};

use super::Planned;
use crate::{Error, Output, Progress, Stage, tenants::Tenants};

pub(crate) async fn apply(
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
        |undo| output.keep_undo("okta", undo).map(drop),
        |step| match step.state {
            StepState::Starting => progress.line(&format!("okta: {}", step.title)),
            _ => progress.count(step.number, total, "changes"),
        },
    )
    .await
    .map_err(|halted| refused(&halted))?;
    deploy::apply_recorded(
        &tenants.jumpcloud,
        &planned.jumpcloud,
        &planned.deployment,
        &planned.deployed,
        &tenants.digest_key,
        |undo| {
            let kept = output.keep_undo("jumpcloud", undo);
            kept.map(drop).map_err(|error| error.to_string())
        },
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

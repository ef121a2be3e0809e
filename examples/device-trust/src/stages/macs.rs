//! Waits until every Mac in the groups has reported what became of the profile, and collects what each one proves.

use std::time::Duration;

use jumpcloud_mdm::{
    deploy::{self, DeviceState, Rollout, WaitOptions},
    proof::{self, DeviceProof, ProofQuery},
};

use super::Planned;
use crate::{
    Blueprint, Error, Progress, Stage,
    keep::{evidence, shown},
    tenants::Tenants,
};

/// What JumpCloud says of each Mac: the policy's result, and the separate proofs.
pub(crate) struct Macs {
    pub(crate) rollout: Rollout,
    pub(crate) proofs: Vec<DeviceProof>,
}

pub(crate) async fn wait_for_macs(
    blueprint: &Blueprint,
    tenants: &Tenants,
    planned: &Planned,
    applied: Option<&deploy::Applied>,
    progress: &dyn Progress,
) -> Result<Macs, Error> {
    progress.stage(Stage::Macs);
    let refused = |error: &dyn std::fmt::Display| Error::refused(Stage::Macs.name(), error);
    let mut options = WaitOptions::default()
        .timeout(blueprint.wait.timeout)
        .interval(blueprint.wait.poll.min(Duration::from_secs(60)));
    if let Some(applied) = applied {
        options = options.after(applied);
    }
    let rollout = deploy::wait(
        &tenants.jumpcloud,
        &planned.deployment,
        &options,
        |rollout| {
            let done = rollout
                .devices
                .iter()
                .filter(|device| device.state.is_final())
                .count();
            progress.count(done, rollout.devices.len(), "Macs have reported");
        },
    )
    .await
    .map_err(|error| refused(&error))?;
    if let Some(reason) = unfinished(&rollout, blueprint) {
        return Err(refused(&reason));
    }
    let query = planned
        .deployment
        .profiles
        .iter()
        .fold(ProofQuery::default(), |query, profile| {
            query.policy(&profile.policy_name)
        })
        .app("com.okta.mobile")
        .software(&blueprint.jumpcloud.okta_verify.name);
    let query = tenants
        .ca_certificates
        .iter()
        .filter(|ca| !ca.is_root())
        .fold(query, |query, ca| match common_name(&ca.subject()) {
            Some(name) => query.certificate_issued_by(name),
            None => query,
        });
    let ids: Vec<String> = rollout
        .devices
        .iter()
        .map(|device| device.system_id.clone())
        .collect();
    let proofs = proof::collect(&tenants.jumpcloud, &query, &ids)
        .await
        .map_err(|error| refused(&error))?;
    for device in &rollout.devices {
        progress.line(&format!("{}: {}", device.name, shown(&device.state)));
    }
    Ok(Macs { rollout, proofs })
}

/// Why the roll-out is not done: no Mac at all, or some that failed or stay silent, each with what it said.
fn unfinished(rollout: &Rollout, blueprint: &Blueprint) -> Option<String> {
    let groups = blueprint.jumpcloud.device_groups.join(", ");
    if rollout.devices.is_empty() {
        return Some(format!(
            "no Mac is in {groups}; add at least one to the group"
        ));
    }
    let open = rollout
        .devices
        .iter()
        .filter(|device| device.state != DeviceState::Success)
        .count();
    (open > 0).then(|| {
        format!(
            "{open} of {} Macs in {groups} do not have the profile\n{}\nmend what each one says, or take it out of the \
             group, and run again",
            rollout.devices.len(),
            evidence(&rollout.devices)
        )
    })
}

/// The `CN` of a distinguished name in RFC 4514 form, as System Insights shows issuers in forms of its own.
fn common_name(subject: &str) -> Option<&str> {
    subject
        .split(',')
        .find_map(|part| part.trim().strip_prefix("CN="))
}

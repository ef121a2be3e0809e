//! Reads both tenants and lists every change. Nothing is written, and nothing secret is in the list.

use futures::join;
use jumpcloud_mdm::deploy;
use mobileconfig::Profile;
use okta_devtrust::trust;
use serde::Serialize;

use crate::{Blueprint, Error, Progress, Stage, desired, tenants::Tenants};

/// Every change that the job would make, as it is written to `plan.json`.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Planned {
    /// The blueprint it comes from.
    pub blueprint: String,
    /// Where each secret comes from; never the secret.
    pub secrets: Vec<String>,
    /// The profile, by name.
    pub profile: PlannedProfile,
    /// The changes to Okta, in order.
    pub okta: trust::Plan,
    /// The changes to JumpCloud, in order.
    pub jumpcloud: deploy::Plan,
    /// The change that waits for the proof from the log, unless it is made already.
    pub after_proof: Option<&'static str>,
    #[serde(skip)]
    pub(crate) trust: trust::Desired,
    #[serde(skip)]
    pub(crate) deployment: deploy::Desired,
    #[serde(skip)]
    pub(crate) deployed: deploy::Observed,
    #[serde(skip)]
    pub(crate) catch_all_denies: bool,
}

/// The profile's names, which tell one rendering from another without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PlannedProfile {
    /// `PayloadIdentifier`.
    pub identifier: String,
    /// `PayloadUUID`.
    pub uuid: String,
    /// The payloads: type, identifier and UUID.
    pub payloads: Vec<PlannedPayload>,
    /// HMAC-SHA-256 of the profile's bytes, keyed so that no guess at the challenge can be tried against it.
    pub digest: String,
}

/// A payload's names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PlannedPayload {
    /// `PayloadType`.
    pub payload_type: String,
    /// `PayloadIdentifier`.
    pub identifier: String,
    /// `PayloadUUID`.
    pub uuid: String,
}

impl Planned {
    /// How many changes there are in all.
    pub fn changes(&self) -> usize {
        self.okta.len() + self.jumpcloud.steps.len()
    }
}

impl std::fmt::Display for Planned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.changes() {
            1 => writeln!(f, "1 change")?,
            n => writeln!(f, "{n} changes")?,
        }
        write!(f, "{}\n{}", self.okta, self.jumpcloud)?;
        match self.after_proof {
            Some(change) => write!(f, "\nOnce the log proves the managed Macs: {change}"),
            None => Ok(()),
        }
    }
}

pub(crate) async fn plan(
    blueprint: &Blueprint,
    tenants: &Tenants,
    profile: &Profile,
    bytes: &[u8],
    progress: &dyn Progress,
) -> Result<Planned, Error> {
    progress.stage(Stage::Plan);
    let refused = |error: &dyn std::fmt::Display| Error::refused(Stage::Plan.name(), error);
    let trust = desired::trust(blueprint, &tenants.okta.url());
    let deployment = desired::deployment(blueprint, |generation| {
        if generation == blueprint.generation {
            return Ok(bytes.to_vec());
        }
        desired::profile(blueprint, tenants, generation).and_then(|profile| profile.to_xml())
    })
    .map_err(|error| refused(&error))?;
    // Both tenants are asked and planned for before either refusal is told, so that one run names all that is wrong.
    let (okta_now, jumpcloud_now) = join!(
        trust::observe(&tenants.okta, &trust),
        deploy::observe(&tenants.jumpcloud, &deployment),
    );
    let okta = okta_now.map_err(|error| error.to_string()).and_then(|now| {
        let plan = trust::plan(&trust, &now).map_err(|error| error.to_string())?;
        Ok((now, plan))
    });
    let jumpcloud = jumpcloud_now
        .and_then(|now| {
            let plan = deploy::plan(&deployment, &now, &tenants.digest_key)?;
            Ok((now, plan))
        })
        .map_err(|error| error.to_string());
    let ((okta_now, okta), (deployed, jumpcloud)) = match (okta, jumpcloud) {
        (Ok(okta), Ok(jumpcloud)) => (okta, jumpcloud),
        (Err(okta), Err(jumpcloud)) => return Err(refused(&format!("{okta}\n{jumpcloud}"))),
        (Err(reason), Ok(_)) | (Ok(_), Err(reason)) => return Err(refused(&reason)),
    };
    let catch_all_denies = okta_now
        .access_policy(&trust)
        .is_some_and(trust::ObservedPolicy::is_closed);
    Ok(Planned {
        blueprint: blueprint.file.display().to_string(),
        secrets: tenants
            .references
            .iter()
            .map(|(name, reference)| format!("{name} = {reference}"))
            .collect(),
        profile: names(profile, tenants.digest_key.digest(bytes).as_str()),
        okta,
        jumpcloud,
        after_proof: (!catch_all_denies).then_some("set the catch-all rule to DENY"),
        trust,
        deployment,
        deployed,
        catch_all_denies,
    })
}

fn names(profile: &Profile, digest: &str) -> PlannedProfile {
    PlannedProfile {
        identifier: profile.identifier.clone(),
        uuid: profile.uuid.clone(),
        payloads: profile
            .payloads
            .iter()
            .map(|payload| PlannedPayload {
                payload_type: payload.payload_type.clone(),
                identifier: payload.identifier.clone(),
                uuid: payload.uuid.clone(),
            })
            .collect(),
        digest: digest.to_owned(),
    }
}

//! Before anything is written: the SCEP URL answers, its CA is the expected one, and the challenge is right. Okta has
//! no API for its CA, so this is the only way to know.

use mobileconfig::Profile;
use scep_profile::{
    ScepPayload,
    preflight::{self, Report},
};

use crate::{Error, Progress, Stage};

/// Asks the CA what it can do and who it is. Issues nothing.
pub(crate) async fn check_ca(profile: &Profile, progress: &dyn Progress) -> Result<Report, Error> {
    progress.stage(Stage::Preflight);
    let report = run(profile, false, Stage::Preflight).await?;
    progress.line("the SCEP URL answers and its CA is the expected one");
    progress.line(
        "note: JumpCloud hands the profile, and with it the challenge, back in clear to everyone who may read policies",
    );
    Ok(report)
}

/// Enrols once for real: only that proves the challenge. It costs one certificate.
pub(crate) async fn prove_challenge(
    profile: &Profile,
    progress: &dyn Progress,
) -> Result<Report, Error> {
    progress.stage(Stage::Challenge);
    let report = run(profile, true, Stage::Challenge).await?;
    progress.line("the CA issued a certificate for the challenge");
    Ok(report)
}

async fn run(profile: &Profile, enroll: bool, stage: Stage) -> Result<Report, Error> {
    let refused = |error: &dyn std::fmt::Display| Error::refused(stage.name(), error);
    let payload = profile
        .payloads
        .iter()
        .find_map(|payload| payload.decode::<ScepPayload>().ok())
        .ok_or_else(|| refused(&"the profile has no SCEP payload"))?;
    let report = if enroll {
        preflight::check_and_enroll(&payload).await
    } else {
        preflight::check(&payload).await
    };
    if report.passed() {
        Ok(report)
    } else {
        Err(refused(&report))
    }
}

//! Before anything is written: the SCEP URL answers, its CA is the expected one, and the challenge is right. Okta has
//! no API for its CA, so this is the only way to know.

use mobileconfig::Profile;
use scep_profile::{ScepPayload, preflight};

use crate::{Error, Progress, Stage, tenants::Tenants};

/// Asks the CA what it can do and who it is. Issues nothing.
pub(crate) async fn check_ca(profile: &Profile, progress: &dyn Progress) -> Result<(), Error> {
    progress.stage(Stage::Preflight);
    let report = preflight::check(&payload(profile, Stage::Preflight)?).await;
    if !report.passed() {
        return Err(Error::refused(Stage::Preflight.name(), report));
    }
    progress.line("the SCEP URL answers and its CA is the expected one");
    progress.line(
        "note: JumpCloud hands the profile, and with it the challenge, back in clear to everyone who may read policies",
    );
    Ok(())
}

/// Enrols once for real: only that proves the challenge. It costs one certificate.
pub(crate) async fn prove_challenge(
    tenants: &Tenants,
    profile: &Profile,
    progress: &dyn Progress,
) -> Result<(), Error> {
    progress.stage(Stage::Challenge);
    let report = preflight::check_and_enroll(&payload(profile, Stage::Challenge)?).await;
    if !report.passed() {
        let source = tenants.reference("scep_challenge");
        return Err(Error::refused(
            Stage::Challenge.name(),
            format!("the challenge from {source} is not proven, and nothing was written\n{report}"),
        ));
    }
    progress.line("the CA issued a certificate for the challenge");
    Ok(())
}

fn payload(profile: &Profile, stage: Stage) -> Result<ScepPayload, Error> {
    profile
        .payloads_of_type("com.apple.security.scep")
        .next()
        .ok_or_else(|| Error::refused(stage.name(), "the profile has no SCEP payload"))?
        .decode()
        .map_err(|error| Error::refused(stage.name(), error))
}

//! The JumpCloud side after the set-up: is it ready, renew the certificates, take it off again. Each step can be
//! repeated: what is done already is not done twice.

use jiff::Timestamp;
use jumpcloud_mdm::{
    deploy::{self, Desired},
    readiness::{self, Readiness},
};

use crate::{Blueprint, Error, desired, tenants::Tenants};

/// Whether the JumpCloud tenant is ready. It writes nothing.
///
/// # Errors
/// [`Error::Refused`] when JumpCloud cannot be read.
pub async fn readiness(tenants: &Tenants) -> Result<Readiness, Error> {
    readiness::check(
        &tenants.jumpcloud,
        Timestamp::now(),
        &readiness::Limits::default(),
    )
    .await
    .map_err(|error| Error::refused("readiness", error))
}

/// The changes that bring the profile of the blueprint's generation onto the Macs; with `apply` they are made. A
/// higher generation costs each Mac in the policy's device groups a new certificate, the same one nothing.
///
/// # Errors
/// [`Error::Refused`] when the policy is not there yet, was changed by another hand, or JumpCloud refuses.
pub async fn rotate(
    blueprint: &Blueprint,
    tenants: &Tenants,
    apply: bool,
) -> Result<deploy::Plan, Error> {
    let refused = |error: &dyn std::fmt::Display| Error::refused("rotate", error);
    let bytes = desired::profile(blueprint, tenants)
        .and_then(|profile| profile.to_xml())
        .map_err(|error| refused(&error))?;
    let mut wanted = desired::deployment(blueprint, bytes);
    // Only the profile is renewed; the software stays as it is.
    wanted.software.clear();
    let observed = deploy::observe(&tenants.jumpcloud, &wanted)
        .await
        .map_err(|error| refused(&error))?;
    if observed.policies.is_empty() {
        let name = &blueprint.jumpcloud.policy;
        return Err(refused(&format!(
            "there is no policy `{name}` to renew; run setup first"
        )));
    }
    let plan =
        deploy::plan(&wanted, &observed, &tenants.digest_key).map_err(|error| refused(&error))?;
    carry_out(tenants, &plan, &wanted, apply, "rotate").await?;
    Ok(plan)
}

/// The changes that take policy and software of the blueprint off JumpCloud; with `apply` they are made. Okta is left as
/// it is, so open its catch-all first, or everyone is locked out.
///
/// # Errors
/// [`Error::Refused`] when an object was changed meanwhile, or JumpCloud refuses.
pub async fn withdraw(
    blueprint: &Blueprint,
    tenants: &Tenants,
    apply: bool,
) -> Result<deploy::Plan, Error> {
    let refused = |error: &dyn std::fmt::Display| Error::refused("withdraw", error);
    let wanted = desired::deployment(blueprint, Vec::new());
    let observed = deploy::observe(&tenants.jumpcloud, &wanted)
        .await
        .map_err(|error| refused(&error))?;
    let plan = deploy::withdraw(&wanted, &observed, &tenants.digest_key)
        .map_err(|error| refused(&error))?;
    carry_out(tenants, &plan, &wanted, apply, "withdraw").await?;
    Ok(plan)
}

async fn carry_out(
    tenants: &Tenants,
    plan: &deploy::Plan,
    wanted: &Desired,
    apply: bool,
    stage: &'static str,
) -> Result<(), Error> {
    if apply {
        deploy::apply(
            &tenants.jumpcloud,
            plan,
            wanted,
            &tenants.digest_key,
            |_| {},
        )
        .await
        .map_err(|error| Error::refused(stage, error))?;
    }
    Ok(())
}

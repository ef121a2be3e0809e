//! From the blueprint to what each crate is asked for: pure, so that it can be read and tested without a network.

use jumpcloud_mdm::deploy;
use mobileconfig::Profile;
use okta_devtrust::{
    policies::{EnrollPrompt, EnrollSelf},
    trust,
};
use scep_profile::{CaCertificate, ScepPayload, ScepUrl, okta::DeviceTrustProfile};
use secrecy::SecretString;

use crate::{Blueprint, blueprint::ScepSection, keep::generation_of, tenants::Tenants};

/// What marks the objects that the job made, so that no other is ever touched.
pub(crate) const OWNER: &str = "device-trust";

/// The device-trust profile of a generation: the CA's certificates and the SCEP payload.
pub(crate) fn profile(
    blueprint: &Blueprint,
    tenants: &Tenants,
    generation: u32,
) -> Result<Profile, mobileconfig::Error> {
    profile_of(
        (&blueprint.organization, &blueprint.identifier, generation),
        &blueprint.scep,
        (
            &tenants.scep_url,
            &tenants.challenge,
            &tenants.ca_certificates,
        ),
    )
}

/// The same from what it depends on: organisation, identifier and generation, the payload's values, and the CA, which
/// a sandbox brings along.
pub(crate) fn profile_of(
    (organization, identifier, generation): (&str, &str, u32),
    scep: &ScepSection,
    (url, challenge, ca_certificates): (&ScepUrl, &SecretString, &[CaCertificate]),
) -> Result<Profile, mobileconfig::Error> {
    let mut payload = ScepPayload::new(url.clone(), challenge.clone())
        .name(&scep.name)
        .subject(scep.subject.clone())
        .retries(scep.retries)
        .retry_delay(scep.retry_delay_seconds)
        .expiry_notification_days(scep.expiry_notification_days);
    if let Some(fingerprint) = &scep.ca_fingerprint {
        payload = payload.ca_fingerprint(fingerprint.clone());
    }
    if let Some(address) = &scep.rfc822_name {
        payload = payload.rfc822_name(address);
    }
    let mut preset =
        DeviceTrustProfile::new(organization, identifier, payload).generation(generation);
    preset.scep_mut().key_size = scep.key_size;
    for certificate in ca_certificates {
        preset = preset.ca_certificate(certificate.der());
    }
    preset.build()
}

/// What JumpCloud should carry: the profile's policy, or one for each ring, and Okta Verify, on the device groups. The
/// bytes of a generation come from `profile`.
pub(crate) fn deployment<E>(
    blueprint: &Blueprint,
    profile: impl Fn(u32) -> Result<Vec<u8>, E>,
) -> Result<deploy::Desired, E> {
    let part = &blueprint.jumpcloud;
    let mut wanted = deploy::Desired::new(OWNER);
    if part.rings.is_empty() {
        let mut policy = deploy::DesiredProfile::new(&part.policy, profile(blueprint.generation)?)
            .generation(blueprint.generation);
        policy.device_groups.clone_from(&part.device_groups);
        wanted = wanted.profile(policy);
    } else {
        let mut rings = Vec::new();
        for section in &part.rings {
            let generation = generation_of(blueprint, Some(section));
            let ring =
                deploy::Ring::new(&section.name, profile(generation)?).generation(generation);
            let groups = section.device_groups.iter();
            rings.push(groups.fold(ring, deploy::Ring::device_group));
        }
        wanted = wanted.rings(&part.policy, rings);
    }
    for policy in &mut wanted.profiles {
        policy.redispatch_on_os_update = part.redispatch_on_os_update;
    }
    let verify = &part.okta_verify;
    let package = deploy::Package::custom(&verify.package_id, &verify.package_url);
    let software = deploy::DesiredSoftware::new(&verify.name, package);
    let groups = part.device_groups.iter();
    Ok(wanted.software(groups.fold(software, deploy::DesiredSoftware::device_group)))
}

/// What Okta should enforce. `org` is its URL, where the bookmark apps lead.
pub(crate) fn trust(blueprint: &Blueprint, org: &str) -> trust::Desired {
    let part = &blueprint.okta;
    let users = [part.users_group.clone()];
    let mut managed = trust::ManagedRule::new(users.clone());
    managed
        .reauthenticate_in
        .clone_from(&part.reauthenticate_in);
    let mut desired = trust::Desired::new(trust::AccessDesired {
        name: "Device trust: managed Macs".into(),
        break_glass: trust::BreakGlass::new(&part.break_glass_group),
        managed,
    });
    desired.owner = OWNER.into();
    desired.apps.clone_from(&part.apps);
    desired.enrollment = Some(if part.edit_default_enrollment {
        trust::EnrollmentDesired::EditDefault
    } else {
        trust::EnrollmentDesired::Own {
            name: "Device trust: Okta Verify".into(),
            groups: users.to_vec(),
            okta_verify: EnrollSelf::Optional,
            prompt: EnrollPrompt::Login,
        }
    });
    desired.enrollment_app = Some(trust::BookmarkDesired::new(&part.enrollment_app, org));
    desired.pilot = Some(trust::BookmarkDesired::new(&part.pilot_app, org));
    desired.guard.clone_from(&part.guard);
    desired.session = Some(trust::SessionDesired::new(
        "Device trust: FastPass sessions",
        users,
    ));
    desired
}

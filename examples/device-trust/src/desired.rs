//! From the blueprint to what each crate is asked for: pure, so that it can be read and tested without a network.

use jumpcloud_mdm::deploy;
use mobileconfig::Profile;
use okta_devtrust::{
    policies::{EnrollPrompt, EnrollSelf},
    trust,
};
use scep_profile::{ScepPayload, okta::DeviceTrustProfile};

use crate::{Blueprint, tenants::Tenants};

/// What marks the objects that the job made, so that no other is ever touched.
pub(crate) const OWNER: &str = "device-trust";

/// The device-trust profile: the CA's certificates and the SCEP payload.
pub(crate) fn profile(
    blueprint: &Blueprint,
    tenants: &Tenants,
) -> Result<Profile, mobileconfig::Error> {
    let scep = &blueprint.scep;
    let mut payload = ScepPayload::new(tenants.scep_url.clone(), tenants.challenge.clone())
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
        DeviceTrustProfile::new(&blueprint.organization, &blueprint.identifier, payload)
            .generation(blueprint.generation);
    preset.scep_mut().key_size = scep.key_size;
    for certificate in &tenants.ca_certificates {
        preset = preset.ca_certificate(certificate.der());
    }
    preset.build()
}

/// What JumpCloud should carry: the profile's policy and Okta Verify, on the device groups.
pub(crate) fn deployment(blueprint: &Blueprint, profile: Vec<u8>) -> deploy::Desired {
    let part = &blueprint.jumpcloud;
    let verify = &part.okta_verify;
    let package = deploy::Package::custom(&verify.package_id, &verify.package_url);
    let mut policy =
        deploy::DesiredProfile::new(&part.policy, profile).redispatch(part.redispatch_on_os_update);
    let mut software = deploy::DesiredSoftware::new(&verify.name, package);
    for group in &part.device_groups {
        policy = policy.device_group(group);
        software = software.device_group(group);
    }
    deploy::Desired::new(OWNER)
        .profile(policy)
        .software(software)
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

//! From a schedule to JumpCloud: a ring is rotated by the profile that `scep-profile` makes, as plain bytes.
#![allow(missing_docs, clippy::unwrap_used)]

use device_trust_sandbox::{Options, PILOT_DEVICE_GROUP, Sandbox};
use jumpcloud_mdm::{
    JumpCloud, Region,
    deploy::{self, Change, Desired, DesiredProfile, DigestKey, Plan, Step},
};
use scep_profile::okta::DeviceTrustProfile;
use scep_profile::renewal::{
    Cause, HeldCertificate, RenewalPolicy, Ring, Rotation, rotate_all, schedule,
};
use scep_profile::{ScepPayload, ScepUrl};
use secrecy::ExposeSecret as _;
use std::time::Duration;

const OLD: &str = "canary-old-secret";
const NEW: &str = "canary-new-secret";

fn profile(secret: &str) -> DeviceTrustProfile {
    let url = ScepUrl::parse("https://acme.okta.com/pki/0A1B/scep/rac1").unwrap();
    let scep = ScepPayload::new(url, secret.to_owned().into());
    DeviceTrustProfile::new("Acme", "com.acme.device-trust", scep)
        .ca_certificate(include_str!("../scep-profile/tests/data/root.pem"))
}

async fn plan(client: &JumpCloud, bytes: &[u8]) -> (Plan, Desired, DigestKey) {
    let key = DigestKey::new([7; 32]).unwrap();
    let policy = DesiredProfile::new("Okta device trust", bytes).device_group(PILOT_DEVICE_GROUP);
    let desired = Desired::new("device-trust").profile(policy);
    let observed = deploy::observe(client, &desired).await.unwrap();
    let plan = deploy::plan(&desired, &observed, &key).unwrap();
    (plan, desired, key)
}

async fn deploy(client: &JumpCloud, bytes: &[u8]) -> Plan {
    let (plan, desired, key) = plan(client, bytes).await;
    deploy::apply(client, &plan, &desired, &key, |_| {})
        .await
        .unwrap();
    plan
}

fn is_one_update(plan: &Plan) -> bool {
    matches!(&plan.steps[..], [Step::UpdatePolicy { changes, .. }] if changes == &[Change::Profile])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_becomes_one_update_of_the_policy_and_a_leak_another() {
    let sandbox = Sandbox::start(Options {
        fleet: false,
        ..Options::default()
    })
    .await
    .unwrap();
    let key = sandbox.secrets().jumpcloud_api_key;
    let url = Region::Url(sandbox.jumpcloud_url().to_owned());
    let client = JumpCloud::builder(url, key.expose_secret().to_owned().into())
        .settle(Duration::ZERO)
        .build()
        .unwrap();
    deploy(&client, &profile(OLD).build().unwrap().to_xml().unwrap()).await;

    let at = |text: &str| text.parse().unwrap();
    let issued = (at("2026-03-01T09:00:00Z"), at("2027-03-01T09:00:00Z"));
    let ring = Ring::new("pilot").certificate(HeldCertificate::new("C02A", issued.0, issued.1));
    let policy = RenewalPolicy::default();
    let early = schedule(
        &policy,
        std::slice::from_ref(&ring),
        at("2026-10-01T00:00:00Z"),
    )
    .unwrap();
    assert_eq!(early.due(at("2026-10-01T00:00:00Z")).count(), 0);
    let now = at("2026-12-02T00:00:00Z");
    let due = schedule(&policy, std::slice::from_ref(&ring), now).unwrap();
    let rotation: &Rotation = due.due(now).next().unwrap();
    let rotated = profile(OLD).rotated(rotation).unwrap();
    assert!(is_one_update(&deploy(&client, rotated.profile()).await));
    assert!(plan(&client, rotated.profile()).await.0.is_empty());

    // The secret leaks: the next generation with the new one, and every certificate that is valid is listed.
    let ring = ring.generation(rotation.generation, now);
    let leak = rotate_all(Cause::SecretLeaked, &[ring], now).unwrap();
    assert_eq!(leak.rotations[0].old_certificates.len(), 1);
    let again = profile(NEW).rotated(&leak.rotations[0]).unwrap();
    assert_eq!(again.generation, 2);
    assert_ne!(again.payload_uuid, rotated.payload_uuid);
    let (listed, ..) = plan(&client, again.profile()).await;
    let shown = format!("{listed} {listed:?} {again} {again:?} {leak}");
    assert!(!shown.contains(OLD) && !shown.contains(NEW), "{shown}");
    assert!(is_one_update(&deploy(&client, again.profile()).await));
}

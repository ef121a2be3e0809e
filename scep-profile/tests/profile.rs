//! The Okta profile as it goes to the MDM server.

#![cfg(feature = "okta")]
#![allow(clippy::unwrap_used, missing_docs)]

use scep_profile::okta::DeviceTrustProfile;
use scep_profile::{ScepPayload, ScepUrl};

#[test]
fn the_profile_is_the_same_bytes_every_time() {
    let scep = ScepPayload::new(
        ScepUrl::parse("https://acme.okta.com/pki/0A1B/scep/rac1").unwrap(),
        "s3cret & <escaped>".into(),
    )
    .name("Acme")
    .rfc822_name("it@acme.example")
    .expiry_notification_days(14);
    let profile = DeviceTrustProfile::new("Acme", "com.acme.device-trust", scep)
        .description("Lets Okta see that this Mac is managed.")
        .ca_certificate(include_str!("data/intermediate.pem"))
        .ca_certificate(include_str!("data/root.pem"))
        .generation(2)
        .build()
        .unwrap();
    let xml = String::from_utf8(profile.to_xml().unwrap()).unwrap();
    insta::assert_snapshot!(xml);
}

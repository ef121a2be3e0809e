//! The Okta profile as it goes to the MDM server.

#![allow(clippy::unwrap_used, missing_docs)]

use mobileconfig::Profile;
#[cfg(feature = "okta")]
use scep_profile::okta::DeviceTrustProfile;
use scep_profile::{ScepPayload, ScepUrl};

#[cfg(feature = "okta")]
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

/// Payloads seen in the field that no [`ScepPayload`] can say: refused by the name of the key, kept as they are.
#[test]
fn a_foreign_payload_is_read_back_whole_even_where_it_cannot_be_typed() {
    let sample = include_str!("data/kandji-like.mobileconfig");
    let complete = sample.replace(
        "<string>scep.example.com</string>",
        "<string>https://scep.example.com/scep</string>",
    );
    let with = |keys: &str| {
        complete.replace(
            "<key>Challenge</key>",
            &format!("{keys}<key>Challenge</key>"),
        )
    };
    for (foreign, refused_at) in [
        (complete.clone(), None),
        (sample.to_owned(), Some("PayloadContent.URL")),
        (
            complete.replace("com/scep<", "com/scep?ca=1<"),
            Some("PayloadContent.URL"),
        ),
        (
            with("<key>Keysize</key><integer>0</integer>"),
            Some("PayloadContent.Keysize"),
        ),
        (
            with("<key>CAFingerprint</key><data>AAAAAAAAAAAAAAAAAAAAAA==</data>"),
            Some("PayloadContent.CAFingerprint"),
        ),
        (with("<key>SomethingNew</key><true/>"), None),
    ] {
        let profile = Profile::from_bytes(&foreign).unwrap();
        let payload = &profile.payloads[0];
        match (payload.decode::<ScepPayload>(), refused_at) {
            (Ok(typed), None) => {
                assert_eq!(typed.url.as_str(), "https://scep.example.com/scep");
                assert_eq!(typed.key_size, scep_profile::KeySize::Legacy1024);
            }
            (Err(error), Some(at)) => assert!(error.to_string().contains(at), "{at}: {error}"),
            (typed, at) => panic!("{at:?}: {typed:?}"),
        }
        let again = Profile::from_bytes(profile.to_xml().unwrap()).unwrap();
        assert_eq!(again.payloads[0].content, payload.content);
    }
}

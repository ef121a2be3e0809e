//! One small profile as people will read it, and what its renderings keep back.
#![allow(clippy::unwrap_used)]

use mobileconfig::acme::{Acme, Key};
use mobileconfig::associated_domains::{AppDomains, AssociatedDomains};
use mobileconfig::certificate::{Pem, Pkcs1, Root};
use mobileconfig::extensible_sso::ExtensibleSso;
use mobileconfig::identity_preference::{CertificatePreference, IdentityPreference};
use mobileconfig::managed_preferences::{DomainPreferences, ManagedPreferences};
use mobileconfig::notifications::{AlertType, AppNotifications, NotificationSettings};
use mobileconfig::pkcs12::Pkcs12;
use mobileconfig::privacy::{Authorization, Identity, PrivacyPolicy};
use mobileconfig::service_management::{Rule, ServiceManagement};
use mobileconfig::{PayloadContent, Profile, ProfileBuilder, Scope};

const CA: &str = include_str!("data/ca.pem");

fn companions() -> ProfileBuilder {
    Profile::builder("Example Org", "org.example.companions")
        .display_name("Okta Verify companions")
        .description("What Okta Verify needs besides its certificate.")
        .scope(Scope::System)
        .removal_disallowed(false)
        .extra("TargetDeviceType", 5)
        .add_named(
            "login-items",
            0,
            "Okta Verify login items",
            &ServiceManagement::new([Rule::team_identifier("B7F62B65BN").comment("Okta Verify")]),
        )
        .add_generation(
            "sso",
            1,
            &ExtensibleSso::credential(
                "com.okta.mobile.auth-service-extension",
                "B7F62B65BN",
                "Okta Device",
                ["example.okta.com"],
            ),
        )
}

#[test]
fn a_small_profile_reads_like_this() {
    let xml = companions().build().unwrap().to_xml().unwrap();
    insta::assert_snapshot!(String::from_utf8(xml).unwrap());
}

#[test]
fn the_order_of_setters_does_not_show() {
    let one = Profile::builder("O", "o")
        .display_name("n")
        .extra("b", 1)
        .extra("a", 2)
        .build()
        .unwrap();
    let two = Profile::builder("O", "o")
        .extra("a", 2)
        .extra("b", 1)
        .display_name("n")
        .build()
        .unwrap();
    assert_eq!(one.to_xml().unwrap(), two.to_xml().unwrap());
}

fn survives<C: PayloadContent + PartialEq + std::fmt::Debug>(content: &C) {
    let profile = Profile::builder("Example Org", "org.example")
        .add("x", content)
        .build()
        .unwrap();
    let read = Profile::from_bytes(profile.to_xml().unwrap()).unwrap();
    assert_eq!(&read.payloads[0].decode::<C>().unwrap(), content);
}

#[test]
fn every_typed_content_survives_the_profile() {
    survives(&Root::from_pem(CA).unwrap().file_name("ca.cer"));
    survives(&Pkcs1::from_pem(CA).unwrap());
    survives(&Pem::new(CA).unwrap());
    survives(
        &Pkcs12::new([0x30, 0])
            .password("hunter2")
            .extractable(false)
            .all_apps_access(true)
            .file_name("i.p12"),
    );
    survives(
        &Acme::new("https://acme.example.org/d", "id", Key::SecureEnclaveP256)
            .subject([("CN", "x")])
            .subject_alt_name("rfc822Name", "a@example.org")
            .usage_flags(1)
            .extended_key_usage(["1.3.6.1.5.5.7.3.2"])
            .attest(true)
            .extractable(false)
            .all_apps_access(true),
    );
    survives(&IdentityPreference::new("https://vpn.example.org", "A"));
    survives(&CertificatePreference::new("https://vpn.example.org", "A"));
    survives(&ExtensibleSso::redirect("e", "t", ["https://example.org/"]).extension_data("k", "v"));
    survives(&AssociatedDomains::new([AppDomains::new(
        "T.app",
        ["authsrv:example.org"],
    )
    .direct_downloads(true)]));
    survives(&ServiceManagement::new([Rule::bundle_identifier(
        "com.example",
    )
    .of_team("T")]));
    survives(&NotificationSettings::new([AppNotifications::new(
        "com.example",
    )
    .enabled(true)
    .alert_type(AlertType::Persistent)
    .badges(false)
    .sounds(false)
    .show_in_lock_screen(true)
    .show_in_notification_center(true)
    .critical_alerts(false)]));
    survives(&PrivacyPolicy::new().rule(
        "Camera",
        &Identity::path("/bin/x", "anchor apple", Authorization::Deny),
    ));
    survives(
        &ManagedPreferences::new()
            .force("com.example", "k", 1)
            .set_once("com.example", "l", true),
    );
    survives(&DomainPreferences::new("com.example").set("k", "v"));
}

#[test]
fn a_payload_is_not_decoded_as_another_type() {
    let profile = companions().build().unwrap();
    let error = profile.payloads[0].decode::<ExtensibleSso>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "PayloadType: this payload is a com.apple.servicemanagement, not a com.apple.extensiblesso"
    );
}

#[test]
fn a_content_that_no_device_accepts_stops_the_build() {
    let error = companions()
        .add("urls", &ExtensibleSso::redirect("e", "t", ["ftp://x"]))
        .build()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "payload `urls`: URLs[0]: a URL starts with https:// or http://"
    );
}

#[test]
fn secrets_are_in_the_xml_and_nowhere_else() {
    let identity = Pkcs12::new(b"hunter2".to_vec()).password("hunter2");
    let acme = Acme::new("https://acme.example.org/d?k=hunter2", "hunter2", Key::P256);
    let preferences = DomainPreferences::new("com.example").set("SharedSecret", "hunter2");
    let builder = Profile::builder("Example Org", "org.example")
        .extra("Password", "hunter2")
        .add("identity", &identity)
        .add("acme", &acme)
        .add("preferences", &preferences);
    let profile = builder.clone().build().unwrap();
    let payloads = &profile.payloads;
    for text in [
        format!("{identity:?} {acme:?} {preferences:?} {builder:?} {profile:?} {payloads:?}"),
        format!("{} {:?}", profile.redacted(), profile.redacted()),
    ] {
        assert!(!text.contains("hunter2"), "{text}");
        assert!(!text.contains("aHVudGVyMg"), "{text}");
    }
    assert!(
        String::from_utf8(profile.to_xml().unwrap())
            .unwrap()
            .contains("hunter2")
    );
}

#[test]
fn meaning_is_compared_and_not_order() {
    let profile = companions().build().unwrap();
    let mut other = profile.clone();
    other.payloads.reverse();
    assert_ne!(profile, other);
    assert!(profile.semantic_eq(&other));
    other.payloads[0].display_name = Some("another".into());
    assert!(!profile.semantic_eq(&other));
    other.payloads.remove(0);
    assert!(!profile.semantic_eq(&other));
}

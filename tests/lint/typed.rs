//! The typed payloads: what their constructors make is what Apple's schema asks for.

use mobileconfig::{
    PayloadContent, Profile,
    acme::{Acme, Key},
    associated_domains::{AppDomains, AssociatedDomains},
    certificate::{Pem, Pkcs1, Root},
    extensible_sso::ExtensibleSso,
    identity_preference::{CertificatePreference, IdentityPreference},
    lint::Severity,
    managed_preferences::{DomainPreferences, ManagedPreferences},
    notifications::{AppNotifications, NotificationSettings},
    pkcs12::Pkcs12,
    privacy::{Authorization, Identity, PrivacyPolicy},
    schema::{Presence, Schema},
    service_management::{Rule, ServiceManagement},
};
use scep_profile::{ScepPayload, ScepUrl};

use crate::lint;

const CA: &str = include_str!("../../mobileconfig/tests/data/ca.pem");

/// The payload alone, but for an identity beside it that it may refer to, must give no finding on its channel.
fn is_right<C: PayloadContent>(content: &C, target: &str) {
    let builder = Profile::builder("Example Org", "org.example.typed");
    let profile = builder
        .add("identity", &Pkcs12::new(vec![0x30, 0x00]))
        .add("subject", content)
        .build()
        .unwrap();
    assert_eq!(lint(&profile.to_value(), target), [], "{}", C::PAYLOAD_TYPE);
    let Some(schema) = Schema::apple().payload(C::PAYLOAD_TYPE) else {
        return;
    };
    // Nothing but what was put in: the keys that are due are there, and each is one of the schema's.
    let keys = &profile.payloads[1].content;
    for part in schema.parts().take(1) {
        for key in part.keys() {
            if key.presence() == Some(Presence::Required) {
                assert!(keys.contains_key(key.name()), "{} {key:?}", C::PAYLOAD_TYPE);
            }
        }
    }
}

#[test]
fn a_constructor_asks_for_what_is_required_and_gives_no_finding() {
    let (device, user) = ("macos-15", "macos-15 user");
    let root = Root::from_pem(CA).unwrap();
    is_right(&root, device);
    is_right(&Pkcs1::new(root.der()).unwrap(), device);
    is_right(&Pem::new(CA).unwrap(), device);
    is_right(&Pkcs12::new(vec![0x30, 0x00]), device);
    for key in [Key::Rsa2048, Key::P384, Key::SecureEnclaveP256] {
        is_right(
            &Acme::new("https://acme.example.org/", "${SERIAL}", key),
            device,
        );
    }
    let uuid = Profile::builder("Example Org", "org.example.typed").payload_uuid("identity", 0);
    is_right(&IdentityPreference::new("https://example.org", &uuid), user);
    is_right(&CertificatePreference::new("a@example.org", &uuid), user);
    is_right(
        &ExtensibleSso::credential("org.example.sso", "ABCDE12345", "Example", ["example.org"]),
        device,
    );
    is_right(
        &ExtensibleSso::redirect("org.example.sso", "ABCDE12345", ["https://example.org/"]),
        device,
    );
    let domains = AppDomains::new("ABCDE12345.org.example", ["authsrv:example.org"]);
    is_right(&AssociatedDomains::new([domains]), device);
    is_right(
        &ServiceManagement::new([Rule::team_identifier("B7F62B65BN")]),
        device,
    );
    is_right(
        &NotificationSettings::new([AppNotifications::new("org.example")]),
        device,
    );
    let agent = Identity::bundle("org.example.agent", "anchor apple", Authorization::Allow);
    is_right(
        &PrivacyPolicy::new().rule("SystemPolicyAllFiles", &agent),
        device,
    );
    is_right(
        &ManagedPreferences::new().force("org.example", "Tips", false),
        device,
    );
    let url = ScepUrl::parse("https://example.okta.com/pki/0123/scep/rac0").unwrap();
    is_right(&ScepPayload::new(url, "${CHALLENGE}".into()), device);
}

#[test]
fn the_preferences_of_a_domain_are_nobodys_business() {
    let preferences = DomainPreferences::new("com.okta.mobile").set("A", 1);
    let profile = Profile::builder("Example Org", "org.example.typed")
        .add("preferences", &preferences)
        .build()
        .unwrap();
    let found = lint(&profile.to_value(), "macos-15");
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].code, found[0].severity),
        ("unknown-payload-type", Severity::Info)
    );
}

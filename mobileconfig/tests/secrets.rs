//! One answer to what a secret is: what redaction masks, the diff does not show and the lint reports.
#![cfg(feature = "lint")]
#![allow(clippy::unwrap_used)]

use mobileconfig::diff::{Diff, Rules};
use mobileconfig::lint::{Target, lint};
use mobileconfig::{Payload, Profile};
use plist::{Dictionary, Value};

fn profile(payload_type: &str, path: &[&str], value: Value) -> Profile {
    let mut value = value;
    for key in path.iter().rev() {
        value = if *key == "*" {
            Value::Array(vec![value])
        } else {
            let mut keys = Dictionary::new();
            keys.insert((*key).to_owned(), value);
            value = keys.into();
            value
        };
    }
    let mut profile = Profile::builder("Example Org", "org.example")
        .build()
        .unwrap();
    profile.payloads = vec![Payload::new(
        payload_type,
        "org.example.a",
        "5D3BA154-4B1C-4B0E-9A3E-6A1E5A3C0A01",
        value.into_dictionary().unwrap(),
    )];
    profile
}

/// What the three say of a value: whether it is masked, kept out of the diff, and reported.
fn answers(payload_type: &str, path: &[&str], value: &str) -> [bool; 3] {
    let before = profile(payload_type, path, format!("{value}1").into());
    let after = profile(payload_type, path, format!("{value}2").into());
    let hunter = "hunter2";
    let diff = Diff::of(&before, &after, &Rules::mdm());
    assert!(!diff.is_empty());
    let shown = format!("{diff} {} {diff:?}", serde_json::to_string(&diff).unwrap());
    let found = lint(&after, &"macos-15".parse::<Target>().unwrap());
    for finding in &found {
        assert!(!finding.to_string().contains(hunter), "{finding}");
    }
    [
        !before.redacted().to_string().contains(hunter),
        !shown.contains(hunter),
        found
            .iter()
            .any(|finding| finding.code == "secret-in-clear"),
    ]
}

#[test]
fn redaction_diff_and_lint_agree() {
    let relay = "com.apple.relay.managed";
    let vpn = "com.apple.vpn.managed";
    for (payload_type, path, value, secret) in [
        (
            "com.apple.security.scep",
            &["PayloadContent", "Challenge"][..],
            "hunter2",
            true,
        ),
        (
            "com.apple.security.acme",
            &["ClientIdentifier"],
            "hunter2",
            true,
        ),
        (
            "com.apple.wifi.managed",
            &["EAPClientConfiguration", "UserPassword"],
            "hunter2",
            true,
        ),
        (
            "com.apple.airplay",
            &["Passwords", "*", "Password"],
            "hunter2",
            true,
        ),
        (
            "com.apple.airplay",
            &["Passwords", "*", "DeviceName"],
            "hunter2",
            false,
        ),
        (
            relay,
            &["Relays", "*", "AdditionalHTTPHeaderFields", "X-Any"],
            "hunter2",
            true,
        ),
        (vpn, &["VendorConfig", "psk"], "hunter2", true),
        (vpn, &["VendorConfig", "Profile"], "hunter2", false),
        (vpn, &["VendorConfig", "Any"], "Bearer hunter2", true),
        (vpn, &["IPSec", "XAuthPasswordEncryption"], "hunter2", false),
        (
            "com.apple.eas.account",
            &["OAuthTokenRequestURL"],
            "https://example.org/hunter2",
            false,
        ),
        (
            "com.apple.eas.account",
            &["OAuthTokenRequestURL"],
            "https://u:hunter2@example.org/",
            true,
        ),
        ("org.example.app", &["api", "header"], "hunter2", true),
        ("org.example.app", &["passwd"], "hunter2", true),
        ("org.example.app", &["auth_key"], "hunter2", true),
        (
            "org.example.app",
            &["URL"],
            "https://example.org/?token=hunter2",
            true,
        ),
        ("org.example.app", &["Colour"], "hunter2", false),
    ] {
        assert_eq!(
            answers(payload_type, path, value),
            [secret; 3],
            "{payload_type} {path:?} {value}"
        );
    }
}

#[test]
fn an_identity_under_a_password_is_masked_and_not_in_the_clear() {
    let identity = Value::Data(vec![0x30; 900]);
    let profile = profile("com.apple.security.pkcs12", &["PayloadContent"], identity);
    assert!(!profile.redacted().to_string().contains("900"));
    let found = lint(&profile, &"macos-15".parse::<Target>().unwrap());
    assert_eq!(found, []);
}

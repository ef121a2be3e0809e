//! The lint of `mobileconfig` against mistakes made by an oracle and by hand.
#![allow(missing_docs, clippy::unwrap_used)]

mod fixtures;
mod oracle;
mod sarif;
mod scep;
mod typed;

use std::time::{Duration, SystemTime};

use mobileconfig::lint::{Channel, Delivery, Finding, Linter, Severity, Target, codes, output};
use mobileconfig::{Limits, read_plist};
use plist::{Dictionary, Value as Plist};
use scep_profile::{ScepPayload, ScepUrl, okta::DeviceTrustProfile};
use secrecy::SecretString;

use fixtures::Fixtures;

const FIXTURES: Fixtures = Fixtures {
    folder: "tests/fixtures/lint",
    tables: include_str!("../fixtures/lint/README.md"),
    document: include_str!("../../mobileconfig/LINTS.md"),
    codes: codes::ALL,
    // A thousand findings make no fixture; the crate's own tests have one.
    without: &["more-findings"],
};

/// What a finding is told apart by.
type Place = (String, String);

#[test]
fn each_broken_profile_gives_its_finding_and_nothing_else() {
    let broken = FIXTURES.table::<4>();
    assert!(broken.len() >= 40);
    for [name, target, code, path] in broken {
        let found: Vec<_> = lint_fixture(name, target).iter().map(place).collect();
        let path = path.replace("(profile)", "");
        assert_eq!(found, [(code.to_owned(), path)], "{name}");
    }
}

#[test]
fn each_profile_that_looks_odd_and_is_right_gives_no_more_than_infos() {
    let right = FIXTURES.table::<2>();
    assert!(!right.is_empty());
    for [name, target] in right {
        let found = lint_fixture(name, target);
        let only_infos = found
            .iter()
            .all(|finding| finding.severity == Severity::Info);
        assert!(only_infos, "{name}: {found:#?}");
    }
}

#[test]
fn the_profiles_of_the_job_give_infos_only() {
    let url = ScepUrl::parse("https://example.okta.com/pki/0123/scep/rac0").unwrap();
    let scep = ScepPayload::new(url, SecretString::from("hunter2")).expiry_notification_days(14);
    let ca = include_bytes!("../../mobileconfig/tests/data/ca.pem");
    let trust = DeviceTrustProfile::new("Example Org", "org.example.trust", scep)
        .ca_certificate(ca)
        .build()
        .unwrap();
    let codes: Vec<_> = lint(&trust.to_value(), "macos-15")
        .iter()
        .map(|finding| finding.code)
        .collect();
    assert_eq!(codes, ["undocumented-key", "secret-in-clear"]);
}

#[test]
fn a_reference_in_what_is_nobodys_business_is_none() {
    let mut profile = fixture("preferences-of-an-app");
    let payload = &mut profile.as_dictionary_mut().unwrap()["PayloadContent"]
        .as_array_mut()
        .unwrap()[0];
    let payload = payload.as_dictionary_mut().unwrap();
    payload.insert("PayloadType".into(), "com.apple.extensiblesso".into());
    payload.remove("OktaVerify.OrgUrl");
    payload.insert("ExtensionIdentifier".into(), "com.example.sso".into());
    payload.insert("TeamIdentifier".into(), "ABCDE12345".into());
    payload.insert("Type".into(), "Credential".into());
    payload.insert("Realm".into(), "Example".into());
    payload.insert("Hosts".into(), Plist::Array(vec!["example.org".into()]));
    let mut data = Dictionary::new();
    data.insert("certificateUUID".into(), "elsewhere".into());
    payload.insert("ExtensionData".into(), data.into());
    assert_eq!(lint(&profile, "macos-15"), []);
}

#[test]
fn each_fixture_is_in_a_table_and_each_code_has_a_fixture() {
    FIXTURES.assert_whole();
}

#[test]
fn codes_and_headings_agree() {
    FIXTURES.assert_described();
}

#[test]
fn every_rule_says_which_codes_it_gives() {
    let mut all: Vec<&str> = codes::ALL.iter().map(|code| code.id).collect();
    all.sort_unstable();
    let said: Vec<&str> = Linter::new().codes().iter().map(|code| code.id).collect();
    assert_eq!(said, all);
}

#[test]
fn no_finding_repeats_a_text_of_the_profile() {
    let secret = "hunter2-canary";
    let mut profile = fixture("challenge-in-clear");
    replace_texts(&mut profile, secret);
    let target: Target = "macos-15".parse().unwrap();
    let linter = Linter::new();
    let findings = linter.lint_plist(&profile, &target);
    assert!(!findings.is_empty());
    for shown in [
        output::text(&findings),
        output::json(&findings),
        output::sarif(&linter, Some("a.mobileconfig"), &findings),
        format!("{findings:?}"),
    ] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn payloads_in_the_clear_beside_an_envelope_are_a_conflict() {
    let mut profile = fixture("payloads-in-an-envelope");
    let keys = profile.as_dictionary_mut().unwrap();
    keys.insert("PayloadContent".into(), Plist::Array(Vec::new()));
    let found: Vec<_> = lint(&profile, "macos-15").iter().map(place).collect();
    let place = |code: &str, path: &str| (code.to_owned(), path.to_owned());
    assert_eq!(
        found,
        [
            place("conflicting-keys", "PayloadContent"),
            place("payloads-encrypted", "EncryptedPayloadContent"),
        ]
    );
}

#[test]
fn a_slip_in_a_key_is_an_error_where_its_neighbour_requires_it() {
    let severity = |name| lint_fixture(name, "macos-15")[0].severity;
    assert_eq!(severity("urls-with-a-slip"), Severity::Error);
    assert_eq!(severity("display-name-with-a-slip"), Severity::Warning);
}

#[test]
fn a_signed_document_is_checked_as_a_signed_one() {
    let target = target_of("macos-15");
    let document = document("document-that-is-signed");
    let signed: Vec<_> = Linter::new()
        .lint_document(&document, &target)
        .unwrap()
        .iter()
        .map(|finding| finding.code)
        .collect();
    assert_eq!(signed, ["signature-not-checked"]);
    assert!(
        Linter::new()
            .lint_document(&document[..80], &target)
            .is_err()
    );
}

#[test]
fn a_key_cannot_pass_for_a_finding_of_its_own() {
    let mut profile = fixture("key-nobody-knows");
    let keys = profile.as_dictionary_mut().unwrap();
    keys.insert("A\nerror[forged] B: \u{1b}[2J".into(), true.into());
    let text = output::text(&lint(&profile, "macos-15"));
    assert_eq!(text.lines().count(), 5, "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn errors_come_first() {
    let mut profile = fixture("challenge-in-clear");
    profile.as_dictionary_mut().unwrap().remove("PayloadUUID");
    let severities: Vec<_> = lint(&profile, "macos-15")
        .iter()
        .map(|finding| finding.severity)
        .collect();
    assert_eq!(severities, [Severity::Error, Severity::Info]);
}

/// Puts `text` in place of every text except the payload types, which decide what is checked.
fn replace_texts(value: &mut Plist, text: &str) {
    match value {
        Plist::String(old) => text.clone_into(old),
        Plist::Array(items) => items.iter_mut().for_each(|item| replace_texts(item, text)),
        Plist::Dictionary(keys) => keys
            .iter_mut()
            .filter(|(key, _)| *key != "PayloadType")
            .for_each(|(_, value)| replace_texts(value, text)),
        _ => {}
    }
}

fn lint_fixture(name: &str, target: &str) -> Vec<Finding> {
    let target = target_of(target);
    Linter::new()
        .lint_document(document(name), &target)
        .unwrap()
}

fn fixture(name: &str) -> Plist {
    read(&document(name))
}

fn document(name: &str) -> Vec<u8> {
    FIXTURES.profile(name)
}

fn lint(profile: &Plist, target: &str) -> Vec<Finding> {
    Linter::new().lint_plist(profile, &target_of(target))
}

/// From a system and its version, then what differs from the usual.
fn target_of(target: &str) -> Target {
    let mut words = target.split(' ');
    let usual = words
        .next()
        .unwrap()
        .parse::<Target>()
        .unwrap()
        .at(year(2030));
    words.fold(usual, |target, word| match word {
        "user" => target.channel(Channel::User),
        "supervised" => target.supervised(true),
        "manual" => target.delivery(Delivery::Manual),
        "mdm" => target.delivery(Delivery::Mdm),
        "signed" => target.signed(true),
        _ => target.at(year(word.strip_prefix("at=").unwrap().parse().unwrap())),
    })
}

/// Some day in that year: certificates in the fixtures are valid from 2026 to 2126.
fn year(year: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs((year - 1970) * 31_557_600 + 86_400)
}

fn place(finding: &Finding) -> Place {
    (finding.code.to_owned(), finding.path.clone())
}

fn read(bytes: &[u8]) -> Plist {
    read_plist(bytes, &Limits::default()).unwrap().0
}

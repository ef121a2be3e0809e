//! What the lint of SCEP payloads depends on: the system, the server, the other keys. Each mistake by itself is a fixture
//! of `tests/lint`.

#![allow(clippy::unwrap_used, missing_docs)]

use mobileconfig::lint::{Finding, Linter, Severity, Target};
use mobileconfig::{PayloadContent, Profile};
use plist::{Dictionary, Value};
use scep_profile::lint::{Mdm, ScepRule};
use scep_profile::{Fingerprint, ScepPayload, ScepUrl};

const SECRET: &str = "hunter2";

/// A payload about which there is nothing to say.
fn good() -> ScepPayload {
    let url = ScepUrl::parse("https://ca.example.org/scep").unwrap();
    ScepPayload::new(url, SECRET.into()).ca_fingerprint(Fingerprint::from_bytes(&[7; 32]).unwrap())
}

fn profile(payload: &ScepPayload) -> Profile {
    Profile::builder("Example Org", "org.example.scep")
        .add("scep", payload)
        .build()
        .unwrap()
}

/// The findings after a change to the keys of the payload.
fn lint(target: &str, mdm: Mdm, change: impl Fn(&mut Dictionary)) -> Vec<Finding> {
    let mut profile = profile(&good());
    change(&mut profile.payloads[0].content);
    let linter = Linter::new().rule(ScepRule::new().mdm(mdm));
    let findings = linter.lint(&profile, &target.parse::<Target>().unwrap());
    for finding in &findings {
        assert!(!format!("{finding:?}").contains(SECRET), "{finding:?}");
    }
    // Everybody can read the challenge: that is so of the good one as well.
    let said = |finding: &Finding| finding.code == "secret-in-clear";
    findings
        .into_iter()
        .filter(|finding| !said(finding))
        .collect()
}

fn inner(content: &mut Dictionary) -> &mut Dictionary {
    content
        .get_mut("PayloadContent")
        .unwrap()
        .as_dictionary_mut()
        .unwrap()
}

fn pair(kind: &str, value: &str) -> Value {
    Value::Array(vec![kind.into(), value.into()])
}

fn array(items: impl IntoIterator<Item = Value>) -> Value {
    Value::Array(items.into_iter().collect())
}

fn names(kind: &str, value: impl Into<Value>) -> Value {
    let mut names = Dictionary::new();
    names.insert(kind.to_owned(), value.into());
    Value::Dictionary(names)
}

#[test]
fn http_needs_a_fingerprint() {
    let http = |pinned: bool| {
        let findings = lint("macos-15", Mdm::Any, |content| {
            let keys = inner(content);
            keys.insert("URL".to_owned(), "http://ca.example.org/scep".into());
            if !pinned {
                keys.remove("CAFingerprint");
            }
        });
        findings
            .iter()
            .map(|finding| finding.code)
            .collect::<Vec<_>>()
    };
    assert_eq!(http(true), Vec::<&str>::new());
    assert_eq!(http(false), ["scep-http-unpinned"]);
}

#[test]
fn access_for_all_apps_with_export_is_a_warning_and_without_it_is_none() {
    let found = |extractable: bool| {
        let findings = lint("macos-15", Mdm::Any, |content| {
            let keys = inner(content);
            keys.insert("AllowAllAppsAccess".to_owned(), true.into());
            keys.insert("KeyIsExtractable".to_owned(), extractable.into());
        });
        findings
            .iter()
            .map(|finding| finding.code)
            .collect::<Vec<_>>()
    };
    assert_eq!(found(true), ["scep-extractable-to-all"]);
    assert_eq!(found(false), Vec::<&str>::new());
}

#[test]
fn the_length_of_a_fingerprint_is_judged_by_what_the_system_takes() {
    for (target, length, code) in [
        ("macos-12", 20, None),
        ("macos-12", 32, Some("scep-fingerprint-length")),
        ("macos-13", 32, None),
        ("macos-13", 48, Some("scep-fingerprint-length")),
        ("ios-15", 32, Some("scep-fingerprint-length")),
        ("ios-16", 32, None),
        ("ios-16", 20, None),
    ] {
        let findings = lint(target, Mdm::Any, |content| {
            inner(content).insert("CAFingerprint".to_owned(), Value::Data(vec![1; length]));
        });
        let of_length = findings
            .iter()
            .map(|finding| finding.code)
            .find(|code| code.starts_with("scep-fingerprint"));
        assert_eq!(of_length, code, "{target} {length}");
    }
}

#[test]
fn a_notice_that_nobody_can_follow_is_named() {
    let notice = |url: &str, days: i64| {
        let findings = lint("macos-15", Mdm::Any, |content| {
            let keys = inner(content);
            keys.insert("URL".to_owned(), url.into());
            keys.insert("CertificateRenewalTimeInterval".to_owned(), days.into());
        });
        findings
            .iter()
            .map(|finding| finding.code)
            .filter(|code| code.starts_with("scep-"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        notice("https://acme.okta.com/pki/0A1B/scep/rac1", 14),
        ["scep-renewal-notice"]
    );
    assert_eq!(
        notice("https://login.acme.com/pki/0A1B/scep/rac1", 14),
        ["scep-renewal-notice"]
    );
    assert_eq!(
        notice("https://ca.example.org/scep", 14),
        Vec::<&str>::new()
    );
    assert_eq!(
        notice("https://ca.example.org/scep", 400),
        ["scep-early-notice"]
    );
}

#[test]
fn variables_are_fine_unless_jumpcloud_would_have_to_fill_them_in() {
    let found = |mdm, value: &str| {
        let findings = lint("macos-15", mdm, |content| {
            let keys = inner(content);
            keys.insert("Subject".to_owned(), array([array([pair("CN", value)])]));
            keys.insert(
                "SubjectAltName".to_owned(),
                names("rfc822Name", array([value.into()])),
            );
        });
        findings
            .iter()
            .map(|finding| (finding.code, finding.severity))
            .collect::<Vec<_>>()
    };
    for value in ["%ComputerName%", "$UDID", "%JumpCloudSystemID%"] {
        assert_eq!(found(Mdm::Any, value), []);
    }
    assert_eq!(
        found(Mdm::JumpCloud, "%ComputerName%"),
        [("scep-device-variable", Severity::Warning); 2]
    );
    for value in ["$UDID", "%JumpCloudSystemID%", "%ComputerName% $UDID"] {
        assert_eq!(
            found(Mdm::JumpCloud, value),
            [("scep-variable", Severity::Warning); 2],
            "{value}"
        );
    }
}

#[test]
fn names_too_long_to_be_shown_are_found_once() {
    let long = "n".repeat(10_000);
    let findings = lint("macos-15", Mdm::JumpCloud, |content| {
        inner(content).insert("SubjectAltName".to_owned(), names(&long, "%SerialNumber%"));
    });
    let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["scep-skipped-name", "scep-device-variable"]);
    assert!(findings.iter().all(|finding| finding.path.len() < 250));
}

#[test]
fn whatever_a_payload_holds_it_is_checked_without_panic() {
    for value in [
        Value::Boolean(true),
        7.into(),
        "x".into(),
        Value::Data(vec![0]),
        array([]),
        names("a", "b"),
    ] {
        for key in good().to_dictionary().unwrap()["PayloadContent"]
            .as_dictionary()
            .unwrap()
            .keys()
        {
            lint("macos-15", Mdm::JumpCloud, |content| {
                inner(content).insert(key.clone(), value.clone());
            });
        }
        lint("macos-15", Mdm::JumpCloud, |content| {
            content.insert("PayloadContent".to_owned(), value.clone());
        });
    }
}

#[test]
fn two_mistakes_in_one_place_are_two_findings() {
    let mut profile = profile(&good());
    let two_levels = array([pair("CN", "$UDID")]);
    inner(&mut profile.payloads[0].content).insert("Subject".to_owned(), two_levels);
    let target = "macos-15".parse::<Target>().unwrap().signed(true);
    let findings = Linter::new().rule(ScepRule::new()).lint(&profile, &target);
    let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
    assert_eq!(
        codes,
        [
            "scep-subject-nesting",
            "variable-in-signed",
            "secret-in-clear"
        ]
    );
}

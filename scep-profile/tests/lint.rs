//! The lint of SCEP payloads: each mistake gives its finding, with the rules of `mobileconfig` beside it.

#![allow(clippy::unwrap_used, missing_docs)]

use mobileconfig::lint::{Finding, Linter, Severity, Target};
use mobileconfig::{PayloadContent, Profile};
use plist::{Dictionary, Value};
use scep_profile::lint::{Mdm, ScepRule, codes};
use scep_profile::{Fingerprint, ScepPayload, ScepUrl};
use std::collections::BTreeSet;

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

/// A value for a key of the payload in place of the good one; `None` takes the key out.
type Mistake = (&'static str, Option<Value>, &'static str, &'static str);

fn mistakes() -> Vec<Mistake> {
    let set = |key, value: Value, code, path| (key, Some(value), code, path);
    let out = |key, code| (key, None, code, key);
    let bytes = |length: usize| {
        Value::Data(
            (1..=length)
                .map(|byte| u8::try_from(byte).unwrap())
                .collect(),
        )
    };
    vec![
        // What the schema cannot say.
        set("URL", "ca.example.org".into(), "scep-url", "URL"),
        set(
            "URL",
            "ldap://ca.example.org/scep".into(),
            "scep-url",
            "URL",
        ),
        set(
            "URL",
            "https://ca.example.org/scep?operation=GetCACert".into(),
            "scep-url",
            "URL",
        ),
        set(
            "CAFingerprint",
            Value::Data("9f:86".repeat(19).into_bytes()),
            "scep-fingerprint-text",
            "CAFingerprint",
        ),
        set(
            "CAFingerprint",
            Value::Data("9f".repeat(32).into_bytes()),
            "scep-fingerprint-text",
            "CAFingerprint",
        ),
        set(
            "CAFingerprint",
            bytes(16),
            "scep-fingerprint-length",
            "CAFingerprint",
        ),
        set(
            "CAFingerprint",
            bytes(31),
            "scep-fingerprint-length",
            "CAFingerprint",
        ),
        set(
            "CAFingerprint",
            bytes(0),
            "scep-fingerprint-length",
            "CAFingerprint",
        ),
        set(
            "CAFingerprint",
            bytes(20),
            "scep-fingerprint-sha1",
            "CAFingerprint",
        ),
        out("Challenge", "scep-no-challenge"),
        set("Challenge", "".into(), "scep-blank-challenge", "Challenge"),
        set(
            "Challenge",
            " \t".into(),
            "scep-blank-challenge",
            "Challenge",
        ),
        set(
            "Challenge",
            "hunter2\n".into(),
            "scep-padded-challenge",
            "Challenge",
        ),
        out("Keysize", "scep-default-key-size"),
        set("Keysize", 1024.into(), "scep-weak-key-size", "Keysize"),
        out("Key Usage", "scep-default-key-usage"),
        set("Key Usage", 3.into(), "scep-key-usage", "Key Usage"),
        set("Key Type", "EC".into(), "scep-key-type", "Key Type"),
        out("KeyIsExtractable", "scep-default-extractable"),
        set(
            "Subject",
            array([array([pair("O", "Acme"), pair("CN", "cert")])]),
            "scep-shared-rdn",
            "Subject[0]",
        ),
        set(
            "Subject",
            array([array([pair("DC", "example")])]),
            "scep-subject-type",
            "Subject[0][0][0]",
        ),
        set(
            "Subject",
            array([array([pair("cn", "cert")])]),
            "scep-subject-type",
            "Subject[0][0][0]",
        ),
        set(
            "SubjectAltName",
            names("directoryName", "CN=x"),
            "scep-skipped-name",
            "SubjectAltName.directoryName",
        ),
        // What the schema says, and the rules of mobileconfig with it.
        set("Subject", "CN=cert".into(), "wrong-type", "Subject"),
        set(
            "Subject",
            array([pair("CN", "cert")]),
            "wrong-type",
            "Subject[0][0]",
        ),
        set("Keysize", 512.into(), "value-not-allowed", "Keysize"),
        set("Keysize", "2048".into(), "wrong-type", "Keysize"),
        set("Retries", "3".into(), "wrong-type", "Retries"),
        set(
            "CAFingerprint",
            "AA:BB".into(),
            "wrong-type",
            "CAFingerprint",
        ),
        set(
            "SubjectAltName",
            names("ntPrincipalName", array(["a@b".into()])),
            "wrong-type",
            "SubjectAltName.ntPrincipalName",
        ),
        out("URL", "missing-key"),
    ]
}

#[test]
fn about_the_good_payload_there_is_nothing_to_say() {
    assert_eq!(lint("macos-15", Mdm::JumpCloud, |_| ()), []);
}

#[test]
fn each_mistake_gives_its_finding_at_its_place() {
    for (key, value, code, path) in mistakes() {
        let findings = lint("macos-15", Mdm::Any, |content| match &value {
            Some(value) => drop(inner(content).insert(key.to_owned(), value.clone())),
            None => drop(inner(content).remove(key)),
        });
        let path = format!("PayloadContent[0].PayloadContent.{path}");
        let due: Vec<_> = findings
            .iter()
            .filter(|finding| finding.code == code && finding.path == path)
            .collect();
        assert_eq!(
            due.len(),
            1,
            "{key} {value:?}: {code} at {path} is due, found {findings:#?}"
        );
        // One mistake, one finding. The second text of a pair that stands too high is a second value of the wrong
        // type, and that a name is not in the schema is said beside what macOS does with it.
        let others: Vec<_> = findings
            .iter()
            .filter(|finding| finding.code != code)
            .map(|finding| finding.code)
            .collect();
        let beside: &[&str] = if code == "scep-skipped-name" {
            &["unknown-key"]
        } else {
            &[]
        };
        assert_eq!(others, beside, "{key} {value:?}: {findings:#?}");
    }
}

#[test]
fn a_misspelt_key_is_a_misspelt_key_and_no_default() {
    for (right, wrong) in [
        ("Key Type", "KeyType"),
        ("Key Usage", "KeyUsage"),
        ("Keysize", "KeySize"),
        ("Keysize", "Key Size"),
    ] {
        let findings = lint("macos-15", Mdm::Any, |content| {
            let keys = inner(content);
            let value = keys.remove(right).unwrap();
            keys.insert(wrong.to_owned(), value);
        });
        let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["misspelt-key"], "{wrong}: {findings:#?}");
    }
}

#[test]
fn keys_beside_payload_content_are_told_as_what_they_are() {
    let findings = lint("macos-15", Mdm::Any, |content| {
        let Some(Value::Dictionary(keys)) = content.remove("PayloadContent") else {
            panic!()
        };
        content.extend(keys);
    });
    let beside: Vec<_> = findings
        .iter()
        .filter(|finding| finding.code == "scep-keys-beside")
        .collect();
    assert_eq!(beside.len(), 1, "{findings:#?}");
    assert_eq!(
        (beside[0].path.as_str(), beside[0].severity),
        ("PayloadContent[0]", Severity::Error)
    );
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
        ("macos-13", 48, None),
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
        [("scep-device-variable", Severity::Info); 2]
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
fn every_code_is_described_and_nothing_else_is() {
    let text = include_str!("../LINTS.md");
    let described: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let ids: Vec<_> = codes::ALL.iter().map(|code| code.id).collect();
    assert_eq!(described, ids);
    for code in codes::ALL {
        let after = text.split(&format!("### {}\n", code.id)).nth(1).unwrap();
        let said = format!("**{}**", code.severity);
        assert!(after.trim_start().starts_with(&said), "{}: {said}", code.id);
    }
    let unique: BTreeSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len());
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

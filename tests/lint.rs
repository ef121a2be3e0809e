//! The lint of `mobileconfig` against mistakes made by an oracle and by hand.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use device_trust_tests::{oracle, reference, run};
use mobileconfig::lint::{Channel, Delivery, Finding, Linter, Severity, Target, codes, output};
use mobileconfig::{Limits, read_plist};
use plist::{Dictionary, Value as Plist};
use scep_profile::{ScepPayload, ScepUrl, okta::DeviceTrustProfile};
use secrecy::SecretString;
use serde_json::Value;

/// What a finding is told apart by.
type Place = (String, String);

#[test]
fn each_mistake_that_the_schema_allows_to_make_gives_exactly_its_finding() {
    let (Some(reference), Some(mut oracle)) = (reference(), oracle("schema_instances.py")) else {
        return;
    };
    let certificate =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../mobileconfig/tests/data/ca.pem");
    let made = run(oracle.arg(reference.join("apple")).arg(certificate));
    let linter = Linter::new();
    let (mut wrong, mut parts, mut mistakes) = (Vec::new(), 0, BTreeMap::new());
    for line in made.lines() {
        let instance: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| instance[name].as_str().unwrap_or_default();
        let target = target(&instance["target"]);
        let lint =
            |name: &str| linter.lint_plist(&read(&STANDARD.decode(text(name)).unwrap()), &target);
        let what = format!("{} {} {}", text("part"), text("what"), text("path"));

        let good = lint("good");
        if let Some(finding) = good
            .iter()
            .find(|finding| finding.severity < Severity::Info)
        {
            wrong.push(format!("{what}: the right profile gives {finding}"));
        }
        if text("code").is_empty() {
            parts += 1;
            continue;
        }
        *mistakes.entry(text("what").to_owned()).or_insert(0) += 1;
        let known: Vec<Place> = good.iter().map(place).collect();
        let found: Vec<Finding> = lint("bad")
            .into_iter()
            .filter(|finding| !known.contains(&place(finding)))
            .collect();
        let due = (text("code").to_owned(), text("path").to_owned());
        let severity = codes::ALL
            .iter()
            .find(|code| code.id == due.0)
            .unwrap()
            .severity;
        match found.as_slice() {
            [one] if place(one) == due && one.severity == severity => {}
            other => wrong.push(format!("{what}: {due:?} is due, found {other:#?}")),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} are wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
    assert_eq!(parts, 128);
    assert!(
        mistakes["removed"] > 300 && mistakes["wrong type"] > 2_000,
        "{mistakes:?}"
    );
    assert!(
        mistakes["out of range"] > 30 && mistakes["not allowed"] > 250,
        "{mistakes:?}"
    );
}

/// `tests/fixtures/lint`: a profile with one mistake, where it is to go, what must be found, where.
const BROKEN: &[(&str, &str, &str, &str)] = &[
    (
        "scep-without-url",
        "macos-15",
        "missing-key",
        "PayloadContent[0].PayloadContent.URL",
    ),
    (
        "payload-without-identifier",
        "macos-15",
        "missing-key",
        "PayloadContent[0].PayloadIdentifier",
    ),
    (
        "profile-without-uuid",
        "macos-15",
        "missing-key",
        "PayloadUUID",
    ),
    (
        "neither-content-nor-envelope",
        "macos-15",
        "missing-key",
        "PayloadContent",
    ),
    (
        "rule-without-value",
        "macos-15",
        "missing-key",
        "PayloadContent[0].Rules[1].RuleValue",
    ),
    (
        "payload-without-version",
        "macos-15",
        "missing-version",
        "PayloadContent[0].PayloadVersion",
    ),
    (
        "fingerprint-as-text",
        "macos-15",
        "wrong-type",
        "PayloadContent[0].PayloadContent.CAFingerprint",
    ),
    (
        "rules-as-dictionary",
        "macos-15",
        "wrong-type",
        "PayloadContent[0].Rules",
    ),
    (
        "payload-that-is-a-text",
        "macos-15",
        "wrong-type",
        "PayloadContent[0]",
    ),
    ("document-that-is-an-array", "macos-15", "wrong-type", ""),
    (
        "several-principal-names",
        "macos-15",
        "wrong-type",
        "PayloadContent[0].PayloadContent.SubjectAltName.ntPrincipalName",
    ),
    (
        "mail-name-in-a-list-of-numbers",
        "macos-15",
        "wrong-type",
        "PayloadContent[0].PayloadContent.SubjectAltName.rfc822Name[1]",
    ),
    (
        "version-as-real",
        "macos-15",
        "real-for-integer",
        "PayloadContent[0].PayloadVersion",
    ),
    (
        "extractable-as-number",
        "macos-15",
        "number-for-boolean",
        "PayloadContent[0].PayloadContent.KeyIsExtractable",
    ),
    (
        "odd-key-size",
        "macos-15",
        "value-not-allowed",
        "PayloadContent[0].PayloadContent.Keysize",
    ),
    (
        "rule-type-that-does-not-exist",
        "macos-15",
        "value-not-allowed",
        "PayloadContent[0].Rules[0].RuleType",
    ),
    (
        "kerberos-extension-that-redirects",
        "macos-15",
        "value-not-allowed",
        "PayloadContent[0].Type",
    ),
    (
        "sleep-timer-beyond-three-hours",
        "macos-15",
        "out-of-range",
        "PayloadContent[0].com.apple.EnergySaver.desktop.ACPower.Display Sleep Timer",
    ),
    (
        "passcode-too-long",
        "macos-15",
        "out-of-range",
        "PayloadContent[0].minLength",
    ),
    (
        "mac-address-without-colons",
        "ios-17 supervised",
        "wrong-format",
        "PayloadContent[0].AllowList[0].DeviceID",
    ),
    (
        "subject-with-three-in-a-pair",
        "macos-15",
        "wrong-count",
        "PayloadContent[0].PayloadContent.Subject[0][0]",
    ),
    (
        "subject-of-one-array",
        "macos-15",
        "wrong-type",
        "PayloadContent[0].PayloadContent.Subject[0]",
    ),
    (
        "key-type-without-blank",
        "macos-15",
        "misspelt-key",
        "PayloadContent[0].PayloadContent.KeyType",
    ),
    (
        "url-in-small-letters",
        "macos-15",
        "misspelt-key",
        "PayloadContent[0].PayloadContent.url",
    ),
    (
        "display-name-with-a-slip",
        "macos-15",
        "misspelt-key",
        "PayloadDisplayNmae",
    ),
    (
        "key-nobody-knows",
        "macos-15",
        "unknown-key",
        "PayloadContent[0].TrustLevel",
    ),
    (
        "payload-enabled",
        "macos-15",
        "undocumented-key",
        "PayloadContent[0].PayloadEnabled",
    ),
    (
        "scep-with-notice-before-expiry",
        "macos-15",
        "undocumented-key",
        "PayloadContent[0].PayloadContent.CertificateRenewalTimeInterval",
    ),
    (
        "is-encrypted",
        "macos-15",
        "undocumented-key",
        "IsEncrypted",
    ),
    (
        "payload-type-with-a-slip",
        "macos-15",
        "misspelt-payload-type",
        "PayloadContent[0].PayloadType",
    ),
    (
        "preferences-of-an-app",
        "macos-15",
        "unknown-payload-type",
        "PayloadContent[0].PayloadType",
    ),
    (
        "home-screen-on-a-mac",
        "macos-15",
        "payload-not-on-os",
        "PayloadContent[0]",
    ),
    (
        "airprint-port-on-a-mac",
        "macos-15",
        "key-not-on-os",
        "PayloadContent[0].AirPrint[0].Port",
    ),
    (
        "login-items-before-they-came",
        "macos-12.7",
        "not-yet-on-os",
        "PayloadContent[0]",
    ),
    (
        "extractable-before-it-came",
        "macos-10.12",
        "not-yet-on-os",
        "PayloadContent[0].PayloadContent.KeyIsExtractable",
    ),
    (
        "applications-by-path",
        "macos-15",
        "deprecated",
        "PayloadContent[0].pathBlackList",
    ),
    (
        "firewall-logging",
        "macos-15",
        "removed",
        "PayloadContent[0].EnableLogging",
    ),
    (
        "identity-preference-for-the-device",
        "macos-15",
        "wrong-channel",
        "PayloadContent[0]",
    ),
    (
        "identity-preference-in-system-scope",
        "macos-15 manual",
        "wrong-channel",
        "PayloadContent[0]",
    ),
    (
        "login-items-for-a-user",
        "macos-15 user",
        "wrong-channel",
        "PayloadContent[0]",
    ),
    (
        "shared-device-keys-for-a-user",
        "macos-15 user",
        "key-wrong-channel",
        "PayloadContent[0].PlatformSSO.UseSharedDeviceKeys",
    ),
    (
        "user-scope-for-the-device",
        "macos-15",
        "scope-against-channel",
        "PayloadScope",
    ),
    (
        "home-screen-unsupervised",
        "ios-17",
        "needs-supervision",
        "PayloadContent[0]",
    ),
    (
        "classroom-unsupervised",
        "macos-15",
        "key-needs-supervision",
        "PayloadContent[0].forceClassroomAutomaticallyJoinClasses",
    ),
    (
        "privacy-without-approval",
        "macos-15 mdm",
        "needs-user-approved-mdm",
        "PayloadContent[0]",
    ),
    (
        "login-items-by-hand",
        "macos-15 manual",
        "needs-mdm",
        "PayloadContent[0]",
    ),
    (
        "autologin-by-hand",
        "macos-15 manual",
        "key-needs-mdm",
        "PayloadContent[0].AutologinUsername",
    ),
    (
        "two-screen-savers",
        "macos-15",
        "only-one-allowed",
        "PayloadContent[1]",
    ),
    (
        "profile-for-a-television",
        "macos-15",
        "wrong-device-type",
        "TargetDeviceType",
    ),
    (
        "one-identifier-twice",
        "macos-15",
        "duplicate-identifier",
        "PayloadContent[1].PayloadIdentifier",
    ),
    (
        "identifier-of-the-profile",
        "macos-15",
        "shared-identifier",
        "PayloadContent[0].PayloadIdentifier",
    ),
    (
        "identifier-that-is-empty",
        "macos-15",
        "empty-identifier",
        "PayloadIdentifier",
    ),
    (
        "one-uuid-twice",
        "macos-15",
        "duplicate-uuid",
        "PayloadContent[1].PayloadUUID",
    ),
    (
        "uuid-of-the-profile",
        "macos-15",
        "shared-uuid",
        "PayloadContent[0].PayloadUUID",
    ),
    (
        "uuid-ignored",
        "macos-15",
        "uuid-shape",
        "PayloadContent[0].PayloadUUID",
    ),
    (
        "uuid-in-small-letters",
        "macos-15",
        "uuid-case",
        "PayloadUUID",
    ),
    (
        "identity-that-is-not-there",
        "macos-15 user",
        "dangling-reference",
        "PayloadContent[0].PayloadCertificateUUID",
    ),
    (
        "identity-that-is-a-certificate",
        "macos-15 user",
        "reference-kind",
        "PayloadContent[0].PayloadCertificateUUID",
    ),
    (
        "anchor-that-is-a-login-item",
        "macos-15",
        "reference-kind",
        "PayloadContent[0].EAPClientConfiguration.PayloadCertificateAnchorUUID[0]",
    ),
    (
        "pem-in-a-root",
        "macos-15",
        "pem-in-der",
        "PayloadContent[0].PayloadContent",
    ),
    (
        "der-in-a-pem",
        "macos-15",
        "der-in-pem",
        "PayloadContent[0].PayloadContent",
    ),
    (
        "root-that-is-junk",
        "macos-15",
        "not-a-certificate",
        "PayloadContent[0].PayloadContent",
    ),
    (
        "bundle-in-one-payload",
        "macos-15",
        "several-certificates",
        "PayloadContent[0].PayloadContent",
    ),
    (
        "root-past-its-time",
        "macos-15 at=2150",
        "certificate-expired",
        "PayloadContent[0].PayloadContent",
    ),
    (
        "root-before-its-time",
        "macos-15 at=2000",
        "certificate-not-yet-valid",
        "PayloadContent[0].PayloadContent",
    ),
    (
        "challenge-in-clear",
        "macos-15",
        "secret-in-clear",
        "PayloadContent[0].PayloadContent.Challenge",
    ),
    (
        "variable-under-a-signature",
        "macos-15 signed",
        "variable-in-signed",
        "PayloadContent[0].PayloadContent.Subject[0][0][1]",
    ),
    (
        "removal-date-in-the-past",
        "macos-15 at=2027",
        "date-passed",
        "RemovalDate",
    ),
];

/// Profiles that look odd and are right.
const RIGHT: &[(&str, &str)] = &[
    ("right-names-in-lists", "macos-15"),
    ("right-consent-in-two-languages", "macos-15"),
    ("right-realms-by-name", "macos-15"),
    ("right-folder-in-a-folder", "ios-17 supervised"),
    ("right-sleep-never", "macos-15"),
    (
        "right-device-variables-under-a-signature",
        "macos-15 signed",
    ),
    ("right-challenge-from-the-server", "macos-15"),
    ("right-whole-number-for-a-real", "macos-15"),
    ("right-duration-and-two-settings-areas", "macos-15"),
];

#[test]
fn each_broken_profile_gives_its_finding_and_nothing_else() {
    assert!(BROKEN.len() >= 40);
    for (name, target, code, path) in BROKEN {
        let found: Vec<_> = lint_fixture(name, target).iter().map(place).collect();
        assert_eq!(found, [((*code).to_owned(), (*path).to_owned())], "{name}");
    }
}

#[test]
fn each_profile_that_looks_odd_and_is_right_gives_no_more_than_infos() {
    for (name, target) in RIGHT {
        let found = lint_fixture(name, target);
        assert!(
            found
                .iter()
                .all(|finding| finding.severity == Severity::Info),
            "{name}: {found:#?}"
        );
    }
}

#[test]
fn the_profiles_of_the_job_give_infos_only() {
    let url = ScepUrl::parse("https://example.okta.com/pki/0123/scep/rac0").unwrap();
    let scep = ScepPayload::new(url, SecretString::from("hunter2")).expiry_notification_days(14);
    let ca = include_bytes!("../mobileconfig/tests/data/ca.pem");
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
    payload.insert("Type".into(), "Credential".into());
    let mut data = Dictionary::new();
    data.insert("certificateUUID".into(), "elsewhere".into());
    payload.insert("ExtensionData".into(), data.into());
    assert_eq!(lint(&profile, "macos-15"), []);
}

#[test]
fn each_fixture_is_in_a_table_and_each_code_has_a_fixture() {
    let tables = BROKEN
        .iter()
        .map(|(name, ..)| *name)
        .chain(RIGHT.iter().map(|(name, _)| *name));
    let mut listed: Vec<String> = tables.map(|name| format!("{name}.mobileconfig")).collect();
    let mut files: Vec<String> = fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    listed.sort();
    files.sort();
    assert_eq!(listed, files);

    let shown: BTreeSet<&str> = BROKEN.iter().map(|(_, _, code, _)| *code).collect();
    let all: BTreeSet<&str> = codes::ALL.iter().map(|code| code.id).collect();
    assert_eq!(shown, all);
}

#[test]
fn codes_and_headings_agree() {
    let document = include_str!("../mobileconfig/LINTS.md");
    let headings: Vec<&str> = document
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let ids: Vec<&str> = codes::ALL.iter().map(|code| code.id).collect();
    assert_eq!(headings, ids);
    for code in codes::ALL {
        let (_, section) = document.split_once(&format!("### {}\n", code.id)).unwrap();
        let section = section.split("\n#").next().unwrap();
        let severity = format!("**{}**", code.severity);
        assert!(
            section.trim_start().starts_with(&severity),
            "{} is not said to be {severity}",
            code.id
        );
        assert!(section.contains("\n```xml\n"), "{} has no example", code.id);
        assert!(section.contains("\nMend: "), "{} has no mend", code.id);
    }
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
        output::sarif(&linter, "a.mobileconfig", &findings),
        format!("{findings:?}"),
    ] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn sarif_names_rule_level_place_and_mend() {
    let linter = Linter::new();
    let findings = lint_fixture("scep-without-url", "macos-15");
    let log: Value =
        serde_json::from_str(&output::sarif(&linter, "a.mobileconfig", &findings)).unwrap();
    let run = &log["runs"][0];
    let result = &run["results"][0];
    assert_eq!(result["ruleId"], "missing-key");
    assert_eq!(result["level"], "error");
    assert_eq!(
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "a.mobileconfig"
    );
    assert_eq!(
        result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"],
        "PayloadContent[0].PayloadContent.URL"
    );
    assert_eq!(
        result["message"]["text"],
        "the required key URL is missing. Mend: add URL."
    );
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(rules[index]["id"], "missing-key");
    assert!(rules.iter().all(|rule| {
        ["error", "warning", "note"]
            .contains(&rule["defaultConfiguration"]["level"].as_str().unwrap())
    }));
    assert!(
        rules
            .iter()
            .all(|rule| rule["helpUri"].as_str().unwrap().starts_with("https://"))
    );
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
    lint(&fixture(name), target)
}

fn fixture(name: &str) -> Plist {
    read(&fs::read(fixtures().join(format!("{name}.mobileconfig"))).unwrap())
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/lint")
}

/// `target` is a system and its version, then what differs from the usual.
fn lint(profile: &Plist, target: &str) -> Vec<Finding> {
    let mut words = target.split(' ');
    let usual = words
        .next()
        .unwrap()
        .parse::<Target>()
        .unwrap()
        .at(year(2030));
    let target = words.fold(usual, |target, word| match word {
        "user" => target.channel(Channel::User),
        "supervised" => target.supervised(true),
        "manual" => target.delivery(Delivery::Manual),
        "mdm" => target.delivery(Delivery::Mdm),
        "signed" => target.signed(true),
        _ => target.at(year(word.strip_prefix("at=").unwrap().parse().unwrap())),
    });
    Linter::new().lint_plist(profile, &target)
}

/// Some day in that year: certificates in the fixtures are valid from 2026 to 2126.
fn year(year: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs((year - 1970) * 31_557_600 + 86_400)
}

fn target(described: &Value) -> Target {
    let text = |name: &str| described[name].as_str().unwrap();
    let target: Target = format!("{}-{}", text("os"), text("version"))
        .parse()
        .unwrap();
    let channel = if text("channel") == "user" {
        Channel::User
    } else {
        Channel::Device
    };
    target.channel(channel).supervised(true).at(year(2030))
}

fn place(finding: &Finding) -> Place {
    (finding.code.to_owned(), finding.path.clone())
}

fn read(bytes: &[u8]) -> Plist {
    read_plist(bytes, &Limits::default()).unwrap().0
}

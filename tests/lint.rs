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

#[test]
fn each_broken_profile_gives_its_finding_and_nothing_else() {
    let broken = table::<4>();
    assert!(broken.len() >= 40);
    for [name, target, code, path] in broken {
        let found: Vec<_> = lint_fixture(name, target).iter().map(place).collect();
        let path = path.replace("(profile)", "");
        assert_eq!(found, [(code.to_owned(), path)], "{name}");
    }
}

#[test]
fn each_profile_that_looks_odd_and_is_right_gives_no_more_than_infos() {
    let right = table::<2>();
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
    let broken = table::<4>();
    let names = broken
        .iter()
        .map(|[name, ..]| *name)
        .chain(table::<2>().into_iter().map(|[name, _]| name));
    let mut listed: Vec<String> = names.map(|name| format!("{name}.mobileconfig")).collect();
    listed.push("README.md".to_owned());
    let mut files: Vec<String> = fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    listed.sort();
    files.sort();
    assert_eq!(listed, files);

    let shown: BTreeSet<&str> = broken.iter().map(|[_, _, code, _]| *code).collect();
    // A thousand findings make no fixture; the crate's own tests have one.
    let all: BTreeSet<&str> = codes::ALL
        .iter()
        .map(|code| code.id)
        .filter(|code| *code != "more-findings")
        .collect();
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

/// The rows of the table with so many columns in `tests/fixtures/lint/README.md`.
fn table<const COLUMNS: usize>() -> Vec<[&'static str; COLUMNS]> {
    include_str!("fixtures/lint/README.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").collect::<Vec<_>>())
        .filter_map(|cells| <[&str; COLUMNS]>::try_from(cells).ok())
        .filter(|cells| cells[0] != "profile")
        .collect()
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

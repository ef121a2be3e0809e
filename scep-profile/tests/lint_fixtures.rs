//! The broken payloads of `tests/lint`, each with the one finding it gives.

#![allow(clippy::unwrap_used, missing_docs)]

use mobileconfig::lint::{Finding, Linter, Target, output};
use mobileconfig::{Limits, read_plist};
use scep_profile::lint::{Mdm, ScepRule, codes};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The challenge of every fixture.
const SECRET: &str = "hunter2";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint")
}

/// The rows of the table with so many columns in `tests/lint/README.md`.
fn table<const COLUMNS: usize>() -> Vec<[&'static str; COLUMNS]> {
    include_str!("lint/README.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").collect::<Vec<_>>())
        .filter_map(|cells| <[&str; COLUMNS]>::try_from(cells).ok())
        .filter(|cells| cells[0] != "profile")
        .collect()
}

fn lint(name: &str, target: &str) -> Vec<Finding> {
    let bytes = fs::read(folder().join(format!("{name}.mobileconfig"))).unwrap();
    let (profile, _) = read_plist(bytes, &Limits::default()).unwrap();
    let (system, mdm) = match target.strip_suffix(" jumpcloud") {
        Some(system) => (system, Mdm::JumpCloud),
        None => (target, Mdm::Any),
    };
    let linter = Linter::new().rule(ScepRule::new().mdm(mdm));
    let findings = linter.lint_plist(&profile, &system.parse::<Target>().unwrap());
    for shown in [
        output::text(&findings),
        output::json(&findings),
        output::sarif(&linter, Some(name), &findings),
        format!("{findings:?}"),
    ] {
        assert!(!shown.contains(SECRET), "{name}: {shown}");
    }
    // Everybody can read the challenge: that is so of the right ones as well.
    let clear = |finding: &Finding| finding.code == "secret-in-clear";
    findings
        .into_iter()
        .filter(|finding| !clear(finding))
        .collect()
}

#[test]
fn each_broken_payload_gives_its_finding_and_nothing_else() {
    for [name, target, code, path] in table::<4>() {
        let findings = lint(name, target);
        let found: Vec<_> = findings
            .iter()
            .map(|finding| (finding.code, finding.path.as_str()))
            .collect();
        assert_eq!(found, [(code, path)], "{name}: {findings:#?}");
        assert!(!findings[0].mend.is_empty(), "{name}");
    }
}

#[test]
fn about_each_right_payload_there_is_nothing_to_say() {
    for [name, target] in table::<2>() {
        assert_eq!(lint(name, target), [], "{name}");
    }
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
    let mut files: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    listed.sort();
    files.sort();
    assert_eq!(listed, files);

    let shown: BTreeSet<_> = broken.iter().map(|[_, _, code, _]| *code).collect();
    let all: BTreeSet<_> = codes::ALL.iter().map(|code| code.id).collect();
    assert_eq!(shown, all);
}

#[test]
fn every_code_has_a_heading_with_its_severity_an_example_and_a_mend() {
    let document = include_str!("../LINTS.md");
    let headings: Vec<_> = document
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let ids: Vec<_> = codes::ALL.iter().map(|code| code.id).collect();
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

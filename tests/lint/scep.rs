//! The lint of `scep-profile` on its broken payloads, each with the one finding it gives.

use mobileconfig::lint::{Finding, Linter, Target, output};
use scep_profile::lint::{Mdm, ScepRule, codes};

use crate::{fixtures::Fixtures, read};

const FIXTURES: Fixtures = Fixtures {
    folder: "scep-profile/tests/lint",
    tables: include_str!("../../scep-profile/tests/lint/README.md"),
    document: include_str!("../../scep-profile/LINTS.md"),
    codes: codes::ALL,
    without: &[],
};

/// The challenge of every fixture.
const SECRET: &str = "hunter2";

fn lint(name: &str, target: &str) -> Vec<Finding> {
    let profile = read(&FIXTURES.profile(name));
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
    for [name, target, code, path] in FIXTURES.table::<4>() {
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
    for [name, target] in FIXTURES.table::<2>() {
        assert_eq!(lint(name, target), [], "{name}");
    }
}

#[test]
fn each_fixture_is_in_a_table_and_each_code_has_a_fixture() {
    FIXTURES.assert_whole();
}

#[test]
fn every_code_has_a_heading_with_its_severity_an_example_and_a_mend() {
    FIXTURES.assert_described();
}

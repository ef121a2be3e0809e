//! Findings for people and for machines.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Finding, Linter, Severity};

/// Text for people: each finding, then how many there are.
///
/// ```
/// use mobileconfig::lint::{Finding, codes, output};
///
/// let finding = Finding::new(codes::MISSING_KEY, "PayloadContent[0].URL", "the required key URL is missing", "add URL");
/// assert_eq!(
///     output::text(&[finding]),
///     "error[missing-key] PayloadContent[0].URL: the required key URL is missing\n    mend: add URL\n\
///      1 error, 0 warnings, 0 infos\n",
/// );
/// ```
#[must_use]
pub fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let _ = writeln!(text, "{finding}");
    }
    let counted = |severity, name| match count(findings, severity) {
        1 => format!("1 {name}"),
        count => format!("{count} {name}s"),
    };
    let _ = writeln!(
        text,
        "{}, {}, {}",
        counted(Severity::Error, "error"),
        counted(Severity::Warning, "warning"),
        counted(Severity::Info, "info"),
    );
    text
}

/// JSON: `{"findings": [{"code", "severity", "path", "message", "mend"}], "summary": {"error", "warning", "info"}}`,
/// indented, with a line break at the end.
///
/// ```
/// let json = mobileconfig::lint::output::json(&[]);
/// assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["summary"]["error"], 0);
/// ```
#[must_use]
pub fn json(findings: &[Finding]) -> String {
    let summary = json!({
        "error": count(findings, Severity::Error),
        "warning": count(findings, Severity::Warning),
        "info": count(findings, Severity::Info),
    });
    format!(
        "{:#}\n",
        json!({ "findings": findings, "summary": summary })
    )
}

/// A SARIF 2.1.0 log with one run, for code review and security tools. `artifact` is the URI of the profile that was checked,
/// relative to the repository or absolute; `linter` knows the codes.
///
/// A finding in a property list has a key path and no line, so that the path is a logical location and the mend is part of
/// the message.
///
/// ```
/// use mobileconfig::lint::{Linter, output};
///
/// let log = output::sarif(&Linter::new(), "profiles/trust.mobileconfig", &[]);
/// assert!(log.contains("\"version\": \"2.1.0\""));
/// ```
#[must_use]
pub fn sarif(linter: &Linter, artifact: &str, findings: &[Finding]) -> String {
    let codes = linter.codes();
    let rules: Vec<_> = codes
        .iter()
        .map(|code| {
            let mut rule = json!({
                "id": code.id,
                "shortDescription": { "text": format!("{}.", code.summary) },
                "defaultConfiguration": { "level": level(code.severity) },
            });
            if !code.help.is_empty() {
                rule["helpUri"] = code.help.into();
            }
            rule
        })
        .collect();
    let results: Vec<_> = findings
        .iter()
        .map(|finding| {
            let mut result = result(finding, artifact);
            if let Some(index) = codes.iter().position(|code| code.id == finding.code) {
                result["ruleIndex"] = index.into();
            }
            result
        })
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": env!("CARGO_PKG_NAME"),
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            }},
            "artifacts": [{ "location": { "uri": artifact } }],
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn result(finding: &Finding, artifact: &str) -> Value {
    let mut location = json!({
        "physicalLocation": { "artifactLocation": { "uri": artifact, "index": 0 } },
    });
    if !finding.path.is_empty() {
        location["logicalLocations"] =
            json!([{ "fullyQualifiedName": finding.path, "kind": "member" }]);
    }
    json!({
        "ruleId": finding.code,
        "level": level(finding.severity),
        "message": { "text": format!("{}. Mend: {}.", finding.message, finding.mend) },
        "locations": [location],
        // Keeps a finding the same one when the file around it changes.
        "partialFingerprints": { "codeAndPath/v1": format!("{} {}", finding.code, finding.path) },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn count(findings: &[Finding], severity: Severity) -> usize {
    findings
        .iter()
        .filter(|finding| finding.severity == severity)
        .count()
}

//! Findings for people and for machines.

use std::fmt::Write as _;
use std::path::{Component, Path};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use serde_json::{Map, Value, json};

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

/// A SARIF 2.1.0 log with one run, for code review and security tools. `linter` knows the codes.
///
/// `artifact` is the URI reference of the profile that was checked, relative to the repository or absolute;
/// [`uri_of_file`] makes one of a path. Without one, as for the standard input, findings have no physical location.
///
/// A finding in a property list has a key path and no line, so that the path is a logical location and the mend is part of
/// the message.
///
/// ```
/// use mobileconfig::lint::{Linter, output};
///
/// let log = output::sarif(&Linter::new(), Some("profiles/trust.mobileconfig"), &[]);
/// assert!(log.contains("\"version\": \"2.1.0\""));
/// ```
#[must_use]
pub fn sarif(linter: &Linter, artifact: Option<&str>, findings: &[Finding]) -> String {
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
    let mut log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": env!("CARGO_PKG_NAME"),
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            }},
            "results": results,
        }],
    });
    if let Some(uri) = artifact {
        log["runs"][0]["artifacts"] = json!([{ "location": { "uri": uri } }]);
    }
    format!("{log:#}\n")
}

/// The URI reference (RFC 3986) of a file: relative for a relative path, `file:` for an absolute one.
///
/// ```
/// use mobileconfig::lint::output::uri_of_file;
/// use std::path::Path;
///
/// assert_eq!(uri_of_file(Path::new("my profiles/50%#1.mobileconfig")), "my%20profiles/50%25%231.mobileconfig");
/// # #[cfg(unix)]
/// assert_eq!(uri_of_file(Path::new("/srv/trust.mobileconfig")), "file:///srv/trust.mobileconfig");
/// ```
#[must_use]
pub fn uri_of_file(file: &Path) -> String {
    let mut text = String::new();
    for component in file.components() {
        match component {
            Component::Prefix(prefix) => {
                text.push('/');
                // Windows: a drive, or a share whose name begins with two strokes of its own.
                let name = prefix.as_os_str().to_string_lossy().replace('\\', "/");
                text.push_str(name.trim_start_matches('/'));
            }
            Component::RootDir => text.push('/'),
            other => {
                if !text.is_empty() && !text.ends_with('/') {
                    text.push('/');
                }
                let bytes = other.as_os_str().as_encoded_bytes();
                text.extend(percent_encode(bytes, NOT_IN_A_SEGMENT));
            }
        }
    }
    if file.is_absolute() {
        format!("file://{text}")
    } else {
        text
    }
}

/// All but the unreserved characters of RFC 3986. More than a segment takes, so that the first one cannot pass for a
/// scheme.
const NOT_IN_A_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

fn result(finding: &Finding, artifact: Option<&str>) -> Value {
    let mut location = Map::new();
    if let Some(uri) = artifact {
        let place = json!({ "artifactLocation": { "uri": uri, "index": 0 } });
        location.insert("physicalLocation".to_owned(), place);
    }
    if !finding.path.is_empty() {
        let place = json!([{ "fullyQualifiedName": finding.path, "kind": "member" }]);
        location.insert("logicalLocations".to_owned(), place);
    }
    let locations: Vec<_> = (!location.is_empty())
        .then_some(location)
        .into_iter()
        .collect();
    json!({
        "ruleId": finding.code,
        "level": level(finding.severity),
        "message": { "text": format!("{}. Mend: {}.", finding.message, finding.mend) },
        "locations": locations,
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

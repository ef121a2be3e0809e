//! SARIF, held against what the specification (OASIS, SARIF 2.1.0) requires of each object; section numbers are its own.

use mobileconfig::lint::{Linter, Severity, output};
use serde_json::Value;
use url::Url;

use crate::lint_fixture;

fn log(artifact: Option<&str>, fixture: &str) -> Value {
    let findings = lint_fixture(fixture, "macos-15");
    serde_json::from_str(&output::sarif(&Linter::new(), artifact, &findings)).unwrap()
}

#[test]
fn sarif_names_rule_level_place_and_mend() {
    let log = log(Some("a.mobileconfig"), "scep-without-url");
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
}

#[test]
fn sarif_has_what_the_specification_requires_and_nothing_it_does_not_know() {
    for (artifact, fixture) in [
        (Some("a%20b.mobileconfig"), "scep-without-url"),
        (Some("file:///srv/a.mobileconfig"), "document-with-a-mark"),
        (None, "scep-without-url"),
        (None, "document-with-a-mark"),
        (None, "right-sleep-never"),
    ] {
        conforms(&log(artifact, fixture));
    }
}

/// Required properties, allowed names, types and references between objects.
fn conforms(log: &Value) {
    // 3.13: version and runs; $schema is a URI.
    only(log, &["$schema", "version", "runs"]);
    assert_eq!(log["version"], "2.1.0");
    uri(&log["$schema"], true);
    for run in list(&log["runs"]) {
        // 3.14: tool; 3.18: driver; 3.19: name.
        only(run, &["tool", "artifacts", "results"]);
        only(&run["tool"], &["driver"]);
        let driver = &run["tool"]["driver"];
        only(driver, &["name", "version", "informationUri", "rules"]);
        text(&driver["name"]);
        text(&driver["version"]);
        uri(&driver["informationUri"], true);
        let rules = list(&driver["rules"]);
        // 3.19.23: ids are unique. 3.49: id, the rest is optional.
        let mut ids: Vec<_> = rules.iter().map(|rule| text(&rule["id"])).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), rules.len());
        for rule in rules {
            only(
                rule,
                &["id", "shortDescription", "defaultConfiguration", "helpUri"],
            );
            text(&rule["shortDescription"]["text"]);
            level(&rule["defaultConfiguration"]["level"]);
            uri(&rule["helpUri"], true);
        }
        let artifacts = run.get("artifacts").map(list).unwrap_or_default();
        for artifact in artifacts {
            only(artifact, &["location"]);
            only(&artifact["location"], &["uri"]);
            uri(&artifact["location"]["uri"], false);
        }
        for result in list(&run["results"]) {
            conforming_result(result, rules, artifacts);
        }
    }
}

/// 3.27: message; ruleIndex points at the rule of ruleId (3.27.6).
fn conforming_result(result: &Value, rules: &[Value], artifacts: &[Value]) {
    only(
        result,
        &[
            "ruleId",
            "ruleIndex",
            "level",
            "message",
            "locations",
            "partialFingerprints",
        ],
    );
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(rules[index]["id"], result["ruleId"]);
    level(&result["level"]);
    // 3.11: text or id.
    only(&result["message"], &["text"]);
    text(&result["message"]["text"]);
    for fingerprint in result["partialFingerprints"].as_object().unwrap().values() {
        text(fingerprint);
    }
    for location in list(&result["locations"]) {
        // 3.28: each is optional, and a location says something.
        only(location, &["physicalLocation", "logicalLocations"]);
        assert!(!location.as_object().unwrap().is_empty());
        if let Some(physical) = location.get("physicalLocation") {
            only(physical, &["artifactLocation"]);
            let artifact = &physical["artifactLocation"];
            only(artifact, &["uri", "index"]);
            uri(&artifact["uri"], false);
            // 3.4.5: index points at the artifact with that location.
            let index = usize::try_from(artifact["index"].as_u64().unwrap()).unwrap();
            assert_eq!(artifacts[index]["location"]["uri"], artifact["uri"]);
        }
        for logical in location
            .get("logicalLocations")
            .map(list)
            .unwrap_or_default()
        {
            only(logical, &["fullyQualifiedName", "kind"]);
            text(&logical["fullyQualifiedName"]);
            assert_eq!(logical["kind"], "member");
        }
    }
}

#[test]
fn without_a_file_a_finding_has_no_physical_location() {
    let log = log(None, "scep-without-url");
    let run = &log["runs"][0];
    assert!(run.get("artifacts").is_none());
    assert!(
        run["results"][0]["locations"][0]
            .get("physicalLocation")
            .is_none()
    );
}

#[test]
fn an_info_is_a_note_and_what_concerns_the_document_has_no_logical_location() {
    let log = log(Some("a"), "document-with-a-mark");
    let result = &log["runs"][0]["results"][0];
    assert_eq!(
        (&result["ruleId"], &result["level"]),
        (&"byte-order-mark".into(), &"note".into())
    );
    assert!(result["locations"][0].get("logicalLocations").is_none());
    assert_eq!(Severity::Info.as_str(), "info");
}

#[test]
fn every_path_becomes_a_uri_reference_that_leads_back_to_it() {
    let base = Url::parse("file:///srv/work/").unwrap();
    for path in [
        "a.mobileconfig",
        "a b/c d.mobileconfig",
        "50%.mobileconfig",
        "%41.mobileconfig",
        "a#1?x=y.mobileconfig",
        "c:trust.mobileconfig",
        "http:/trust.mobileconfig",
        "a/ü/日本.mobileconfig",
        "a&b=c;d,e'f\"<g>.mobileconfig",
    ] {
        let reference = output::uri_of_file(path.as_ref());
        uri(&reference.as_str().into(), false);
        let resolved = base.join(&reference).unwrap();
        assert_eq!(resolved.scheme(), "file", "{path}: {reference}");
        let expected = Url::from_file_path(std::path::Path::new("/srv/work").join(path)).unwrap();
        assert_eq!(resolved.to_file_path(), expected.to_file_path(), "{path}");
    }
}

#[cfg(unix)]
#[test]
fn an_absolute_path_becomes_a_file_uri() {
    let uri = output::uri_of_file("/srv/my profiles/50%.mobileconfig".as_ref());
    assert_eq!(uri, "file:///srv/my%20profiles/50%25.mobileconfig");
}

fn only(object: &Value, names: &[&str]) {
    for name in object.as_object().unwrap().keys() {
        assert!(
            names.contains(&name.as_str()),
            "{name} is not a property here"
        );
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    let text = value.as_str().unwrap();
    assert!(!text.is_empty());
    text
}

/// 3.27.10.
fn level(value: &Value) {
    assert!(["none", "note", "warning", "error"].contains(&text(value)));
}

/// RFC 3986: only its characters, and `%` only before two hexadecimal digits.
fn uri(value: &Value, absolute: bool) {
    let uri = text(value);
    let bytes = uri.as_bytes();
    for (index, byte) in bytes.iter().enumerate() {
        match byte {
            b'%' => assert!(
                bytes.len() > index + 2
                    && bytes[index + 1..index + 3]
                        .iter()
                        .all(u8::is_ascii_hexdigit),
                "{uri}"
            ),
            _ => assert!(
                byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(byte),
                "{uri}"
            ),
        }
    }
    if absolute {
        Url::parse(uri).unwrap();
    }
}

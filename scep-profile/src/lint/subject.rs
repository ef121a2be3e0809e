//! The subject: nesting, types, variables.

use super::{Found, Mdm, Place, codes, is_modern, names};
use crate::subject::{SHORTCUTS, is_dotted, mend_of_type};
use mobileconfig::lint::{Code, Finding, Target};
use plist::Value;

const KEY: &str = "Subject";

pub(super) fn check(place: &Place<'_>, target: &Target, mdm: Mdm, findings: &mut Found) {
    let Some(subject) = place.keys.get(KEY) else {
        return;
    };
    if let Some(wrong) = wrong_shape(subject) {
        findings.supersede(&place.path(KEY));
        findings.add(Finding::new(
            wrong.code,
            place.path(&format!("{KEY}{}", wrong.below)),
            wrong.message,
            "nest each pair in two arrays, like [[[\"O\", \"Acme\"]], [[\"CN\", \"cert\"]]]",
        ));
        return;
    }
    let rdns = subject.as_array().into_iter().flatten();
    for (index, rdn) in rdns.enumerate() {
        let path = place.path(&format!("{KEY}[{index}]"));
        let pairs = rdn.as_array().map(Vec::as_slice).unwrap_or_default();
        if pairs.len() > 1 {
            findings.add(Finding::new(
                codes::SHARED_RDN,
                &*path,
                format!("{} pairs share one array, and become one name of several values", pairs.len()),
                "give each pair an array of its own, like [[[\"O\", \"Acme\"]], [[\"CN\", \"cert\"]]]",
            ));
        }
        for (position, pair) in pairs.iter().enumerate() {
            // What is no text here has been reported as such.
            let Some([kind, value]) = pair.as_array().map(Vec::as_slice) else {
                continue;
            };
            let path = format!("{path}[{position}]");
            if let Some(kind) = kind.as_string() {
                check_type(kind, target, &path, findings);
            }
            if let Some(value) = value.as_string() {
                names::check_variables(value, mdm, format!("{path}[1]"), findings);
            }
        }
    }
}

struct Wrong {
    code: Code,
    /// Where, after the key.
    below: String,
    message: String,
}

/// The first thing that keeps a subject from being an array of arrays of `[type, value]` arrays.
fn wrong_shape(subject: &Value) -> Option<Wrong> {
    let ignored = "macOS ignores it without a word and asks for a certificate without a subject";
    let nesting = |below: String, found: &str| {
        Some(Wrong {
            code: codes::SUBJECT_NESTING,
            below,
            message: format!("{found}: {ignored}"),
        })
    };
    let Value::Array(rdns) = subject else {
        return nesting(String::new(), "it is no array");
    };
    for (index, rdn) in rdns.iter().enumerate() {
        let below = format!("[{index}]");
        let Value::Array(pairs) = rdn else {
            return nesting(below, "this stands two arrays too high");
        };
        if pairs.is_empty() {
            return nesting(below, "an array with no pair in it");
        }
        for (position, pair) in pairs.iter().enumerate() {
            let Value::Array(items) = pair else {
                return nesting(below, "its pair stands one array too high");
            };
            let below = format!("{below}[{position}]");
            if items.iter().any(|item| item.as_array().is_some()) {
                return nesting(below, "its pair stands one array too deep");
            }
            if items.len() != 2 {
                return Some(Wrong {
                    code: codes::SUBJECT_PAIR,
                    below,
                    message: format!(
                        "{} items where a type and a value are due: macOS refuses the payload",
                        items.len()
                    ),
                });
            }
        }
    }
    None
}

fn check_type(kind: &str, target: &Target, path: &str, findings: &mut Found) {
    if SHORTCUTS.contains(&kind) || is_dotted(kind) || kind == "EMAIL" && is_modern(target) {
        return;
    }
    findings.add(Finding::new(
        codes::SUBJECT_TYPE,
        format!("{path}[0]"),
        "this type is neither C, ST, L, O, OU, CN (in capital letters) nor a dotted object identifier",
        mend_of_type(kind),
    ));
}

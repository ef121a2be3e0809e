//! Keys that stand one level too high, keys with a slip, numbers in the wrong element.

use super::{Found, Place, codes};
use crate::payload::KNOWN;
use mobileconfig::lint::{Finding, Severity, SubjectPayload, nearest};
use plist::Dictionary;

/// The key of SCEP that a name was probably meant to be, unless that is there as well.
pub(super) fn meant(name: &str, keys: &Dictionary) -> Option<&'static str> {
    if KNOWN.contains(&name) {
        return None;
    }
    let absent = KNOWN.into_iter().filter(|known| !keys.contains_key(known));
    nearest(name, absent)
}

pub(super) fn check_beside(payload: &SubjectPayload<'_>, findings: &mut Found) {
    let beside: Vec<_> = KNOWN
        .into_iter()
        .filter(|key| payload.keys().contains_key(key))
        .collect();
    if beside.is_empty() {
        return;
    }
    for key in &beside {
        findings.supersede(&payload.path_to(key));
    }
    if !payload.keys().contains_key("PayloadContent") {
        findings.supersede(&payload.path_to("PayloadContent"));
    }
    findings.add(Finding::new(
        codes::KEYS_BESIDE,
        payload.path(),
        format!(
            "beside PayloadType, where nothing reads SCEP's keys: {}",
            beside.join(", ")
        ),
        "put all keys of SCEP into a dictionary under the key PayloadContent of the payload",
    ));
}

pub(super) fn check(place: &Place<'_>, findings: &mut Found) {
    for name in place.keys.keys() {
        if let Some(key) = meant(name, place.keys) {
            let path = place.path(name);
            findings.supersede(&path);
            let finding = Finding::new(
                codes::MISSPELT_KEY,
                path,
                format!("{name} is no key of SCEP and is ignored; {}", without(key)),
                format!("write {key}"),
            );
            findings.add(if key == "URL" {
                finding.severity(Severity::Error)
            } else {
                finding
            });
        }
    }
    for key in NUMBERS {
        if let Some(text) = place.text(key) {
            let path = place.path(key);
            findings.supersede(&path);
            let mend = text.trim().parse::<u32>().map_or_else(
                |_| "write it as <integer>".to_owned(),
                |number| format!("write <integer>{number}</integer>"),
            );
            findings.add(Finding::new(
                codes::NUMBER_AS_TEXT,
                path,
                "expected <integer>, found <string>: no device is known to read a number out of a text",
                mend,
            ));
        }
    }
}

const NUMBERS: [&str; 5] = [
    "Keysize",
    "Key Usage",
    "Retries",
    "RetryDelay",
    "CertificateRenewalTimeInterval",
];

/// What happens without a key.
fn without(key: &str) -> &'static str {
    match key {
        "URL" => "without a URL nothing can be asked for",
        "Subject" => "the certificate is asked for without a subject",
        "Challenge" => "the request brings no challenge, and is refused",
        "Keysize" => "the key gets 1024 bits, which can be broken",
        "Key Usage" => "the request asks for no usage of the key",
        "CAFingerprint" => "any CA that answers is trusted",
        "KeyIsExtractable" => "the private key can be exported",
        "AllowAllAppsAccess" => "no app may use the key without asking",
        _ => "the default takes its place",
    }
}

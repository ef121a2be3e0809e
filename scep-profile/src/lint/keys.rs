//! The keys of the inner dictionary one by one.

use super::{Place, codes};
use mobileconfig::lint::{Finding, Findings, SubjectPayload, Target};
use mobileconfig::schema::Os;
use plist::Value;
use url::Url;

/// The keys by which a payload is recognised whose author forgot the inner dictionary.
const OWN: [&str; 9] = [
    "URL",
    "Name",
    "Subject",
    "Challenge",
    "Keysize",
    "Key Type",
    "Key Usage",
    "CAFingerprint",
    "SubjectAltName",
];

/// The certificates of Okta's CA live for so many days.
const YEAR: i64 = 365;

pub(super) fn check_beside(payload: &SubjectPayload<'_>, findings: &mut Findings) {
    let beside: Vec<_> = OWN
        .into_iter()
        .filter(|key| payload.keys().contains_key(key))
        .collect();
    if !beside.is_empty() {
        findings.add(Finding::new(
            codes::KEYS_BESIDE,
            payload.path(),
            format!(
                "{} stand beside PayloadType, where nothing reads them",
                beside.join(", ")
            ),
            "put all keys of SCEP into a dictionary under the key PayloadContent of the payload",
        ));
    }
}

pub(super) fn check(place: &Place<'_>, target: &Target, findings: &mut Findings) {
    check_url(place, findings);
    check_fingerprint(place, target, findings);
    check_challenge(place, findings);
    check_key(place, target, findings);
    check_notice(place, findings);
}

fn check_url(place: &Place<'_>, findings: &mut Findings) {
    let Some(text) = place.text("URL") else {
        return;
    };
    let add = |findings: &mut Findings, message: String, mend: &str| {
        findings.add(Finding::new(codes::URL, place.path("URL"), message, mend));
    };
    let in_full = "write it in full, beginning with https://";
    match Url::parse(text.trim()) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") || url.host().is_none() => {
            add(
                findings,
                "this is no address of http or https".to_owned(),
                in_full,
            );
        }
        Ok(url)
            if url
                .query_pairs()
                .any(|(key, _)| key.eq_ignore_ascii_case("operation")) =>
        {
            add(
                findings,
                "it has an operation already, and clients append another".to_owned(),
                "give the address before the `?`",
            )
        }
        Ok(url) => {
            let pinned = place.is_meant("CAFingerprint");
            if url.scheme() == "http" && !pinned {
                findings.add(Finding::new(
                    codes::HTTP_UNPINNED,
                    place.path("URL"),
                    "http, and no CAFingerprint: a Mac hands the challenge to whoever answers",
                    "use https, and add CAFingerprint",
                ));
            }
        }
        Err(error) => add(findings, format!("this is no address ({error})"), in_full),
    }
}

fn check_fingerprint(place: &Place<'_>, target: &Target, findings: &mut Findings) {
    let Some(bytes) = place.keys.get("CAFingerprint").and_then(Value::as_data) else {
        return;
    };
    let path = place.path("CAFingerprint");
    let text = !bytes.is_empty()
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_hexdigit() || b": \r\n".contains(byte));
    let mac = target.os == Os::MacOs;
    // The first Security framework with more than MD5 and SHA-1 came with macOS 13 and iOS 16.
    let modern = match (target.os, "13".parse(), "16".parse()) {
        (Os::MacOs, Ok(since), _) | (_, _, Ok(since)) => target.version >= since,
        _ => true,
    };
    let mend = "write the bytes of the SHA-256 fingerprint, 32 of them, in base64";
    let length = |message: String, mend: &str| {
        Finding::new(codes::FINGERPRINT_LENGTH, path.clone(), message, mend)
    };
    match bytes.len() {
        20 if mac && modern => findings.add(Finding::new(
            codes::FINGERPRINT_SHA1,
            path,
            "20 bytes: SHA-1, which only macOS 12 and earlier need",
            "use SHA-256 unless older Macs get the same profile",
        )),
        20 => {}
        16 if !text => findings.add(length(
            "16 bytes: MD5, which can be forged".to_owned(),
            mend,
        )),
        // Thirty-two bytes of hex digits are the text of an MD5 fingerprint; as bytes of SHA-256 nobody will see them.
        _ if text => findings.add(Finding::new(
            codes::FINGERPRINT_TEXT,
            path,
            format!(
                "{} bytes, all of them hex digits: the text of a fingerprint",
                bytes.len()
            ),
            mend,
        )),
        28 | 32 | 48 | 64 if modern => {}
        28 | 32 | 48 | 64 => findings.add(length(
            format!(
                "{} bytes: {} {} takes SHA-1 only",
                bytes.len(),
                target.os,
                target.version
            ),
            "write the 20 bytes of the SHA-1 fingerprint for these",
        )),
        other => findings.add(length(format!("{other} bytes are of no digest"), mend)),
    }
}

fn check_challenge(place: &Place<'_>, findings: &mut Findings) {
    let path = place.path("Challenge");
    match place.text("Challenge") {
        Some(challenge) if challenge.trim().is_empty() => findings.add(Finding::new(
            codes::BLANK_CHALLENGE,
            path,
            "the challenge is empty or white space, so every enrolment is refused",
            "write the secret key that the admin console showed with the SCEP URL",
        )),
        Some(challenge) if challenge.trim() != challenge => findings.add(Finding::new(
            codes::PADDED_CHALLENGE,
            path,
            "the challenge begins or ends with white space, which is sent as part of it",
            "remove the white space, unless the secret really has it",
        )),
        None if !place.is_meant("Challenge") => findings.add(Finding::new(
            codes::NO_CHALLENGE,
            path,
            "there is no challenge; a CA that issues without one issues to everybody",
            "write the secret key that the admin console showed with the SCEP URL",
        )),
        _ => {}
    }
}

fn check_key(place: &Place<'_>, target: &Target, findings: &mut Findings) {
    match place.number("Keysize") {
        Some(1024) => findings.add(Finding::new(
            codes::WEAK_KEY_SIZE,
            place.path("Keysize"),
            "1024 bits can be broken",
            "write 2048",
        )),
        None if !place.is_meant("Keysize") => findings.add(Finding::new(
            codes::DEFAULT_KEY_SIZE,
            place.path("Keysize"),
            "without Keysize devices make a key of 1024 bits, which can be broken",
            "add Keysize with 2048",
        )),
        _ => {}
    }
    match place.number("Key Usage") {
        Some(0 | 1 | 4 | 5) => {}
        Some(other) => findings.add(Finding::new(
            codes::KEY_USAGE,
            place.path("Key Usage"),
            format!("{other} asks for other usages than signing (1), encryption (4) or both (5)"),
            "write 1 for device trust",
        )),
        None if !place.is_meant("Key Usage") => findings.add(Finding::new(
            codes::DEFAULT_KEY_USAGE,
            place.path("Key Usage"),
            "without Key Usage the request names none, and the CA decides what the key is good for",
            "add Key Usage with 1 (signing) for device trust",
        )),
        None => {}
    }
    if place.text("Key Type").is_some_and(|kind| kind != "RSA") {
        findings.add(Finding::new(
            codes::KEY_TYPE,
            place.path("Key Type"),
            "devices make RSA keys only",
            "write RSA",
        ));
    }
    if target.os != Os::MacOs {
        return;
    }
    let flag = |key| place.keys.get(key).and_then(Value::as_boolean);
    let to_all = flag("AllowAllAppsAccess") == Some(true);
    match flag("KeyIsExtractable") {
        None if !place.is_meant("KeyIsExtractable") => findings.add(Finding::new(
            codes::DEFAULT_EXTRACTABLE,
            place.path("KeyIsExtractable"),
            if to_all {
                "without KeyIsExtractable the private key can be exported, here by any app"
            } else {
                "without KeyIsExtractable the private key can be exported from the keychain"
            },
            "add KeyIsExtractable with <false/>",
        )),
        Some(true) if to_all => findings.add(Finding::new(
            codes::EXTRACTABLE_TO_ALL,
            place.path("KeyIsExtractable"),
            "with AllowAllAppsAccess any app can take the private key to another machine",
            "set KeyIsExtractable to <false/>; Okta Verify needs access, not export",
        )),
        _ => {}
    }
}

fn check_notice(place: &Place<'_>, findings: &mut Findings) {
    const KEY: &str = "CertificateRenewalTimeInterval";
    let Some(days) = place.number(KEY).filter(|days| *days > 0) else {
        return;
    };
    if days >= YEAR {
        findings.add(Finding::new(
            codes::EARLY_NOTICE,
            place.path(KEY),
            format!("{days} days before expiry is before a certificate of one year is issued"),
            "write 14",
        ));
    } else if place.text("URL").is_some_and(is_oktas) {
        findings.add(Finding::new(
            codes::RENEWAL_NOTICE,
            place.path(KEY),
            "Okta's CA refuses renewal, so people who follow the notice get nowhere",
            "distribute the profile with a new PayloadUUID of this payload before the notice comes",
        ));
    }
}

/// The address of Okta's static SCEP: `/pki/{CA}/scep/rac…`, at a host of Okta's or one of the customer's.
fn is_oktas(url: &str) -> bool {
    let path = Url::parse(url.trim()).map(|url| url.path().to_owned());
    path.is_ok_and(|path| path.starts_with("/pki/") && path.contains("/scep/"))
}

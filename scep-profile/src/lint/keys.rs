//! The keys of the inner dictionary one by one.

use super::{Found, Place, codes};
use mobileconfig::lint::{Finding, Severity, Target};
use mobileconfig::schema::Os;
use url::Url;

/// The certificates of Okta's CA live for so many days.
const YEAR: i64 = 365;

pub(super) fn check(place: &Place<'_>, target: &Target, findings: &mut Found) {
    check_url(place, findings);
    check_challenge(place, findings);
    check_key(place, findings);
    if target.os == Os::MacOs {
        check_access(place, findings);
    }
    check_notice(place, findings);
}

fn check_url(place: &Place<'_>, findings: &mut Found) {
    let Some(text) = place.text("URL") else {
        return;
    };
    let in_full = "write it in full, beginning with https://";
    let refuse =
        |message: String, mend: &str| Finding::new(codes::URL, place.path("URL"), message, mend);
    let has_operation = |url: &Url| {
        url.query_pairs()
            .any(|(key, _)| key.eq_ignore_ascii_case("operation"))
    };
    findings.add(match Url::parse(text.trim()) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") || url.host().is_none() => {
            refuse("this is no address of http or https".to_owned(), in_full)
        }
        Ok(url) if has_operation(&url) => refuse(
            "it has an operation already, and clients append another".to_owned(),
            "give the address before the `?`",
        ),
        Ok(url) if url.scheme() == "http" && !place.is_meant("CAFingerprint") => Finding::new(
            codes::HTTP_UNPINNED,
            place.path("URL"),
            "http, and no CAFingerprint: a Mac hands the challenge to whoever answers",
            "use https, and add CAFingerprint",
        ),
        Ok(_) => return,
        Err(error) => refuse(format!("this is no address ({error})"), in_full),
    });
}

fn check_challenge(place: &Place<'_>, findings: &mut Found) {
    let path = place.path("Challenge");
    let write = "write the secret key that the admin console showed with the SCEP URL";
    findings.add(match place.text("Challenge") {
        Some(challenge) if challenge.trim().is_empty() => Finding::new(
            codes::BLANK_CHALLENGE,
            path,
            "the challenge is empty or white space, so every enrolment is refused",
            write,
        ),
        Some(challenge) if challenge.trim() != challenge => Finding::new(
            codes::PADDED_CHALLENGE,
            path,
            "the challenge begins or ends with white space, which is sent as part of it",
            "remove the white space, unless the secret really has it",
        ),
        None if !place.is_meant("Challenge") => Finding::new(
            codes::NO_CHALLENGE,
            path,
            "there is no challenge; a CA that issues without one issues to everybody",
            write,
        ),
        _ => return,
    });
}

fn check_key(place: &Place<'_>, findings: &mut Found) {
    match place.number("Keysize") {
        Some(bits @ ..=1024) => {
            let path = place.path("Keysize");
            findings.supersede(&path);
            let finding = Finding::new(
                codes::WEAK_KEY_SIZE,
                path,
                format!("{bits} bits can be broken"),
                "write 2048",
            );
            findings.add(if bits == 1024 {
                finding
            } else {
                finding.severity(Severity::Error)
            });
        }
        None if !place.is_meant("Keysize") => findings.add(Finding::new(
            codes::DEFAULT_KEY_SIZE,
            place.path("Keysize"),
            "without Keysize devices make a key of 1024 bits, which can be broken",
            "add Keysize with 2048",
        )),
        _ => {}
    }
    match place.number("Key Usage") {
        Some(1 | 4 | 5) => {}
        Some(other) => findings.add(Finding::new(
            codes::KEY_USAGE,
            place.path("Key Usage"),
            if other == 0 {
                "0 asks for no usage, and the CA decides what the key is good for".to_owned()
            } else {
                format!(
                    "{other} asks for other usages than signing (1), encryption (4) or both (5)"
                )
            },
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
        let path = place.path("Key Type");
        findings.supersede(&path);
        findings.add(Finding::new(
            codes::KEY_TYPE,
            path,
            "devices make RSA keys only",
            "write RSA",
        ));
    }
}

fn check_access(place: &Place<'_>, findings: &mut Found) {
    let to_all = place.flag("AllowAllAppsAccess") == Some(true);
    let path = place.path("KeyIsExtractable");
    findings.add(match place.flag("KeyIsExtractable") {
        None if !place.is_meant("KeyIsExtractable") => Finding::new(
            codes::DEFAULT_EXTRACTABLE,
            path,
            if to_all {
                "without KeyIsExtractable the private key can be exported, here by any app"
            } else {
                "without KeyIsExtractable the private key can be exported from the keychain"
            },
            "add KeyIsExtractable with <false/>",
        ),
        Some(true) if to_all => Finding::new(
            codes::EXTRACTABLE_TO_ALL,
            path,
            "with AllowAllAppsAccess any app can take the private key to another machine",
            "set KeyIsExtractable to <false/>; Okta Verify needs access, not export",
        ),
        _ => return,
    });
}

fn check_notice(place: &Place<'_>, findings: &mut Found) {
    const KEY: &str = "CertificateRenewalTimeInterval";
    let path = place.path(KEY);
    let finding = match place.number(KEY) {
        Some(days @ YEAR..) => Finding::new(
            codes::EARLY_NOTICE,
            &*path,
            format!("{days} days before expiry is before a certificate of one year is issued"),
            "write 14",
        ),
        Some(1..) if place.text("URL").is_some_and(is_oktas) => Finding::new(
            codes::RENEWAL_NOTICE,
            &*path,
            "Okta's CA refuses renewal, so people who follow the notice get nowhere",
            "distribute the profile with a new PayloadUUID of this payload before the notice comes",
        ),
        _ => return,
    };
    findings.supersede(&path);
    findings.add(finding);
}

/// The address of Okta's static SCEP: `/pki/{CA}/scep/rac…`, at a host of Okta's or one of the customer's.
fn is_oktas(url: &str) -> bool {
    let path = Url::parse(url.trim()).map(|url| url.path().to_owned());
    path.is_ok_and(|path| path.starts_with("/pki/") && path.contains("/scep/"))
}

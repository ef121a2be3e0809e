//! `com.apple.security.acme`: which keys the Secure Enclave makes, and since when.

use plist::Value;

use super::{At, wrong_form};
use crate::acme::{KeyType, size_problem};
use crate::lint::{Finding, Findings, Target, codes};
use crate::schema::{Os, OsVersion};

pub(super) fn check(at: &At<'_>, target: &Target, findings: &mut Findings) {
    let bound = at.truth("HardwareBound").unwrap_or_default();
    let size = at.keys.get("KeySize").and_then(Value::as_signed_integer);
    if let Some(kind) = at
        .text("KeyType")
        .map(|kind| KeyType::from(kind.to_owned()))
    {
        if kind == KeyType::Rsa && bound {
            at.conflict(
                "HardwareBound",
                "the Secure Enclave makes no RSA keys",
                "write ECSECPrimeRandom as KeyType and 256 or 384 as KeySize, or false here",
                findings,
            );
        } else if let Some(sizes) = size.and_then(|size| size_problem(&kind, bound, size)) {
            at.conflict(
                "KeySize",
                &format!("the size of this kind of key is {sizes}"),
                "choose a size that KeyType and HardwareBound allow",
                findings,
            );
        }
    }
    if at.truth("Attest") == Some(true) && !bound && at.has("HardwareBound") {
        at.conflict(
            "Attest",
            "only a key with HardwareBound can be attested",
            "write true as HardwareBound, or false here",
            findings,
        );
    }
    for key in ["HardwareBound", "Attest"] {
        since_macos_14(at, key, target, findings);
    }
    if at.text("DirectoryURL").is_some_and(is_no_https) {
        wrong_form(
            at.path_to("DirectoryURL"),
            "the URL of an ACME directory starts with https://",
            findings,
        );
    }
}

/// Older versions have the key and take false only.
fn since_macos_14(at: &At<'_>, key: &str, target: &Target, findings: &mut Findings) {
    let path = at.path_to(key);
    let (os, version, first) = (target.os, target.version, OsVersion::new(14, 0, 0));
    let too_early = os == Os::MacOs && version < first && at.truth(key) == Some(true);
    if too_early && !findings.is_reported(&path) {
        findings.add(Finding::new(
            codes::NOT_YET_ON_OS,
            path,
            format!("{key} can be true since {os} {first}; {version} takes false only"),
            format!("write false, or send it to {os} {first} and later"),
        ));
    }
}

/// A text that begins with a variable is for the server to complete.
fn is_no_https(url: &str) -> bool {
    let https = url
        .get(..8)
        .is_some_and(|start| start.eq_ignore_ascii_case("https://"));
    !https && !url.starts_with(['$', '%', '{'])
}

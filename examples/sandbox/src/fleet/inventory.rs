//! What a Mac tells System Insights: osquery rows of its certificates and apps.
//!
//! Dates and numbers are strings save `ca` and `self_signed`, digests lower-case hexadecimal. `system_id` and
//! `collection_time` are JumpCloud's to write. How osquery spells a distinguished name is not confirmed: RFC 4514 here.

use aws_lc_rs::digest;
use serde_json::{Value, json};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::der::asn1::{ObjectIdentifier, Uint};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, BasicConstraints, SubjectKeyIdentifier};
use x509_cert::name::Name;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use super::mac::{App, Mac};

/// The rows of `certificates`: the profiles' certificates and the identities'.
pub(crate) fn certificates(mac: &Mac) -> Vec<Value> {
    let from_payloads = mac
        .profiles
        .values()
        .flat_map(|profile| &profile.certificates);
    let identities = mac.identities().map(|identity| &identity.certificate);
    from_payloads
        .chain(identities)
        .filter_map(|certificate| row(&hex::decode(certificate).ok()?))
        .collect()
}

/// The rows of `apps`.
pub(crate) fn apps(mac: &Mac) -> Vec<Value> {
    mac.apps.iter().map(app).collect()
}

fn app(app: &App) -> Value {
    json!({
        "name": format!("{}.app", app.name),
        "path": format!("/Applications/{}.app", app.name),
        "bundle_identifier": app.bundle_identifier,
        "bundle_name": app.name,
        "bundle_short_version": app.version,
        "bundle_version": app.version,
        "bundle_executable": app.name,
        "bundle_package_type": "APPL",
        "display_name": app.name,
        "last_opened_time": -1.0,
    })
}

fn row(der: &[u8]) -> Option<Value> {
    let certificate = Certificate::from_der(der).ok()?;
    let tbs = certificate.tbs_certificate();
    let ca = tbs
        .get_extension::<BasicConstraints>()
        .ok()
        .flatten()
        .is_some_and(|(_, constraints)| constraints.ca);
    let subject_key = tbs.get_extension::<SubjectKeyIdentifier>().ok().flatten();
    let authority_key = tbs.get_extension::<AuthorityKeyIdentifier>().ok().flatten();
    let authority_key = authority_key.and_then(|(_, key)| key.key_identifier);
    let (key_algorithm, key_strength) = key(tbs.subject_public_key_info());
    Some(json!({
        "common_name": common_name(tbs.subject()),
        "subject": tbs.subject().to_string(),
        "issuer": tbs.issuer().to_string(),
        "serial": hex::encode(tbs.serial_number().as_bytes()),
        "sha1": hex::encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, der)),
        "not_valid_before": tbs.validity().not_before.to_unix_duration().as_secs().to_string(),
        "not_valid_after": tbs.validity().not_after.to_unix_duration().as_secs().to_string(),
        "path": "/Library/Keychains/System.keychain",
        "ca": u8::from(ca),
        "self_signed": u8::from(tbs.subject() == tbs.issuer()),
        "key_algorithm": key_algorithm,
        "key_strength": key_strength,
        "key_usage": "",
        "signing_algorithm": algorithm(&certificate.signature_algorithm().oid),
        "subject_key_id": subject_key.map(|(_, key)| hex::encode(key.0.as_bytes())).unwrap_or_default(),
        "authority_key_id": authority_key.map(|key| hex::encode(key.as_bytes())).unwrap_or_default(),
        "username": "",
    }))
}

/// The key's algorithm and, for RSA, its size in bits.
fn key(info: &SubjectPublicKeyInfoOwned) -> (String, String) {
    let integers = Vec::<Uint>::from_der(info.subject_public_key.raw_bytes());
    let modulus = integers
        .ok()
        .and_then(|integers| integers.into_iter().next());
    let bits = modulus.map_or(256, |modulus| modulus.as_bytes().len() * 8);
    (algorithm(&info.algorithm.oid), bits.to_string())
}

fn algorithm(oid: &ObjectIdentifier) -> String {
    match oid.to_string().as_str() {
        "1.2.840.113549.1.1.1" => "rsaEncryption".to_owned(),
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption".to_owned(),
        "1.2.840.10045.2.1" => "id-ecPublicKey".to_owned(),
        other => other.to_owned(),
    }
}

fn common_name(name: &Name) -> String {
    let text = name.to_string();
    text.split([',', '+'])
        .find_map(|part| part.strip_prefix("CN="))
        .unwrap_or_default()
        .to_owned()
}

//! Reading a profile as macOS does, before anything of it is installed.

use std::collections::BTreeSet;

use mobileconfig::{Payload, Profile};
use plist::Value;
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, DecodePem as _, Encode as _};

use super::failure::Failure;
use super::mac::Mac;
use super::scep_payload::ScepPayload;

/// A profile that may be installed.
pub(crate) struct Checked {
    pub(crate) identifier: String,
    pub(crate) uuid: String,
    /// DER of each certificate payload.
    pub(crate) certificates: Vec<Vec<u8>>,
    /// The SCEP payloads with their UUIDs.
    pub(crate) enrolments: Vec<(String, ScepPayload)>,
}

/// Reads and checks the bytes that a policy carries.
pub(crate) fn check(bytes: &[u8], mac: &Mac) -> Result<Checked, Failure> {
    let profile =
        Profile::from_bytes(bytes).map_err(|error| Failure::profile(error.to_string()))?;
    if profile.version != 1 {
        return Err(Failure::profile("PayloadVersion must be 1"));
    }
    let mut identifiers = BTreeSet::new();
    let mut checked = Checked {
        identifier: profile.identifier,
        uuid: profile.uuid,
        certificates: Vec::new(),
        enrolments: Vec::new(),
    };
    for payload in &profile.payloads {
        if !identifiers.insert(&payload.identifier) {
            return Err(Failure::profile(format!(
                "two payloads have the PayloadIdentifier {}",
                payload.identifier
            )));
        }
        match payload.payload_type.as_str() {
            "com.apple.security.root" | "com.apple.security.pkcs1" => {
                checked.certificates.push(der(payload)?);
            }
            "com.apple.security.pem" => checked.certificates.push(pem(payload)?),
            "com.apple.security.scep" => {
                let scep = ScepPayload::read(payload, mac)?;
                checked.enrolments.push((payload.uuid.clone(), scep));
            }
            _ => {}
        }
    }
    Ok(checked)
}

fn der(payload: &Payload) -> Result<Vec<u8>, Failure> {
    let data = content(payload)?;
    Certificate::from_der(data)
        .map(|_| data.to_vec())
        .map_err(|_| not_a_certificate(payload))
}

fn pem(payload: &Payload) -> Result<Vec<u8>, Failure> {
    Certificate::from_pem(content(payload)?)
        .and_then(|certificate| certificate.to_der())
        .map_err(|_| not_a_certificate(payload))
}

fn content(payload: &Payload) -> Result<&[u8], Failure> {
    payload
        .content
        .get("PayloadContent")
        .and_then(Value::as_data)
        .ok_or_else(|| {
            Failure::profile(format!(
                "{}: PayloadContent must be <data>",
                payload.identifier
            ))
        })
}

fn not_a_certificate(payload: &Payload) -> Failure {
    Failure::profile(format!(
        "{}: PayloadContent is no certificate",
        payload.identifier
    ))
}

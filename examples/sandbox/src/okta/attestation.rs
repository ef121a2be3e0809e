//! Management attestation: a Mac proves that it holds the key of a certificate of the org's CA.
//!
//! The certificate says *managed* and nothing else: it never authenticates the user. It belongs to
//! the first device it is shown from.

use aws_lc_rs::{
    digest,
    signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use x509_cert::{Certificate, der::Decode as _};

use crate::scep;

/// Certificates that nothing was signed with for this long are revoked.
const UNUSED_DAYS: i64 = 90;

/// A certificate that was shown from a device.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BoundCertificate {
    /// SHA-256, hex.
    pub(crate) fingerprint: String,
    pub(crate) device: String,
    pub(crate) last_used: Timestamp,
    pub(crate) revoked: bool,
}

/// What a Mac sends to be taken as managed.
#[derive(Clone, Debug)]
pub(crate) struct Attestation {
    pub(crate) certificate: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

/// Checks an attestation over a nonce, for a device. Gives the certificate's fingerprint, or why it
/// does not count.
pub(crate) fn check(
    attestation: &Attestation,
    nonce: &str,
    device: &str,
    bound: &[BoundCertificate],
    authority: &scep::State,
    now: Timestamp,
) -> Result<String, &'static str> {
    let certificate =
        Certificate::from_der(&attestation.certificate).map_err(|_| "not a certificate")?;
    if !authority.issued(&attestation.certificate) {
        return Err("not issued by the org's certification authority");
    }
    let tbs = certificate.tbs_certificate();
    let seconds = |time: x509_cert::time::Time| {
        i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
    };
    let validity = tbs.validity();
    if !(seconds(validity.not_before)..=seconds(validity.not_after)).contains(&now.as_second()) {
        return Err("out of its validity period");
    }
    let key = tbs.subject_public_key_info().subject_public_key.raw_bytes();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)
        .verify(nonce.as_bytes(), &attestation.signature)
        .map_err(|_| "the signature is not of the certificate's key")?;
    let fingerprint = hex::encode(digest::digest(&digest::SHA256, &attestation.certificate));
    if let Some(known) = bound.iter().find(|known| known.fingerprint == fingerprint) {
        if known.device != device {
            return Err("bound to another device");
        }
        let unused = now.as_second() - known.last_used.as_second();
        if known.revoked || unused > UNUSED_DAYS * 86_400 {
            return Err("revoked");
        }
    }
    Ok(fingerprint)
}

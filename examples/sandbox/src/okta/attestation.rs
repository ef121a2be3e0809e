//! Management attestation: a Mac proves that it holds the key of a certificate of the org's CA.
//!
//! The certificate says *managed* and nothing else: it never authenticates the user. It belongs to
//! the first device it is shown from.

use aws_lc_rs::digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
) -> Result<String, String> {
    let Attestation {
        certificate,
        signature,
    } = attestation;
    authority.proves(certificate, nonce.as_bytes(), signature, now)?;
    let fingerprint = hex::encode(digest::digest(&digest::SHA256, certificate));
    if let Some(known) = bound.iter().find(|known| known.fingerprint == fingerprint) {
        if known.device != device {
            return Err("bound to another device".to_owned());
        }
        let unused = now.as_second() - known.last_used.as_second();
        if known.revoked || unused > UNUSED_DAYS * 86_400 {
            return Err("revoked".to_owned());
        }
    }
    Ok(fingerprint)
}

use mobileconfig::cms::armour;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::SystemTime;

/// A certificate that an [`Authority`](super::Authority) has issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IssuedCertificate {
    /// Its serial number in upper-case hex.
    pub serial: String,
    /// Its subject as RFC 4514 text.
    pub subject: String,
    /// The certificate in PEM.
    pub certificate: String,
    /// The transaction it was asked for in.
    pub transaction_id: String,
    /// The key that signed the request, as the hex of its SHA-256; it may ask for the answer again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) asked_by: Option<String>,
    /// Whether it was revoked.
    pub revoked: bool,
    /// When, if that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<SystemTime>,
}

impl IssuedCertificate {
    /// The certificate in DER.
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        armour::blocks(self.certificate.as_bytes())
            .ok()
            .and_then(|mut blocks| blocks.pop())
            .map(|block| block.bytes)
            .unwrap_or_default()
    }
}

/// Why a certificate does not prove that a device is enrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LeafError {
    /// It is no certificate.
    Malformed,
    /// It was not issued by this authority.
    NotIssuedHere,
    /// It is not valid yet.
    NotYetValid,
    /// It is not valid any more.
    Expired,
    /// It was revoked.
    Revoked,
}

impl fmt::Display for LeafError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "it is no X.509 certificate",
            Self::NotIssuedHere => "it was not issued by this authority",
            Self::NotYetValid => "it is not valid yet: compare the clocks",
            Self::Expired => "it has expired: redistribute the profile with a new generation",
            Self::Revoked => "it was revoked",
        })
    }
}

impl std::error::Error for LeafError {}

use super::options::secret;
use super::{AuthorityOptions, IssuedCertificate};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// All that an [`Authority`](super::Authority) has to keep.
///
/// Serialised it holds **the private key and the challenge in clear**: write it with mode 0600. `Debug` masks both.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuthorityState {
    /// How it behaves.
    pub options: AuthorityOptions,
    /// The root certificate in PEM.
    pub root_certificate: String,
    /// The certificate that issues, in PEM; the root again without an intermediate.
    pub issuer_certificate: String,
    /// The key of the issuing certificate as PKCS#8 in PEM.
    #[serde(with = "secret")]
    pub issuer_key: SecretString,
    /// The registration authority before the CA, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<RegistrationState>,
    /// The CA that follows, once it was prepared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<ChainState>,
    /// The certificates that issued before the present one, in PEM, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_issuers: Vec<String>,
    /// The certificates issued, oldest first.
    pub issued: Vec<IssuedCertificate>,
    /// The requests that wait.
    pub pending: Vec<PendingRequest>,
}

/// A request that waits for someone to approve it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PendingRequest {
    pub(super) transaction_id: String,
    /// PKCS#10 in PEM. It holds the challenge.
    #[serde(with = "secret")]
    pub(super) request: SecretString,
    /// The key that signed it, as the hex of its SHA-256: a renewal is signed by the old one. States of earlier versions
    /// lack it, so that the key of the request may ask alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) asked_by: Option<String>,
    pub(super) approved: bool,
}

/// The certificates of a CA and its keys, in clear. `Debug` masks the keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChainState {
    /// The root certificate in PEM.
    pub root_certificate: String,
    /// The certificate that issues, in PEM; the root again without an intermediate.
    pub issuer_certificate: String,
    /// The key of the issuing certificate as PKCS#8 in PEM.
    #[serde(with = "secret")]
    pub issuer_key: SecretString,
    /// The registration authority before it, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<RegistrationState>,
}

/// A registration authority and its key, in clear. `Debug` masks the key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RegistrationState {
    /// Its certificate in PEM.
    pub certificate: String,
    /// Its key as PKCS#8 in PEM.
    #[serde(with = "secret")]
    pub key: SecretString,
}

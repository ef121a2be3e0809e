use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How an [`Authority`](super::Authority) behaves.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuthorityOptions {
    /// `O` of its certificates.
    pub organization: String,
    /// The secret that every request has to bring.
    #[serde(with = "secret")]
    pub challenge: SecretString,
    /// Whether an intermediate CA issues, as at Okta, in place of the root.
    pub intermediate: bool,
    /// Whether a registration authority stands before the CA: a certificate of its own opens requests and signs
    /// replies, and GetCACert answers with a chain.
    #[serde(default)]
    pub registration_authority: bool,
    /// Whether RenewalReq is granted; Okta refuses it.
    pub renewal: bool,
    /// Whether someone has to approve each request, which is answered PENDING until then.
    pub manual_approval: bool,
    /// Whether requests signed with SHA-1 or encrypted by single or triple DES are taken.
    pub legacy: bool,
    /// How long a certificate is valid.
    pub validity: Duration,
}

impl AuthorityOptions {
    /// Okta's behaviour, with a root that issues itself.
    #[must_use]
    pub fn new(organization: impl Into<String>, challenge: SecretString) -> Self {
        Self {
            organization: organization.into(),
            challenge,
            intermediate: false,
            registration_authority: false,
            renewal: false,
            manual_approval: false,
            legacy: false,
            validity: Duration::from_secs(365 * 86_400),
        }
    }

    /// Sets whether an intermediate CA issues.
    #[must_use]
    pub fn intermediate(mut self, intermediate: bool) -> Self {
        self.intermediate = intermediate;
        self
    }

    /// Sets whether a registration authority stands before the CA.
    #[must_use]
    pub fn registration_authority(mut self, registration_authority: bool) -> Self {
        self.registration_authority = registration_authority;
        self
    }

    /// Sets whether RenewalReq is granted.
    #[must_use]
    pub fn renewal(mut self, renewal: bool) -> Self {
        self.renewal = renewal;
        self
    }

    /// Sets whether someone has to approve each request.
    #[must_use]
    pub fn manual_approval(mut self, manual: bool) -> Self {
        self.manual_approval = manual;
        self
    }

    /// Sets whether broken algorithms are taken.
    #[must_use]
    pub fn legacy(mut self, legacy: bool) -> Self {
        self.legacy = legacy;
        self
    }

    /// Sets how long a certificate is valid.
    #[must_use]
    pub fn validity(mut self, validity: Duration) -> Self {
        self.validity = validity;
        self
    }
}

/// Secrets in clear, for the one place that has to keep them: the saved state.
pub(super) mod secret {
    use secrecy::{ExposeSecret, SecretString};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(
        secret: &SecretString,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.expose_secret())
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SecretString, D::Error> {
        String::deserialize(deserializer).map(SecretString::from)
    }
}

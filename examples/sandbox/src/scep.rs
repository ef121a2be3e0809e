//! The SCEP certification authority under the Okta listener.

use axum::Router;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::{error::Error, random, shared::Shared};

/// The authority's keys and certificates, and its place in Okta's URL space.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    ca_id: String,
    registration_authority_id: String,
}

impl State {
    pub(crate) fn generate(_org: &str, _challenge: &SecretString) -> Result<Self, Error> {
        Ok(Self {
            ca_id: random::ca_id(),
            registration_authority_id: random::okta_id("rac"),
        })
    }

    /// The path of the SCEP URL.
    #[must_use]
    pub fn path(&self) -> String {
        format!(
            "/pki/{}/scep/{}",
            self.ca_id, self.registration_authority_id
        )
    }

    /// The authority's certificates as DER, the issuing one first.
    #[must_use]
    pub fn ca_certificates(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

impl State {
    /// Whether the authority issued exactly this certificate.
    pub(crate) fn issued(&self, _certificate: &[u8]) -> bool {
        false
    }
}

/// `GET` and `POST` on the SCEP URL.
pub(crate) fn router() -> Router<Shared> {
    Router::new()
}

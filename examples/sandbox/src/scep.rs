//! The SCEP certification authority under the Okta listener: RFC 8894 over HTTP, at a URL of Okta's
//! shape.
//!
//! Behaviour of Okta's own server beyond the URL (capabilities, the shape of GetCACert) is not
//! confirmed by any source; this is a strict RFC 8894 server with an intermediate CA.

use axum::{
    Router,
    body::Bytes,
    extract::{Path, RawQuery, State as Extract},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use scep_profile::{
    message::verify_signature,
    server::{Authority, AuthorityOptions, AuthorityState, IssuedCertificate},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::{clock, error::Error, random, shared::Shared};

/// The authority with its keys and what it issued, and its place in Okta's URL space.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    ca_id: String,
    registration_authority_id: String,
    authority: AuthorityState,
}

impl State {
    pub(crate) fn generate(
        organization: &str,
        challenge: &SecretString,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let options = AuthorityOptions::new(organization, challenge.clone()).intermediate(true);
        let authority = Authority::generate(options, clock::system(now))
            .and_then(|authority| authority.state())
            .map_err(|error| Error::Seed(format!("no certification authority: {error}")))?;
        Ok(Self {
            ca_id: random::ca_id(),
            registration_authority_id: random::okta_id("rac"),
            authority,
        })
    }

    /// The path of the SCEP URL: `/pki/{40 HEX}/scep/rac{17 alphanumerics}`.
    #[must_use]
    pub fn path(&self) -> String {
        format!(
            "/pki/{}/scep/{}",
            self.ca_id, self.registration_authority_id
        )
    }

    /// The authority's certificates as DER, the issuing one first, the root last.
    #[must_use]
    pub fn ca_certificates(&self) -> Vec<Vec<u8>> {
        self.authority()
            .map(|authority| authority.ca_certificates())
            .unwrap_or_default()
    }

    /// The certificates issued so far as DER, oldest first.
    #[must_use]
    pub fn issued(&self) -> Vec<Vec<u8>> {
        self.authority
            .issued
            .iter()
            .map(IssuedCertificate::der)
            .collect()
    }

    /// Replaces the challenge, as "Reset secret key" in Okta's console does. Certificates issued stay
    /// valid.
    pub(crate) fn reset_challenge(&mut self, challenge: SecretString) {
        self.authority.options.challenge = challenge;
    }

    /// Whether a certificate was issued here, is in time and not revoked, and its key made the
    /// signature over the message; else why not.
    pub(crate) fn proves(
        &self,
        certificate: &[u8],
        message: &[u8],
        signature: &[u8],
        now: Timestamp,
    ) -> Result<(), String> {
        let authority = self.authority().map_err(|error| error.to_string())?;
        authority
            .verify_leaf(certificate, clock::system(now))
            .map_err(|error| error.to_string())?;
        verify_signature(certificate, message, signature)
            .map_err(|_| "the signature is not of the certificate's key".to_owned())
    }

    /// Answers one message and remembers what was issued.
    fn operate(
        &mut self,
        message: &[u8],
        now: Timestamp,
    ) -> Result<Vec<u8>, scep_profile::message::Error> {
        let mut authority = self.authority()?;
        let reply = authority.pki_operation(message, clock::system(now));
        self.authority = authority.state()?;
        Ok(reply)
    }

    fn authority(&self) -> Result<Authority, scep_profile::message::Error> {
        Authority::from_state(self.authority.clone())
    }
}

/// `GET` and `POST` on the SCEP URL.
pub(crate) fn router() -> Router<Shared> {
    Router::new().route("/pki/{ca}/scep/{ra}", get(answer).post(answer))
}

async fn answer(
    Extract(shared): Extract<Shared>,
    Path((ca, ra)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let mut world = shared.world();
    let now = world.now();
    let state = &mut world.scep;
    if state.ca_id != ca || state.registration_authority_id != ra {
        return StatusCode::NOT_FOUND.into_response();
    }
    let query = query.unwrap_or_default();
    let parameter = |name: &str| {
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    let answer = match parameter("operation").as_deref() {
        Some("GetCACaps") => state
            .authority()
            .map(|authority| ("text/plain", authority.get_ca_caps().into_bytes())),
        Some("GetCACert") => state.authority().map(|authority| authority.get_ca_cert()),
        Some("PKIOperation") => {
            let message = if body.is_empty() {
                // Base64 in a query: a `+` that was not escaped arrives as a space.
                let text = parameter("message").unwrap_or_default().replace(' ', "+");
                STANDARD.decode(text).unwrap_or_default()
            } else {
                body.to_vec()
            };
            state
                .operate(&message, now)
                .map(|reply| ("application/x-pki-message", reply))
        }
        _ => return (StatusCode::BAD_REQUEST, "unknown operation").into_response(),
    };
    match answer {
        Ok((content_type, bytes)) => {
            ([(header::CONTENT_TYPE, content_type)], bytes).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

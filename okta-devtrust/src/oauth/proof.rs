//! DPoP proofs (RFC 9449): one for each attempt of each request, signed by a key that only this process has.

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};
use url::Url;

use super::{clock::ServerClock, jwt, key::ClientKey};
use crate::Error;

pub(super) const DPOP: HeaderName = HeaderName::from_static("dpop");
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The DPoP key, and the nonce that the server gave last.
#[derive(Debug)]
pub(super) struct Prover {
    key: ClientKey,
    jwk: Value,
    nonce: Mutex<Option<String>>,
}

impl Prover {
    /// A prover with a key of its own: Okta refuses the client's key here.
    pub(super) fn new() -> Result<Self, Error> {
        let key = ClientKey::generate()?;
        Ok(Self {
            jwk: key.bare_jwk(),
            key,
            nonce: Mutex::default(),
        })
    }

    /// Adds a proof for one attempt of `method` on `url`, bound to the token if there is one.
    pub(super) fn prove(
        &self,
        clock: &ServerClock,
        method: &Method,
        url: &Url,
        token: Option<&str>,
        headers: &mut HeaderMap,
    ) -> Result<(), Error> {
        let mut target = url.clone();
        target.set_query(None);
        target.set_fragment(None);
        let mut claims = json!({
            "htm": method.as_str(),
            "htu": target.as_str(),
            "iat": clock.now(),
            "jti": jwt::unique_id()?,
        });
        if let Some(nonce) = &*self.nonce.lock().unwrap_or_else(PoisonError::into_inner) {
            claims["nonce"] = json!(nonce);
        }
        if let Some(token) = token {
            let hash = digest::digest(&digest::SHA256, token.as_bytes());
            claims["ath"] = json!(jwt::base64url(hash));
        }
        let header = json!({
            "typ": "dpop+jwt",
            "alg": self.key.algorithm().as_str(),
            "jwk": self.jwk,
        });
        let proof = jwt::sign(&self.key, &header, &claims)?;
        let mut value = HeaderValue::try_from(proof).map_err(Error::setup)?;
        value.set_sensitive(true);
        headers.insert(DPOP, value);
        Ok(())
    }

    /// Takes the nonce of an answer. Says whether it is another one than the proofs carried so far.
    pub(super) fn take_nonce(&self, headers: &HeaderMap) -> bool {
        let Some(given) = headers.get(NONCE).and_then(|value| value.to_str().ok()) else {
            return false;
        };
        let mut nonce = self.nonce.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = nonce.as_deref() != Some(given);
        if is_new {
            *nonce = Some(given.to_owned());
        }
        is_new
    }
}

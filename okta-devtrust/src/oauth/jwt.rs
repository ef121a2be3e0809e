//! Compact JWTs (RFC 7515): written and signed here, never read.

use aws_lc_rs::rand;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::key::ClientKey;
use crate::Error;

/// The token of `header` and `claims`, signed by `key`.
pub(super) fn sign(key: &ClientKey, header: &Value, claims: &Value) -> Result<String, Error> {
    let signed = format!(
        "{}.{}",
        base64url(header.to_string()),
        base64url(claims.to_string())
    );
    let signature = key.sign(signed.as_bytes())?;
    Ok(format!("{signed}.{}", base64url(signature)))
}

/// An id that is good once (`jti`): 128 random bits.
pub(super) fn unique_id() -> Result<String, Error> {
    let mut id = [0; 16];
    rand::fill(&mut id).map_err(|_| Error::setup("the system gives no random numbers"))?;
    Ok(base64url(id))
}

pub(super) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

//! Reading and verifying compact JWTs against JWKs, as far as service apps and DPoP need it.

use aws_lc_rs::{
    digest,
    signature::{
        self, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED,
        RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
        RsaPublicKeyComponents, UnparsedPublicKey,
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// A decoded but not yet verified token.
#[derive(Clone, Debug)]
pub(crate) struct Jwt<'a> {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jwt<'a> {
    pub(crate) fn decode(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let part =
            |text: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(text).ok()?).ok();
        Some(Self {
            header: part(header)?,
            claims: part(claims)?,
            signed,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    pub(crate) fn claim(&self, name: &str) -> &str {
        self.claims
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.claims.get(name).and_then(Value::as_i64)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.header
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Whether one of the keys (a JWK or a JWKS) signed the token.
    pub(crate) fn is_signed_by(&self, keys: &Value) -> bool {
        let one = std::slice::from_ref(keys);
        let keys = keys
            .get("keys")
            .and_then(Value::as_array)
            .map_or(one, Vec::as_slice);
        let kid = self.header.get("kid").filter(|kid| kid.is_string());
        keys.iter()
            .filter(|key| match (kid, key.get("kid")) {
                (Some(kid), Some(have)) => kid == have,
                _ => true,
            })
            .any(|key| self.verify(key).is_some())
    }

    fn verify(&self, key: &Value) -> Option<()> {
        let field = |name: &str| URL_SAFE_NO_PAD.decode(key.get(name)?.as_str()?).ok();
        let message = self.signed.as_bytes();
        let algorithm = self.header("alg");
        if let Some(parameters) = rsa(algorithm) {
            let components = RsaPublicKeyComponents {
                n: field("n")?,
                e: field("e")?,
            };
            return components.verify(parameters, message, &self.signature).ok();
        }
        let parameters = match algorithm {
            "ES256" => &ECDSA_P256_SHA256_FIXED,
            "ES384" => &ECDSA_P384_SHA384_FIXED,
            "ES512" => &ECDSA_P521_SHA512_FIXED,
            _ => return None,
        };
        let point = [vec![4], field("x")?, field("y")?].concat();
        UnparsedPublicKey::new(parameters, point)
            .verify(message, &self.signature)
            .ok()
    }
}

fn rsa(algorithm: &str) -> Option<&'static signature::RsaParameters> {
    match algorithm {
        "RS256" => Some(&RSA_PKCS1_2048_8192_SHA256),
        "RS384" => Some(&RSA_PKCS1_2048_8192_SHA384),
        "RS512" => Some(&RSA_PKCS1_2048_8192_SHA512),
        _ => None,
    }
}

/// base64url of SHA-256, as in `ath`.
pub(crate) fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

/// The RFC 7638 thumbprint of a JWK.
pub(crate) fn thumbprint(key: &Value) -> String {
    let field = |name: &str| key.get(name).cloned().unwrap_or_default();
    // serde_json writes the keys in lexicographic order, which is what RFC 7638 asks for.
    let canonical = if key.get("kty") == Some(&Value::String("RSA".into())) {
        json!({ "e": field("e"), "kty": "RSA", "n": field("n") })
    } else {
        json!({ "crv": field("crv"), "kty": field("kty"), "x": field("x"), "y": field("y") })
    };
    digest(&canonical.to_string())
}

//! Keyed digests: how a plan refers to a profile without holding it. A plain hash would let a guessable challenge be
//! tried against it; without the key this one does not.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::Error;

/// The key of [`KeyedDigest`]s, at least 16 bytes. The same key must plan and apply; `Debug` does not show it.
pub struct DigestKey(SecretSlice<u8>);

/// HMAC-SHA-256 of some bytes, as 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyedDigest(String);

impl DigestKey {
    /// A key from random bytes that the caller keeps.
    ///
    /// ```
    /// use jumpcloud_mdm::deploy::DigestKey;
    ///
    /// let key = DigestKey::new([7; 32])?;
    /// let digest = key.digest(b"profile");
    /// assert!(key.matches(&digest, b"profile"));
    /// assert!(!key.matches(&digest, b"another"));
    /// assert!(DigestKey::new(*b"short").is_err());
    /// # Ok::<(), jumpcloud_mdm::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Input`] when there are fewer than 16 bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, Error> {
        let bytes: Vec<u8> = bytes.into();
        if bytes.len() < 16 {
            return Err(Error::input(
                "digest key",
                "it has fewer than 16 bytes; give 32 random bytes",
            ));
        }
        Ok(Self(bytes.into()))
    }

    /// The digest of `bytes`.
    pub fn digest(&self, bytes: &[u8]) -> KeyedDigest {
        KeyedDigest(hex::encode(self.mac(bytes).finalize().into_bytes()))
    }

    /// Whether `digest` is that of `bytes`, in constant time.
    pub fn matches(&self, digest: &KeyedDigest, bytes: &[u8]) -> bool {
        hex::decode(&digest.0).is_ok_and(|digest| self.mac(bytes).verify_slice(&digest).is_ok())
    }

    fn mac(&self, bytes: &[u8]) -> Hmac<Sha256> {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()) else {
            unreachable!("HMAC takes keys of any length")
        };
        mac.update(bytes);
        mac
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestKey([redacted])")
    }
}

impl KeyedDigest {
    /// The hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyedDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyedDigest({})", self.0)
    }
}

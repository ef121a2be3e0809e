use super::Error;
use crate::KeySize;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::rsa::{self, KeyPair, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaEncoding,
};
use der::Decode;
use mobileconfig::cms::armour;
use secrecy::{ExposeSecret, SecretString};
use spki::SubjectPublicKeyInfoOwned;
use std::fmt;
use std::sync::Arc;
use subtle::{Choice, ConditionallySelectable};
use zeroize::Zeroizing;

use super::Digest;

/// An RSA private key: a device's, or that of a CA.
///
/// Cloning shares the key. `Debug` shows its size only.
///
/// ```
/// use scep_profile::KeySize;
/// use scep_profile::message::EnrollmentKey;
///
/// let key = EnrollmentKey::generate(KeySize::Rsa2048)?;
/// let again = EnrollmentKey::from_pkcs8_pem(&key.to_pkcs8_pem()?)?;
/// assert_eq!(again.public_key_der()?, key.public_key_der()?);
/// assert_eq!(format!("{key:?}"), "EnrollmentKey(RSA 2048)");
/// # Ok::<(), scep_profile::message::Error>(())
/// ```
#[derive(Clone)]
pub struct EnrollmentKey(Arc<Pair>);

struct Pair {
    signing: KeyPair,
    decrypting: Pkcs1PrivateDecryptingKey,
}

impl EnrollmentKey {
    /// A new key.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] for [`KeySize::Legacy1024`], which is read but never made, or when the system gives no random
    /// numbers.
    pub fn generate(size: KeySize) -> Result<Self, Error> {
        let size = match size {
            KeySize::Rsa2048 => rsa::KeySize::Rsa2048,
            KeySize::Rsa4096 => rsa::KeySize::Rsa4096,
            KeySize::Legacy1024 => {
                return Err(Error::Key {
                    what: "1024 bits can be broken: use 2048",
                });
            }
        };
        let pair = KeyPair::generate(size).map_err(|_| Error::Key {
            what: "it could not be generated",
        })?;
        Self::from_pair(pair)
    }

    /// A key from PKCS#8 in PEM (`BEGIN PRIVATE KEY`).
    ///
    /// # Errors
    ///
    /// [`Error::Key`] when there is no such block, or it is no RSA key of 2048 to 8192 bits.
    pub fn from_pkcs8_pem(pem: &SecretString) -> Result<Self, Error> {
        let unreadable = Error::Key {
            what: "no unencrypted PKCS#8 block (BEGIN PRIVATE KEY) can be read",
        };
        let blocks =
            armour::blocks(pem.expose_secret().as_bytes()).map_err(|_| unreadable.clone())?;
        let block = blocks
            .into_iter()
            .find(|block| block.label == "PRIVATE KEY")
            .ok_or(unreadable)?;
        let der = Zeroizing::new(block.bytes);
        let pair = KeyPair::from_pkcs8(&der).map_err(|_| Error::Key {
            what: "it is no RSA key of 2048 bits or more",
        })?;
        Self::from_pair(pair)
    }

    fn from_pair(signing: KeyPair) -> Result<Self, Error> {
        let unusable = Error::Key {
            what: "it cannot be used to decrypt",
        };
        let pkcs8 = signing.as_der().map_err(|_| unusable.clone())?;
        let decrypting = PrivateDecryptingKey::from_pkcs8(pkcs8.as_ref())
            .map_err(|_| unusable.clone())
            .and_then(|key| Pkcs1PrivateDecryptingKey::new(key).map_err(|_| unusable))?;
        Ok(Self(Arc::new(Pair {
            signing,
            decrypting,
        })))
    }

    /// The key as PKCS#8 in PEM, unencrypted.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] when it cannot be encoded.
    pub fn to_pkcs8_pem(&self) -> Result<SecretString, Error> {
        let der = self.0.signing.as_der().map_err(|_| Error::Key {
            what: "it cannot be encoded",
        })?;
        Ok(armour::encode("PRIVATE KEY", der.as_ref()).into())
    }

    /// The size in bits.
    #[must_use]
    pub fn bits(&self) -> usize {
        self.0.signing.public_modulus_len() * 8
    }

    /// The public key as `SubjectPublicKeyInfo` (RFC 5280 section 4.1), in DER.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] when it cannot be encoded.
    pub fn public_key_der(&self) -> Result<Vec<u8>, Error> {
        let der = self
            .0
            .signing
            .public_key()
            .as_der()
            .map_err(|_| Error::Key {
                what: "its public key cannot be encoded",
            })?;
        Ok(der.as_ref().to_vec())
    }

    /// The public key as PKCS#1 (RFC 8017 appendix A.1.1), in DER.
    #[must_use]
    pub fn public_key_pkcs1(&self) -> &[u8] {
        self.0.signing.public_key().as_ref()
    }

    pub(crate) fn spki(&self) -> Result<SubjectPublicKeyInfoOwned, Error> {
        SubjectPublicKeyInfoOwned::from_der(&self.public_key_der()?)
            .map_err(super::error::malformed("public key"))
    }

    /// A signature (RSASSA-PKCS1-v1_5 with SHA-256) over a message, which
    /// [`verify_signature`](super::verify_signature) checks.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] when signing fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.sign_with(Digest::Sha256, message)
    }

    pub(crate) fn sign_with(&self, digest: Digest, message: &[u8]) -> Result<Vec<u8>, Error> {
        let encoding: &'static dyn RsaEncoding = match digest {
            // We never sign with SHA-1: a server that knows nothing better refuses us, and says so.
            Digest::Sha1 | Digest::Sha256 => &RSA_PKCS1_SHA256,
            Digest::Sha384 => &RSA_PKCS1_SHA384,
            Digest::Sha512 => &RSA_PKCS1_SHA512,
        };
        let mut signature = vec![0; self.0.signing.public_modulus_len()];
        self.0
            .signing
            .sign(encoding, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| Error::Key {
                what: "signing failed",
            })?;
        Ok(signature)
    }

    /// The content key in an envelope. A bad padding or a wrong length gives a random key instead of an error, so
    /// that nobody can learn from the answer which it was (implicit rejection, as in RFC 3218 section 2.3.2).
    pub(crate) fn unwrap_key(
        &self,
        encrypted: &[u8],
        len: usize,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut key = Zeroizing::new(vec![0; len]);
        rand::fill(&mut key).map_err(|_| Error::Key {
            what: "the system gives no random numbers",
        })?;
        let mut buffer = Zeroizing::new(vec![0; self.0.decrypting.min_output_size()]);
        let stand_in = Zeroizing::new(vec![0; len]);
        let (good, unwrapped) = match self.0.decrypting.decrypt(encrypted, &mut buffer) {
            Ok(unwrapped) if unwrapped.len() == len => (1, &*unwrapped),
            _ => (0, stand_in.as_slice()),
        };
        // The same bytes are touched either way.
        for (byte, unwrapped) in key.iter_mut().zip(unwrapped) {
            byte.conditional_assign(unwrapped, Choice::from(good));
        }
        Ok(key)
    }
}

impl fmt::Debug for EnrollmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EnrollmentKey(RSA {})", self.bits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_wrapped_key_gives_a_random_one_and_no_error() {
        let key = EnrollmentKey::generate(KeySize::Rsa2048).unwrap();
        let (one, two) = (
            key.unwrap_key(&[1; 256], 16).unwrap(),
            key.unwrap_key(&[1; 256], 16).unwrap(),
        );
        assert_ne!(one, two);
        assert_eq!(key.unwrap_key(b"short", 16).unwrap().len(), 16);
    }

    #[test]
    fn rubbish_is_no_key_and_is_not_repeated_in_the_error() {
        let error = EnrollmentKey::from_pkcs8_pem(&"hunter2".into()).unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
        let block = armour::encode("PRIVATE KEY", b"hunter2");
        assert!(EnrollmentKey::from_pkcs8_pem(&block.into()).is_err());
    }
}

use super::{Digest, Error};
use crate::KeySize;
use der::Encode;
use mobileconfig::cms::{KeyType, PrivateKey, Signer as _};
use secrecy::{ExposeSecret, SecretString};
use spki::SubjectPublicKeyInfoOwned;
use std::fmt;

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
pub struct EnrollmentKey(PrivateKey);

impl EnrollmentKey {
    /// A new key.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] for [`KeySize::Legacy1024`], which is read but never made, or when the system gives no random
    /// numbers.
    pub fn generate(size: KeySize) -> Result<Self, Error> {
        let bits = match size {
            KeySize::Rsa2048 => 2048,
            KeySize::Rsa4096 => 4096,
            KeySize::Legacy1024 => {
                return Err(Error::Key {
                    what: "1024 bits can be broken: use 2048",
                });
            }
        };
        PrivateKey::generate(KeyType::Rsa(bits))
            .map(Self)
            .map_err(|_| Error::Key {
                what: "it could not be generated",
            })
    }

    /// A key from PKCS#8 in PEM (`BEGIN PRIVATE KEY`).
    ///
    /// # Errors
    ///
    /// [`Error::Key`] when there is no such block, or it is no RSA key of 2048 to 8192 bits.
    pub fn from_pkcs8_pem(pem: &SecretString) -> Result<Self, Error> {
        let key = PrivateKey::from_file(pem.expose_secret(), None).map_err(|_| Error::Key {
            what: "no unencrypted RSA key of 2048 bits or more (BEGIN PRIVATE KEY) can be read",
        })?;
        match key.key_type() {
            KeyType::Rsa(_) => Ok(Self(key)),
            _ => Err(Error::Key {
                what: "SCEP needs an RSA key",
            }),
        }
    }

    /// The key as PKCS#8 in PEM, unencrypted.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] when it cannot be encoded.
    pub fn to_pkcs8_pem(&self) -> Result<SecretString, Error> {
        self.0.to_pkcs8_pem().map_err(|_| Error::Key {
            what: "it cannot be encoded",
        })
    }

    /// The size in bits.
    #[must_use]
    pub fn bits(&self) -> usize {
        match self.0.key_type() {
            KeyType::Rsa(bits) => bits,
            // No constructor lets another type in.
            _ => 0,
        }
    }

    /// The public key as `SubjectPublicKeyInfo` (RFC 5280 section 4.1), in DER.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] when it cannot be encoded.
    pub fn public_key_der(&self) -> Result<Vec<u8>, Error> {
        self.spki().to_der().map_err(|_| Error::Key {
            what: "its public key cannot be encoded",
        })
    }

    /// The public key as PKCS#1 (RFC 8017 appendix A.1.1), in DER.
    #[must_use]
    pub fn public_key_pkcs1(&self) -> &[u8] {
        self.spki().subject_public_key.raw_bytes()
    }

    pub(crate) fn spki(&self) -> &SubjectPublicKeyInfoOwned {
        self.0.public_key()
    }

    /// The key as CMS takes it.
    pub(super) fn private_key(&self) -> &PrivateKey {
        &self.0
    }

    /// A signature (RSASSA-PKCS1-v1_5 with SHA-256) over a message, which
    /// [`verify_signature`](super::verify_signature) checks.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] when signing fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.0
            .sign(Digest::Sha256, message)
            .map_err(|_| Error::Key {
                what: "signing failed",
            })
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
    fn rubbish_is_no_key_and_is_not_repeated_in_the_error() {
        let error = EnrollmentKey::from_pkcs8_pem(&"hunter2".into()).unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
        let block = mobileconfig::cms::armour::encode("PRIVATE KEY", b"hunter2");
        assert!(EnrollmentKey::from_pkcs8_pem(&block.into()).is_err());
    }
}

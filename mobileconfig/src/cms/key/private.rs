use crate::cms::{Digest, Error, KeyType};
use aws_lc_rs::digest::Digest as Hash;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::rsa::{self, KeyPair, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RsaEncoding,
};
use der::Decode;
use secrecy::SecretString;
use spki::SubjectPublicKeyInfoOwned;
use std::fmt;
use std::sync::Arc;
use subtle::{Choice, ConditionallySelectable};
use zeroize::Zeroizing;

/// Something that signs: a [`PrivateKey`], or a key held elsewhere (HSM, smart card, key service).
///
/// What it returns is verified under the certificate's key before it is used, so a service that answers in another
/// form (`r` and `s` side by side, as PKCS#11 does) or with another key is found out at once.
///
/// ```
/// use mobileconfig::cms::{Digest, Error, Signer};
///
/// /// A key service that signs digests.
/// struct KeyService;
/// # impl KeyService { fn call(&self, _: &str, digest: Vec<u8>) -> Result<Vec<u8>, String> { Ok(digest) } }
///
/// impl Signer for KeyService {
///     fn sign(&self, digest: Digest, message: &[u8]) -> Result<Vec<u8>, Error> {
///         let algorithm = match digest {
///             Digest::Sha256 => "ECDSA_SHA_256",
///             _ => return Err(Error::key("the key service signs by SHA-256 only")),
///         };
///         self.call(algorithm, digest.hash(message)).map_err(Error::key)
///     }
/// }
/// # assert_eq!(KeyService.sign(Digest::Sha256, b"").unwrap().len(), 32);
/// ```
pub trait Signer {
    /// The signature over `message`, hashed by `digest`: RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2), or the DER form of
    /// ECDSA (`Ecdsa-Sig-Value`, RFC 3279 section 2.2.3).
    ///
    /// # Errors
    ///
    /// [`Error::key`] with the reason, when it cannot be made.
    fn sign(&self, digest: Digest, message: &[u8]) -> Result<Vec<u8>, Error>;
}

/// A private key: RSA of 2048 to 8192 bits, or ECDSA on P-256, P-384 or P-521.
///
/// Cloning shares the key. `Debug` shows its kind only.
///
/// ```
/// use mobileconfig::cms::{KeyType, PrivateKey};
/// use secrecy::ExposeSecret;
///
/// let key = PrivateKey::generate(KeyType::P256)?;
/// let again = PrivateKey::from_file(key.to_pkcs8_pem()?.expose_secret(), None)?;
/// assert_eq!(again.public_key(), key.public_key());
/// assert_eq!(format!("{key:?}"), "PrivateKey(P-256)");
/// # Ok::<(), mobileconfig::cms::Error>(())
/// ```
#[derive(Clone)]
pub struct PrivateKey(Arc<Pair>);

struct Pair {
    key: Key,
    key_type: KeyType,
    public: SubjectPublicKeyInfoOwned,
}

enum Key {
    Rsa {
        signing: KeyPair,
        decrypting: Pkcs1PrivateDecryptingKey,
    },
    Ec(EcdsaKeyPair),
}

impl PrivateKey {
    /// A new key; RSA of 2048, 3072, 4096 or 8192 bits.
    ///
    /// # Errors
    ///
    /// [`Error::is_unsupported`] for another size; [`Error::is_key`] when the system gives no random numbers.
    pub fn generate(key_type: KeyType) -> Result<Self, Error> {
        let size = match key_type {
            KeyType::Rsa(2048) => rsa::KeySize::Rsa2048,
            KeyType::Rsa(3072) => rsa::KeySize::Rsa3072,
            KeyType::Rsa(4096) => rsa::KeySize::Rsa4096,
            KeyType::Rsa(8192) => rsa::KeySize::Rsa8192,
            KeyType::Rsa(bits) => {
                return Err(Error::unsupported(format!(
                    "making an RSA key of {bits} bits: use 2048, 3072, 4096 or 8192"
                )));
            }
            curve => {
                return EcdsaKeyPair::generate(curve.signing()?)
                    .map_err(|_| Error::key("it could not be generated"))
                    .and_then(Self::from_ec);
            }
        };
        KeyPair::generate(size)
            .map_err(|_| Error::key("it could not be generated"))
            .and_then(Self::from_rsa)
    }

    pub(crate) fn from_rsa(signing: KeyPair) -> Result<Self, Error> {
        let unusable = |_| Error::key("it cannot be used to decrypt");
        let pkcs8 = signing.as_der().map_err(|_| Error::key(ENCODING))?;
        let decrypting = PrivateDecryptingKey::from_pkcs8(pkcs8.as_ref())
            .map_err(|_| Error::key("it cannot be used to decrypt"))?;
        let decrypting = Pkcs1PrivateDecryptingKey::new(decrypting).map_err(unusable)?;
        let public = signing
            .public_key()
            .as_der()
            .map_err(|_| Error::key(ENCODING))?;
        let public = SubjectPublicKeyInfoOwned::from_der(public.as_ref())?;
        let key = Key::Rsa {
            signing,
            decrypting,
        };
        Self::new(key, public)
    }

    pub(crate) fn from_ec(pair: EcdsaKeyPair) -> Result<Self, Error> {
        let public = pair
            .public_key()
            .as_der()
            .map_err(|_| Error::key(ENCODING))?;
        let public = SubjectPublicKeyInfoOwned::from_der(public.as_ref())?;
        Self::new(Key::Ec(pair), public)
    }

    fn new(key: Key, public: SubjectPublicKeyInfoOwned) -> Result<Self, Error> {
        let key_type = KeyType::of(&public)?;
        Ok(Self(Arc::new(Pair {
            key,
            key_type,
            public,
        })))
    }

    /// Its kind and size.
    #[must_use]
    pub fn key_type(&self) -> KeyType {
        self.0.key_type
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> &SubjectPublicKeyInfoOwned {
        &self.0.public
    }

    /// The key as PKCS#8 in PEM, unencrypted.
    ///
    /// # Errors
    ///
    /// [`Error::is_key`] when it cannot be encoded.
    pub fn to_pkcs8_pem(&self) -> Result<SecretString, Error> {
        let encode = |der: &[u8]| crate::cms::armour::encode("PRIVATE KEY", der).into();
        match &self.0.key {
            Key::Rsa { signing, .. } => signing.as_der().map(|der| encode(der.as_ref())),
            Key::Ec(pair) => pair.to_pkcs8v1().map(|der| encode(der.as_ref())),
        }
        .map_err(|_| Error::key(ENCODING))
    }

    /// The content key in an envelope. A bad padding or a wrong length gives a random key instead of an error, so
    /// that nobody can learn from the answer which it was (implicit rejection, as in RFC 3218 section 2.3.2).
    pub(crate) fn unwrap_key(
        &self,
        encrypted: &[u8],
        len: usize,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let Key::Rsa { decrypting, .. } = &self.0.key else {
            return Err(Error::unsupported(
                "an envelope for an elliptic curve key; encrypt to an RSA certificate",
            ));
        };
        let mut key = Zeroizing::new(vec![0; len]);
        rand::fill(&mut key).map_err(|_| Error::key("the system gives no random numbers"))?;
        let mut buffer = Zeroizing::new(vec![0; decrypting.min_output_size()]);
        let stand_in = Zeroizing::new(vec![0; len]);
        let (good, unwrapped) = match decrypting.decrypt(encrypted, &mut buffer) {
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

impl Signer for PrivateKey {
    /// # Errors
    ///
    /// [`Error::is_unsupported`] for SHA-1.
    fn sign(&self, digest: Digest, message: &[u8]) -> Result<Vec<u8>, Error> {
        let failed = |_| Error::key("signing failed");
        match &self.0.key {
            Key::Rsa { signing, .. } => {
                let encoding: &'static dyn RsaEncoding = match digest {
                    Digest::Sha1 => return Err(Error::unsupported("signing with SHA-1")),
                    Digest::Sha256 => &RSA_PKCS1_SHA256,
                    Digest::Sha384 => &RSA_PKCS1_SHA384,
                    Digest::Sha512 => &RSA_PKCS1_SHA512,
                };
                let mut signature = vec![0; signing.public_modulus_len()];
                signing
                    .sign(encoding, &SystemRandom::new(), message, &mut signature)
                    .map_err(failed)?;
                Ok(signature)
            }
            Key::Ec(pair) => {
                if digest == Digest::Sha1 {
                    return Err(Error::unsupported("signing with SHA-1"));
                }
                let hash = self.key_type().hash_for_curve(digest, message)?;
                let signature = pair.sign_digest(&hash).map_err(failed)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.key_type())
    }
}

impl KeyType {
    pub(crate) fn signing(self) -> Result<&'static EcdsaSigningAlgorithm, Error> {
        match self {
            Self::P256 => Ok(&signature::ECDSA_P256_SHA256_ASN1_SIGNING),
            Self::P384 => Ok(&signature::ECDSA_P384_SHA384_ASN1_SIGNING),
            Self::P521 => Ok(&signature::ECDSA_P521_SHA512_ASN1_SIGNING),
            Self::Rsa(_) => Err(Error::unsupported("ECDSA with an RSA key")),
        }
    }

    /// The hash as aws-lc-rs takes it, which ties each curve to the digest of its strength. ECDSA uses the leftmost
    /// bits of a hash, as many as the order of the curve has (FIPS 186-5 section 6.4.1), and reads a shorter one as
    /// a number: so a longer hash is cut and a shorter one padded to the same effect.
    fn hash_for_curve(self, digest: Digest, message: &[u8]) -> Result<Hash, Error> {
        let native = self.digest();
        let hash = digest.hash(message);
        let len = native.algorithm().output_len();
        let fitted = if hash.len() > len {
            hash[..len].to_vec()
        } else {
            [vec![0; len - hash.len()], hash].concat()
        };
        Hash::import_less_safe(&fitted, native.algorithm())
            .map_err(|_| Error::key("signing failed"))
    }
}

const ENCODING: &str = "it cannot be encoded";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cms::verify_signature;

    #[test]
    fn every_curve_signs_by_every_digest() {
        for key_type in [KeyType::P256, KeyType::P384, KeyType::P521] {
            let key = PrivateKey::generate(key_type).unwrap();
            for digest in [Digest::Sha256, Digest::Sha384, Digest::Sha512] {
                let signature = key.sign(digest, b"message").unwrap();
                let algorithm = key_type.signature_identifier(digest).unwrap();
                let verify = |message| {
                    verify_signature(key.public_key(), &algorithm, None, message, &signature)
                };
                assert_eq!(verify(b"message").unwrap(), digest);
                assert!(verify(b"massage").unwrap_err().is_signature());
            }
            assert!(
                key.sign(Digest::Sha1, b"message")
                    .unwrap_err()
                    .is_unsupported()
            );
        }
    }

    #[test]
    fn a_wrong_wrapped_key_gives_a_random_one_and_no_error() {
        let key = PrivateKey::generate(KeyType::Rsa(2048)).unwrap();
        let wrapped = [7; 256];
        let (first, second) = (key.unwrap_key(&wrapped, 16), key.unwrap_key(&wrapped, 16));
        assert_ne!(first.unwrap(), second.unwrap());
        assert_eq!(key.unwrap_key(b"short", 16).unwrap().len(), 16);
    }
}

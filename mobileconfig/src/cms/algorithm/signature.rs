//! Checking one signature under one public key, whatever is signed: a certificate, a request, a CMS message.

use crate::cms::{Digest, Error, PrivateKey, Signer};
use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use const_oid::db::rfc5912;
use der::asn1::{Any, BitString, ObjectIdentifier, Uint};
use der::{Decode, Encode, Sequence};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

/// The kind and size of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyType {
    /// RSA, with the bits of its modulus.
    Rsa(usize),
    /// ECDSA on NIST P-256.
    P256,
    /// ECDSA on NIST P-384.
    P384,
    /// ECDSA on NIST P-521.
    P521,
}

impl KeyType {
    /// The type of a public key.
    ///
    /// # Errors
    ///
    /// [`Error::is_unsupported`] for other kinds of key (Ed25519, RSA-PSS, other curves), which macOS does not take
    /// in a signed profile either.
    pub fn of(key: &SubjectPublicKeyInfoOwned) -> Result<Self, Error> {
        match key.algorithm.oid {
            rfc5912::RSA_ENCRYPTION => {
                let key = RsaPublicKey::from_der(key.subject_public_key.raw_bytes())?;
                let bytes = key.modulus.as_bytes();
                let zeros = bytes
                    .first()
                    .map_or(0, |first| first.leading_zeros() as usize);
                Ok(Self::Rsa(bytes.len() * 8 - zeros))
            }
            rfc5912::ID_EC_PUBLIC_KEY => {
                let curve = key
                    .algorithm
                    .parameters
                    .as_ref()
                    .and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
                match curve {
                    Some(rfc5912::SECP_256_R_1) => Ok(Self::P256),
                    Some(rfc5912::SECP_384_R_1) => Ok(Self::P384),
                    Some(rfc5912::SECP_521_R_1) => Ok(Self::P521),
                    Some(other) => Err(Error::unsupported(format!("the elliptic curve {other}"))),
                    None => Err(Error::unsupported("an elliptic curve without a name")),
                }
            }
            other => Err(Error::unsupported(format!("keys of the type {other}"))),
        }
    }

    /// The digest to sign with when none is asked for: SHA-256, and for larger curves the one of their strength.
    #[must_use]
    pub fn digest(self) -> Digest {
        match self {
            Self::Rsa(_) | Self::P256 => Digest::Sha256,
            Self::P384 => Digest::Sha384,
            Self::P521 => Digest::Sha512,
        }
    }

    /// The identifier of signatures by such a key in a CMS message: `rsaEncryption`, with the digest named beside it
    /// (strongSwan before 5.9.10 knows no other), or `ecdsa-with-SHA…`.
    pub(crate) fn signature_identifier(
        self,
        digest: Digest,
    ) -> Result<AlgorithmIdentifierOwned, Error> {
        if digest == Digest::Sha1 {
            return Err(Error::unsupported("signing with SHA-1"));
        }
        match (self, digest.with_ecdsa()) {
            (Self::Rsa(_), _) => Ok(rsa_encryption()),
            (_, Some(oid)) => Ok(AlgorithmIdentifierOwned {
                oid,
                parameters: None,
            }),
            (_, None) => Err(Error::unsupported("ECDSA with this digest")),
        }
    }

    /// The identifier of signatures by such a key in a certificate, which has no other place for the digest.
    pub(crate) fn certificate_identifier(
        self,
        digest: Digest,
    ) -> Result<AlgorithmIdentifierOwned, Error> {
        match self {
            Self::Rsa(_) => Ok(super::digest::with_null(digest.with_rsa())),
            _ => self.signature_identifier(digest),
        }
    }

    fn verification(self, digest: Digest) -> Result<&'static dyn VerificationAlgorithm, Error> {
        Ok(match (self, digest) {
            (Self::Rsa(bits), _) if bits < 2048 => {
                return Err(Error::unsupported(format!(
                    "an RSA key of {bits} bits; 2048 is the least"
                )));
            }
            (Self::Rsa(_), Digest::Sha1) => {
                &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY
            }
            (Self::Rsa(_), Digest::Sha256) => &signature::RSA_PKCS1_2048_8192_SHA256,
            (Self::Rsa(_), Digest::Sha384) => &signature::RSA_PKCS1_2048_8192_SHA384,
            (Self::Rsa(_), Digest::Sha512) => &signature::RSA_PKCS1_2048_8192_SHA512,
            (Self::P256, Digest::Sha256) => &signature::ECDSA_P256_SHA256_ASN1,
            (Self::P256, Digest::Sha384) => &signature::ECDSA_P256_SHA384_ASN1,
            (Self::P256, Digest::Sha512) => &signature::ECDSA_P256_SHA512_ASN1,
            (Self::P384, Digest::Sha256) => &signature::ECDSA_P384_SHA256_ASN1,
            (Self::P384, Digest::Sha384) => &signature::ECDSA_P384_SHA384_ASN1,
            (Self::P384, Digest::Sha512) => &signature::ECDSA_P384_SHA512_ASN1,
            (Self::P521, Digest::Sha256) => &signature::ECDSA_P521_SHA256_ASN1,
            (Self::P521, Digest::Sha384) => &signature::ECDSA_P521_SHA384_ASN1,
            (Self::P521, Digest::Sha512) => &signature::ECDSA_P521_SHA512_ASN1,
            (_, Digest::Sha1) => return Err(Error::unsupported("ECDSA with SHA-1")),
        })
    }
}

impl std::fmt::Display for KeyType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rsa(bits) => write!(f, "RSA {bits}"),
            Self::P256 => f.write_str("P-256"),
            Self::P384 => f.write_str("P-384"),
            Self::P521 => f.write_str("P-521"),
        }
    }
}

/// `RSAPublicKey` (RFC 8017 appendix A.1.1).
#[derive(Sequence)]
struct RsaPublicKey {
    modulus: Uint,
    exponent: Uint,
}

/// Checks a signature over a message, and tells the digest it was made by.
///
/// `digest` is what the message names beside an algorithm that leaves it open (`rsaEncryption`). RSA is PKCS#1 v1.5
/// with 2048 to 8192 bits, ECDSA is on P-256, P-384 or P-521; neither RSA-PSS nor MD5 is known.
///
/// # Errors
///
/// [`Error::is_signature`] when it does not verify; [`Error::is_unsupported`] when it cannot be checked, or when the
/// algorithm names another digest than `digest`.
pub fn verify_signature(
    key: &SubjectPublicKeyInfoOwned,
    algorithm: &AlgorithmIdentifierOwned,
    digest: Option<Digest>,
    message: &[u8],
    signature: &[u8],
) -> Result<Digest, Error> {
    let key_type = KeyType::of(key)?;
    let named = Digest::find(|digest| match key_type {
        KeyType::Rsa(_) => digest.with_rsa() == algorithm.oid,
        _ => digest.with_ecdsa() == Some(algorithm.oid),
    });
    let open = match key_type {
        KeyType::Rsa(_) => rfc5912::RSA_ENCRYPTION,
        _ => rfc5912::ID_EC_PUBLIC_KEY,
    };
    let used = match (named, digest) {
        (Some(named), Some(digest)) if named != digest => {
            return Err(Error::unsupported(format!(
                "a digest by {digest} under a signature by {named}"
            )));
        }
        (Some(named), _) => named,
        (None, Some(digest)) if algorithm.oid == open => digest,
        (None, _) => {
            return Err(Error::unsupported(format!(
                "the signature algorithm {} under a key of the type {key_type}",
                algorithm.oid
            )));
        }
    };
    let verification = key_type.verification(used)?;
    let refused = || {
        Error::signature(
            "the signature does not verify: the message was changed, or signed by another key",
        )
    };
    ParsedPublicKey::new(verification, key.to_der()?)
        .map_err(|_| refused())?
        .verify_sig(message, signature)
        .map_err(|_| refused())?;
    Ok(used)
}

/// A signed object of X.509: a certificate, a certification request or a revocation list.
///
/// What was signed is kept as received: a re-encoded copy might differ.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub struct SignedObject {
    /// What is signed.
    pub to_be_signed: Any,
    /// By which algorithm.
    pub algorithm: AlgorithmIdentifierOwned,
    /// The signature.
    pub signature: BitString,
}

impl SignedObject {
    /// Signs an object.
    ///
    /// # Errors
    ///
    /// The object cannot be encoded, or [`Signer::sign`] fails.
    pub fn sign(to_be_signed: &impl Encode, key: &PrivateKey) -> Result<Self, Error> {
        let message = to_be_signed.to_der()?;
        let digest = key.key_type().digest();
        let signature = key.sign(digest, &message)?;
        Ok(Self {
            to_be_signed: Any::from_der(&message)?,
            algorithm: key.key_type().certificate_identifier(digest)?,
            signature: BitString::from_bytes(&signature)?,
        })
    }

    /// Checks the signature.
    ///
    /// # Errors
    ///
    /// As [`verify_signature`].
    pub fn verify(&self, key: &SubjectPublicKeyInfoOwned) -> Result<Digest, Error> {
        verify_signature(
            key,
            &self.algorithm,
            None,
            &self.to_be_signed.to_der()?,
            self.signature.raw_bytes(),
        )
    }
}

pub(crate) fn rsa_encryption() -> AlgorithmIdentifierOwned {
    super::digest::with_null(rfc5912::RSA_ENCRYPTION)
}

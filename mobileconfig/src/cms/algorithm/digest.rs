use crate::cms::Error;
use aws_lc_rs::digest;
use const_oid::db::rfc5912;
use der::asn1::{Any, ObjectIdentifier};
use spki::AlgorithmIdentifierOwned;

/// A digest that content, or a certificate, is signed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Digest {
    /// Verified, never signed with.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Digest {
    const ALL: [Self; 4] = [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    /// The digest of some bytes.
    ///
    /// ```
    /// assert_eq!(mobileconfig::cms::Digest::Sha256.hash(b"")[..2], [0xe3, 0xb0]);
    /// ```
    #[must_use]
    pub fn hash(self, data: &[u8]) -> Vec<u8> {
        digest::digest(self.algorithm(), data).as_ref().to_vec()
    }

    /// Its object identifier.
    #[must_use]
    pub fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha1 => rfc5912::ID_SHA_1,
            Self::Sha256 => rfc5912::ID_SHA_256,
            Self::Sha384 => rfc5912::ID_SHA_384,
            Self::Sha512 => rfc5912::ID_SHA_512,
        }
    }

    /// The algorithm identifier as CMS writes it: with NULL parameters, which OpenSSL writes as well and every
    /// reader takes (RFC 5754 section 2 would have them absent).
    #[must_use]
    pub fn identifier(self) -> AlgorithmIdentifierOwned {
        with_null(self.oid())
    }

    /// The digest an algorithm identifier names. Parameters may be absent, and some SCEP servers name a signature
    /// algorithm where the digest belongs.
    ///
    /// # Errors
    ///
    /// [`Error::is_unsupported`] for any other algorithm, MD5 among them.
    pub fn from_identifier(algorithm: &AlgorithmIdentifierOwned) -> Result<Self, Error> {
        Self::find(|digest| {
            [digest.oid(), digest.with_rsa()].contains(&algorithm.oid)
                || digest.with_ecdsa() == Some(algorithm.oid)
        })
        .ok_or_else(|| Error::unsupported(format!("the digest {}", algorithm.oid)))
    }

    pub(crate) fn find(wanted: impl Fn(Self) -> bool) -> Option<Self> {
        Self::ALL.into_iter().find(|digest| wanted(*digest))
    }

    pub(crate) fn with_rsa(self) -> ObjectIdentifier {
        match self {
            Self::Sha1 => rfc5912::SHA_1_WITH_RSA_ENCRYPTION,
            Self::Sha256 => rfc5912::SHA_256_WITH_RSA_ENCRYPTION,
            Self::Sha384 => rfc5912::SHA_384_WITH_RSA_ENCRYPTION,
            Self::Sha512 => rfc5912::SHA_512_WITH_RSA_ENCRYPTION,
        }
    }

    pub(crate) fn with_ecdsa(self) -> Option<ObjectIdentifier> {
        match self {
            Self::Sha1 => None,
            Self::Sha256 => Some(rfc5912::ECDSA_WITH_SHA_256),
            Self::Sha384 => Some(rfc5912::ECDSA_WITH_SHA_384),
            Self::Sha512 => Some(rfc5912::ECDSA_WITH_SHA_512),
        }
    }

    pub(crate) fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        })
    }
}

pub(crate) fn with_null(oid: ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid,
        parameters: Some(Any::null()),
    }
}

//! The algorithms of messages are those of CMS; what is SCEP's own is the error that names the part.

use super::Error;
use super::error::of_cms;
use const_oid::db::rfc5912::SHA_256_WITH_RSA_ENCRYPTION;
use der::asn1::Any;
pub use mobileconfig::cms::{Cipher, Digest};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

/// Checks how a certificate, request or list is signed.
pub(super) fn verify(
    algorithm: &AlgorithmIdentifierOwned,
    key: &SubjectPublicKeyInfoOwned,
    message: &[u8],
    signature: &[u8],
    of: &'static str,
) -> Result<Digest, Error> {
    #[cfg(test)]
    counted::verification();
    mobileconfig::cms::verify_signature(key, algorithm, None, message, signature)
        .map_err(of_cms(of))
}

/// How an [`EnrollmentKey`](super::EnrollmentKey) signs certificates, requests and lists.
pub(super) fn sha256_with_rsa() -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid: SHA_256_WITH_RSA_ENCRYPTION,
        parameters: Some(Any::null()),
    }
}

/// What the refusals are compared by: the verifications each of them costs.
#[cfg(test)]
pub(super) mod counted {
    use std::cell::Cell;

    thread_local!(static VERIFICATIONS: Cell<u32> = const { Cell::new(0) });

    pub(in super::super) fn verification() {
        VERIFICATIONS.with(|count| count.set(count.get() + 1));
    }

    /// How many there were on this thread since the last call.
    #[cfg(feature = "server")]
    pub(in super::super) fn take() -> u32 {
        VERIFICATIONS.with(Cell::take)
    }
}

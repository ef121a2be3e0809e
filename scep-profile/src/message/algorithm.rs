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
    counted::verification(key);
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

/// Costs what a verification with a key of so many bits costs, and decides nothing. The key is one of the authority's,
/// so that the requester has no say in the cost.
pub(super) fn verify_in_vain(key: &SubjectPublicKeyInfoOwned, bits: usize) {
    // Of the length of the modulus: a shorter one is refused without a computation.
    let signature = vec![1; bits / 8];
    let _ = verify(&sha256_with_rsa(), key, b"", &signature, "nothing");
}

/// What the refusals are compared by: the verifications each of them costs, by the sizes of the keys.
#[cfg(test)]
pub(super) mod counted {
    use spki::SubjectPublicKeyInfoOwned;
    use std::cell::RefCell;

    thread_local!(static VERIFICATIONS: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) });

    pub(in super::super) fn verification(key: &SubjectPublicKeyInfoOwned) {
        let bytes = key.subject_public_key.raw_bytes().len();
        VERIFICATIONS.with(|sizes| sizes.borrow_mut().push(bytes));
    }

    /// Those on this thread since the last call, in order.
    #[cfg(feature = "server")]
    pub(in super::super) fn take() -> Vec<usize> {
        VERIFICATIONS.with(RefCell::take)
    }
}

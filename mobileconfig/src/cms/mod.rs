//! The Cryptographic Message Syntax (RFC 5652), as far as profiles and SCEP need it.
//!
//! Structure comes first: reading and writing the types needs no cryptography, so the content of a signed
//! profile can be read without a C compiler. Signing, verifying and encrypting come with the feature `cms`. One rule is kept throughout: **what was signed is kept as received.**
//! [`Attributes`] and the certificates of a [`CertificateSet`] stay the bytes the sender wrote, since a signature
//! over a re-sorted or re-encoded copy would not verify.
//!
//! Senders write BER as often as DER (`openssl cms -stream`, Apple's own SCEP client), so read with [`from_ber`],
//! which passes the message through [`ber::to_der`] first.
//!
//! | RFC 5652 | here |
//! |---|---|
//! | 3 | [`ContentInfo`] |
//! | 5 | [`SignedData`], [`EncapsulatedContentInfo`], [`SignerInfo`], [`SignerIdentifier`] |
//! | 6 | [`EnvelopedData`], [`RecipientInfo`], [`KeyTransRecipientInfo`], [`EncryptedContentInfo`] |
//! | 10.2 | [`CertificateSet`], [`IssuerAndSerialNumber`], [`SetOf`] |
//! | 5.3, 11 | [`Attribute`], [`Attributes`] |
//!
//! With the feature `cms`:
//!
//! | to | use |
//! |---|---|
//! | sign | [`sign`](sign()), [`Signing`], with an [`Identity`] or a [`Signer`] |
//! | verify | [`verify`](verify()), which gives [`Verdicts`] and never one answer for all of them |
//! | encrypt, decrypt | [`seal`], [`open`] |
//! | load keys and certificates | [`PrivateKey::from_file`], [`Identity::from_file`], [`read_certificates`] |

pub mod armour;
pub mod ber;

mod attribute;
mod bundle;
mod content;
mod enveloped;
mod error;
mod set;
mod signed;

#[cfg(feature = "cms")]
mod algorithm;
#[cfg(feature = "cms")]
mod envelope;
#[cfg(feature = "cms")]
mod key;
#[cfg(feature = "cms")]
mod profile;
#[cfg(feature = "cms")]
mod sign;
#[cfg(feature = "cms")]
mod verify;

pub use attribute::{Attribute, Attributes};
pub use bundle::{certificates_only, read_certificates};
pub use content::{ContentInfo, EncapsulatedContentInfo, from_ber, signed_content};
pub use enveloped::{EncryptedContentInfo, EnvelopedData, KeyTransRecipientInfo, RecipientInfo};
pub use error::Error;
pub use set::{CertificateSet, SetOf};
pub use signed::{
    Certificate, DigestAlgorithms, IssuerAndSerialNumber, SerialNumber, SignedData,
    SignerIdentifier, SignerInfo, SignerInfos,
};

#[cfg(feature = "cms")]
pub use {
    algorithm::{Cipher, Digest, KeyType, SignedObject, verify_signature},
    envelope::{open, seal},
    key::{Identity, PrivateKey, Signer},
    sign::{Signing, Unsigned, sign},
    verify::{
        CertificateSummary, ChainProblem, ChainVerdict, SignatureVerdict, SignerVerdict,
        TimeVerdict, Trust, Verdicts, Verified, verify,
    },
};

/// Object identifiers of content types and attributes (RFC 5652 section 14).
pub mod oid {
    pub use const_oid::db::rfc5911::{
        ID_CONTENT_TYPE, ID_DATA, ID_ENVELOPED_DATA, ID_MESSAGE_DIGEST, ID_SIGNED_DATA,
        ID_SIGNING_TIME,
    };
}

//! The Cryptographic Message Syntax (RFC 5652), as far as profiles and SCEP need it.
//!
//! Only structure lives here: reading and writing the types needs no cryptography, so the content of a signed
//! profile can be read without a C compiler. One rule is kept throughout: **what was signed is kept as received.**
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

pub mod armour;
pub mod ber;

mod attribute;
mod content;
mod enveloped;
mod error;
mod set;
mod signed;

pub use attribute::{Attribute, Attributes};
pub use content::{ContentInfo, EncapsulatedContentInfo, from_ber, signed_content};
pub use enveloped::{EncryptedContentInfo, EnvelopedData, KeyTransRecipientInfo, RecipientInfo};
pub use error::Error;
pub use set::{CertificateSet, SetOf};
pub use signed::{
    DigestAlgorithms, IssuerAndSerialNumber, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};

/// Object identifiers of content types and attributes (RFC 5652 section 14).
pub mod oid {
    pub use const_oid::db::rfc5911::{
        ID_CONTENT_TYPE, ID_DATA, ID_ENVELOPED_DATA, ID_MESSAGE_DIGEST, ID_SIGNED_DATA,
    };
}

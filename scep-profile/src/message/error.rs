use super::FailInfo;
use crate::Fingerprint;
use mobileconfig::cms;
use std::fmt;

/// Why a message could not be made, or was not believed. The text says what to do; no secret is part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The message is not of the form RFC 8894 prescribes.
    Malformed {
        /// The part that is wrong.
        part: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// An algorithm or key type that is not supported, or refused as broken.
    Unsupported {
        /// What it is used for, and its object identifier.
        what: String,
    },
    /// A signature does not verify: the message was changed on the way, or signed by another key.
    BadSignature {
        /// What is signed.
        of: &'static str,
    },
    /// The envelope is not for our key, or was changed on the way.
    Undecryptable,
    /// The reply is signed by a certificate that the pinned CA does not vouch for.
    UntrustedSigner,
    /// The reply belongs to another transaction: `transactionID` differs.
    TransactionMismatch,
    /// The reply is not to this request: `recipientNonce` is not the nonce sent.
    NonceMismatch,
    /// The CA answered FAILURE.
    Refused {
        /// Its reason.
        fail_info: FailInfo,
        /// Its `failInfoText` (RFC 8894 section 3.2.1.4), if it sent one.
        text: Option<String>,
    },
    /// The certificate issued is not for the key it was asked for.
    KeyMismatch,
    /// No certificate of the server has the pinned fingerprint.
    CaMismatch {
        /// The pinned one.
        pinned: Fingerprint,
        /// Those of the server, by the same digest.
        found: Vec<Fingerprint>,
    },
    /// The server has no certificate that a request can be encrypted to.
    NoRecipient,
    /// A private key could not be made, read or used.
    Key {
        /// What failed.
        what: &'static str,
    },
}

impl Error {
    pub(crate) fn malformed(part: &'static str, detail: impl fmt::Display) -> Self {
        Self::Malformed {
            part,
            detail: detail.to_string(),
        }
    }

    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }
}

/// For `map_err`: a DER or CMS problem in some part of a message.
pub(crate) fn malformed<E: fmt::Display>(part: &'static str) -> impl Fn(E) -> Error {
    move |error| Error::malformed(part, error)
}

/// For `map_err`: what CMS says about some part of a message.
pub(crate) fn of_cms(of: &'static str) -> impl Fn(cms::Error) -> Error {
    move |error| match error.unsupported_what() {
        Some(what) => Error::unsupported(format!("{what} ({of})")),
        None if error.is_signature() => Error::BadSignature { of },
        None if error.is_decryption() => Error::Undecryptable,
        None if error.is_key() => Error::Key {
            what: "it cannot be used",
        },
        None => Error::malformed(of, error),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { part, detail } => write!(f, "SCEP message malformed: {part}: {detail}"),
            Self::Unsupported { what } => write!(f, "not supported: {what}"),
            Self::BadSignature { of } => write!(
                f,
                "the signature of the {of} does not verify: it was changed on the way or signed by another key"
            ),
            Self::Undecryptable => f.write_str(
                "the envelope cannot be decrypted: it is for another key, or was changed on the way",
            ),
            Self::UntrustedSigner => f.write_str(
                "the reply is signed by a certificate that the pinned CA does not vouch for: \
                 is the URL that of the CA whose fingerprint you pinned?",
            ),
            Self::TransactionMismatch => f.write_str("the reply belongs to another transaction: enrol anew"),
            Self::NonceMismatch => f.write_str("the reply is not to this request (recipientNonce differs): enrol anew"),
            Self::Refused { fail_info, text } => {
                match text {
                    Some(text) => write!(f, "the CA refused and says `{text}`: {fail_info}"),
                    None => write!(f, "the CA refused: {fail_info}"),
                }
            }
            Self::KeyMismatch => f.write_str("the certificate issued is for another key than the one asked for"),
            Self::CaMismatch { pinned, found } => {
                write!(f, "no certificate of the SCEP server has the fingerprint {pinned}; it has ")?;
                for (index, fingerprint) in found.iter().enumerate() {
                    write!(f, "{}{}", if index > 0 { ", " } else { "" }, fingerprint.colon_hex())?;
                }
                f.write_str(": check the URL, and take the fingerprint of the CA certificate anew")
            }
            Self::NoRecipient => f.write_str(
                "the SCEP server has no RSA certificate to encrypt a request to: \
                 its CA or RA needs an RSA key with keyEncipherment",
            ),
            Self::Key { what } => write!(f, "private key: {what}"),
        }
    }
}

impl std::error::Error for Error {}

/// A weakness of the other side that was met and put up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Weakness {
    /// A signature with SHA-1.
    Sha1Signature,
    /// Content encrypted by single DES.
    DesContent,
    /// Content encrypted by triple DES.
    TripleDesContent,
    /// The server announces neither AES nor `SCEPStandard`.
    NoAes,
    /// The server announces no digest stronger than SHA-1.
    NoSha256,
    /// The CA or RA certificate has no key usage, or not digitalSignature and keyEncipherment (RFC 8894 section 2.1.2
    /// asks for both); macOS refuses such an RA (error -67731).
    CaKeyUsage,
    /// The RA certificate has no extended key usage that marks it as one (`id-kp-cmcRA`, or Microsoft's Certificate Request
    /// Agent): whoever holds a certificate of this CA could pass for the RA, and read challenges.
    UnmarkedRegistrationAuthority,
    /// The CA or RA certificate is not valid at the time of the request.
    CaNotValidNow,
    /// The reply repeats our nonce as its own in place of a fresh one.
    EchoedNonce,
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha1Signature => "signs with SHA-1",
            Self::DesContent => "encrypts with single DES",
            Self::TripleDesContent => "encrypts with triple DES",
            Self::NoAes => "does not announce AES",
            Self::NoSha256 => "does not announce SHA-256",
            Self::CaKeyUsage => {
                "has a CA or RA certificate without digitalSignature and keyEncipherment"
            }
            Self::UnmarkedRegistrationAuthority => {
                "has an RA certificate that nothing marks as one, so that other certificates of the CA could pass for it"
            }
            Self::CaNotValidNow => "has a CA or RA certificate that is not valid now",
            Self::EchoedNonce => "repeats the nonce of the request in place of a fresh one",
        })
    }
}

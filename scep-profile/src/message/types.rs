use aws_lc_rs::rand;
use sha1::{Digest, Sha1};
use std::fmt;
use subtle::ConstantTimeEq;

use super::Error;

/// `messageType` (RFC 8894 section 3.2.1.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageType {
    /// 3: the answer to all others.
    CertRep,
    /// 17: a request signed with the certificate to be renewed.
    RenewalReq,
    /// 19: a request with a challenge.
    PkcsReq,
    /// 20: asks after a request that was answered PENDING.
    CertPoll,
    /// 21: asks for a certificate issued earlier.
    GetCert,
    /// 22: asks for a revocation list.
    GetCrl,
    /// Any other, as received.
    Other(String),
}

impl MessageType {
    /// The decimal number as it stands in the message.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::CertRep => "3",
            Self::RenewalReq => "17",
            Self::PkcsReq => "19",
            Self::CertPoll => "20",
            Self::GetCert => "21",
            Self::GetCrl => "22",
            Self::Other(other) => other,
        }
    }

    /// The type of a decimal number.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        [
            Self::CertRep,
            Self::RenewalReq,
            Self::PkcsReq,
            Self::CertPoll,
            Self::GetCert,
            Self::GetCrl,
        ]
        .into_iter()
        .find(|known| known.as_str() == text)
        .unwrap_or_else(|| Self::Other(text.to_owned()))
    }
}

/// `pkiStatus` (RFC 8894 section 3.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PkiStatus {
    /// 0: the certificate is in the envelope.
    Success,
    /// 2: refused, see [`FailInfo`].
    Failure,
    /// 3: someone has to approve; ask again by CertPoll.
    Pending,
}

impl PkiStatus {
    /// The decimal number as it stands in the message.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "0",
            Self::Failure => "2",
            Self::Pending => "3",
        }
    }

    /// The status of a decimal number; `None` for one that RFC 8894 does not have.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Success, Self::Failure, Self::Pending]
            .into_iter()
            .find(|known| known.as_str() == text)
    }
}

/// `failInfo` (RFC 8894 section 3.2.1.4): why a CA refused. `Display` says what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailInfo {
    /// 0: unrecognised or unsupported algorithm.
    BadAlg,
    /// 1: integrity check failed.
    BadMessageCheck,
    /// 2: transaction not permitted or supported; what servers send for a wrong challenge.
    BadRequest,
    /// 3: the signing time is too far from the server's.
    BadTime,
    /// 4: no such certificate.
    BadCertId,
    /// Any other, as received; empty when the server sent none.
    Other(String),
}

impl FailInfo {
    /// The decimal number as it stands in the message.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::BadAlg => "0",
            Self::BadMessageCheck => "1",
            Self::BadRequest => "2",
            Self::BadTime => "3",
            Self::BadCertId => "4",
            Self::Other(other) => other,
        }
    }

    /// The reason of a decimal number.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        [
            Self::BadAlg,
            Self::BadMessageCheck,
            Self::BadRequest,
            Self::BadTime,
            Self::BadCertId,
        ]
        .into_iter()
        .find(|known| known.as_str() == text)
        .unwrap_or_else(|| Self::Other(text.to_owned()))
    }
}

impl fmt::Display for FailInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadAlg => f.write_str("badAlg: it does not take the cipher or digest; compare its GetCACaps"),
            Self::BadMessageCheck => f.write_str(
                "badMessageCheck: it could not verify or decrypt the request; check that the CA certificate is its own",
            ),
            Self::BadRequest => f.write_str(
                "badRequest: usually a wrong challenge, or a renewal it does not offer; \
                 compare the secret with the admin console, reset it there if it is lost",
            ),
            Self::BadTime => f.write_str("badTime: set the clock of this machine"),
            Self::BadCertId => f.write_str("badCertId: it knows no such certificate or request; enrol anew"),
            Self::Other(other) if other.is_empty() => f.write_str("no reason given; look into the server's log"),
            // It goes to terminals and reports, and comes from elsewhere.
            Self::Other(other) => write!(
                f,
                "reason {}, which RFC 8894 does not have; look into its log",
                other.chars().take(20).flat_map(char::escape_default).collect::<String>()
            ),
        }
    }
}

/// `transactionID` (RFC 8894 section 3.2.1.1): the same for a request and all polls after it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TransactionId(String);

impl TransactionId {
    /// The identifier for a key: upper-case hex SHA-1 of the PKCS#1 public key, as Apple's client makes it. The RFC
    /// asks for some hash of the key only, so that a repeated request is recognised.
    #[must_use]
    pub fn of_public_key(pkcs1: &[u8]) -> Self {
        Self(hex::encode_upper(Sha1::digest(pkcs1)))
    }

    /// A random identifier, for a question that belongs to no enrolment.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] when the system gives no random numbers.
    pub fn random() -> Result<Self, Error> {
        Nonce::random().map(|nonce| Self(hex::encode_upper(nonce.as_bytes())))
    }

    /// An identifier as received, whatever its form (some clients use base64).
    #[must_use]
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text in the message.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransactionId({})", self.0)
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `senderNonce` and `recipientNonce` (RFC 8894 section 3.2.1.5), 16 random bytes when made here.
#[derive(Clone)]
pub struct Nonce(Vec<u8>);

impl Nonce {
    /// A fresh one.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] when the system gives no random numbers.
    pub fn random() -> Result<Self, Error> {
        let mut bytes = vec![0; 16];
        rand::fill(&mut bytes).map_err(|_| Error::Key {
            what: "the system gives no random numbers",
        })?;
        Ok(Self(bytes))
    }

    /// One as received.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq for Nonce {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Nonce {}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nonce({})", hex::encode(&self.0))
    }
}

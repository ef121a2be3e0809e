use crate::cms::Certificate;
use crate::cms::{Digest, Error};
use crate::printable::cut;
use der::{DateTime, Decode};
use std::fmt;
use std::time::SystemTime;
use x509_cert::name::Name;

/// What was found out about one signer. Each verdict answers a question of its own, and none of them follows from
/// another: a signature can be good although its certificate expired, and a chain can be good under a signature that
/// is not.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Verdicts {
    /// Is this content what the signer's key signed?
    pub signature: SignatureVerdict,
    /// Do the given roots vouch for the signer's certificate, leaving time aside?
    pub chain: ChainVerdict,
    /// Were the certificates valid at the time asked about?
    pub time: TimeVerdict,
    /// Is the signer the expected one?
    pub signer: SignerVerdict,
    /// The digest of the content; `None` when the algorithm is not known.
    pub digest: Option<Digest>,
    /// The signer's claim when it signed; it proves nothing.
    #[serde(serialize_with = "optional_time")]
    pub signing_time: Option<SystemTime>,
    /// The time the certificates were looked at.
    #[serde(serialize_with = "time")]
    pub as_of: SystemTime,
    /// The signer's certificate first, then as far towards a root as could be found; empty when the message does not bring
    /// the signer's certificate.
    pub path: Vec<CertificateSummary>,
}

/// Is the content what the signer's key signed?
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
#[non_exhaustive]
pub enum SignatureVerdict {
    /// Yes.
    Valid,
    /// No: the content is another one than was signed.
    ContentChanged,
    /// No: the signature is not one by this key over this message.
    Invalid,
    /// No: the signed attributes are missing, double or contradict the message.
    Malformed {
        /// What is wrong with them.
        problem: String,
    },
    /// Not known: an algorithm or key that is not checked, or is refused as broken.
    Unsupported {
        /// Which.
        what: String,
    },
    /// Not known: neither the message nor the caller has the signer's certificate.
    NoCertificate,
}

/// Do the given roots vouch for the signer's certificate? Validity in time is [`TimeVerdict`]'s.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
#[non_exhaustive]
pub enum ChainVerdict {
    /// Yes, by the certificates of [`Verdicts::path`].
    Trusted,
    /// No, or not that could be found.
    Untrusted {
        /// The subject of the certificate at which it ended.
        subject: String,
        /// Why it ended there.
        problem: ChainProblem,
    },
    /// Not known: the caller gave no roots.
    NoRoots,
    /// Not known: neither the message nor the caller has the signer's certificate.
    NoCertificate,
}

/// Why a chain does not reach a root.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "detail")]
#[non_exhaustive]
pub enum ChainProblem {
    /// Neither a root nor a certificate of the message has this subject, which is the issuer looked for.
    IssuerNotFound(String),
    /// The certificate ends the chain in itself, and is none of the roots.
    UnknownRoot,
    /// The signature on the certificate is not by its issuer's key.
    BadSignature,
    /// The signature on the certificate is by an algorithm that is not checked, or by SHA-1.
    Algorithm(String),
    /// A certificate that issued another is no certification authority (`basicConstraints`).
    NotAnAuthority,
    /// `keyUsage` does not allow what the key was used for.
    KeyUsage,
    /// There are more certification authorities below this one than its `pathLenConstraint` allows.
    PathTooLong,
    /// A critical extension that is not understood, by its object identifier.
    CriticalExtension(String),
    /// An extension that cannot be read, by its object identifier.
    MalformedExtension(String),
    /// More certificates than are tried.
    TooMany,
}

/// Were the certificates valid at the time asked about ([`Verdicts::as_of`])? Judged are those of
/// [`Verdicts::path`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
#[non_exhaustive]
pub enum TimeVerdict {
    /// Yes, all of them.
    Valid,
    /// No: one of them had expired.
    Expired {
        /// Its subject.
        subject: String,
        /// The last moment of its validity.
        #[serde(serialize_with = "time")]
        not_after: SystemTime,
    },
    /// No: one of them was not valid yet.
    NotYetValid {
        /// Its subject.
        subject: String,
        /// The first moment of its validity.
        #[serde(serialize_with = "time")]
        not_before: SystemTime,
    },
    /// Not known: neither the message nor the caller has the signer's certificate.
    NoCertificate,
}

/// Is the signer the expected one? A device replaces a signed profile only by one of the same signer, unless MDM does it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
#[non_exhaustive]
pub enum SignerVerdict {
    /// Yes: it is the certificate that was given.
    Expected,
    /// No: it is another certificate.
    Other,
    /// The caller expected nobody in particular; who signed is in [`Verdicts::path`].
    NotAsked,
    /// Not known: neither the message nor the caller has the signer's certificate.
    NoCertificate,
}

/// What people want to know of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct CertificateSummary {
    /// Its subject, RFC 4514 text. It ends in `…` where one of more than 4096 bytes is cut.
    pub subject: String,
    /// Its issuer, RFC 4514 text, cut like the subject.
    pub issuer: String,
    /// Its serial number, hexadecimal in upper case with colons. It ends in `…` where one of more than 64 bytes is cut; RFC
    /// 5280 allows 20.
    pub serial_number: String,
    /// The first moment of its validity.
    #[serde(serialize_with = "time")]
    pub not_before: SystemTime,
    /// The last moment of its validity.
    #[serde(serialize_with = "time")]
    pub not_after: SystemTime,
    /// SHA-256 over its DER, hexadecimal in upper case with colons.
    pub sha256: String,
}

impl CertificateSummary {
    /// The summary of a certificate in DER.
    ///
    /// # Errors
    ///
    /// The bytes are no certificate.
    pub fn of_der(der: &[u8]) -> Result<Self, Error> {
        Ok(Self::new(der, &Certificate::from_der(der)?))
    }

    pub(super) fn new(der: &[u8], certificate: &Certificate) -> Self {
        let tbs = certificate.tbs_certificate();
        Self {
            subject: name(tbs.subject()),
            issuer: name(tbs.issuer()),
            serial_number: hex(tbs.serial_number().as_bytes()),
            not_before: tbs.validity().not_before.to_system_time(),
            not_after: tbs.validity().not_after.to_system_time(),
            sha256: hex(&Digest::Sha256.hash(der)),
        }
    }
}

/// A name as RFC 4514 text, so short that verdicts that repeat it stay in proportion to the message.
pub(super) fn name(name: &Name) -> String {
    const MAX: usize = 4096;
    cut(&name.to_string(), MAX).into_owned()
}

fn hex(bytes: &[u8]) -> String {
    const MAX: usize = 64;
    let pairs: Vec<_> = bytes
        .iter()
        .take(MAX)
        .map(|byte| format!("{byte:02X}"))
        .collect();
    let more = if bytes.len() > MAX { ":…" } else { "" };
    pairs.join(":") + more
}

impl fmt::Display for SignatureVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Valid => f.write_str("valid"),
            Self::ContentChanged => {
                f.write_str("INVALID: the content is not the one that was signed")
            }
            Self::Invalid => {
                f.write_str("INVALID: it is not by the key of the signer's certificate")
            }
            Self::Malformed { problem } => write!(f, "INVALID: {problem}"),
            Self::Unsupported { what } => write!(f, "not checked: {what} is not supported"),
            Self::NoCertificate => f.write_str(NO_CERTIFICATE),
        }
    }
}

impl fmt::Display for ChainVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trusted => f.write_str("trusted"),
            Self::Untrusted { subject, problem } => write!(f, "UNTRUSTED at {subject}: {problem}"),
            Self::NoRoots => f.write_str("not checked: no roots were given"),
            Self::NoCertificate => f.write_str(NO_CERTIFICATE),
        }
    }
}

impl fmt::Display for ChainProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IssuerNotFound(issuer) => write!(
                f,
                "its issuer, {issuer}, is neither among the roots nor in the message"
            ),
            Self::UnknownRoot => f.write_str("it is its own issuer and none of the roots"),
            Self::BadSignature => f.write_str("its signature is not by its issuer's key"),
            Self::Algorithm(what) => write!(f, "its signature cannot be relied on: {what}"),
            Self::NotAnAuthority => {
                f.write_str("it issued a certificate and is no certification authority")
            }
            Self::KeyUsage => f.write_str("its key usage does not allow what its key was used for"),
            Self::PathTooLong => f.write_str("its path length constraint is exceeded"),
            Self::CriticalExtension(oid) => {
                write!(f, "its critical extension {oid} is not understood")
            }
            Self::MalformedExtension(oid) => write!(f, "its extension {oid} cannot be read"),
            Self::TooMany => {
                f.write_str("the chain is longer, or has more branches, than is tried")
            }
        }
    }
}

impl fmt::Display for TimeVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Valid => f.write_str("valid"),
            Self::Expired { subject, not_after } => {
                write!(
                    f,
                    "EXPIRED: {subject} was valid until {}",
                    rfc3339(*not_after)
                )
            }
            Self::NotYetValid {
                subject,
                not_before,
            } => {
                write!(
                    f,
                    "NOT YET VALID: {subject} is valid from {}",
                    rfc3339(*not_before)
                )
            }
            Self::NoCertificate => f.write_str(NO_CERTIFICATE),
        }
    }
}

impl fmt::Display for SignerVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expected => "the expected one",
            Self::Other => "ANOTHER than the expected one",
            Self::NotAsked => "nobody in particular was expected",
            Self::NoCertificate => NO_CERTIFICATE,
        })
    }
}

const NO_CERTIFICATE: &str = "not checked: the message does not bring the signer's certificate";

/// The time in UTC, to the second; certificates know no finer ones.
fn rfc3339(time: SystemTime) -> String {
    DateTime::from_system_time(time)
        .map_or_else(|_| "an unknown time".to_owned(), |time| time.to_string())
}

fn time<S: serde::Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*time))
}

fn optional_time<S: serde::Serializer>(
    time: &Option<SystemTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.serialize_some(&rfc3339(*time)),
        None => serializer.serialize_none(),
    }
}

use std::fmt;

/// A CMS message that cannot be read, believed or made: what is wrong and, where it is known, at which byte.
///
/// It never holds content of the message, which may be a profile with a secret in it, and nothing of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    offset: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "cms"),
    expect(dead_code, reason = "some are met only where there is cryptography")
)]
enum Kind {
    Syntax(&'static str),
    Der(der::ErrorKind),
    Limit(&'static str),
    Content(&'static str),
    Certificate(String),
    Unsupported(String),
    Signature(&'static str),
    Decryption,
    Key(String),
    Password(&'static str),
}

impl Error {
    pub(crate) fn syntax(what: &'static str, offset: usize) -> Self {
        Self {
            kind: Kind::Syntax(what),
            offset: Some(offset),
        }
    }

    pub(crate) fn limit(what: &'static str, offset: usize) -> Self {
        Self {
            kind: Kind::Limit(what),
            offset: Some(offset),
        }
    }

    pub(crate) fn content(what: &'static str) -> Self {
        Self {
            kind: Kind::Content(what),
            offset: None,
        }
    }

    pub(crate) fn certificate(error: &der::Error) -> Self {
        Self {
            kind: Kind::Certificate(error.to_string()),
            offset: None,
        }
    }

    /// The byte at which the problem was found, counted in the message as it was given, or, for problems of
    /// structure, in its DER form; `None` where no single byte is to blame.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }

    /// The message is well-formed but nested too deeply or too large to be read, or has more signers than are looked at.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        matches!(self.kind, Kind::Limit(_))
    }

    /// The message is well-formed CMS of another kind than was asked for, for instance encrypted, or signed without
    /// carrying its content.
    #[must_use]
    pub fn is_content(&self) -> bool {
        matches!(self.kind, Kind::Content(_))
    }

    /// Something that should be an X.509 certificate is none.
    #[must_use]
    pub fn is_certificate(&self) -> bool {
        matches!(self.kind, Kind::Certificate(_))
    }

    /// An algorithm, or a kind or size of key, that is not supported or is refused as broken.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        matches!(self.kind, Kind::Unsupported(_))
    }

    /// What is not supported, of an error that [`is_unsupported`](Self::is_unsupported).
    #[must_use]
    pub fn unsupported_what(&self) -> Option<&str> {
        match &self.kind {
            Kind::Unsupported(what) => Some(what),
            _ => None,
        }
    }

    /// A signature does not verify, or the content is not the one that was signed.
    #[must_use]
    pub fn is_signature(&self) -> bool {
        matches!(self.kind, Kind::Signature(_))
    }

    /// An envelope is for another key, or was changed on the way.
    #[must_use]
    pub fn is_decryption(&self) -> bool {
        matches!(self.kind, Kind::Decryption)
    }

    /// A key, or a file with a key in it, that cannot be read or used, or does not belong to its certificate.
    #[must_use]
    pub fn is_key(&self) -> bool {
        matches!(self.kind, Kind::Key(_) | Kind::Password(_))
    }

    /// A password that is missing or wrong.
    #[must_use]
    pub fn is_password(&self) -> bool {
        matches!(self.kind, Kind::Password(_))
    }
}

#[cfg(feature = "cms")]
impl Error {
    fn without_offset(kind: Kind) -> Self {
        Self { kind, offset: None }
    }

    pub(crate) fn too_many(what: &'static str) -> Self {
        Self::without_offset(Kind::Limit(what))
    }

    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::without_offset(Kind::Unsupported(what.into()))
    }

    pub(crate) fn content_changed() -> Self {
        Self::signature(CONTENT_CHANGED)
    }

    /// The digest of the content is not the signed one; otherwise it is the signature itself that is wrong.
    pub(crate) fn is_content_changed(&self) -> bool {
        self.kind == Kind::Signature(CONTENT_CHANGED)
    }

    pub(crate) fn signature(what: &'static str) -> Self {
        Self::without_offset(Kind::Signature(what))
    }

    pub(crate) fn decryption() -> Self {
        Self::without_offset(Kind::Decryption)
    }

    pub(crate) fn password(what: &'static str) -> Self {
        Self::without_offset(Kind::Password(what))
    }

    /// A key that cannot be used: for implementors of [`Signer`](super::Signer). `what` says why, without any secret.
    pub fn key(what: impl Into<String>) -> Self {
        Self::without_offset(Kind::Key(what.into()))
    }
}

#[cfg(feature = "cms")]
const CONTENT_CHANGED: &str = "the content is not the one that was signed: its digest differs";

impl From<der::Error> for Error {
    fn from(error: der::Error) -> Self {
        Self {
            kind: Kind::Der(error.kind()),
            offset: error.position().map(|at| u32::from(at) as usize),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Syntax(what) => write!(f, "not a CMS message: {what}")?,
            Kind::Der(kind) => write!(f, "not the CMS structure expected: {kind}")?,
            Kind::Limit(what) => write!(f, "CMS message refused: {what}")?,
            Kind::Content(what) | Kind::Signature(what) | Kind::Password(what) => f.write_str(what)?,
            Kind::Certificate(error) => write!(f, "not an X.509 certificate ({error})")?,
            Kind::Unsupported(what) => write!(f, "not supported: {what}")?,
            Kind::Decryption => f.write_str(
                "the envelope cannot be decrypted: it is for another key, or was changed on the way",
            )?,
            Kind::Key(what) => write!(f, "private key: {what}")?,
        }
        match self.offset {
            Some(offset) => write!(f, " (byte {offset})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

use std::fmt;

/// A CMS message that cannot be read: what is wrong, and at which byte.
///
/// It never holds content of the message, which may be a profile with a secret in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    offset: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Syntax(&'static str),
    Der(der::ErrorKind),
    Limit(&'static str),
    Content(&'static str),
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

    /// The byte at which the problem was found, counted in the message as it was given, or, for problems of
    /// structure, in its DER form; `None` where no single byte is to blame.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }

    /// The message is well-formed but nested too deeply or too large to be read.
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
}

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
            Kind::Content(what) => f.write_str(what)?,
        }
        match self.offset {
            Some(offset) => write!(f, " (byte {offset})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

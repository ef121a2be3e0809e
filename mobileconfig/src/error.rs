//! The one error of the crate: what is wrong, under which key, at which byte.

use std::fmt;

use plist::Value;

use crate::cms;
use crate::printable::printable;

/// What went wrong while building, reading or writing a profile.
///
/// Opaque on purpose: callers ask by predicate ([`is_syntax`](Self::is_syntax), [`is_missing_key`](Self::is_missing_key)…)
/// and people read the `Display` text. It names the key path and, for errors found while reading, the byte
/// position. It never holds a value of the profile, since any value may be a secret.
///
/// ```
/// let error = mobileconfig::Profile::from_bytes(b"<plist><dict><key>PayloadType</key></dict></plist>").unwrap_err();
/// assert!(error.is_syntax());
/// assert_eq!(error.path(), "PayloadType");
/// assert_eq!(error.position(), Some(35));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: Kind,
    path: String,
    position: Option<u64>,
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Syntax,
    DuplicateKey,
    Limit,
    MissingKey,
    WrongType,
    Value,
    Build,
    Unwritable,
    Cms,
}

impl Error {
    /// A value that has the right type and is still wrong: for implementors of [`PayloadContent`](crate::PayloadContent).
    ///
    /// `path` is the key path below the payload (`PayloadContent.URL`). `message` says what is wrong and what
    /// would be right; it must not repeat a secret.
    pub fn invalid_value(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Kind::Value, path, message)
    }

    /// A required key that is absent: for implementors of [`PayloadContent`](crate::PayloadContent).
    pub fn missing_key(path: impl Into<String>) -> Self {
        Self::new(Kind::MissingKey, path, "this required key is missing")
    }

    /// A value of the wrong plist type: for implementors of [`PayloadContent`](crate::PayloadContent).
    ///
    /// `expected` is the plist element (`"string"`, `"data"`); only the type of `found` is used.
    pub fn wrong_type(path: impl Into<String>, expected: &str, found: &Value) -> Self {
        let message = format!("expected <{expected}>, found <{}>", type_name(found));
        Self::new(Kind::WrongType, path, message)
    }

    /// The same error with `prefix` put before its key path.
    #[must_use]
    pub fn within(mut self, prefix: &str) -> Self {
        let path = &mut self.inner.path;
        if path.is_empty() {
            prefix.clone_into(path);
        } else if path.starts_with('[') {
            path.insert_str(0, prefix);
        } else {
            *path = format!("{prefix}.{path}");
        }
        self
    }

    pub(crate) fn syntax(
        position: u64,
        path: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(Kind::Syntax, path, message).at(position)
    }

    pub(crate) fn duplicate_key(position: u64, path: impl Into<String>) -> Self {
        let message = "this key occurs twice in one dictionary; keep one of them";
        Self::new(Kind::DuplicateKey, path, message).at(position)
    }

    pub(crate) fn limit(
        position: u64,
        path: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(Kind::Limit, path, message).at(position)
    }

    pub(crate) fn build(problems: &[String]) -> Self {
        Self::new(Kind::Build, "", problems.join("; "))
    }

    pub(crate) fn unwritable(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Kind::Unwritable, path, message)
    }

    fn new(kind: Kind, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                path: path.into(),
                position: None,
                message: message.into(),
            }),
        }
    }

    fn at(mut self, position: u64) -> Self {
        self.inner.position = Some(position);
        self
    }

    /// The key path of the culprit, such as `PayloadContent[0].PayloadUUID`; empty for the document as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.inner.path
    }

    /// The byte offset in the document, when the error was found while reading one.
    #[must_use]
    pub fn position(&self) -> Option<u64> {
        self.inner.position
    }

    /// True if the bytes are not a well-formed property list.
    #[must_use]
    pub fn is_syntax(&self) -> bool {
        matches!(self.inner.kind, Kind::Syntax | Kind::DuplicateKey)
    }

    /// True if a dictionary holds one key twice.
    #[must_use]
    pub fn is_duplicate_key(&self) -> bool {
        self.inner.kind == Kind::DuplicateKey
    }

    /// True if the document is beyond the [`Limits`](crate::Limits) it was read with.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        self.inner.kind == Kind::Limit
    }

    /// True if a required key is absent.
    #[must_use]
    pub fn is_missing_key(&self) -> bool {
        self.inner.kind == Kind::MissingKey
    }

    /// True if a value has the wrong plist type.
    #[must_use]
    pub fn is_wrong_type(&self) -> bool {
        self.inner.kind == Kind::WrongType
    }

    /// True if a value has the right type and is still wrong, such as bytes that are no certificate.
    #[must_use]
    pub fn is_invalid_value(&self) -> bool {
        self.inner.kind == Kind::Value
    }

    /// True if [`ProfileBuilder::build`](crate::ProfileBuilder::build) refused what it was given.
    #[must_use]
    pub fn is_build(&self) -> bool {
        self.inner.kind == Kind::Build
    }

    /// True if the profile holds a value that an XML property list cannot carry.
    #[must_use]
    pub fn is_unwritable(&self) -> bool {
        self.inner.kind == Kind::Unwritable
    }

    /// True if a signed or encrypted envelope (CMS) could not be read or made.
    #[must_use]
    pub fn is_cms(&self) -> bool {
        self.inner.kind == Kind::Cms
    }
}

impl From<cms::Error> for Error {
    fn from(error: cms::Error) -> Self {
        let kind = if error.is_limit() {
            Kind::Limit
        } else {
            Kind::Cms
        };
        let position = error.offset().map(|offset| offset as u64);
        let text = error.to_string();
        // `Display` adds the position itself.
        let suffix = position.map(|position| format!(" (byte {position})"));
        let message = suffix
            .and_then(|suffix| text.strip_suffix(&suffix))
            .unwrap_or(&text)
            .to_owned();
        Self {
            inner: Box::new(Inner {
                kind,
                path: String::new(),
                position,
                message,
            }),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            path,
            position,
            message,
            ..
        } = &*self.inner;
        if !path.is_empty() {
            write!(f, "{}: ", printable(path))?;
        }
        f.write_str(&printable(message))?;
        match position {
            Some(position) => write!(f, " (byte {position})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.inner.kind)
            .field("path", &self.inner.path)
            .field("position", &self.inner.position)
            .field("message", &self.inner.message)
            .finish()
    }
}

impl std::error::Error for Error {}

/// The name of a value's XML element.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "array",
        Value::Dictionary(_) => "dict",
        Value::Boolean(_) => "boolean",
        Value::Data(_) => "data",
        Value::Date(_) => "date",
        Value::Real(_) => "real",
        Value::Integer(_) => "integer",
        Value::String(_) => "string",
        _ => "uid",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_joins_keys_with_a_dot_and_indices_directly() {
        let path = |inner: &str| Error::missing_key(inner).within("Rules").path().to_owned();
        assert_eq!(path(""), "Rules");
        assert_eq!(path("RuleType"), "Rules.RuleType");
        assert_eq!(path("[2].RuleType"), "Rules[2].RuleType");
    }

    #[test]
    fn a_wrong_type_names_both_types_and_not_the_value() {
        let error = Error::wrong_type("Password", "string", &Value::Data(b"hunter2".to_vec()));
        assert_eq!(
            error.to_string(),
            "Password: expected <string>, found <data>"
        );
        assert!(error.is_wrong_type() && !error.is_invalid_value());
    }
}

use std::fmt;

/// A value that cannot go into a profile: which field, what is wrong with it, and what to do.
///
/// It may report several problems at once. No secret is ever part of the text.
///
/// ```
/// let error = scep_profile::Fingerprint::from_bytes(&[0; 31]).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "CAFingerprint: 31 bytes; a SHA-256 fingerprint has 32: check that nothing was cut off when it was copied",
/// );
/// assert!(error.is_fingerprint());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    problems: Vec<Problem>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Problem {
    field: Field,
    problem: String,
    mend: String,
}

/// The field an error is about, named as the payload key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Url,
    Subject,
    Challenge,
    #[cfg(feature = "okta")]
    KeySize,
    Fingerprint,
    AltName,
    Certificate,
    Retry,
    Renewal,
    #[cfg(feature = "okta")]
    Profile,
}

impl Field {
    fn name(self) -> &'static str {
        match self {
            Self::Url => "URL",
            Self::Subject => "Subject",
            Self::Challenge => "Challenge",
            #[cfg(feature = "okta")]
            Self::KeySize => "Keysize",
            Self::Fingerprint => "CAFingerprint",
            Self::AltName => "SubjectAltName",
            Self::Certificate => "CA certificate",
            Self::Retry => "Retries",
            Self::Renewal => "renewal",
            #[cfg(feature = "okta")]
            Self::Profile => "profile",
        }
    }
}

impl Error {
    pub(crate) fn new(field: Field, problem: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            problems: vec![Problem {
                field,
                problem: problem.into(),
                mend: mend.into(),
            }],
        }
    }

    /// All of the errors as one; `None` when there are none.
    pub(crate) fn all(errors: impl IntoIterator<Item = Self>) -> Option<Self> {
        let problems: Vec<_> = errors
            .into_iter()
            .flat_map(|error| error.problems)
            .collect();
        (!problems.is_empty()).then_some(Self { problems })
    }

    /// The payload keys the problems are about, one for each problem, in the order found.
    pub fn fields(&self) -> impl Iterator<Item = &'static str> {
        self.problems.iter().map(|problem| problem.field.name())
    }

    /// The problems as people read them, one a line.
    pub fn problems(&self) -> impl Iterator<Item = String> {
        self.problems.iter().map(ToString::to_string)
    }

    /// Some problem is about the SCEP URL.
    #[must_use]
    pub fn is_url(&self) -> bool {
        self.concerns(Field::Url)
    }

    /// Some problem is about the subject.
    #[must_use]
    pub fn is_subject(&self) -> bool {
        self.concerns(Field::Subject)
    }

    /// Some problem is about the challenge.
    #[must_use]
    pub fn is_challenge(&self) -> bool {
        self.concerns(Field::Challenge)
    }

    /// Some problem is about a fingerprint.
    #[must_use]
    pub fn is_fingerprint(&self) -> bool {
        self.concerns(Field::Fingerprint)
    }

    /// Some problem is about a CA certificate.
    #[must_use]
    pub fn is_certificate(&self) -> bool {
        self.concerns(Field::Certificate)
    }

    /// Some problem is about a renewal policy or its rings.
    #[must_use]
    pub fn is_renewal(&self) -> bool {
        self.concerns(Field::Renewal)
    }

    fn concerns(&self, field: Field) -> bool {
        self.problems.iter().any(|problem| problem.field == field)
    }

    pub(crate) fn into_profile_error(self) -> mobileconfig::Error {
        let path = match self.problems.as_slice() {
            [problem] => format!("PayloadContent.{}", problem.field.name()),
            _ => "PayloadContent".to_owned(),
        };
        let message = match self.problems.as_slice() {
            [Problem { problem, mend, .. }] => format!("{problem}: {mend}"),
            _ => self.to_string(),
        };
        mobileconfig::Error::invalid_value(path, message)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.field.name(), self.problem, self.mend)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

//! What a rule found.

use std::{collections::HashSet, fmt};

use serde::Serialize;

use super::Code;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// A device refuses the profile, or a payload cannot do what it is for.
    Error,
    /// Devices take it, and it probably does not do what was meant.
    Warning,
    /// Worth knowing; profiles that work well have it.
    Info,
}

impl Severity {
    /// `error`, `warning` or `info`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that is wrong or worth knowing.
///
/// `Display` gives two lines for people; `Serialize` an object with the fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The stable name of this kind of finding, see [`codes`](super::codes).
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Where: `PayloadContent[0].PayloadContent.Keysize`. Empty for the profile as a whole.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub mend: String,
}

impl Finding {
    /// A finding with the severity of its code. `message` and `mend` must not repeat a value that may be a secret.
    pub fn new(
        code: Code,
        path: impl Into<String>,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            code: code.id,
            severity: code.severity,
            path: path.into(),
            message: message.into(),
            mend: mend.into(),
        }
    }

    /// Another severity than that of the code, for a reason that the description of the code names.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            code,
            severity,
            path,
            message,
            mend,
        } = self;
        let place = if path.is_empty() { "profile" } else { path };
        write!(f, "{severity}[{code}] {place}: {message}\n    mend: {mend}")
    }
}

/// The findings of one check so far.
#[derive(Debug, Default)]
pub struct Findings {
    found: Vec<Finding>,
    codes_and_paths: HashSet<(&'static str, String)>,
    paths: HashSet<String>,
}

impl Findings {
    /// Adds a finding, unless there is one with its code at its place.
    pub fn add(&mut self, finding: Finding) {
        if self
            .codes_and_paths
            .insert((finding.code, finding.path.clone()))
        {
            self.paths.insert(finding.path.clone());
            self.found.push(finding);
        }
    }

    /// True if something was found at exactly this place; for rules that want to leave it at that.
    #[must_use]
    pub fn is_reported(&self, path: &str) -> bool {
        self.paths.contains(path)
    }

    /// Keeps the findings for which `keep` is true: for a rule that knows a payload type, and says in one finding of its
    /// own what the schema could only say in others.
    pub fn retain(&mut self, mut keep: impl FnMut(&Finding) -> bool) {
        self.found.retain(|finding| {
            let kept = keep(finding);
            if !kept {
                self.codes_and_paths
                    .remove(&(finding.code, finding.path.clone()));
            }
            kept
        });
        self.paths = self
            .found
            .iter()
            .map(|finding| finding.path.clone())
            .collect();
    }

    pub(super) fn into_sorted(mut self) -> Vec<Finding> {
        self.found.sort_by_key(|finding| finding.severity);
        self.found
    }
}

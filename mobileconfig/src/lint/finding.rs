//! What a rule found.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet, hash_map::Entry},
    fmt,
    hash::{BuildHasher as _, RandomState},
};

use serde::Serialize;

use super::{Code, codes, path};
use crate::printable::printable;

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
        // Keys and payload types come from the profile.
        let [place, message, mend] = [place, message, mend].map(|text| printable(text));
        write!(f, "{severity}[{code}] {place}: {message}\n    mend: {mend}")
    }
}

/// The findings of one check so far.
///
/// So that a file made for it cannot fill the memory, only the first [`MAX_FINDINGS`](Self::MAX_FINDINGS) of each severity
/// are kept; how many more there are is said by one of the code [`MORE_FINDINGS`](codes::MORE_FINDINGS). A message or mend
/// of more than 4 KiB is cut, and a path of more than 1 KiB.
#[derive(Debug, Default)]
pub struct Findings {
    /// Each with the hash of its path before it was cut.
    found: Vec<(Finding, u64)>,
    /// Where in `found` the finding with this code at the path of this hash is: a path may be long, and hashes that nobody
    /// can foresee differ where paths do.
    places: HashMap<(&'static str, u64), usize>,
    paths: HashSet<u64>,
    hasher: RandomState,
    kept: [usize; 3],
    left_out: [usize; 3],
}

impl Findings {
    /// How many findings of one severity are kept.
    pub const MAX_FINDINGS: usize = 1000;

    /// Adds a finding, unless there is one with its code at its place.
    pub fn add(&mut self, mut finding: Finding) {
        let hash = self.hash(&finding.path);
        let Entry::Vacant(place) = self.places.entry((finding.code, hash)) else {
            return;
        };
        let severity = finding.severity as usize;
        if self.kept[severity] == Self::MAX_FINDINGS {
            self.left_out[severity] += 1;
            return;
        }
        self.kept[severity] += 1;
        place.insert(self.found.len());
        self.paths.insert(hash);
        for (text, max) in [
            (&mut finding.path, MAX_PATH),
            (&mut finding.message, MAX_TEXT),
            (&mut finding.mend, MAX_TEXT),
        ] {
            if let Cow::Owned(cut) = path::cut(text, max) {
                *text = cut;
            }
        }
        self.found.push((finding, hash));
    }

    /// True if something was found at exactly this place; for rules that want to leave it at that.
    #[must_use]
    pub fn is_reported(&self, path: &str) -> bool {
        self.paths.contains(&self.hash(path))
    }

    fn hash(&self, path: &str) -> u64 {
        self.hasher.hash_one(path)
    }

    /// Keeps the findings for which `keep` is true: for a rule that knows a payload type, and says in one finding of its
    /// own what the schema could only say in others.
    pub fn retain(&mut self, mut keep: impl FnMut(&Finding) -> bool) {
        let found = self.found.len();
        self.found.retain(|(finding, _)| keep(finding));
        if self.found.len() == found {
            return;
        }
        (self.kept, self.places, self.paths) = Default::default();
        for (index, (finding, hash)) in self.found.iter().enumerate() {
            self.kept[finding.severity as usize] += 1;
            self.paths.insert(*hash);
            self.places.insert((finding.code, *hash), index);
        }
    }

    /// True if this was found at exactly this place.
    pub(super) fn is_found(&self, code: Code, path: &str) -> bool {
        self.places.contains_key(&(code.id, self.hash(path)))
    }

    /// Gives what was found at this place another severity, for a reason that only a later rule knows.
    pub(super) fn resettle(&mut self, code: Code, path: &str, severity: Severity) {
        if let Some(index) = self.places.get(&(code.id, self.hash(path))) {
            self.found[*index].0.severity = severity;
        }
    }

    pub(super) fn into_sorted(self) -> Vec<Finding> {
        let mut found: Vec<_> = self.found.into_iter().map(|(finding, _)| finding).collect();
        found.sort_by_key(|finding| finding.severity);
        let [errors, warnings, infos] = self.left_out;
        if errors + warnings + infos > 0 {
            found.push(Finding::new(
                codes::MORE_FINDINGS,
                "",
                format!(
                    "{errors} errors, {warnings} warnings and {infos} infos more were found and left out"
                ),
                "mend those above and check again",
            ));
        }
        found
    }
}

/// Bytes of a path that is kept: more than a dozen levels of Apple's longest names take.
const MAX_PATH: usize = 1024;

/// Bytes of another text that is kept.
const MAX_TEXT: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(code: Code, path: usize) -> Finding {
        Finding::new(code, path.to_string(), "x".repeat(100_000), "")
    }

    #[test]
    fn what_is_taken_back_leaves_room_and_may_be_found_again() {
        let mut findings = Findings::default();
        for path in 0..Findings::MAX_FINDINGS {
            findings.add(finding(codes::UNKNOWN_KEY, path));
        }
        findings.retain(|finding| finding.path != "7");
        assert!(!findings.is_reported("7") && findings.is_reported("8"));
        for path in [7, 8] {
            findings.add(finding(codes::UNKNOWN_KEY, path));
        }
        assert_eq!(findings.into_sorted().len(), Findings::MAX_FINDINGS);
    }

    #[test]
    fn many_infos_leave_room_for_the_error_that_comes_last() {
        let mut findings = Findings::default();
        for path in 0..3 * Findings::MAX_FINDINGS {
            findings.add(finding(codes::UNKNOWN_KEY, path));
            findings.add(finding(codes::UNKNOWN_KEY, path.min(5)));
        }
        findings.add(finding(codes::MISSING_KEY, 0));
        let sorted = findings.into_sorted();
        assert_eq!(sorted[0].code, "missing-key");
        assert!(sorted[0].message.len() < 5000);
        assert_eq!(sorted.len(), Findings::MAX_FINDINGS + 2);
        let last = sorted.last().unwrap();
        assert_eq!(
            (last.code, last.severity),
            ("more-findings", Severity::Info)
        );
        assert!(
            last.message
                .starts_with("0 errors, 0 warnings and 2000 infos more"),
            "{last}"
        );
    }
}

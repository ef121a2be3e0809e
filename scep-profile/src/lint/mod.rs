//! Checks of SCEP payloads beyond Apple's schema: what macOS takes without a word and then does otherwise.
//!
//! [`ScepRule`] goes with the rules of [`mobileconfig::lint`](mod@mobileconfig::lint). It adds what the schema cannot say, and where the schema
//! says only that a type or a name is wrong, it puts in its place what comes of it on a Mac: one mistake gives one
//! finding. `LINTS.md` in this crate describes each code. No finding repeats a challenge.
//!
//! ```
//! use mobileconfig::lint::{Linter, Target};
//! use mobileconfig::{Limits, read_plist};
//! use scep_profile::lint::{Mdm, ScepRule};
//!
//! # let other_tool = include_bytes!("../../tests/data/kandji-like.mobileconfig");
//! let (profile, _) = read_plist(other_tool, &Limits::default())?;
//! let linter = Linter::new().rule(ScepRule::new().mdm(Mdm::JumpCloud));
//! let findings = linter.lint_plist(&profile, &Target::macos("15".parse()?));
//! let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
//! assert!(codes.contains(&"scep-url") && codes.contains(&"scep-default-key-size"));
//! # Ok::<(), mobileconfig::Error>(())
//! ```

pub mod codes;
mod fingerprint;
mod keys;
mod names;
mod spelling;
mod subject;

use mobileconfig::lint::codes::VARIABLE_IN_SIGNED;
use mobileconfig::lint::{Code, Finding, Findings, Rule, Subject, SubjectPayload, Target, join};
use mobileconfig::schema::Os;
use plist::{Dictionary, Value};
use std::collections::HashSet;

/// The MDM server a profile is meant for, where that matters to a SCEP payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mdm {
    /// Any, or none.
    #[default]
    Any,
    /// JumpCloud's custom profiles. No public source shows that it fills in variables there, so they would arrive as
    /// they are.
    JumpCloud,
}

/// The checks of SCEP payloads, to be added to a [`Linter`](mobileconfig::lint::Linter).
#[derive(Clone, Copy, Debug, Default)]
pub struct ScepRule {
    mdm: Mdm,
}

impl ScepRule {
    /// For any MDM server.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the MDM server.
    #[must_use]
    pub fn mdm(mut self, mdm: Mdm) -> Self {
        self.mdm = mdm;
        self
    }
}

impl Rule for ScepRule {
    fn codes(&self) -> Vec<Code> {
        codes::ALL.to_vec()
    }

    fn check(&self, subject: &Subject<'_>, findings: &mut Findings) {
        let mut found = Found::default();
        for payload in subject.payloads_of_type("com.apple.security.scep") {
            spelling::check_beside(payload, &mut found);
            // Where it is of another type, another rule has said so.
            if let Some(Value::Dictionary(keys)) = payload.keys().get("PayloadContent") {
                let place = Place { payload, keys };
                spelling::check(&place, &mut found);
                keys::check(&place, subject.target(), &mut found);
                fingerprint::check(&place, subject.target(), &mut found);
                subject::check(&place, subject.target(), self.mdm, &mut found);
                names::check(&place, self.mdm, &mut found);
            }
        }
        found.move_to(findings);
    }
}

/// What is found here, and the places where it says better what other rules found.
#[derive(Default)]
struct Found {
    findings: Vec<Finding>,
    superseded: HashSet<String>,
}

impl Found {
    fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Takes back what other rules found at a place and below.
    fn supersede(&mut self, path: &str) {
        self.superseded.insert(path.to_owned());
    }

    fn move_to(self, findings: &mut Findings) {
        let within = |path: &str| {
            let above = path.match_indices(['.', '[']).map(|(end, _)| &path[..end]);
            above
                .chain([path])
                .any(|above| self.superseded.contains(above))
        };
        // That a variable stands under a signature is another mistake.
        findings.retain(|one| one.code == VARIABLE_IN_SIGNED.id || !within(&one.path));
        for finding in self.findings {
            findings.add(finding);
        }
    }
}

/// A payload whose keys are where they belong.
struct Place<'a> {
    payload: &'a SubjectPayload<'a>,
    keys: &'a Dictionary,
}

impl Place<'_> {
    fn path(&self, key: &str) -> String {
        join(&self.payload.path_to("PayloadContent"), key)
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.keys.get(key).and_then(Value::as_string)
    }

    fn number(&self, key: &str) -> Option<i64> {
        self.keys.get(key).and_then(Value::as_signed_integer)
    }

    fn flag(&self, key: &str) -> Option<bool> {
        self.keys.get(key).and_then(Value::as_boolean)
    }

    /// Whether a key is there, be it with a slip or one level too high: that has been reported, and is not also an
    /// absent key.
    fn is_meant(&self, key: &str) -> bool {
        self.keys.contains_key(key)
            || self.payload.keys().contains_key(key)
            || self
                .keys
                .keys()
                .any(|there| spelling::meant(there, self.keys) == Some(key))
    }
}

/// Whether the target has the Security framework of macOS 13 and iOS 16, the first with digests beyond SHA-1 in
/// `CAFingerprint` and with the shortcut `EMAIL`.
fn is_modern(target: &Target) -> bool {
    let since = if target.os == Os::MacOs { "13" } else { "16" };
    since.parse().is_ok_and(|since| target.version >= since)
}

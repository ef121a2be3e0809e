//! Checks of SCEP payloads beyond Apple's schema: what macOS takes without a word and then does otherwise.
//!
//! [`ScepRule`] goes with the rules of [`mobileconfig::lint`], which report what Apple's schema forbids: keys that are
//! missing or misspelt (`KeyType`, `KeySize`), wrong types (a fingerprint or number as text, an array of
//! `ntPrincipalName`, a subject that is text or nested by one level too few), sizes that Apple does not list. It adds
//! what the schema cannot say; `LINTS.md` in this crate describes each code. No finding repeats a challenge.
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
mod keys;
mod names;
mod subject;

use mobileconfig::lint::{Code, Findings, Rule, Subject, SubjectPayload};
use plist::{Dictionary, Value};

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
        for payload in subject.payloads_of_type("com.apple.security.scep") {
            match payload.keys().get("PayloadContent") {
                Some(Value::Dictionary(keys)) => {
                    let place = Place { payload, keys };
                    keys::check(&place, subject.target(), findings);
                    subject::check(&place, subject.target(), self.mdm, findings);
                    names::check(&place, self.mdm, findings);
                }
                // Another rule has said that it is of the wrong type.
                Some(_) => {}
                None => keys::check_beside(payload, findings),
            }
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
        self.payload.path_to(&format!("PayloadContent.{key}"))
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.keys.get(key).and_then(Value::as_string)
    }

    fn number(&self, key: &str) -> Option<i64> {
        self.keys.get(key).and_then(Value::as_signed_integer)
    }

    /// Whether a key is there, spelt rightly or nearly: a slip has been reported, and is not also an absent key.
    fn is_meant(&self, key: &str) -> bool {
        self.keys.keys().any(|there| folded(there) == folded(key))
    }
}

fn folded(name: &str) -> String {
    name.chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

//! Checking a profile against Apple's schema and against what is known of real devices.
//!
//! [`lint`] gives findings with stable codes; `LINTS.md` in the crate describes each with an example and its mend. One mistake
//! gives one finding: a value of the wrong type is not also out of range. No finding repeats a text of the profile
//! that might be a secret: it names keys, types and numbers.
//!
//! | severity | meaning |
//! |---|---|
//! | [`Error`](Severity::Error) | a device refuses the profile, or a payload cannot do what it is for |
//! | [`Warning`](Severity::Warning) | devices take it, and it probably does not do what was meant |
//! | [`Info`](Severity::Info) | worth knowing; profiles that work well have it |
//!
//! What devices are known to accept is never an error, whatever the schema says.
//!
//! ```
//! use mobileconfig::lint::{Severity, Target, lint};
//! use mobileconfig::{Profile, service_management::{Rule, ServiceManagement}};
//!
//! let items = ServiceManagement::new([Rule::team_identifier("B7F62B65BN")]);
//! let mut profile = Profile::builder("Example Org", "org.example.companions").add("login-items", &items).build()?;
//! let target = Target::macos("15".parse()?);
//! assert_eq!(lint(&profile, &target), []);
//!
//! let rules = profile.payloads[0].content.remove("Rules").unwrap();
//! profile.payloads[0].content.insert("rules".into(), rules);
//! let findings = lint(&profile, &target);
//! assert_eq!(findings[0].code, "misspelt-key");
//! assert_eq!(findings[0].path, "PayloadContent[0].rules");
//! assert_eq!(findings[0].severity, Severity::Error);
//! assert_eq!(findings.len(), 1);
//! # Ok::<(), mobileconfig::Error>(())
//! ```
//!
//! Other crates add rules of their own with [`Linter::rule`]. For people and machines there are [`output::text`],
//! [`output::json`] and [`output::sarif`].

mod certificates;
mod code;
pub mod codes;
mod conditions;
mod dates;
mod document;
mod finding;
mod identity;
mod keys;
mod known;
pub mod output;
mod path;
mod place;
mod references;
mod secrets;
mod subject;
mod target;

use plist::Value;

pub use crate::spelling::nearest;
pub use code::Code;
pub use document::note;
pub use finding::{Finding, Findings, Severity};
pub use path::join;
pub use secrets::{DEVICE_VARIABLES, has_server_variable};
pub use subject::{Subject, SubjectPayload};
pub use target::{Channel, Delivery, Target};

use crate::{Error, Limits, Note, Profile, read_plist};

/// Checks a profile for a target with the rules of this crate.
///
/// See the [module](mod@crate::lint) for an example. Findings come with the most severe first. Of each severity, 1,000 are
/// kept ([`Findings`]).
#[must_use]
pub fn lint(profile: &Profile, target: &Target) -> Vec<Finding> {
    Linter::new().lint(profile, target)
}

/// A check of profiles.
///
/// ```
/// use mobileconfig::lint::{Code, Finding, Findings, Linter, Rule, Severity, Subject, Target};
/// use mobileconfig::{Profile, certificate::Root};
///
/// /// Certificates should tell people where they come from.
/// struct NamedFile;
///
/// const UNNAMED: Code = Code::new("example-unnamed-certificate", Severity::Info, "A certificate has no file name");
///
/// impl Rule for NamedFile {
///     fn codes(&self) -> Vec<Code> {
///         vec![UNNAMED]
///     }
///
///     fn check(&self, subject: &Subject<'_>, findings: &mut Findings) {
///         for payload in subject.payloads_of_type("com.apple.security.root") {
///             if !payload.keys().contains_key("PayloadCertificateFileName") {
///                 findings.add(Finding::new(
///                     UNNAMED,
///                     payload.path_to("PayloadCertificateFileName"),
///                     "people see no file name for this certificate",
///                     "add PayloadCertificateFileName",
///                 ));
///             }
///         }
///     }
/// }
///
/// let root = Root::from_pem(include_str!("../../tests/data/ca.pem"))?;
/// let profile = Profile::builder("Example Org", "org.example.trust").add("root", &root).build()?;
/// let findings = Linter::new().rule(NamedFile).lint(&profile, &Target::macos("15".parse()?));
/// assert!(findings.iter().any(|finding| finding.code == "example-unnamed-certificate"));
/// # Ok::<(), mobileconfig::Error>(())
/// ```
pub trait Rule: Send + Sync {
    /// Every code that this rule gives. A crate should begin its codes with its own name, to keep them apart.
    fn codes(&self) -> Vec<Code>;

    /// Adds what is wrong with `subject` to `findings`.
    fn check(&self, subject: &Subject<'_>, findings: &mut Findings);
}

/// A set of rules.
pub struct Linter {
    rules: Vec<Box<dyn Rule>>,
}

impl Default for Linter {
    fn default() -> Self {
        Self::new()
    }
}

impl Linter {
    /// The rules of this crate.
    #[must_use]
    pub fn new() -> Self {
        Self {
            rules: vec![
                Box::new(keys::Keys),
                Box::new(place::Place),
                Box::new(conditions::Conditions),
                Box::new(identity::Identity),
                Box::new(references::References),
                Box::new(certificates::Certificates),
                Box::new(secrets::Secrets),
                Box::new(dates::Dates),
            ],
        }
    }

    /// One more rule, which runs after the others.
    #[must_use]
    pub fn rule(mut self, rule: impl Rule + 'static) -> Self {
        self.rules.push(Box::new(rule));
        self
    }

    /// The codes of all rules and of [`note`], in alphabetical order.
    #[must_use]
    pub fn codes(&self) -> Vec<Code> {
        let of_rules = self.rules.iter().flat_map(|rule| rule.codes());
        let mut codes: Vec<_> = of_rules.chain(document::codes()).collect();
        codes.push(codes::MORE_FINDINGS);
        codes.sort_by_key(|code| code.id);
        codes.dedup_by_key(|code| code.id);
        codes
    }

    /// Checks a profile.
    #[must_use]
    pub fn lint(&self, profile: &Profile, target: &Target) -> Vec<Finding> {
        self.lint_plist(&profile.to_value(), target)
    }

    /// Checks the bytes of a `.mobileconfig`: what [`lint_plist`](Self::lint_plist) finds, and what was unusual about the
    /// document itself ([`note`]). A signed one is checked as [`Target::signed`].
    ///
    /// ```
    /// use mobileconfig::lint::{Linter, Target};
    ///
    /// let signed = include_bytes!("../../tests/data/signed.der.mobileconfig");
    /// let findings = Linter::new().lint_document(signed, &Target::macos("15".parse()?))?;
    /// assert!(findings.iter().any(|finding| finding.code == "signature-not-checked"));
    /// # Ok::<(), mobileconfig::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the document cannot be read at all, as [`read_plist`].
    pub fn lint_document(
        &self,
        document: impl AsRef<[u8]>,
        target: &Target,
    ) -> Result<Vec<Finding>, Error> {
        let (value, notes) = read_plist(document, &Limits::default())?;
        let signed = target.signed || notes.contains(&Note::Signed);
        let mut findings = self.lint_plist(&value, &target.clone().signed(signed));
        findings.extend(notes.into_iter().map(note));
        Ok(findings)
    }

    /// Checks a property list that should be a profile, as [`read_plist`] gives it.
    ///
    /// This also finds what keeps [`Profile::from_value`](crate::Profile::from_value) from reading it, such as a
    /// missing `PayloadIdentifier`, and what that silently puts right, such as a `PayloadVersion` that is a real number.
    ///
    /// ```
    /// use mobileconfig::lint::{Linter, Target};
    ///
    /// let xml = "<plist><dict>
    ///     <key>PayloadType</key><string>Configuration</string>
    ///     <key>PayloadIdentifier</key><string>org.example.empty</string>
    ///     <key>PayloadUUID</key><string>5D3BA154-4B1C-4B0E-9A3E-6A1E5A3C0A01</string>
    ///     <key>PayloadVersion</key><real>1</real>
    ///     <key>PayloadContent</key><array/>
    /// </dict></plist>";
    /// let (value, _) = mobileconfig::read_plist(xml, &mobileconfig::Limits::default())?;
    /// let findings = Linter::new().lint_plist(&value, &Target::macos("15".parse()?));
    /// assert_eq!(findings[0].code, "real-for-integer");
    /// # Ok::<(), mobileconfig::Error>(())
    /// ```
    #[must_use]
    pub fn lint_plist(&self, profile: &Value, target: &Target) -> Vec<Finding> {
        let mut findings = Findings::default();
        match profile {
            Value::Dictionary(profile) => {
                let subject = Subject::new(profile, target);
                for rule in &self.rules {
                    rule.check(&subject, &mut findings);
                }
            }
            other => findings.add(keys::wrong_type(String::new(), "dictionary", other)),
        }
        findings.into_sorted()
    }
}

impl std::fmt::Debug for Linter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Linter")
            .field("rules", &self.rules.len())
            .finish()
    }
}

/// `code` as a list, for rules with one place to say it.
macro_rules! codes_of {
    ($($name:ident),* $(,)?) => {
        vec![$($crate::lint::codes::$name),*]
    };
}

use codes_of;

//! The secrets: from the environment, or from files that the blueprint names. Never from the blueprint itself.

use std::{fmt, path::Path};

use secrecy::SecretString;

use super::{
    Problems,
    section::{Section, text},
};

/// A secret and where it came from; plans and reports show the place only.
#[derive(Clone)]
pub struct SecretSource {
    /// The secret.
    pub secret: SecretString,
    /// `env:NAME` or `file:PATH`.
    pub reference: String,
}

impl SecretSource {
    /// Stands in for a secret that the program does not use: a tenant that got it all the same would refuse it.
    pub(crate) fn unused() -> Self {
        Self {
            secret: SecretString::from("unused"),
            reference: "nowhere".to_owned(),
        }
    }
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretSource({})", self.reference)
    }
}

/// The secrets of the job. Against the embedded sandbox each may be absent: it makes a random one.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Secrets {
    /// Okta's API token (SSWS).
    pub okta_api_token: Option<SecretSource>,
    /// The private key of Okta's service app, where the blueprint names one.
    pub okta_private_key: Option<SecretSource>,
    /// JumpCloud's API key.
    pub jumpcloud_api_key: Option<SecretSource>,
    /// The secret of JumpCloud's service account, where the blueprint names one.
    pub jumpcloud_client_secret: Option<SecretSource>,
    /// The secret key of Okta's static SCEP URL.
    pub scep_challenge: Option<SecretSource>,
}

/// Whose secrets a program uses. Of real tenants the others are neither asked for nor read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    pub(super) okta: bool,
    pub(super) jumpcloud: bool,
    pub(super) scep: bool,
    pub(super) why_okta: &'static str,
}

impl Needs {
    pub(crate) fn okta(self) -> bool {
        self.okta
    }

    pub(crate) fn jumpcloud(self) -> bool {
        self.jumpcloud
    }

    pub(crate) fn scep(self) -> bool {
        self.scep
    }

    /// All of them.
    pub const ALL: Self = Self {
        okta: true,
        jumpcloud: true,
        scep: true,
        why_okta: "",
    };
    /// What signs in to Okta.
    pub const OKTA: Self = Self {
        jumpcloud: false,
        scep: false,
        ..Self::ALL
    };
    /// What signs in to JumpCloud.
    pub const JUMPCLOUD: Self = Self {
        okta: false,
        scep: false,
        ..Self::ALL
    };

    /// The SCEP challenge too.
    #[must_use]
    pub const fn and_challenge(self) -> Self {
        Self { scep: true, ..self }
    }

    /// What signs in to Okta too; `why` is told to an operator who did not give it.
    #[must_use]
    pub const fn and_okta(self, why: &'static str) -> Self {
        Self {
            okta: true,
            why_okta: why,
            ..self
        }
    }
}

/// Finds secrets and notes what is missing.
pub(super) struct Finder<'a, E> {
    pub(super) folder: &'a Path,
    pub(super) environment: &'a E,
    /// Whether real tenants are named, so that the secret is needed.
    pub(super) real: bool,
    /// Whether the program does without.
    pub(super) unused: bool,
    /// What it is needed for, where that is not plain.
    pub(super) why: &'static str,
    pub(super) problems: &'a mut Problems,
}

impl<E: Fn(&str) -> Option<String>> Finder<'_, E> {
    /// The secret from the variable, else from the file that `key` names.
    pub(super) fn find(
        &mut self,
        part: &mut Section<'_>,
        key: &'static str,
        variable: &str,
    ) -> Option<SecretSource> {
        let folder = self.folder;
        let before = self.problems.list.len();
        let example = format!("\"{}\"", key.trim_end_matches("_file").replace('_', "-"));
        if self.unused {
            part.optional(key, &example, self.problems, text);
            return None;
        }
        let from_file = part.optional(key, &example, self.problems, |value| {
            let file = folder.join(text(value)?);
            let reference = format!("file:{}", file.display());
            std::fs::read_to_string(&file)
                // The name is not shown: someone may have put the secret itself in its place.
                .map_err(|error| format!("names a file that cannot be read: {error}"))
                .and_then(|content| {
                    source(&content, reference).ok_or_else(|| "names an empty file".to_owned())
                })
        });
        let from_environment = (self.environment)(variable)
            .and_then(|value| source(&value, format!("env:{variable}")));
        let found = from_environment.or(from_file);
        if found.is_none() && self.real && self.problems.list.len() == before {
            self.problems.add(
                part.full(key),
                format!("is missing, and {variable} is not set{}", self.why),
                format!("export {variable}=…, or {key} = {example}"),
            );
        }
        found
    }
}

fn source(text: &str, reference: String) -> Option<SecretSource> {
    let text = text.trim();
    (!text.is_empty()).then(|| SecretSource {
        secret: SecretString::from(text),
        reference,
    })
}

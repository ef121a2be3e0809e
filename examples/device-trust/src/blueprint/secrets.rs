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

/// Finds secrets and notes what is missing.
pub(super) struct Finder<'a, E> {
    pub(super) folder: &'a Path,
    pub(super) environment: &'a E,
    /// Whether real tenants are named, so that every secret is needed.
    pub(super) real: bool,
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
                format!("is missing, and {variable} is not set"),
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

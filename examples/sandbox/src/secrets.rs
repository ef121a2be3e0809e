//! The three secrets of the job: what the operator may bring, and what the sandbox ends up using.

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::{error::Error, private_file, random};

/// The secrets a caller wants the sandbox to use; each one left out becomes random.
///
/// ```
/// use device_trust_sandbox::Secrets;
///
/// let secrets = Secrets { okta_api_token: Some("00token".to_owned().into()), ..Secrets::default() };
/// assert!(!format!("{secrets:?}").contains("00token"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// The Okta SSWS token.
    pub okta_api_token: Option<SecretString>,
    /// The JumpCloud API key (`x-api-key`).
    pub jumpcloud_api_key: Option<SecretString>,
    /// The static SCEP challenge ("Secret key" in Okta's console).
    pub scep_challenge: Option<SecretString>,
}

/// The secrets in use: all three are present.
///
/// They serialise in clear, since a saved world has to be able to go on; `Debug` shows none of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecretsInUse {
    /// The Okta SSWS token.
    #[serde(with = "clear")]
    pub okta_api_token: SecretString,
    /// The JumpCloud API key (`x-api-key`).
    #[serde(with = "clear")]
    pub jumpcloud_api_key: SecretString,
    /// The static SCEP challenge.
    #[serde(with = "clear")]
    pub scep_challenge: SecretString,
}

impl SecretsInUse {
    /// Takes what is given and makes up the rest: a 42-character token, a `jca_` key and a
    /// 43-character base64url challenge of 256 bits.
    pub(crate) fn new(given: &Secrets) -> Self {
        let or = |given: &Option<SecretString>, made: fn() -> String| {
            given.clone().unwrap_or_else(|| SecretString::from(made()))
        };
        Self {
            okta_api_token: or(&given.okta_api_token, || {
                format!("00{}", random::alphanumeric(40))
            }),
            jumpcloud_api_key: or(&given.jumpcloud_api_key, || {
                format!("jca_{}", random::alphanumeric(36))
            }),
            scep_challenge: or(&given.scep_challenge, random::challenge),
        }
    }

    /// Writes `OKTA_API_TOKEN`, `JUMPCLOUD_API_KEY` and `SCEP_CHALLENGE` as shell assignments, with mode
    /// 0600, so that `set -a; . FILE` hands them to another program.
    ///
    /// # Errors
    ///
    /// [`Error::File`] when the file cannot be written.
    pub fn write_env_file(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        // Single quotes, so that no secret a caller brings can be read as shell.
        let quoted =
            |secret: &SecretString| format!("'{}'", secret.expose_secret().replace('\'', r"'\''"));
        let text = format!(
            "OKTA_API_TOKEN={}\nJUMPCLOUD_API_KEY={}\nSCEP_CHALLENGE={}\n",
            quoted(&self.okta_api_token),
            quoted(&self.jumpcloud_api_key),
            quoted(&self.scep_challenge),
        );
        private_file::write(path, text.as_bytes()).map_err(|source| Error::File {
            path: path.to_owned(),
            source,
        })
    }

    /// Replaces those that are given, so that a saved world follows the environment.
    pub(crate) fn override_with(&mut self, given: &Secrets) {
        let replace = |slot: &mut SecretString, given: &Option<SecretString>| {
            if let Some(given) = given {
                *slot = given.clone();
            }
        };
        replace(&mut self.okta_api_token, &given.okta_api_token);
        replace(&mut self.jumpcloud_api_key, &given.jumpcloud_api_key);
        replace(&mut self.scep_challenge, &given.scep_challenge);
    }
}

/// Equality of a secret with what a caller sent.
pub(crate) fn matches(secret: &SecretString, sent: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(
        secret.expose_secret().as_bytes(),
        sent.as_bytes(),
    )
    .is_ok()
}

mod clear {
    use secrecy::{ExposeSecret as _, SecretString};
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        secret: &SecretString,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.expose_secret())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SecretString, D::Error> {
        String::deserialize(deserializer).map(SecretString::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_left_out_are_made_up_and_differ() {
        let (one, two) = (
            SecretsInUse::new(&Secrets::default()),
            SecretsInUse::new(&Secrets::default()),
        );
        assert_ne!(
            one.scep_challenge.expose_secret(),
            two.scep_challenge.expose_secret()
        );
        assert_eq!(one.scep_challenge.expose_secret().len(), 43);
    }

    #[test]
    fn debug_shows_no_secret() {
        let secrets = SecretsInUse::new(&Secrets::default());
        let shown = format!("{secrets:?}");
        for secret in [
            &secrets.okta_api_token,
            &secrets.jumpcloud_api_key,
            &secrets.scep_challenge,
        ] {
            assert!(!shown.contains(secret.expose_secret()));
        }
    }
}

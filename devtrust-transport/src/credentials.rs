//! What authorises a request. The one rule: it is asked anew for every attempt, because some schemes (DPoP) need a
//! fresh proof each time, and whatever it adds is marked sensitive so that no log prints it.

use std::fmt;

use async_trait::async_trait;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Puts the authorisation on each attempt of a request.
///
/// Implementations mark the values they add with [`HeaderValue::set_sensitive`] and keep secrets out of `Debug`.
#[async_trait]
pub trait Credentials: Send + Sync + fmt::Debug {
    /// Adds the headers that authorise this attempt of `method` on `url`.
    ///
    /// # Errors
    /// When no authorisation can be had: a token endpoint that refuses, a key that cannot sign.
    async fn authorize(
        &self,
        method: &Method,
        url: &Url,
        headers: &mut HeaderMap,
    ) -> Result<(), CredentialsError>;
}

/// Why no authorisation could be had. The message never holds the secret.
#[derive(Debug, Clone)]
pub struct CredentialsError {
    message: String,
}

impl CredentialsError {
    /// An error that says what is wrong and how to mend it; `message` must not hold the secret.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CredentialsError {}

/// A fixed header, such as an API key: `{prefix}{secret}` under one name.
#[derive(Clone)]
pub struct HeaderCredentials {
    name: HeaderName,
    value: HeaderValue,
}

impl HeaderCredentials {
    /// Credentials that send `{prefix}{secret}` in the header `name`.
    ///
    /// White space around the secret (the line end of a secret file) is dropped.
    ///
    /// # Errors
    /// When the secret is empty or holds characters that a header cannot carry.
    pub fn new(
        name: HeaderName,
        prefix: &str,
        secret: &SecretString,
    ) -> Result<Self, CredentialsError> {
        let secret = secret.expose_secret().trim();
        if secret.is_empty() {
            return Err(CredentialsError::new(format!(
                "{name}: the secret is empty; give the token or key that the console showed"
            )));
        }
        let mut value = HeaderValue::from_str(&format!("{prefix}{secret}")).map_err(|_| {
            CredentialsError::new(format!(
                "{name}: the secret holds characters that an HTTP header cannot carry; \
                 copy it again without line breaks"
            ))
        })?;
        value.set_sensitive(true);
        Ok(Self { name, value })
    }
}

impl fmt::Debug for HeaderCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderCredentials")
            .field("name", &self.name)
            .field("value", &"[redacted]")
            .finish()
    }
}

#[async_trait]
impl Credentials for HeaderCredentials {
    async fn authorize(
        &self,
        _method: &Method,
        _url: &Url,
        headers: &mut HeaderMap,
    ) -> Result<(), CredentialsError> {
        headers.insert(self.name.clone(), self.value.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_debug_nor_an_error_shows_the_secret() {
        let good = HeaderCredentials::new(
            http::header::AUTHORIZATION,
            "SSWS ",
            &SecretString::from("canary-token\n"),
        )
        .unwrap();
        assert!(!format!("{good:?}").contains("canary"));
        assert!(good.value.is_sensitive());
        assert_eq!(good.value.as_bytes(), b"SSWS canary-token");

        let bad = HeaderCredentials::new(
            http::header::AUTHORIZATION,
            "",
            &SecretString::from("canary\nsplit"),
        )
        .unwrap_err();
        assert!(!format!("{bad} {bad:?}").contains("canary"));
    }
}

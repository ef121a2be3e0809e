//! What authorises a request. The one rule: it is asked anew for every attempt, because some schemes (DPoP) need a
//! fresh proof each time, and whatever it adds is marked sensitive so that no log prints it.

use std::{error, fmt, sync::Arc};

use async_trait::async_trait;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
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

    /// Looks at the answer to an attempt, and says whether another attempt would be authorised otherwise: with a
    /// nonce that the server asked for, by a clock put right, with a token in place of one that expired.
    ///
    /// The transport then sends the request once more at once, a write too: what was not authorised was not done.
    /// It does so once for each request. Called for every answer, successes included, before the retry policy.
    async fn answered(&self, _answer: &Answered<'_>) -> bool {
        false
    }

    /// What these credentials may be used for, such as the scopes of an OAuth token; `None` when they know of no
    /// such limit, or not yet.
    fn grants(&self) -> Option<Vec<String>> {
        None
    }
}

/// An answer, as [`Credentials::answered`] sees it.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Answered<'a> {
    /// The headers of the attempt, with what [`Credentials::authorize`] added.
    pub sent: &'a HeaderMap,
    /// The answer's status.
    pub status: StatusCode,
    /// The answer's headers.
    pub headers: &'a HeaderMap,
    /// The answer's body.
    pub body: &'a [u8],
}

impl fmt::Debug for Answered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answered")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Why no authorisation could be had. The message never holds the secret.
#[derive(Debug, Clone)]
pub struct CredentialsError {
    message: String,
    cause: Option<Arc<dyn error::Error + Send + Sync>>,
}

impl CredentialsError {
    /// An error that says what is wrong and how to mend it; `message` must not hold the secret.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            cause: None,
        }
    }

    /// An error with another behind it, which the client that made the credentials finds again. Its text must not
    /// hold the secret either.
    pub fn caused_by(cause: impl error::Error + Send + Sync + 'static) -> Self {
        Self {
            message: cause.to_string(),
            cause: Some(Arc::new(cause)),
        }
    }

    /// The error behind it, if it is of this type.
    pub fn cause<E: error::Error + 'static>(&self) -> Option<&E> {
        self.cause.as_deref()?.downcast_ref()
    }
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl error::Error for CredentialsError {}

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

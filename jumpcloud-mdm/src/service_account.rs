//! A service account: OAuth client credentials in place of an API key. The rules: one token serves all requests until
//! shortly before its end, however many ask for one at a time; the secret goes to the token host and nowhere else.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use devtrust_transport::{
    Answered, Credentials, CredentialsError, Dialect, Failure, FailureKind, HeaderCredentials,
    Limits, Origin, Request, Retry, SharedToken, Transport,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::time::Instant;
use url::Url;

use crate::Error;

/// How long before its end a token is replaced, so that none ends on the way.
const MARGIN: Duration = Duration::from_secs(60);

/// Credentials of a service account: `POST {token host}/oauth2/token`, then `Authorization: Bearer …`.
pub(crate) struct ServiceAccount {
    client_id: String,
    endpoint: Transport,
    token: SharedToken<Token, CredentialsError>,
}

struct Token {
    header: HeaderValue,
    good_until: Instant,
}

/// The answer of the token endpoint.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

/// The token host refuses the account: asking again is of no use.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refused(String);

impl ServiceAccount {
    /// An account at a token host. Nothing is sent yet.
    pub(crate) fn new(
        token_url: &str,
        client_id: &str,
        secret: &SecretString,
        retry: Retry,
        agent: &str,
    ) -> Result<Arc<Self>, Error> {
        let (client_id, plain) = (client_id.trim(), secret.expose_secret().trim());
        if client_id.is_empty() || client_id.contains(':') || !client_id.is_ascii() {
            return Err(Error::input(
                "client_id",
                format!("`{client_id}` is no client id; copy it from the service account"),
            ));
        }
        if plain.is_empty() {
            return Err(Error::input(
                "client_secret",
                "it is empty; give the one that the console showed",
            ));
        }
        let origin = Origin::parse(token_url)
            .map_err(|error| Error::input("token_url", error.to_string()))?;
        // Basic is the only way of client authentication that the host takes.
        let basic = SecretString::from(STANDARD.encode(format!("{client_id}:{plain}")));
        let credentials = HeaderCredentials::new(header::AUTHORIZATION, "Basic ", &basic)
            .map_err(|error| Error::input("client_secret", error.to_string()))?;
        let endpoint = Transport::new(
            origin,
            Arc::new(credentials),
            Dialect::plain(agent),
            retry,
            Limits::default(),
        )
        .map_err(|error| Error::input("tls", error.to_string()))?;
        Ok(Arc::new(Self {
            client_id: client_id.to_owned(),
            endpoint,
            token: SharedToken::default(),
        }))
    }

    async fn fetch(&self) -> Result<Token, CredentialsError> {
        let asked = Instant::now();
        let request = Request::post(["oauth2", "token"])
            .form([("grant_type", "client_credentials"), ("scope", "api")])
            // A second token does no harm.
            .repeatable();
        let answer = self
            .endpoint
            .send(&request)
            .await
            .map_err(|failure| refused(&failure))?;
        let granted: Granted = answer
            .json()
            .map_err(|failure| CredentialsError::new(failure.to_string()))?;
        let text = format!("Bearer {}", granted.access_token);
        let mut header = HeaderValue::try_from(text).map_err(|_| {
            CredentialsError::new("the token holds characters that no header can carry")
        })?;
        header.set_sensitive(true);
        let lifetime = Duration::from_secs(granted.expires_in);
        Ok(Token {
            header,
            good_until: asked + (lifetime - MARGIN.min(lifetime / 2)),
        })
    }
}

/// What a failed fetch means.
fn refused(failure: &Failure) -> CredentialsError {
    #[derive(Deserialize)]
    struct Body {
        error: String,
    }
    let FailureKind::Status { body, .. } = failure.kind() else {
        return CredentialsError::new(failure.to_string());
    };
    let code = serde_json::from_slice::<Body>(body)
        .map(|body| body.error)
        .ok()
        .filter(|code| code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        .unwrap_or_default();
    match failure.status() {
        Some(StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            CredentialsError::caused_by(Refused(format!(
                "the token host refuses the account {code}; check client id, secret and region, and whether the \
                 secret has expired ({})",
                failure.context()
            )))
        }
        _ => CredentialsError::new(format!(
            "the token host fails {code} ({})",
            failure.context()
        )),
    }
}

#[async_trait]
impl Credentials for ServiceAccount {
    async fn authorize(
        &self,
        _method: &Method,
        _url: &Url,
        headers: &mut HeaderMap,
    ) -> Result<(), CredentialsError> {
        let is_good = |token: &Token| Instant::now() < token.good_until;
        let token = self.token.get(is_good, self.fetch()).await?;
        headers.insert(header::AUTHORIZATION, token.header.clone());
        Ok(())
    }

    /// A token that was refused before its end, because it was revoked, is replaced once.
    async fn answered(&self, answer: &Answered<'_>) -> bool {
        if answer.status != StatusCode::UNAUTHORIZED {
            return false;
        }
        let sent = answer.sent.get(header::AUTHORIZATION);
        self.token.forget(|token| Some(&token.header) == sent);
        true
    }
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount")
            .field("client_id", &self.client_id)
            .field("token_host", &self.endpoint.origin().to_string())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_is_refused_and_the_secret_is_not_shown() {
        let account = |url: &str, id: &str, secret: &str| {
            ServiceAccount::new(url, id, &secret.into(), Retry::never(), "test")
        };
        let field = |built: Result<Arc<ServiceAccount>, Error>| match built {
            Err(Error::Input { field, message }) => {
                assert!(!message.contains("canary"), "{message}");
                field
            }
            other => format!("{other:?}"),
        };
        let url = "https://admin-oauth.id.jumpcloud.com";
        assert_eq!(field(account(url, "", "canary")), "client_id");
        assert_eq!(field(account(url, "a:b", "canary")), "client_id");
        assert_eq!(field(account(url, "a", "\n")), "client_secret");
        assert_eq!(
            field(account("http://example.com", "a", "canary")),
            "token_url"
        );
        let shown = format!("{:?}", account(url, "a", "canary").unwrap());
        assert!(shown.contains("admin-oauth.id.jumpcloud.com"), "{shown}");
        assert!(!shown.contains("canary"), "{shown}");
    }
}

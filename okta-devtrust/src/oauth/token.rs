//! The token endpoint: `POST /oauth2/v1/token`.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use devtrust_transport::{
    Answered, Credentials, CredentialsError, Limits, Origin, Request, Retry, Transport,
};
use http::{HeaderMap, Method, StatusCode};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use std::time::Instant;
use url::Url;

use super::{ServiceApp, clock::ServerClock, jwt, proof::Prover};
use crate::{Error, Missing, okta::dialect};

/// How long an assertion is good. Okta takes up to an hour.
const ASSERTION_SECONDS: i64 = 300;
/// How long before its end a token is renewed, so that none expires on the way.
const MARGIN: Duration = Duration::from_secs(60);
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const PATH: [&str; 3] = ["oauth2", "v1", "token"];

/// An access token. It is not `Debug`: nothing can print it.
pub(super) struct Token {
    pub(super) value: SecretString,
    /// Whether it is bound to the DPoP key.
    pub(super) bound: bool,
    pub(super) scopes: Vec<String>,
    good_until: Instant,
}

impl Token {
    pub(super) fn is_good(&self) -> bool {
        Instant::now() < self.good_until
    }
}

/// The answer of the token endpoint.
#[derive(Deserialize)]
struct Granted {
    token_type: String,
    expires_in: u64,
    access_token: String,
    #[serde(default)]
    scope: String,
}

/// Gets tokens for a service app.
#[derive(Debug)]
pub(super) struct TokenEndpoint {
    app: ServiceApp,
    url: Url,
    transport: Transport,
    clock: Arc<ServerClock>,
}

impl TokenEndpoint {
    pub(super) fn new(
        app: ServiceApp,
        origin: Origin,
        clock: Arc<ServerClock>,
        prover: Option<Arc<Prover>>,
    ) -> Result<Self, Error> {
        let url = origin.join(PATH);
        let proof = Proof {
            clock: clock.clone(),
            prover,
        };
        let transport = Transport::new(
            origin,
            Arc::new(proof),
            dialect(),
            Retry::default(),
            Limits::default(),
        )
        .map_err(|error| Error::setup(format!("TLS cannot be set up: {error}")))?;
        Ok(Self {
            app,
            url,
            transport,
            clock,
        })
    }

    /// A new token. Signed once more when the answer shows that the local clock is wrong.
    pub(super) async fn token(&self) -> Result<Token, Error> {
        let ahead = self.clock.ahead();
        match self.ask().await {
            Err(Error::Invalid { .. } | Error::Unauthorized { .. })
                if self.clock.has_moved_since(ahead) =>
            {
                self.ask().await
            }
            answer => answer,
        }
    }

    async fn ask(&self) -> Result<Token, Error> {
        let asked = Instant::now();
        let request = Request::post(PATH)
            .form([
                ("grant_type", "client_credentials"),
                ("scope", &self.app.scopes.join(" ")),
                ("client_assertion_type", ASSERTION_TYPE),
                ("client_assertion", &self.assertion()?),
            ])
            // A second token does no harm, so a lost answer is no reason to give up.
            .repeatable();
        let answer = self.transport.send(&request).await;
        let answer = answer.map_err(|failure| self.named(failure.into()))?;
        let granted: Granted = answer.json()?;
        let good_for = Duration::from_secs(granted.expires_in).saturating_sub(MARGIN);
        Ok(Token {
            value: SecretString::from(granted.access_token),
            bound: granted.token_type.eq_ignore_ascii_case("DPoP"),
            scopes: granted
                .scope
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            good_until: asked + good_for,
        })
    }

    /// The assertion, without a `jti`: Okta takes one with it only once, and a retry sends the same.
    fn assertion(&self) -> Result<String, Error> {
        let key = &self.app.key;
        let mut header = json!({"alg": key.algorithm().as_str(), "typ": "JWT"});
        if let Some(id) = key.key_id() {
            header["kid"] = json!(id);
        }
        let now = self.clock.now();
        let claims = json!({
            "iss": self.app.client_id,
            "sub": self.app.client_id,
            "aud": self.url.as_str(),
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
        });
        jwt::sign(key, &header, &claims)
    }

    /// `invalid_scope` names the scope in its text, if at all; else any of those asked for may be it.
    fn named(&self, error: Error) -> Error {
        match error {
            Error::Invalid {
                code,
                summary,
                context,
                ..
            } if code == "invalid_scope" => {
                let is_named = |scope: &&String| {
                    summary
                        .split(|c: char| !c.is_ascii_alphanumeric() && c != '.')
                        .any(|word| word.trim_matches('.') == scope.as_str())
                };
                let named: Vec<&str> = self
                    .app
                    .scopes
                    .iter()
                    .filter(is_named)
                    .map(String::as_str)
                    .collect();
                let missing = if named.is_empty() {
                    self.app.scopes.join(" or ")
                } else {
                    named.join(" and ")
                };
                Error::Forbidden {
                    code,
                    summary,
                    missing: Missing::Scope(missing),
                    context,
                }
            }
            other => other,
        }
    }
}

/// What authorises a token request beside the assertion in its body: a proof for each attempt.
#[derive(Debug)]
struct Proof {
    clock: Arc<ServerClock>,
    prover: Option<Arc<Prover>>,
}

#[async_trait]
impl Credentials for Proof {
    async fn authorize(
        &self,
        method: &Method,
        url: &Url,
        headers: &mut HeaderMap,
    ) -> Result<(), CredentialsError> {
        match &self.prover {
            Some(prover) => prover
                .prove(&self.clock, method, url, None, headers)
                .map_err(CredentialsError::caused_by),
            None => Ok(()),
        }
    }

    async fn answered(&self, answer: &Answered<'_>) -> bool {
        let moved = self.clock.correct(answer.headers);
        let nonce = self
            .prover
            .as_ref()
            .is_some_and(|prover| prover.take_nonce(answer.headers));
        let refused = matches!(
            answer.status,
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED
        );
        refused && self.prover.is_some() && (moved || nonce)
    }
}

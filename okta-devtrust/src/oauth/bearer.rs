//! The credentials of a service app on every other route: a cached token, and a proof for each attempt.

use std::sync::Arc;

use async_trait::async_trait;
use devtrust_transport::{Answered, Credentials, CredentialsError, Origin, SharedToken};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use secrecy::ExposeSecret as _;
use url::Url;

use super::{
    ServiceApp,
    clock::ServerClock,
    proof::Prover,
    token::{Token, TokenEndpoint},
};
use crate::{Error, error};

/// The token of a service app and what it is used with.
pub(super) struct Bearer {
    endpoint: TokenEndpoint,
    clock: Arc<ServerClock>,
    prover: Option<Arc<Prover>>,
    token: SharedToken<Token, Error>,
}

impl Bearer {
    pub(super) fn new(app: ServiceApp, origin: Origin) -> Result<Self, Error> {
        let clock = Arc::<ServerClock>::default();
        let prover = app.bound.then(Prover::new).transpose()?.map(Arc::new);
        Ok(Self {
            endpoint: TokenEndpoint::new(app, origin, clock.clone(), prover.clone())?,
            clock,
            prover,
            token: SharedToken::default(),
        })
    }
}

fn authorization(token: &Token) -> Result<HeaderValue, Error> {
    let scheme = if token.bound { "DPoP" } else { "Bearer" };
    let value = format!("{scheme} {}", token.value.expose_secret());
    let mut value = HeaderValue::try_from(value)
        .map_err(|_| Error::setup("the access token holds characters that no header can carry"))?;
    value.set_sensitive(true);
    Ok(value)
}

#[async_trait]
impl Credentials for Bearer {
    async fn authorize(
        &self,
        method: &Method,
        url: &Url,
        headers: &mut HeaderMap,
    ) -> Result<(), CredentialsError> {
        let token = self.token.get(Token::is_good, self.endpoint.token()).await;
        let token = token.map_err(CredentialsError::caused_by)?;
        let value = authorization(&token).map_err(CredentialsError::caused_by)?;
        headers.insert(header::AUTHORIZATION, value);
        if let (true, Some(prover)) = (token.bound, &self.prover) {
            let token = Some(token.value.expose_secret());
            prover
                .prove(&self.clock, method, url, token, headers)
                .map_err(CredentialsError::caused_by)?;
        }
        Ok(())
    }

    async fn answered(&self, answer: &Answered<'_>) -> bool {
        let moved = self.clock.correct(answer.headers);
        let nonce = self
            .prover
            .as_ref()
            .is_some_and(|prover| prover.take_nonce(answer.headers));
        if answer.status != StatusCode::UNAUTHORIZED || error::is_missing_feature(answer.body) {
            return false;
        }
        // A new nonce or a clock put right mends the proof, and the token may be as good as ever.
        if !moved && !nonce {
            let refused = answer.sent.get(header::AUTHORIZATION);
            self.token
                .forget(|token| authorization(token).ok().as_ref() == refused);
        }
        true
    }

    fn grants(&self) -> Option<Vec<String>> {
        self.token.current().map(|token| token.scopes.clone())
    }
}

impl std::fmt::Debug for Bearer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bearer")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

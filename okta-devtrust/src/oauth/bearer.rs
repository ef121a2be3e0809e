//! The credentials of a service app on every other route: a cached token, and a proof for each attempt.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use devtrust_transport::{Answered, Credentials, CredentialsError, Origin};
use futures::lock::Mutex;
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
    token: RwLock<Option<Arc<Token>>>,
    /// Held while a token is fetched; keeps how that ended, for those who waited for it.
    fetched: Mutex<Option<Result<Arc<Token>, Error>>>,
    /// How many fetches have ended.
    fetches: AtomicU64,
}

impl Bearer {
    pub(super) fn new(app: ServiceApp, origin: Origin) -> Result<Self, Error> {
        let clock = Arc::<ServerClock>::default();
        let prover = app.bound.then(Prover::new).transpose()?.map(Arc::new);
        Ok(Self {
            endpoint: TokenEndpoint::new(app, origin, clock.clone(), prover.clone())?,
            clock,
            prover,
            token: RwLock::default(),
            fetched: Mutex::default(),
            fetches: AtomicU64::default(),
        })
    }

    fn cached(&self) -> Option<Arc<Token>> {
        let token = self.token.read().unwrap_or_else(PoisonError::into_inner);
        token.clone()
    }

    fn keep(&self, token: Option<Arc<Token>>) {
        *self.token.write().unwrap_or_else(PoisonError::into_inner) = token;
    }

    /// The cached token, or a new one: fetched once for all who wait, whether that ends well or not.
    async fn token(&self) -> Result<Arc<Token>, Error> {
        let seen = self.fetches.load(Ordering::Acquire);
        if let Some(token) = self.cached().filter(|token| token.is_good()) {
            return Ok(token);
        }
        let mut fetched = self.fetched.lock().await;
        if self.fetches.load(Ordering::Acquire) != seen
            && let Some(ended) = &*fetched
        {
            return ended.clone();
        }
        let ended = self.endpoint.token().await.map(Arc::new);
        self.keep(ended.as_ref().ok().cloned());
        *fetched = Some(ended.clone());
        self.fetches.fetch_add(1, Ordering::Release);
        ended
    }

    /// Drops the token that was just refused, unless another has taken its place already.
    fn drop_refused(&self, sent: &HeaderMap) {
        let refused = sent.get(header::AUTHORIZATION);
        let current = self.cached().and_then(|token| authorization(&token).ok());
        if current.as_ref() == refused {
            self.keep(None);
        }
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
        let token = self.token().await.map_err(CredentialsError::caused_by)?;
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
            self.drop_refused(answer.sent);
        }
        true
    }

    fn grants(&self) -> Option<Vec<String>> {
        self.cached().map(|token| token.scopes.clone())
    }
}

impl std::fmt::Debug for Bearer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bearer")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

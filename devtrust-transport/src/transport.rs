//! Sends requests. Credentials go to the configured origin only, redirects are never followed, every answer is read
//! whole up to a limit, and a failure keeps the request id.

use std::{error::Error as _, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};
use tracing::Instrument as _;
use url::Url;

use crate::{
    Answered, Clock, Credentials, Decision, Dialect, Failure, FailureKind, Origin, Outcome,
    Request, Response, Retry, RuntimeClock, budget::Budget, failure::origin_text,
};

/// Time-outs and sizes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// To make a connection. Default 10 s.
    pub connect_timeout: Duration,
    /// For one attempt, from sending to the body's last byte. Default 60 s.
    pub attempt_timeout: Duration,
    /// The largest body read, in bytes. Default 32 MiB.
    pub max_body: usize,
    /// How many requests run at the same time against this host. Default 8.
    pub concurrency: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            attempt_timeout: Duration::from_secs(60),
            max_body: 32 * 1024 * 1024,
            concurrency: 8,
        }
    }
}

/// An HTTP client bound to one origin and its credentials. Cloning is cheap and shares the connections.
#[derive(Clone)]
pub struct Transport {
    http: reqwest::Client,
    origin: Origin,
    credentials: Arc<dyn Credentials>,
    dialect: Arc<Dialect>,
    retry: Retry,
    limits: Limits,
    permits: Arc<Semaphore>,
    budget: Arc<Budget>,
    clock: Arc<dyn Clock>,
}

impl Transport {
    /// A transport to `origin` that authorises each attempt with `credentials`.
    ///
    /// # Errors
    /// When the system's TLS roots cannot be loaded.
    pub fn new(
        origin: Origin,
        credentials: Arc<dyn Credentials>,
        dialect: Dialect,
        retry: Retry,
        limits: Limits,
    ) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy_on_loopback(&origin)
            .connect_timeout(limits.connect_timeout)
            .timeout(limits.attempt_timeout)
            .user_agent(dialect.user_agent.clone())
            .build()?;
        Ok(Self {
            http,
            origin,
            credentials,
            dialect: Arc::new(dialect),
            retry,
            permits: Arc::new(Semaphore::new(limits.concurrency.max(1))),
            limits,
            budget: Arc::default(),
            clock: Arc::new(RuntimeClock),
        })
    }

    /// The same transport on another clock, for tests that must not wait.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// What it waits with.
    pub fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// The credentials that authorise each attempt.
    pub fn credentials(&self) -> &dyn Credentials {
        self.credentials.as_ref()
    }

    /// The origin that this transport talks to.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Sends `request`, again where [`Retry`] says so, and returns a success (2xx).
    ///
    /// A request whose rate limit is nearly used up waits for the next window before it is sent. The span `request`
    /// carries method, path, attempts, status and request id: no query, no header, no body.
    ///
    /// # Errors
    /// A [`Failure`] for every other status, for no or no complete answer, for a link away from the origin.
    pub async fn send(&self, request: &Request) -> Result<Response, Failure> {
        let span = tracing::debug_span!(
            "request",
            method = %request.method(),
            path = request.path(),
            attempts = tracing::field::Empty,
            status = tracing::field::Empty,
            request_id = tracing::field::Empty,
        );
        let mut exchange = Exchange::new(request, self.clock.as_ref());
        // Boxed: the state of an HTTP client's request is large, and callers nest futures deeply.
        let sent = Box::pin(self.send_in_span(&mut exchange))
            .instrument(span.clone())
            .await;
        span.record("attempts", exchange.attempts);
        if let Some(status) = exchange.status {
            span.record("status", status.as_u16());
        }
        if let Some(id) = &exchange.last_id {
            span.record("request_id", id);
        }
        sent
    }

    async fn send_in_span(&self, exchange: &mut Exchange<'_>) -> Result<Response, Failure> {
        let request = exchange.request;
        let url = request.url(&self.origin);
        if !self.origin.covers(&url) {
            let target = origin_text(&url);
            return Err(exchange.failure(FailureKind::ForeignOrigin { target }));
        }
        loop {
            let ended = self.paced_attempt(&url, exchange).await;
            let outcome = match &ended {
                Ok(answer) => Outcome::Answer(answer.status, &answer.headers),
                Err(FailureKind::Connect { .. }) => Outcome::NotConnected,
                Err(FailureKind::Interrupted { .. }) => Outcome::Interrupted,
                Err(other) => return Err(exchange.failure(other.clone())),
            };
            if exchange.authorise_again {
                tracing::debug!(
                    attempt = exchange.attempts,
                    request_id = exchange.last_id,
                    "authorised anew"
                );
                exchange.authorise_again = false;
                continue;
            }
            let decision = self.retry.decide(
                request.is_repeatable(),
                outcome,
                exchange.attempts,
                self.dialect.rate_limit.as_ref(),
                rand::random(),
            );
            tracing::debug!(
                attempt = exchange.attempts,
                ?decision,
                request_id = exchange.last_id,
                "attempt ended"
            );
            match decision {
                Decision::Again(wait) => self.clock.sleep(wait).await,
                Decision::RateLimited(wait) => {
                    return Err(exchange.failure(FailureKind::RateLimited { wait }));
                }
                Decision::Ambiguous => {
                    let reason = match ended {
                        Ok(answer) => format!("status {}", answer.status.as_u16()),
                        Err(kind) => kind.to_string(),
                    };
                    return Err(exchange.failure(FailureKind::Ambiguous { reason }));
                }
                Decision::Return => return exchange.finish(ended),
            }
        }
    }

    /// One attempt, once the rate limit has room for it. No slot of the host is held while waiting.
    async fn paced_attempt(
        &self,
        url: &Url,
        exchange: &mut Exchange<'_>,
    ) -> Result<Answer, FailureKind> {
        let request = exchange.request;
        let bucket = (self.dialect.bucket)(request.method(), url.path());
        // The slot comes first: whoever waits for one takes nothing yet, and asks the limit when the answers of those
        // before it have told how much is left.
        let slot = loop {
            // The semaphore is never closed; were it, sending without a permit would still be right.
            let slot = self.permits.acquire().await.ok();
            let Err(wait) = self.budget.take(&bucket, self.clock.now()) else {
                break slot;
            };
            drop(slot);
            if wait > self.retry.max_wait {
                return Err(FailureKind::RateLimited { wait });
            }
            tracing::debug!(?wait, "the rate limit is nearly used up");
            self.clock.sleep(wait).await;
        };
        // Dropped part-way (a caller's time-out), the taken request is still put back.
        let mut taken = Taken {
            transport: self,
            bucket,
            headers: None,
            _slot: slot,
        };
        exchange.attempts += 1;
        let ended = self.attempt(exchange.request, url, exchange).await;
        if let Ok(answer) = &ended {
            taken.headers = Some(answer.headers.clone());
        }
        ended
    }

    async fn attempt(
        &self,
        request: &Request,
        url: &Url,
        exchange: &mut Exchange<'_>,
    ) -> Result<Answer, FailureKind> {
        let sent = self.headers(request, url, exchange).await?;
        let mut builder = self
            .http
            .request(request.method().clone(), url.clone())
            .headers(sent.clone());
        if let Some(body) = request.encoded_body() {
            builder = builder.body(body);
        }
        let response = builder.send().await.map_err(broken)?;
        exchange.status = Some(response.status());
        exchange.last_id = self.request_id(response.headers());
        if exchange.first_id.is_none() {
            exchange.first_id.clone_from(&exchange.last_id);
        }
        let status = response.status();
        let headers = response.headers().clone();
        let body = self.read(response).await?;
        let answered = Answered {
            sent: &sent,
            status,
            headers: &headers,
            body: &body,
        };
        if self.credentials.answered(&answered).await && !exchange.authorised_anew {
            exchange.authorised_anew = true;
            exchange.authorise_again = true;
        }
        Ok(Answer {
            status,
            headers,
            body,
        })
    }

    async fn headers(
        &self,
        request: &Request,
        url: &Url,
        exchange: &Exchange<'_>,
    ) -> Result<HeaderMap, FailureKind> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(kind) = request.media_type() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        } else if !request.method().is_safe() {
            // Some servers answer 411 to a write that has neither a body nor a length.
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        headers.extend(request.headers().clone());
        self.credentials
            .authorize(request.method(), url, &mut headers)
            .await
            .map_err(|reason| FailureKind::Credentials { reason })?;
        if exchange.attempts > 1 {
            let retry_for = self
                .dialect
                .retry_for
                .clone()
                .zip(exchange.first_id.as_deref());
            if let Some((name, id)) = retry_for
                && let Ok(value) = HeaderValue::from_str(id)
            {
                headers.insert(name, value);
            }
            if let Some(name) = self.dialect.retry_count.clone() {
                headers.insert(name, HeaderValue::from(exchange.attempts - 1));
            }
        }
        Ok(headers)
    }

    async fn read(&self, mut response: reqwest::Response) -> Result<Vec<u8>, FailureKind> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if body.len() + chunk.len() > self.limits.max_body {
                return Err(FailureKind::TooLarge {
                    limit: self.limits.max_body,
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn request_id(&self, headers: &HeaderMap) -> Option<String> {
        let value = self
            .dialect
            .request_id
            .iter()
            .find_map(|name| headers.get(name))?;
        Some(value.to_str().ok()?.to_owned())
    }
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transport")
            .field("origin", &self.origin.to_string())
            .field("credentials", &self.credentials)
            .field("retry", &self.retry)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// What is remembered of a request over its attempts.
struct Exchange<'a> {
    request: &'a Request,
    clock: &'a dyn Clock,
    started: Instant,
    attempts: u32,
    status: Option<StatusCode>,
    first_id: Option<String>,
    last_id: Option<String>,
    /// Whether the next attempt follows at once, because it will be authorised otherwise.
    authorise_again: bool,
    /// Whether that has happened already.
    authorised_anew: bool,
}

/// One request of a bucket, put back when it ends however it ends, and only then its slot of the host.
struct Taken<'a> {
    transport: &'a Transport,
    bucket: String,
    headers: Option<HeaderMap>,
    _slot: Option<SemaphorePermit<'a>>,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.transport.budget.settle(
            &self.bucket,
            self.headers.as_ref(),
            self.transport.dialect.rate_limit.as_ref(),
            self.transport.clock.now(),
        );
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl<'a> Exchange<'a> {
    fn new(request: &'a Request, clock: &'a dyn Clock) -> Self {
        Self {
            request,
            clock,
            started: clock.now(),
            attempts: 0,
            status: None,
            first_id: None,
            last_id: None,
            authorise_again: false,
            authorised_anew: false,
        }
    }

    fn failure(&self, kind: FailureKind) -> Failure {
        Failure {
            kind: Box::new(kind),
            method: self.request.method().clone(),
            path: self.request.path(),
            status: self.status,
            request_id: self.last_id.clone(),
            attempts: self.attempts,
            elapsed: self.clock.now() - self.started,
        }
    }

    fn finish(&self, ended: Result<Answer, FailureKind>) -> Result<Response, Failure> {
        const KEPT_ERROR_BODY: usize = 64 * 1024;
        let answer = match ended {
            Ok(answer) => answer,
            Err(kind) => return Err(self.failure(kind)),
        };
        if !answer.status.is_success() {
            let Answer {
                headers, mut body, ..
            } = answer;
            body.truncate(KEPT_ERROR_BODY);
            return Err(self.failure(FailureKind::Status { headers, body }));
        }
        Ok(Response {
            method: self.request.method().clone(),
            path: self.request.path(),
            status: answer.status,
            headers: answer.headers,
            body: answer.body,
            request_id: self.last_id.clone(),
            attempts: self.attempts,
            elapsed: self.clock.now() - self.started,
        })
    }
}

/// What a client error means. The URL is dropped from the text: its query can hold a secret.
fn broken(error: reqwest::Error) -> FailureKind {
    let error = error.without_url();
    let connect = error.is_connect();
    let mut reason = if error.is_timeout() {
        "timed out".to_owned()
    } else {
        error.to_string()
    };
    let mut source = error.source();
    while let Some(cause) = source {
        reason = format!("{reason}: {cause}");
        source = cause.source();
    }
    if connect {
        FailureKind::Connect { reason }
    } else {
        FailureKind::Interrupted { reason }
    }
}

trait NoProxyOnLoopback {
    fn no_proxy_on_loopback(self, origin: &Origin) -> Self;
}

impl NoProxyOnLoopback for reqwest::ClientBuilder {
    /// A proxy would see what goes to a loopback origin in clear.
    fn no_proxy_on_loopback(self, origin: &Origin) -> Self {
        if origin.url().scheme() == "http" {
            self.no_proxy()
        } else {
            self
        }
    }
}

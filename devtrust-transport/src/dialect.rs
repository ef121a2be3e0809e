//! The header names in which servers differ. The transport knows no vendor: each client hands it its dialect.

use http::{HeaderName, Method};

/// The header names that one vendor uses for request ids, rate limits and retries.
#[derive(Debug, Clone)]
pub struct Dialect {
    /// Response headers that carry the request id, first match wins.
    pub request_id: Vec<HeaderName>,
    /// Response headers that carry the rate limit, where the vendor sends any.
    pub rate_limit: Option<RateLimitHeaders>,
    /// Request header that names, on a retry, the request id of the first attempt.
    pub retry_for: Option<HeaderName>,
    /// Request header that counts the retries.
    pub retry_count: Option<HeaderName>,
    /// The `User-Agent` to send.
    pub user_agent: String,
    /// Which rate limit a request counts against, by method and path: requests of one name share one.
    pub bucket: fn(&Method, &str) -> String,
}

/// The names of the three rate-limit headers.
#[derive(Debug, Clone)]
pub struct RateLimitHeaders {
    /// Requests allowed in a window.
    pub limit: HeaderName,
    /// Requests left in this window.
    pub remaining: HeaderName,
    /// The window's end, in seconds since the Unix epoch on the server's clock.
    pub reset: HeaderName,
}

impl Dialect {
    /// A dialect without vendor headers that sends `user_agent`.
    pub fn plain(user_agent: impl Into<String>) -> Self {
        Self {
            request_id: vec![HeaderName::from_static("x-request-id")],
            rate_limit: None,
            retry_for: None,
            retry_count: None,
            user_agent: user_agent.into(),
            bucket: one_bucket,
        }
    }
}

fn one_bucket(_method: &Method, _path: &str) -> String {
    String::new()
}

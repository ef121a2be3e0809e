//! Whether to send again, and when: one pure function, so that every row of the table is a test without a clock.
//!
//! | outcome | GET, HEAD, said to be repeatable | other requests |
//! |---|---|---|
//! | 429 | again | again |
//! | 502, 503, 504 | again | ambiguous |
//! | time-out, broken connection | again | ambiguous |
//! | no connection made | again | again |
//! | anything else | return | return |
//!
//! The wait is `Retry-After`, else the rate limit's reset minus the response's own `Date` plus one second (both are
//! the server's clock), else exponential with jitter. A wait past [`Retry::max_wait`] is returned, not slept.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};

use crate::RateLimitHeaders;

/// How often and how long to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// How many times a request is sent at most. Default 5.
    pub max_attempts: u32,
    /// The first exponential wait. Default 500 ms.
    pub base: Duration,
    /// The longest exponential wait. Default 20 s.
    pub max_backoff: Duration,
    /// The longest wait that the server may ask for before the request fails as rate limited. Default 90 s.
    pub max_wait: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            max_attempts: 5,
            base: Duration::from_millis(500),
            max_backoff: Duration::from_secs(20),
            max_wait: Duration::from_secs(90),
        }
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy)]
pub enum Outcome<'a> {
    /// With a response.
    Answer(StatusCode, &'a HeaderMap),
    /// Without a connection: the request was not sent.
    NotConnected,
    /// Part-way: the server may have acted on it.
    Interrupted,
}

/// What to do after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Give the outcome to the caller.
    Return,
    /// Wait this long, then send again.
    Again(Duration),
    /// Fail: the server asks for a longer wait than allowed, or attempts ran out.
    RateLimited(Duration),
    /// Fail: a write may have happened.
    Ambiguous,
}

impl Retry {
    /// Never sends a request twice.
    pub fn never() -> Self {
        Self {
            max_attempts: 1,
            ..Self::default()
        }
    }

    /// Decides after attempt number `attempt` (from 1). `repeatable` says whether sending the request twice does no
    /// harm, as that of a GET; `jitter` is a random number in `0.0..1.0`.
    pub fn decide(
        &self,
        repeatable: bool,
        outcome: Outcome<'_>,
        attempt: u32,
        rate_limit: Option<&RateLimitHeaders>,
        jitter: f64,
    ) -> Decision {
        match outcome {
            Outcome::Answer(StatusCode::TOO_MANY_REQUESTS, headers) => {
                let wait = asked_wait(headers, rate_limit)
                    .unwrap_or_else(|| self.backoff(attempt, jitter));
                if wait > self.max_wait || attempt >= self.max_attempts {
                    Decision::RateLimited(wait)
                } else {
                    Decision::Again(wait)
                }
            }
            Outcome::Answer(status, headers) if is_gateway_trouble(status) => {
                if !repeatable {
                    return Decision::Ambiguous;
                }
                let wait = retry_after(headers).unwrap_or_else(|| self.backoff(attempt, jitter));
                self.again(attempt, wait)
            }
            Outcome::Answer(..) => Decision::Return,
            Outcome::Interrupted if !repeatable => Decision::Ambiguous,
            Outcome::Interrupted | Outcome::NotConnected => {
                self.again(attempt, self.backoff(attempt, jitter))
            }
        }
    }

    fn again(&self, attempt: u32, wait: Duration) -> Decision {
        if attempt >= self.max_attempts || wait > self.max_wait {
            Decision::Return
        } else {
            Decision::Again(wait)
        }
    }

    /// Half of the exponential wait is fixed, half is jitter.
    fn backoff(&self, attempt: u32, jitter: f64) -> Duration {
        let doubled = self
            .base
            .saturating_mul(2u32.saturating_pow(attempt.saturating_sub(1)));
        doubled
            .min(self.max_backoff)
            .mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0))
    }
}

fn is_gateway_trouble(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
    )
}

/// The wait that the server asks for, by `Retry-After` or by the end of the rate-limit window.
fn asked_wait(headers: &HeaderMap, names: Option<&RateLimitHeaders>) -> Option<Duration> {
    retry_after(headers).or_else(|| {
        let names = names?;
        // A concurrency limit answers limit 0 and a reset that says nothing about when a slot is free.
        if number(headers, &names.limit) == Some(0) {
            return None;
        }
        until_reset(headers, names)
    })
}

/// The time to the end of the window by the server's own clock, and one second more.
pub(crate) fn until_reset(headers: &HeaderMap, names: &RateLimitHeaders) -> Option<Duration> {
    let reset =
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(number(headers, &names.reset)?))?;
    let left = reset
        .duration_since(server_time(headers))
        .unwrap_or_default();
    Some(left + Duration::from_secs(1))
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(text).ok()?;
    Some(at.duration_since(server_time(headers)).unwrap_or_default())
}

/// The server's clock from the response's `Date`, so that a wrong local clock costs nothing.
fn server_time(headers: &HeaderMap) -> SystemTime {
    headers
        .get(header::DATE)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| httpdate::parse_http_date(text).ok())
        .unwrap_or_else(SystemTime::now)
}

pub(crate) fn number(headers: &HeaderMap, name: &http::HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue, Method};

    use super::*;

    const DATE: &str = "Tue, 24 Nov 2026 12:00:00 GMT";
    const DATE_EPOCH: u64 = 1_795_521_600;

    fn names() -> RateLimitHeaders {
        RateLimitHeaders {
            limit: HeaderName::from_static("x-rate-limit-limit"),
            remaining: HeaderName::from_static("x-rate-limit-remaining"),
            reset: HeaderName::from_static("x-rate-limit-reset"),
        }
    }

    fn headers(pairs: &[(&'static str, String)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_str(value).unwrap(),
                )
            })
            .collect()
    }

    fn decide(method: &Method, status: u16, headers: &HeaderMap, attempt: u32) -> Decision {
        Retry::default().decide(
            method == Method::GET,
            Outcome::Answer(StatusCode::from_u16(status).unwrap(), headers),
            attempt,
            Some(&names()),
            0.0,
        )
    }

    #[test]
    fn a_429_waits_for_the_reset_by_the_servers_own_clock() {
        let map = headers(&[
            ("date", DATE.into()),
            ("x-rate-limit-limit", "10".into()),
            ("x-rate-limit-reset", (DATE_EPOCH + 7).to_string()),
        ]);
        assert_eq!(
            decide(&Method::PUT, 429, &map, 1),
            Decision::Again(Duration::from_secs(8))
        );
    }

    #[test]
    fn retry_after_goes_before_the_reset_in_seconds_and_as_a_date() {
        let map = headers(&[
            ("retry-after", "3".into()),
            ("x-rate-limit-reset", "0".into()),
        ]);
        assert_eq!(
            decide(&Method::GET, 429, &map, 1),
            Decision::Again(Duration::from_secs(3))
        );
        let map = headers(&[
            ("date", DATE.into()),
            ("retry-after", "Tue, 24 Nov 2026 12:00:09 GMT".into()),
        ]);
        assert_eq!(
            decide(&Method::GET, 503, &map, 1),
            Decision::Again(Duration::from_secs(9))
        );
    }

    #[test]
    fn a_concurrency_429_backs_off_instead_of_trusting_its_reset() {
        let map = headers(&[
            ("x-rate-limit-limit", "0".into()),
            ("x-rate-limit-reset", u32::MAX.to_string()),
        ]);
        assert_eq!(
            decide(&Method::GET, 429, &map, 2),
            Decision::Again(Duration::from_millis(500))
        );
    }

    #[test]
    fn a_wait_past_the_cap_is_returned_and_not_slept() {
        let map = headers(&[("retry-after", "3600".into())]);
        assert_eq!(
            decide(&Method::GET, 429, &map, 1),
            Decision::RateLimited(Duration::from_secs(3600))
        );
    }

    #[test]
    fn a_write_behind_a_broken_gateway_is_ambiguous_and_a_read_is_sent_again() {
        for status in [502, 503, 504] {
            for method in [Method::POST, Method::PUT, Method::DELETE] {
                assert_eq!(
                    decide(&method, status, &HeaderMap::new(), 1),
                    Decision::Ambiguous
                );
            }
            assert_eq!(
                decide(&Method::GET, status, &HeaderMap::new(), 1),
                Decision::Again(Duration::from_millis(250))
            );
        }
        let retry = Retry::default();
        let after = |repeatable| retry.decide(repeatable, Outcome::Interrupted, 1, None, 0.0);
        assert_eq!(after(false), Decision::Ambiguous);
        assert_eq!(after(true), Decision::Again(Duration::from_millis(250)));
    }

    #[test]
    fn without_a_connection_nothing_was_sent_so_any_method_tries_again() {
        let decision = Retry::default().decide(false, Outcome::NotConnected, 1, None, 1.0);
        assert_eq!(decision, Decision::Again(Duration::from_millis(500)));
    }

    #[test]
    fn other_statuses_return_at_once_and_attempts_run_out() {
        for status in [200, 400, 401, 403, 404, 409, 500] {
            assert_eq!(
                decide(&Method::GET, status, &HeaderMap::new(), 1),
                Decision::Return
            );
        }
        assert_eq!(
            decide(&Method::GET, 503, &HeaderMap::new(), 5),
            Decision::Return
        );
        assert!(matches!(
            decide(&Method::GET, 429, &HeaderMap::new(), 5),
            Decision::RateLimited(_)
        ));
    }
}

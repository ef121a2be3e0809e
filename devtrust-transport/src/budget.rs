//! What is left of each rate limit, so that a bulk read waits for the next window instead of running into a 429 that
//! somebody else's work would share.
//!
//! A server tells with each answer how much of the window is left. Requests in flight count as used. When no more than
//! a twentieth of the limit is left, the next request waits for the window to end; the last twentieth is for others.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use http::{HeaderMap, header};
use tokio::time::Instant;

use crate::{RateLimitHeaders, retry};

/// The share of a limit, as a divisor, that is left to others.
const RESERVE: u64 = 20;

/// The buckets of one server.
#[derive(Debug, Default)]
pub(crate) struct Budget(Mutex<HashMap<String, Bucket>>);

#[derive(Debug, Default)]
struct Bucket {
    in_flight: u64,
    window: Option<Window>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    limit: u64,
    remaining: u64,
    ends: Instant,
}

impl Budget {
    /// Takes one request out of a bucket, or says how long to wait before asking again.
    pub(crate) fn take(&self, bucket: &str, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.lock();
        let bucket = buckets.entry(bucket.to_owned()).or_default();
        if let Some(window) = &mut bucket.window {
            if window.ends <= now {
                // The next window's end is not known before its first answer; its size is.
                window.remaining = window.limit;
                window.ends = now + Duration::from_secs(60);
            }
            if window.remaining.saturating_sub(bucket.in_flight) <= window.limit / RESERVE {
                return Err(window.ends - now);
            }
        }
        bucket.in_flight += 1;
        Ok(())
    }

    /// Puts back what [`Budget::take`] took, and learns from the answer, if one came.
    pub(crate) fn settle(
        &self,
        bucket: &str,
        answer: Option<&HeaderMap>,
        names: Option<&RateLimitHeaders>,
        now: Instant,
    ) {
        let mut buckets = self.lock();
        let Some(bucket) = buckets.get_mut(bucket) else {
            return;
        };
        bucket.in_flight = bucket.in_flight.saturating_sub(1);
        let Some((limit, remaining, left)) = answer.zip(names).and_then(|(headers, names)| {
            Some((
                retry::number(headers, &names.limit)?,
                retry::number(headers, &names.remaining)?,
                retry::until_reset(headers, names)?,
            ))
        }) else {
            return;
        };
        // A concurrency limit answers limit 0: it says nothing of a window. Nor is the window the reason where the
        // server names a wait of its own.
        let names_a_wait = answer.is_some_and(|headers| headers.contains_key(header::RETRY_AFTER));
        if limit == 0 || names_a_wait {
            return;
        }
        let ends = now + left;
        let same_window = |window: &Window| ends < window.ends + Duration::from_secs(2);
        let remaining = match &bucket.window {
            // Answers come in any order; the smallest number of a window is the true one.
            Some(window) if same_window(window) && window.limit == limit => {
                remaining.min(window.remaining)
            }
            _ => remaining,
        };
        bucket.window = Some(Window {
            limit,
            remaining,
            ends,
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Bucket>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    const DATE: &str = "Tue, 24 Nov 2026 12:00:00 GMT";
    const DATE_EPOCH: u64 = 1_795_521_600;

    fn names() -> RateLimitHeaders {
        RateLimitHeaders {
            limit: HeaderName::from_static("x-limit"),
            remaining: HeaderName::from_static("x-remaining"),
            reset: HeaderName::from_static("x-reset"),
        }
    }

    fn answer(limit: u64, remaining: u64, left: u64) -> HeaderMap {
        let mut map = HeaderMap::new();
        map.insert("date", HeaderValue::from_static(DATE));
        map.insert("x-limit", limit.into());
        map.insert("x-remaining", remaining.into());
        map.insert("x-reset", (DATE_EPOCH + left).into());
        map
    }

    fn learn(budget: &Budget, answer: &HeaderMap, now: Instant) {
        budget.take("b", now).unwrap();
        budget.settle("b", Some(answer), Some(&names()), now);
    }

    #[test]
    fn nothing_waits_before_the_first_answer_and_without_rate_limit_headers() {
        let (budget, now) = (Budget::default(), Instant::now());
        for _ in 0..100 {
            budget.take("b", now).unwrap();
        }
        budget.settle("b", Some(&HeaderMap::new()), Some(&names()), now);
        budget.take("b", now).unwrap();
    }

    #[test]
    fn a_bucket_waits_for_its_window_when_the_last_request_would_be_taken() {
        let (budget, now) = (Budget::default(), Instant::now());
        learn(&budget, &answer(10, 2, 30), now);
        budget.take("b", now).unwrap();
        budget.take("b", now).unwrap();
        // Both that are left are in flight.
        assert_eq!(budget.take("b", now), Err(Duration::from_secs(31)));
        budget.take("other bucket", now).unwrap();
        budget.take("b", now + Duration::from_secs(31)).unwrap();
    }

    #[test]
    fn a_twentieth_of_a_large_limit_is_left_to_others() {
        let (budget, now) = (Budget::default(), Instant::now());
        learn(&budget, &answer(600, 31, 10), now);
        budget.take("b", now).unwrap();
        assert!(budget.take("b", now).is_err());
    }

    #[test]
    fn a_late_answer_of_the_same_window_does_not_give_back_what_is_used() {
        let (budget, now) = (Budget::default(), Instant::now());
        for _ in 0..2 {
            budget.take("b", now).unwrap();
        }
        budget.settle("b", Some(&answer(10, 0, 30)), Some(&names()), now);
        budget.settle("b", Some(&answer(10, 1, 30)), Some(&names()), now);
        assert!(budget.take("b", now).is_err());
    }

    #[test]
    fn a_concurrency_limit_of_zero_is_no_window() {
        let (budget, now) = (Budget::default(), Instant::now());
        learn(&budget, &answer(0, 0, 30), now);
        budget.take("b", now).unwrap();
    }
}

//! Okta's rate-limit buckets, counted and enforced.

use std::{collections::HashMap, time::Duration};

use jiff::Timestamp;

use crate::faults::path_matches;

/// The buckets of an Okta org, first match wins.
#[derive(Clone, Debug, PartialEq)]
pub struct RateLimits {
    buckets: Vec<Bucket>,
    window: Duration,
}

#[derive(Clone, Debug, PartialEq)]
struct Bucket {
    name: &'static str,
    method: &'static str,
    pattern: &'static str,
    limit: u32,
}

/// A bucket's state after one request: the three `X-Rate-Limit-*` headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// UTC epoch seconds.
    pub(crate) reset: i64,
    pub(crate) exceeded: bool,
}

const fn bucket(
    name: &'static str,
    method: &'static str,
    pattern: &'static str,
    limit: u32,
) -> Bucket {
    Bucket {
        name,
        method,
        pattern,
        limit,
    }
}

impl RateLimits {
    /// The documented Workforce column, per minute: `/apps*` 100, `/apps/{id}` 500, `/groups` 500,
    /// `/logs` 120, `/devices` 150, everything else 1200.
    ///
    /// Okta gives one token half of a bucket by default; [`RateLimits::share_percent`] sets that. The
    /// table stems from a page that has been withdrawn, today only an org's own dashboard is
    /// authoritative.
    #[must_use]
    pub fn workforce() -> Self {
        Self {
            buckets: vec![
                bucket("app", "GET", "/api/v1/apps/*", 500),
                bucket("app", "DELETE", "/api/v1/apps/*", 500),
                bucket("apps", "*", "/api/v1/apps/**", 100),
                bucket("apps", "*", "/api/v1/apps", 100),
                bucket("groups", "*", "/api/v1/groups", 500),
                bucket("groups", "*", "/api/v1/groups/**", 500),
                bucket("logs", "*", "/api/v1/logs", 120),
                bucket("devices", "*", "/api/v1/devices", 150),
                bucket("devices", "*", "/api/v1/devices/**", 150),
                bucket("token", "POST", "/oauth2/v1/token", 1200),
                bucket("other", "*", "/**", 1200),
            ],
            window: Duration::from_secs(60),
        }
    }

    /// The numbers recorded on Integrator and preview orgs for a token at its 50 % share: policies,
    /// authenticators, devices and device assurances 50, devices' users 300, app lists and app
    /// assignment **10**, one app 50, token 150. `/groups` and `/logs` are half of the documented 100
    /// and 20, the rest 50.
    #[must_use]
    pub fn integrator() -> Self {
        Self {
            buckets: vec![
                bucket("app", "GET", "/api/v1/apps/*", 50),
                bucket("app", "DELETE", "/api/v1/apps/*", 50),
                bucket("apps", "*", "/api/v1/apps/**", 10),
                bucket("apps", "*", "/api/v1/apps", 10),
                bucket("policies", "*", "/api/v1/policies", 50),
                bucket("policies", "*", "/api/v1/policies/**", 50),
                bucket("authenticators", "*", "/api/v1/authenticators", 50),
                bucket("authenticators", "*", "/api/v1/authenticators/**", 50),
                bucket("device users", "*", "/api/v1/devices/*/users", 300),
                bucket("devices", "*", "/api/v1/devices", 50),
                bucket("devices", "*", "/api/v1/devices/**", 50),
                bucket("device assurances", "*", "/api/v1/device-assurances", 50),
                bucket("device assurances", "*", "/api/v1/device-assurances/**", 50),
                bucket("groups", "*", "/api/v1/groups", 50),
                bucket("groups", "*", "/api/v1/groups/**", 50),
                bucket("logs", "*", "/api/v1/logs", 10),
                bucket("token", "POST", "/oauth2/v1/token", 150),
                bucket("other", "*", "/**", 50),
            ],
            window: Duration::from_secs(60),
        }
    }

    /// One bucket too large to be met, for tests that are about something else. The headers are there
    /// all the same.
    #[must_use]
    pub fn unlimited() -> Self {
        Self {
            buckets: vec![bucket("other", "*", "/**", u32::MAX)],
            window: Duration::from_secs(60),
        }
    }

    /// Scales every bucket to this share, never below 1.
    #[must_use]
    pub fn share_percent(mut self, percent: u32) -> Self {
        for bucket in &mut self.buckets {
            let scaled = u64::from(bucket.limit) * u64::from(percent) / 100;
            bucket.limit = u32::try_from(scaled.max(1)).unwrap_or(u32::MAX);
        }
        self
    }

    /// The length of a window; 60 s on real orgs.
    #[must_use]
    pub fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self::workforce()
    }
}

/// The counters: a window opens with a bucket's first request, not on the wall's minute.
#[derive(Debug, Default)]
pub(crate) struct Counters(HashMap<&'static str, (i64, u32)>);

impl Counters {
    /// Counts one request. `None` where no bucket matches.
    pub(crate) fn count(
        &mut self,
        limits: &RateLimits,
        method: &str,
        path: &str,
        now: Timestamp,
    ) -> Option<Standing> {
        let bucket = limits.buckets.iter().find(|bucket| {
            (bucket.method == "*" || bucket.method == method) && path_matches(bucket.pattern, path)
        })?;
        let second = now.as_second();
        let length = i64::try_from(limits.window.as_secs()).unwrap_or(60).max(1);
        let (reset, used) = self.0.entry(bucket.name).or_insert((second + length, 0));
        if *reset <= second {
            (*reset, *used) = (second + length, 0);
        }
        let exceeded = *used >= bucket.limit;
        *used = used.saturating_add(1);
        Some(Standing {
            limit: bucket.limit,
            remaining: bucket.limit.saturating_sub(*used),
            reset: *reset,
            exceeded,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_eleventh_app_assignment_in_a_minute_is_refused_on_an_integrator_org() {
        let (limits, mut counters) = (RateLimits::integrator(), Counters::default());
        let mut put = |second| {
            counters
                .count(
                    &limits,
                    "PUT",
                    "/api/v1/apps/0oa1/policies/rst1",
                    at(second),
                )
                .unwrap()
        };
        for n in 0..10 {
            assert_eq!(put(100 + n).remaining, 9 - u32::try_from(n).unwrap());
        }
        assert!(put(120).exceeded);
        assert_eq!(
            put(130),
            Standing {
                limit: 10,
                remaining: 0,
                reset: 160,
                exceeded: true
            }
        );
        assert!(
            !put(160).exceeded,
            "a new window opens with the first call after the reset"
        );
    }

    #[test]
    fn workforce_gives_one_app_its_own_bucket() {
        let (limits, mut counters) = (RateLimits::workforce(), Counters::default());
        let mut get = |path| counters.count(&limits, "GET", path, at(0)).unwrap().limit;
        assert_eq!(get("/api/v1/apps/0oa1"), 500);
        assert_eq!(get("/api/v1/apps"), 100);
        assert_eq!(get("/api/v1/policies/rst1"), 1200);
    }
}

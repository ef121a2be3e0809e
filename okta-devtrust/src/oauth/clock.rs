//! The server's clock: the local one, corrected by the `Date` of the last answer.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use http::{HeaderMap, header};

/// Seconds of difference that a proof or an assertion is not refused for.
const TOLERATED: i64 = 30;

/// The difference between the server's clock and the local one. `Date` has seconds only, so one second is noise.
#[derive(Debug, Default)]
pub(super) struct ServerClock(AtomicI64);

impl ServerClock {
    /// The server's time in seconds since the Unix epoch.
    pub(super) fn now(&self) -> i64 {
        local().saturating_add(self.ahead())
    }

    /// How far the server's clock is ahead, in seconds.
    pub(super) fn ahead(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes the `Date` of an answer. Says whether the clock moved so far that what was signed before it is no good.
    pub(super) fn correct(&self, headers: &HeaderMap) -> bool {
        let Some(server) = headers
            .get(header::DATE)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| httpdate::parse_http_date(text).ok())
        else {
            return false;
        };
        let ahead = seconds(server).saturating_sub(local());
        let before = self.ahead();
        if (ahead - before).abs() > 1 {
            self.0.store(ahead, Ordering::Relaxed);
        }
        self.has_moved_since(before)
    }

    /// Whether it was moved since it was `before` ahead, so far that what was signed then is no good.
    pub(super) fn has_moved_since(&self, before: i64) -> bool {
        (self.ahead() - before).abs() > TOLERATED
    }
}

fn local() -> i64 {
    seconds(SystemTime::now())
}

fn seconds(at: SystemTime) -> i64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn date(at: SystemTime) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let text = httpdate::fmt_http_date(at);
        headers.insert(header::DATE, text.parse().unwrap());
        headers
    }

    #[test]
    fn a_date_two_hours_ahead_moves_the_clock_and_the_same_date_does_not_again() {
        let clock = ServerClock::default();
        let server = SystemTime::now() + Duration::from_secs(7200);
        assert!(clock.correct(&date(server)));
        assert!((clock.ahead() - 7200).abs() <= 1);
        assert!(!clock.correct(&date(server)));
    }

    #[test]
    fn without_a_date_or_with_one_second_of_noise_nothing_moves() {
        let clock = ServerClock::default();
        assert!(!clock.correct(&HeaderMap::new()));
        assert!(!clock.correct(&date(SystemTime::now())));
        assert_eq!(clock.ahead(), 0);
    }
}

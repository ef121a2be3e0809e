use std::time::Duration;

/// How often and how long to ask after a request that is PENDING.
///
/// RFC 8894 leaves the times to both sides (seconds where approval is a matter of software, hours or days where people
/// approve) and fixes the rest: one PKCSReq, then CertPoll after CertPoll, all in one transaction. So the wait doubles
/// up to a longest one, and ends with the patience.
///
/// ```
/// use scep_profile::client::Polling;
/// use std::time::Duration;
///
/// let waits: Vec<u64> = Polling::default().waits().map(|wait| wait.as_secs()).take(6).collect();
/// assert_eq!(waits, [10, 20, 40, 80, 160, 300]);
/// assert_eq!(Polling::default().waits().sum::<Duration>(), Duration::from_secs(3600));
/// assert_eq!(Polling::never().waits().count(), 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Polling {
    /// The wait before the first poll.
    pub first: Duration,
    /// The longest wait between two polls.
    pub longest: Duration,
    /// All waits together.
    pub patience: Duration,
}

impl Default for Polling {
    /// After 10 seconds, at least every 5 minutes, for an hour.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(10),
            longest: Duration::from_secs(300),
            patience: Duration::from_secs(3600),
        }
    }
}

impl Polling {
    /// No poll at all.
    #[must_use]
    pub fn never() -> Self {
        Self {
            patience: Duration::ZERO,
            ..Self::default()
        }
    }

    /// Sets the wait before the first poll.
    #[must_use]
    pub fn first(mut self, first: Duration) -> Self {
        self.first = first;
        self
    }

    /// Sets the longest wait between two polls.
    #[must_use]
    pub fn longest(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// Sets all waits together.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The waits, one before each poll. They are finite: a wait is at least a millisecond.
    pub fn waits(&self) -> impl Iterator<Item = Duration> + use<> {
        let least = Duration::from_millis(1);
        let longest = self.longest.max(least);
        let (mut next, mut left) = (self.first.clamp(least, longest), self.patience);
        std::iter::from_fn(move || {
            let wait = next.min(left);
            left -= wait;
            next = next.saturating_mul(2).min(longest);
            (!wait.is_zero()).then_some(wait)
        })
    }
}

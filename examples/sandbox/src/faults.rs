//! Faults on demand: what a network and two busy vendors do to a client, at a chosen request.

use std::time::Duration;

use crate::recorded::Side;

/// One fault, armed for the n-th request that matches.
///
/// ```
/// use device_trust_sandbox::{Effect, Fault, Side};
///
/// // The second PUT of a policy rule is committed, but its answer never arrives.
/// let fault = Fault::on(Side::Okta, "PUT", "/api/v1/policies/*/rules/*", Effect::LoseAnswer).nth(2);
/// assert!(fault.matches(Side::Okta, "PUT", "/api/v1/policies/rst1/rules/rul1"));
/// assert!(!fault.matches(Side::Okta, "PUT", "/api/v1/policies/rst1"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    side: Side,
    method: String,
    path: String,
    first: u64,
    last: u64,
    effect: Effect,
    seen: u64,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// Answers with this status and the vendor's error shape, without doing anything. Okta's 429 gets
    /// the recorded body and rate-limit headers with `Remaining: 0`.
    Status(u16),
    /// As [`Effect::Status`], with a `Retry-After` header in seconds.
    RetryAfter(u16, u64),
    /// Cuts the connection before the request is handled.
    Reset,
    /// Handles the request, but only after this long.
    Delay(Duration),
    /// Handles the request, then cuts the connection instead of answering.
    LoseAnswer,
    /// Handles the request, and answers with its status and the first half of the body, which no longer can be read. What
    /// had no body is answered 200 with something that is no JSON.
    CutBody,
    /// Handles the request, and then neither answers nor ends: the moment in which a client is killed.
    Hold,
    /// Cuts the connection at once and handles the request later: right before the n-th request after it of the same
    /// service, or when [`Sandbox::land`](crate::Sandbox::land) says so. What a write does whose client gave up waiting.
    Late(u64),
    /// Answers a GET with the previous answer given for the same path and query, if there is one.
    StaleRead,
}

impl Effect {
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Status(status) | Self::RetryAfter(status, _) => format!("status {status}"),
            Self::Reset => "reset".to_owned(),
            Self::Delay(delay) => format!("delay {} ms", delay.as_millis()),
            Self::LoseAnswer => "answer lost".to_owned(),
            Self::CutBody => "body cut".to_owned(),
            Self::Hold => "held".to_owned(),
            Self::Late(_) => "late".to_owned(),
            Self::StaleRead => "stale read".to_owned(),
        }
    }
}

impl Fault {
    /// A fault for the first matching request. `method` may be `*`; in `path`, `*` stands for one
    /// segment and a final `**` for any rest.
    #[must_use]
    pub fn on(side: Side, method: &str, path: &str, effect: Effect) -> Self {
        Self {
            side,
            method: method.to_owned(),
            path: path.to_owned(),
            first: 1,
            last: 1,
            effect,
            seen: 0,
        }
    }

    /// Only the n-th matching request, from 1.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        (self.first, self.last) = (nth, nth);
        self
    }

    /// The first `count` matching requests.
    #[must_use]
    pub fn times(mut self, count: u64) -> Self {
        (self.first, self.last) = (1, count);
        self
    }

    /// Every matching request from the n-th on.
    #[must_use]
    pub fn from_nth_on(mut self, nth: u64) -> Self {
        (self.first, self.last) = (nth, u64::MAX);
        self
    }

    /// Whether a request is of the kind this fault waits for.
    #[must_use]
    pub fn matches(&self, side: Side, method: &str, path: &str) -> bool {
        self.side == side
            && (self.method == "*" || self.method.eq_ignore_ascii_case(method))
            && path_matches(&self.path, path)
    }
}

/// The armed faults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// No fault.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Arms one more.
    #[must_use]
    pub fn and(mut self, fault: Fault) -> Self {
        self.0.push(fault);
        self
    }

    pub(crate) fn arm(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Counts the request against every fault it matches and gives the first effect that is due.
    pub(crate) fn strike(&mut self, side: Side, method: &str, path: &str) -> Option<Effect> {
        let mut due = None;
        for fault in &mut self.0 {
            if fault.matches(side, method, path) {
                fault.seen += 1;
                if due.is_none() && (fault.first..=fault.last).contains(&fault.seen) {
                    due = Some(fault.effect.clone());
                }
            }
        }
        due
    }
}

impl FromIterator<Fault> for Faults {
    fn from_iter<I: IntoIterator<Item = Fault>>(faults: I) -> Self {
        Self(faults.into_iter().collect())
    }
}

/// Segment-wise match; `*` is one segment, a final `**` the rest.
pub(crate) fn path_matches(pattern: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    for wanted in pattern.split('/') {
        match (wanted, segments.next()) {
            ("**", _) => return true,
            ("*", Some(_)) => {}
            (wanted, Some(segment)) if wanted == segment => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_only_the_request_it_counts_to() {
        let mut faults: Faults = [Fault::on(Side::Okta, "*", "/api/v1/**", Effect::Reset).nth(2)]
            .into_iter()
            .collect();
        assert_eq!(faults.strike(Side::Okta, "GET", "/api/v1/apps"), None);
        assert_eq!(faults.strike(Side::JumpCloud, "GET", "/api/v1/apps"), None);
        assert_eq!(
            faults.strike(Side::Okta, "GET", "/api/v1/apps"),
            Some(Effect::Reset)
        );
        assert_eq!(faults.strike(Side::Okta, "GET", "/api/v1/apps"), None);
    }
}

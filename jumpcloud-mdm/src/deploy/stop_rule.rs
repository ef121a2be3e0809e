//! Whether a roll-out goes on to its next ring: a pure decision from what each device has reported. The rule: silence
//! proves nothing, and neither does an empty ring.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{DeviceResult, DeviceState};

/// When a roll-out stops.
///
/// ```
/// use jumpcloud_mdm::deploy::{Decision, StopRule};
///
/// let rule = StopRule::default();
/// assert_eq!((rule.max_failed_percent, rule.min_reported_percent), (5, 80));
/// // Nobody has reported, and there is no more time.
/// assert!(matches!(rule.decide(&[], true), Decision::Stop(_)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StopRule {
    /// More failures than this share of the devices that reported stop the roll-out. Default 5.
    pub max_failed_percent: u8,
    /// Fewer reports than this share of the devices that can be reached, once the time is up, stop it. Default 80.
    pub min_reported_percent: u8,
    /// Fewer successes than this stop it. Default 1.
    pub min_successes: usize,
}

impl Default for StopRule {
    fn default() -> Self {
        Self {
            max_failed_percent: 5,
            min_reported_percent: 80,
            min_successes: 1,
        }
    }
}

/// What a [`StopRule`] says of a ring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", content = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Decision {
    /// The next ring may begin.
    GoOn,
    /// Not all have reported, and there is time.
    Wait,
    /// The roll-out stops here.
    Stop(StopReason),
}

/// Why a roll-out stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// Too many devices refused the profile.
    TooManyFailed {
        /// How many did.
        failed: usize,
        /// Of how many: those that reported, or, while others are waited for, all that can be reached.
        of: usize,
        /// The share allowed, in percent.
        allowed_percent: u8,
    },
    /// Too few devices reported in time. The roll-out can be resumed when they have.
    TooFewReported {
        /// How many did.
        reported: usize,
        /// How many can be reached.
        of: usize,
        /// The share needed, in percent.
        needed_percent: u8,
    },
    /// Too few devices are in the ring, or can be reached, to prove anything.
    TooFewSucceeded {
        /// How many did.
        succeeded: usize,
        /// How many are needed.
        needed: usize,
    },
}

/// The devices of a ring, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Tally {
    /// Acknowledged the profile.
    pub succeeded: usize,
    /// Refused it, or reported a state that this version does not know.
    pub failed: usize,
    /// Have not reported.
    pub silent: usize,
    /// Cannot be reached, and are counted nowhere else.
    pub out_of_reach: usize,
}

impl Tally {
    /// Counts `devices`.
    pub fn of(devices: &[DeviceResult]) -> Self {
        let mut tally = Self::default();
        for device in devices {
            match device.state {
                DeviceState::Success => tally.succeeded += 1,
                DeviceState::Failed | DeviceState::Other { .. } => tally.failed += 1,
                DeviceState::Pending | DeviceState::Unreported => tally.silent += 1,
                DeviceState::OutOfReach { .. } => tally.out_of_reach += 1,
            }
        }
        tally
    }

    /// Devices that reported.
    pub fn reported(&self) -> usize {
        self.succeeded + self.failed
    }

    /// Devices that can be reached.
    pub fn reachable(&self) -> usize {
        self.reported() + self.silent
    }
}

impl std::iter::Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), |sum, one| Self {
            succeeded: sum.succeeded + one.succeeded,
            failed: sum.failed + one.failed,
            silent: sum.silent + one.silent,
            out_of_reach: sum.out_of_reach + one.out_of_reach,
        })
    }
}

impl StopRule {
    /// Decides on a ring: `time_is_up` when no more reports are waited for.
    ///
    /// It stops before all have reported as soon as the failures are too many whatever the others report.
    pub fn decide(&self, devices: &[DeviceResult], time_is_up: bool) -> Decision {
        let tally = Tally::of(devices);
        let (reported, reachable) = (tally.reported(), tally.reachable());
        let all_in = tally.silent == 0;
        let of = if all_in || time_is_up {
            reported
        } else {
            reachable
        };
        if exceeds(tally.failed, of, self.max_failed_percent) {
            return Decision::Stop(StopReason::TooManyFailed {
                failed: tally.failed,
                of,
                allowed_percent: self.max_failed_percent,
            });
        }
        if !all_in && !time_is_up {
            return Decision::Wait;
        }
        if reported * 100 < reachable * usize::from(self.min_reported_percent) {
            return Decision::Stop(StopReason::TooFewReported {
                reported,
                of: reachable,
                needed_percent: self.min_reported_percent,
            });
        }
        if tally.succeeded < self.min_successes {
            return Decision::Stop(StopReason::TooFewSucceeded {
                succeeded: tally.succeeded,
                needed: self.min_successes,
            });
        }
        Decision::GoOn
    }
}

fn exceeds(part: usize, whole: usize, percent: u8) -> bool {
    part * 100 > whole * usize::from(percent)
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyFailed {
                failed,
                of,
                allowed_percent,
            } => write!(
                f,
                "{failed} of {of} Macs refused the profile, more than {allowed_percent} %; mend the profile and run again"
            ),
            Self::TooFewReported {
                reported,
                of,
                needed_percent,
            } => write!(
                f,
                "{reported} of {of} Macs reported in time, fewer than {needed_percent} %; run again when they have"
            ),
            Self::TooFewSucceeded { succeeded, needed } => write!(
                f,
                "{succeeded} Macs took the profile and {needed} must; put Macs that can be reached into the ring's groups"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devices(states: &[(usize, DeviceState)]) -> Vec<DeviceResult> {
        states
            .iter()
            .flat_map(|(count, state)| std::iter::repeat_n(state.clone(), *count))
            .enumerate()
            .map(|(n, state)| DeviceResult {
                policy: "p".into(),
                system_id: format!("s{n}"),
                name: format!("Mac {n}"),
                serial_number: None,
                state,
                detail: None,
                exit_status: None,
                reported_at: None,
            })
            .collect()
    }

    fn decide(states: &[(usize, DeviceState)], time_is_up: bool) -> Decision {
        let rule = StopRule {
            max_failed_percent: 10,
            min_reported_percent: 80,
            min_successes: 1,
        };
        rule.decide(&devices(states), time_is_up)
    }

    use DeviceState::{Failed, Pending, Success, Unreported};

    #[test]
    fn it_goes_on_at_the_allowed_share_and_stops_above_it() {
        assert_eq!(decide(&[(9, Success), (1, Failed)], false), Decision::GoOn);
        assert!(matches!(
            decide(&[(8, Success), (1, Failed)], false),
            Decision::Stop(StopReason::TooManyFailed {
                failed: 1,
                of: 9,
                ..
            })
        ));
    }

    #[test]
    fn it_stops_early_only_when_the_rest_cannot_save_it() {
        assert_eq!(decide(&[(1, Failed), (9, Pending)], false), Decision::Wait);
        assert!(matches!(
            decide(&[(2, Failed), (8, Pending)], false),
            Decision::Stop(StopReason::TooManyFailed {
                failed: 2,
                of: 10,
                ..
            })
        ));
        // Once the time is up, the silent ones no longer count for it.
        assert!(matches!(
            decide(&[(1, Failed), (7, Success), (2, Unreported)], true),
            Decision::Stop(StopReason::TooManyFailed {
                failed: 1,
                of: 8,
                ..
            })
        ));
    }

    #[test]
    fn silence_and_an_empty_ring_prove_nothing() {
        assert!(matches!(
            decide(&[(7, Success), (3, Unreported)], true),
            Decision::Stop(StopReason::TooFewReported {
                reported: 7,
                of: 10,
                ..
            })
        ));
        assert_eq!(
            decide(&[(8, Success), (2, Unreported)], true),
            Decision::GoOn
        );
        let away = DeviceState::OutOfReach { reason: "r".into() };
        for nobody in [vec![], vec![(3, away)]] {
            assert!(matches!(
                decide(&nobody, false),
                Decision::Stop(StopReason::TooFewSucceeded { succeeded: 0, .. })
            ));
        }
    }

    #[test]
    fn a_state_that_is_not_known_is_no_success() {
        let other = DeviceState::Other {
            text: "duplicate".into(),
        };
        assert!(matches!(
            decide(&[(1, other)], false),
            Decision::Stop(StopReason::TooManyFailed { .. })
        ));
    }
}

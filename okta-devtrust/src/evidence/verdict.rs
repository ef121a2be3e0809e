//! What one event says of how a sign-in ends.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::RuleIds;
use crate::logs::{EventType, LogEvent, LogResult};

/// What one event says of how a sign-in ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// The managed rule let a device in that the log calls managed.
    Managed,
    /// The managed rule let someone in, and the log does not call the device managed.
    Unproven,
    /// The break-glass rule let someone in.
    BreakGlass,
    /// The open catch-all let in what it will keep out once it is closed.
    WouldBeDenied,
    /// The catch-all kept out what is not managed.
    Denied,
    /// A sign-in that ought to work does not, or would not.
    Broken {
        /// Why. The text of a failure is Okta's, and its wording is not stable.
        why: String,
    },
}

impl Verdict {
    /// The verdict of an event under these rules; `None` for one that says nothing of it.
    ///
    /// ```
    /// use okta_devtrust::{evidence::{RuleIds, Verdict}, logs::LogEvent};
    ///
    /// let rules = RuleIds { catch_all: "rul9".into(), ..RuleIds::default() };
    /// let event: LogEvent = serde_json::from_str(r#"{
    ///     "eventType": "policy.evaluate_sign_on", "outcome": {"result": "DENY"}, "device": null,
    ///     "target": [{"type": "Rule", "id": "rul9"}]
    /// }"#)?;
    /// assert_eq!(Verdict::of(&rules, &event), Some(Verdict::Denied));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn of(rules: &RuleIds, event: &LogEvent) -> Option<Self> {
        let result = event.result()?;
        let broken = |why: &str| Self::Broken {
            why: why.to_owned(),
        };
        match event.kind() {
            EventType::EvaluateSignOn => {
                let rule = event.rule_id()?;
                let managed = event.device().and_then(|device| device.managed.value());
                let managed = managed == Some(&true);
                Some(match result {
                    LogResult::Allow if rule == rules.managed && managed => Self::Managed,
                    LogResult::Allow if rule == rules.managed => Self::Unproven,
                    LogResult::Allow if rule == rules.break_glass => Self::BreakGlass,
                    LogResult::Allow | LogResult::Deny if rule == rules.catch_all && managed => {
                        broken("it is managed, and the catch-all decided")
                    }
                    LogResult::Allow if rule == rules.catch_all => Self::WouldBeDenied,
                    LogResult::Deny if rule == rules.catch_all => Self::Denied,
                    _ => return None,
                })
            }
            EventType::Sso if *result == LogResult::Failure => Some(broken(
                event.reason().unwrap_or("the sign-in to the app failed"),
            )),
            EventType::DeviceSignalsTimeout => Some(broken(
                "Okta Verify did not answer in time with the device's signals",
            )),
            _ => None,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Managed => "managed",
            Self::Unproven => "let in, not proven managed",
            Self::BreakGlass => "break glass",
            Self::WouldBeDenied => "would be denied",
            Self::Denied => "denied",
            Self::Broken { why } => return write!(f, "broken: {why}"),
        })
    }
}

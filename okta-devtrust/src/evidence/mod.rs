//! What the System Log proves: which devices the managed rule let in, and which fell to the catch-all.
//!
//! Events are folded one by one, so memory grows with the number of devices and not with the number of events. A
//! decision is recognised by the id of its rule, found by target type: never by index, never by the text of a reason.

mod device;
mod fold;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt as _;
use serde::{Deserialize, Serialize};

pub use device::{AppSeen, Counts, DeviceEvidence, DeviceFacts, Latest, Use, UserSeen};
pub use verdict::Verdict;

use crate::{Error, Okta, devices::JoinKey, logs::LogQuery};

/// The log filter that yields what evidence is made of.
pub const FILTER: &str = "eventType eq \"policy.evaluate_sign_on\" or eventType eq \"user.authentication.sso\" \
                          or outcome.result eq \"FAILURE\"";

/// The ids of an app sign-in policy and of the rules that decide.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleIds {
    /// The policy.
    pub policy: String,
    /// The rule for managed Macs.
    pub managed: String,
    /// The break-glass rule.
    pub break_glass: String,
    /// The catch-all.
    pub catch_all: String,
}

/// What was seen of each device between two times.
///
/// ```
/// use okta_devtrust::evidence::{Evidence, RuleIds};
///
/// let rules = RuleIds {
///     policy: "rst1".into(),
///     managed: "rul1".into(),
///     break_glass: "rul0".into(),
///     catch_all: "rul9".into(),
/// };
/// let mut evidence = Evidence::new(rules, "2026-11-24T12:00:00Z".parse()?, "2026-11-24T13:00:00Z".parse()?);
/// evidence.add(&serde_json::from_str(
///     r#"{
///         "eventType": "policy.evaluate_sign_on",
///         "published": "2026-11-24T12:30:00.000Z",
///         "outcome": {"result": "ALLOW"},
///         "target": [{"type": "AppInstance", "id": "0oa1"}, {"type": "Rule", "id": "rul1"}],
///         "device": {"id": "guo1", "name": "Ada's MacBook Pro", "managed": true, "registered": true}
///     }"#,
/// )?);
/// let device = evidence.devices().next().expect("one device was seen");
/// assert_eq!(device.counts.managed_success, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The rules it is about.
    pub rules: RuleIds,
    /// The start of the window.
    pub from: jiff::Timestamp,
    /// The end of the window.
    pub to: jiff::Timestamp,
    /// How many events of the window were folded.
    pub events: u64,
    devices: BTreeMap<String, DeviceEvidence>,
    /// Which device the sign-in of a key belongs to; at most a few keys per device.
    #[serde(skip)]
    sign_ins: BTreeMap<String, String>,
}

impl Evidence {
    /// Evidence of nothing yet.
    pub fn new(rules: RuleIds, from: jiff::Timestamp, to: jiff::Timestamp) -> Self {
        Self {
            rules,
            from,
            to,
            events: 0,
            devices: BTreeMap::new(),
            sign_ins: BTreeMap::new(),
        }
    }

    /// The devices, and the users without a device in the log, in a stable order.
    pub fn devices(&self) -> impl Iterator<Item = &DeviceEvidence> {
        self.devices.values()
    }

    /// How often the managed rule let a managed device in.
    pub fn managed_successes(&self) -> u64 {
        self.devices()
            .map(|device| device.counts.managed_success)
            .sum()
    }

    /// How often a device that is not managed fell to the catch-all: let in while it is open, kept out once it is
    /// closed.
    pub fn unmanaged_at_catch_all(&self) -> u64 {
        let counts = self.devices().map(|device| &device.counts);
        counts
            .map(|counts| counts.predicted_denial + counts.denied)
            .sum()
    }
}

/// Reads the log between two times and folds it.
///
/// # Errors
/// As [`Okta::send`].
pub async fn read(
    okta: &Okta,
    rules: RuleIds,
    from: jiff::Timestamp,
    to: jiff::Timestamp,
) -> Result<Evidence, Error> {
    let mut evidence = Evidence::new(rules, from, to);
    let events = okta.logs(&LogQuery::between(from, to).filter(FILTER));
    let mut events = std::pin::pin!(events);
    while let Some(event) = events.try_next().await? {
        evidence.add(&event);
    }
    Ok(evidence)
}

/// What an MDM server knows each device of the evidence by, by its id in Okta. The list of devices is read once, page by
/// page; only those that were seen are kept. It is served from an index that lags behind, so a device that was
/// registered a moment ago can be missing.
///
/// # Errors
/// As [`Okta::send`].
pub async fn join_keys(
    okta: &Okta,
    evidence: &Evidence,
) -> Result<BTreeMap<String, JoinKey>, Error> {
    let seen: BTreeSet<&str> = evidence
        .devices()
        .filter_map(|seen| Some(seen.device.as_ref()?.id.as_str()))
        .collect();
    let mut keys = BTreeMap::new();
    if seen.is_empty() {
        return Ok(keys);
    }
    let mut devices = std::pin::pin!(okta.devices(None));
    while let Some(device) = devices.try_next().await? {
        if seen.contains(device.id.as_str()) {
            keys.insert(device.id.clone(), device.join_key());
        }
    }
    Ok(keys)
}

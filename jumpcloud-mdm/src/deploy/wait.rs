//! Waits until each Mac has reported. A success here means that the device acknowledged the profile; whether the
//! certificate came is for [`proof`](crate::proof).

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;
use tokio::time::Instant;

use super::{Applied, Desired, Named, Problem, provenance::results_until};
use crate::{Error, JumpCloud, PolicyResult, System, Verdict, scrub::Scrubber};

/// How long to wait.
#[derive(Debug, Clone)]
pub struct WaitOptions {
    timeout: Duration,
    interval: Duration,
    reported_before: BTreeMap<String, BTreeMap<String, String>>,
}

impl Default for WaitOptions {
    /// Ten minutes, looking each 5 s.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(600),
            interval: Duration::from_secs(5),
            reported_before: BTreeMap::new(),
        }
    }
}

impl WaitOptions {
    /// When to stop waiting. Devices that are off report at their next contact.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How often to look.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Takes no result for new that was there before a policy was updated. Without it, as in a run that goes on where
    /// another was killed, the time in the policy's notes tells. A result does not say which profile it is of: one that
    /// a Mac was about to give for the earlier profile, and gives after the update, counts for the new one.
    #[must_use]
    pub fn after(mut self, applied: &Applied) -> Self {
        self.reported_before.clone_from(&applied.reported_before);
        self
    }
}

/// Where the deployment stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Rollout {
    /// One entry for each policy and each system in its device groups.
    pub devices: Vec<DeviceResult>,
    /// Whether the time was up before all had reported.
    pub timed_out: bool,
}

/// One policy on one system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DeviceResult {
    /// The policy's name.
    pub policy: String,
    /// The system's id.
    pub system_id: String,
    /// The system's name, for people.
    pub name: String,
    /// The serial number.
    pub serial_number: Option<String>,
    /// The state.
    pub state: DeviceState,
    /// What JumpCloud says about it.
    pub detail: Option<String>,
    /// The exit status.
    pub exit_status: Option<i64>,
    /// When it ended, RFC 3339.
    pub reported_at: Option<String>,
}

/// How one policy stands on one system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeviceState {
    /// The device acknowledged the profile.
    Success,
    /// The device refused it.
    Failed,
    /// JumpCloud has sent it, or will.
    Pending,
    /// Nothing was reported yet, or only what was there before the update.
    Unreported,
    /// A state that this version does not know.
    Other {
        /// The state, in the API's spelling.
        text: String,
    },
    /// JumpCloud's MDM cannot reach the device; it is not waited for.
    OutOfReach {
        /// Why.
        reason: String,
    },
}

impl DeviceState {
    /// Whether there is nothing more to wait for.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Pending | Self::Unreported)
    }
}

impl Rollout {
    /// Whether every device that can be reached acknowledged the profile.
    pub fn all_succeeded(&self) -> bool {
        self.devices.iter().all(|device| {
            matches!(
                device.state,
                DeviceState::Success | DeviceState::OutOfReach { .. }
            )
        })
    }

    fn all_final(&self) -> bool {
        self.devices.iter().all(|device| device.state.is_final())
    }
}

/// Polls until each system in the device groups of each desired profile has reported, or the time is up; calls
/// `progress` after each look. The device groups are read once, at the beginning.
///
/// # Errors
/// [`Error::Refused`] when a desired policy or device group does not exist; else an [`Error`] by the answer's meaning.
pub async fn wait(
    client: &JumpCloud,
    desired: &Desired,
    options: &WaitOptions,
    progress: impl FnMut(&Rollout),
) -> Result<Rollout, Error> {
    wait_until(client, desired, options, Rollout::all_final, progress).await
}

/// As [`wait`], until `done` or all have reported.
pub(crate) async fn wait_until(
    client: &JumpCloud,
    desired: &Desired,
    options: &WaitOptions,
    done: impl Fn(&Rollout) -> bool,
    mut progress: impl FnMut(&Rollout),
) -> Result<Rollout, Error> {
    let deadline = Instant::now() + options.timeout;
    let watch = Watch::begin(client, desired, options).await?;
    loop {
        let mut rollout = watch.look(client).await?;
        let ended = rollout.all_final() || done(&rollout);
        rollout.timed_out = !ended && Instant::now() >= deadline;
        progress(&rollout);
        if rollout.timed_out || ended {
            return Ok(rollout);
        }
        let next = Instant::now() + options.interval;
        tokio::time::sleep_until(next.min(deadline)).await;
    }
}

/// What is waited for.
struct Watch<'a> {
    policies: Vec<WatchedPolicy<'a>>,
    systems: BTreeMap<String, System>,
    scrub: Scrubber,
}

struct WatchedPolicy<'a> {
    name: &'a str,
    id: String,
    members: BTreeSet<String>,
    before: Option<BTreeMap<String, String>>,
    results_until: Option<Timestamp>,
}

impl WatchedPolicy<'_> {
    /// Whether a result tells of the profile as it is now. While nothing is final, that does not matter.
    fn is_fresh(&self, system: &str, status: &PolicyResult) -> bool {
        match &self.before {
            Some(before) => before.get(system) != Some(&mark_of(status)),
            None => match (self.results_until, status.at()) {
                (Some(until), Some(at)) => at > until,
                _ => true,
            },
        }
    }
}

impl<'a> Watch<'a> {
    async fn begin(
        client: &JumpCloud,
        desired: &'a Desired,
        options: &WaitOptions,
    ) -> Result<Self, Error> {
        let mut problems = Vec::new();
        let mut groups: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for profile in &desired.profiles {
            for name in &profile.device_groups {
                if groups.contains_key(name.as_str()) {
                    continue;
                }
                match client.device_group_named(name).await? {
                    None => {
                        let named = Named::DeviceGroup(name.clone());
                        problems.push(Problem::Absent { named });
                    }
                    Some(group) => {
                        let members = client
                            .device_group_membership(&group.id)
                            .map_ok(|member| member.id)
                            .try_collect()
                            .await?;
                        groups.insert(name, members);
                    }
                }
            }
        }
        let mut policies = Vec::new();
        let mut scrub = Scrubber::default();
        for profile in &desired.profiles {
            scrub.add_profile(&profile.profile);
            let name = profile.policy_name.as_str();
            match client.policy_named(name).await? {
                None => problems.push(Problem::NotDeployed {
                    policy: name.to_owned(),
                }),
                Some(policy) => policies.push(WatchedPolicy {
                    name,
                    results_until: policy.notes.as_deref().and_then(results_until),
                    id: policy.id,
                    members: profile
                        .device_groups
                        .iter()
                        .filter_map(|group| groups.get(group.as_str()))
                        .flatten()
                        .cloned()
                        .collect(),
                    before: options.reported_before.get(name).cloned(),
                }),
            }
        }
        if !problems.is_empty() {
            return Err(Error::Refused { problems });
        }
        let ids: BTreeSet<String> = policies
            .iter()
            .flat_map(|policy| policy.members.iter().cloned())
            .collect();
        Ok(Self {
            systems: systems(client, &ids).await?,
            policies,
            scrub,
        })
    }

    async fn look(&self, client: &JumpCloud) -> Result<Rollout, Error> {
        let mut devices = Vec::new();
        for policy in &self.policies {
            let statuses: BTreeMap<String, PolicyResult> = client
                .policy_statuses(&policy.id)
                .try_filter_map(async |status| Ok(status.system_id.clone().map(|id| (id, status))))
                .try_collect()
                .await?;
            for id in &policy.members {
                let fresh = statuses
                    .get(id)
                    .filter(|status| policy.is_fresh(id, status));
                devices.push(self.device(policy.name, id, fresh));
            }
        }
        devices.sort_by(|a, b| (&a.policy, &a.name).cmp(&(&b.policy, &b.name)));
        Ok(Rollout {
            devices,
            timed_out: false,
        })
    }

    fn device(&self, policy: &str, system_id: &str, status: Option<&PolicyResult>) -> DeviceResult {
        let system = self.systems.get(system_id);
        let reported = status.map_or(DeviceState::Unreported, |status| {
            state_of(&status.verdict())
        });
        // A report counts even from a device that looks out of reach.
        let state = match system.and_then(System::out_of_reach) {
            Some(reason) if !matches!(reported, DeviceState::Success | DeviceState::Failed) => {
                DeviceState::OutOfReach { reason }
            }
            _ => reported,
        };
        DeviceResult {
            policy: policy.to_owned(),
            system_id: system_id.to_owned(),
            name: system.map_or(system_id, System::label).to_owned(),
            serial_number: system.and_then(|system| system.serial_number.clone()),
            state,
            detail: status
                .and_then(|status| status.detail.as_deref())
                .filter(|detail| !detail.is_empty())
                .map(|detail| self.scrub.text(detail)),
            exit_status: status.and_then(|status| status.exit_status),
            reported_at: status.and_then(|status| status.ended_at.clone()),
        }
    }
}

fn state_of(verdict: &Verdict) -> DeviceState {
    match verdict {
        Verdict::Success => DeviceState::Success,
        Verdict::Failed => DeviceState::Failed,
        Verdict::Pending => DeviceState::Pending,
        Verdict::Unknown(text) if text.is_empty() => DeviceState::Unreported,
        Verdict::Unknown(text) => DeviceState::Other { text: text.clone() },
    }
}

/// What tells one result of a system from the next.
pub(super) fn mark_of(status: &PolicyResult) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    format!(
        "{} {} {}",
        text(&status.id),
        text(&status.started_at),
        text(&status.ended_at)
    )
}

/// The systems of these ids; those that are gone are left out. Few are read one by one, many in one list.
pub(crate) async fn systems(
    client: &JumpCloud,
    ids: &BTreeSet<String>,
) -> Result<BTreeMap<String, System>, Error> {
    const FEW: usize = 25;
    if ids.len() > FEW {
        return client
            .systems()
            .try_filter_map(async |system| {
                Ok(ids
                    .contains(&system.id)
                    .then(|| (system.id.clone(), system)))
            })
            .try_collect()
            .await;
    }
    let found: Vec<Option<System>> = stream::iter(ids.iter().map(|id| {
        let client = client.clone();
        async move {
            match client.system(id).await {
                Ok(system) => Ok(Some(system)),
                Err(error) if error.is_not_found() => Ok(None),
                Err(error) => Err(error),
            }
        }
    }))
    .buffer_unordered(8)
    .try_collect()
    .await?;
    Ok(found
        .into_iter()
        .flatten()
        .map(|system| (system.id.clone(), system))
        .collect())
}

//! What was seen of one device.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Verdict;

/// What was seen of one device, or of one user where the log names no device.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DeviceEvidence {
    /// The device; `None` for sign-ins without one, which are kept per user.
    pub device: Option<DeviceFacts>,
    /// Who used it last.
    pub user: Option<UserSeen>,
    /// How often what was seen.
    pub counts: Counts,
    /// When the last event was published.
    pub last: Option<jiff::Timestamp>,
    /// When the managed rule last let it in as managed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_managed: Option<jiff::Timestamp>,
    /// When it last fell to the catch-all, let in or kept out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_at_catch_all: Option<jiff::Timestamp>,
    /// What was seen of each user and app on it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) uses: BTreeMap<String, Use>,
    /// The keys of its latest sign-in, by which events without a device are told to be its own.
    #[serde(skip)]
    pub(super) keys: Vec<String>,
}

/// A device, as the last event named it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceFacts {
    /// Its id, the same as at `/api/v1/devices`.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its platform; `OSX` for Macs.
    pub os: Option<String>,
    /// The version of its system.
    pub os_version: Option<String>,
    /// Whether it is managed; absent is not `false`.
    pub managed: Option<bool>,
    /// Whether it is registered.
    pub registered: Option<bool>,
}

/// What was seen of one user with one app on a device. Either is `None` where the event does not name it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Use {
    /// The user.
    pub user: Option<UserSeen>,
    /// The app.
    pub app: Option<AppSeen>,
    /// How often what was seen.
    pub counts: Counts,
    /// When the last event was published.
    pub last: Option<jiff::Timestamp>,
    /// The latest event that says anything of how the sign-in ends.
    pub latest: Option<Latest>,
}

/// A verdict and when it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latest {
    /// When the event was published.
    pub at: jiff::Timestamp,
    /// What it says.
    pub verdict: Verdict,
}

/// An app.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppSeen {
    /// The id.
    pub id: String,
    /// What people see.
    pub label: Option<String>,
}

/// A user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserSeen {
    /// The id.
    pub id: String,
    /// The login.
    pub login: Option<String>,
}

/// How often what was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// The managed rule let it in, and the log says that it is managed.
    pub managed_success: u64,
    /// The managed rule let it in, and the log does not say that it is managed.
    pub managed_unproven: u64,
    /// The catch-all let it in though it is not managed: it will be kept out once the catch-all is closed.
    pub predicted_denial: u64,
    /// The catch-all kept it out, and it is not managed.
    pub denied: u64,
    /// It is managed and fell to the catch-all all the same: something keeps it from the managed rule.
    pub managed_at_catch_all: u64,
    /// The break-glass rule let it in.
    pub break_glass: u64,
    /// `user.authentication.sso` with `SUCCESS`.
    pub sso_success: u64,
    /// `user.authentication.sso` with `FAILURE`.
    pub sso_failure: u64,
    /// Any other event with `FAILURE`.
    pub failure: u64,
    /// Any other event.
    pub other: u64,
}

impl DeviceEvidence {
    /// What was seen of each user and app on it, in a stable order.
    pub fn uses(&self) -> impl Iterator<Item = &Use> {
        self.uses.values()
    }

    /// The latest verdict over all its users and apps.
    pub fn verdict(&self) -> Option<&Verdict> {
        let latest = self.uses().filter_map(|used| used.latest.as_ref());
        Some(&latest.max_by_key(|latest| latest.at)?.verdict)
    }

    /// Whether its latest decision is the managed rule's: an earlier success says nothing about a device that falls to
    /// the catch-all now.
    pub fn is_let_in_as_managed(&self) -> bool {
        self.last_managed.is_some() && self.last_managed >= self.last_at_catch_all
    }
}

impl Counts {
    /// All events.
    pub fn total(&self) -> u64 {
        self.managed_success
            + self.managed_unproven
            + self.predicted_denial
            + self.denied
            + self.managed_at_catch_all
            + self.break_glass
            + self.sso_success
            + self.sso_failure
            + self.failure
            + self.other
    }

    /// How often it fell to the catch-all.
    pub(super) fn at_catch_all(&self) -> u64 {
        self.predicted_denial + self.denied + self.managed_at_catch_all
    }
}

//! What is wanted besides the policies: the apps that prove and keep a door open, and how much proof closing takes.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::enforcement::Waive;

/// A bookmark app of the plan's own, alone under an app sign-in policy of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookmarkDesired {
    /// Its label, which people see.
    pub label: String,
    /// Where the link leads. An app that is there keeps its link.
    pub url: String,
    /// The name of its policy.
    pub policy: String,
}

impl BookmarkDesired {
    /// An app and its policy under one name.
    pub fn new(label: impl Into<String>, url: impl Into<String>) -> Self {
        let label = label.into();
        Self {
            policy: label.clone(),
            label,
            url: url.into(),
        }
    }
}

/// How much proof it takes to close the catch-all, and which conditions are waived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GuardDesired {
    /// How many days of sign-ins are replayed; Okta keeps 90.
    pub replay_days: u32,
    /// How many percent of the users who signed in would have to be let in.
    pub coverage_percent: u8,
    /// Logins of people who are known to be kept out until they have a managed Mac. They count neither way.
    pub expected_denials: Vec<String>,
    /// For how many hours a proof may be acted on.
    pub proof_hours: u32,
    /// The conditions that are waived.
    pub waive: BTreeSet<Waive>,
}

impl Default for GuardDesired {
    fn default() -> Self {
        Self {
            replay_days: 7,
            coverage_percent: 95,
            expected_denials: Vec::new(),
            proof_hours: 24,
            waive: BTreeSet::new(),
        }
    }
}

//! What became of each organisation.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    Error,
    deploy::{StopReason, Tally},
};

/// What became of all organisations, in the order in which they were named.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// One entry for each.
    pub tenants: Vec<TenantReport>,
}

/// What became of one organisation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TenantReport {
    /// The organisation's id.
    pub organization: String,
    /// The name, for people.
    pub name: String,
    /// What became of it.
    pub outcome: TenantOutcome,
}

/// What became of the work in one organisation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[non_exhaustive]
pub enum TenantOutcome {
    /// It is as desired.
    Done {
        /// How many changes that took; 0 when it was already.
        changes: usize,
        /// The devices, counted, where they were waited for.
        tally: Option<Tally>,
    },
    /// It was changed, and its devices have not proven themselves; a later run looks again.
    Stopped {
        /// How many changes were made.
        changes: usize,
        /// The ring that stopped it, where there are rings.
        ring: Option<String>,
        /// Why.
        reason: StopReason,
        /// The devices, counted.
        tally: Tally,
    },
    /// It failed; a later run goes on from there.
    Failed {
        /// Why, with the mend.
        reason: String,
        /// Whether a later run may do better without anything being mended, as [`Error::is_transient`].
        transient: bool,
        /// The error itself; `None` in a report that was read back, and where another crate's work failed.
        #[serde(skip)]
        error: Option<Error>,
    },
    /// An earlier report says that it is done.
    Skipped,
}

impl TenantOutcome {
    /// The outcome of a failure.
    pub fn failed(error: Error) -> Self {
        Self::Failed {
            reason: error.to_string(),
            transient: error.is_transient(),
            error: Some(error),
        }
    }

    /// Whether there is nothing more to do.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Skipped)
    }
}

impl Report {
    /// The organisations that are done, for [`MspOptions::leave_out`](super::MspOptions::leave_out).
    pub fn done(&self) -> BTreeSet<String> {
        self.tenants
            .iter()
            .filter(|tenant| tenant.outcome.is_done())
            .map(|tenant| tenant.organization.clone())
            .collect()
    }

    /// The organisations that are not.
    pub fn remaining(&self) -> impl Iterator<Item = &TenantReport> {
        self.tenants
            .iter()
            .filter(|tenant| !tenant.outcome.is_done())
    }

    /// Whether all are done.
    pub fn is_complete(&self) -> bool {
        self.remaining().next().is_none()
    }
}

/// How many are done, and each that is not with its reason.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = self.tenants.len() - self.remaining().count();
        writeln!(f, "{done} of {} organisations are done", self.tenants.len())?;
        for tenant in self.remaining() {
            writeln!(f, "  ! {tenant}")?;
        }
        Ok(())
    }
}

impl fmt::Display for TenantReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): ", self.name, self.organization)?;
        match &self.outcome {
            TenantOutcome::Done { changes: 0, .. } => f.write_str("as desired"),
            TenantOutcome::Done { changes, .. } => write!(f, "done, {changes} changes"),
            TenantOutcome::Stopped {
                ring: Some(ring),
                reason,
                ..
            } => write!(f, "stopped in ring {ring}: {reason}"),
            TenantOutcome::Stopped { reason, .. } => write!(f, "stopped: {reason}"),
            TenantOutcome::Failed { reason, .. } => f.write_str(reason),
            TenantOutcome::Skipped => f.write_str("done earlier"),
        }
    }
}

//! The simulated Macs.

use serde::{Deserialize, Serialize};

use crate::{seed::Seed, shared::Shared};

/// The Macs' state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {}

impl State {
    /// The seed's Macs, fresh from the box.
    #[must_use]
    pub fn seeded(_seed: &Seed) -> Self {
        Self::default()
    }
}

/// Runs the Macs until the task is aborted.
pub(crate) async fn run(_shared: Shared) {}

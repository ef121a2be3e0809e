//! The embedded JumpCloud.

use axum::{
    Router,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};

use crate::{seed::Seed, shared::Shared};

/// The JumpCloud organisation's state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {}

impl State {
    /// A fresh organisation with the seed's Macs.
    #[must_use]
    pub fn seeded(_seed: &Seed) -> Self {
        Self::default()
    }
}

/// All JumpCloud routes.
pub(crate) fn router(_shared: Shared) -> Router {
    Router::new()
}

/// JumpCloud's error shape for a status that a fault asks for.
pub(crate) fn refuse(status: u16) -> Response {
    StatusCode::from_u16(status)
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
        .into_response()
}

//! The embedded Okta.

use axum::{
    Json, Router,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{scep, seed::Seed, shared::Shared};

/// The client id of the seeded service app.
pub const SERVICE_APP_CLIENT_ID: &str = "0oasandboxservice001";

/// The Okta org's state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    service_app_key: Option<Value>,
}

impl State {
    /// A fresh org.
    #[must_use]
    pub fn seeded(_seed: &Seed, service_app_key: Option<Value>) -> Self {
        Self { service_app_key }
    }

    pub(crate) fn set_service_app_key(&mut self, key: Value) {
        self.service_app_key = Some(key);
    }
}

/// All Okta routes, and SCEP under `/pki/`.
pub(crate) fn router(shared: Shared) -> Router {
    Router::new()
        .route(
            "/.well-known/okta-organization",
            get(|| async { Json(json!({"id": "00o", "pipeline": "idx"})) }),
        )
        .merge(scep::router())
        .with_state(shared)
}

/// Okta's error shape for a status that a fault asks for.
pub(crate) fn refuse(_shared: &Shared, status: u16) -> Response {
    StatusCode::from_u16(status)
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
        .into_response()
}

//! The HTTP shell: one fallback handler that turns a request into a [`Call`] and an [`Answer`] into a response.

use axum::body::Bytes;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use serde_json::Value;

use crate::secrets;
use crate::shared::Shared;

use super::call::{Answer, Call, Refusal};
use super::routes;

/// All JumpCloud routes.
pub(crate) fn router(shared: Shared) -> Router {
    Router::new().fallback(serve).with_state(shared)
}

/// JumpCloud's error shape for a status that a fault asks for.
pub(crate) fn refuse(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let reason = status.canonical_reason().unwrap_or("Error");
    response(Refusal::new(status, reason).into_v2())
}

async fn serve(
    Extract(shared): Extract<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let is_json = !uri.path().starts_with("/object-storage/");
    let body = match serde_json::from_slice(&body) {
        _ if body.is_empty() || !is_json => Ok(Value::Null),
        parsed => parsed,
    };
    let Ok(body) = body else {
        return response(Refusal::invalid("the body is not JSON").into_v2());
    };
    let query = uri.query().unwrap_or_default();
    let mut world = shared.world();
    let now = world.now();
    let authorized = header("x-api-key")
        .is_some_and(|key| secrets::matches(&world.secrets.jumpcloud_api_key, &key));
    let call = Call {
        method,
        path: uri.path().to_owned(),
        query: url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        authorized,
        org_id: header("x-org-id"),
        body,
        host: header(header::HOST.as_str()).unwrap_or_default(),
        now,
    };
    response(routes::answer(&mut world.jumpcloud, &call))
}

fn response(answer: Answer) -> Response {
    let mut response = match answer.body {
        Some(body) => (answer.status, Json(body)).into_response(),
        None => answer.status.into_response(),
    };
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

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
use super::organizations;

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
    let query = uri.query().unwrap_or_default();
    let pairs = |text: &[u8]| -> Vec<(String, String)> {
        url::form_urlencoded::parse(text).into_owned().collect()
    };
    if uri.path() == "/oauth2/token" {
        let mut world = shared.world();
        let (now, basic) = (world.now(), header(header::AUTHORIZATION.as_str()));
        let account = &mut world.jumpcloud.service_account;
        return response(account.token(basic.as_deref(), &pairs(&body), now));
    }
    let is_json = !uri.path().starts_with("/object-storage/");
    let body = match serde_json::from_slice(&body) {
        _ if body.is_empty() || !is_json => Ok(Value::Null),
        parsed => parsed,
    };
    let Ok(body) = body else {
        return response(Refusal::invalid("the body is not JSON").into_v2());
    };
    let mut guard = shared.world();
    let world = &mut *guard;
    let now = world.now();
    let by_key = header("x-api-key")
        .is_some_and(|key| secrets::matches(&world.secrets.jumpcloud_api_key, &key));
    let by_token = header(header::AUTHORIZATION.as_str())
        .is_some_and(|token| world.jumpcloud.service_account.admits(&token, now));
    let call = Call {
        method,
        path: uri.path().to_owned(),
        query: pairs(query.as_bytes()),
        authorized: by_key || by_token,
        org_id: header("x-org-id"),
        body,
        host: header(header::HOST.as_str()).unwrap_or_default(),
        now,
    };
    response(organizations::answer_among(
        &mut world.jumpcloud,
        &mut world.more_organizations,
        &call,
    ))
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

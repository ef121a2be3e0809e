//! The layer before both services: records every request and strikes with the armed faults.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::{
    connection::Connection,
    faults::Effect,
    jumpcloud, okta,
    recorded::{self, Actor, RecordedRequest, Side},
    shared::Shared,
};

/// The largest body taken, in bytes: a package upload is larger than any API call.
const LARGEST_BODY: usize = 64 << 20;

/// Records the request, applies a fault if one is due, else lets the service answer.
pub(crate) async fn watch(
    State((shared, listener)): State<(Shared, Side)>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let method = parts.method.clone();
    let (side, actor) = place(listener, &path);
    let before = shared.late().passed_by(side);
    for handling in before {
        handling.await;
    }
    let effect = shared.faults().strike(side, method.as_str(), &path);
    let content_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let organization = parts
        .headers
        .get("x-org-id")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let memory = format!(
        "{side:?} {} {path}?{query}",
        organization.as_deref().unwrap_or_default()
    );
    let seq = record(
        &shared,
        RecordedRequest {
            seq: 0,
            at: shared.now(),
            side,
            actor,
            method: method.to_string(),
            path: path.clone(),
            query,
            headers: recorded::headers(&parts.headers),
            organization,
            body: recorded::body(content_type, &bytes),
            status: 0,
            fault: effect.as_ref().map(Effect::name),
        },
    );

    let request = Request::from_parts(parts, Body::from(bytes));
    let cut = effect == Some(Effect::CutBody);
    let response = match effect {
        Some(Effect::Reset) => {
            connection.cut();
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        Some(Effect::Status(status)) => refuse(&shared, side, status, None),
        Some(Effect::RetryAfter(status, seconds)) => refuse(&shared, side, status, Some(seconds)),
        Some(Effect::Delay(delay)) => {
            tokio::time::sleep(delay).await;
            next.run(request).await
        }
        Some(Effect::LoseAnswer) => {
            let response = next.run(request).await;
            connection.cut();
            response
        }
        Some(Effect::Hold) => {
            let response = next.run(request).await;
            settle(&shared, seq, response.status());
            // Dropped with the connection, when the client is gone.
            std::future::pending().await
        }
        Some(Effect::Late(passing)) => {
            connection.cut();
            // A client asks again for what it could not read; only a write is worth handling late.
            if method != Method::GET {
                let world = shared.clone();
                shared.late().hold(side, passing, async move {
                    let response = next.run(request).await;
                    settle(&world, seq, response.status());
                });
            }
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        Some(Effect::StaleRead) => {
            // A write of the same path is no read: it is never answered with what was read before.
            let last = match method {
                Method::GET => shared.last_answers().get(&memory).cloned(),
                _ => None,
            };
            match last {
                Some((status, headers, body)) => (status, headers, body).into_response(),
                None => {
                    forget_fault(&shared, seq);
                    next.run(request).await
                }
            }
        }
        Some(Effect::CutBody) | None => next.run(request).await,
    };
    let mut response = remember(&shared, &method, memory, response).await;
    if cut {
        response = cut_body(response).await;
    }
    settle(&shared, seq, response.status());
    response
}

/// Notes how a request was answered.
fn settle(shared: &Shared, seq: u64, status: StatusCode) {
    amend(shared, seq, |entry| entry.status = status.as_u16());
}

/// Notes that a fault found nothing to strike: no answer was there that could be repeated.
fn forget_fault(shared: &Shared, seq: u64) {
    amend(shared, seq, |entry| entry.fault = None);
}

fn amend(shared: &Shared, seq: u64, change: impl FnOnce(&mut RecordedRequest)) {
    let mut world = shared.world();
    let mut newest = world.requests.iter_mut().rev();
    if let Some(entry) = newest.find(|entry| entry.seq == seq) {
        change(entry);
    }
}

/// `/pki/…` is SCEP; it and `/sandbox/…` are paths that only a device uses.
fn place(listener: Side, path: &str) -> (Side, Actor) {
    match listener {
        Side::Okta if path.starts_with("/pki/") => (Side::Scep, Actor::Device),
        side if path.starts_with("/sandbox/") => (side, Actor::Device),
        side => (side, Actor::Admin),
    }
}

fn record(shared: &Shared, mut entry: RecordedRequest) -> u64 {
    let mut world = shared.world();
    entry.seq = world.requests.last().map_or(1, |last| last.seq + 1);
    let seq = entry.seq;
    world.requests.push(entry);
    seq
}

/// The vendor's own error shape for a status that a fault asks for.
fn refuse(shared: &Shared, side: Side, status: u16, retry_after: Option<u64>) -> Response {
    let mut response = match side {
        Side::Okta => okta::refuse(shared, status),
        Side::JumpCloud => jumpcloud::refuse(status),
        Side::Scep => StatusCode::from_u16(status)
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            .into_response(),
    };
    if let Some(seconds) = retry_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// The answer with half of its body; without a body, one that is no JSON.
async fn cut_body(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX)
        .await
        .unwrap_or_else(|_| Bytes::new());
    parts.headers.remove(header::CONTENT_LENGTH);
    if bytes.is_empty() {
        parts.status = StatusCode::OK;
        return Response::from_parts(parts, Body::from("<html>"));
    }
    Response::from_parts(parts, Body::from(bytes.slice(..bytes.len() / 2)))
}

/// Keeps the answer to a GET, so that a stale read can repeat it.
async fn remember(shared: &Shared, method: &Method, key: String, response: Response) -> Response {
    if method != Method::GET || !response.status().is_success() {
        return response;
    }
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX)
        .await
        .unwrap_or_else(|_| Bytes::new());
    shared
        .last_answers()
        .insert(key, (parts.status, parts.headers.clone(), bytes.clone()));
    Response::from_parts(parts, Body::from(bytes))
}

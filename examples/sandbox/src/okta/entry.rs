//! The gate before every Okta route: request id, rate limit, credentials, length.

use axum::{
    body::HttpBody as _,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use jiff::Timestamp;

use super::{
    answer::{Failure, WithoutRateHeaders},
    oauth, scopes,
};
use crate::{random, rate_limits::Standing, secrets, shared::Shared};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-okta-request-id");
const LIMIT: HeaderName = HeaderName::from_static("x-rate-limit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-rate-limit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-rate-limit-reset");

/// Lets a request through to its route, or refuses it as Okta does.
pub(crate) async fn admit(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    let counted = path.starts_with("/api/") || path.starts_with("/oauth2/");
    let standing = if counted {
        shared.counters().count(
            shared.rate_limits(),
            method.as_str(),
            &path,
            Timestamp::now(),
        )
    } else {
        None
    };
    let mut response = match refusal(&shared, &request, standing) {
        Some(failure) => failure.into_response(),
        None => next.run(request).await,
    };
    if let Some(standing) = standing
        && response.extensions().get::<WithoutRateHeaders>().is_none()
    {
        write_standing(response.headers_mut(), standing);
    }
    write_request_id(&mut response);
    response
}

/// The answer a fault asks for, with the headers of a real one.
pub(crate) fn refuse(shared: &Shared, status: u16) -> Response {
    let mut response = Failure::of_status(status).into_response();
    let standing = shared
        .counters()
        .count(shared.rate_limits(), "GET", "/", Timestamp::now())
        .map(|standing| Standing {
            remaining: if status == 429 { 0 } else { standing.remaining },
            ..standing
        });
    if let Some(standing) = standing {
        write_standing(response.headers_mut(), standing);
    }
    write_request_id(&mut response);
    response
}

fn refusal(shared: &Shared, request: &Request, standing: Option<Standing>) -> Option<Failure> {
    if standing.is_some_and(|standing| standing.exceeded) {
        return Some(Failure::rate_limited());
    }
    let path = request.uri().path();
    if path.starts_with("/api/")
        && let Err(failure) = authorise(shared, request)
    {
        return Some(failure);
    }
    let takes_body = matches!(*request.method(), Method::PUT | Method::POST);
    let says_length = request.headers().contains_key(header::CONTENT_LENGTH)
        || request.headers().contains_key(header::TRANSFER_ENCODING);
    if path.starts_with("/api/") && takes_body && !says_length && request.body().is_end_stream() {
        return Some(Failure::length_required());
    }
    None
}

fn authorise(shared: &Shared, request: &Request) -> Result<(), Failure> {
    let credentials = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .ok_or_else(Failure::invalid_token)?;
    let (scheme, token) = credentials
        .split_once(' ')
        .ok_or_else(Failure::invalid_token)?;
    if scheme.eq_ignore_ascii_case("SSWS") {
        return if secrets::matches(&shared.world().secrets.okta_api_token, token) {
            Ok(())
        } else {
            Err(Failure::invalid_token())
        };
    }
    let granted = oauth::admit(shared, scheme, token, request)?;
    match scopes::required(request.method(), request.uri().path()) {
        Some(scope) if !granted.iter().any(|have| have == scope) => Err(Failure::forbidden()),
        _ => Ok(()),
    }
}

fn write_standing(headers: &mut HeaderMap, standing: Standing) {
    headers.insert(LIMIT, standing.limit.into());
    headers.insert(REMAINING, standing.remaining.into());
    headers.insert(RESET, standing.reset.into());
}

fn write_request_id(response: &mut Response) {
    let id = hex::encode(random::bytes::<16>());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
}

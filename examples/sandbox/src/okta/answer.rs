//! Okta's answers: success with links in headers, and the one error shape.

use axum::{
    Json,
    extract::{FromRequest, Request},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use crate::random;

/// What a handler gives back.
pub(crate) type Answer = Result<Reply, Failure>;

/// A successful answer.
#[derive(Debug)]
pub(crate) struct Reply {
    status: StatusCode,
    body: Option<Value>,
    links: Vec<(&'static str, String)>,
}

impl Reply {
    pub(crate) fn ok(body: impl Into<Value>) -> Self {
        Self {
            status: StatusCode::OK,
            body: Some(body.into()),
            links: Vec::new(),
        }
    }

    pub(crate) fn no_content() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: None,
            links: Vec::new(),
        }
    }

    /// Adds one `Link` header; Okta sends one per relation, never a joined one.
    pub(crate) fn link(mut self, relation: &'static str, url: String) -> Self {
        self.links.push((relation, url));
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            Some(body) => (self.status, Json(body)).into_response(),
            None => self.status.into_response(),
        };
        for (relation, url) in self.links {
            if let Ok(value) = HeaderValue::from_str(&format!("<{url}>; rel=\"{relation}\"")) {
                response.headers_mut().append(header::LINK, value);
            }
        }
        response
    }
}

/// An error answer: `{errorCode, errorSummary, errorLink, errorId, errorCauses}`.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    code: &'static str,
    summary: String,
    causes: Vec<String>,
}

/// Marks an answer that carries no rate-limit headers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WithoutRateHeaders;

impl Failure {
    pub(crate) fn new(status: StatusCode, code: &'static str, summary: impl Into<String>) -> Self {
        Self {
            status,
            code,
            summary: summary.into(),
            causes: Vec::new(),
        }
    }

    pub(crate) fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// 400 E0000001.
    pub(crate) fn validation(field: &str, cause: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "E0000001",
            format!("Api validation failed: {field}"),
        )
        .cause(cause)
    }

    /// 400 E0000003.
    pub(crate) fn not_well_formed() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "E0000003",
            "The request body was not well-formed.",
        )
    }

    /// 400 E0000031 with the recorded text.
    pub(crate) fn invalid_cursor() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "E0000031", "Invalid cursor.")
    }

    /// 400 E0000031.
    pub(crate) fn invalid_search(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "E0000031",
            "Invalid search criteria.",
        )
        .cause(detail)
    }

    /// 400 E0000053.
    pub(crate) fn invalid_filter(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "E0000053", "Invalid filter").cause(detail)
    }

    /// 401 E0000011.
    pub(crate) fn invalid_token() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "E0000011",
            "Invalid token provided",
        )
    }

    /// 401 E0000015, which carries no rate-limit headers.
    pub(crate) fn feature_missing() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "E0000015",
            "You do not have permission to access the feature you are requesting",
        )
    }

    /// 403 E0000006.
    pub(crate) fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "E0000006",
            "You do not have permission to perform the requested action",
        )
    }

    /// 404 E0000007.
    pub(crate) fn not_found(id: &str, kind: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "E0000007",
            format!("Not found: Resource not found: {id} ({kind})"),
        )
    }

    /// 405 E0000022: the path is known, the method is not.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "E0000022",
            "The endpoint does not support the provided HTTP method",
        )
    }

    /// 400 E0000021: a body that is not said to be JSON.
    pub(crate) fn not_json() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "E0000021",
            "Bad request. Accept and/or Content-Type headers likely do not match supported values.",
        )
    }

    /// 411: a PUT or POST that says nothing about its length. The body of this answer is not confirmed.
    pub(crate) fn length_required() -> Self {
        Self::new(
            StatusCode::LENGTH_REQUIRED,
            "E0000021",
            "Content-Length is required",
        )
    }

    /// 429 E0000047 with the recorded text.
    pub(crate) fn rate_limited() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "E0000047",
            "API call exceeded rate limit due to too many requests.",
        )
    }

    /// The shape for a status that a fault asks for.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            401 => Self::invalid_token(),
            403 => Self::forbidden(),
            404 => Self::not_found("unknown", "Unknown"),
            429 => Self::rate_limited(),
            _ => Self::new(
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                "E0000009",
                "Internal Server Error",
            ),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let causes: Vec<Value> = self
            .causes
            .iter()
            .map(|cause| json!({ "errorSummary": cause }))
            .collect();
        let body = json!({
            "errorCode": self.code,
            "errorSummary": self.summary,
            "errorLink": self.code,
            "errorId": format!("oae{}", random::alphanumeric(22)),
            "errorCauses": causes,
        });
        let mut response = (self.status, Json(body)).into_response();
        if self.code == "E0000015" {
            response.extensions_mut().insert(WithoutRateHeaders);
        }
        response
    }
}

/// A request body that is one JSON object; anything else, an array included, is 400 E0000003.
#[derive(Debug)]
pub(crate) struct Document(pub(crate) Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Document {
    type Rejection = Failure;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Failure> {
        let json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.to_ascii_lowercase().starts_with("application/json"));
        if !json {
            return Err(Failure::not_json());
        }
        let bytes = axum::body::to_bytes(request.into_body(), usize::MAX)
            .await
            .map_err(|_| Failure::not_well_formed())?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|_| Failure::not_well_formed())
    }
}

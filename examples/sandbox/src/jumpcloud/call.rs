//! One request and its answer, without HTTP: what the pure part of the sandbox reads and writes.

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A request as the embedded JumpCloud sees it.
#[derive(Clone, Debug)]
pub struct Call {
    /// The HTTP method.
    pub method: Method,
    /// The path, from `/api/…` or `/insights/…` on, as sent.
    pub path: String,
    /// The query pairs in the order sent, decoded.
    pub query: Vec<(String, String)>,
    /// Whether `x-api-key` held the administrator's key.
    pub authorized: bool,
    /// The `x-org-id` header.
    pub org_id: Option<String>,
    /// The JSON body; `Null` where there was none.
    pub body: Value,
    /// Host and port the caller used: an `uploadUrl` is built from it.
    pub host: String,
    /// When the request arrived.
    pub now: Timestamp,
}

impl Call {
    /// The first value of the query parameter `name`.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body's member `name` as a non-empty string, or a 400 that names it.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.body[name]
            .as_str()
            .filter(|value| !value.is_empty())
            .ok_or_else(|| Refusal::invalid(format!("{name} is required and must be a string")))
    }
}

/// What the embedded JumpCloud answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// Headers beside `content-type`.
    pub headers: Vec<(&'static str, String)>,
    /// The JSON body; `None` for 204.
    pub body: Option<Value>,
}

impl Answer {
    pub(crate) fn ok(body: impl Into<Value>) -> Self {
        Self::new(StatusCode::OK, body)
    }

    pub(crate) fn created(body: impl Into<Value>) -> Self {
        Self::new(StatusCode::CREATED, body)
    }

    pub(crate) fn no_content() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            headers: Vec::new(),
            body: None,
        }
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn new(status: StatusCode, body: impl Into<Value>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Some(body.into()),
        }
    }
}

/// A request that is turned down; rendered in the error shape of the API version asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized")
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    /// v1's `{"error": …}` for a refused key, `{"message": …}` for the rest.
    pub(crate) fn into_v1(self) -> Answer {
        let key = if self.status == StatusCode::UNAUTHORIZED {
            "error"
        } else {
            "message"
        };
        Answer::new(self.status, json!({ key: self.message }))
    }

    /// v2's `Error`: `{code, message, status}`. That `code` is the gRPC code is not publicly confirmed.
    pub(crate) fn into_v2(self) -> Answer {
        let (code, status) = match self.status.as_u16() {
            400 => (3, "INVALID_ARGUMENT"),
            401 => (16, "UNAUTHENTICATED"),
            403 => (7, "PERMISSION_DENIED"),
            404 => (5, "NOT_FOUND"),
            409 => (6, "ALREADY_EXISTS"),
            _ => (13, "INTERNAL"),
        };
        let body = json!({ "code": code, "message": self.message, "status": status });
        Answer::new(self.status, body)
    }
}

/// What a handler gives back.
pub(crate) type Outcome = Result<Answer, Refusal>;

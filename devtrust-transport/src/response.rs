//! A response, read whole, with all that an error about it must name.

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};
use serde::de::DeserializeOwned;

use crate::{Failure, FailureKind};

/// A response: status, headers and body bytes, and the request's method, path, id, attempts and time.
#[derive(Clone)]
pub struct Response {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) request_id: Option<String>,
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
}

impl Response {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The server's id of this request.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Decodes the JSON body.
    ///
    /// # Errors
    /// [`FailureKind::Decode`] with the key path when the body has another shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let mut json = serde_json::Deserializer::from_slice(&self.body);
        serde_path_to_error::deserialize(&mut json).map_err(|error| {
            // serde's message can quote a value of the body, so only its class and place are kept.
            let inner = error.inner();
            let message = format!(
                "{} at line {} column {}",
                match inner.classify() {
                    serde_json::error::Category::Data => "another type than expected",
                    serde_json::error::Category::Eof => "the body ends early",
                    _ => "the body is not JSON",
                },
                inner.line(),
                inner.column()
            );
            self.failure(FailureKind::Decode {
                path: error.path().to_string(),
                message,
            })
        })
    }

    /// A failure about this response.
    pub fn failure(&self, kind: FailureKind) -> Failure {
        Failure {
            kind: Box::new(kind),
            method: self.method.clone(),
            path: self.path.clone(),
            status: Some(self.status),
            request_id: self.request_id.clone(),
            attempts: self.attempts,
            elapsed: self.elapsed,
        }
    }
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("status", &self.status)
            .field("request_id", &self.request_id)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

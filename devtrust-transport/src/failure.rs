//! What went wrong, in the transport's own words. The clients turn it into errors by meaning, and keep all of it.

use std::{fmt, time::Duration};

use http::{HeaderMap, Method, StatusCode};
use url::Url;

use crate::CredentialsError;

/// A request that did not succeed: what was asked, how often, how long, and what it means.
///
/// No query, body, header value or credential is ever part of it, save the error body that the server sent, which
/// [`FailureKind::Status`] carries for the clients to decode and which `Display` and `Debug` leave out.
pub struct Failure {
    pub(crate) kind: Box<FailureKind>,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) status: Option<StatusCode>,
    pub(crate) request_id: Option<String>,
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
}

/// What a [`Failure`] means.
#[derive(Clone)]
#[non_exhaustive]
pub enum FailureKind {
    /// The server answered with a status that is no success.
    Status {
        /// The response's headers.
        headers: HeaderMap,
        /// The response's body, at most 64 KiB of it.
        body: Vec<u8>,
    },
    /// The rate limit is used up for longer than the retry policy waits.
    RateLimited {
        /// How long from now the server asks to wait.
        wait: Duration,
    },
    /// A write whose outcome is unknown: it may or may not have happened. Read back before repeating it.
    Ambiguous {
        /// Why the outcome is unknown.
        reason: String,
    },
    /// No connection could be made.
    Connect {
        /// Why not.
        reason: String,
    },
    /// No complete answer came in time, or the connection broke, on a read.
    Interrupted {
        /// What happened.
        reason: String,
    },
    /// A link, or a redirect, leads away from the configured origin. Credentials go nowhere else.
    ForeignOrigin {
        /// Scheme, host and port that it leads to.
        target: String,
    },
    /// The credentials could not be made.
    Credentials {
        /// Why not, without the secret.
        reason: CredentialsError,
    },
    /// The body has another shape than documented.
    Decode {
        /// The key path in the body, such as `settings[0].id`.
        path: String,
        /// What is wrong there, without the value.
        message: String,
    },
    /// The body is larger than the limit.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
}

impl Failure {
    /// What it means.
    pub fn kind(&self) -> &FailureKind {
        &self.kind
    }

    /// The request's method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The request's path, without the query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The response's status, if one came.
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// The server's id of the last attempt.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// How many times the request was sent.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The time from the first attempt to this failure.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Method, path, status, request id, attempts and time, for the end of an error message.
    pub fn context(&self) -> String {
        let mut text = format!("{} {}", self.method, self.path);
        if let Some(status) = self.status {
            text += &format!(", status {}", status.as_u16());
        }
        if let Some(id) = &self.request_id {
            text += &format!(", request id {id}");
        }
        if self.attempts > 1 {
            text += &format!(
                ", {} attempts in {:.1} s",
                self.attempts,
                self.elapsed.as_secs_f32()
            );
        }
        text
    }
}

/// Scheme, host and port of a URL, for messages: the path may hold a secret.
pub(crate) fn origin_text(url: &Url) -> String {
    url.origin().ascii_serialization()
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status { .. } => f.write_str("the server refused the request"),
            Self::RateLimited { wait } => write!(
                f,
                "the rate limit is used up for {} s more; run again after that",
                wait.as_secs()
            ),
            Self::Ambiguous { reason } => write!(
                f,
                "the write may or may not have happened ({reason}); read the object back before repeating it"
            ),
            Self::Connect { reason } => {
                write!(f, "no connection ({reason}); check the URL and the network")
            }
            Self::Interrupted { reason } => write!(f, "no complete answer ({reason})"),
            Self::ForeignOrigin { target } => write!(
                f,
                "the server points to {target}, which is not the configured origin; credentials are not sent there"
            ),
            Self::Credentials { reason } => write!(f, "no credentials: {reason}"),
            Self::Decode { path, message } => {
                write!(
                    f,
                    "the answer does not have the documented shape at `{path}`: {message}"
                )
            }
            Self::TooLarge { limit } => write!(f, "the answer is larger than {limit} bytes"),
        }
    }
}

impl fmt::Debug for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.kind, self.context())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Failure({self})")
    }
}

impl std::error::Error for Failure {}

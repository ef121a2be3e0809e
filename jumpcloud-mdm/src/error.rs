//! What went wrong, by meaning. Each message says what to do; none holds a key, a challenge or a request body.

use std::{fmt, time::Duration};

use devtrust_transport::{Failure, FailureKind};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    Request, deploy::Problem, error_body::ErrorBody, scrub::Scrubber, service_account::Refused,
};

/// Why a call or a deployment failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// 404: the object does not exist, or the organisation is unknown.
    #[error("JumpCloud knows no such object{}; check the id and the organisation ({context})", said(.message))]
    NotFound {
        /// What the server said; may be empty.
        message: String,
        /// The request.
        context: Box<Context>,
    },
    /// 401: the key is wrong, expired or of another region, or `x-org-id` is missing for an administrator of several
    /// organisations.
    #[error(
        "JumpCloud refuses the API key{}; check the key, the region and, for an administrator of several organisations, the organisation id ({context})", said(.message)
    )]
    Unauthorized {
        /// What the server said; may be empty.
        message: String,
        /// The request.
        context: Box<Context>,
    },
    /// 403: the key's role does not allow this, the key does not reach the organisation, or the route takes no `x-org-id`.
    #[error(
        "the API key's role does not allow this, or the key does not reach this organisation{}; give the key a role that does, and check the organisation id ({context})", said(.message)
    )]
    Forbidden {
        /// What the server said; may be empty.
        message: String,
        /// The request.
        context: Box<Context>,
    },
    /// 429 for longer than the retry policy waits.
    #[error("JumpCloud limits requests until {until}; run again after that ({context})")]
    RateLimited {
        /// When to try again. JumpCloud documents no header for it, so it may be an estimate.
        until: Timestamp,
        /// The request.
        context: Box<Context>,
    },
    /// 409: the object exists already, or is in use.
    #[error("JumpCloud sees a conflict{}; read the object again ({context})", said(.message))]
    Conflict {
        /// What the server said; may be empty.
        message: String,
        /// The request.
        context: Box<Context>,
    },
    /// 413: the request is too large. JumpCloud publishes no limit.
    #[error(
        "JumpCloud does not take a request of {bytes} bytes{}; make the profile smaller, for one by leaving icons and certificates out that the Macs have ({context})", said(.message)
    )]
    TooLarge {
        /// What the server said; may be empty.
        message: String,
        /// How many bytes were sent.
        bytes: usize,
        /// The request.
        context: Box<Context>,
    },
    /// Any other 4xx: the request is not acceptable as it is.
    #[error("JumpCloud does not accept the request{} ({context})", said(.message))]
    Invalid {
        /// What the server said; may be empty.
        message: String,
        /// The `details` of newer services, as they came, with secrets replaced.
        details: Vec<Value>,
        /// The request.
        context: Box<Context>,
    },
    /// No usable answer: no connection, a time-out on a read, or a 5xx on a read that did not end with the retries.
    #[error(
        "JumpCloud cannot be reached ({reason}); try again later, see https://status.jumpcloud.com ({context})"
    )]
    Unavailable {
        /// Why.
        reason: String,
        /// The request.
        context: Box<Context>,
    },
    /// A write that may or may not have happened. Read the object back before repeating it.
    #[error(
        "the write may or may not have happened ({reason}); read the object back before repeating it ({context})"
    )]
    Ambiguous {
        /// Why the outcome is unknown.
        reason: String,
        /// The request.
        context: Box<Context>,
    },
    /// No token of the service account could be had, so the request was not sent.
    #[error("no token for the service account: {reason} ({context})")]
    NoToken {
        /// Why not, without the secret.
        reason: String,
        /// Whether the token host refuses the account, as opposed to not being reached.
        refused: bool,
        /// The request that needed it.
        context: Box<Context>,
    },
    /// A package did not get into JumpCloud's storage.
    #[error("the package `{package}` could not be uploaded: {reason}")]
    Upload {
        /// The software app's name.
        package: String,
        /// Why not.
        reason: String,
    },
    /// JumpCloud checked an uploaded package and rejected it.
    #[error(
        "JumpCloud rejects the package `{package}`{}; it must be a product archive signed by a developer's installer certificate", said(.reason)
    )]
    UploadRejected {
        /// The software app's name.
        package: String,
        /// What JumpCloud says; may be empty.
        reason: String,
    },
    /// The answer has another shape than documented.
    #[error(
        "JumpCloud's answer does not have the documented shape at `{path}`: {message} ({context})"
    )]
    Decode {
        /// The key path in the body.
        path: String,
        /// What is wrong there, without the value.
        message: String,
        /// The request.
        context: Box<Context>,
    },
    /// A list did not end within the page cap.
    #[error("the list did not end after {pages} pages; narrow it with a filter ({path})")]
    Endless {
        /// The path of the list.
        path: String,
        /// How many pages were read.
        pages: u32,
    },
    /// A value given by the caller that cannot be used; nothing was sent.
    #[error("{field}: {message}")]
    Input {
        /// The field.
        field: String,
        /// What is wrong, and the mend.
        message: String,
    },
    /// The organisation has no policy template of this name.
    #[error(
        "the organisation has no policy template `{name}`: either Apple MDM is not set up (Device Management > MDM in the console) or the API key may not read policy templates"
    )]
    TemplateMissing {
        /// The name looked for.
        name: String,
    },
    /// The template lacks a config field that the job needs.
    #[error("the policy template `{template}` has no config field `{field}`; it has {}", listed(.known))]
    FieldMissing {
        /// The template's name.
        template: String,
        /// The field looked for.
        field: String,
        /// The fields it has.
        known: Vec<String>,
    },
    /// What is desired does not fit the world; nothing was written. All problems at once.
    #[error("the deployment cannot be planned:{}", bullets(.problems))]
    Refused {
        /// Each problem with its mend.
        problems: Vec<Problem>,
    },
    /// A policy carries a newer generation of its profile than is desired; it was not overwritten.
    #[error(
        "policy `{policy}` carries generation {stored} of its profile, and an older one ({desired}) never replaces it; raise the generation to {stored} or more"
    )]
    OlderGeneration {
        /// The policy's name.
        policy: String,
        /// The generation that it carries.
        stored: u32,
        /// The generation that is desired.
        desired: u32,
    },
    /// An object is no longer what the plan saw; it was not overwritten.
    #[error("{object} has changed since the plan was made ({}); look at the change and plan again", listed(.differences))]
    Stale {
        /// The object.
        object: String,
        /// What differs.
        differences: Vec<String>,
    },
    /// The plan was made for other input than is applied.
    #[error("the plan does not fit what is applied: {message}; plan again")]
    PlanMismatch {
        /// What does not fit.
        message: String,
    },
    /// JumpCloud stored something else than was sent.
    #[error("JumpCloud stored {object} otherwise than it was sent: {} differ", listed(.fields))]
    Echo {
        /// The object.
        object: String,
        /// The fields that differ.
        fields: Vec<String>,
    },
}

impl Error {
    pub(crate) fn input(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Input {
            field: field.into(),
            message: message.into(),
        }
    }

    /// The request that failed, where one was sent.
    pub fn context(&self) -> Option<&Context> {
        match self {
            Self::NotFound { context, .. }
            | Self::Unauthorized { context, .. }
            | Self::Forbidden { context, .. }
            | Self::RateLimited { context, .. }
            | Self::Conflict { context, .. }
            | Self::TooLarge { context, .. }
            | Self::Invalid { context, .. }
            | Self::Unavailable { context, .. }
            | Self::Ambiguous { context, .. }
            | Self::NoToken { context, .. }
            | Self::Decode { context, .. } => Some(context),
            _ => None,
        }
    }

    /// Whether the object does not exist.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    /// Whether the object exists already or is in use.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }

    /// Whether the key is refused, or its role does not allow the call.
    pub fn is_denied(&self) -> bool {
        matches!(
            self,
            Self::Unauthorized { .. }
                | Self::Forbidden { .. }
                | Self::NoToken { refused: true, .. }
        )
    }

    /// Whether what the caller gave is wrong, as opposed to what the world holds.
    pub fn is_invalid(&self) -> bool {
        matches!(
            self,
            Self::Input { .. } | Self::Invalid { .. } | Self::TooLarge { .. }
        )
    }

    /// Whether a write may have happened although it failed.
    ///
    /// A success whose body cannot be read counts as well: the server has acted.
    pub fn is_ambiguous(&self) -> bool {
        match self {
            Self::Ambiguous { .. } => true,
            Self::Decode { context, .. } => !context.reads,
            _ => false,
        }
    }

    /// Whether the same call may do better later without anything being mended: JumpCloud was not to be reached, limits
    /// requests, or left open whether a write happened.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unavailable { .. }
                | Self::RateLimited { .. }
                | Self::Ambiguous { .. }
                | Self::NoToken { refused: false, .. }
        )
    }

    pub(crate) fn from_failure(failure: &Failure, request: &Request, scrub: &Scrubber) -> Self {
        let context = Box::new(Context::of(failure, request));
        match failure.kind() {
            FailureKind::Status { body, .. } => Self::from_status(
                failure.status().unwrap_or_default(),
                ErrorBody::parse(body),
                request,
                scrub,
                context,
            ),
            FailureKind::RateLimited { wait } => Self::RateLimited {
                until: in_future(*wait),
                context,
            },
            FailureKind::Ambiguous { reason } => Self::Ambiguous {
                reason: scrub.text(reason),
                context,
            },
            FailureKind::Decode { path, message } => Self::Decode {
                path: path.clone(),
                message: message.clone(),
                context,
            },
            FailureKind::TooLarge { limit } => Self::Decode {
                path: ".".into(),
                message: format!("larger than {limit} bytes"),
                context,
            },
            FailureKind::Credentials { reason } => Self::NoToken {
                refused: reason.cause::<Refused>().is_some(),
                reason: scrub.text(&reason.to_string()),
                context,
            },
            other => Self::Unavailable {
                reason: scrub.text(&other.to_string()),
                context,
            },
        }
    }

    fn from_status(
        status: StatusCode,
        body: ErrorBody,
        request: &Request,
        scrub: &Scrubber,
        context: Box<Context>,
    ) -> Self {
        let message = scrub.text(&body.message);
        match status.as_u16() {
            401 => Self::Unauthorized { message, context },
            403 => Self::Forbidden { message, context },
            404 | 410 => Self::NotFound { message, context },
            409 => Self::Conflict { message, context },
            413 => Self::TooLarge {
                message,
                bytes: request.json_body().map_or(0, |body| body.to_string().len()),
                context,
            },
            // A server error after a write says nothing about whether the write was kept.
            500.. if !context.reads => Self::Ambiguous {
                reason: reason(status, &message),
                context,
            },
            500.. => Self::Unavailable {
                reason: reason(status, &message),
                context,
            },
            300..=399 => Self::Unavailable {
                reason: format!(
                    "a redirect, status {}, which is never followed; check the base URL",
                    status.as_u16()
                ),
                context,
            },
            _ => Self::Invalid {
                message,
                details: body
                    .details
                    .into_iter()
                    .map(|detail| scrub.json(detail))
                    .collect(),
                context,
            },
        }
    }
}

/// The request behind an error: what was asked, how often and for how long. No query, no body, no header.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context {
    /// The method.
    pub method: Method,
    /// The path, without the query.
    pub path: String,
    /// The status, if an answer came.
    pub status: Option<u16>,
    /// The server's id of the request, if it sent one. JumpCloud documents none.
    pub request_id: Option<String>,
    /// How many times it was sent.
    pub attempts: u32,
    /// From the first attempt to the failure.
    pub elapsed: Duration,
    reads: bool,
    text: String,
}

impl Context {
    fn of(failure: &Failure, request: &Request) -> Self {
        Self {
            method: failure.method().clone(),
            path: failure.path().to_owned(),
            status: failure.status().map(|status| status.as_u16()),
            request_id: failure.request_id().map(str::to_owned),
            attempts: failure.attempts(),
            elapsed: failure.elapsed(),
            reads: !request.is_write(),
            text: failure.context(),
        }
    }
}

#[cfg(test)]
impl Error {
    /// A write whose answer was lost.
    pub(crate) fn answer_lost() -> Self {
        Self::Ambiguous {
            reason: "the answer was lost".into(),
            context: Box::new(Context {
                method: Method::PUT,
                path: "/api/v2/policies/p1".into(),
                status: None,
                request_id: None,
                attempts: 1,
                elapsed: Duration::ZERO,
                reads: false,
                text: String::new(),
            }),
        }
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn in_future(wait: Duration) -> Timestamp {
    let now = Timestamp::now();
    jiff::SignedDuration::try_from(wait)
        .ok()
        .and_then(|wait| now.checked_add(wait).ok())
        .unwrap_or(Timestamp::MAX)
}

fn reason(status: StatusCode, message: &str) -> String {
    format!("status {}{}", status.as_u16(), said(message))
}

fn said(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(": {message}")
    }
}

fn listed(items: &[String]) -> String {
    if items.is_empty() {
        "nothing".into()
    } else {
        items.join(", ")
    }
}

fn bullets(items: &[Problem]) -> String {
    items.iter().map(|item| format!("\n- {item}")).collect()
}

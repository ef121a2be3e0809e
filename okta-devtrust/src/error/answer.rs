//! What Okta's error answers mean.

use devtrust_transport::{Failure, FailureKind};
use serde::Deserialize;

use super::{Context, Error, Missing};

/// Okta's error body, or that of its token endpoint (RFC 6749 section 5.2).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Body {
    #[serde(alias = "error")]
    error_code: String,
    #[serde(alias = "error_description")]
    error_summary: String,
    error_causes: Vec<Cause>,
}

/// `E0000015`: a 401 that says nothing against the token.
const MISSING_FEATURE: &str = "E0000015";

/// Whether the body of a 401 says that the org lacks the feature.
pub(crate) fn is_missing_feature(body: &[u8]) -> bool {
    serde_json::from_slice::<Body>(body).is_ok_and(|body| body.error_code == MISSING_FEATURE)
}

pub(super) fn is_token_endpoint(path: &str) -> bool {
    path.ends_with("/oauth2/v1/token")
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Cause {
    error_summary: String,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let context = Box::new(Context {
            method: failure.method().as_str().to_owned(),
            path: failure.path().to_owned(),
            status: failure.status().map(|status| status.as_u16()),
            request_id: failure.request_id().map(str::to_owned),
            attempts: failure.attempts(),
            elapsed: failure.elapsed(),
        });
        match failure.kind() {
            FailureKind::Status { body, .. } => by_status(body, context),
            FailureKind::RateLimited { wait } => {
                let wait =
                    jiff::SignedDuration::try_from(*wait).unwrap_or(jiff::SignedDuration::MAX);
                let until = jiff::Timestamp::now()
                    .checked_add(wait)
                    .unwrap_or(jiff::Timestamp::MAX);
                Self::RateLimited { until, context }
            }
            FailureKind::Ambiguous { reason } => Self::Ambiguous {
                reason: reason.clone(),
                context,
            },
            FailureKind::Connect { reason } => Self::Unavailable {
                reason: format!("no connection ({reason})"),
                context,
            },
            FailureKind::Interrupted { reason } => Self::Unavailable {
                reason: format!("no complete answer ({reason})"),
                context,
            },
            FailureKind::Decode { path, message } => Self::Decode {
                path: path.clone(),
                problem: message.clone(),
                context,
            },
            FailureKind::Credentials { reason } if reason.cause::<Self>().is_some() => reason
                .cause::<Self>()
                .cloned()
                .unwrap_or_else(|| Self::setup(reason)),
            FailureKind::ForeignOrigin { .. } | FailureKind::Credentials { .. } => Self::Refused {
                problem: failure.kind().to_string(),
                context,
            },
            other => Self::Unavailable {
                reason: other.to_string(),
                context,
            },
        }
    }
}

fn by_status(body: &[u8], context: Box<Context>) -> Error {
    let body: Body = serde_json::from_slice(body).unwrap_or_default();
    let (code, summary) = (body.error_code, body.error_summary);
    let causes = body
        .error_causes
        .into_iter()
        .map(|cause| cause.error_summary)
        .collect();
    match (context.status.unwrap_or_default(), code.as_str()) {
        (401, MISSING_FEATURE) => Error::FeatureDisabled { summary, context },
        (401, _) => Error::Unauthorized { summary, context },
        (409, _) | (403, "E0000148" | "E0000086") => Error::Conflict {
            code,
            summary,
            causes,
            context,
        },
        (403, _) => Error::Forbidden {
            missing: Missing::Role(action(&context.method, &context.path)),
            code,
            summary,
            context,
        },
        (404, _) => Error::NotFound { summary, context },
        (400 | 405 | 411 | 415 | 422, _) => Error::Invalid {
            code,
            summary,
            causes,
            context,
        },
        (500.., _) => Error::Unavailable {
            reason: if summary.is_empty() {
                "the server failed".into()
            } else {
                format!("the server failed: {summary}")
            },
            context,
        },
        _ => Error::Unexpected {
            code,
            summary,
            context,
        },
    }
}

fn is_read(method: &str, path: &str) -> bool {
    method == "GET" || path.ends_with("/simulate")
}

/// What a route does, for people.
fn action(method: &str, path: &str) -> String {
    let verb = if is_read(method, path) {
        "read"
    } else {
        "change"
    };
    let resource = path
        .strip_prefix("/api/v1/")
        .and_then(|rest| rest.split('/').next())
        .filter(|resource| !resource.is_empty());
    match resource {
        Some(resource) => format!("{verb} {}", resource.replace('-', " ")),
        None => format!("{method} {path}"),
    }
}

/// The OAuth scope that a route asks for (Okta's API reference, security of each operation).
pub(super) fn scope(method: &str, path: &str) -> Option<&'static str> {
    let read = is_read(method, path);
    let mut rest = path.strip_prefix("/api/v1/")?.split('/');
    Some(match (rest.next()?, read) {
        ("policies", true) => "okta.policies.read",
        ("policies", false) => "okta.policies.manage",
        ("apps", true) => "okta.apps.read",
        ("apps", false) => "okta.apps.manage",
        ("authenticators", true) => "okta.authenticators.read",
        ("authenticators", false) => "okta.authenticators.manage",
        ("devices", true) => "okta.devices.read",
        ("devices", false) => "okta.devices.manage",
        ("device-assurances", true) => "okta.deviceAssurance.read",
        ("device-assurances", false) => "okta.deviceAssurance.manage",
        ("device-integrations", true) => "okta.deviceIntegrations.read",
        ("device-integrations", false) => "okta.deviceIntegrations.manage",
        ("groups", true) => "okta.groups.read",
        ("users", true) => "okta.users.read",
        ("logs", true) => "okta.logs.read",
        _ => return None,
    })
}

//! What went wrong, by meaning. Branches on `errorCode` and status only, never on text, and keeps the request id.

mod answer;

use std::{fmt, time::Duration};

pub(crate) use answer::is_missing_feature;
use answer::{is_token_endpoint, scope};

use crate::{Request, Response, trust::Difference};

/// Why a call did not succeed. Every variant that came from a request carries its [`Context`]; [`Error::mend`] says
/// what to do.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// The client cannot be set up: the URL or the token is not usable. Nothing was sent.
    Setup {
        /// What is wrong, with the mend.
        problem: String,
    },
    /// 404: there is no such object (`E0000007`).
    NotFound {
        /// Okta's summary.
        summary: String,
        /// Which request.
        context: Box<Context>,
    },
    /// 401: the token is missing, wrong, expired or revoked (`E0000004`, `E0000011`).
    Unauthorized {
        /// Okta's summary.
        summary: String,
        /// Which request.
        context: Box<Context>,
    },
    /// 401 `E0000015`: the org does not have the feature.
    FeatureDisabled {
        /// Okta's summary.
        summary: String,
        /// Which request.
        context: Box<Context>,
    },
    /// 403: the token's admin role, or the OAuth scope, does not allow it (`E0000006`); or the token endpoint does not
    /// grant a scope (`invalid_scope`).
    Forbidden {
        /// Okta's error code.
        code: String,
        /// Okta's summary.
        summary: String,
        /// What the credentials lack.
        missing: Missing,
        /// Which request.
        context: Box<Context>,
    },
    /// 409, 403 `E0000148` or `E0000086`: the object's state does not allow it, such as an authenticator that policies
    /// use.
    Conflict {
        /// Okta's error code.
        code: String,
        /// Okta's summary.
        summary: String,
        /// Okta's causes.
        causes: Vec<String>,
        /// Which request.
        context: Box<Context>,
    },
    /// 400 and other refusals of the request itself.
    Invalid {
        /// Okta's error code.
        code: String,
        /// Okta's summary.
        summary: String,
        /// Okta's causes.
        causes: Vec<String>,
        /// Which request.
        context: Box<Context>,
    },
    /// 429: the rate limit is used up for longer than the client waits.
    RateLimited {
        /// When to try again, on the local clock.
        until: jiff::Timestamp,
        /// Which request.
        context: Box<Context>,
    },
    /// 5xx, no connection, or no complete answer to a read.
    Unavailable {
        /// What happened.
        reason: String,
        /// Which request.
        context: Box<Context>,
    },
    /// A write that may or may not have happened.
    Ambiguous {
        /// Why its outcome is unknown.
        reason: String,
        /// Which request.
        context: Box<Context>,
    },
    /// The answer has another shape than documented.
    Decode {
        /// The key path, such as `actions.appSignOn`.
        path: String,
        /// What is wrong there, without the value.
        problem: String,
        /// Which request.
        context: Box<Context>,
    },
    /// A link or the credentials would lead away from the configured origin, or no credentials could be made.
    Refused {
        /// What was refused.
        problem: String,
        /// Which request.
        context: Box<Context>,
    },
    /// Okta accepted a write and stored something else: it drops misspelt and unsupported keys without a word.
    Echo {
        /// The object, for people.
        object: String,
        /// Each key path with what was sent and what came back.
        differences: Vec<Difference>,
        /// Which request.
        context: Box<Context>,
    },
    /// An object is no longer what the plan observed. Nothing was written to it.
    Stale {
        /// The object, for people.
        object: String,
        /// Each key path with what the plan observed (`wanted`) and what is there now (`found`).
        differences: Vec<Difference>,
    },
    /// The write could lock people out, or let them in too easily: what was proved before is not so any more.
    Guarded {
        /// What is not met.
        refusal: Box<crate::trust::Refusal>,
        /// Whether the catch-all was closed and is open again; `None` when nothing was written.
        reopened: Option<bool>,
    },
    /// The write that closes the catch-all was sent, and what came after it failed: the catch-all may deny now, and
    /// whether it should is not known. So it is also when the write itself failed without an answer and the catch-all is
    /// seen open: Okta may still make it. [`resume`](crate::trust::resume) goes on with the plan.
    MayBeClosed {
        /// The name of the policy.
        policy: String,
        /// What failed.
        cause: Box<Self>,
    },
    /// A status that none of the above covers, such as a redirect.
    Unexpected {
        /// Okta's error code, if the body has one.
        code: String,
        /// Okta's summary, if the body has one.
        summary: String,
        /// Which request.
        context: Box<Context>,
    },
}

/// What credentials lack for a request. Okta's answer says neither; it is told from the scopes of the token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
    /// These OAuth scopes, such as `okta.policies.manage`: granted to the app, and asked for.
    Scope(String),
    /// An admin role that allows this, such as `change policies`. Okta does not say which roles do.
    Role(String),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scope(scope) => write!(f, "the scope {scope}"),
            Self::Role(action) => write!(f, "an admin role that may {action}"),
        }
    }
}

/// The request that an [`Error`] is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Context {
    /// Its method.
    pub method: String,
    /// Its path, without the query.
    pub path: String,
    /// The response's HTTP status, if one came.
    pub status: Option<u16>,
    /// Okta's id of the last attempt (`X-Okta-Request-Id`): what their support asks for.
    pub request_id: Option<String>,
    /// How many times it was sent.
    pub attempts: u32,
    /// The time from the first attempt to the error.
    pub elapsed: Duration,
}

impl Error {
    /// The request that it is about; `None` for an error without one.
    pub fn context(&self) -> Option<&Context> {
        match self {
            Self::Setup { .. } | Self::Stale { .. } | Self::Guarded { .. } => None,
            Self::MayBeClosed { cause, .. } => cause.context(),
            Self::NotFound { context, .. }
            | Self::Unauthorized { context, .. }
            | Self::FeatureDisabled { context, .. }
            | Self::Forbidden { context, .. }
            | Self::Conflict { context, .. }
            | Self::Invalid { context, .. }
            | Self::RateLimited { context, .. }
            | Self::Unavailable { context, .. }
            | Self::Ambiguous { context, .. }
            | Self::Decode { context, .. }
            | Self::Refused { context, .. }
            | Self::Echo { context, .. }
            | Self::Unexpected { context, .. } => Some(context),
        }
    }

    /// What to do about it.
    pub fn mend(&self) -> String {
        match self {
            Self::Setup { .. } => "correct it and run again; nothing was sent".into(),
            Self::NotFound { .. } => "check the id and the org; it may have been deleted meanwhile".into(),
            Self::Unauthorized { context, .. } if is_token_endpoint(&context.path) => {
                "check the client id, the key's id, and that its public half is registered with the service app".into()
            }
            Self::Unauthorized { .. } => {
                "give a valid API token of this org (Admin Console > Security > API > Tokens)".into()
            }
            Self::FeatureDisabled { .. } => "ask Okta to enable the feature for this org".into(),
            Self::Forbidden { missing: Missing::Scope(_), .. } => {
                "grant it to the service app, and ask for it".into()
            }
            Self::Forbidden { missing: Missing::Role(_), .. } => {
                "give such a role to the service app, or use the token of an admin who has one".into()
            }
            Self::Conflict { .. } => "change what the causes name, then run again".into(),
            Self::Invalid { .. } => "change what the summary and causes name".into(),
            Self::RateLimited { until, .. } => format!("run again after {until}"),
            Self::Unavailable { .. } => {
                "check the URL, the network and status.okta.com, then run again".into()
            }
            Self::Ambiguous { .. } => {
                "read the object back before repeating the write; a new plan does that".into()
            }
            Self::Decode { .. } => {
                "check that the URL is the org's own; if it is, report the path and request id".into()
            }
            Self::Refused { .. } => "check the configured URL and credentials".into(),
            Self::Echo { .. } => {
                "check that the org has the feature and that the keys are spelt as Okta's schema has them".into()
            }
            Self::Stale { .. } => "look at the change, then make a new plan".into(),
            Self::Guarded { reopened: Some(false), .. } => {
                "the catch-all denies; open it unless that is wanted (enforcement::reopen_plan)".into()
            }
            Self::Guarded { .. } => "mend what is named, then prove it again".into(),
            Self::MayBeClosed { .. } => {
                "look at it: prove it again (enforcement::still_met), or open it (enforcement::reopen_plan)".into()
            }
            Self::Unexpected { .. } => {
                "check that the URL is the org's own, without a path and without `-admin`".into()
            }
        }
    }

    /// The error, with what is missing told from what the credentials are good for.
    pub(crate) fn granted(mut self, grants: Option<&[String]>) -> Self {
        if let Self::Forbidden {
            missing, context, ..
        } = &mut self
            && let (Some(grants), Some(scope)) = (grants, scope(&context.method, &context.path))
            && !grants.iter().any(|granted| granted == scope)
        {
            *missing = Missing::Scope(scope.to_owned());
        }
        self
    }

    /// Whether the object does not exist.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    pub(crate) fn setup(problem: impl fmt::Display) -> Self {
        Self::Setup {
            problem: problem.to_string(),
        }
    }

    pub(crate) fn echo(
        object: String,
        differences: Vec<Difference>,
        request: &Request,
        response: &Response,
    ) -> Self {
        Self::Echo {
            object,
            differences,
            context: Box::new(Context {
                method: request.method().to_owned(),
                path: request.path(),
                status: Some(response.status()),
                request_id: response.request_id().map(str::to_owned),
                attempts: 1,
                elapsed: Duration::ZERO,
            }),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setup { problem } => f.write_str(problem)?,
            Self::NotFound { summary, .. } => write!(f, "not found: {summary}")?,
            Self::Unauthorized { summary, .. } => write!(f, "Okta refused the token: {summary}")?,
            Self::FeatureDisabled { summary, .. } => {
                write!(f, "the org does not have this feature: {summary}")?;
            }
            Self::Forbidden {
                code,
                summary,
                missing,
                ..
            } => write!(f, "not allowed ({code}): {summary}; {missing} is missing")?,
            Self::Conflict {
                code,
                summary,
                causes,
                ..
            } => {
                write!(
                    f,
                    "the object's state does not allow it ({code}): {summary}"
                )?;
                write_causes(f, causes)?;
            }
            Self::Invalid {
                code,
                summary,
                causes,
                ..
            } => {
                write!(f, "Okta refused the request ({code}): {summary}")?;
                write_causes(f, causes)?;
            }
            Self::RateLimited { .. } => f.write_str("the rate limit is used up")?,
            Self::Unavailable { reason, .. } => write!(f, "Okta is not available: {reason}")?,
            Self::Ambiguous { reason, .. } => {
                write!(f, "the write may or may not have happened ({reason})")?;
            }
            Self::Decode { path, problem, .. } => {
                write!(
                    f,
                    "the answer has another shape than documented at `{path}`: {problem}"
                )?;
            }
            Self::Refused { problem, .. } => f.write_str(problem)?,
            Self::Echo {
                object,
                differences,
                ..
            } => {
                write!(f, "Okta stored {object} otherwise than it was sent: ")?;
                write_list(f, differences)?;
            }
            Self::Stale {
                object,
                differences,
            } => {
                write!(f, "{object} is no longer what the plan observed: ")?;
                write_list(f, differences)?;
            }
            Self::Guarded { refusal, reopened } => {
                f.write_str(match reopened {
                    None => "nothing was written, since it could lock people out or let them in too easily: ",
                    Some(true) => "the catch-all was closed and opened again: ",
                    Some(false) => "the catch-all is closed, and that could lock people out: ",
                })?;
                write!(f, "{refusal}")?;
            }
            // The cause ends with its request.
            Self::MayBeClosed { policy, cause } => {
                return write!(
                    f,
                    "the catch-all of `{policy}` may deny now: {cause}; {}",
                    self.mend()
                );
            }
            Self::Unexpected { code, summary, .. } => {
                f.write_str("unexpected answer")?;
                for text in [code, summary].into_iter().filter(|text| !text.is_empty()) {
                    write!(f, " {text}")?;
                }
            }
        }
        write!(f, "; {}", self.mend())?;
        match self.context() {
            Some(context) => write!(f, " ({context})"),
            None => Ok(()),
        }
    }
}

fn write_causes(f: &mut fmt::Formatter<'_>, causes: &[String]) -> fmt::Result {
    for cause in causes {
        write!(f, "; {cause}")?;
    }
    Ok(())
}

fn write_list(f: &mut fmt::Formatter<'_>, differences: &[Difference]) -> fmt::Result {
    for (n, difference) in differences.iter().enumerate() {
        let comma = if n == 0 { "" } else { ", " };
        write!(f, "{comma}{difference}")?;
    }
    Ok(())
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        if let Some(status) = self.status {
            write!(f, ", status {status}")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, ", request id {id}")?;
        }
        if self.attempts > 1 {
            let seconds = self.elapsed.as_secs_f32();
            write!(f, ", {} attempts in {seconds:.1} s", self.attempts)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({self})")
    }
}

impl std::error::Error for Error {}

use crate::message::{self, TransactionId};
use std::fmt;

/// Why an enrolment over HTTP failed. No secret is part of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The server could not be reached, or the connection broke.
    Transport {
        /// The operation, for instance `GetCACert`.
        operation: &'static str,
        /// The SCEP URL.
        url: String,
        /// What the HTTP client says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// TLS failed: its certificate is not trusted by this machine or names another host, or it speaks no TLS.
    Tls {
        /// The operation.
        operation: &'static str,
        /// The SCEP URL.
        url: String,
        /// What TLS says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server answered, but not with success; a redirect is one of these.
    Status {
        /// The operation.
        operation: &'static str,
        /// The SCEP URL.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The answer is longer than 1 MiB.
    TooLarge {
        /// The operation.
        operation: &'static str,
        /// The SCEP URL.
        url: String,
    },
    /// The payload has no CA fingerprint, and no CA is trusted on first use.
    NoFingerprint,
    /// The retries are used up, and nobody has approved.
    StillPending {
        /// The transaction to be approved.
        transaction_id: TransactionId,
    },
    /// A message could not be made, was not believed, or the CA refused.
    Message(message::Error),
}

impl Error {
    /// Whether the same may go well a little later: the server could not be reached, or was in trouble.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Transport { .. } => true,
            Self::Status { status, .. } => *status >= 500 || *status == 429,
            _ => false,
        }
    }

    pub(super) fn transport(operation: &'static str, url: &str, error: reqwest::Error) -> Self {
        // With GET the whole request stands in the URL.
        let source = Box::new(error.without_url());
        let url = url.to_owned();
        if is_tls(source.as_ref()) {
            Self::Tls {
                operation,
                url,
                source,
            }
        } else {
            Self::Transport {
                operation,
                url,
                source,
            }
        }
    }
}

/// The HTTP client wraps what TLS says in an I/O error, which does not count it as its source.
fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    let within = io.and_then(std::io::Error::get_ref);
    error.is::<rustls::Error>()
        || within.is_some_and(|within| is_tls(within))
        || error.source().is_some_and(is_tls)
}

/// The HTTP client's own text stops at "error sending request"; the cause names the reason.
fn cause<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> &'a (dyn std::error::Error + 'static) {
    error.source().map_or(error, cause)
}

impl From<message::Error> for Error {
    fn from(error: message::Error) -> Self {
        Self::Message(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport { operation, url, source } => {
                let cause = cause(source.as_ref());
                write!(f, "{operation}: {url} cannot be reached: {cause}: check the URL and the network")
            }
            Self::Tls { operation, url, source } => {
                let cause = cause(source.as_ref());
                write!(
                    f,
                    "{operation}: {url} fails in TLS, {cause}: it needs a certificate for this host that this machine \
                     trusts; a proxy that looks into TLS is a usual reason"
                )
            }
            Self::Status { operation, url, status } => {
                write!(f, "{operation}: {url} answered {status}: ")?;
                f.write_str(match status {
                    300..=399 => "redirects are not followed, give the address it leads to",
                    404 | 410 => "there is no SCEP server at this path, copy the URL anew from the admin console",
                    401 | 403 => "it wants a login, which SCEP does not have: is a proxy in the way?",
                    500.. => "the server is in trouble, try again later",
                    _ => "it does not take this operation",
                })
            }
            Self::TooLarge { operation, url } => {
                write!(f, "{operation}: {url} answers more than 1 MiB: it is no SCEP server")
            }
            Self::NoFingerprint => f.write_str(
                "the payload has no CAFingerprint: set it, a CA that nobody checked would be handed the challenge",
            ),
            Self::StillPending { transaction_id } => {
                write!(f, "transaction {transaction_id} still waits for approval at the CA")
            }
            Self::Message(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Transport { source, .. } | Self::Tls { source, .. } => Some(source.as_ref()),
            Self::Message(error) => Some(error),
            _ => None,
        }
    }
}

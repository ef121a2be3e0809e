#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod budget;
mod clock;
mod credentials;
mod dialect;
mod failure;
mod link;
mod origin;
pub mod pages;
mod request;
mod response;
mod retry;
mod shared_token;
mod spelling;
mod transport;

pub use clock::{Clock, RuntimeClock};
pub use credentials::{Answered, Credentials, CredentialsError, HeaderCredentials};
pub use dialect::{Dialect, RateLimitHeaders};
pub use failure::{Failure, FailureKind};
pub use link::next_link;
pub use origin::{Origin, OriginError};
pub use request::Request;
pub use response::Response;
pub use retry::{Decision, Outcome, Retry};
pub use shared_token::SharedToken;
pub use transport::{Limits, Transport};

#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod apps;
pub mod assurances;
pub mod authenticators;
pub mod bookmark;
pub mod devices;
pub mod enforcement;
mod error;
pub mod evidence;
pub mod groups;
pub mod integrations;
mod links;
pub mod logs;
mod lossless;
pub mod oauth;
mod okta;
pub mod org;
pub mod policies;
mod request;
pub mod simulate;
pub mod trust;
pub mod users;

pub use devtrust_transport::{Credentials, CredentialsError, Retry};
pub use error::{Context, Error, Missing};
pub use links::{Hints, Link, Links};
pub use lossless::{Field, Secret, Status, Time};
pub use okta::{Okta, ssws};
pub use request::{Request, Response};

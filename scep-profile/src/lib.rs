#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod certificate;
#[cfg(feature = "client")]
pub mod client;
mod error;
mod fingerprint;
mod key;
pub mod lint;
#[cfg(feature = "message")]
pub mod message;
#[cfg(feature = "okta")]
pub mod okta;
mod payload;
#[cfg(feature = "client")]
pub mod preflight;
pub mod renewal;
#[cfg(feature = "server")]
pub mod server;
mod subject;
mod url;

pub use certificate::CaCertificate;
pub use error::Error;
pub use fingerprint::{Fingerprint, FingerprintAlgorithm};
pub use key::{KeySize, KeyUsage};
pub use payload::{ScepPayload, SubjectAltName};
pub use subject::Subject;
pub use url::ScepUrl;

#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod builder;
pub mod cms;
mod compare;
mod content;
pub mod diff;
mod error;
mod fields;
mod identity;
mod keys;
#[cfg(feature = "lint")]
pub mod lint;
mod payload;
mod payloads;
mod printable;
mod profile;
mod read;
mod redact;
#[cfg(feature = "lint")]
pub mod schema;
mod secret;
mod spelling;
mod write;

pub use builder::ProfileBuilder;
pub use compare::{Ignore, semantic_eq};
pub use content::PayloadContent;
pub use error::Error;
pub use identity::deterministic_uuid;
#[cfg(feature = "lint")]
#[doc(inline)]
pub use lint::lint;
pub use payload::Payload;
pub use payloads::{
    acme, associated_domains, certificate, extensible_sso, identity_preference,
    managed_preferences, notifications, pkcs12, privacy, service_management,
};
pub use plist;
pub use profile::{Profile, Scope};
pub use read::{Limits, Note, read_plist};
pub use redact::Redacted;
pub use write::to_xml;

//! Typed payload contents, one `PayloadType` or one family of them a file.

pub mod acme;
pub mod associated_domains;
pub mod certificate;
pub mod extensible_sso;
pub mod identity_preference;
pub mod managed_preferences;
pub mod notifications;
pub mod pkcs12;
pub mod privacy;
pub mod service_management;

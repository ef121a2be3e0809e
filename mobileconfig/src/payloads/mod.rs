//! Typed payload contents, one `PayloadType` or one family of them a file.

pub mod certificate;
pub mod notifications;
pub mod pkcs12;
pub mod service_management;

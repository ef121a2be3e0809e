//! The two profiles of device trust with Okta.
//!
//! | profile | what is in it | what a change costs |
//! |---|---|---|
//! | [`DeviceTrustProfile`] | the CA certificates and the SCEP payload: what makes a Mac *managed* | with a new generation, a certificate on every Mac |
//! | [`CompanionsProfile`] | what Okta Verify needs beside it: SSO extension, preferences, login item, notifications | nothing |
//!
//! They are two so that a change to a login item costs no certificate.

mod companions;
mod preferences;
mod trust;

pub use companions::CompanionsProfile;
pub use preferences::VerifyPreferences;
pub use trust::DeviceTrustProfile;

/// Okta Verify's bundle identifier and preference domain.
pub const OKTA_VERIFY: &str = "com.okta.mobile";

/// The bundle identifier of Okta Verify's SSO extension, and its preference domain.
pub const SSO_EXTENSION: &str = "com.okta.mobile.auth-service-extension";

/// Okta's developer team.
pub const OKTA_TEAM: &str = "B7F62B65BN";

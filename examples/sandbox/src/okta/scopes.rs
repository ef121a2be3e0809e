//! Which OAuth scope a management call needs.

use axum::http::Method;

/// The scopes the seeded service app has been granted.
pub(crate) const GRANTED: &[&str] = &[
    "okta.apps.manage",
    "okta.apps.read",
    "okta.authenticators.manage",
    "okta.authenticators.read",
    "okta.deviceAssurance.manage",
    "okta.deviceAssurance.read",
    "okta.deviceIntegrations.read",
    "okta.devices.manage",
    "okta.devices.read",
    "okta.groups.read",
    "okta.logs.read",
    "okta.policies.manage",
    "okta.policies.read",
    "okta.users.read",
];

/// The scope for a call. `manage` does not imply `read` here, as it does not in Okta's tables.
pub(crate) fn required(method: &Method, path: &str) -> Option<&'static str> {
    let read = matches!(*method, Method::GET | Method::HEAD);
    let resource = path.strip_prefix("/api/v1/")?.split('/').next()?;
    // Simulating writes nothing: the read scope is enough.
    if path == "/api/v1/policies/simulate" {
        return Some("okta.policies.read");
    }
    Some(match (resource, read) {
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
        ("groups", false) => "okta.groups.manage",
        ("users", true) => "okta.users.read",
        ("users", false) => "okta.users.manage",
        ("logs", _) => "okta.logs.read",
        _ => return None,
    })
}

//! How the unit tests show requests.

use crate::Request;

/// `METHOD path?query` and the body, for snapshots.
pub(crate) fn shown(request: &Request) -> String {
    let query: Vec<String> = request
        .query_pairs()
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mut text = format!("{} {}", request.method(), request.path());
    if !query.is_empty() {
        text = format!("{text}?{}", query.join("&"));
    }
    if let Some(body) = request.json_body() {
        text = format!("{text} {body}");
    }
    text
}

/// A small profile with a SCEP payload whose challenge must be seen nowhere.
pub(crate) const PROFILE: &str = include_str!("../tests/fixtures/trust.mobileconfig");

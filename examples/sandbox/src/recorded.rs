//! The request log: every request either listener got, without its credentials.

use std::{collections::BTreeMap, fmt};

use axum::http::{HeaderMap, header};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which embedded service a request went to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Side {
    /// The Okta management API, and the device endpoints beside it.
    Okta,
    /// The JumpCloud API.
    JumpCloud,
    /// The SCEP server under the Okta listener (`/pki/…`).
    Scep,
}

/// Who sent a request, told from the path: `/pki/…` and `/sandbox/…` are the Macs' paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Actor {
    /// An administrator's tool.
    Admin,
    /// A Mac, or a tool that does what a Mac does (a SCEP preflight).
    Device,
}

/// One request and the status it was answered with.
///
/// Of the headers only those are kept that hold no credentials. Bodies are kept whole: a JumpCloud policy carries the profile with the challenge in
/// it, so `Debug` leaves the body out and a saved world has mode 0600.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedRequest {
    /// Number in order of arrival, from 1, going on in a loaded world.
    pub seq: u64,
    /// Time of arrival.
    pub at: Timestamp,
    /// The service.
    pub side: Side,
    /// The sender.
    pub actor: Actor,
    /// The HTTP method.
    pub method: String,
    /// The path, as sent.
    pub path: String,
    /// The query without `?`; empty when there is none.
    pub query: String,
    /// The headers `accept` and `user-agent`, of `authorization` the scheme, such as `SSWS`, and `[given]` for an
    /// `x-api-key`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The organisation that JumpCloud's `x-org-id` named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// JSON as it is; a form as an object, with `client_assertion` and `client_secret` masked; other
    /// text as a string; binary as `"<n bytes>"`. `None` for an empty body.
    pub body: Option<Value>,
    /// The status the sandbox answered with; 0 while it is being handled, and where the
    /// connection was cut before that.
    pub status: u16,
    /// The fault that was injected, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

impl RecordedRequest {
    /// Whether an administrator's tool asked for a change: any method but GET and HEAD, save the
    /// POSTs that only read (`/policies/simulate`, JumpCloud's search and insights) or sign in (`/oauth2/v1/token` and
    /// JumpCloud's `/oauth2/token`).
    ///
    /// The measure of "a second run makes no writes".
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.actor == Actor::Admin
            && !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
            && !self.path.ends_with("/policies/simulate")
            && !self.path.ends_with("/oauth2/v1/token")
            && self.path != "/oauth2/token"
            && !self.path.starts_with("/api/search/")
            && !self.path.starts_with("/insights/")
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "#{} {:?} {:?} {} {}",
            self.seq, self.side, self.actor, self.method, self.path
        )?;
        if !self.query.is_empty() {
            write!(f, "?{}", self.query)?;
        }
        write!(f, " -> {}", self.status)?;
        if let Some(fault) = &self.fault {
            write!(f, " ({fault})")?;
        }
        Ok(())
    }
}

/// The headers that are kept. Of a credential that is its scheme alone, and nothing where it has none; of a key, that there
/// was one.
pub(crate) fn headers(all: &HeaderMap) -> BTreeMap<String, String> {
    let text = |name| all.get(name).and_then(|value| value.to_str().ok());
    let scheme = text(header::AUTHORIZATION).and_then(|value| Some(value.split_once(' ')?.0));
    let kept = [
        ("accept", text(header::ACCEPT)),
        ("user-agent", text(header::USER_AGENT)),
        ("authorization", scheme),
        ("x-api-key", all.get("x-api-key").map(|_| "[given]")),
    ];
    kept.into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
        .collect()
}

/// Reads a body for the log.
pub(crate) fn body(content_type: &str, bytes: &[u8]) -> Option<Value> {
    if bytes.is_empty() {
        return None;
    }
    if content_type.starts_with("application/x-www-form-urlencoded") {
        let fields = url::form_urlencoded::parse(bytes).map(|(name, value)| {
            let value = match name.as_ref() {
                "client_assertion" | "client_secret" => "[masked]".to_owned(),
                _ => value.into_owned(),
            };
            (name.into_owned(), Value::String(value))
        });
        return Some(Value::Object(fields.collect()));
    }
    Some(serde_json::from_slice(bytes).unwrap_or_else(|_| {
        std::str::from_utf8(bytes).map_or_else(
            |_| Value::String(format!("<{} bytes>", bytes.len())),
            |text| Value::String(text.to_owned()),
        )
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_credential_only_the_scheme_is_kept() {
        let mut sent = HeaderMap::new();
        sent.insert("authorization", "SSWS 00token".parse().unwrap());
        sent.insert("x-api-key", "jca_key".parse().unwrap());
        sent.insert("accept", "application/json".parse().unwrap());
        let kept = serde_json::to_value(headers(&sent)).unwrap();
        let wanted = serde_json::json!({
            "accept": "application/json",
            "authorization": "SSWS",
            "x-api-key": "[given]",
        });
        assert_eq!(kept, wanted);
        sent.insert("authorization", "00token".parse().unwrap());
        assert!(!headers(&sent).contains_key("authorization"));
    }

    #[test]
    fn client_assertions_are_masked_in_the_log() {
        let kept = body(
            "application/x-www-form-urlencoded",
            b"scope=a+b&client_assertion=eyJ",
        );
        assert_eq!(
            kept,
            Some(serde_json::json!({"scope": "a b", "client_assertion": "[masked]"}))
        );
    }

    #[test]
    fn binary_bodies_are_kept_as_their_length() {
        assert_eq!(
            body("application/octet-stream", &[0xff, 0]),
            Some("<2 bytes>".into())
        );
    }
}

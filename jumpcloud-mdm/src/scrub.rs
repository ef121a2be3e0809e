//! Takes secrets out of what the server says before it reaches an error or a report: a server may quote what was
//! sent. What counts as secret is what the request carried (the decoded profile's secrets) and every long run of
//! base64, because that is the form in which a profile travels.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::{Policy, Request, deploy::LENIENT, profile_secrets};

const MASK: &str = "[redacted]";

/// A base64 run at least this long is taken for content. An object id (24) is shorter.
const CONTENT_RUN: usize = 40;

/// Replaces known secrets in texts.
#[derive(Clone, Default)]
pub(crate) struct Scrubber {
    secrets: Vec<SecretString>,
}

impl Scrubber {
    /// These secrets and those in the policy values that `request` carries.
    pub(crate) fn with_request(&self, request: &Request) -> Self {
        let mut scrubber = self.clone();
        let values = request
            .json_body()
            .and_then(|body| body.get("values")?.as_array());
        for value in values.into_iter().flatten() {
            scrubber.add_value(value.get("value"));
        }
        scrubber
    }

    /// Adds the secrets of the profile that a stored policy carries.
    pub(crate) fn add_policy(&mut self, policy: &Policy) {
        for value in policy.values.iter().flatten() {
            self.add_value(value.value.as_ref());
        }
    }

    /// Adds the secrets of a policy's value, if it is a profile in base64.
    fn add_value(&mut self, value: Option<&Value>) {
        let text: Option<String> = value
            .and_then(Value::as_str)
            .map(|text| text.split_ascii_whitespace().collect());
        if let Some(Ok(profile)) = text.map(|text| LENIENT.decode(text)) {
            self.add_profile(&profile);
        }
    }

    /// Adds the secrets of a profile, plain and in base64.
    pub(crate) fn add_profile(&mut self, profile: &[u8]) {
        for secret in profile_secrets::texts(profile) {
            self.add(secret);
        }
    }

    /// Adds a secret, plain and in base64.
    pub(crate) fn add(&mut self, secret: String) {
        if !secret.is_empty() {
            self.secrets
                .push(SecretString::from(STANDARD.encode(&secret)));
            self.secrets.push(SecretString::from(secret));
        }
    }

    /// `text` with every secret and long base64 run replaced.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for secret in &self.secrets {
            clean = clean.replace(secret.expose_secret(), MASK);
        }
        mask_runs(&clean)
    }

    /// `json` with every text in it scrubbed.
    pub(crate) fn json(&self, json: Value) -> Value {
        match json {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.json(item)).collect(),
            Value::Object(map) => map
                .into_iter()
                .map(|(key, value)| (self.text(&key), self.json(value)))
                .collect(),
            other => other,
        }
    }
}

fn mask_runs(text: &str) -> String {
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let run = rest.find(|c| !is_base64(c)).unwrap_or(rest.len());
        if run >= CONTENT_RUN {
            clean.push_str(MASK);
        } else {
            clean.push_str(&rest[..run]);
        }
        let gap = rest[run..].find(is_base64).unwrap_or(rest.len() - run);
        clean.push_str(&rest[run..run + gap]);
        rest = &rest[run + gap..];
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_secret_and_a_quoted_payload_are_masked_and_ids_are_not() {
        let mut scrub = Scrubber::default();
        scrub.add("canary".into());
        let run = "QUJD".repeat(12);
        let text = format!("policy 5f21c4d3b544067fd53ba0af: canary, Y2FuYXJ5, {run}; ä");
        assert_eq!(
            scrub.text(&text),
            "policy 5f21c4d3b544067fd53ba0af: [redacted], [redacted], [redacted]; ä"
        );
        let json = serde_json::json!({"canary": ["canary", 1, null]});
        assert_eq!(
            scrub.json(json),
            serde_json::json!({"[redacted]": ["[redacted]", 1, null]})
        );
    }
}

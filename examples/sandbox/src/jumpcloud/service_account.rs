//! A service account: OAuth client credentials, and the bearer tokens that take the place of `x-api-key`.
//!
//! `POST /oauth2/token` takes HTTP Basic as the only client authentication, with `grant_type=client_credentials` and
//! `scope=api`. The real one is on a host of its own; here it stands beside the API. That a token works together with
//! `x-org-id` is not publicly confirmed; it does here.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{random, secrets};

use super::call::Answer;
use super::state::State;

/// The account and its tokens, as plain data.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ServiceAccount {
    client_id: String,
    client_secret: String,
    /// Seconds that a new token lives; 0 stands for the documented hour.
    lifetime: i64,
    tokens: Vec<Token>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Token {
    text: String,
    expires: Timestamp,
}

impl ServiceAccount {
    pub(crate) fn fresh() -> Self {
        Self {
            client_id: random::alphanumeric(24),
            client_secret: random::alphanumeric(48),
            ..Self::default()
        }
    }

    /// The answer to `POST /oauth2/token`. `basic` is what the `authorization` header holds, `form` the body's fields.
    pub(crate) fn token(
        &mut self,
        basic: Option<&str>,
        form: &[(String, String)],
        now: Timestamp,
    ) -> Answer {
        let refuse = |status, error: &str| Answer::new(status, json!({ "error": error }));
        if !self.knows(basic) {
            return refuse(StatusCode::UNAUTHORIZED, "invalid_client");
        }
        let field = |name: &str| {
            let found = form.iter().find(|(key, _)| key == name);
            found.map_or("", |(_, value)| value)
        };
        if field("grant_type") != "client_credentials" {
            return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type");
        }
        if field("scope") != "api" {
            return refuse(StatusCode::BAD_REQUEST, "invalid_scope");
        }
        let lifetime = if self.lifetime == 0 {
            3600
        } else {
            self.lifetime
        };
        let token = Token {
            text: random::alphanumeric(60),
            expires: now + SignedDuration::from_secs(lifetime),
        };
        let answer = Answer::ok(json!({
            "access_token": token.text, "token_type": "bearer", "expires_in": lifetime - 1, "scope": "api",
        }));
        self.tokens.retain(|token| token.expires > now);
        self.tokens.push(token);
        answer
    }

    fn knows(&self, basic: Option<&str>) -> bool {
        let sent = basic
            .and_then(|text| text.strip_prefix("Basic "))
            .and_then(|text| STANDARD.decode(text).ok())
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let own = format!("{}:{}", self.client_id, self.client_secret);
        !self.client_id.is_empty()
            && sent.is_some_and(|sent| secrets::matches(&SecretString::from(own), &sent))
    }

    /// Whether an `authorization` header holds a token that lives.
    pub(crate) fn admits(&self, authorization: &str, now: Timestamp) -> bool {
        let Some(text) = authorization.strip_prefix("Bearer ") else {
            return false;
        };
        self.tokens
            .iter()
            .any(|token| token.text == text && token.expires > now)
    }
}

impl State {
    /// The service account's client id and secret.
    #[must_use]
    pub fn service_account(&self) -> (String, SecretString) {
        let account = &self.service_account;
        (
            account.client_id.clone(),
            account.client_secret.clone().into(),
        )
    }

    /// How many seconds the tokens live that are given from now on.
    pub fn set_token_lifetime(&mut self, seconds: u32) {
        self.service_account.lifetime = seconds.into();
    }

    /// Takes all tokens back, as when an administrator revokes them.
    pub fn revoke_tokens(&mut self) {
        self.service_account.tokens.clear();
    }
}

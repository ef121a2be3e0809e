//! An exchange: a call of the client, what must go over the wire for it, and what its answer becomes.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use jiff::Timestamp;
use okta_devtrust::{Error, Okta};
use serde_json::{Value, json};

/// A call of the client, and what of its result a caller looks at.
pub(crate) type Call = for<'a> fn(&'a Okta, &'a Ids) -> BoxFuture<'a, Result<Value, Error>>;

pub(crate) struct Exchange {
    pub(crate) name: &'static str,
    pub(crate) sends: Sent,
    /// What a server answers, in the words of Okta's documentation and recordings; the sandbox has its own.
    pub(crate) answer: (u16, Value),
    pub(crate) call: Call,
    pub(crate) becomes: Value,
}

/// What goes over the wire.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Decoded, in order.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
    /// `accept` and `user-agent`, and of `authorization` the scheme.
    pub(crate) headers: BTreeMap<String, String>,
}

/// The ids of what the exchanges are about.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    pub(crate) group: String,
    pub(crate) user: String,
    pub(crate) okta_verify: String,
    /// Policies and a rule in each, by type.
    pub(crate) policies: BTreeMap<&'static str, (String, String)>,
    pub(crate) app: String,
    pub(crate) device: String,
    pub(crate) assurance: String,
    pub(crate) integration: String,
    /// The time of the log's events.
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
}

impl Ids {
    pub(crate) fn policy(&self, kind: &str) -> &str {
        &self.policies[kind].0
    }

    pub(crate) fn rule(&self, kind: &str) -> &str {
        &self.policies[kind].1
    }
}

impl Exchange {
    /// A request to a path under `/api/v1`, answered with 200 and nothing, which becomes `null`.
    pub(crate) fn new(name: &'static str, method: &str, path: &str, call: Call) -> Self {
        let headers = [
            ("accept", "application/json"),
            ("authorization", "SSWS"),
            ("user-agent", USER_AGENT),
        ];
        Self {
            name,
            sends: Sent {
                method: method.into(),
                path: format!("/api/v1{path}"),
                headers: headers
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .into(),
                ..Sent::default()
            },
            answer: (200, Value::Null),
            call,
            becomes: Value::Null,
        }
    }

    pub(crate) fn query(mut self, name: &str, value: &str) -> Self {
        self.sends.query.push((name.into(), value.into()));
        self
    }

    pub(crate) fn body(mut self, body: Value) -> Self {
        self.sends.body = Some(body);
        self
    }

    pub(crate) fn answers(mut self, status: u16, body: Value) -> Self {
        self.answer = (status, body);
        self
    }

    /// Okta's error shape.
    pub(crate) fn refuses(self, status: u16, code: &str) -> Self {
        let body = json!({"errorCode": code, "errorSummary": "refused", "errorId": "oae1", "errorCauses": []});
        self.answers(status, body)
    }

    pub(crate) fn becomes(mut self, value: Value) -> Self {
        self.becomes = value;
        self
    }

    /// What the call's result becomes; an error by its name.
    pub(crate) async fn made_of(&self, okta: &Okta, ids: &Ids) -> Value {
        match (self.call)(okta, ids).await {
            Ok(value) => value,
            Err(error) => json!({"error": name_of(&error), "said": error.to_string()}),
        }
    }
}

/// An error of a name.
pub(crate) fn error(name: &str) -> Value {
    json!({"error": name})
}

/// What the client calls itself.
const USER_AGENT: &str = concat!("okta-devtrust/", env!("CARGO_PKG_VERSION"));

fn name_of(error: &Error) -> &'static str {
    match error {
        Error::NotFound { .. } => "NotFound",
        Error::Unauthorized { .. } => "Unauthorized",
        Error::FeatureDisabled { .. } => "FeatureDisabled",
        Error::Forbidden { .. } => "Forbidden",
        Error::Conflict { .. } => "Conflict",
        Error::Invalid { .. } => "Invalid",
        _ => "another",
    }
}

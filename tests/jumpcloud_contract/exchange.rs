//! An exchange: a call of the client, what must go over the wire for it, and what the answers become. Ids stand in it as
//! `{name}`, since a service gives its own.

use std::{collections::BTreeMap, future::Future, pin::Pin};

use device_trust_sandbox::Sandbox;
use jumpcloud_mdm::{Error, JumpCloud};
use serde::Serialize;
use serde_json::Value;

/// The crates of the workspace have one version.
const AGENT: &str = concat!("jumpcloud-mdm/", env!("CARGO_PKG_VERSION"));

/// The ids that are known so far, by name.
pub type Ids = BTreeMap<String, String>;

type Called = Pin<Box<dyn Future<Output = Result<Value, Error>>>>;

pub struct Exchange {
    pub name: &'static str,
    /// Whether a service account calls, and no key.
    pub by_account: bool,
    /// What the sandbox's Macs do before.
    pub before: Option<fn(&Sandbox, &Ids)>,
    pub call: Box<dyn Fn(JumpCloud, Ids) -> Called>,
    pub sent: Vec<Sent>,
    /// What must be in the result.
    pub becomes: Value,
    /// The names of ids that the result holds, and where.
    pub learns: Vec<(&'static str, &'static str)>,
}

/// One request, and its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    pub method: &'static str,
    /// `*` stands for one segment.
    pub path: String,
    /// In any order.
    pub query: Vec<(String, String)>,
    pub body: Option<Value>,
    /// Whether it carries `x-org-id`.
    pub organization: bool,
    pub credentials: Credentials,
    pub status: u16,
    /// What a service answers that has no memory.
    pub answer: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Credentials {
    /// `x-api-key`
    Key,
    /// HTTP Basic, of a service account.
    Basic,
    /// The token of a service account.
    Bearer,
    /// None at all: the address is presigned.
    Nothing,
}

impl Exchange {
    pub fn of<F, T>(name: &'static str, call: impl Fn(JumpCloud, Ids) -> F + 'static) -> Self
    where
        F: Future<Output = Result<T, Error>> + 'static,
        T: Serialize,
    {
        Self {
            name,
            by_account: false,
            before: None,
            call: Box::new(move |client, ids| {
                let called = call(client, ids);
                Box::pin(async move { Ok(serde_json::to_value(called.await?).unwrap()) })
            }),
            sent: Vec::new(),
            becomes: Value::Null,
            learns: Vec::new(),
        }
    }

    pub fn sends(mut self, sent: Sent) -> Self {
        self.sent.push(sent);
        self
    }

    pub fn becomes(mut self, result: Value) -> Self {
        self.becomes = result;
        self
    }

    pub fn learns(mut self, name: &'static str, at: &'static str) -> Self {
        self.learns.push((name, at));
        self
    }

    pub fn after(mut self, before: fn(&Sandbox, &Ids)) -> Self {
        self.before = Some(before);
        self
    }

    pub fn by_account(mut self) -> Self {
        self.by_account = true;
        self
    }
}

/// A GET that is answered 200.
pub fn get(target: &str, answer: Value) -> Sent {
    Sent::new("GET", target, 200).answers(answer)
}

/// A POST with the status that is documented for it.
pub fn post(target: &str, body: Value, status: u16) -> Sent {
    Sent::new("POST", target, status).body(body)
}

pub fn put(target: &str, body: Value) -> Sent {
    Sent::new("PUT", target, 200).body(body)
}

pub fn delete(target: &str) -> Sent {
    Sent::new("DELETE", target, 204)
}

impl Sent {
    fn new(method: &'static str, target: &str, status: u16) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pair = |text: &str| {
            let (name, value) = text.split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        };
        Self {
            method,
            path: path.to_owned(),
            query: query
                .split('&')
                .filter(|one| !one.is_empty())
                .map(pair)
                .collect(),
            body: None,
            organization: true,
            credentials: Credentials::Key,
            status,
            answer: None,
        }
    }

    fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    pub fn answers(mut self, answer: Value) -> Self {
        self.answer = Some(answer);
        self
    }

    pub fn without_organization(mut self) -> Self {
        self.organization = false;
        self
    }

    pub fn by(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    /// With the ids put in.
    pub fn with(&self, ids: &Ids) -> Self {
        Self {
            path: filled(&self.path, ids),
            query: self
                .query
                .iter()
                .map(|(name, value)| (name.clone(), filled(value, ids)))
                .collect(),
            body: self.body.as_ref().map(|body| filled_in(body, ids)),
            answer: self.answer.as_ref().map(|answer| filled_in(answer, ids)),
            ..self.clone()
        }
    }

    /// In what `seen` is another request than this one.
    pub fn differences(&self, seen: &Seen) -> Vec<String> {
        let sorted = |query: &[(String, String)]| {
            let mut query = query.to_vec();
            query.sort();
            query
        };
        let (wanted, asked) = (sorted(&self.query), sorted(&seen.query));
        let mut differences = Vec::new();
        let mut check = |what: &str, same: bool, wanted: String, seen: String| {
            if !same {
                differences.push(format!("{what}: {seen} and not {wanted}"));
            }
        };
        check(
            "method",
            self.method == seen.method,
            self.method.into(),
            seen.method.clone(),
        );
        check(
            "path",
            fits(&self.path, &seen.path),
            self.path.clone(),
            seen.path.clone(),
        );
        check(
            "query",
            wanted == asked,
            format!("{wanted:?}"),
            format!("{asked:?}"),
        );
        check(
            "body",
            self.body == seen.body,
            format!("{:?}", self.body),
            format!("{:?}", seen.body),
        );
        check(
            "x-org-id",
            self.organization == seen.organization,
            self.organization.to_string(),
            seen.organization.to_string(),
        );
        let wanted = format!("{:?}", self.credentials);
        check(
            "credentials",
            wanted == seen.credentials,
            wanted.clone(),
            seen.credentials.clone(),
        );
        // A presigned address is another's, and is told nothing of who sends.
        if self.credentials != Credentials::Nothing {
            for (name, wanted, seen) in [
                ("accept", "application/json", &seen.accept),
                ("user-agent", AGENT, &seen.agent),
            ] {
                let same = seen.as_deref() == Some(wanted);
                check(name, same, wanted.to_owned(), format!("{seen:?}"));
            }
        }
        differences
    }
}

/// A request as a service got it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub body: Option<Value>,
    pub organization: bool,
    /// As [`Credentials`] prints, or something else that fits none of them.
    pub credentials: String,
    /// The headers `accept` and `user-agent`.
    pub accept: Option<String>,
    pub agent: Option<String>,
}

/// What a request has of credentials, by whether it has a key and by the scheme of its `authorization`.
pub fn credentials(key: bool, scheme: Option<&str>) -> String {
    match (key, scheme) {
        (true, None) => "Key".to_owned(),
        (false, Some(scheme @ ("Basic" | "Bearer"))) => scheme.to_owned(),
        (false, None) => "Nothing".to_owned(),
        other => format!("{other:?}"),
    }
}

pub fn fits(wanted: &str, path: &str) -> bool {
    let (wanted, path): (Vec<_>, Vec<_>) = (wanted.split('/').collect(), path.split('/').collect());
    wanted.len() == path.len()
        && wanted
            .iter()
            .zip(&path)
            .all(|(one, other)| *one == "*" || one == other)
}

/// `text` with the ids put in; what is not known stays.
fn filled(text: &str, ids: &Ids) -> String {
    ids.iter().fold(text.to_owned(), |text, (name, id)| {
        text.replace(&format!("{{{name}}}"), id)
    })
}

pub fn filled_in(value: &Value, ids: &Ids) -> Value {
    match value {
        Value::String(text) => filled(text, ids).into(),
        Value::Array(items) => items.iter().map(|item| filled_in(item, ids)).collect(),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(key, value)| (key.clone(), filled_in(value, ids)));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

/// Whether `found` holds all of `wanted`: each key of an object, and for each item of an array one that holds it.
pub fn holds(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            let held = |(key, value)| found.get(key).is_some_and(|found| holds(found, value));
            wanted.iter().all(held)
        }
        (Value::Array(found), Value::Array(wanted)) => {
            let held = |wanted: &Value| found.iter().any(|found| holds(found, wanted));
            wanted.iter().all(held)
        }
        _ => found == wanted,
    }
}

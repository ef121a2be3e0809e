//! What the value of one key asks of other keys.
//!
//! Apple says this in the texts of its schema and not in its fields, so that it stands here by hand, payload by payload:
//! only what those texts say in so many words.

mod acme;
mod domains;
mod privacy;
mod sign_on;
mod table;

use plist::{Dictionary, Value};

use super::{Code, Finding, Findings, Rule, Severity, Subject, SubjectPayload, codes, codes_of};
use crate::keys::{CONTENT, ENCRYPTED_CONTENT};

pub(super) struct Conditions;

impl Rule for Conditions {
    fn codes(&self) -> Vec<Code> {
        codes_of![
            CONDITIONAL_KEY_MISSING,
            CONFLICTING_KEYS,
            KEY_WITHOUT_EFFECT,
            PAYLOADS_ENCRYPTED,
            WRONG_FORMAT,
            NOT_YET_ON_OS,
            DEPRECATED,
            REMOVED,
        ]
    }

    fn check(&self, subject: &Subject<'_>, findings: &mut Findings) {
        encrypted(subject.profile(), findings);
        for payload in subject.payloads() {
            let at = At::payload(payload);
            match payload.payload_type() {
                Some("com.apple.security.acme") => acme::check(&at, subject.target(), findings),
                Some("com.apple.associated-domains") => domains::check(&at, findings),
                Some("com.apple.TCC.configuration-profile-policy") => {
                    privacy::check(&at, subject.target(), findings);
                }
                Some(sign_on::TYPE) => sign_on::check(payload, subject.target(), findings),
                _ => table::check(payload, subject.target(), findings),
            }
        }
        sign_on::unique(subject, findings);
    }
}

/// `EncryptedPayloadContent` stands for `PayloadContent`, and nobody but the device can look inside.
fn encrypted(profile: &Dictionary, findings: &mut Findings) {
    let Some(Value::Data(_)) = profile.get(ENCRYPTED_CONTENT) else {
        return;
    };
    findings.add(Finding::new(
        codes::PAYLOADS_ENCRYPTED,
        ENCRYPTED_CONTENT,
        "the payloads are encrypted, so that nothing but the keys of the profile was checked",
        "check the profile before it is encrypted",
    ));
    if profile.contains_key(CONTENT) {
        findings.add(Finding::new(
            codes::CONFLICTING_KEYS,
            CONTENT,
            format!("{ENCRYPTED_CONTENT} stands for {CONTENT}, and both are there"),
            format!("remove {CONTENT} from an encrypted profile"),
        ));
    }
}

/// A dictionary and its place.
#[derive(Clone)]
struct At<'a> {
    keys: &'a Dictionary,
    path: String,
}

impl<'a> At<'a> {
    fn payload(payload: &SubjectPayload<'a>) -> Self {
        Self {
            keys: payload.keys(),
            path: payload.path(),
        }
    }

    fn path_to(&self, key: &str) -> String {
        format!("{}.{key}", self.path)
    }

    fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        self.keys.get(key).and_then(Value::as_string)
    }

    fn truth(&self, key: &str) -> Option<bool> {
        self.keys.get(key).and_then(Value::as_boolean)
    }

    /// The dictionary under a key.
    fn below(&self, key: &str) -> Option<Self> {
        Some(Self {
            keys: self.keys.get(key)?.as_dictionary()?,
            path: self.path_to(key),
        })
    }

    /// The items of an array under a key, each with its place.
    fn items(&self, key: &str) -> impl Iterator<Item = (String, &'a Value)> + use<'a> {
        let (items, path) = (
            self.keys.get(key).and_then(Value::as_array),
            self.path_to(key),
        );
        items
            .into_iter()
            .flatten()
            .enumerate()
            .map(move |(index, item)| (format!("{path}[{index}]"), item))
    }

    /// The texts of an array under a key, each with its place.
    fn texts(&self, key: &str) -> impl Iterator<Item = (String, &'a str)> + use<'a> {
        self.items(key)
            .filter_map(|(path, item)| Some((path, item.as_string()?)))
    }

    /// Reports `key` unless something stands there. A key that is spelt nearly like it has been reported, and becomes an
    /// error instead.
    fn need(&self, key: &str, because: &str, findings: &mut Findings) {
        self.need_with(
            codes::CONDITIONAL_KEY_MISSING.severity,
            key,
            because,
            findings,
        );
    }

    fn need_with(&self, severity: Severity, key: &str, because: &str, findings: &mut Findings) {
        let state = match self.keys.get(key) {
            None => "is missing",
            Some(value) if is_empty(value) => "is empty",
            Some(_) => return,
        };
        if findings.is_reported(&self.path_to(key)) {
            return;
        }
        let misspelt = self.keys.keys().find(|name| {
            crate::spelling::nearest(name, std::iter::once(key)).is_some()
                && findings.is_found(codes::MISSPELT_KEY, &self.path_to(name))
        });
        if let Some(name) = misspelt {
            findings.resettle(codes::MISSPELT_KEY, &self.path_to(name), severity);
            return;
        }
        findings.add(
            Finding::new(
                codes::CONDITIONAL_KEY_MISSING,
                self.path_to(key),
                format!("{key} {state}: {because}"),
                format!("add {key}"),
            )
            .severity(severity),
        );
    }

    /// Reports a key whose value is not allowed beside that of another.
    fn conflict(&self, key: &str, message: &str, mend: &str, findings: &mut Findings) {
        let path = self.path_to(key);
        if !findings.is_reported(&path) {
            findings.add(Finding::new(codes::CONFLICTING_KEYS, path, message, mend));
        }
    }

    /// Reports a key, if something stands there, that nobody reads beside the value of another.
    fn without_effect(&self, key: &str, because: &str, findings: &mut Findings) {
        let path = self.path_to(key);
        let says_something = self.keys.get(key).is_some_and(|value| !is_empty(value));
        if says_something && !findings.is_reported(&path) {
            findings.add(Finding::new(
                codes::KEY_WITHOUT_EFFECT,
                path,
                format!("{key} has no effect: {because}"),
                format!("remove {key}"),
            ));
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Data(bytes) => bytes.is_empty(),
        _ => false,
    }
}

/// Reports a text that does not have the form that the text of the schema asks for.
fn wrong_form(path: String, problem: &str, findings: &mut Findings) {
    if !findings.is_reported(&path) {
        findings.add(Finding::new(
            codes::WRONG_FORMAT,
            path,
            problem,
            "write it in this form",
        ));
    }
}

//! Keys and values against the schema: presence, spelling, type, range.

use plist::{Dictionary, Value};

use super::path::{join, shown};
use super::place::{self, Here};
use super::{
    Code, Finding, Findings, Rule, Severity, Subject, SubjectPayload, codes, codes_of, known,
};
use crate::error::type_name;
use crate::keys::{CONTENT, ENCRYPTED_CONTENT, TYPE, VERSION};
use crate::schema::{Key, Kind, Part, Presence, Schema, number};

pub(super) struct Keys;

impl Rule for Keys {
    fn codes(&self) -> Vec<Code> {
        codes_of![
            MISSING_KEY,
            MISSING_VERSION,
            WRONG_TYPE,
            REAL_FOR_INTEGER,
            NUMBER_FOR_BOOLEAN,
            VALUE_NOT_ALLOWED,
            OUT_OF_RANGE,
            WRONG_FORMAT,
            WRONG_COUNT,
            MISSPELT_KEY,
            UNKNOWN_KEY,
            UNDOCUMENTED_KEY,
            MISSPELT_PAYLOAD_TYPE,
            UNKNOWN_PAYLOAD_TYPE,
            KEY_NOT_ON_OS,
            NOT_YET_ON_OS,
            DEPRECATED,
            REMOVED,
            KEY_WRONG_CHANNEL,
            KEY_NEEDS_SUPERVISION,
            KEY_NEEDS_MDM,
        ]
    }

    fn check(&self, subject: &Subject<'_>, findings: &mut Findings) {
        let encrypted = subject.profile().contains_key(ENCRYPTED_CONTENT);
        let top = Schema::apple()
            .top_level()
            .filter(|key| !(encrypted && key.name() == CONTENT));
        let mut walk = Walk {
            findings,
            here: Here::new(subject.target()),
            spellings: MAX_SPELLINGS,
        };
        walk.dictionary(
            Shape {
                keys: &top.collect::<Vec<_>>(),
                scope: "",
                open: false,
                encrypted,
            },
            subject.profile(),
            "",
        );
        let items = subject.profile().get(CONTENT).and_then(Value::as_array);
        for (index, item) in items.into_iter().flatten().enumerate() {
            if item.as_dictionary().is_none() {
                walk.findings.add(wrong_type(
                    format!("{CONTENT}[{index}]"),
                    "dictionary",
                    item,
                ));
            }
        }
        for payload in subject.payloads() {
            walk.payload(subject, payload);
        }
    }
}

/// The keys that a dictionary may have.
#[derive(Clone, Copy)]
struct Shape<'a> {
    keys: &'a [Key],
    /// The payload type; empty for the profile.
    scope: &'a str,
    /// Whether keys of any other name are nobody's business.
    open: bool,
    /// Whether this is a profile whose payloads are encrypted.
    encrypted: bool,
}

struct Walk<'a, 'f> {
    findings: &'f mut Findings,
    here: Here<'a>,
    /// How many more names are compared with all that might be meant.
    spellings: usize,
}

/// Names that are compared: more than a profile made by hand can hold, and few enough to be done at once.
const MAX_SPELLINGS: usize = 2000;

impl<'a> Walk<'a, '_> {
    fn payload(&mut self, subject: &Subject<'a>, payload: &SubjectPayload<'_>) {
        let mut keys: Vec<_> = Schema::apple().common().collect();
        let known = payload.schema().is_some();
        keys.extend(payload.parts().iter().flat_map(Part::keys));
        let path = payload.path();
        self.here = Here::in_payload(subject.target(), payload);
        let shape = Shape {
            keys: &keys,
            scope: payload.payload_type().unwrap_or_default(),
            open: !known,
            encrypted: false,
        };
        self.dictionary(shape, payload.keys(), &path);
        if let (false, Some(payload_type)) = (known, payload.payload_type()) {
            self.unknown_payload_type(payload_type, format!("{path}.{TYPE}"));
        }
    }

    /// The candidate that is spelt nearly like `name`; after very many names there is none.
    fn nearest<'n>(
        &mut self,
        name: &str,
        candidates: impl Iterator<Item = &'n str>,
    ) -> Option<&'n str> {
        self.spellings = self.spellings.checked_sub(1)?;
        crate::spelling::nearest(name, candidates)
    }

    fn unknown_payload_type(&mut self, payload_type: &str, path: String) {
        let names = Schema::apple().payloads().map(|payload| payload.name());
        let near = self.nearest(payload_type, names);
        let payload_type = shown(payload_type);
        self.findings.add(match near {
            Some(near) => Finding::new(
                codes::MISSPELT_PAYLOAD_TYPE,
                path,
                format!("Apple's schema has no {payload_type}, but {near}"),
                format!("write {near}"),
            ),
            None => Finding::new(
                codes::UNKNOWN_PAYLOAD_TYPE,
                path,
                format!("{payload_type} is not in Apple's schema, so its keys are not checked"),
                "nothing, if it is the preference domain of an app; else look for the right type",
            ),
        });
    }

    fn dictionary(&mut self, shape: Shape<'_>, dictionary: &Dictionary, path: &str) {
        let any_name = shape
            .keys
            .iter()
            .find(|key| key.is_any_name() || known::is_example_name(key));
        let mut meant = Vec::new();
        for (name, value) in dictionary {
            let path = join(path, name);
            if let Some(key) = shape
                .keys
                .iter()
                .find(|key| key.name() == name)
                .or(any_name)
            {
                if shape.scope.is_empty() && name == CONTENT {
                    self.kind(key, value, &path);
                } else {
                    self.value(*key, value, &path, shape.scope);
                }
            } else if let Some(place) = known::documented(shape.scope, name) {
                self.findings.add(Finding::new(
                    codes::UNDOCUMENTED_KEY,
                    path,
                    format!("{name} is not in Apple's schema for this place; {place}"),
                    "nothing",
                ));
            } else if !(shape.open || shape.encrypted && name == CONTENT) {
                meant.extend(self.unknown(shape, dictionary, name, path));
            }
        }
        for key in shape.keys {
            let name = key.name();
            let due = key.presence() == Some(Presence::Required)
                && self.here.has(*key)
                && !key.is_any_name()
                && !known::is_example_name(key);
            if due && !dictionary.contains_key(name) && !meant.contains(&name) {
                self.missing(name, join(path, name));
            }
        }
    }

    fn missing(&mut self, name: &str, path: String) {
        self.findings.add(if name == VERSION {
            Finding::new(
                codes::MISSING_VERSION,
                path,
                "PayloadVersion is required, though devices install profiles without it",
                "add PayloadVersion with the integer 1",
            )
        } else {
            Finding::new(
                codes::MISSING_KEY,
                path,
                format!("the required key {name} is missing"),
                format!("add {name}"),
            )
        });
    }

    /// Reports a key that has no place here; gives the key that was probably meant.
    fn unknown(
        &mut self,
        shape: Shape<'_>,
        dictionary: &Dictionary,
        name: &str,
        path: String,
    ) -> Option<&'static str> {
        let absent = |key: &&Key| !dictionary.contains_key(key.name());
        let near = self.nearest(name, shape.keys.iter().filter(absent).map(Key::name));
        let name = shown(name);
        let Some(near) = near else {
            self.findings.add(Finding::new(
                codes::UNKNOWN_KEY,
                path,
                format!("{name} is not in Apple's schema for this place; devices ignore keys they do not know"),
                "remove it, unless you know who reads it",
            ));
            return None;
        };
        let is_near = |key: &&Key| key.name() == near;
        let required =
            shape.keys.iter().find(is_near).and_then(Key::presence) == Some(Presence::Required);
        let finding = Finding::new(
            codes::MISSPELT_KEY,
            path,
            format!(
                "{name} is not in Apple's schema for this place, but {near} is; devices ignore keys they do not know"
            ),
            format!("write {near}"),
        );
        self.findings.add(if required {
            finding.severity(Severity::Error)
        } else {
            finding
        });
        Some(near)
    }

    fn value(&mut self, key: Key, value: &Value, path: &str, scope: &str) {
        let above = self.here;
        if !place::key(key, &mut self.here, path, self.findings) {
            self.here = above;
            return;
        }
        match (known::is_text_or_texts(&key), value) {
            (true, Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.kind(&key, item, &format!("{path}[{index}]"));
                }
            }
            _ if self.kind(&key, value, path) => self.content(key, value, path, scope),
            _ => {}
        }
        self.here = above;
    }

    /// True if the type is right.
    fn kind(&mut self, key: &Key, value: &Value, path: &str) -> bool {
        let finding = match (key.kind(), value) {
            (kind, value) if kind.accepts(value) => return true,
            (Kind::Integer, Value::Real(number)) if number.fract() == 0.0 => Finding::new(
                codes::REAL_FOR_INTEGER,
                path,
                "expected <integer>, found <real>",
                format!("write <integer>{number}</integer>"),
            ),
            (Kind::Boolean, Value::Integer(number))
                if matches!(number.as_signed(), Some(0 | 1)) =>
            {
                Finding::new(
                    codes::NUMBER_FOR_BOOLEAN,
                    path,
                    "expected <true/> or <false/>, found <integer>",
                    format!("write <{}/>", number.as_signed() == Some(1)),
                )
            }
            (kind, value) => wrong_type(path.to_owned(), kind.as_str(), value),
        };
        self.findings.add(finding);
        false
    }

    /// A value of the right type.
    fn content(&mut self, key: Key, value: &Value, path: &str, scope: &str) {
        match value {
            Value::Dictionary(dictionary) => {
                let keys: Vec<_> = known::keys_below(&key);
                if !keys.is_empty() {
                    let shape = Shape {
                        keys: &keys,
                        scope,
                        open: known::is_open(&key),
                        encrypted: false,
                    };
                    self.dictionary(shape, dictionary, path);
                }
            }
            Value::Array(items) => {
                let Some(item_key) = key.keys().next() else {
                    return;
                };
                if let Some(count) = item_key.count()
                    && !count.contains(items.len() as f64)
                {
                    self.findings.add(Finding::new(
                        codes::WRONG_COUNT,
                        path,
                        format!("{} items, where {count} are due", items.len()),
                        format!("give it {count}"),
                    ));
                    return;
                }
                for (index, item) in items.iter().enumerate() {
                    self.value(item_key, item, &format!("{path}[{index}]"), scope);
                }
            }
            Value::Integer(_) | Value::Real(_) => self.number(key, value, path),
            Value::String(text) => self.text(key, text, path),
            _ => {}
        }
    }

    fn number(&mut self, key: Key, value: &Value, path: &str) {
        let Some(found) = number(value) else { return };
        let (allowed, range) = (key.allowed(), key.range());
        if allowed.iter().any(|literal| literal.is(value)) {
            return;
        }
        match range {
            Some(range) if !range.contains(found) => {
                let or: String = allowed
                    .iter()
                    .map(|literal| format!("{literal} or "))
                    .collect();
                self.findings.add(Finding::new(
                    codes::OUT_OF_RANGE,
                    path,
                    format!("{found} is outside the range: {or}{range}"),
                    format!("choose {or}{range}"),
                ));
            }
            None if !allowed.is_empty() => {
                let names: Vec<_> = allowed.iter().map(ToString::to_string).collect();
                let found = format!(
                    "{found} is not one of the values allowed: {}",
                    names.join(", ")
                );
                let code = codes::VALUE_NOT_ALLOWED;
                self.findings
                    .add(Finding::new(code, path, found, choose(&names)));
            }
            _ => {}
        }
    }

    fn text(&mut self, key: Key, text: &str, path: &str) {
        let allowed: Vec<_> = key.allowed().iter().map(ToString::to_string).collect();
        if !allowed.is_empty() && allowed.iter().all(|literal| literal != text) {
            let mend = self
                .nearest(text, allowed.iter().map(String::as_str))
                .map_or_else(|| choose(&allowed), |near| format!("write {near}"));
            let list = allowed.join(", ");
            self.findings.add(Finding::new(
                codes::VALUE_NOT_ALLOWED,
                path,
                format!("this text is not one of the values allowed: {list}"),
                mend,
            ));
        } else if let Some(format) = key.format()
            && regex_lite::Regex::new(format).is_ok_and(|format| !format.is_match(text))
        {
            self.findings.add(Finding::new(
                codes::WRONG_FORMAT,
                path,
                format!("this text does not have the form that Apple's schema names: {format}"),
                "write it in this form",
            ));
        }
    }
}

pub(super) fn wrong_type(path: String, expected: &str, found: &Value) -> Finding {
    let element = match expected {
        "dictionary" => "dict",
        "boolean" => "true/> or <false/",
        other => other,
    };
    let mend = match (expected, found) {
        ("data", Value::String(_)) => "write the bytes in base64, as <data>".to_owned(),
        _ => format!("write it as <{element}>"),
    };
    let message = format!("expected <{element}>, found <{}>", type_name(found));
    Finding::new(codes::WRONG_TYPE, path, message, mend)
}

fn choose(values: &[String]) -> String {
    match values {
        [only] => format!("write {only}"),
        several => format!("choose one of {}", several.join(", ")),
    }
}

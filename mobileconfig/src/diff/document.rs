//! A profile as a diff sees it: what is there, even if a device would miss something.

use std::sync::Arc;

use plist::{Dictionary, Value};

use super::PayloadName;
use crate::{Error, Payload, Redacted, keys, secret::MASK};

pub(super) struct Document {
    /// The top-level keys but for the payloads.
    pub(super) top: Dictionary,
    masked_top: Dictionary,
    /// For telling which is which: keys that are absent are empty texts here.
    pub(super) payloads: Vec<Payload>,
    dictionaries: Vec<Dictionary>,
    masked: Vec<Value>,
}

impl Document {
    pub(super) fn of_value(value: Value) -> Result<Self, Error> {
        match value {
            Value::Dictionary(keys) => Ok(Self::new(keys)),
            other => Err(Error::wrong_type("", "dict", &other)),
        }
    }

    pub(super) fn new(mut top: Dictionary) -> Self {
        version(&mut top);
        let mut dictionaries = take_payloads(&mut top);
        dictionaries.iter_mut().for_each(version);
        let as_value = |keys: &Dictionary| Value::Dictionary(keys.clone());
        // Masked as one document: what a value is may depend on what stands around it.
        let mut whole = top.clone();
        let list = dictionaries.iter().map(as_value).collect();
        let beside = whole.insert(keys::CONTENT.to_owned(), Value::Array(list));
        let mut masked_top = masked(whole);
        let list = masked_top.remove(keys::CONTENT).and_then(Value::into_array);
        if let Some(beside) = beside {
            let alone = Dictionary::from_iter([(keys::CONTENT, beside)]);
            masked_top.extend(masked(alone));
        }
        Self {
            top,
            masked_top,
            payloads: dictionaries.iter().map(lenient).collect(),
            dictionaries,
            masked: list.unwrap_or_default(),
        }
    }

    pub(super) fn masked_top(&self) -> Option<&Dictionary> {
        Some(&self.masked_top)
    }

    pub(super) fn payload(&self, index: usize) -> (&Dictionary, Option<&Dictionary>) {
        let masked = self.masked.get(index).and_then(Value::as_dictionary);
        (&self.dictionaries[index], masked)
    }

    pub(super) fn masked_payload(&self, index: usize) -> Value {
        self.masked.get(index).cloned().unwrap_or_else(hidden)
    }

    pub(super) fn name(
        &self,
        index: usize,
        old: Option<usize>,
        new: Option<usize>,
    ) -> Arc<PayloadName> {
        let payload = &self.payloads[index];
        Arc::new(PayloadName {
            payload_type: payload.payload_type.clone(),
            identifier: payload.identifier.clone(),
            display_name: payload.display_name.clone(),
            old_index: old,
            new_index: new,
        })
    }
}

/// What is shown where masking gave nothing; showing nothing is the safe side.
pub(super) fn hidden() -> Value {
    Value::from(MASK)
}

fn masked(keys: Dictionary) -> Dictionary {
    let masked = Redacted::of_value(&Value::Dictionary(keys));
    masked.into_value().into_dictionary().unwrap_or_default()
}

/// The payloads, taken out; none if `PayloadContent` is anything else than a list of dictionaries, which then counts as a
/// key like any other.
fn take_payloads(top: &mut Dictionary) -> Vec<Dictionary> {
    let items = top.get(keys::CONTENT).and_then(Value::as_array);
    let are_payloads =
        items.is_some_and(|items| items.iter().all(|item| item.as_dictionary().is_some()));
    if !are_payloads {
        return Vec::new();
    }
    let items = top.remove(keys::CONTENT).and_then(Value::into_array);
    items
        .into_iter()
        .flatten()
        .filter_map(Value::into_dictionary)
        .collect()
}

/// `PayloadVersion` as devices take it: absent and `<real>1</real>` are 1.
fn version(dictionary: &mut Dictionary) {
    match dictionary.get(keys::VERSION) {
        None | Some(Value::Real(1.0)) => {
            dictionary.insert(keys::VERSION.to_owned(), 1.into());
        }
        Some(_) => {}
    }
}

fn lenient(dictionary: &Dictionary) -> Payload {
    let mut content = dictionary.clone();
    let mut text = |key: &str| keys::string(&mut content, key).ok().flatten();
    let payload = Payload::new(
        text(keys::TYPE).unwrap_or_default(),
        text(keys::IDENTIFIER).unwrap_or_default(),
        text(keys::UUID).unwrap_or_default(),
        Dictionary::new(),
    );
    let (display_name, description, organization) = (
        text(keys::DISPLAY_NAME),
        text(keys::DESCRIPTION),
        text(keys::ORGANIZATION),
    );
    Payload {
        version: keys::version(&mut content).unwrap_or(1),
        display_name,
        description,
        organization,
        content,
        ..payload
    }
}

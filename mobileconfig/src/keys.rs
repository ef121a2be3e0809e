//! Apple's names of the keys that profiles and payloads share, and how they are taken out of a dictionary.

use plist::{Dictionary, Value};

use crate::Error;

pub(crate) const TYPE: &str = "PayloadType";
pub(crate) const IDENTIFIER: &str = "PayloadIdentifier";
pub(crate) const UUID: &str = "PayloadUUID";
pub(crate) const VERSION: &str = "PayloadVersion";
pub(crate) const DISPLAY_NAME: &str = "PayloadDisplayName";
pub(crate) const DESCRIPTION: &str = "PayloadDescription";
pub(crate) const ORGANIZATION: &str = "PayloadOrganization";
pub(crate) const CONTENT: &str = "PayloadContent";
pub(crate) const ENCRYPTED_CONTENT: &str = "EncryptedPayloadContent";
pub(crate) const SCOPE: &str = "PayloadScope";
pub(crate) const REMOVAL_DISALLOWED: &str = "PayloadRemovalDisallowed";
/// Not in Apple's schema, and added by MDM servers all the same.
pub(crate) const ENABLED: &str = "PayloadEnabled";

/// The keys of [`Payload`](crate::Payload) that are not content.
pub(crate) const OF_EVERY_PAYLOAD: [&str; 7] = [
    TYPE,
    IDENTIFIER,
    UUID,
    VERSION,
    DISPLAY_NAME,
    DESCRIPTION,
    ORGANIZATION,
];

pub(crate) fn required_string(keys: &mut Dictionary, key: &str) -> Result<String, Error> {
    string(keys, key)?.ok_or_else(|| Error::missing_key(key))
}

pub(crate) fn string(keys: &mut Dictionary, key: &str) -> Result<Option<String>, Error> {
    match keys.remove(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(Error::wrong_type(key, "string", &other)),
    }
}

/// `PayloadVersion`. Devices take `<real>1</real>`, and profiles without the key exist (Apple's own example of a
/// service management payload is one); both are read as the integer.
pub(crate) fn version(keys: &mut Dictionary) -> Result<i64, Error> {
    match keys.remove(VERSION) {
        None => Ok(1),
        Some(Value::Integer(number)) => number
            .as_signed()
            .ok_or_else(|| Error::invalid_value(VERSION, "the only version there is, is 1")),
        Some(Value::Real(1.0)) => Ok(1),
        Some(other) => Err(Error::wrong_type(VERSION, "integer", &other)),
    }
}

pub(crate) fn insert(keys: &mut Dictionary, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        keys.insert(key.to_owned(), value.into());
    }
}

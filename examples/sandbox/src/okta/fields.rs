//! Reading and linking stored JSON objects.

use serde_json::{Map, Value, json};

/// A stored object, as it is answered but for its links.
pub(crate) type Object = Map<String, Value>;

/// The string under a key, or `""`.
pub(crate) fn text<'a>(object: &'a Object, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The strings under a JSON pointer.
pub(crate) fn strings<'a>(value: &'a Value, pointer: &str) -> Vec<&'a str> {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map(|items| items.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default()
}

/// An object literal as a map.
pub(crate) fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

/// A HAL link with the methods it allows.
pub(crate) fn link(href: &str, allow: &[&str]) -> Value {
    json!({ "href": href, "hints": { "allow": allow } })
}

/// A copy of the object with `_links`.
pub(crate) fn with_links(object: &Object, links: Value) -> Value {
    let mut object = object.clone();
    object.insert("_links".to_owned(), links);
    Value::Object(object)
}

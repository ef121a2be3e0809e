//! What the server answers to a write, held against what was sent: Okta drops keys that it does not know without a word.

use serde::Serialize;
use serde_json::Value;

use super::{Difference, semantic};
use crate::{Error, Okta, Request, request::json_of};

/// Sends a write and compares the answer with what was sent.
pub(super) async fn send(
    okta: &Okta,
    request: &Request,
    object: &str,
    sent: &Value,
) -> Result<Value, Error> {
    let response = okta.send(request).await?;
    let answer: Value = response.json()?;
    let differences = semantic::lacking(sent, &answer);
    if !differences.is_empty() {
        return Err(Error::echo(object.into(), differences, request, &response));
    }
    if id_of(&answer).is_empty() {
        return Err(Error::echo(
            object.into(),
            vec![Difference {
                path: "id".into(),
                wanted: "an id".into(),
                found: Value::Null,
            }],
            request,
            &response,
        ));
    }
    Ok(answer)
}

/// What of an object the server must keep as sent: not its place, its state, or what the server alone writes.
pub(super) fn compared(object: &impl Serialize) -> Value {
    let mut value = json_of(object);
    if let Some(map) = value.as_object_mut() {
        for key in [
            "id",
            "priority",
            "status",
            "system",
            "created",
            "lastUpdated",
            "_links",
            "_embedded",
        ] {
            map.remove(key);
        }
    }
    value
}

/// Whether what is there has all that was sent.
pub(super) fn holds(sent: &impl Serialize, found: &impl Serialize) -> bool {
    semantic::lacking(&compared(sent), &compared(found)).is_empty()
}

pub(super) fn id_of(answer: &Value) -> String {
    answer["id"].as_str().unwrap_or_default().to_owned()
}

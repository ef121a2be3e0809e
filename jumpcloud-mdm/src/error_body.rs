//! The bodies of errors: v2 `{code, message, status, details}`, v1 `{error}` or `{message}`, and a gateway's text.

use serde_json::Value;

/// What an error body says, however it is shaped.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct ErrorBody {
    pub(crate) message: String,
    pub(crate) details: Vec<Value>,
}

/// Enough for a sentence; a gateway's HTML page is of no use in an error.
const LONGEST_MESSAGE: usize = 500;

impl ErrorBody {
    pub(crate) fn parse(body: &[u8]) -> Self {
        let Ok(mut json) = serde_json::from_slice::<Value>(body) else {
            return Self {
                message: one_line(&String::from_utf8_lossy(body)),
                details: Vec::new(),
            };
        };
        let message = ["message", "error", "status"]
            .iter()
            .find_map(|key| text_of(json.get(key)?))
            .or_else(|| text_of(&json))
            .unwrap_or_default();
        let details = match json.get_mut("details").map(Value::take) {
            Some(Value::Array(details)) => details,
            _ => Vec::new(),
        };
        Self {
            message: one_line(&message),
            details,
        }
    }
}

/// The text of a value; an `error` may be an object with a `message` in it.
fn text_of(value: &Value) -> Option<String> {
    let text = value
        .as_str()
        .or_else(|| value.get("message")?.as_str())?
        .trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.starts_with('<') {
        return String::new();
    }
    match line.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body: &str) -> String {
        ErrorBody::parse(body.as_bytes()).message
    }

    #[test]
    fn all_three_shapes_give_their_message() {
        let v2 = r#"{"code":3,"message":"name is taken","status":"INVALID_ARGUMENT",
            "details":[{"@type":"type.googleapis.com/google.rpc.BadRequest"}]}"#;
        assert_eq!(message(v2), "name is taken");
        assert_eq!(ErrorBody::parse(v2.as_bytes()).details.len(), 1);
        assert_eq!(message(r#"{"error":"Unauthorized"}"#), "Unauthorized");
        assert_eq!(message(r#"{"error":{"message":"no"}}"#), "no");
        assert_eq!(
            message("upstream connect error\n or disconnect"),
            "upstream connect error or disconnect"
        );
        assert_eq!(message("<html>\n<body>502</body></html>"), "");
        assert_eq!(message(""), "");
        assert_eq!(message(r#""plain""#), "plain");
        assert_eq!(message("[1]"), "");
        assert_eq!(message(&"ä".repeat(600)).chars().count(), 501);
    }
}

//! Filters, as far as the syntax carries them. The rule: what it cannot carry is refused, and what it answers is
//! checked again here, because the server reads `*` in a value as a wild card.

use std::fmt;

use serde_json::Value;

use crate::Error;

/// A v2 filter, `field:operator:value`. Several are all applied.
///
/// The parameter is a comma-separated list with colons inside and has no escape, so a value with a comma or a colon
/// is refused; list without a filter then and compare on your side, as [`JumpCloud::policy_named`] and its sisters do.
///
/// The server reads `*` in a value as a wild card, so what it answers to `eq`, `ne` and `in` is checked again here. A field
/// that a row does not have, or has as a list or an object, is the server's to judge, as ranges and searches are.
///
/// ```
/// use jumpcloud_mdm::Filter;
///
/// assert_eq!(Filter::eq("name", "macOS pilot")?.to_string(), "name:eq:macOS pilot");
/// assert!(Filter::eq("name", "Berlin, Munich").unwrap_err().is_invalid());
/// # Ok::<(), jumpcloud_mdm::Error>(())
/// ```
///
/// [`JumpCloud::policy_named`]: crate::JumpCloud::policy_named
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    field: String,
    operator: Operator,
    value: String,
}

/// The operators of v2 filters. System Insights take only [`Eq`](Self::Eq) and [`In`](Self::In).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `eq`
    Eq,
    /// `ne`
    Ne,
    /// `gt`
    Gt,
    /// `ge`
    Ge,
    /// `lt`
    Lt,
    /// `le`
    Le,
    /// `between`
    Between,
    /// `search`
    Search,
    /// `in`, values separated by `|`
    In,
}

impl Operator {
    fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
            Self::Between => "between",
            Self::Search => "search",
            Self::In => "in",
        }
    }
}

/// Whether the filter syntax, of v1 and v2 alike, can carry a field or a value.
pub(crate) fn is_carried(text: &str) -> bool {
    !text.is_empty() && !text.contains([',', ':']) && !text.chars().any(char::is_control)
}

impl Filter {
    /// `field:operator:value`.
    ///
    /// # Errors
    /// [`Error::Input`] when the field or value is empty or holds a comma, a colon or a control character.
    pub fn new(field: &str, operator: Operator, value: &str) -> Result<Self, Error> {
        if !is_carried(field) || !is_carried(value) {
            return Err(Error::input(
                "filter",
                format!(
                    "`{field}` {} `{value}` cannot be written: the filter syntax has no way to say an empty \
                     text, a comma or a colon; list without a filter and compare on your side",
                    operator.as_str()
                ),
            ));
        }
        Ok(Self {
            field: field.to_owned(),
            operator,
            value: value.to_owned(),
        })
    }

    /// `field:eq:value`.
    ///
    /// # Errors
    /// As [`Filter::new`].
    pub fn eq(field: &str, value: &str) -> Result<Self, Error> {
        Self::new(field, Operator::Eq, value)
    }

    /// `field:in:a|b|c`.
    ///
    /// # Errors
    /// As [`Filter::new`], and when a value holds the separator `|`.
    pub fn any_of<'a>(
        field: &str,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Error> {
        let values: Vec<&str> = values.into_iter().collect();
        if let Some(value) = values.iter().find(|value| value.contains('|')) {
            return Err(Error::input(
                "filter",
                format!("`{value}` holds `|`, which separates the values of `in`"),
            ));
        }
        Self::new(field, Operator::In, &values.join("|"))
    }

    /// Whether it is checked again here.
    pub(crate) fn is_judged(&self) -> bool {
        matches!(self.operator, Operator::Eq | Operator::Ne | Operator::In)
    }

    /// Whether a row fits, as far as that can be judged here.
    pub(crate) fn holds(&self, row: &Value) -> bool {
        let mut keys = self.field.split('.');
        let found = match keys.try_fold(row, |value, key| value.get(key)) {
            None | Some(Value::Array(_) | Value::Object(_)) => return true,
            Some(found) => found,
        };
        match self.operator {
            Operator::Eq => is_text(found, &self.value),
            Operator::Ne => !is_text(found, &self.value),
            Operator::In => self.value.split('|').any(|one| is_text(found, one)),
            _ => true,
        }
    }
}

/// Whether a value is what a filter's text says: a filter is text, whatever the field is.
pub(crate) fn is_text(found: &Value, text: &str) -> bool {
    match found {
        Value::String(found) => found == text,
        Value::Bool(_) | Value::Number(_) => {
            let shown = found.to_string();
            shown == text
        }
        _ => false,
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}",
            self.field,
            self.operator.as_str(),
            self.value
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_syntax_cannot_carry_is_refused() {
        for bad in ["a,b", "a:b", "", "a\nb"] {
            assert!(Filter::eq("name", bad).is_err(), "{bad:?}");
            assert!(Filter::eq(bad, "x").is_err(), "{bad:?}");
        }
        assert!(Filter::any_of("system_id", ["a", "b|c"]).is_err());
        assert_eq!(
            Filter::any_of("system_id", ["a", "b"]).unwrap().to_string(),
            "system_id:in:a|b"
        );
        assert_eq!(
            Filter::new("osVersion", Operator::Ge, "14")
                .unwrap()
                .to_string(),
            "osVersion:ge:14"
        );
    }
    #[test]
    fn equality_is_judged_here_and_what_cannot_be_is_the_servers() {
        let row = serde_json::json!({"name": "abc", "active": true, "n": 5, "gone": null, "flags": ["x"], "mdm": {"vendor": "v"}});
        let holds = |field: &str, operator, value: &str| {
            Filter::new(field, operator, value).unwrap().holds(&row)
        };
        use Operator::{Eq, Ge, In, Ne};
        assert!(holds("name", Eq, "abc") && holds("active", Eq, "true") && holds("n", Eq, "5"));
        assert!(holds("mdm.vendor", Eq, "v") && !holds("mdm.vendor", Eq, "w"));
        assert!(!holds("name", Eq, "a*") && !holds("name", Eq, "ABC") && !holds("gone", Eq, "x"));
        assert!(holds("name", Ne, "a*") && !holds("name", Ne, "abc"));
        assert!(holds("name", In, "x|abc") && !holds("name", In, "a*|b"));
        assert!(holds("absent", Eq, "x") && holds("flags", Eq, "x") && holds("name", Ge, "z"));
    }
}

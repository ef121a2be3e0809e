//! A key of a payload and its facts.

use std::{borrow::Cow, fmt};

use plist::Value;

use super::{Availability, Os, Schema, os::Statements};

/// A key as the schema states it. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Key {
    pub(super) schema: &'static Schema,
    pub(super) index: usize,
}

/// What the data file says in one line, and where the keys below it are.
pub(super) struct Node {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) presence: Option<Presence>,
    pub(super) facts: &'static str,
    pub(super) systems: Statements,
    pub(super) parent: Parent,
    /// One past the last key below this one; the first is the next line.
    pub(super) end: usize,
    /// How many levels up the key is whose keys are also those below this one.
    pub(super) same_as: Option<usize>,
}

#[derive(Clone, Copy)]
pub(super) enum Parent {
    Key(usize),
    Part(usize),
}

impl Key {
    /// The name, such as `Keysize`. For the item of an array it is the name that the schema gives the item.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.node().name
    }

    /// True if this stands for keys of any name (`ANY` in the schema).
    #[must_use]
    pub fn is_any_name(&self) -> bool {
        self.name() == "ANY"
    }

    /// The type of the value.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.node().kind
    }

    /// Whether the key must be there; `None` where the schema does not say, as for most items of arrays.
    #[must_use]
    pub fn presence(&self) -> Option<Presence> {
        self.node().presence
    }

    /// The value that a device assumes when the key is absent.
    #[must_use]
    pub fn default(&self) -> Option<Literal> {
        self.fact("default=").map(|text| self.literal(text))
    }

    /// The values that are allowed (`rangelist`); empty if the schema names none. A key with a [`range`](Self::range)
    /// too allows either.
    #[must_use]
    pub fn allowed(&self) -> Vec<Literal> {
        self.fact("allowed=").map_or_else(Vec::new, |list| {
            list.split('|').map(|text| self.literal(text)).collect()
        })
    }

    /// The smallest and the largest number.
    #[must_use]
    pub fn range(&self) -> Option<Range> {
        self.fact("range=").map(Range::parse)
    }

    /// How many items of this kind the array around it has (`repetition`).
    #[must_use]
    pub fn count(&self) -> Option<Range> {
        self.fact("count=").map(Range::parse)
    }

    /// The regular expression that a text must match.
    #[must_use]
    pub fn format(&self) -> Option<&'static str> {
        self.fact("format=")
    }

    /// What kind of text it is, in the schema's words: `<url>`, `<hostname>`.
    #[must_use]
    pub fn subtype(&self) -> Option<&'static str> {
        self.fact("subtype=")
    }

    /// The schema's name for the dictionary or array, which keys of the same make-up share.
    #[must_use]
    pub fn subkey_type(&self) -> Option<&'static str> {
        self.fact("subkeytype=")
    }

    /// The keys of a dictionary, or the single item of an array. A key that contains itself, as a folder on the home screen,
    /// can be followed for ever.
    pub fn keys(&self) -> impl Iterator<Item = Self> + use<> {
        let shape = self.recursion().unwrap_or(*self);
        siblings(self.schema, shape.index + 1, shape.node().end)
    }

    /// The key above, if the keys below this one are the same as below that.
    #[must_use]
    pub fn recursion(&self) -> Option<Self> {
        let mut shape = *self;
        for _ in 0..self.node().same_as? {
            shape = shape.parent()?;
        }
        Some(shape)
    }

    /// What the schema says about this key itself on one system; `None` if it says nothing.
    #[must_use]
    pub fn stated(&self, os: Os) -> Option<Availability> {
        self.node()
            .systems
            .stated(os)
            .then(|| self.node().systems.on(os))
    }

    /// What holds for this key on one system: what is said about it, and else what is said about the keys above and the
    /// payload.
    #[must_use]
    pub fn availability(&self, os: Os) -> Availability {
        let above = match self.node().parent {
            Parent::Key(index) => Self { index, ..*self }.availability(os),
            Parent::Part(index) => self.schema.parts[index].systems.on(os),
        };
        self.node().systems.over(above, os)
    }

    /// The names from the payload down to this key, with `/` between them.
    #[must_use]
    pub fn path(&self) -> String {
        self.parent().map_or_else(
            || self.name().to_owned(),
            |parent| format!("{}/{}", parent.path(), self.name()),
        )
    }

    fn parent(&self) -> Option<Self> {
        match self.node().parent {
            Parent::Key(index) => Some(Self { index, ..*self }),
            Parent::Part(_) => None,
        }
    }

    fn fact(&self, name: &str) -> Option<&'static str> {
        self.node()
            .facts
            .split('\t')
            .find_map(|fact| fact.strip_prefix(name))
    }

    fn literal(&self, text: &'static str) -> Literal {
        let typed = match self.kind() {
            Kind::Integer => text.parse().ok().map(Literal::Integer),
            Kind::Real => text.parse().ok().map(Literal::Real),
            Kind::Boolean => text.parse().ok().map(Literal::Boolean),
            _ => None,
        };
        typed.unwrap_or(Literal::Text(Cow::Borrowed(text)))
    }

    fn node(&self) -> &'static Node {
        &self.schema.nodes[self.index]
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("path", &self.path())
            .field("kind", &self.kind())
            .field("presence", &self.presence())
            .finish_non_exhaustive()
    }
}

/// The keys of one level among the lines `first..end`.
pub(super) fn siblings(
    schema: &'static Schema,
    first: usize,
    end: usize,
) -> impl Iterator<Item = Key> + use<> {
    let mut next = first;
    std::iter::from_fn(move || {
        let index = (next < end).then_some(next)?;
        next = schema.nodes[index].end;
        Some(Key { schema, index })
    })
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// `<string>`
    String,
    /// `<integer>`
    Integer,
    /// `<real>`
    Real,
    /// `<true/>` or `<false/>`
    Boolean,
    /// `<date>`
    Date,
    /// `<data>`
    Data,
    /// `<array>`
    Array,
    /// `<dict>`
    Dictionary,
    /// Any of them.
    Any,
}

impl Kind {
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "string" => Self::String,
            "integer" => Self::Integer,
            "real" => Self::Real,
            "boolean" => Self::Boolean,
            "date" => Self::Date,
            "data" => Self::Data,
            "array" => Self::Array,
            "dictionary" => Self::Dictionary,
            "any" => Self::Any,
            _ => return None,
        })
    }

    /// The schema's name for it: `string`, `dictionary`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Real => "real",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Data => "data",
            Self::Array => "array",
            Self::Dictionary => "dictionary",
            Self::Any => "any",
        }
    }

    /// True if `value` is of this type. A real is due also where an integer stands, since devices do not tell the two
    /// apart in that direction; not the other way round.
    #[must_use]
    pub fn accepts(self, value: &Value) -> bool {
        match self {
            Self::String => matches!(value, Value::String(_)),
            Self::Integer => matches!(value, Value::Integer(_)),
            Self::Real => matches!(value, Value::Real(_) | Value::Integer(_)),
            Self::Boolean => matches!(value, Value::Boolean(_)),
            Self::Date => matches!(value, Value::Date(_)),
            Self::Data => matches!(value, Value::Data(_)),
            Self::Array => matches!(value, Value::Array(_)),
            Self::Dictionary => matches!(value, Value::Dictionary(_)),
            Self::Any => true,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a key must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Presence {
    /// The key must be there, if the dictionary around it is.
    Required,
    /// The key may be absent.
    Optional,
}

/// A value in the schema: a default, or one that is allowed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Literal {
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// True or false.
    Boolean(bool),
    /// A text.
    Text(Cow<'static, str>),
}

impl Literal {
    /// True if a property list value says the same.
    #[must_use]
    pub fn is(&self, value: &Value) -> bool {
        match self {
            Self::Integer(number) => value.as_signed_integer() == Some(*number),
            Self::Real(real) => number(value) == Some(*real),
            Self::Boolean(truth) => value.as_boolean() == Some(*truth),
            Self::Text(text) => value.as_string() == Some(text),
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => number.fmt(f),
            Self::Real(number) => number.fmt(f),
            Self::Boolean(truth) => truth.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// The smallest and the largest number; either may be open.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Range {
    /// The smallest number.
    pub min: Option<f64>,
    /// The largest number.
    pub max: Option<f64>,
}

impl Range {
    fn parse(text: &str) -> Self {
        let (min, max) = text.split_once("..").unwrap_or((text, ""));
        Self {
            min: min.parse().ok(),
            max: max.parse().ok(),
        }
    }

    /// True if the number lies between the two, both included.
    #[must_use]
    pub fn contains(&self, number: f64) -> bool {
        self.min.is_none_or(|min| min <= number) && self.max.is_none_or(|max| number <= max)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (Some(min), Some(max)) if min == max => write!(f, "exactly {min}"),
            (Some(min), Some(max)) => write!(f, "{min} to {max}"),
            (Some(min), None) => write!(f, "at least {min}"),
            (None, Some(max)) => write!(f, "at most {max}"),
            (None, None) => f.write_str("any number"),
        }
    }
}

/// The number that a value is, if it is one.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Real(number) => Some(*number),
        #[expect(
            clippy::cast_precision_loss,
            reason = "Apple's limits are far below 2^53"
        )]
        Value::Integer(number) => number
            .as_signed()
            .map(|number| number as f64)
            .or_else(|| number.as_unsigned().map(|number| number as f64)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_range_has_one_end() {
        let range = Range::parse("3600..");
        assert!(range.contains(3600.0) && range.contains(1e9) && !range.contains(3599.0));
        assert_eq!(range.to_string(), "at least 3600");
        assert_eq!(Range::parse("-180.0..180.0").to_string(), "-180 to 180");
        assert_eq!(Range::parse("2..2").to_string(), "exactly 2");
    }

    #[test]
    fn an_integer_is_a_real_and_not_the_other_way_round() {
        assert!(Kind::Real.accepts(&Value::Integer(2.into())));
        assert!(!Kind::Integer.accepts(&Value::Real(2.0)));
        assert!(Literal::Real(2.0).is(&Value::Integer(2.into())));
    }
}

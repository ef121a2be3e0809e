//! Reads one table of a blueprint and notes every problem instead of stopping at the first one.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::Problems;

/// One table, and the keys of it that were asked for: what is left in the end is unknown.
pub(super) struct Section<'a> {
    path: &'static str,
    table: Option<&'a Table>,
    known: BTreeSet<&'static str>,
    /// Whether nothing has to be there: what is there has to be right all the same.
    partial: bool,
}

impl<'a> Section<'a> {
    pub(super) fn root(table: &'a Table) -> Self {
        Self {
            path: "",
            table: Some(table),
            known: BTreeSet::new(),
            partial: false,
        }
    }

    /// A part of which nothing has to be there.
    pub(super) fn partial(self) -> Self {
        Self {
            partial: true,
            ..self
        }
    }

    /// The sub-table `key`, whose full path is `path`. A missing one reads as empty.
    pub(super) fn section(
        &mut self,
        key: &'static str,
        path: &'static str,
        problems: &mut Problems,
    ) -> Self {
        let table = match self.take(key) {
            Some(Value::Table(table)) => Some(table),
            Some(other) => {
                problems.add(
                    path,
                    format!("is {}, not a table", kind(other)),
                    format!("[{path}]"),
                );
                None
            }
            None => None,
        };
        Self {
            path,
            table,
            known: BTreeSet::new(),
            partial: self.partial,
        }
    }

    /// The value of `key` as `read` makes it; `None` when it is absent or was refused.
    ///
    /// `read` gets the value and says what is wrong with it; `example` is a right value as TOML.
    pub(super) fn optional<T>(
        &mut self,
        key: &'static str,
        example: &str,
        problems: &mut Problems,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.take(key)?;
        match read(value) {
            Ok(value) => Some(value),
            Err(what) => {
                problems.add(self.full(key), what, format!("{key} = {example}"));
                None
            }
        }
    }

    /// Like [`optional`](Self::optional), but absence is a problem as well, unless the section is
    /// [`partial`](Self::partial).
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        example: &str,
        problems: &mut Problems,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        if self.table.is_none_or(|table| !table.contains_key(key)) {
            self.known.insert(key);
            if !self.partial {
                problems.add(self.full(key), "is missing", format!("{key} = {example}"));
            }
            return None;
        }
        self.optional(key, example, problems, read)
    }

    /// Like [`optional`](Self::optional), with a default for an absent key.
    pub(super) fn or<T>(
        &mut self,
        key: &'static str,
        default: T,
        example: &str,
        problems: &mut Problems,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> T {
        self.optional(key, example, problems, read)
            .unwrap_or(default)
    }

    /// Notes every key that nobody asked for, with the nearest known one.
    pub(super) fn finish(self, problems: &mut Problems) {
        let Some(table) = self.table else { return };
        for key in table
            .keys()
            .filter(|key| !self.known.contains(key.as_str()))
        {
            let nearest = self
                .known
                .iter()
                .map(|known| (strsim::normalized_damerau_levenshtein(known, key), known))
                .max_by(|a, b| a.0.total_cmp(&b.0))
                .filter(|(likeness, _)| *likeness > 0.5);
            let mend = nearest.map_or_else(
                || {
                    let known: Vec<_> = self.known.iter().copied().collect();
                    format!("one of {}", known.join(", "))
                },
                |(_, known)| format!("{known} = …"),
            );
            problems.add(self.full(key), "is not a known key", mend);
        }
    }

    pub(super) fn full(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    fn take(&mut self, key: &'static str) -> Option<&'a Value> {
        self.known.insert(key);
        self.table?.get(key)
    }
}

/// A text that is not blank, without white space around it.
pub(super) fn text(value: &Value) -> Result<String, String> {
    match value.as_str().map(str::trim) {
        Some("") => Err("is empty".into()),
        Some(text) => Ok(text.to_owned()),
        None => Err(format!("is {}, not a text", kind(value))),
    }
}

/// A list of at least one text.
pub(super) fn texts(value: &Value) -> Result<Vec<String>, String> {
    let list = value
        .as_array()
        .ok_or_else(|| format!("is {}, not a list of texts", kind(value)))?;
    if list.is_empty() {
        return Err("is an empty list".into());
    }
    list.iter().map(text).collect()
}

/// A whole number from `min` to `max`.
pub(super) fn number(min: u32, max: u32) -> impl FnOnce(&Value) -> Result<u32, String> {
    move |value| {
        let number = value
            .as_integer()
            .ok_or_else(|| format!("is {}, not a whole number", kind(value)))?;
        u32::try_from(number)
            .ok()
            .filter(|number| (min..=max).contains(number))
            .ok_or_else(|| format!("is {number}, outside {min} to {max}"))
    }
}

pub(super) fn flag(value: &Value) -> Result<bool, String> {
    value
        .as_bool()
        .ok_or_else(|| format!("is {}, not true or false", kind(value)))
}

pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number with a fraction",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}

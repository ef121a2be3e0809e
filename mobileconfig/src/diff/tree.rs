//! Differences for people.

use std::fmt::{self, Write as _};

use plist::Value;

use super::change::Room;
use super::{Change, ChangeKind, Diff, PayloadName};
use crate::printable::{join, printable};

impl fmt::Display for Diff {
    /// One line a change, below a line for each payload; nothing when nothing differs. With `{:#}` what is put down to
    /// the server follows, marked as such.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, &self.changes)?;
        if f.alternate() && !self.rewrites.is_empty() {
            f.write_str("put down to the MDM server:\n")?;
            let mut text = String::new();
            list(&mut text, &self.rewrites)?;
            for line in text.lines() {
                writeln!(f, "  {line}")?;
            }
        }
        Ok(())
    }
}

fn list(f: &mut dyn fmt::Write, changes: &[Change]) -> fmt::Result {
    let mut above: Option<&PayloadName> = None;
    let mut room = Room::new();
    for (index, change) in changes.iter().enumerate() {
        let payload = change.payload.as_deref();
        if let (Some(payload), true) = (payload, index == 0 || payload != above) {
            let mark = match (change.path.as_str(), &change.kind) {
                ("", ChangeKind::Added { .. }) => "+ ",
                ("", ChangeKind::Removed { .. }) => "- ",
                _ => "",
            };
            writeln!(
                f,
                "{mark}{} ({})",
                printable(&payload.payload_type),
                printable(&payload.identifier)
            )?;
        }
        above = payload;
        let indent = if payload.is_some() { "  " } else { "" };
        match &change.kind {
            ChangeKind::Added { new } => leaves(f, &mut room, indent, '+', &change.path, new)?,
            ChangeKind::Removed { old } => leaves(f, &mut room, indent, '-', &change.path, old)?,
            ChangeKind::Changed { old, new } => {
                let (old, new) = (one_line(old), one_line(new));
                let differ = if old == new { " (another)" } else { "" };
                writeln!(
                    f,
                    "{indent}~ {}: {old} -> {new}{differ}",
                    printable(&change.path)
                )?;
            }
            ChangeKind::Moved => {
                let place = |index: Option<usize>| {
                    index.map_or_else(String::new, |at| (at + 1).to_string())
                };
                let (from, to) = payload.map_or((None, None), |payload| {
                    (payload.old_index, payload.new_index)
                });
                writeln!(
                    f,
                    "{indent}moved from place {} to {}",
                    place(from),
                    place(to)
                )?;
            }
        }
    }
    Ok(())
}

/// A whole added or removed value: one line for each value in it.
fn leaves(
    f: &mut dyn fmt::Write,
    room: &mut Room,
    indent: &str,
    mark: char,
    path: &str,
    value: &Value,
) -> fmt::Result {
    match value {
        Value::Dictionary(keys) if !keys.is_empty() => {
            let mut sorted: Vec<_> = keys.iter().collect();
            sorted.sort_unstable_by_key(|(key, _)| *key);
            for (key, value) in sorted {
                leaves(f, room, indent, mark, &join(path, key), value)?;
            }
            Ok(())
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                leaves(f, room, indent, mark, &format!("{path}[{index}]"), item)?;
            }
            Ok(())
        }
        value => {
            let path = room.take(path);
            writeln!(
                f,
                "{indent}{mark} {}: {}",
                printable(&path),
                one_line(value)
            )
        }
    }
}

/// What masking puts in place of a value.
fn is_mask(text: &str) -> bool {
    let inner = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    inner.is_some_and(|inner| inner.chars().all(|c| c.is_ascii_alphanumeric() || c == ' '))
}

fn one_line(value: &Value) -> String {
    match value {
        Value::String(text) if is_mask(text) => text.clone(),
        Value::String(text) => format!("{text:?}"),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Real(value) => value.to_string(),
        Value::Date(date) => date.to_xml_format(),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(one_line).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Dictionary(keys) => {
            let mut text = String::from("{");
            for (index, (key, value)) in keys.iter().enumerate() {
                let comma = if index > 0 { ", " } else { "" };
                // Writing to a text cannot fail.
                let _ = write!(text, "{comma}{}: {}", printable(key), one_line(value));
            }
            text + "}"
        }
        other => crate::error::type_name(other).to_owned(),
    }
}

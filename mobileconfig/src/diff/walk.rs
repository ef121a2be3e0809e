//! Comparing values in their places, the true ones for equality and the masked ones to show.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use plist::{Dictionary, Value};

use super::change::Room;
use super::{Change, ChangeKind, PayloadName, Rewrite};
use crate::compare::same;
use crate::printable::join;

/// A dictionary of one profile, beside its masked form.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    keys: &'a Dictionary,
    masked: Option<&'a Dictionary>,
}

impl<'a> Side<'a> {
    pub(super) fn new(keys: &'a Dictionary, masked: Option<&'a Dictionary>) -> Self {
        Self { keys, masked }
    }

    fn masked(&self, key: &str) -> Cow<'a, Value> {
        let masked = self.masked.and_then(|keys| keys.get(key));
        // Masking keeps every key.
        masked.map_or_else(|| Cow::Owned(super::document::hidden()), Cow::Borrowed)
    }
}

pub(super) struct Walk<'a> {
    pub(super) changes: Vec<Change>,
    room: Room,
    uuids: &'a HashSet<(String, String)>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(uuids: &'a HashSet<(String, String)>) -> Self {
        Self {
            changes: Vec::new(),
            room: Room::new(),
            uuids,
        }
    }

    pub(super) fn push(
        &mut self,
        payload: Option<&Arc<PayloadName>>,
        path: &str,
        kind: ChangeKind,
        rewrite: Option<Rewrite>,
    ) {
        self.changes.push(Change {
            payload: payload.cloned(),
            path: self.room.take(path).into_owned(),
            kind,
            rewrite,
        });
    }

    /// The keys of a profile or of a payload.
    pub(super) fn dictionaries(
        &mut self,
        payload: Option<&Arc<PayloadName>>,
        old: Side<'_>,
        new: Side<'_>,
    ) {
        for key in all_keys(old.keys, new.keys) {
            let before = self.changes.len();
            self.entry(payload, &join("", key), key, old, new);
            if let Some(rewrite) = Rewrite::of_key(key) {
                for change in &mut self.changes[before..] {
                    change.rewrite = Some(rewrite);
                }
            }
        }
    }

    fn entry(
        &mut self,
        payload: Option<&Arc<PayloadName>>,
        path: &str,
        key: &str,
        old: Side<'_>,
        new: Side<'_>,
    ) {
        let kind = match (old.keys.get(key), new.keys.get(key)) {
            (Some(left), Some(right)) => {
                self.values(
                    payload,
                    path,
                    (left, &old.masked(key)),
                    (right, &new.masked(key)),
                );
                return;
            }
            (Some(_), None) => ChangeKind::Removed {
                old: old.masked(key).into_owned(),
            },
            (None, Some(_)) => ChangeKind::Added {
                new: new.masked(key).into_owned(),
            },
            (None, None) => return,
        };
        self.push(payload, path, kind, None);
    }

    /// Two values of one place, each with its masked form.
    fn values(
        &mut self,
        payload: Option<&Arc<PayloadName>>,
        path: &str,
        (old, old_masked): (&Value, &Value),
        (new, new_masked): (&Value, &Value),
    ) {
        if same(old, new) {
            return;
        }
        match ((old, old_masked), (new, new_masked)) {
            (
                (Value::Dictionary(left), Value::Dictionary(left_masked)),
                (Value::Dictionary(right), Value::Dictionary(right_masked)),
            ) => {
                let old = Side::new(left, Some(left_masked));
                let new = Side::new(right, Some(right_masked));
                for key in all_keys(left, right) {
                    self.entry(payload, &join(path, key), key, old, new);
                }
            }
            (
                (Value::Array(left), Value::Array(left_masked)),
                (Value::Array(right), Value::Array(right_masked)),
            ) => self.arrays(payload, path, (left, left_masked), (right, right_masked)),
            _ => {
                let kind = ChangeKind::Changed {
                    old: old_masked.clone(),
                    new: new_masked.clone(),
                };
                let rewrite = self.is_same_reference(old, new).then_some(Rewrite::Uuid);
                self.push(payload, path, kind, rewrite);
            }
        }
    }

    /// Items are compared place by place, after what both ends have in common.
    fn arrays(
        &mut self,
        payload: Option<&Arc<PayloadName>>,
        path: &str,
        (old, old_masked): (&[Value], &[Value]),
        (new, new_masked): (&[Value], &[Value]),
    ) {
        let pairs = || old.iter().zip(new);
        let start = pairs()
            .take_while(|(left, right)| same(left, right))
            .count();
        let end = old[start..]
            .iter()
            .rev()
            .zip(new[start..].iter().rev())
            .take_while(|(left, right)| same(left, right))
            .count();
        let (old_end, new_end) = (old.len() - end, new.len() - end);
        for index in start..old_end.max(new_end) {
            let path = format!("{path}[{index}]");
            match (index < old_end, index < new_end) {
                (true, true) => self.values(
                    payload,
                    &path,
                    (&old[index], &old_masked[index]),
                    (&new[index], &new_masked[index]),
                ),
                (true, false) => {
                    let old = old_masked[index].clone();
                    self.push(payload, &path, ChangeKind::Removed { old }, None);
                }
                (false, _) => {
                    let new = new_masked[index].clone();
                    self.push(payload, &path, ChangeKind::Added { new }, None);
                }
            }
        }
    }

    /// Whether both values name the same payload by its UUID, which the server gave a new one.
    fn is_same_reference(&self, old: &Value, new: &Value) -> bool {
        let (Some(old), Some(new)) = (old.as_string(), new.as_string()) else {
            return false;
        };
        let (old, new) = (old.to_uppercase(), new.to_uppercase());
        self.uuids.contains(&(old, new))
    }
}

/// Sorted, so that equal differences read the same.
fn all_keys<'a>(old: &'a Dictionary, new: &'a Dictionary) -> Vec<&'a str> {
    let mut keys: Vec<_> = old.keys().chain(new.keys()).map(String::as_str).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

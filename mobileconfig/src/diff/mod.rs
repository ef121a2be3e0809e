//! What differs between two profiles: by meaning, payload by payload, and with what MDM servers rewrite kept apart.
//!
//! ```
//! use mobileconfig::{Profile, diff::{Diff, Rules}, notifications::{AppNotifications, NotificationSettings}};
//!
//! let settings = NotificationSettings::new([AppNotifications::new("com.okta.mobile")]);
//! let ours = Profile::builder("Example Org", "org.example.companions").add("notifications", &settings).build()?;
//! let mut stored = ours.clone();
//! stored.uuid = "5D3BA154-4B1C-4B0E-9A3E-6A1E5A3C0A01".into();
//! stored.payloads[0].content.insert("PayloadEnabled".into(), true.into());
//! stored.payloads[0].content.insert("Extra".into(), 1.into());
//!
//! let diff = Diff::of(&ours, &stored, &Rules::mdm());
//! assert_eq!(diff.rewrites.len(), 2);
//! assert_eq!(diff.to_string(), "\
//! com.apple.notificationsettings (org.example.companions.notifications)
//!   + Extra: 1
//! ");
//! # Ok::<(), mobileconfig::Error>(())
//! ```

mod change;
mod pairs;
mod rules;
mod tree;
mod walk;

pub use change::{Change, ChangeKind, PayloadName};
pub use rules::{Rewrite, Rules};

use plist::{Dictionary, Value};

use self::pairs::{Pairs, pair};
use self::walk::{Side, Walk};
use crate::{Error, Note, Profile, keys};

/// The differences between an older and a newer profile; `Display` gives them as a tree, serde as JSON.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Diff {
    /// What differs.
    pub changes: Vec<Change>,
    /// What differs as well, and is put down to the MDM server.
    pub rewrites: Vec<Change>,
}

impl Diff {
    /// The differences between two profiles.
    #[must_use]
    pub fn of(old: &Profile, new: &Profile, rules: &Rules) -> Self {
        let (old_masked, new_masked) = (old.redacted(), new.redacted());
        let pairs = pair(&old.payloads, &new.payloads, rules);
        let uuids = uuids(old, new, &pairs);
        let mut walk = Walk::new(&uuids);

        let (old_top, new_top) = (top_level(old), top_level(new));
        walk.dictionaries(
            None,
            Side::new(&old_top, dictionary(old_masked.to_value())),
            Side::new(&new_top, dictionary(new_masked.to_value())),
        );
        let (old_list, new_list) = (masked_payloads(&old_masked), masked_payloads(&new_masked));
        let order = moved(&pairs.both);
        for (a, b) in &pairs.both {
            let name = name(new, *b, Some(*a), Some(*b));
            if order.contains(b) {
                walk.push(
                    Some(&name),
                    String::new(),
                    ChangeKind::Moved,
                    Some(Rewrite::Order),
                );
            }
            let (left, right) = (
                old.payloads[*a].to_dictionary(),
                new.payloads[*b].to_dictionary(),
            );
            walk.dictionaries(
                Some(&name),
                Side::new(&left, dictionary(&old_list[*a])),
                Side::new(&right, dictionary(&new_list[*b])),
            );
        }
        for a in pairs.only_old {
            let kind = ChangeKind::Removed {
                old: old_list[a].clone(),
            };
            walk.push(
                Some(&name(old, a, Some(a), None)),
                String::new(),
                kind,
                None,
            );
        }
        for b in pairs.only_new {
            let kind = ChangeKind::Added {
                new: new_list[b].clone(),
            };
            walk.push(
                Some(&name(new, b, None, Some(b))),
                String::new(),
                kind,
                None,
            );
        }
        Self::judge(walk.changes, rules)
    }

    /// The differences between two documents, each XML, binary or signed. That one is signed and the other is not is one
    /// of them ([`Rewrite::Envelope`]); signatures are not looked at.
    ///
    /// # Errors
    /// When one of them cannot be read, as [`Profile::from_bytes`].
    pub fn of_documents(
        old: impl AsRef<[u8]>,
        new: impl AsRef<[u8]>,
        rules: &Rules,
    ) -> Result<Self, Error> {
        let (old, old_notes) = Profile::read(old)?;
        let (new, new_notes) = Profile::read(new)?;
        let mut diff = Self::of(&old, &new, rules);
        let signed = [&old_notes, &new_notes].map(|notes| notes.contains(&Note::Signed));
        if signed[0] != signed[1] {
            let text = |signed| Value::from(if signed { "signed" } else { "not signed" });
            let change = Change {
                payload: None,
                path: "(envelope)".to_owned(),
                kind: ChangeKind::Changed {
                    old: text(signed[0]),
                    new: text(signed[1]),
                },
                rewrite: Some(Rewrite::Envelope),
            };
            let envelope = Self::judge(vec![change], rules);
            diff.changes.splice(0..0, envelope.changes);
            diff.rewrites.splice(0..0, envelope.rewrites);
        }
        Ok(diff)
    }

    /// True if nothing differs but what is put down to the server.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    fn judge(all: Vec<Change>, rules: &Rules) -> Self {
        let (rewrites, changes) = all
            .into_iter()
            .partition(|change| change.rewrite.is_some_and(|rewrite| rules.allows(rewrite)));
        Self { changes, rewrites }
    }
}

fn top_level(profile: &Profile) -> Dictionary {
    let mut top = match profile.to_value() {
        Value::Dictionary(keys) => keys,
        _ => Dictionary::new(),
    };
    top.remove(keys::CONTENT);
    top
}

fn dictionary(value: &Value) -> Option<&Dictionary> {
    value.as_dictionary()
}

fn masked_payloads(masked: &crate::Redacted) -> Vec<Value> {
    dictionary(masked.to_value())
        .and_then(|keys| keys.get(keys::CONTENT))
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default()
}

fn name(profile: &Profile, index: usize, old: Option<usize>, new: Option<usize>) -> PayloadName {
    let payload = &profile.payloads[index];
    PayloadName {
        payload_type: payload.payload_type.clone(),
        identifier: payload.identifier.clone(),
        display_name: payload.display_name.clone(),
        old_index: old,
        new_index: new,
    }
}

/// UUIDs that mean the same payload, in upper case.
fn uuids(old: &Profile, new: &Profile, pairs: &Pairs) -> Vec<(String, String)> {
    pairs
        .both
        .iter()
        .map(|(a, b)| {
            (
                old.payloads[*a].uuid.to_uppercase(),
                new.payloads[*b].uuid.to_uppercase(),
            )
        })
        .collect()
}

/// Places in the newer profile of the payloads that moved, as few as explain its order: those outside a longest
/// ascending run of places.
fn moved(both: &[(usize, usize)]) -> Vec<usize> {
    // `runs[i]` is the length of the longest run that ends at i, and the entry before it.
    let mut runs: Vec<(usize, Option<usize>)> = Vec::with_capacity(both.len());
    for (index, (_, place)) in both.iter().enumerate() {
        let before = (0..index)
            .filter(|earlier| both[*earlier].1 < *place)
            .max_by_key(|earlier| (runs[*earlier].0, std::cmp::Reverse(*earlier)));
        runs.push((before.map_or(1, |earlier| runs[earlier].0 + 1), before));
    }
    let mut kept = vec![false; both.len()];
    let mut next = (0..runs.len()).max_by_key(|index| (runs[*index].0, std::cmp::Reverse(*index)));
    while let Some(index) = next {
        kept[index] = true;
        next = runs[index].1;
    }
    both.iter()
        .zip(kept)
        .filter_map(|((_, place), kept)| (!kept).then_some(*place))
        .collect()
}

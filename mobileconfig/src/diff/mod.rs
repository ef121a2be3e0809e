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
mod document;
mod pairs;
mod rules;
mod tree;
mod walk;

pub use change::{Change, ChangeKind, PayloadName};
pub use rules::{Rewrite, Rules};

use std::collections::HashSet;

use plist::Value;

use self::document::Document;
use self::pairs::{Pairs, pair};
use self::walk::{Side, Walk};
use crate::{Error, Limits, Note, Payload, Profile, read_plist};

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
        let document = |profile: &Profile| {
            Document::new(profile.to_value().into_dictionary().unwrap_or_default())
        };
        Self::between(&document(old), &document(new), rules)
    }

    /// The differences between two property lists, each of which is a profile or near to one: what is there is compared, even
    /// if a required key is missing.
    ///
    /// ```
    /// use mobileconfig::{Profile, diff::{Diff, Rules}, service_management::{Rule, ServiceManagement}};
    ///
    /// let items = ServiceManagement::new([Rule::team_identifier("B7F62B65BN")]);
    /// let profile = Profile::builder("Example Org", "org.example.companions").add("login-items", &items).build()?;
    /// let mut broken = profile.to_value().into_dictionary().unwrap();
    /// broken.remove("PayloadIdentifier");
    /// let diff = Diff::of_values(&profile.to_value(), &broken.into(), &Rules::strict())?;
    /// assert_eq!(diff.to_string(), "- PayloadIdentifier: \"org.example.companions\"\n");
    /// # Ok::<(), mobileconfig::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::is_wrong_type`] when one of them is no dictionary.
    pub fn of_values(old: &Value, new: &Value, rules: &Rules) -> Result<Self, Error> {
        let old = Document::of_value(old.clone())?;
        Ok(Self::between(
            &old,
            &Document::of_value(new.clone())?,
            rules,
        ))
    }

    fn between(old: &Document, new: &Document, rules: &Rules) -> Self {
        let pairs = pair(&old.payloads, &new.payloads, rules);
        let uuids = uuids(old, new, &pairs);
        let mut walk = Walk::new(&uuids);
        walk.dictionaries(
            None,
            Side::new(&old.top, old.masked_top()),
            Side::new(&new.top, new.masked_top()),
        );
        let order = moved(&pairs.both);
        for (a, b) in &pairs.both {
            let name = new.name(*b, Some(*a), Some(*b));
            if order.contains(b) {
                walk.push(Some(&name), "", ChangeKind::Moved, Some(Rewrite::Order));
            }
            let ((left, left_masked), (right, right_masked)) = (old.payload(*a), new.payload(*b));
            walk.dictionaries(
                Some(&name),
                Side::new(left, left_masked),
                Side::new(right, right_masked),
            );
        }
        for a in pairs.only_old {
            let kind = ChangeKind::Removed {
                old: old.masked_payload(a),
            };
            walk.push(Some(&old.name(a, Some(a), None)), "", kind, None);
        }
        for b in pairs.only_new {
            let kind = ChangeKind::Added {
                new: new.masked_payload(b),
            };
            walk.push(Some(&new.name(b, None, Some(b))), "", kind, None);
        }
        Self::judge(walk.changes, rules)
    }

    /// The differences between two documents, each XML, binary or signed, compared as [`of_values`](Self::of_values) does. That
    /// one is signed and the other is not is one of them ([`Rewrite::Envelope`]); signatures are not looked at.
    ///
    /// # Errors
    /// When one of them cannot be read, as [`read_plist`], or is no dictionary.
    pub fn of_documents(
        old: impl AsRef<[u8]>,
        new: impl AsRef<[u8]>,
        rules: &Rules,
    ) -> Result<Self, Error> {
        let (old, old_notes) = read_plist(old, &Limits::default())?;
        let old = Document::of_value(old)?;
        let (new, new_notes) = read_plist(new, &Limits::default())?;
        let mut diff = Self::between(&old, &Document::of_value(new)?, rules);
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

/// UUIDs that mean the same payload, in upper case.
fn uuids(old: &Document, new: &Document, pairs: &Pairs) -> HashSet<(String, String)> {
    let uuid = |payload: &Payload| payload.uuid.to_uppercase();
    pairs
        .both
        .iter()
        .map(|(a, b)| (uuid(&old.payloads[*a]), uuid(&new.payloads[*b])))
        // A payload without one is referred to by nobody.
        .filter(|(a, b)| !a.is_empty() && !b.is_empty())
        .collect()
}

/// Places in the newer profile of the payloads that moved, as few as explain its order: those outside a longest
/// ascending run of places.
fn moved(both: &[(usize, usize)]) -> HashSet<usize> {
    let place = |entry: usize| both[entry].1;
    // `ends[n]` is the entry with the smallest place at which an ascending run of n + 1 entries ends.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(both.len());
    for entry in 0..both.len() {
        let length = ends.partition_point(|end| place(*end) < place(entry));
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        match ends.get_mut(length) {
            Some(end) => *end = entry,
            None => ends.push(entry),
        }
    }
    let mut moved: HashSet<usize> = both.iter().map(|(_, place)| *place).collect();
    let mut next = ends.last().copied();
    while let Some(entry) = next {
        moved.remove(&place(entry));
        next = before[entry];
    }
    moved
}

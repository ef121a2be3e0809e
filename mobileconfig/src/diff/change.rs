use std::borrow::Cow;
use std::sync::Arc;

use plist::Value;

use super::Rewrite;
use crate::printable::cut;

/// One difference. Values are masked as [`Profile::redacted`](crate::Profile::redacted) masks them: two secrets that differ
/// give a change whose two sides look the same.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Change {
    /// The payload it is in; `None` for the top level.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "once_for_all"
    )]
    pub payload: Option<Arc<PayloadName>>,
    /// The key path within the payload or the top level, such as `PayloadContent.Keysize`; empty for the payload as a
    /// whole. A name of more than 128 bytes is cut and ends in `…`; so are paths of more than 64 bytes once those of one
    /// diff take 1 MiB.
    pub path: String,
    /// What happened.
    #[serde(flatten)]
    pub kind: ChangeKind,
    /// What it can be put down to, if anything; whether it is, is decided by [`Rules`](super::Rules).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rewrite: Option<Rewrite>,
}

/// A payload, as the newer profile names it if it has it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct PayloadName {
    /// `PayloadType`.
    #[serde(rename = "type")]
    pub payload_type: String,
    /// `PayloadIdentifier`.
    pub identifier: String,
    /// `PayloadDisplayName`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The place among the payloads of the older profile, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_index: Option<usize>,
    /// The place among the payloads of the newer profile, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_index: Option<usize>,
}

/// What happened between the older and the newer profile.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChangeKind {
    /// It is in the newer one only.
    Added {
        /// Its masked value.
        new: Value,
    },
    /// It is in the older one only.
    Removed {
        /// Its masked value.
        old: Value,
    },
    /// It is in both and differs.
    Changed {
        /// Its masked value in the older one.
        old: Value,
        /// Its masked value in the newer one.
        new: Value,
    },
    /// The payload stands at another place among those that both profiles have.
    Moved,
}

fn once_for_all<S: serde::Serializer>(
    payload: &Option<Arc<PayloadName>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serde::Serialize::serialize(&payload.as_deref(), serializer)
}

/// The room for paths, which a profile made for it could fill the memory with: each repeats the names of all keys above.
pub(super) struct Room(usize);

impl Room {
    pub(super) fn new() -> Self {
        Self(1 << 20)
    }

    /// The path as far as there is room for it; what is short has room always.
    pub(super) fn take<'a>(&mut self, path: &'a str) -> Cow<'a, str> {
        const SHORT: usize = 64;
        if path.len() <= SHORT {
            return Cow::Borrowed(path);
        }
        match self.0.checked_sub(path.len()) {
            Some(left) => {
                self.0 = left;
                Cow::Borrowed(path)
            }
            None => cut(path, SHORT),
        }
    }
}

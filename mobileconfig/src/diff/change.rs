use plist::Value;

use super::Rewrite;

/// One difference. Values are masked as [`Profile::redacted`](crate::Profile::redacted) masks them: two secrets that differ
/// give a change whose two sides look the same.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Change {
    /// The payload it is in; `None` for the top level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<PayloadName>,
    /// The key path within the payload or the top level, such as `PayloadContent.Keysize`; empty for the payload as a
    /// whole.
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

//! Comparing profiles by what they mean and not by their bytes.

use std::collections::BTreeSet;

use plist::{Dictionary, Value};

use crate::{Error, Profile, keys};

/// Keys that do not count in a comparison, at the top level and in each payload.
///
/// ```
/// use mobileconfig::{Ignore, Profile, service_management::{Rule, ServiceManagement}};
///
/// let items = ServiceManagement::new([Rule::team_identifier("B7F62B65BN")]);
/// let sent = Profile::builder("Example Org", "org.example.companions").add("login-items", &items).build()?;
/// let mut stored = sent.clone();
/// stored.payloads[0].content.insert("PayloadEnabled".into(), true.into());
///
/// assert!(!sent.semantic_eq(&stored));
/// assert!(sent.semantic_eq_ignoring(&stored, &Ignore::mdm_rewrites()));
/// # Ok::<(), mobileconfig::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignore {
    keys: BTreeSet<String>,
}

impl Ignore {
    /// Every key counts.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// What MDM servers are seen to rewrite when they store or deliver a profile: `PayloadUUID`, `PayloadIdentifier`,
    /// `PayloadOrganization`, `PayloadRemovalDisallowed`, `PayloadEnabled`.
    #[must_use]
    pub fn mdm_rewrites() -> Self {
        [
            keys::UUID,
            keys::IDENTIFIER,
            keys::ORGANIZATION,
            keys::REMOVAL_DISALLOWED,
            keys::ENABLED,
        ]
        .into_iter()
        .fold(Self::nothing(), Self::key)
    }

    /// One more key that does not count.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.keys.insert(key.to_owned());
        self
    }

    fn strip(&self, keys: &mut Dictionary) {
        keys.retain(|key, _| !self.keys.contains(key));
    }
}

impl Profile {
    /// True if both profiles say the same to a device: equal top-level keys and equal payloads, in whatever order.
    #[must_use]
    pub fn semantic_eq(&self, other: &Self) -> bool {
        self.semantic_eq_ignoring(other, &Ignore::nothing())
    }

    /// Like [`semantic_eq`](Self::semantic_eq), but for the keys in `ignore`.
    #[must_use]
    pub fn semantic_eq_ignoring(&self, other: &Self, ignore: &Ignore) -> bool {
        let (mut ours, mut theirs) = (
            Comparable::new(self, ignore),
            Comparable::new(other, ignore),
        );
        if ours.payloads.len() != theirs.payloads.len() || !same_keys(&ours.top, &theirs.top) {
            return false;
        }
        ours.payloads.drain(..).all(|payload| {
            let twin = theirs
                .payloads
                .iter()
                .position(|other| same_keys(&payload, other));
            twin.map(|index| theirs.payloads.remove(index)).is_some()
        })
    }
}

/// True if two documents (XML, binary or signed, each by itself) hold the same profile; see [`Profile::semantic_eq`].
///
/// # Errors
/// When one of them cannot be read, as [`Profile::from_bytes`].
pub fn semantic_eq(a: impl AsRef<[u8]>, b: impl AsRef<[u8]>) -> Result<bool, Error> {
    Ok(Profile::from_bytes(a)?.semantic_eq(&Profile::from_bytes(b)?))
}

struct Comparable {
    top: Dictionary,
    payloads: Vec<Dictionary>,
}

impl Comparable {
    fn new(profile: &Profile, ignore: &Ignore) -> Self {
        let mut top = Profile {
            payloads: Vec::new(),
            ..profile.clone()
        }
        .to_value()
        .into_dictionary()
        .unwrap_or_default();
        let mut payloads: Vec<_> = profile
            .payloads
            .iter()
            .map(crate::Payload::to_dictionary)
            .collect();
        ignore.strip(&mut top);
        payloads
            .iter_mut()
            .for_each(|payload| ignore.strip(payload));
        Self { top, payloads }
    }
}

pub(crate) fn same_keys(a: &Dictionary, b: &Dictionary) -> bool {
    a.len() == b.len()
        && a.iter()
            .all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
}

/// Equality that holds for every value and itself, unlike that of floating point numbers.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Dictionary(a), Value::Dictionary(b)) => same_keys(a, b),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Real(a), Value::Real(b)) => a == b || a.is_nan() && b.is_nan(),
        _ => a == b,
    }
}

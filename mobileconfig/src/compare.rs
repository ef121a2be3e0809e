//! Comparing profiles by what they mean and not by their bytes.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, Hash, RandomState};

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
        let (ours, theirs) = (
            Comparable::new(self, ignore),
            Comparable::new(other, ignore),
        );
        if ours.payloads.len() != theirs.payloads.len() || !same_keys(&ours.top, &theirs.top) {
            return false;
        }
        let digests = Digests::default();
        let mut waiting: HashMap<u64, Vec<Dictionary>> = HashMap::new();
        for payload in theirs.payloads {
            waiting
                .entry(digests.of_keys(&payload))
                .or_default()
                .push(payload);
        }
        ours.payloads.iter().all(|payload| {
            let alike = waiting.get_mut(&digests.of_keys(payload));
            let twin = alike.and_then(|alike| {
                let index = alike.iter().position(|other| same_keys(payload, other))?;
                Some(alike.swap_remove(index))
            });
            twin.is_some()
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

/// Numbers that are equal for what is [`same`], so that one among very many can be looked up. Each set has its own, which
/// nobody can foresee: values made to have one number would be compared each with each again.
#[derive(Default)]
pub(crate) struct Digests(RandomState);

impl Digests {
    pub(crate) fn of_keys(&self, keys: &Dictionary) -> u64 {
        // A sum, since the order does not count.
        keys.iter().fold(keys.len() as u64, |sum, (key, value)| {
            sum.wrapping_add(self.0.hash_one((key, self.of(value))))
        })
    }

    fn of(&self, value: &Value) -> u64 {
        match value {
            Value::Dictionary(keys) => self.tagged(0, self.of_keys(keys)),
            Value::Array(items) => {
                let items: Vec<u64> = items.iter().map(|item| self.of(item)).collect();
                self.tagged(1, items)
            }
            Value::Real(number) if number.is_nan() => self.tagged(2, f64::NAN.to_bits()),
            // Both zeros are equal.
            Value::Real(number) => self.tagged(2, (number + 0.0).to_bits()),
            Value::Boolean(value) => self.tagged(3, value),
            Value::Data(bytes) => self.tagged(4, bytes),
            Value::Date(date) => self.tagged(5, date),
            Value::Integer(number) => self.tagged(6, number),
            Value::String(text) => self.tagged(7, text),
            Value::Uid(uid) => self.tagged(8, uid),
            _ => self.tagged(9, ()),
        }
    }

    fn tagged(&self, kind: u8, content: impl Hash) -> u64 {
        self.0.hash_one((kind, content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number_of(values: &[Value]) -> Vec<u64> {
        let digests = Digests::default();
        values.iter().map(|value| digests.of(value)).collect()
    }

    #[test]
    fn what_is_the_same_has_one_number_and_what_differs_has_another() {
        let mut one = Dictionary::new();
        one.insert("a".into(), 1.into());
        one.insert(
            "b".into(),
            Value::Array(vec![Value::Real(f64::NAN), 0.0.into()]),
        );
        let mut other = Dictionary::new();
        other.insert(
            "b".into(),
            Value::Array(vec![Value::Real(-f64::NAN), (-0.0).into()]),
        );
        other.insert("a".into(), 1.into());
        assert!(same_keys(&one, &other));
        let numbers = number_of(&[one.clone().into(), other.into()]);
        assert_eq!(numbers[0], numbers[1]);

        let mut swapped = Dictionary::new();
        swapped.insert("b".into(), 1.into());
        swapped.insert("a".into(), one["b"].clone());
        let values = [
            one.into(),
            swapped.into(),
            Value::Array(vec![1.into(), 2.into()]),
            Value::Array(vec![2.into(), 1.into()]),
            Value::Array(Vec::new()),
            Dictionary::new().into(),
            1.into(),
            1.0.into(),
            true.into(),
            "1".into(),
            Value::Data(b"1".to_vec()),
        ];
        let mut numbers = number_of(&values);
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), values.len());
    }
}

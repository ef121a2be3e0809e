//! Deterministic UUIDs: the same input gives the same profile, byte for byte.
//!
//! A device updates a payload in place when both its identifier and its UUID are unchanged, and otherwise removes
//! and installs it again; for a SCEP payload that is a new enrolment. So the UUID may change only on purpose.

use uuid::Uuid;

/// UUIDv5 of `https://crates.io/crates/mobileconfig` in the URL namespace.
const NAMESPACE: Uuid = Uuid::from_u128(0xaf2a2f52_5c44_5b4f_a5ca_748c955053dc);

/// The UUID of one payload of one profile: UUIDv5 (RFC 9562, section 5.5) over the four parts.
///
/// `role` is the payload's short name within the profile; the profile itself has the empty role and generation 0.
/// A higher `generation` gives another UUID: that is how a payload is installed anew on purpose.
/// The parts are length-prefixed before they are hashed, so no two different quadruples share an input.
///
/// ```
/// use mobileconfig::deterministic_uuid;
///
/// let first = deterministic_uuid("Example Org", "org.example.trust", "scep", 0);
/// assert_eq!(first, deterministic_uuid("Example Org", "org.example.trust", "scep", 0));
/// assert_ne!(first, deterministic_uuid("Example Org", "org.example.trust", "scep", 1));
/// ```
#[must_use]
pub fn deterministic_uuid(
    organization: &str,
    identifier: &str,
    role: &str,
    generation: u32,
) -> Uuid {
    let mut name = Vec::new();
    for part in [organization, identifier, role] {
        name.extend_from_slice(&(part.len() as u64).to_be_bytes());
        name.extend_from_slice(part.as_bytes());
    }
    name.extend_from_slice(&generation.to_be_bytes());
    Uuid::new_v5(&NAMESPACE, &name)
}

/// The spelling Apple's tools write: hyphenated, upper case.
pub(crate) fn upper_case(uuid: Uuid) -> String {
    uuid.hyphenated()
        .encode_upper(&mut Uuid::encode_buffer())
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_namespace_is_derived_and_not_chosen() {
        assert_eq!(
            NAMESPACE,
            Uuid::new_v5(
                &Uuid::NAMESPACE_URL,
                b"https://crates.io/crates/mobileconfig"
            )
        );
    }

    #[test]
    fn moving_a_letter_between_parts_changes_the_uuid() {
        assert_ne!(
            deterministic_uuid("ab", "c", "d", 0),
            deterministic_uuid("a", "bc", "d", 0)
        );
        assert_ne!(
            deterministic_uuid("a", "bc", "d", 0),
            deterministic_uuid("a", "b", "cd", 0)
        );
    }

    #[test]
    fn the_value_never_changes_between_releases() {
        let uuid = deterministic_uuid("Example Org", "org.example.trust", "scep", 0);
        assert_eq!(upper_case(uuid), "A2758F63-4E61-55EE-B763-F63B6655DA45");
    }
}

use mobileconfig::Profile;
use serde::Serialize;
use std::fmt;

/// The profile of a ring's next generation, as plain values for whoever distributes it.
///
/// The bytes hold the challenge: they are neither serialised nor shown, only handed out by
/// [`RotatedProfile::profile`].
#[derive(Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RotatedProfile {
    /// The ring it is for.
    pub ring: String,
    /// The generation in it.
    pub generation: u32,
    /// `PayloadIdentifier` of the profile, by which it replaces the present one.
    pub identifier: String,
    /// `PayloadUUID` of the SCEP payload in the present generation.
    pub payload_uuid_before: String,
    /// `PayloadUUID` of the SCEP payload in the next: the one difference.
    pub payload_uuid: String,
    #[serde(skip)]
    profile: Vec<u8>,
}

impl RotatedProfile {
    /// What changes from one generation to the next; an error unless that is the UUID of the SCEP payload alone.
    pub(crate) fn between(
        ring: &str,
        generation: u32,
        before: &Profile,
        after: &Profile,
    ) -> Result<Self, mobileconfig::Error> {
        let scep = |profile: &Profile| {
            let payload = profile
                .payloads
                .iter()
                .position(|payload| payload.payload_type == "com.apple.security.scep");
            payload.ok_or_else(|| mobileconfig::Error::missing_key("PayloadContent"))
        };
        let (old, new) = (
            &before.payloads[scep(before)?],
            &after.payloads[scep(after)?],
        );
        let mut as_before = after.clone();
        let index = scep(&as_before)?;
        as_before.payloads[index].uuid.clone_from(&old.uuid);
        if old.uuid == new.uuid || as_before.to_xml()? != before.to_xml()? {
            return Err(mobileconfig::Error::invalid_value(
                "",
                "the next generation differs in more than the UUID of its SCEP payload, or not in that",
            ));
        }
        Ok(Self {
            ring: ring.to_owned(),
            generation,
            identifier: after.identifier.clone(),
            payload_uuid_before: old.uuid.clone(),
            payload_uuid: new.uuid.clone(),
            profile: after.to_xml()?,
        })
    }

    /// The `.mobileconfig` as plain XML. **It holds the challenge in clear**: write it with mode 0600.
    #[must_use]
    pub fn profile(&self) -> &[u8] {
        &self.profile
    }
}

// Not the profile: it holds the challenge.
impl fmt::Debug for RotatedProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RotatedProfile")
            .field("ring", &self.ring)
            .field("generation", &self.generation)
            .field("identifier", &self.identifier)
            .field("payload_uuid_before", &self.payload_uuid_before)
            .field("payload_uuid", &self.payload_uuid)
            .finish_non_exhaustive()
    }
}

/// What changes, in a line for people.
impl fmt::Display for RotatedProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} for {}: generation {}, SCEP payload {} becomes {}",
            self.identifier,
            self.ring,
            self.generation,
            self.payload_uuid_before,
            self.payload_uuid
        )
    }
}

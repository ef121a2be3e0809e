//! Who deployed what, as lines in a policy's free text. It is how a rerun knows its own policy again; it holds no
//! secret, since anyone with policy read sees it.

use mobileconfig::Profile;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::SoftwareSettings;

const OWNER: &str = "deployed-by: ";
const PROFILE: &str = "profile: ";
const DIGEST: &str = "profile-sha256-redacted: ";

/// What the `notes` of a policy say about its origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Provenance {
    /// Who deployed it.
    pub owner: String,
    /// The profile's `PayloadIdentifier`.
    pub profile: String,
    /// SHA-256 of the profile's XML with its secrets masked, in hexadecimal digits.
    pub digest: String,
}

impl Provenance {
    /// The provenance of a profile deployed by `owner`.
    pub fn new(owner: &str, profile: &Profile) -> Self {
        let redacted = profile.redacted().to_string();
        Self {
            owner: owner.to_owned(),
            profile: profile.identifier.clone(),
            digest: hex::encode(Sha256::digest(redacted.as_bytes())),
        }
    }

    /// Reads the lines back from `notes`; `None` when the owner's line is missing.
    pub fn read(notes: &str) -> Option<Self> {
        let line = |prefix| {
            notes
                .lines()
                .find_map(|line: &str| line.trim().strip_prefix(prefix))
        };
        Some(Self {
            owner: line(OWNER)?.to_owned(),
            profile: line(PROFILE).unwrap_or_default().to_owned(),
            digest: line(DIGEST).unwrap_or_default().to_owned(),
        })
    }

    /// `notes` with these lines in it; an administrator's own lines stay.
    pub fn write(&self, notes: Option<&str>) -> String {
        let ours = |line: &&str| {
            let line = line.trim();
            ![OWNER, PROFILE, DIGEST]
                .iter()
                .any(|prefix| line.starts_with(prefix))
        };
        let mut lines: Vec<String> = notes
            .unwrap_or_default()
            .lines()
            .filter(ours)
            .map(str::to_owned)
            .collect();
        lines.push(format!("{OWNER}{}", self.owner));
        lines.push(format!("{PROFILE}{}", self.profile));
        lines.push(format!("{DIGEST}{}", self.digest));
        lines.join("\n")
    }
}

/// The `description` of a software app, which has no notes.
pub(crate) fn software_description(owner: &str) -> String {
    format!("{OWNER}{owner}")
}

/// Whether `owner` deployed the software app with these settings.
pub(crate) fn is_software_of(settings: &SoftwareSettings, owner: &str) -> bool {
    let ours = software_description(owner);
    settings
        .description
        .as_deref()
        .is_some_and(|text| text.lines().any(|line| line.trim() == ours))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::PROFILE as XML;

    fn provenance(xml: &str) -> Provenance {
        Provenance::new(
            "device-trust",
            &Profile::from_bytes(xml.as_bytes()).unwrap(),
        )
    }

    #[test]
    fn what_is_written_is_read_and_an_administrators_lines_stay() {
        let ours = provenance(XML);
        let notes = ours.write(Some("call Ann before changing\nprofile: old\n"));
        assert!(notes.starts_with("call Ann before changing\ndeployed-by: device-trust\n"));
        assert!(!notes.contains("old"));
        assert_eq!(Provenance::read(&notes), Some(ours.clone()));
        assert_eq!(ours.write(Some(&notes)), notes);
        assert_eq!(Provenance::read("by hand"), None);
    }

    #[test]
    fn the_challenge_is_not_in_the_digest_and_the_rest_is() {
        let other_secret = XML.replace("canary-challenge", "another");
        let other_uuid = XML.replace("7C9E6679", "7C9E667A");
        assert_eq!(provenance(XML), provenance(&other_secret));
        assert_ne!(provenance(XML), provenance(&other_uuid));
    }
}

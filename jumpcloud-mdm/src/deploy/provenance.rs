//! Who deployed what, as lines in a policy's free text. It is how a rerun knows its own policy again; it holds no
//! secret, since anyone with policy read sees it.
//!
//! | line | says |
//! |---|---|
//! | `deployed-by: ` | the owner |
//! | `profile: ` | the profile's `PayloadIdentifier` |
//! | `profile-sha256-redacted: ` | the digest of the profile without its secrets |
//! | `generation: ` | the generation, where one was named: an older one never replaces it |
//! | `results-until: ` | JumpCloud's time of the last result before the last update: what is not newer tells of the old profile |

use jiff::Timestamp;
use mobileconfig::Profile;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::SoftwareSettings;

const OWNER: &str = "deployed-by: ";
const PROFILE: &str = "profile: ";
const DIGEST: &str = "profile-sha256-redacted: ";
const GENERATION: &str = "generation: ";
const RESULTS_UNTIL: &str = "results-until: ";

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
    /// The generation of the profile, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
}

impl Provenance {
    /// The provenance of a profile deployed by `owner`.
    pub fn new(owner: &str, profile: &Profile) -> Self {
        let redacted = profile.redacted().to_string();
        Self {
            owner: owner.to_owned(),
            profile: profile.identifier.clone(),
            digest: hex::encode(Sha256::digest(redacted.as_bytes())),
            generation: None,
        }
    }

    /// Sets the generation.
    #[must_use]
    pub fn generation(mut self, generation: Option<u32>) -> Self {
        self.generation = generation;
        self
    }

    /// Reads the lines back from `notes`; `None` when the owner's line is missing.
    pub fn read(notes: &str) -> Option<Self> {
        Some(Self {
            owner: line(notes, OWNER)?.to_owned(),
            profile: line(notes, PROFILE).unwrap_or_default().to_owned(),
            digest: line(notes, DIGEST).unwrap_or_default().to_owned(),
            generation: line(notes, GENERATION).and_then(|text| text.trim().parse().ok()),
        })
    }

    /// `notes` with these lines in it; an administrator's own lines stay.
    pub fn write(&self, notes: Option<&str>) -> String {
        self.write_until(notes, None)
    }

    /// As [`write`](Self::write), for an update of a policy that had results until then.
    pub(super) fn write_until(&self, notes: Option<&str>, until: Option<Timestamp>) -> String {
        let ours = |line: &&str| {
            let line = line.trim();
            ![OWNER, PROFILE, DIGEST, GENERATION, RESULTS_UNTIL]
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
        if let Some(generation) = self.generation {
            lines.push(format!("{GENERATION}{generation}"));
        }
        if let Some(until) = until {
            lines.push(format!("{RESULTS_UNTIL}{until}"));
        }
        lines.join("\n")
    }
}

/// The rest of the first line that begins with `prefix`.
fn line<'a>(notes: &'a str, prefix: &str) -> Option<&'a str> {
    notes
        .lines()
        .find_map(|line| line.trim().strip_prefix(prefix))
}

/// The time of the last result before the last update, as the notes have it.
pub(super) fn results_until(notes: &str) -> Option<Timestamp> {
    line(notes, RESULTS_UNTIL)?.trim().parse().ok()
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
    fn the_generation_and_the_last_result_before_are_read_back_and_replaced() {
        let ours = provenance(XML).generation(Some(7));
        let at: Timestamp = "2026-11-24T12:00:00.25Z".parse().unwrap();
        let notes = ours.write_until(Some("generation: 6\nresults-until: never"), Some(at));
        assert_eq!(notes.matches("generation: ").count(), 1, "{notes}");
        assert_eq!(Provenance::read(&notes), Some(ours.clone()));
        assert_eq!(results_until(&notes), Some(at));
        assert_eq!(results_until(&ours.write(Some(&notes))), None);
    }

    #[test]
    fn the_challenge_is_not_in_the_digest_and_the_rest_is() {
        let other_secret = XML.replace("canary-challenge", "another");
        let other_uuid = XML.replace("7C9E6679", "7C9E667A");
        assert_eq!(provenance(XML), provenance(&other_secret));
        assert_ne!(provenance(XML), provenance(&other_uuid));
    }
}

//! Rings: the same profile in one policy for each group of Macs, so that a roll-out or a renewal can go step by step. The
//! rule: a Mac is in one ring, for two policies with the same profile would make it enrol twice.

use std::{collections::BTreeSet, fmt};

use super::{Desired, DesiredProfile};
use crate::Error;

/// One ring: some device groups and what their Macs get.
///
/// Each ring has its own bytes, because a renewal brings a new generation onto one ring while the others keep theirs.
/// `Debug` shows no profile.
#[derive(Clone, PartialEq)]
pub struct Ring {
    name: String,
    device_groups: Vec<String>,
    generation: Option<u32>,
    profile: Vec<u8>,
}

impl Ring {
    /// A ring, bound nowhere yet.
    pub fn new(name: impl Into<String>, profile: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            device_groups: Vec::new(),
            generation: None,
            profile: profile.into(),
        }
    }

    /// Adds a device group, by name.
    #[must_use]
    pub fn device_group(mut self, name: impl Into<String>) -> Self {
        self.device_groups.push(name.into());
        self
    }

    /// Names the generation of this ring's profile.
    #[must_use]
    pub fn generation(mut self, generation: u32) -> Self {
        self.generation = Some(generation);
        self
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring")
            .field("name", &self.name)
            .field("device_groups", &self.device_groups)
            .field("generation", &self.generation)
            .field("profile_bytes", &self.profile.len())
            .finish()
    }
}

/// The name of a ring's policy: `Okta device trust (pilot)`.
pub fn ring_policy_name(policy_name: &str, ring: &str) -> String {
    format!("{policy_name} ({ring})")
}

impl Desired {
    /// Adds a profile in rings, in the order in which they are to get it: one policy each, named after
    /// [`ring_policy_name`]. A Mac belongs to one ring, so the last is for the device groups of all the rest.
    ///
    /// ```
    /// use jumpcloud_mdm::deploy::{Desired, Ring};
    ///
    /// let desired = Desired::new("device-trust").rings("Okta device trust", [
    ///     Ring::new("pilot", b"<plist/>").device_group("macOS pilot").generation(1),
    ///     Ring::new("10 %", b"<plist/>").device_group("macOS early").generation(0),
    ///     Ring::new("all", b"<plist/>").device_group("macOS rest").generation(0),
    /// ]);
    /// assert_eq!(desired.ring_names(), ["pilot", "10 %", "all"]);
    /// assert_eq!(desired.profiles[1].policy_name, "Okta device trust (10 %)");
    /// ```
    #[must_use]
    pub fn rings(mut self, policy_name: &str, rings: impl IntoIterator<Item = Ring>) -> Self {
        for ring in rings {
            let mut profile =
                DesiredProfile::new(ring_policy_name(policy_name, &ring.name), ring.profile)
                    .ring(ring.name);
            profile.device_groups = ring.device_groups;
            profile.generation = ring.generation;
            self.profiles.push(profile);
        }
        self
    }

    /// The rings, in their order.
    pub fn ring_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.profiles.iter().filter_map(|one| one.ring.as_deref()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// What the turn of one ring brings: its policies, and the software on its device groups. What is in no ring comes
    /// with the first.
    ///
    /// # Errors
    /// [`Error::Input`] when there is no such ring.
    pub fn ring(&self, name: &str) -> Result<Self, Error> {
        let names = self.ring_names();
        let Some(place) = names.iter().position(|known| *known == name) else {
            return Err(Error::input(
                "ring",
                format!("`{name}` is none of {}", names.join(", ")),
            ));
        };
        let (first, last) = (place == 0, place + 1 == names.len());
        let groups = self.groups_of(|ring| ring == name);
        let ringed = self.groups_of(|_| true);
        let mut desired = Self::new(&self.owner);
        desired.profiles = self
            .profiles
            .iter()
            .filter(|profile| match profile.ring.as_deref() {
                Some(ring) => ring == name,
                None => first,
            })
            .cloned()
            .collect();
        for software in &self.software {
            let mut part = software.clone();
            // Only the last ring knows all groups; until then others are left alone.
            if !(last && software.only_these_groups) {
                part.only_these_groups = false;
                part.device_groups.retain(|group| {
                    groups.contains(group.as_str()) || first && !ringed.contains(group.as_str())
                });
            }
            if !part.device_groups.is_empty() || first && software.device_groups.is_empty() {
                desired = desired.software(part);
            }
        }
        Ok(desired)
    }

    /// The ring's policies alone.
    pub(super) fn policies_of_ring(&self, name: &str) -> Self {
        let mut desired = Self::new(&self.owner);
        desired.profiles = self
            .profiles
            .iter()
            .filter(|profile| profile.ring.as_deref() == Some(name))
            .cloned()
            .collect();
        desired
    }

    fn groups_of(&self, which: impl Fn(&str) -> bool) -> BTreeSet<&str> {
        self.profiles
            .iter()
            .filter(|profile| profile.ring.as_deref().is_some_and(&which))
            .flat_map(|profile| &profile.device_groups)
            .map(String::as_str)
            .collect()
    }

    /// The names that the policies of the rings are made of: a policy of that very name is from before there were rings.
    pub(super) fn names_before_rings(&self) -> BTreeSet<&str> {
        let ringed = self.profiles.iter().filter_map(|profile| {
            let end = format!(" ({})", profile.ring.as_deref()?);
            profile.policy_name.strip_suffix(&end)
        });
        ringed
            .filter(|name| self.profile_named(name).is_none())
            .collect()
    }

    /// The device groups that are in a ring, with the ring; none when there are fewer than two rings.
    pub(super) fn ringed_groups(&self) -> BTreeSet<(&str, &str)> {
        if self.ring_names().len() < 2 {
            return BTreeSet::new();
        }
        self.profiles
            .iter()
            .filter_map(|profile| Some((profile.ring.as_deref()?, &profile.device_groups)))
            .flat_map(|(ring, groups)| groups.iter().map(move |group| (group.as_str(), ring)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::{DesiredSoftware, Package};

    fn desired() -> Desired {
        let ring = |name: &str, group: &str| Ring::new(name, b"<plist/>").device_group(group);
        let mut software = DesiredSoftware::new("Okta Verify", Package::custom("p", "https://h/p"))
            .device_group("g1")
            .device_group("g2")
            .device_group("elsewhere");
        software.only_these_groups = true;
        Desired::new("o")
            .profile(DesiredProfile::new("companions", b"<plist/>").device_group("g1"))
            .rings("trust", [ring("pilot", "g1"), ring("all", "g2")])
            .software(software)
    }

    fn shown(desired: &Desired) -> (Vec<&str>, Vec<&str>, bool) {
        (
            desired
                .profiles
                .iter()
                .map(|one| one.policy_name.as_str())
                .collect(),
            desired.software[0]
                .device_groups
                .iter()
                .map(String::as_str)
                .collect(),
            desired.software[0].only_these_groups,
        )
    }

    #[test]
    fn a_rings_turn_brings_its_policy_and_binds_software_to_its_groups_only() {
        let desired = desired();
        assert_eq!(
            shown(&desired.ring("pilot").unwrap()),
            (
                vec!["companions", "trust (pilot)"],
                vec!["g1", "elsewhere"],
                false
            )
        );
        // The last one may unbind, so it names them all.
        assert_eq!(
            shown(&desired.ring("all").unwrap()),
            (vec!["trust (all)"], vec!["g1", "g2", "elsewhere"], true)
        );
        let error = desired.ring("moon").unwrap_err().to_string();
        assert!(error.contains("pilot, all"), "{error}");
    }

    #[test]
    fn debug_shows_no_profile() {
        assert!(!format!("{:?}", Ring::new("pilot", b"canary")).contains("canary"));
        assert!(!format!("{:?}", Ring::new("pilot", b"canary")).contains("99"));
    }
}

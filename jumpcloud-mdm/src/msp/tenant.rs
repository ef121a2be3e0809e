//! An organisation and where it differs from the blueprint. The rule: an override that names what the blueprint does
//! not have is refused, or a typing error would deploy the default.

use std::{collections::BTreeMap, fmt};

use secrecy::{ExposeSecret, SecretSlice};
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    deploy::{Desired, Named, Package, Problem},
};

/// An organisation to deploy in.
///
/// ```
/// use jumpcloud_mdm::{deploy::{Desired, DesiredProfile}, msp::{Overrides, Tenant}};
///
/// let blueprint = Desired::new("acme-msp")
///     .profile(DesiredProfile::new("Okta device trust", b"<plist/>").device_group("macOS"));
/// let tenant = Tenant::new("5f00000000000000000000aa", "Globex").overrides(
///     Overrides::default()
///         .device_groups("macOS", ["All Macs"])
///         // Each organisation has an Okta org of its own, so its own SCEP URL and challenge.
///         .profile("Okta device trust", b"<plist version='1.0'/>"),
/// );
/// let desired = tenant.desired(&blueprint)?;
/// assert_eq!(desired.profiles[0].device_groups, ["All Macs"]);
/// # Ok::<(), jumpcloud_mdm::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Tenant {
    /// The organisation's id, 24 hexadecimal digits.
    pub organization: String,
    /// The name, for people.
    pub name: String,
    /// Where it differs.
    #[serde(default)]
    pub overrides: Overrides,
}

/// Where an organisation differs from the blueprint. `Debug` and serde show no profile.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Overrides {
    /// Device groups in place of one of the blueprint's, by its name.
    pub device_groups: BTreeMap<String, Vec<String>>,
    /// Packages in place of the blueprint's, by the software's display name.
    pub packages: BTreeMap<String, Package>,
    /// Policies and software, by name, that the organisation does not get.
    pub without: Vec<String>,
    /// Policies and software, by name, that are taken over from whoever made them.
    pub adopt: Vec<String>,
    #[serde(skip)]
    profiles: BTreeMap<String, SecretSlice<u8>>,
}

impl Tenant {
    /// An organisation that is as the blueprint says.
    pub fn new(organization: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            organization: organization.into(),
            name: name.into(),
            overrides: Overrides::default(),
        }
    }

    /// Sets where it differs.
    #[must_use]
    pub fn overrides(mut self, overrides: Overrides) -> Self {
        self.overrides = overrides;
        self
    }

    /// What should be in this organisation.
    ///
    /// # Errors
    /// [`Error::Refused`] when an override names what the blueprint does not have.
    pub fn desired(&self, blueprint: &Desired) -> Result<Desired, Error> {
        let overrides = &self.overrides;
        overrides.check(blueprint)?;
        let mut desired = blueprint.clone();
        let named = |names: &[String], name: &String| names.contains(name);
        desired
            .profiles
            .retain(|one| !named(&overrides.without, &one.policy_name));
        desired
            .software
            .retain(|one| !named(&overrides.without, &one.display_name));
        for profile in &mut desired.profiles {
            if let Some(bytes) = overrides.profiles.get(&profile.policy_name) {
                profile.profile = bytes.expose_secret().to_vec();
            }
            profile.adopt |= named(&overrides.adopt, &profile.policy_name);
            overrides.replace_groups(&mut profile.device_groups);
        }
        for software in &mut desired.software {
            if let Some(package) = overrides.packages.get(&software.display_name) {
                software.package = package.clone();
            }
            software.adopt |= named(&overrides.adopt, &software.display_name);
            overrides.replace_groups(&mut software.device_groups);
        }
        Ok(desired)
    }
}

impl Overrides {
    /// Uses other device groups where the blueprint says `name`; none leave it out.
    #[must_use]
    pub fn device_groups(
        mut self,
        name: impl Into<String>,
        groups: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let groups = groups.into_iter().map(Into::into).collect();
        self.device_groups.insert(name.into(), groups);
        self
    }

    /// Uses another package for a software app.
    #[must_use]
    pub fn package(mut self, software: impl Into<String>, package: Package) -> Self {
        self.packages.insert(software.into(), package);
        self
    }

    /// Uses another profile in a policy.
    #[must_use]
    pub fn profile(mut self, policy: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes: Vec<u8> = bytes.into();
        self.profiles.insert(policy.into(), bytes.into());
        self
    }

    /// Leaves a policy or software app out.
    #[must_use]
    pub fn without(mut self, name: impl Into<String>) -> Self {
        self.without.push(name.into());
        self
    }

    /// Takes a policy or software app over from whoever made it.
    #[must_use]
    pub fn adopt(mut self, name: impl Into<String>) -> Self {
        self.adopt.push(name.into());
        self
    }

    fn replace_groups(&self, groups: &mut Vec<String>) {
        let replaced = groups.iter().flat_map(|group| {
            self.device_groups
                .get(group)
                .map_or_else(|| vec![group.clone()], Clone::clone)
        });
        *groups = replaced.collect();
    }

    fn check(&self, blueprint: &Desired) -> Result<(), Error> {
        let groups = blueprint.groups();
        let policy = |name: &String| blueprint.profile_named(name).is_some();
        let software = |name: &String| blueprint.software_named(name).is_some();
        let mut problems = Vec::new();
        let mut check = |named: Named, known: bool| {
            if !known {
                problems.push(Problem::UnknownOverride { named });
            }
        };
        for name in self.device_groups.keys() {
            let known = groups.contains(name.as_str());
            check(Named::DeviceGroup(name.clone()), known);
        }
        for name in self.profiles.keys() {
            check(Named::Policy(name.clone()), policy(name));
        }
        for name in self.packages.keys() {
            check(Named::Software(name.clone()), software(name));
        }
        for name in self.without.iter().chain(&self.adopt) {
            let known = policy(name) || software(name);
            check(Named::Either(name.clone()), known);
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Error::Refused { problems })
        }
    }
}

impl fmt::Debug for Overrides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Overrides")
            .field("device_groups", &self.device_groups)
            .field("packages", &self.packages)
            .field("without", &self.without)
            .field("adopt", &self.adopt)
            .field("profiles", &self.profiles.keys())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::{DesiredProfile, DesiredSoftware};

    fn blueprint() -> Desired {
        Desired::new("msp")
            .profile(DesiredProfile::new("trust", b"default").device_group("macOS"))
            .software(
                DesiredSoftware::new("Okta Verify", Package::custom("p", "https://h/1"))
                    .device_group("macOS"),
            )
    }

    #[test]
    fn an_override_replaces_what_it_names_and_nothing_else() {
        let overrides = Overrides::default()
            .device_groups("macOS", ["A", "B"])
            .package("Okta Verify", Package::vpp("490179405"))
            .profile("trust", b"own")
            .adopt("trust");
        let tenant = Tenant::new("5f00000000000000000000aa", "Globex").overrides(overrides);
        let desired = tenant.desired(&blueprint()).unwrap();
        assert_eq!(desired.profiles[0].profile, b"own");
        assert_eq!(desired.profiles[0].device_groups, ["A", "B"]);
        assert!(desired.profiles[0].adopt && !desired.software[0].adopt);
        assert_eq!(desired.software[0].package, Package::vpp("490179405"));

        let tenant = Tenant::new("5f00000000000000000000aa", "Initech")
            .overrides(Overrides::default().without("Okta Verify"));
        let desired = tenant.desired(&blueprint()).unwrap();
        assert!(desired.software.is_empty());
        assert_eq!(desired.profiles, blueprint().profiles);
    }

    #[test]
    fn an_override_of_nothing_is_refused_and_all_are_named() {
        let overrides = Overrides::default()
            .device_groups("MacOS", ["A"])
            .profile("Trust", b"canary")
            .without("x");
        assert!(!format!("{overrides:?}").contains("canary"));
        let tenant = Tenant::new("5f00000000000000000000aa", "Globex").overrides(overrides);
        let Error::Refused { problems } = tenant.desired(&blueprint()).unwrap_err() else {
            panic!()
        };
        assert_eq!(problems.len(), 3, "{problems:?}");
    }
}

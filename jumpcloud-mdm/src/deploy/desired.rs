//! What should be there. It holds the profiles' bytes, challenge included, so neither `Debug` nor serde shows them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What should be on the Macs.
///
/// Serialised it carries no profile bytes: what is read back must be given them again before it can be planned.
///
/// ```
/// use jumpcloud_mdm::deploy::{Desired, DesiredProfile, DesiredSoftware, Package};
///
/// let desired = Desired::new("device-trust")
///     .profile(DesiredProfile::new("Okta device trust", b"<plist/>").device_group("macOS pilot"))
///     .software(
///         DesiredSoftware::new("Okta Verify", Package::custom("okta-verify", "https://example.com/OktaVerify.pkg"))
///             .device_group("macOS pilot"),
///     );
/// assert!(!format!("{desired:?}").contains("plist"));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Desired {
    /// Who deploys, in one line: written into what is created, so that it is known again. Policies and software that
    /// lack it are an administrator's and are left alone unless adopted.
    pub owner: String,
    /// The profiles.
    #[serde(default)]
    pub profiles: Vec<DesiredProfile>,
    /// The software.
    #[serde(default)]
    pub software: Vec<DesiredSoftware>,
}

/// A custom configuration profile: one policy.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct DesiredProfile {
    /// The policy's name, unique in the organisation.
    pub policy_name: String,
    /// The `.mobileconfig` as plain XML (JumpCloud signs it). Not serialised, not shown.
    #[serde(skip)]
    pub profile: Vec<u8>,
    /// Whether the profile is installed again at each OS update (`redispatchPolicy`). Off by default, though the
    /// console's default is on: installing a SCEP payload again enrols again, so each OS update would cost each Mac a
    /// new certificate.
    #[serde(default)]
    pub redispatch_on_os_update: bool,
    /// The ring that the policy is for, when the profile goes onto the Macs ring by ring: see
    /// [`Desired::rings`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ring: Option<String>,
    /// The profile's generation. It is written into the policy's notes, and an older one never replaces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
    /// Names of the device groups to bind to.
    pub device_groups: Vec<String>,
    /// Whether device groups not named here are unbound, which takes the profile off their Macs at once. Off by
    /// default: they are left alone and remarked.
    #[serde(default)]
    pub only_these_groups: bool,
    /// Whether a policy of this name that another made is taken over. Off by default: its difference is refused.
    #[serde(default)]
    pub adopt: bool,
}

/// A software app.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DesiredSoftware {
    /// The name that the console shows.
    pub display_name: String,
    /// What is installed.
    pub package: Package,
    /// Names of the device groups to bind to.
    pub device_groups: Vec<String>,
    /// Whether device groups not named here are unbound. Off by default.
    #[serde(default)]
    pub only_these_groups: bool,
    /// Whether a software app of this name that another made is taken over. Off by default.
    #[serde(default)]
    pub adopt: bool,
    /// The software app's id, where an undo record knows it: it is looked up by that and by nothing else.
    #[serde(skip)]
    pub(super) app_id: Option<String>,
}

/// What a software app installs. `Debug` shows no URL: one may carry a signature.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Package {
    /// A macOS package by URL (`APPLE_CUSTOM`): a signed product archive, `https`.
    Custom {
        /// The package's id. What JumpCloud expects here is not documented.
        id: String,
        /// Where JumpCloud's MDM finds it.
        url: String,
    },
    /// An App Store app licensed by Apple Business Manager (`APPLE_VPP`). It is bound, never created: it appears in
    /// JumpCloud by synchronisation.
    Vpp {
        /// The Adam id, the number in the App Store's URL.
        id: String,
    },
    /// A macOS package in JumpCloud's own storage (`APPLE_CUSTOM`), where
    /// [`upload_package_recorded`](crate::JumpCloud::upload_package_recorded) puts it. It is bound, never created, and only
    /// when JumpCloud has checked it.
    Stored {
        /// SHA-256 of the file, in hexadecimal digits: [`PackageUpload::sha256`](crate::PackageUpload::sha256).
        sha256: String,
    },
}

impl Desired {
    /// Nothing yet, deployed by `owner`.
    pub fn new(owner: impl Into<String>) -> Self {
        Self {
            owner: owner.into(),
            profiles: Vec::new(),
            software: Vec::new(),
        }
    }

    /// Adds a profile.
    #[must_use]
    pub fn profile(mut self, profile: DesiredProfile) -> Self {
        self.profiles.push(profile);
        self
    }

    /// Adds software.
    #[must_use]
    pub fn software(mut self, software: DesiredSoftware) -> Self {
        self.software.push(software);
        self
    }

    /// The names of all device groups, each once.
    pub(crate) fn groups(&self) -> std::collections::BTreeSet<&str> {
        let profiles = self.profiles.iter().map(|profile| &profile.device_groups);
        let software = self.software.iter().map(|software| &software.device_groups);
        profiles
            .chain(software)
            .flatten()
            .map(String::as_str)
            .collect()
    }

    pub(crate) fn profile_named(&self, policy_name: &str) -> Option<&DesiredProfile> {
        self.profiles
            .iter()
            .find(|profile| profile.policy_name == policy_name)
    }

    pub(crate) fn software_named(&self, display_name: &str) -> Option<&DesiredSoftware> {
        self.software
            .iter()
            .find(|software| software.display_name == display_name)
    }
}

impl DesiredProfile {
    /// A profile, bound nowhere yet.
    pub fn new(policy_name: impl Into<String>, profile: impl Into<Vec<u8>>) -> Self {
        Self {
            policy_name: policy_name.into(),
            profile: profile.into(),
            redispatch_on_os_update: false,
            ring: None,
            generation: None,
            device_groups: Vec::new(),
            only_these_groups: false,
            adopt: false,
        }
    }

    /// Puts the policy into a ring.
    #[must_use]
    pub fn ring(mut self, name: impl Into<String>) -> Self {
        self.ring = Some(name.into());
        self
    }

    /// Names the profile's generation.
    #[must_use]
    pub fn generation(mut self, generation: u32) -> Self {
        self.generation = Some(generation);
        self
    }

    /// Binds to a device group, by name.
    #[must_use]
    pub fn device_group(mut self, name: impl Into<String>) -> Self {
        self.device_groups.push(name.into());
        self
    }

    /// Installs again at each OS update. See [`redispatch_on_os_update`](Self::redispatch_on_os_update) for the price.
    #[must_use]
    pub fn redispatch(mut self, on_os_update: bool) -> Self {
        self.redispatch_on_os_update = on_os_update;
        self
    }

    /// Unbinds other device groups.
    #[must_use]
    pub fn only_these_groups(mut self) -> Self {
        self.only_these_groups = true;
        self
    }

    /// Takes over a policy of this name that another made.
    #[must_use]
    pub fn adopt(mut self) -> Self {
        self.adopt = true;
        self
    }
}

impl DesiredSoftware {
    /// A software app, bound nowhere yet.
    pub fn new(display_name: impl Into<String>, package: Package) -> Self {
        Self {
            display_name: display_name.into(),
            package,
            device_groups: Vec::new(),
            only_these_groups: false,
            adopt: false,
            app_id: None,
        }
    }

    pub(super) fn of_app(mut self, id: Option<String>) -> Self {
        self.app_id = id;
        self
    }

    /// Binds to a device group, by name.
    #[must_use]
    pub fn device_group(mut self, name: impl Into<String>) -> Self {
        self.device_groups.push(name.into());
        self
    }

    /// Unbinds other device groups.
    #[must_use]
    pub fn only_these_groups(mut self) -> Self {
        self.only_these_groups = true;
        self
    }

    /// Takes over a software app of this name that another made.
    #[must_use]
    pub fn adopt(mut self) -> Self {
        self.adopt = true;
        self
    }
}

impl Package {
    /// A macOS package by URL.
    pub fn custom(id: impl Into<String>, url: impl Into<String>) -> Self {
        Self::Custom {
            id: id.into(),
            url: url.into(),
        }
    }

    /// An App Store app by its Adam id.
    pub fn vpp(id: impl Into<String>) -> Self {
        Self::Vpp { id: id.into() }
    }

    /// A package in JumpCloud's storage by its SHA-256, in hexadecimal digits.
    pub fn stored(sha256: impl Into<String>) -> Self {
        Self::Stored {
            sha256: sha256.into(),
        }
    }
}

impl fmt::Debug for DesiredProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DesiredProfile")
            .field("policy_name", &self.policy_name)
            .field("profile_bytes", &self.profile.len())
            .field("redispatch_on_os_update", &self.redispatch_on_os_update)
            .field("ring", &self.ring)
            .field("generation", &self.generation)
            .field("device_groups", &self.device_groups)
            .field("only_these_groups", &self.only_these_groups)
            .field("adopt", &self.adopt)
            .finish()
    }
}

impl fmt::Debug for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Custom { id, .. } => f
                .debug_struct("Custom")
                .field("id", id)
                .finish_non_exhaustive(),
            Self::Vpp { id } => f.debug_struct("Vpp").field("id", id).finish(),
            Self::Stored { sha256 } => f.debug_struct("Stored").field("sha256", sha256).finish(),
        }
    }
}

//! One Mac: what is installed on it.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::jumpcloud::mdm::OKTA_VERIFY;
use crate::seed::SeedMac;

use super::okta_verify::Registration;

/// A Mac and everything on it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mac {
    /// Computer name.
    pub name: String,
    /// Serial number; JumpCloud's system and Okta's device have the same.
    pub serial_number: String,
    /// Hardware UUID, upper case.
    pub udid: String,
    /// Hardware model, e.g. `Mac15,9`.
    pub model: String,
    /// macOS version, e.g. `15.6.1`.
    pub os_version: String,
    /// The user's Okta login.
    pub user: String,
    /// The installed profiles by `PayloadIdentifier`.
    pub profiles: BTreeMap<String, InstalledProfile>,
    /// The last `InstallProfile` of each JumpCloud policy by its id.
    pub commands: BTreeMap<String, Command>,
    /// The installed apps.
    pub apps: Vec<App>,
    /// Okta Verify's registration, once Okta has allowed it.
    pub okta_verify: Option<Registration>,
}

/// An installed configuration profile.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InstalledProfile {
    /// The JumpCloud policy it came from.
    pub policy: String,
    /// Its `PayloadUUID`.
    pub uuid: String,
    /// When it was installed.
    pub installed_at: Timestamp,
    /// The certificates of its certificate payloads, DER in hexadecimal.
    pub certificates: Vec<String>,
    /// One identity for each SCEP payload.
    pub identities: Vec<Identity>,
}

/// A certificate and its private key in the System keychain.
#[derive(Clone, Serialize, Deserialize)]
pub struct Identity {
    /// The SCEP payload's `PayloadUUID`.
    pub payload_uuid: String,
    /// The certificate, DER in hexadecimal.
    pub certificate: String,
    /// The private key, PKCS#8 in PEM.
    pub private_key: String,
    /// Whether the key may be exported (`KeyIsExtractable`).
    pub extractable: bool,
    /// Whether every app may use the key (`AllowAllAppsAccess`); without it, Okta Verify cannot sign.
    pub all_apps_access: bool,
    /// When the certificate was issued to this Mac.
    pub enrolled_at: Timestamp,
}

/// The last `InstallProfile` for one policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// SHA-256 of the profile's bytes, in hexadecimal.
    pub digest: String,
    /// `None` when it was installed; else why not, in more detail than a Mac reports to its MDM.
    pub failure: Option<String>,
}

/// An installed app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// `CFBundleIdentifier`.
    pub bundle_identifier: String,
    /// The app's name.
    pub name: String,
    /// `CFBundleShortVersionString`.
    pub version: String,
    /// The JumpCloud software app it came from; `None` when a person installed it.
    pub software_app: Option<String>,
}

impl Mac {
    pub(crate) fn fresh(seed: &SeedMac) -> Self {
        let by_hand = App {
            bundle_identifier: OKTA_VERIFY.to_owned(),
            name: "Okta Verify".to_owned(),
            version: "9.52.0".to_owned(),
            software_app: None,
        };
        Self {
            name: seed.name.clone(),
            serial_number: seed.serial_number.clone(),
            udid: seed.udid.clone(),
            model: seed.model.clone(),
            os_version: seed.os_version.clone(),
            user: seed.user.clone(),
            profiles: BTreeMap::new(),
            commands: BTreeMap::new(),
            apps: (!seed.in_pilot_group)
                .then_some(by_hand)
                .into_iter()
                .collect(),
            okta_verify: None,
        }
    }

    /// Every identity of the installed profiles.
    pub fn identities(&self) -> impl Iterator<Item = &Identity> {
        self.profiles
            .values()
            .flat_map(|profile| &profile.identities)
    }

    /// The identity that Okta Verify attests with: the newest one whose key every app may use.
    #[must_use]
    pub fn attestation_identity(&self) -> Option<&Identity> {
        self.identities()
            .filter(|identity| identity.all_apps_access)
            .max_by_key(|identity| identity.enrolled_at)
    }

    /// Whether Okta Verify is installed.
    #[must_use]
    pub fn has_okta_verify(&self) -> bool {
        self.apps
            .iter()
            .any(|app| app.bundle_identifier == OKTA_VERIFY)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("payload_uuid", &self.payload_uuid)
            .field("extractable", &self.extractable)
            .field("all_apps_access", &self.all_apps_access)
            .field("enrolled_at", &self.enrolled_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(payload_uuid: &str, second: i64, all_apps_access: bool) -> Identity {
        Identity {
            payload_uuid: payload_uuid.to_owned(),
            certificate: String::new(),
            private_key: "5ec2e7".to_owned(),
            extractable: false,
            all_apps_access,
            enrolled_at: Timestamp::from_second(second).unwrap(),
        }
    }

    #[test]
    fn debug_shows_no_private_key() {
        assert!(!format!("{:?}", identity("U", 0, true)).contains("5ec2e7"));
    }

    #[test]
    fn okta_verify_takes_the_newest_identity_that_it_may_use() {
        let mut mac = Mac::fresh(&crate::seed::Seed::default().macs[0]);
        assert!(mac.attestation_identity().is_none());
        let installed = InstalledProfile {
            policy: String::new(),
            uuid: String::new(),
            installed_at: Timestamp::UNIX_EPOCH,
            certificates: Vec::new(),
            identities: vec![
                identity("old", 1, true),
                identity("new", 2, true),
                identity("barred", 3, false),
            ],
        };
        mac.profiles.insert("trust".to_owned(), installed);
        assert_eq!(mac.attestation_identity().unwrap().payload_uuid, "new");
    }
}

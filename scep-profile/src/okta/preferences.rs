use super::{OKTA_VERIFY, SSO_EXTENSION};
use mobileconfig::managed_preferences::DomainPreferences;
use plist::{Dictionary, Value};

/// Managed preferences of Okta Verify, written to both of its domains (`com.okta.mobile` and
/// `com.okta.mobile.auth-service-extension`).
///
/// `OktaVerify.OrgUrl` is always written. **What the keys beyond it are called and take is not confirmed by Okta's
/// documentation**: the sources are ProfileManifests and support articles of other MDM vendors, and they disagree.
/// Each method says what is known; [`VerifyPreferences::set`] writes any key as it is given.
///
/// ```
/// use scep_profile::okta::VerifyPreferences;
///
/// let preferences = VerifyPreferences::new().silent_enrollment(true).set("OktaVerify.ReportDiagnostics", false);
/// assert_eq!(preferences.keys().collect::<Vec<_>>(), ["OktaVerify.EnrollmentOptions", "OktaVerify.ReportDiagnostics"]);
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct VerifyPreferences {
    settings: Dictionary,
    extension_only: Dictionary,
}

impl VerifyPreferences {
    /// Nothing beyond the address of the organisation.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `OktaVerify.EnrollmentOptions`: whether Okta Verify offers to enrol by itself. Okta's text has
    /// `SilentEnrollmentEnabled`; ProfileManifests lists `SilentEnrollmentDisabled`, `Enabled` and `Disabled` as well,
    /// so the value for `false` is not confirmed.
    #[must_use]
    pub fn silent_enrollment(self, enabled: bool) -> Self {
        let value = if enabled {
            "SilentEnrollmentEnabled"
        } else {
            "SilentEnrollmentDisabled"
        };
        self.set("OktaVerify.EnrollmentOptions", value)
    }

    /// Sets a key as it is given, in both domains. Not confirmed, prefix included, are among others:
    /// `ReportDiagnostics` (boolean), `UserPrincipalName` (text), `DeviceHealthOptions` (`HideDiskEncryption`,
    /// `HideBiometrics`, `Disabled`), `LaunchOptions` (`HideMainWindow`), `Plugins`, `EnableOSQueryCustomChecks`,
    /// `OSQueryCustomChecksTimeout`, `OSQueryAllowedDomains`.
    #[must_use]
    pub fn set(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.settings.insert(key.into(), value.into());
        self
    }

    /// Sets a key as it is given, in the domain of the SSO extension only. Not confirmed are `PasswordSyncClientID` and
    /// `PlatformSSO.ProtocolVersion`, which belong to Platform SSO, another product.
    #[must_use]
    pub fn set_extension_only(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extension_only.insert(key.into(), value.into());
        self
    }

    /// The keys set, in order of insertion, without the address of the organisation.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.settings
            .keys()
            .chain(self.extension_only.keys())
            .map(String::as_str)
    }

    /// One payload for each domain.
    pub(super) fn payloads(&self, org_url: &str) -> [DomainPreferences; 2] {
        let both = |domain: &str| {
            let preferences = DomainPreferences::new(domain).set("OktaVerify.OrgUrl", org_url);
            let settings = self.settings.iter();
            settings.fold(preferences, |preferences, (key, value)| {
                preferences.set(key, value.clone())
            })
        };
        let mut extension = both(SSO_EXTENSION);
        for (key, value) in &self.extension_only {
            extension = extension.set(key, value.clone());
        }
        [both(OKTA_VERIFY), extension]
    }
}

// Names only: a value may be anybody's.
impl std::fmt::Debug for VerifyPreferences {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.keys()).finish()
    }
}

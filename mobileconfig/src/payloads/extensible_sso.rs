//! Single sign-on extensions: `com.apple.extensiblesso`.

use plist::{Dictionary, Value};

use crate::Error;
use crate::fields::{keys, payload, texts};

/// `com.apple.extensiblesso` (macOS 10.15, user-approved MDM, not by hand): an app extension that signs in for other apps.
///
/// The two types need different keys, so each has a constructor.
///
/// ```
/// use mobileconfig::extensible_sso::ExtensibleSso;
///
/// const EXTENSION: &str = "com.okta.mobile.auth-service-extension";
/// const TEAM: &str = "B7F62B65BN";
/// let fast_pass = ExtensibleSso::credential(EXTENSION, TEAM, "Okta Device", ["example.okta.com"]);
/// assert_eq!(fast_pass.realm.as_deref(), Some("Okta Device"));
///
/// let redirect = ExtensibleSso::redirect(EXTENSION, TEAM, ["https://example.okta.com/oauth2/v1/token"]);
/// assert!(redirect.hosts.is_none());
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct ExtensibleSso {
    /// `ExtensionIdentifier`: the bundle identifier of the extension.
    pub extension_identifier: String,
    /// `Type`.
    pub sso_type: SsoType,
    /// `TeamIdentifier` of who signed the extension: required on macOS, ignored elsewhere.
    pub team_identifier: Option<String>,
    /// `Realm`, for Credential.
    pub realm: Option<String>,
    /// `Hosts` and domains, for Credential.
    pub hosts: Option<Vec<String>>,
    /// `URLs` (prefixes with http or https), for Redirect.
    pub urls: Option<Vec<String>>,
    /// `ExtensionData`: what the extension itself reads.
    pub extension_data: Option<Dictionary>,
    /// `DeniedBundleIdentifiers` (macOS 12): apps that get no sign-on.
    pub denied_bundle_identifiers: Option<Vec<String>>,
    /// `ScreenLockedBehavior` (macOS 12): `Cancel` (default) or `DoNotHandle`.
    pub screen_locked_behavior: Option<String>,
    /// `PlatformSSO` (macOS 14, Redirect only): its keys as Apple's schema has them.
    pub platform_sso: Option<Dictionary>,
    /// Other keys.
    pub extra: Dictionary,
}

keys!(ExtensibleSso {
    extension_identifier: "ExtensionIdentifier",
    sso_type: "Type",
    team_identifier: "TeamIdentifier",
    realm: "Realm",
    hosts: "Hosts",
    urls: "URLs",
    extension_data: "ExtensionData",
    denied_bundle_identifiers: "DeniedBundleIdentifiers",
    screen_locked_behavior: "ScreenLockedBehavior",
    platform_sso: "PlatformSSO",
});
payload!(
    ExtensibleSso = "com.apple.extensiblesso",
    check = Self::check
);

texts! {
    /// `Type` of the extension.
    pub enum SsoType {
        /// Answers authentication challenges of a realm on its hosts.
        Credential = "Credential",
        /// Takes over requests to its URLs.
        Redirect = "Redirect",
    }
}

impl ExtensibleSso {
    /// An extension of type Credential, with the `Realm` and `Hosts` that type needs.
    pub fn credential<H: Into<String>>(
        extension_identifier: impl Into<String>,
        team_identifier: impl Into<String>,
        realm: impl Into<String>,
        hosts: impl IntoIterator<Item = H>,
    ) -> Self {
        let mut sso = Self::new(
            extension_identifier.into(),
            team_identifier.into(),
            SsoType::Credential,
        );
        sso.realm = Some(realm.into());
        sso.hosts = Some(hosts.into_iter().map(Into::into).collect());
        sso
    }

    /// An extension of type Redirect, with the `URLs` that type needs.
    pub fn redirect<U: Into<String>>(
        extension_identifier: impl Into<String>,
        team_identifier: impl Into<String>,
        urls: impl IntoIterator<Item = U>,
    ) -> Self {
        let mut sso = Self::new(
            extension_identifier.into(),
            team_identifier.into(),
            SsoType::Redirect,
        );
        sso.urls = Some(urls.into_iter().map(Into::into).collect());
        sso
    }

    fn new(extension_identifier: String, team_identifier: String, sso_type: SsoType) -> Self {
        Self {
            extension_identifier,
            sso_type,
            team_identifier: Some(team_identifier),
            realm: None,
            hosts: None,
            urls: None,
            extension_data: None,
            denied_bundle_identifiers: None,
            screen_locked_behavior: None,
            platform_sso: None,
            extra: Dictionary::new(),
        }
    }

    /// Sets one key of `ExtensionData`.
    #[must_use]
    pub fn extension_data(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extension_data
            .get_or_insert_default()
            .insert(key.into(), value.into());
        self
    }

    /// Sets `PlatformSSO`.
    #[must_use]
    pub fn platform_sso(mut self, keys: Dictionary) -> Self {
        self.platform_sso = Some(keys);
        self
    }

    /// The rules of Apple's schema that depend on the type.
    fn check(&self) -> Result<(), Error> {
        match self.sso_type {
            SsoType::Credential => {
                if self.hosts.as_ref().is_none_or(Vec::is_empty) {
                    return Err(Error::invalid_value(
                        "Hosts",
                        "an extension of type Credential needs a host",
                    ));
                }
                if self.realm.as_ref().is_none_or(String::is_empty) {
                    return Err(Error::invalid_value(
                        "Realm",
                        "an extension of type Credential needs a realm",
                    ));
                }
                if self.platform_sso.is_some() {
                    return Err(Error::invalid_value(
                        "PlatformSSO",
                        "only an extension of type Redirect has it",
                    ));
                }
            }
            SsoType::Redirect => {
                let urls = self.urls.as_deref().unwrap_or_default();
                if urls.is_empty() {
                    return Err(Error::invalid_value(
                        "URLs",
                        "an extension of type Redirect needs a URL",
                    ));
                }
                for (index, url) in urls.iter().enumerate() {
                    let twice = urls[..index]
                        .contains(url)
                        .then_some("each URL occurs once");
                    if let Some(problem) = url_form(url).or(twice) {
                        return Err(Error::invalid_value(format!("URLs[{index}]"), problem));
                    }
                }
            }
            SsoType::Other(_) => {}
        }
        Ok(())
    }
}

/// What is wrong with the form of an item of `URLs`, if anything.
pub(crate) fn url_form(url: &str) -> Option<&'static str> {
    if !url.starts_with("https://") && !url.starts_with("http://") {
        Some("a URL starts with https:// or http://")
    } else if url.contains(['?', '#']) {
        Some("a URL has no query and no fragment here")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PayloadContent;

    #[test]
    fn each_type_insists_on_its_own_keys() {
        let path = |sso: &ExtensibleSso| sso.to_dictionary().unwrap_err().path().to_owned();
        assert_eq!(
            path(&ExtensibleSso::credential("e", "t", "", ["h"])),
            "Realm"
        );
        assert_eq!(
            path(&ExtensibleSso::credential("e", "t", "r", [""; 0])),
            "Hosts"
        );
        assert_eq!(path(&ExtensibleSso::redirect("e", "t", [""; 0])), "URLs");
        let both = ExtensibleSso::credential("e", "t", "r", ["h"]).platform_sso(Dictionary::new());
        assert_eq!(path(&both), "PlatformSSO");
    }

    #[test]
    fn a_redirect_url_is_a_plain_http_prefix_and_unique() {
        let path = |urls: [&str; 2]| {
            ExtensibleSso::redirect("e", "t", urls)
                .to_dictionary()
                .unwrap_err()
                .path()
                .to_owned()
        };
        assert_eq!(path(["https://a/", "ftp://a/"]), "URLs[1]");
        assert_eq!(path(["https://a/?q", "https://b/"]), "URLs[0]");
        assert_eq!(path(["https://a/", "https://a/"]), "URLs[1]");
    }

    #[test]
    fn the_registration_token_is_not_in_debug() {
        let mut sso = ExtensibleSso::credential("e", "t", "r", ["h"]);
        sso.extra
            .insert("RegistrationToken".into(), "hunter2".into());
        assert!(!format!("{sso:?}").contains("hunter2"));
    }
}

//! Associated domains: `com.apple.associated-domains`.

use plist::Dictionary;

use crate::Error;
use crate::fields::{keys, payload};

/// `com.apple.associated-domains` (macOS 10.15, by MDM): which web domains an app speaks for.
///
/// A redirect extension for single sign-on needs `authsrv:` entries for its hosts.
///
/// ```
/// use mobileconfig::associated_domains::{AppDomains, AssociatedDomains};
///
/// let okta_verify = AppDomains::new("B7F62B65BN.com.okta.mobile", ["authsrv:example.okta.com"]);
/// let domains = AssociatedDomains::new([okta_verify]);
/// assert_eq!(domains.apps[0].domains, ["authsrv:example.okta.com"]);
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct AssociatedDomains {
    /// `Configuration`: one entry an app.
    pub apps: Vec<AppDomains>,
    /// Other keys.
    pub extra: Dictionary,
}

keys!(AssociatedDomains {
    apps: "Configuration"
});
payload!(
    AssociatedDomains = "com.apple.associated-domains",
    check = |this| {
        let bare = |app: &AppDomains| app.domains.iter().any(|domain| !domain.contains(':'));
        match this.apps.iter().position(bare) {
            Some(index) => Err(Error::invalid_value(
                format!("Configuration[{index}].AssociatedDomains"),
                "an entry has the form service:domain, such as authsrv:example.okta.com",
            )),
            None => Ok(()),
        }
    }
);

impl AssociatedDomains {
    /// The domains of these apps.
    pub fn new(apps: impl IntoIterator<Item = AppDomains>) -> Self {
        Self {
            apps: apps.into_iter().collect(),
            extra: Dictionary::new(),
        }
    }
}

/// One entry of `Configuration`.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct AppDomains {
    /// `ApplicationIdentifier`: team and bundle identifier, joined by a dot.
    pub application_identifier: String,
    /// `AssociatedDomains`: `service:domain` each.
    pub domains: Vec<String>,
    /// `EnableDirectDownloads` (macOS 11), default false: the device asks the domain itself and not Apple's servers.
    pub direct_downloads: Option<bool>,
    /// Other keys.
    pub extra: Dictionary,
}

keys!(AppDomains {
    application_identifier: "ApplicationIdentifier",
    domains: "AssociatedDomains",
    direct_downloads: "EnableDirectDownloads",
});

impl AppDomains {
    /// The domains of one app.
    pub fn new<D: Into<String>>(
        application_identifier: impl Into<String>,
        domains: impl IntoIterator<Item = D>,
    ) -> Self {
        Self {
            application_identifier: application_identifier.into(),
            domains: domains.into_iter().map(Into::into).collect(),
            direct_downloads: None,
            extra: Dictionary::new(),
        }
    }

    /// Sets `EnableDirectDownloads`.
    #[must_use]
    pub fn direct_downloads(mut self, enabled: bool) -> Self {
        self.direct_downloads = Some(enabled);
        self
    }
}

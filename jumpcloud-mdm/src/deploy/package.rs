//! What a package is in the terms of JumpCloud's software apps, and when one is the other.

use url::Url;

use super::{DigestKey, KeyedDigest, Package, PackageMark};
use crate::{PackageManager, SoftwareApp, SoftwareSettings};

impl Package {
    pub(crate) fn manager(&self) -> PackageManager {
        match self {
            Self::Custom { .. } | Self::Stored { .. } => PackageManager::AppleCustom,
            Self::Vpp { .. } => PackageManager::AppleVpp,
        }
    }

    fn id(&self) -> &str {
        match self {
            Self::Custom { id, .. } | Self::Vpp { id } => id,
            Self::Stored { sha256 } => sha256,
        }
    }

    /// Whether a software app installs it, judged by package manager and id; a stored package by its sum.
    pub(crate) fn is_in(&self, app: &SoftwareApp) -> bool {
        app.package(&self.manager())
            .is_some_and(|settings| self.is_named_by(settings))
    }

    fn is_named_by(&self, settings: &SoftwareSettings) -> bool {
        match self {
            Self::Custom { id, .. } | Self::Vpp { id } => settings.package_id.as_ref() == Some(id),
            Self::Stored { sha256 } => settings
                .stored_version()
                .and_then(|version| version.sha256sum.as_ref())
                .is_some_and(|sum| sum.eq_ignore_ascii_case(sha256)),
        }
    }

    /// Whether stored settings install exactly this. What the server adds does not count.
    pub(crate) fn matches(&self, settings: &SoftwareSettings) -> bool {
        let installs = settings
            .desired_state
            .as_deref()
            .is_none_or(|state| state.eq_ignore_ascii_case("install"));
        let same_url = match self {
            Self::Custom { url, .. } => settings.location.as_deref() == Some(url),
            Self::Vpp { .. } | Self::Stored { .. } => true,
        };
        installs && same_url && self.is_named_by(settings)
    }

    /// What a plan says of it.
    pub(crate) fn mark(&self, key: &DigestKey) -> PackageMark {
        let url = match self {
            Self::Custom { url, .. } => Some(url),
            Self::Vpp { .. } | Self::Stored { .. } => None,
        };
        PackageMark {
            manager: self.manager(),
            id: self.id().to_owned(),
            host: url.and_then(|url| Some(Url::parse(url).ok()?.host_str()?.to_owned())),
            url: url.map(|url| key.digest(url.as_bytes())),
        }
    }
}

/// The digest of what the deployment sets in a package.
pub(super) fn package_digest(settings: &SoftwareSettings, key: &DigestKey) -> KeyedDigest {
    let facts = serde_json::json!([
        settings.package_manager,
        settings.package_id,
        settings.location,
        settings.desired_state,
    ]);
    key.digest(facts.to_string().as_bytes())
}

/// Whether JumpCloud takes a package from there: `https` only; loopback is for a sandbox.
pub(super) fn is_package_url(url: &str) -> bool {
    devtrust_transport::Origin::parse(url.split(['?', '#']).next().unwrap_or_default()).is_ok()
}

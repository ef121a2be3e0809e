//! System Insights: tables that the agent collects. The rule: an empty answer proves nothing until
//! [`System::system_insights`](crate::System) says that collecting is on.

use jiff::Timestamp;
use serde_json::{Number, Value};

use crate::{Error, Filter, Items, JumpCloud, ListOptions, list::ListRoute, wire::resource};

resource! {
    /// A certificate on a device (`/api/v2/systeminsights/certificates`). Dates and most numbers are texts.
    ///
    /// Whether identities that SCEP puts in the System keychain appear is not confirmed.
    #[derive(Debug)]
    pub struct InsightsCertificate {
        /// The system's id.
        pub system_id: Option<String>,
        /// The common name.
        pub common_name: Option<String>,
        /// The subject, in the agent's spelling.
        pub subject: Option<String>,
        /// The issuer, in the agent's spelling. There is no filter for it.
        pub issuer: Option<String>,
        /// The serial number.
        pub serial: Option<String>,
        /// SHA-1 of the certificate; lower-case hex on macOS.
        pub sha1: Option<String>,
        /// Seconds since the Unix epoch.
        pub not_valid_before: Option<String>,
        /// Seconds since the Unix epoch.
        pub not_valid_after: Option<String>,
        /// The keychain's path.
        pub path: Option<String>,
        /// 1 for a CA.
        pub ca: Option<Value>,
        /// 1 when self-signed.
        pub self_signed: Option<Value>,
        /// The key's algorithm.
        pub key_algorithm: Option<String>,
        /// The key's size.
        pub key_strength: Option<String>,
        /// The key usage.
        pub key_usage: Option<String>,
        /// The signature's algorithm.
        pub signing_algorithm: Option<String>,
        /// The subject key id.
        pub subject_key_id: Option<String>,
        /// The authority key id.
        pub authority_key_id: Option<String>,
        /// The user, where the store belongs to one.
        pub username: Option<String>,
        /// The Windows security id.
        pub sid: Option<String>,
        /// The store.
        pub store: Option<String>,
        /// The store's id.
        pub store_id: Option<String>,
        /// The store's place.
        pub store_location: Option<String>,
        /// When it was collected, RFC 3339.
        pub collection_time: Option<String>,
    }
}

resource! {
    /// An app on a Mac (`/api/v2/systeminsights/apps`).
    #[derive(Debug)]
    pub struct InsightsApp {
        /// The system's id.
        pub system_id: Option<String>,
        /// The bundle's file name, `Okta Verify.app`.
        pub name: Option<String>,
        /// `CFBundleIdentifier`
        pub bundle_identifier: Option<String>,
        /// `CFBundleName`
        pub bundle_name: Option<String>,
        /// `CFBundleShortVersionString`
        pub bundle_short_version: Option<String>,
        /// `CFBundleVersion`
        pub bundle_version: Option<String>,
        /// `CFBundleExecutable`
        pub bundle_executable: Option<String>,
        /// `CFBundlePackageType`
        pub bundle_package_type: Option<String>,
        /// `CFBundleDisplayName`
        pub display_name: Option<String>,
        /// Where it is.
        pub path: Option<String>,
        /// `LSMinimumSystemVersion`
        pub minimum_system_version: Option<String>,
        /// `NSAppleScriptEnabled`
        pub applescript_enabled: Option<String>,
        /// `LSApplicationCategoryType`
        pub category: Option<String>,
        /// `DTCompiler`
        pub compiler: Option<String>,
        /// `NSHumanReadableCopyright`
        pub copyright: Option<String>,
        /// `CFBundleDevelopmentRegion`
        pub development_region: Option<String>,
        /// `LSUIElement`
        pub element: Option<String>,
        /// `LSEnvironment`
        pub environment: Option<String>,
        /// `CFBundleGetInfoString`
        pub info_string: Option<String>,
        /// When it was last opened: seconds since the Unix epoch.
        pub last_opened_time: Option<Number>,
        /// When it was collected, RFC 3339.
        pub collection_time: Option<String>,
    }
}

impl InsightsCertificate {
    /// When it expires. Reads seconds since the Unix epoch, and RFC 3339.
    pub fn expires_at(&self) -> Option<Timestamp> {
        let text = self.not_valid_after.as_deref()?.trim();
        match text.parse() {
            Ok(seconds) => Timestamp::from_second(seconds).ok(),
            Err(_) => text.parse().ok(),
        }
    }
}

fn rows_of(table: &str, system_id: &str) -> Result<(ListRoute, ListOptions), Error> {
    // Not sorted: which columns sort is not documented, and one page holds all rows of a device.
    let route = ListRoute::v2(["systeminsights", table])
        .unsorted()
        .max_rows(10_000);
    let options = ListOptions::default().filter(Filter::eq("system_id", system_id)?);
    Ok((route, options))
}

impl JumpCloud {
    /// The certificates on a device. `GET /api/v2/systeminsights/certificates?filter=system_id:eq:…`
    ///
    /// # Errors
    /// [`Error::Input`] when the id is none.
    pub fn insights_certificates(
        &self,
        system_id: &str,
    ) -> Result<Items<InsightsCertificate>, Error> {
        let (route, options) = rows_of("certificates", system_id)?;
        Ok(self.list(route, options))
    }

    /// The apps on a Mac. `GET /api/v2/systeminsights/apps?filter=system_id:eq:…`
    ///
    /// # Errors
    /// [`Error::Input`] when the id is none.
    pub fn insights_apps(&self, system_id: &str) -> Result<Items<InsightsApp>, Error> {
        let (route, options) = rows_of("apps", system_id)?;
        Ok(self.list(route, options))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_rows_of_one_device_are_asked_for_in_one_page() {
        let (route, options) = rows_of("certificates", "s1").unwrap();
        insta::assert_snapshot!(
            crate::test_support::shown(&route.page(&options, 0)),
            @"GET /api/v2/systeminsights/certificates?limit=10000&skip=0&filter=system_id:eq:s1"
        );
    }

    #[test]
    fn an_expiry_is_read_from_seconds_and_from_rfc_3339() {
        let expiry = |text: &str| {
            let json = serde_json::json!({"not_valid_after": text});
            serde_json::from_value::<InsightsCertificate>(json)
                .unwrap()
                .expires_at()
        };
        let at: Timestamp = "2027-11-24T00:00:00Z".parse().unwrap();
        assert_eq!(expiry("1827014400"), Some(at));
        assert_eq!(expiry("2027-11-24T00:00:00Z"), Some(at));
        assert_eq!(expiry("soon"), None);
    }
}

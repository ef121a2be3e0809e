//! Apps of the App Store, licensed by Apple Business Manager (VPP): they come into JumpCloud by synchronisation.

use serde_json::{Value, json};

use crate::{Error, JumpCloud, Method, Request, wire::resource};

resource! {
    /// What a software app of `APPLE_VPP` says about its licences (`software-app-apple-vpp`). `Debug` shows the counts only:
    /// a configuration can hold a password.
    #[serde(rename_all = "camelCase")]
    pub struct AppleVpp {
        /// The app's configuration, a property list as text; in the answer for one app only.
        pub app_configuration: Option<String>,
        /// Whether it is configured; in the answer for one app only.
        pub is_config_enabled: Option<bool>,
        /// Licences assigned to devices.
        pub assigned_licenses: Option<i64>,
        /// Free licences.
        pub available_licenses: Option<i64>,
        /// All licences.
        pub total_licenses: Option<i64>,
        /// What Apple says about the app, as it came.
        pub details: Option<Value>,
        /// `IPAD`, `IPHONE`, `IPOD`, `MAC`.
        pub supported_device_families: Option<Vec<String>>,
    }
}

impl std::fmt::Debug for AppleVpp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppleVpp")
            .field("is_config_enabled", &self.is_config_enabled)
            .field("assigned_licenses", &self.assigned_licenses)
            .field("available_licenses", &self.available_licenses)
            .field("total_licenses", &self.total_licenses)
            .finish_non_exhaustive()
    }
}

resource! {
    /// The licences of an App Store app, after [`JumpCloud::reclaim_licenses`].
    #[derive(Debug)]
    #[serde(rename_all = "camelCase")]
    pub struct ReclaimedLicenses {
        /// Assigned to devices.
        pub assigned_licenses: Option<i64>,
        /// Free.
        pub available_licenses: Option<i64>,
        /// Taken back from deleted devices.
        pub reclaimed_licenses: Option<i64>,
        /// All.
        pub total_licenses: Option<i64>,
    }
}

fn retry_request(app_id: &str, system_ids: &[String]) -> Request {
    let segments = ["softwareapps", app_id, "retry-installation"];
    Request::v2(Method::POST, segments).body(json!({"system_ids": system_ids}))
}

impl JumpCloud {
    /// Has devices install an App Store app again. `POST /api/v2/softwareapps/{id}/retry-installation`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning; 400 when the app is none of the App Store.
    pub async fn retry_installation(
        &self,
        app_id: &str,
        system_ids: &[String],
    ) -> Result<(), Error> {
        self.send_unit(&retry_request(app_id, system_ids)).await
    }

    /// Takes licences of deleted devices back. `POST /api/v2/softwareapps/{id}/reclaim-licenses`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning.
    pub async fn reclaim_licenses(&self, app_id: &str) -> Result<ReclaimedLicenses, Error> {
        let segments = ["softwareapps", app_id, "reclaim-licenses"];
        self.send_as(&Request::v2(Method::POST, segments).body(json!({})))
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installation_is_asked_for_again_without_the_organisation_header() {
        let request = retry_request("a1", &["s1".into()]);
        insta::assert_snapshot!(
            crate::test_support::shown(&request),
            @r#"POST /api/v2/softwareapps/a1/retry-installation {"system_ids":["s1"]}"#
        );
        assert!(!request.takes_org_id());
    }
}

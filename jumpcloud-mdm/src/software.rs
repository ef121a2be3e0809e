//! Software apps: packages that MDM installs, and what became of them.

use serde_json::{Value, json};

use crate::{
    AppleVpp, Error, Items, JumpCloud, ListOptions, Method, Request, StoredPackage,
    list::ListRoute,
    wire::{open_enum, resource},
};

open_enum! {
    /// Where a software app comes from. The published specification leaves it open.
    pub enum PackageManager {
        /// `APPLE_CUSTOM`: a macOS package by URL or from JumpCloud's storage
        AppleCustom = "APPLE_CUSTOM",
        /// `APPLE_VPP`: an App Store app licensed by Apple Business Manager
        AppleVpp = "APPLE_VPP",
        /// `CHOCOLATEY`
        Chocolatey = "CHOCOLATEY",
        /// `GOOGLE_ANDROID`
        GoogleAndroid = "GOOGLE_ANDROID",
        /// `MICROSOFT_STORE`
        MicrosoftStore = "MICROSOFT_STORE",
        /// `WINDOWS_MDM`
        WindowsMdm = "WINDOWS_MDM",
        /// `WINGET`
        Winget = "WINGET",
    }
}

resource! {
    /// A software app (`/api/v2/softwareapps`). `Debug` shows no field that this version does not know: the answer to a
    /// package's announcement has a presigned address among them.
    #[serde(rename_all = "camelCase")]
    pub struct SoftwareApp {
        /// The id.
        pub id: String,
        /// The name that the console shows.
        pub display_name: Option<String>,
        /// When it was added, RFC 3339.
        pub created_at: Option<String>,
        /// When it was changed, RFC 3339.
        pub updated_at: Option<String>,
        /// The package: one entry.
        pub settings: Option<Vec<SoftwareSettings>>,
    }
}

resource! {
    /// The package of a software app. `Debug` shows no URL: one may carry a signature.
    #[serde(rename_all = "camelCase")]
    pub struct SoftwareSettings {
        /// Where it comes from.
        pub package_manager: Option<PackageManager>,
        /// The package's id. What it must be for `APPLE_CUSTOM` is not confirmed; for VPP it is the Adam id.
        pub package_id: Option<String>,
        /// The package's version.
        pub package_version: Option<String>,
        /// `INSTALL`; the case of letters varies.
        pub desired_state: Option<String>,
        /// The package's URL, or the VPP location's name.
        pub location: Option<String>,
        /// The id of the VPP location.
        pub location_object_id: Option<String>,
        /// Whether it is updated by itself.
        pub auto_update: Option<bool>,
        /// Whether the user may put an update off.
        pub allow_update_delay: Option<bool>,
        /// Free text.
        pub description: Option<String>,
        /// The kind of the package.
        pub package_kind: Option<String>,
        /// `software-package`
        pub asset_kind: Option<String>,
        /// The step in bytes at which a download is summed.
        pub asset_sha256_size: Option<Value>,
        /// One sum a step. Who computes them is not confirmed.
        pub asset_sha256_strings: Option<Value>,
        /// The bundle's identifier.
        pub bundle_id: Option<String>,
        /// The bundle's version.
        pub short_version: Option<String>,
        /// The signer's team.
        pub team_id: Option<String>,
        /// A package in JumpCloud's storage.
        pub stored_package: Option<StoredPackage>,
        /// Licences of an App Store app.
        pub apple_vpp: Option<AppleVpp>,
        /// The id in the App Catalog.
        pub app_catalog_installable_object_id: Option<String>,
        /// The app's file name.
        pub app_file_name: Option<String>,
        /// Architectures, as they came.
        pub architectures: Option<Value>,
        /// The installer's arguments.
        pub command_line_arguments: Option<String>,
        /// When it was added, RFC 3339.
        pub created_at: Option<String>,
        /// Where the package was found.
        pub download_url: Option<String>,
        /// The id of the Android enterprise.
        pub enterprise_object_id: Option<String>,
        /// The package's format.
        pub format: Option<String>,
        /// Android facts, as they came.
        pub google_android: Option<Value>,
        /// The icon's URL.
        pub icon_url: Option<String>,
        /// Microsoft Store facts, as they came.
        pub microsoft_store: Option<Value>,
        /// A second line under the name.
        pub package_subtitle: Option<String>,
        /// When the version changed, RFC 3339.
        pub package_version_updated_at: Option<String>,
        /// The scope of the installation. Its values are not published.
        pub scope: Option<String>,
        /// The id of a package in JumpCloud's storage.
        pub stored_package_object_id: Option<String>,
        /// The tool that updates it.
        pub update_tool: Option<String>,
        /// That tool's arguments.
        pub update_tool_arguments: Option<String>,
        /// When it was changed, RFC 3339.
        pub updated_at: Option<String>,
        /// Whether the URL always names the newest version; a text in some answers.
        pub versionless_download_url: Option<Value>,
    }
}

impl std::fmt::Debug for SoftwareApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SoftwareApp")
            .field("id", &self.id)
            .field("display_name", &self.display_name)
            .field("created_at", &self.created_at)
            .field("updated_at", &self.updated_at)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SoftwareSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SoftwareSettings")
            .field("package_manager", &self.package_manager)
            .field("package_id", &self.package_id)
            .field("package_version", &self.package_version)
            .finish_non_exhaustive()
    }
}

resource! {
    /// What became of a software app on a device. The values of `state` and `code` are not published. `Debug` shows no
    /// details: they can quote what was installed.
    #[serde(rename_all = "camelCase")]
    pub struct SoftwareStatus {
        /// The id.
        pub id: Option<String>,
        /// The software app's id.
        pub software_app_id: Option<String>,
        /// The system's id.
        pub system_id: Option<String>,
        /// The state, in the API's spelling.
        pub state: Option<String>,
        /// A code.
        pub code: Option<i64>,
        /// Details, for people.
        pub details: Option<String>,
        /// When, RFC 3339.
        pub timestamp: Option<String>,
        /// The installed version.
        pub version: Option<String>,
    }
}

impl std::fmt::Debug for SoftwareStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SoftwareStatus")
            .field("id", &self.id)
            .field("software_app_id", &self.software_app_id)
            .field("system_id", &self.system_id)
            .field("state", &self.state)
            .field("code", &self.code)
            .field("timestamp", &self.timestamp)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl SoftwareApp {
    /// The first package of a package manager.
    pub fn package(&self, manager: &PackageManager) -> Option<&SoftwareSettings> {
        self.settings
            .as_deref()?
            .iter()
            .find(|settings| settings.package_manager.as_ref() == Some(manager))
    }
}

fn create_request(app: &Value) -> Request {
    Request::v2(Method::POST, ["softwareapps"]).body(app.clone())
}

pub(crate) fn update_request(id: &str, app: &Value) -> Request {
    let body = json!({"displayName": app["displayName"], "settings": app["settings"]});
    Request::v2(Method::PUT, ["softwareapps", id]).body(body)
}

pub(crate) fn get_request(id: &str) -> Request {
    Request::v2(Method::GET, ["softwareapps", id])
}

impl JumpCloud {
    /// The software apps of the organisation. `GET /api/v2/softwareapps`
    pub fn software_apps(&self, options: ListOptions) -> Items<SoftwareApp> {
        self.list(ListRoute::v2(["softwareapps"]), options)
    }

    /// A software app. `GET /api/v2/softwareapps/{id}`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning.
    pub async fn software_app(&self, id: &str) -> Result<SoftwareApp, Error> {
        self.send_as(&get_request(id)).await
    }

    /// The software apps of this name. Names need not be unique.
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning.
    pub async fn software_apps_named(&self, display_name: &str) -> Result<Vec<SoftwareApp>, Error> {
        self.matching(
            "displayName",
            display_name,
            |options| self.software_apps(options),
            |app| app.display_name.as_deref(),
        )
        .await
    }

    /// Creates a software app from `{displayName, settings: […]}`. `POST /api/v2/softwareapps`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning. [`Error::is_ambiguous`] asks to look the name up before repeating it.
    pub async fn create_software_app(&self, app: &Value) -> Result<SoftwareApp, Error> {
        self.send_as(&create_request(app)).await
    }

    /// Sets name and settings of a software app from its whole JSON; `settings` must be complete.
    /// `PUT /api/v2/softwareapps/{id}`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning.
    pub async fn update_software_app(&self, id: &str, app: &Value) -> Result<(), Error> {
        self.send_unit(&update_request(id, app)).await
    }

    /// Deletes a software app. What is installed stays on the Macs. `DELETE /api/v2/softwareapps/{id}`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning.
    pub async fn delete_software_app(&self, id: &str) -> Result<(), Error> {
        self.send_unit(&Request::v2(Method::DELETE, ["softwareapps", id]))
            .await
    }

    /// What became of a software app on each device. `GET /api/v2/softwareapps/{id}/statuses`
    pub fn software_statuses(&self, app_id: &str) -> Items<SoftwareStatus> {
        self.list(
            ListRoute::v2(["softwareapps", app_id, "statuses"]),
            ListOptions::default(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::shown;

    #[test]
    fn an_update_sends_name_and_complete_settings_and_nothing_else() {
        let app = json!({"id": "a1", "createdAt": "x", "displayName": "Okta Verify",
            "settings": [{"packageId": "p", "appleVpp": null}]});
        insta::assert_snapshot!(shown(&update_request("a1", &app)), @r#"PUT /api/v2/softwareapps/a1 {"displayName":"Okta Verify","settings":[{"appleVpp":null,"packageId":"p"}]}"#);
        insta::assert_snapshot!(
            shown(&create_request(&json!({"displayName": "Okta Verify"}))),
            @r#"POST /api/v2/softwareapps {"displayName":"Okta Verify"}"#
        );
    }

    #[test]
    fn debug_shows_no_url() {
        let app: SoftwareApp = serde_json::from_value(json!({"id": "a", "uploadUrl": "canary",
            "settings": [{"location": "https://h/p.pkg?canary", "downloadUrl": "canary"}]}))
        .unwrap();
        assert!(!format!("{app:?}").contains("canary"));
        let store = json!({"appConfiguration": "canary", "details": "canary", "new": "canary"});
        let store: AppleVpp = serde_json::from_value(store).unwrap();
        assert!(!format!("{store:?}").contains("canary"));
        let status = json!({"id": "s", "details": "canary", "new": "canary"});
        let status: SoftwareStatus = serde_json::from_value(status).unwrap();
        assert!(!format!("{status:?}").contains("canary"));
    }
}

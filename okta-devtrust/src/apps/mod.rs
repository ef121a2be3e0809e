//! Apps: found by label, and put under an app sign-in policy.

mod parts;

use serde_json::{Map, Value};

pub use parts::{
    AppAccessibility, AppCredentials, AppEmbedded, AppHide, AppLicensing, AppNotes,
    AppNotifications, AppSettings, AppSigning, AppUserNameTemplate, AppVisibility,
    BookmarkSettings, ExpressConfiguration, UniversalLogout, VpnNetwork, VpnNotification,
};

use crate::{
    Error, Links, Okta, Request, Time,
    lossless::{lossless, open_enum},
};

open_enum! {
    /// The state of an app.
    AppStatus {
        Active = "ACTIVE",
        Inactive = "INACTIVE",
        Deleted = "DELETED",
    }
}

lossless! {
    /// An app (schemas `Application` and `BookmarkApplication`). What other kinds of app have beside that is in `extra`,
    /// here and in the settings; it can hold client secrets: do not print it.
    App {
        /// Its id.
        id: String,
        /// The kind of app, such as `bookmark`.
        name: Option<String>,
        /// What people see.
        label: String,
        /// Its state.
        status: Option<AppStatus>,
        /// How people sign in to it, such as `SAML_2_0`.
        sign_on_mode: Option<String>,
        /// Its Okta resource name.
        orn: Option<String>,
        /// What its provisioning can do, such as `PUSH_NEW_USERS`.
        features: Option<Vec<String>>,
        /// Which pages people are sent to.
        accessibility: Option<AppAccessibility>,
        /// Where it is shown.
        visibility: Option<AppVisibility>,
        /// How its users' names are made, and what it signs with.
        credentials: Option<AppCredentials>,
        /// Its settings.
        settings: Option<AppSettings>,
        /// How many seats it has.
        licensing: Option<AppLicensing>,
        /// What is set up with it by express configuration.
        express_configuration: Option<ExpressConfiguration>,
        /// Whether signing out of Okta signs out of it.
        universal_logout: Option<UniversalLogout>,
        /// Free-form values of the org.
        profile: Option<Map<String, Value>>,
        /// When it was made.
        created: Option<Time>,
        /// When it was last changed.
        last_updated: Option<Time>,
        /// Embedded objects.
        #[serde(rename = "_embedded")]
        embedded: Option<AppEmbedded>,
        /// Related URLs.
        #[serde(rename = "_links")]
        links: Option<Links>,
    }
}

impl App {
    /// The id of the app sign-in policy that decides for it.
    pub fn access_policy(&self) -> Option<&str> {
        self.links.as_ref()?.id("accessPolicy")
    }
}

/// `GET /api/v1/apps?q={prefix}`: apps whose name or label starts with `prefix`.
pub fn search(prefix: &str) -> Request {
    Request::get(["api", "v1", "apps"])
        .query("q", prefix)
        .query("limit", "200")
}

/// `GET /api/v1/apps/{id}`
pub fn get(id: &str) -> Request {
    Request::get(["api", "v1", "apps", id])
}

/// `PUT /api/v1/apps/{app}/policies/{policy}`: puts the app under the policy instead of the one it has.
pub fn assign_policy(app: &str, policy: &str) -> Request {
    Request::put(["api", "v1", "apps", app, "policies", policy])
}

impl Okta {
    /// The apps with exactly this label. Labels are not unique.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn apps_by_label(&self, label: &str) -> Result<Vec<App>, Error> {
        let mut apps: Vec<App> = self.list(search(label)).await?;
        apps.retain(|app| app.label == label);
        Ok(apps)
    }

    /// An app.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn app(&self, id: &str) -> Result<App, Error> {
        self.read(&get(id)).await
    }

    /// Puts an app under an app sign-in policy. The bucket is narrow: 10 a minute on a trial org.
    ///
    /// # Errors
    /// As [`Okta::send`]; [`Error::Invalid`] for Okta's own apps, whose policy cannot be changed.
    pub async fn assign_policy(&self, app: &str, policy: &str) -> Result<(), Error> {
        self.send(&assign_policy(app, policy)).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_has_no_body() {
        let request = assign_policy("0oa1", "rst1");
        assert_eq!(request.to_string(), "PUT /api/v1/apps/0oa1/policies/rst1");
        assert_eq!(request.json_body(), None);
        assert_eq!(get("0oa1").to_string(), "GET /api/v1/apps/0oa1");
    }

    #[test]
    fn a_search_asks_for_large_pages() {
        assert_eq!(
            search("Wiki & more").query_pairs(),
            [
                ("q".into(), "Wiki & more".into()),
                ("limit".into(), "200".into())
            ]
        );
    }
}

//! Bookmark apps: a link on the dashboard that people sign in for. A throw-away one proves a policy before a real app is
//! under it, a permanent one keeps a door open for the first registration of Okta Verify.

use crate::{
    Error, Okta, Request,
    apps::{App, AppNotes, AppOwnSettings, AppSettings},
    request::json_of,
};

impl App {
    /// A bookmark app that leads to `url`, with a note for administrators (schema `BookmarkApplication`).
    ///
    /// ```
    /// use okta_devtrust::{apps::App, bookmark};
    ///
    /// let request = bookmark::create(&App::bookmark("Pilot", "https://acme.okta.com", "a test"));
    /// assert_eq!(request.to_string(), "POST /api/v1/apps");
    /// assert_eq!(request.json_body().expect("a body")["settings"]["notes"]["admin"], "a test");
    /// ```
    pub fn bookmark(
        label: impl Into<String>,
        url: impl Into<String>,
        note: impl Into<String>,
    ) -> Self {
        let settings = AppSettings {
            app: Some(AppOwnSettings {
                url: Some(url.into()),
                request_integration: Some(false),
                ..AppOwnSettings::default()
            }),
            notes: Some(AppNotes {
                admin: Some(note.into()),
                ..AppNotes::default()
            }),
            ..AppSettings::default()
        };
        Self {
            name: Some("bookmark".into()),
            label: label.into(),
            sign_on_mode: Some("BOOKMARK".into()),
            settings: Some(settings),
            ..Self::default()
        }
    }

    /// The note for administrators, if there is one. What an owner made is recognised by it, since apps have no
    /// description.
    pub fn admin_note(&self) -> Option<&str> {
        self.settings.as_ref()?.notes.as_ref()?.admin.as_deref()
    }
}

/// `POST /api/v1/apps`: creates the app, active.
pub fn create(app: &App) -> Request {
    Request::post(["api", "v1", "apps"]).body(json_of(app))
}

/// `GET /api/v1/apps/{app}/groups/{group}`: whether a group is assigned to the app; 404 when it is not.
pub fn assigned_group(app: &str, group: &str) -> Request {
    Request::get(["api", "v1", "apps", app, "groups", group])
}

/// `PUT /api/v1/apps/{app}/groups/{group}`: assigns the app to a group's members.
pub fn assign_group(app: &str, group: &str) -> Request {
    Request::put(["api", "v1", "apps", app, "groups", group])
}

/// `DELETE /api/v1/apps/{app}/groups/{group}`
pub fn unassign_group(app: &str, group: &str) -> Request {
    Request::delete(["api", "v1", "apps", app, "groups", group])
}

/// `POST /api/v1/apps/{app}/lifecycle/deactivate`: where the app's link `deactivate` points. Only an inactive app can be
/// deleted.
pub fn deactivate(app: &str) -> Request {
    Request::post(["api", "v1", "apps", app, "lifecycle", "deactivate"])
}

/// `DELETE /api/v1/apps/{app}`: deletes an inactive app.
pub fn delete(app: &str) -> Request {
    Request::delete(["api", "v1", "apps", app])
}

impl Okta {
    /// Whether a group is assigned to an app.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn is_group_assigned(&self, app: &str, group: &str) -> Result<bool, Error> {
        match self.send(&assigned_group(app, group)).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_bookmark_is_created_with_link_and_note() {
        let request = create(&App::bookmark(
            "Pilot",
            "https://acme.okta.com",
            "[owner: x]",
        ));
        assert_eq!(
            request.json_body(),
            Some(&json!({
                "name": "bookmark", "label": "Pilot", "signOnMode": "BOOKMARK",
                "settings": {
                    "app": {"url": "https://acme.okta.com", "requestIntegration": false},
                    "notes": {"admin": "[owner: x]"}
                }
            }))
        );
    }

    #[test]
    fn the_note_of_any_app_is_read() {
        let app: App = serde_json::from_value(json!({
            "id": "0oa1", "label": "Pilot", "settings": {"notes": {"admin": "[owner: x]"}}}))
        .unwrap();
        assert_eq!(app.admin_note(), Some("[owner: x]"));
        assert_eq!(App::default().admin_note(), None);
    }

    #[test]
    fn paths_name_app_and_group() {
        for (request, text) in [
            (assigned_group("a", "g"), "GET /api/v1/apps/a/groups/g"),
            (assign_group("a", "g"), "PUT /api/v1/apps/a/groups/g"),
            (unassign_group("a", "g"), "DELETE /api/v1/apps/a/groups/g"),
            (deactivate("a"), "POST /api/v1/apps/a/lifecycle/deactivate"),
            (delete("a"), "DELETE /api/v1/apps/a"),
        ] {
            assert_eq!(request.to_string(), text);
        }
    }
}

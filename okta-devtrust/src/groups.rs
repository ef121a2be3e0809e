//! Groups, found by their exact name.

use std::future::ready;

use futures::{Stream, TryStreamExt as _};

use crate::{
    Error, Field, Links, Okta, Request, Time,
    lossless::{lossless, open_enum},
    users::{User, UserStatus},
};

open_enum! {
    /// How a group is kept.
    GroupType {
        OktaGroup = "OKTA_GROUP",
        AppGroup = "APP_GROUP",
        BuiltIn = "BUILT_IN",
    }
}

lossless! {
    /// A group (schema `Group`).
    Group {
        /// Its id.
        id: String,
        /// How it is kept.
        #[serde(rename = "type")]
        kind: Option<GroupType>,
        /// Its name and description.
        profile: Option<GroupProfile>,
        /// The object classes of its profile.
        object_class: Option<Vec<String>>,
        /// When it was made.
        created: Option<Time>,
        /// When it was last changed.
        last_updated: Option<Time>,
        /// When a member was last added or removed.
        last_membership_updated: Option<Time>,
        /// Counts and the source, when `expand` asked for them.
        #[serde(rename = "_embedded")]
        embedded: Option<GroupEmbedded>,
        /// Related URLs.
        #[serde(rename = "_links")]
        links: Option<Links>,
    }
}

impl Group {
    /// Its name.
    pub fn name(&self) -> &str {
        self.profile.as_ref().map_or("", |profile| &profile.name)
    }
}

lossless! {
    /// The name and description of a group (schemas `OktaUserGroupProfile` and `OktaActiveDirectoryGroupProfile`).
    /// Attributes that the org added are in `extra`.
    GroupProfile {
        /// Its name.
        name: String,
        /// Its description.
        description: Field<String>,
        /// The distinguished name in Active Directory.
        dn: Option<String>,
        /// The object's id in Active Directory, base64.
        external_id: Option<String>,
        /// The pre-Windows 2000 name in Active Directory.
        sam_account_name: Option<String>,
        /// The name with the domain before it.
        windows_domain_qualified_name: Option<String>,
    }
}

lossless! {
    /// What `expand` adds to a group.
    GroupEmbedded {
        /// Counts (`expand=stats`).
        stats: Option<GroupStats>,
        /// The app that the group comes from (`expand=app`).
        app: Option<GroupSource>,
    }
}

lossless! {
    /// Counts of a group.
    GroupStats {
        /// Members.
        users_count: Option<u64>,
        /// Apps that it is assigned to.
        apps_count: Option<u64>,
        /// Apps that it is pushed to.
        group_push_mappings_count: Option<u64>,
        /// Whether it has an admin role. Okta spells the key so.
        has_admin_privlege: Option<bool>,
    }
}

lossless! {
    /// The app that a group comes from.
    GroupSource {
        /// The app's id.
        id: Option<String>,
        /// The kind of app.
        name: Option<String>,
        /// What people see.
        label: Option<String>,
        /// How people sign in to it.
        sign_on_mode: Option<String>,
    }
}

/// `GET /api/v1/groups?q={prefix}`: groups whose name starts with `prefix`. Unlike `search` it is not served from an
/// index that lags behind.
pub fn search(prefix: &str) -> Request {
    Request::get(["api", "v1", "groups"]).query("q", prefix)
}

/// `GET /api/v1/groups/{id}`
pub fn get(id: &str) -> Request {
    Request::get(["api", "v1", "groups", id])
}

/// `GET /api/v1/groups/{id}/users?limit={limit}`
pub fn members(id: &str, limit: u32) -> Request {
    Request::get(["api", "v1", "groups", id, "users"]).query("limit", limit.to_string())
}

impl Okta {
    /// The groups with exactly this name. An imported group can share a name with one of Okta's.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn groups_by_name(&self, name: &str) -> Result<Vec<Group>, Error> {
        let mut groups: Vec<Group> = self.list(search(name)).await?;
        groups.retain(|group| group.name() == name);
        Ok(groups)
    }

    /// A group.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn group(&self, id: &str) -> Result<Group, Error> {
        self.read(&get(id)).await
    }

    /// The members of a group, page by page.
    pub fn group_members(&self, id: &str) -> impl Stream<Item = Result<User, Error>> + use<> {
        self.pages(members(id, 200))
    }

    /// Whether a group has a member who is `ACTIVE`: nobody else can sign in. Reads the list until it finds one.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn group_has_active_members(&self, id: &str) -> Result<bool, Error> {
        let members = self.group_members(id);
        let active = members.try_filter(|user| ready(user.status == Some(UserStatus::Active)));
        Ok(std::pin::pin!(active).try_next().await?.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_name_group_and_limit() {
        let request = search("macOS pilot");
        assert_eq!(request.to_string(), "GET /api/v1/groups");
        assert_eq!(request.query_pairs(), [("q".into(), "macOS pilot".into())]);
        assert_eq!(get("00g1").to_string(), "GET /api/v1/groups/00g1");
        let request = members("00g1", 1);
        assert_eq!(request.to_string(), "GET /api/v1/groups/00g1/users");
        assert_eq!(request.query_pairs(), [("limit".into(), "1".into())]);
    }
}

//! Groups, found by their exact name.

use crate::{
    Error, Links, Okta, Request, Time,
    lossless::{lossless, open_enum},
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
    /// The name and description of a group.
    GroupProfile {
        /// Its name.
        name: String,
        /// Its description.
        description: Option<String>,
    }
}

/// `GET /api/v1/groups?q={prefix}`: groups whose name starts with `prefix`. Unlike `search` it is not served from an
/// index that lags behind.
pub fn search(prefix: &str) -> Request {
    Request::get(["api", "v1", "groups"]).query("q", prefix)
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

    /// Whether a group has a member.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn group_has_members(&self, id: &str) -> Result<bool, Error> {
        let users: Vec<serde_json::Value> = self.read(&members(id, 1)).await?;
        Ok(!users.is_empty())
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
        let request = members("00g1", 1);
        assert_eq!(request.to_string(), "GET /api/v1/groups/00g1/users");
        assert_eq!(request.query_pairs(), [("limit".into(), "1".into())]);
    }
}

//! Device groups (`systemgroups`): what policies and software are bound to.

use serde_json::{Map, Value, json};

use crate::{
    Error, Items, JumpCloud, ListOptions, Method, Request,
    by_name::only,
    list::ListRoute,
    wire::{open_enum, resource},
};

open_enum! {
    /// How systems come into a device group.
    pub enum MembershipMethod {
        /// `NOTSET`
        NotSet = "NOTSET",
        /// `STATIC`: by hand
        Static = "STATIC",
        /// `DYNAMIC_REVIEW_REQUIRED`: by rule, an administrator confirms
        DynamicReviewRequired = "DYNAMIC_REVIEW_REQUIRED",
        /// `DYNAMIC_AUTOMATED`: by rule
        DynamicAutomated = "DYNAMIC_AUTOMATED",
    }
}

resource! {
    /// A device group (`/api/v2/systemgroups`).
    #[derive(Debug)]
    #[serde(rename_all = "camelCase")]
    pub struct DeviceGroup {
        /// The id.
        pub id: String or empty,
        /// The name.
        pub name: Option<String>,
        /// What it is for.
        pub description: Option<String>,
        /// A mail address.
        pub email: Option<String>,
        /// `system_group`
        #[serde(rename = "type")]
        pub kind: Option<String>,
        /// The organisation's id.
        pub organization_object_id: Option<String>,
        /// Attributes, as they came.
        pub attributes: Option<Value>,
        /// How systems come into it.
        pub membership_method: Option<MembershipMethod>,
        /// The rule of a dynamic group, as it came: its form has changed over time.
        pub member_query: Option<Value>,
        /// Systems that the rule leaves alone, as they came.
        pub member_query_exemptions: Option<Value>,
        /// Errors of the rule, as they came (`CYCLE`, `INVALID_GROUP_REFERENCE`).
        pub member_query_error_flags: Option<Value>,
        /// Whether suggestions are mailed.
        pub member_suggestions_notify: Option<bool>,
    }
}

/// A device group to create.
///
/// ```
/// use jumpcloud_mdm::NewDeviceGroup;
/// use serde_json::json;
///
/// let by_hand = NewDeviceGroup::new("macOS pilot").description("ring 1");
/// let by_rule = NewDeviceGroup::new("macOS").dynamic(json!({
///     "queryType": "FilterQuery",
///     "filters": [{"field": "os", "operator": "eq", "value": "Mac OS X"}],
/// }));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct NewDeviceGroup {
    body: Map<String, Value>,
}

impl NewDeviceGroup {
    /// A static group, empty.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            body: Map::from_iter([("name".to_owned(), json!(name.into()))]),
        }
    }

    /// Says what it is for.
    #[must_use]
    pub fn description(self, text: impl Into<String>) -> Self {
        self.set("description", json!(text.into()))
    }

    /// Lets a rule decide who is in (`DYNAMIC_AUTOMATED`).
    ///
    /// The rule is sent as it is given: its form has changed over time, the names of its fields are not published, and
    /// JumpCloud does not check them. Look at the group's members before anything is bound to it.
    #[must_use]
    pub fn dynamic(self, member_query: Value) -> Self {
        self.set(
            "membershipMethod",
            json!(MembershipMethod::DynamicAutomated),
        )
        .set("memberQuery", member_query)
    }

    /// As [`dynamic`](Self::dynamic), and an administrator confirms each change (`DYNAMIC_REVIEW_REQUIRED`).
    #[must_use]
    pub fn dynamic_with_review(self, member_query: Value) -> Self {
        let method = MembershipMethod::DynamicReviewRequired;
        self.set("membershipMethod", json!(method))
            .set("memberQuery", member_query)
    }

    /// Leaves systems alone that the rule would take: removing one by hand does not last.
    #[must_use]
    pub fn exempt(self, system_ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let systems: Vec<Value> = system_ids
            .into_iter()
            .map(|id| json!({"type": "system", "id": id.into()}))
            .collect();
        self.set("memberQueryExemptions", json!(systems))
    }

    fn set(mut self, key: &str, value: Value) -> Self {
        self.body.insert(key.to_owned(), value);
        self
    }

    fn request(&self) -> Request {
        Request::v2(Method::POST, ["systemgroups"]).body(Value::Object(self.body.clone()))
    }
}

/// A PUT replaces everything, so the whole group goes back, save what only the server sets.
fn update_request(group: &DeviceGroup) -> Request {
    let mut body = json!(group);
    if let Some(fields) = body.as_object_mut() {
        for key in [
            "id",
            "type",
            "organizationObjectId",
            "suggestionCounts",
            "memberQueryErrorFlags",
        ] {
            fields.remove(key);
        }
    }
    Request::v2(Method::PUT, ["systemgroups", group.id.as_str()]).body(body)
}

impl JumpCloud {
    /// The device groups of the organisation. `GET /api/v2/systemgroups`
    pub fn device_groups(&self, options: ListOptions) -> Items<DeviceGroup> {
        self.list(ListRoute::v2(["systemgroups"]), options)
    }

    /// The device group of this name, if there is one.
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning; [`Error::Input`] when several have the name.
    pub async fn device_group_named(&self, name: &str) -> Result<Option<DeviceGroup>, Error> {
        let found = self
            .matching(
                "name",
                name,
                |options| self.device_groups(options),
                |group| group.name.as_deref(),
            )
            .await?;
        only("device group", name, found, |group| &group.id)
    }

    /// A device group. `GET /api/v2/systemgroups/{id}`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning.
    pub async fn device_group(&self, id: &str) -> Result<DeviceGroup, Error> {
        self.send_as(&Request::v2(Method::GET, ["systemgroups", id]))
            .await
    }

    /// Creates a device group. `POST /api/v2/systemgroups`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning.
    pub async fn create_device_group(&self, group: &NewDeviceGroup) -> Result<DeviceGroup, Error> {
        self.send_as(&group.request()).await
    }

    /// Replaces a device group with `group`, which was read before: what it does not name is lost.
    /// `PUT /api/v2/systemgroups/{id}`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning.
    pub async fn update_device_group(&self, group: &DeviceGroup) -> Result<DeviceGroup, Error> {
        self.send_as(&update_request(group)).await
    }

    /// Deletes a device group: what is bound to it leaves its devices. `DELETE /api/v2/systemgroups/{id}`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning.
    pub async fn delete_device_group(&self, id: &str) -> Result<(), Error> {
        self.send_unit(&Request::v2(Method::DELETE, ["systemgroups", id]))
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_created_by_hand_or_by_rule() {
        let by_hand = NewDeviceGroup::new("macOS pilot").description("first ring");
        insta::assert_snapshot!(
            crate::test_support::shown(&by_hand.request()),
            @r#"POST /api/v2/systemgroups {"description":"first ring","name":"macOS pilot"}"#
        );
        let by_rule = NewDeviceGroup::new("macOS")
            .dynamic(json!({"filters": []}))
            .exempt(["s1"]);
        insta::assert_snapshot!(
            crate::test_support::shown(&by_rule.request()),
            @r#"POST /api/v2/systemgroups {"memberQuery":{"filters":[]},"memberQueryExemptions":[{"id":"s1","type":"system"}],"membershipMethod":"DYNAMIC_AUTOMATED","name":"macOS"}"#
        );
    }

    #[test]
    fn an_update_sends_everything_back_save_what_the_server_sets() {
        let group: DeviceGroup = serde_json::from_value(json!({
            "id": "g1", "name": "macOS", "type": "system_group", "organizationObjectId": "o", "future": [1],
            "memberQueryErrorFlags": ["CYCLE"], "suggestionCounts": {}, "membershipMethod": "STATIC",
        }))
        .unwrap();
        insta::assert_snapshot!(
            crate::test_support::shown(&update_request(&group)),
            @r#"PUT /api/v2/systemgroups/g1 {"future":[1],"membershipMethod":"STATIC","name":"macOS"}"#
        );
    }
}

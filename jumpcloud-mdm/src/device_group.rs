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
        pub id: String,
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

fn create_request(name: &str, description: Option<&str>) -> Request {
    let mut body = Map::from_iter([("name".to_owned(), json!(name))]);
    if let Some(description) = description {
        body.insert("description".to_owned(), json!(description));
    }
    Request::v2(Method::POST, ["systemgroups"]).body(Value::Object(body))
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

    /// Creates a device group, empty. `POST /api/v2/systemgroups`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning.
    pub async fn create_device_group(
        &self,
        name: &str,
        description: Option<&str>,
    ) -> Result<DeviceGroup, Error> {
        self.send_as(&create_request(name, description)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_created_by_name() {
        insta::assert_snapshot!(
            crate::test_support::shown(&create_request("macOS pilot", Some("first ring"))),
            @r#"POST /api/v2/systemgroups {"description":"first ring","name":"macOS pilot"}"#
        );
    }
}

//! Policy groups: policies that are bound together.

use serde_json::{Map, Value, json};

use crate::{
    Association, Error, Items, JumpCloud, ListOptions, Method, ObjectType, Operation, Request,
    association::operation, by_name::only, list::ListRoute, wire::resource,
};

resource! {
    /// A policy group (`/api/v2/policygroups`). It is bound by [`Bindable::PolicyGroup`](crate::Bindable::PolicyGroup).
    #[derive(Debug)]
    #[serde(rename_all = "camelCase")]
    pub struct PolicyGroup {
        /// The id.
        pub id: String,
        /// The name.
        pub name: Option<String>,
        /// What it is for.
        pub description: Option<String>,
        /// A mail address.
        pub email: Option<String>,
        /// `policy_group`
        #[serde(rename = "type")]
        pub kind: Option<String>,
        /// The organisation's id.
        pub organization_object_id: Option<String>,
        /// Attributes, as they came.
        pub attributes: Option<Value>,
    }
}

/// The published specification knows the name only; the description is accepted all the same.
fn body(name: &str, description: Option<&str>) -> Value {
    let mut body = Map::from_iter([("name".to_owned(), json!(name))]);
    if let Some(description) = description {
        body.insert("description".to_owned(), json!(description));
    }
    body.into()
}

impl JumpCloud {
    /// The policy groups of the organisation. `GET /api/v2/policygroups`
    pub fn policy_groups(&self, options: ListOptions) -> Items<PolicyGroup> {
        self.list(ListRoute::v2(["policygroups"]), options)
    }

    /// A policy group. `GET /api/v2/policygroups/{id}`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning.
    pub async fn policy_group(&self, id: &str) -> Result<PolicyGroup, Error> {
        self.send_as(&Request::v2(Method::GET, ["policygroups", id]))
            .await
    }

    /// The policy group of this name, if there is one.
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning; [`Error::Input`] when several have the name.
    pub async fn policy_group_named(&self, name: &str) -> Result<Option<PolicyGroup>, Error> {
        let found = self
            .matching(
                "name",
                name,
                |options| self.policy_groups(options),
                |group| group.name.as_deref(),
            )
            .await?;
        only("policy group", name, found, |group| &group.id)
    }

    /// Creates a policy group, empty. `POST /api/v2/policygroups`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning.
    pub async fn create_policy_group(
        &self,
        name: &str,
        description: Option<&str>,
    ) -> Result<PolicyGroup, Error> {
        let request = Request::v2(Method::POST, ["policygroups"]).body(body(name, description));
        self.send_as(&request).await
    }

    /// Sets name and description of a policy group. `PUT /api/v2/policygroups/{id}`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning.
    pub async fn update_policy_group(
        &self,
        id: &str,
        name: &str,
        description: Option<&str>,
    ) -> Result<PolicyGroup, Error> {
        let request = Request::v2(Method::PUT, ["policygroups", id]).body(body(name, description));
        self.send_as(&request).await
    }

    /// Deletes a policy group: its policies leave the devices that they were bound to through it.
    /// `DELETE /api/v2/policygroups/{id}`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning.
    pub async fn delete_policy_group(&self, id: &str) -> Result<(), Error> {
        self.send_unit(&Request::v2(Method::DELETE, ["policygroups", id]))
            .await
    }

    /// The policies in a policy group. `GET /api/v2/policygroups/{id}/members`
    pub fn policy_group_members(&self, group_id: &str) -> Items<Association> {
        let route = ListRoute::v2(["policygroups", group_id, "members"]).unsorted();
        self.list(route, ListOptions::default())
    }

    /// Puts a policy into a policy group, or takes it out. `POST /api/v2/policygroups/{id}/members`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning; 409 when it is in already, 404 when it is not in.
    pub async fn change_policy_group_member(
        &self,
        group_id: &str,
        op: Operation,
        policy_id: &str,
    ) -> Result<(), Error> {
        let segments = ["policygroups", group_id, "members"];
        self.send_unit(&operation(segments, op, &ObjectType::Policy, policy_id))
            .await
    }
}

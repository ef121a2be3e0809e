//! Edges between objects: what a policy or a software app is bound to, and who is in a group.

use serde_json::{Value, json};

use crate::{
    Error, Items, JumpCloud, ListOptions, Method, Request,
    list::ListRoute,
    wire::{Absent, open_enum, resource},
};

open_enum! {
    /// The kind of an object in the graph. It has grown since the published specification.
    pub enum ObjectType {
        /// `system`, a device
        System = "system",
        /// `system_group`, a device group
        SystemGroup = "system_group",
        /// `policy`
        Policy = "policy",
        /// `policy_group`
        PolicyGroup = "policy_group",
        /// `software_app`
        SoftwareApp = "software_app",
        /// `user`
        User = "user",
        /// `user_group`
        UserGroup = "user_group",
    }
}

resource! {
    /// An object in the graph (`GraphObject`).
    #[derive(Debug)]
    pub struct GraphObject {
        /// The id.
        pub id: String,
        /// The kind.
        #[serde(rename = "type")]
        pub kind: ObjectType,
        /// Attributes of the edge, as they came.
        pub attributes: Option<Value>,
    }
}

resource! {
    /// A direct edge (`GraphConnection`).
    #[derive(Debug)]
    pub struct Association {
        /// Where it leads.
        pub to: GraphObject,
        /// Where it begins.
        pub from: Option<GraphObject>,
        /// Its attributes, as they came.
        pub attributes: Option<Value>,
    }
}

resource! {
    /// An object reached over one or more edges (`GraphObjectWithPaths`).
    #[derive(Debug)]
    #[serde(rename_all = "camelCase")]
    pub struct Reached {
        /// The id.
        pub id: String,
        /// The kind.
        #[serde(rename = "type")]
        pub kind: ObjectType,
        /// Attributes compiled over the paths, as they came.
        pub compiled_attributes: Option<Value>,
        /// The paths, as they came.
        pub paths: Option<Value>,
        /// The id elsewhere.
        pub external_id: Option<String>,
        /// The state of a synchronisation, as it came.
        pub sync_status: Option<Value>,
    }
}

impl Absent for GraphObject {}
impl Absent for ObjectType {}

/// What can be bound to devices and device groups from its own side. A device group takes no software app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bindable {
    /// A policy's id.
    Policy(String),
    /// A policy group's id.
    PolicyGroup(String),
    /// A software app's id.
    SoftwareApp(String),
}

impl Bindable {
    fn segments(&self) -> [&str; 3] {
        match self {
            Self::Policy(id) => ["policies", id, "associations"],
            Self::PolicyGroup(id) => ["policygroups", id, "associations"],
            Self::SoftwareApp(id) => ["softwareapps", id, "associations"],
        }
    }
}

/// Whether an edge is added or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Adds the edge.
    Add,
    /// Removes the edge; a profile leaves the device at once.
    Remove,
}

impl Operation {
    fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
        }
    }
}

pub(crate) fn operation<const N: usize>(
    segments: [&str; N],
    op: Operation,
    kind: &ObjectType,
    id: &str,
) -> Request {
    Request::v2(Method::POST, segments)
        .body(json!({"op": op.as_str(), "type": kind.as_str(), "id": id}))
}

fn associations(from: &Bindable, targets: &ObjectType) -> ListRoute {
    ListRoute::v2(from.segments())
        .unsorted()
        .query("targets", targets.as_str())
}

impl JumpCloud {
    /// The objects of one kind that something is directly bound to.
    /// `GET /api/v2/{policies|policygroups|softwareapps}/{id}/associations?targets=…`
    pub fn associations(&self, from: &Bindable, targets: &ObjectType) -> Items<Association> {
        self.list(associations(from, targets), ListOptions::default())
    }

    /// Binds to an object, or unbinds from it. `POST /api/v2/{policies|policygroups|softwareapps}/{id}/associations`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning. Adding what is there and removing what is not there may be answered 409
    /// and 404: read the associations again to tell.
    pub async fn associate(
        &self,
        from: &Bindable,
        op: Operation,
        kind: &ObjectType,
        id: &str,
    ) -> Result<(), Error> {
        self.send_unit(&operation(from.segments(), op, kind, id))
            .await
    }

    /// The systems put into a device group directly. `GET /api/v2/systemgroups/{id}/members`
    pub fn device_group_members(&self, group_id: &str) -> Items<Association> {
        let route = ListRoute::v2(["systemgroups", group_id, "members"]).unsorted();
        self.list(route, ListOptions::default())
    }

    /// The systems that are in a device group in effect, by rule too. `GET /api/v2/systemgroups/{id}/membership`
    pub fn device_group_membership(&self, group_id: &str) -> Items<Reached> {
        self.list(
            ListRoute::v2(["systemgroups", group_id, "membership"]),
            ListOptions::default(),
        )
    }

    /// Puts a system into a device group, or takes it out. `POST /api/v2/systemgroups/{id}/members`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning; 409 when it is in already, 404 when it is not in.
    pub async fn change_device_group_member(
        &self,
        group_id: &str,
        op: Operation,
        system_id: &str,
    ) -> Result<(), Error> {
        let segments = ["systemgroups", group_id, "members"];
        self.send_unit(&operation(segments, op, &ObjectType::System, system_id))
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::shown;

    #[test]
    fn policies_and_software_are_bound_from_their_own_side() {
        let group = ObjectType::SystemGroup;
        let app = Bindable::SoftwareApp("a1".into());
        insta::assert_snapshot!(
            shown(&operation(app.segments(), Operation::Add, &group, "g1")),
            @r#"POST /api/v2/softwareapps/a1/associations {"id":"g1","op":"add","type":"system_group"}"#
        );
        let policy = Bindable::Policy("p1".into());
        insta::assert_snapshot!(
            shown(&operation(policy.segments(), Operation::Remove, &group, "g1")),
            @r#"POST /api/v2/policies/p1/associations {"id":"g1","op":"remove","type":"system_group"}"#
        );
        insta::assert_snapshot!(
            shown(&associations(&policy, &group).page(&ListOptions::default(), 0)),
            @"GET /api/v2/policies/p1/associations?targets=system_group&limit=100&skip=0"
        );
    }

    #[test]
    fn a_kind_that_is_not_known_keeps_its_spelling() {
        let json = json!({"id": "x", "type": "office_365"});
        let object: GraphObject = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(object.kind, ObjectType::Other("office_365".into()));
        assert_eq!(serde_json::to_value(&object).unwrap(), json);
    }
}

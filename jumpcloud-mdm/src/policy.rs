//! Policies: a template with values. A PUT replaces all values, so they are kept as they came.

use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::{
    Error, Items, JumpCloud, ListOptions, Method, PolicyTemplate, Request,
    by_name::only,
    list::ListRoute,
    policy_template::ConfigField,
    wire::{Extra, resource},
};

resource! {
    /// A policy (`/api/v2/policies`). Lists give id, name and template only; [`JumpCloud::policy`] gives all.
    ///
    /// `Debug` shows no value: a profile's challenge stands in one, in clear.
    #[serde(rename_all = "camelCase")]
    pub struct Policy {
        /// The id.
        pub id: String,
        /// The name, unique in the organisation.
        pub name: Option<String>,
        /// Free text.
        pub notes: Option<String>,
        /// The template.
        pub template: Option<PolicyTemplate>,
        /// The template's fields.
        pub config_fields: Option<Vec<ConfigField>>,
        /// The values.
        pub values: Option<Vec<PolicyValue>>,
    }
}

resource! {
    /// The value of one config field. `Debug` does not show it.
    pub struct PolicyValue {
        /// The config field's id.
        #[serde(rename = "configFieldID")]
        pub config_field_id: Option<String>,
        /// The config field's name.
        #[serde(rename = "configFieldName")]
        pub config_field_name: Option<String>,
        /// The value: any JSON, whatever the specification says (`bool`, rows of a table). A `null` that is there is
        /// `Some(Value::Null)`, and is sent again.
        #[serde(default, deserialize_with = "present")]
        pub value: Option<Value>,
        /// Whether it is marked secret. What that does to reading is not confirmed.
        pub sensitive: Option<bool>,
    }
}

/// Reads a value that is there: `null` is one, since a PUT that leaves it out would take it away.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("id", &self.id)
            .field("name", &self.name)
            .field(
                "template",
                &self.template.as_ref().map(|template| &template.id),
            )
            .field("values", &self.values)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PolicyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyValue")
            .field("config_field_id", &self.config_field_id)
            .field("config_field_name", &self.config_field_name)
            .field("value", &"[redacted]")
            .finish_non_exhaustive()
    }
}

impl PolicyValue {
    /// A value for a config field, not marked secret.
    pub fn new(field: &ConfigField, value: impl Into<Value>) -> Self {
        Self {
            config_field_id: Some(field.id.clone()),
            config_field_name: Some(field.name.clone()),
            value: Some(value.into()),
            sensitive: None,
            extra: Extra::new(),
        }
    }

    /// Whether this is the value of the config field of this id, or of this name where the id is absent.
    pub fn is_for(&self, field_id: &str, field_name: &str) -> bool {
        match &self.config_field_id {
            Some(id) => id == field_id,
            None => self.config_field_name.as_deref() == Some(field_name),
        }
    }
}

/// A policy to create. `Debug` shows no value.
#[derive(Debug, Clone, PartialEq)]
pub struct NewPolicy {
    /// The name, unique in the organisation.
    pub name: String,
    /// The template's id.
    pub template_id: String,
    /// The values.
    pub values: Vec<PolicyValue>,
    /// Free text.
    pub notes: Option<String>,
}

/// What a policy is set to. All of it replaces what is there: give every value. `Debug` shows no value.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyUpdate {
    /// The name.
    pub name: String,
    /// The values, all of them.
    pub values: Vec<PolicyValue>,
    /// Free text.
    pub notes: Option<String>,
}

fn create_request(policy: &NewPolicy) -> Request {
    let mut body = json!({
        "name": policy.name,
        "template": {"id": policy.template_id},
        "values": policy.values,
    });
    if let Some(notes) = &policy.notes {
        body["notes"] = json!(notes);
    }
    Request::v2(Method::POST, ["policies"]).body(body)
}

fn update_request(id: &str, update: &PolicyUpdate) -> Request {
    let mut body = json!({"name": update.name, "values": update.values});
    if let Some(notes) = &update.notes {
        body["notes"] = json!(notes);
    }
    Request::v2(Method::PUT, ["policies", id]).body(body)
}

impl JumpCloud {
    /// The policies of the organisation, without values. `GET /api/v2/policies`
    pub fn policies(&self, options: ListOptions) -> Items<Policy> {
        self.list(ListRoute::v2(["policies"]), options)
    }

    /// A policy with its values: a custom profile comes back in clear, its challenge with it.
    /// `GET /api/v2/policies/{id}`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning.
    pub async fn policy(&self, id: &str) -> Result<Policy, Error> {
        self.send_as(&Request::v2(Method::GET, ["policies", id]))
            .await
    }

    /// The policy of this name with its values, if there is one.
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning; [`Error::Input`] when several have the name.
    pub async fn policy_named(&self, name: &str) -> Result<Option<Policy>, Error> {
        let found = self
            .matching(
                "name",
                name,
                |options| self.policies(options),
                |policy| policy.name.as_deref(),
            )
            .await?;
        match only("policy", name, found, |policy| &policy.id)? {
            Some(policy) => self.policy(&policy.id).await.map(Some),
            None => Ok(None),
        }
    }

    /// Creates a policy. `POST /api/v2/policies`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning. [`Error::is_ambiguous`] asks to look the name up before repeating it.
    pub async fn create_policy(&self, policy: &NewPolicy) -> Result<Policy, Error> {
        self.send_as(&create_request(policy)).await
    }

    /// Replaces a policy's name, notes and values. On Macs a custom profile is installed again, and a SCEP payload
    /// in it costs each of them a new certificate: do it only when something changed. `PUT /api/v2/policies/{id}`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning.
    pub async fn update_policy(&self, id: &str, update: &PolicyUpdate) -> Result<(), Error> {
        self.send_unit(&update_request(id, update)).await
    }

    /// Deletes a policy, and with it the profile from the Macs. `DELETE /api/v2/policies/{id}`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning.
    pub async fn delete_policy(&self, id: &str) -> Result<(), Error> {
        self.send_unit(&Request::v2(Method::DELETE, ["policies", id]))
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::shown;

    fn values() -> Vec<PolicyValue> {
        let field: ConfigField =
            serde_json::from_value(json!({"id": "f1", "name": "payload"})).unwrap();
        vec![PolicyValue::new(&field, "QUJD")]
    }

    #[test]
    fn a_policy_is_created_with_its_template_and_updated_without() {
        let new = NewPolicy {
            name: "Okta device trust".into(),
            template_id: "t1".into(),
            values: values(),
            notes: Some("n".into()),
        };
        insta::assert_snapshot!(shown(&create_request(&new)), @r#"POST /api/v2/policies {"name":"Okta device trust","notes":"n","template":{"id":"t1"},"values":[{"configFieldID":"f1","configFieldName":"payload","value":"QUJD"}]}"#);
        let update = PolicyUpdate {
            name: new.name,
            values: new.values,
            notes: None,
        };
        insta::assert_snapshot!(shown(&update_request("p1", &update)), @r#"PUT /api/v2/policies/p1 {"name":"Okta device trust","values":[{"configFieldID":"f1","configFieldName":"payload","value":"QUJD"}]}"#);
    }

    #[test]
    fn debug_shows_no_value_of_a_policy() {
        let mut policy: Policy =
            serde_json::from_value(json!({"id": "p", "surprise": "canary"})).unwrap();
        policy.values = Some(vec![PolicyValue {
            value: Some(json!("canary")),
            ..values().remove(0)
        }]);
        assert!(!format!("{policy:?}").contains("canary"));
    }
}

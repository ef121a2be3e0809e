//! What a stored policy says, in the terms of the deployment: the decoded profile, the re-apply switch, the rest.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde_json::{Value, json};

use super::{DigestKey, PolicyMark, Provenance, Template};
use crate::{Policy, PolicyValue};

pub(crate) const PAYLOAD: &str = "payload";
pub(crate) const REDISPATCH: &str = "redispatchPolicy";

/// The console and old scripts differ in padding; what was stored is read either way.
pub(crate) const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A policy's values, read.
pub(crate) struct Stored<'a> {
    policy: &'a Policy,
    template: &'a Template,
}

impl<'a> Stored<'a> {
    pub(crate) fn new(policy: &'a Policy, template: &'a Template) -> Self {
        Self { policy, template }
    }

    fn values(&self) -> &'a [PolicyValue] {
        self.policy.values.as_deref().unwrap_or_default()
    }

    fn value(&self, id: &str, name: &str) -> Option<&'a Value> {
        self.values()
            .iter()
            .find(|value| value.is_for(id, name))?
            .value
            .as_ref()
    }

    /// The profile; `None` when the value is missing, masked or no base64.
    pub(crate) fn profile(&self) -> Option<Vec<u8>> {
        let text = self
            .value(&self.template.payload_field, PAYLOAD)?
            .as_str()?;
        let text: String = text.split_ascii_whitespace().collect();
        LENIENT.decode(text).ok().filter(|bytes| !bytes.is_empty())
    }

    /// Whether the stored profile means the same as `xml`; `None` when it cannot be read back. Bytes that are no profile
    /// are readable, and not the same.
    pub(crate) fn same_profile(&self, xml: &[u8]) -> Option<bool> {
        Some(mobileconfig::semantic_eq(self.profile()?, xml).unwrap_or(false))
    }

    /// The re-apply switch; `None` when it has no value.
    pub(crate) fn redispatch(&self) -> Option<bool> {
        let field = self.template.redispatch_field.as_deref()?;
        match self.value(field, REDISPATCH)? {
            Value::Bool(value) => Some(*value),
            Value::String(text) => text.to_ascii_lowercase().parse().ok(),
            _ => None,
        }
    }

    pub(crate) fn provenance(&self) -> Option<Provenance> {
        Provenance::read(self.policy.notes.as_deref()?)
    }

    /// Whether it is what `origin` tells of: the notes say so, and the profile that is stored, where it can be read, has
    /// the digest that they name. The digest does not cover the challenge.
    pub(crate) fn is_of(&self, origin: &Provenance) -> bool {
        self.provenance().as_ref() == Some(origin)
            && self.profile().is_none_or(|bytes| {
                mobileconfig::Profile::from_bytes(&bytes).is_ok_and(|profile| {
                    Provenance::new(&origin.owner, &profile).digest == origin.digest
                })
            })
    }

    /// All values with the profile and the switch set, others kept as they are.
    pub(crate) fn values_with(&self, xml: &[u8], redispatch: Option<bool>) -> Vec<PolicyValue> {
        let mut values = self.values().to_vec();
        for new in values_for(self.template, xml, redispatch) {
            let id = new.config_field_id.as_deref().unwrap_or_default();
            let name = new.config_field_name.as_deref().unwrap_or_default();
            match values.iter_mut().find(|value| value.is_for(id, name)) {
                Some(old) => old.value = new.value,
                None => values.push(new),
            }
        }
        values
    }

    /// What the plan remembers of it, to notice a change.
    pub(crate) fn mark(&self, key: &DigestKey) -> PolicyMark {
        let others: Vec<&PolicyValue> = self
            .values()
            .iter()
            .filter(|value| {
                !value.is_for(&self.template.payload_field, PAYLOAD)
                    && !self
                        .template
                        .redispatch_field
                        .as_deref()
                        .is_some_and(|id| value.is_for(id, REDISPATCH))
            })
            .collect();
        let payload = self.value(&self.template.payload_field, PAYLOAD);
        PolicyMark {
            name: self.policy.name.clone().unwrap_or_default(),
            profile: key.digest(payload.unwrap_or(&Value::Null).to_string().as_bytes()),
            redispatch: self.redispatch(),
            notes: key.digest(self.policy.notes.as_deref().unwrap_or_default().as_bytes()),
            other_values: key.digest(json!(others).to_string().as_bytes()),
        }
    }
}

/// The values of a new policy: the profile as base64 of its XML, the switch only where the template lists it.
pub(crate) fn values_for(
    template: &Template,
    xml: &[u8],
    redispatch: Option<bool>,
) -> Vec<PolicyValue> {
    let value = |id: &str, name: &str, value: Value| PolicyValue {
        config_field_id: Some(id.to_owned()),
        config_field_name: Some(name.to_owned()),
        value: Some(value),
        sensitive: Some(false),
        extra: crate::Extra::new(),
    };
    let encoded = base64::engine::general_purpose::STANDARD.encode(xml);
    let mut values = vec![value(&template.payload_field, PAYLOAD, encoded.into())];
    if let (Some(field), Some(redispatch)) = (&template.redispatch_field, redispatch) {
        values.push(value(field, REDISPATCH, redispatch.into()));
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::PROFILE;

    fn template() -> Template {
        Template::new("t", "f1").redispatch_field("f2")
    }

    fn policy(values: &Value) -> Policy {
        serde_json::from_value(json!({"id": "p", "name": "n", "values": values})).unwrap()
    }

    #[test]
    fn the_switch_is_written_only_where_the_template_lists_it() {
        let names = |template: &Template| -> Vec<String> {
            values_for(template, b"x", Some(false))
                .into_iter()
                .filter_map(|value| value.config_field_name)
                .collect()
        };
        assert_eq!(names(&template()), [PAYLOAD, REDISPATCH]);
        assert_eq!(names(&Template::new("t", "f1")), [PAYLOAD]);
    }

    #[test]
    fn values_of_other_fields_survive_an_update() {
        let policy = policy(&json!([
            {"configFieldID": "f9", "configFieldName": "future", "value": [1, null], "x": 1},
            {"configFieldID": "f8", "configFieldName": "cleared", "value": null},
            {"configFieldID": "f7", "configFieldName": "without"},
            {"configFieldID": "f1", "configFieldName": "payload", "value": "QQ==", "sensitive": true},
        ]));
        let template = template();
        let values = Stored::new(&policy, &template).values_with(b"B", Some(false));
        insta::assert_snapshot!(json!(values), @r#"[{"configFieldID":"f9","configFieldName":"future","value":[1,null],"x":1},{"configFieldID":"f8","configFieldName":"cleared","value":null},{"configFieldID":"f7","configFieldName":"without"},{"configFieldID":"f1","configFieldName":"payload","sensitive":true,"value":"Qg=="},{"configFieldID":"f2","configFieldName":"redispatchPolicy","sensitive":false,"value":false}]"#);
    }

    #[test]
    fn a_stored_profile_is_compared_by_meaning_and_a_masked_one_is_unknown() {
        let template = template();
        let same = |xml: &str| {
            let encoded = base64::engine::general_purpose::STANDARD.encode(xml);
            let policy = policy(&json!([{"configFieldID": "f1", "value": encoded}]));
            Stored::new(&policy, &template).same_profile(PROFILE.as_bytes())
        };
        assert_eq!(same(&PROFILE.replace('\t', "  ")), Some(true));
        assert_eq!(
            same(&PROFILE.replace("canary-challenge", "other")),
            Some(false)
        );
        assert_eq!(same("cut of"), Some(false));
        for masked in [json!("********"), json!(null), json!("")] {
            let policy = policy(&json!([{"configFieldID": "f1", "value": masked}]));
            assert_eq!(
                Stored::new(&policy, &template).same_profile(PROFILE.as_bytes()),
                None
            );
        }
    }
}

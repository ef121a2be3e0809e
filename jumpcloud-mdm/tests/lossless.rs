//! Decoding and encoding loses nothing: neither fields nor enum values that this version does not know.
#![allow(clippy::unwrap_used)]

use jumpcloud_mdm::{
    AppleMdm, AppleMdmDevice, Association, ConfigField, DeviceGroup, InsightsApp,
    InsightsCertificate, Organization, Policy, PolicyResult, PolicyTemplate, Reached, SoftwareApp,
    SoftwareStatus, System,
};
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

fn same<T: Serialize + DeserializeOwned>(json: &Value) {
    let decoded: T = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(&serde_json::to_value(decoded).unwrap(), json);
}

/// Any JSON without the keys that resources know, none of which ends in a low line.
fn unknown() -> impl Strategy<Value = Map<String, Value>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    prop::collection::btree_map("_[a-z0-9]{2,6}_", value, 0..6)
        .prop_map(|map| map.into_iter().collect())
}

fn with(mut known: Value, unknown: &Map<String, Value>) -> Value {
    known.as_object_mut().unwrap().extend(unknown.clone());
    known
}

proptest! {
    #[test]
    fn unknown_fields_and_values_ride_along(extra in unknown(), word in "[a-zA-Z_ ]{1,12}", value in "\\PC{0,12}") {
        same::<Policy>(&with(json!({"id": "p", "name": value, "notes": value,
            "template": with(json!({"id": "t", "osMetaFamily": word}), &extra),
            "configFields": [with(json!({"id": "f", "name": "payload", "defaultValue": extra.clone()}), &extra)],
            "values": [with(json!({"configFieldID": "f", "configFieldName": "payload", "value": extra.clone(),
                "sensitive": false}), &extra), {"configFieldID": "g", "value": null}]}), &extra));
        same::<PolicyTemplate>(&with(json!({"id": "t", "deliveryTypes": [word], "osRestrictions": [extra.clone()]}), &extra));
        same::<ConfigField>(&with(json!({"id": "f", "name": value, "position": 1.5, "displayType": word}), &extra));
        same::<PolicyResult>(&with(json!({"id": "r", "policyID": "p", "systemID": "s", "state": word, "success": true,
            "exitStatus": u32::MAX, "detail": value}), &extra));
        same::<DeviceGroup>(&with(json!({"id": "g", "name": value, "type": "system_group", "membershipMethod": word,
            "memberQuery": extra.clone(), "attributes": extra.clone()}), &extra));
        same::<Association>(&with(json!({"to": with(json!({"id": "g", "type": word}), &extra),
            "from": {"id": "p", "type": "policy"}, "attributes": extra.clone()}), &extra));
        same::<Reached>(&with(json!({"id": "s", "type": word, "paths": [[{"attributes": extra.clone()}]]}), &extra));
        same::<System>(&with(json!({"_id": "s", "displayName": value,
            "mdm": with(json!({"vendor": word, "enrollmentType": word, "internal": extra.clone()}), &extra),
            "systemInsights": with(json!({"state": word}), &extra)}), &extra));
        same::<AppleMdm>(&with(json!({"id": "m", "apnsPushTopic": value, "depServerTokenState": word}), &extra));
        same::<AppleMdmDevice>(&with(json!({"id": "d", "serialNumber": value, "securityInfo": {}}), &extra));
        same::<SoftwareApp>(&with(json!({"id": "a", "displayName": value, "settings": [
            with(json!({"packageManager": word, "desiredState": word, "assetSha256Size": 3,
                "appleVpp": extra.clone()}), &extra)]}), &extra));
        same::<SoftwareStatus>(&with(json!({"id": "x", "state": word, "code": -3, "details": value}), &extra));
        same::<InsightsCertificate>(&with(json!({"issuer": value, "ca": 1, "not_valid_after": word}), &extra));
        same::<InsightsApp>(&with(json!({"bundle_identifier": word, "last_opened_time": 1556688963.50383}), &extra));
        same::<Organization>(&with(json!({"_id": "o", "displayName": value}), &extra));
    }
}

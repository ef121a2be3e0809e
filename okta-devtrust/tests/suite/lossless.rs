//! Decoding and encoding lose nothing, whatever Okta adds.
use okta_devtrust::{
    logs::LogEvent,
    policies::{Policy, Rule},
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("x[a-z]{1,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Unknown fields: their names start with `x`, which no known field of Okta's does.
fn unknown() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map("x[A-Za-z]{1,8}", any_json(), 0..4)
        .prop_map(|map| map.into_iter().collect())
}

/// Adds unknown fields to every object in a value, the outermost first.
fn strew(value: &mut Value, fields: &mut impl Iterator<Item = Map<String, Value>>) {
    match value {
        Value::Object(map) => {
            for value in map.values_mut() {
                strew(value, fields);
            }
            map.extend(fields.next().unwrap_or_default());
        }
        Value::Array(items) => items.iter_mut().for_each(|item| strew(item, fields)),
        _ => {}
    }
}

fn rule() -> Value {
    let mut rule = serde_json::to_value(&crate::support::applied().access[0].rules[1]).unwrap();
    rule["conditions"]["device"]["managed"] = json!(false);
    rule["actions"]["appSignOn"]["access"] = json!("STEP_UP");
    rule["created"] = Value::Null;
    rule["lastUpdated"] = json!("2026-11-24T12:00:00.000Z");
    rule["_links"] = json!({"self": {"href": "https://acme.okta.com/r", "hints": {"allow": ["GET", "PUT"]}},
                            "logo": [{"href": "a", "name": "b", "type": "image/png"}], "odd": 7});
    rule
}

fn policy() -> Value {
    json!({
        "id": "00p1", "type": "MFA_ENROLL", "name": "P", "description": "", "priority": 1, "status": "STAGED",
        "system": false, "created": "2026-01-01T00:00:00.000Z", "lastUpdated": null,
        "conditions": {"people": {"groups": {"include": ["00g1"], "exclude": []}}},
        "settings": {"type": "AUTHENTICATORS", "authenticators": [
            {"key": "okta_verify", "enroll": {"self": "SOMETIMES",
             "gracePeriod": {"type": "BY_SKIP_COUNT", "skipCount": 3}}, "constraints": null}]},
        "_embedded": {"resourceType": "APP"}
    })
}

fn event() -> Value {
    json!({
        "uuid": "u1", "eventType": "policy.evaluate_sign_on", "published": "2026-11-24T12:00:00.123Z",
        "severity": "INFO", "outcome": {"result": "ALLOW", "reason": "r"},
        "actor": {"id": "00u1", "type": "User", "alternateId": "a@b.example", "detailEntry": {"a": 1}},
        "target": [{"id": "rul1", "type": "Rule", "detailEntry": {"policyRuleFactorMode": "2FA"}}],
        "device": {"id": "guo1", "os_platform": "OSX", "managed": false, "device_integrator": {"x": [1]}},
        "client": {"userAgent": {"os": "Mac OS X"}, "zone": "null"}, "securityContext": {"isProxy": false}
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn rules_come_back_as_they_were(fields in prop::collection::vec(unknown(), 0..24)) {
        let mut before = rule();
        strew(&mut before, &mut fields.into_iter());
        let decoded: Rule = serde_json::from_value(before.clone()).unwrap();
        prop_assert_eq!(serde_json::to_value(&decoded).unwrap(), before);
    }

    #[test]
    fn policies_come_back_as_they_were(fields in prop::collection::vec(unknown(), 0..16)) {
        let mut before = policy();
        strew(&mut before, &mut fields.into_iter());
        let decoded: Policy = serde_json::from_value(before.clone()).unwrap();
        prop_assert_eq!(serde_json::to_value(&decoded).unwrap(), before);
    }

    #[test]
    fn events_come_back_as_they_were(fields in prop::collection::vec(unknown(), 0..16)) {
        let mut before = event();
        strew(&mut before, &mut fields.into_iter());
        let decoded: LogEvent = serde_json::from_value(before.clone()).unwrap();
        prop_assert_eq!(serde_json::to_value(&decoded).unwrap(), before);
    }
}

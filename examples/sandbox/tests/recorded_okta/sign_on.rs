//! Global session and enrolment policies.

use serde_json::json;

use crate::org::{Org, id};

#[tokio::test]
async fn a_session_rule_without_primary_factor_gets_any_factor() {
    let org = Org::fresh().await;
    let policy = org
        .post(
            "/api/v1/policies",
            json!({"type": "OKTA_SIGN_ON", "name": "FastPass first"}),
        )
        .await;
    let path = format!("/api/v1/policies/{}/rules", id(&policy.body));
    let rule = json!({"type": "SIGN_ON", "name": "Any factor", "actions": {"signon": {"access": "ALLOW"}}});
    let rule = org.post(&path, rule).await.body;
    let sign_on = &rule["actions"]["signon"];
    assert_eq!(sign_on["primaryFactor"], "PASSWORD_IDP_ANY_FACTOR");
    assert_eq!(sign_on["requireFactor"], false);
    assert_eq!(sign_on["session"]["maxSessionIdleMinutes"], 120);
    assert_eq!(rule["priority"], 1);
}

#[tokio::test]
async fn a_legacy_policy_without_a_group_is_for_everyone() {
    let org = Org::fresh().await;
    let policy = org
        .post(
            "/api/v1/policies",
            json!({"type": "OKTA_SIGN_ON", "name": "FastPass first"}),
        )
        .await;
    let everyone = org.group("Everyone").await;
    assert_eq!(
        policy.body["conditions"]["people"]["groups"]["include"],
        json!([everyone])
    );
}

#[tokio::test]
async fn legacy_priorities_are_contiguous_and_the_default_stays_last() {
    let org = Org::fresh().await;
    let path = "/api/v1/policies?type=OKTA_SIGN_ON";
    for (name, priority) in [("first", 1), ("other", 7)] {
        let body = json!({"type": "OKTA_SIGN_ON", "name": name, "priority": priority});
        org.post("/api/v1/policies", body).await;
    }
    let policies = org.get(path).await.body;
    let seen: Vec<(&str, i64)> = policies
        .as_array()
        .unwrap()
        .iter()
        .map(|policy| {
            (
                policy["name"].as_str().unwrap(),
                policy["priority"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(seen, [("first", 1), ("other", 2), ("Default Policy", 3)]);
}

#[tokio::test]
async fn the_default_session_policy_allows_get_and_put_only() {
    let org = Org::fresh().await;
    let default = org
        .find(
            "/api/v1/policies?type=OKTA_SIGN_ON",
            "name",
            "Default Policy",
        )
        .await;
    assert_eq!(default["system"], true);
    assert_eq!(
        default["_links"]["self"]["hints"]["allow"],
        json!(["GET", "PUT"])
    );
}

#[tokio::test]
async fn an_enrolment_policy_lists_all_other_authenticators_as_not_allowed() {
    let org = Org::fresh().await;
    let sent = json!({
        "type": "MFA_ENROLL", "name": "Okta Verify",
        "settings": {"type": "AUTHENTICATORS", "authenticators": [
            {"key": "okta_verify", "enroll": {"self": "OPTIONAL"}, "constraints": null}]},
    });
    let policy = org.post("/api/v1/policies", sent).await.body;
    let listed = policy["settings"]["authenticators"].as_array().unwrap();
    assert_eq!(listed.len(), 5);
    for entry in listed {
        let expected = if entry["key"] == "okta_verify" {
            "OPTIONAL"
        } else {
            "NOT_ALLOWED"
        };
        assert_eq!(entry["enroll"]["self"], expected, "{entry}");
    }
}

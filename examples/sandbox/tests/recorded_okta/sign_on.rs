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

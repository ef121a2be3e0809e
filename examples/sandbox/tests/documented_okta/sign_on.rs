//! Global session policies.

use serde_json::json;

use crate::org::Org;

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

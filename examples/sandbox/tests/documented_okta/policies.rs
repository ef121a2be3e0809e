//! App sign-in policies: what guides, specification and provider issues say.

use serde_json::{Value, json};

use crate::org::{Org, id, managed_rule};

#[tokio::test]
async fn simulate_answers_the_object_of_oktas_guide() {
    let org = Org::fresh().await;
    let group = org.group("macOS pilot users").await;
    let policy = org.access_policy("Device trust").await;
    let rules = format!("/api/v1/policies/{}/rules", id(&policy));
    let managed = id(&org.post(&rules, managed_rule(&group)).await.body);
    let catch_all = id(&org.find(&rules, "name", "Catch-all Rule").await);
    let app = org.app("Payroll").await;
    org.put_nothing(&format!("/api/v1/apps/{app}/policies/{}", id(&policy)))
        .await;
    let simulate = async |device: Value| {
        let body = json!({"appInstance": app, "policyTypes": ["ACCESS_POLICY"],
            "policyContext": {"groups": {"ids": [group]}, "device": device}});
        let answer = org
            .post(
                "/api/v1/policies/simulate?expand=EVALUATED&expand=RULE",
                body,
            )
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["evaluation"][0]["result"]["policies"][0]["rules"][0]["id"].clone()
    };
    let mac = |registered: bool, managed: bool| json!({"platform": "MACOS", "registered": registered, "managed": managed});
    assert_eq!(simulate(mac(true, true)).await, managed);
    assert_eq!(simulate(mac(true, false)).await, catch_all);
    assert_eq!(simulate(mac(false, false)).await, catch_all);
}

#[tokio::test]
async fn simulate_names_a_group_that_is_not_assigned() {
    let org = Org::fresh().await;
    let (app, group) = (
        org.app("Payroll").await,
        org.group("Break glass admins").await,
    );
    let body = json!({"appInstance": app, "policyContext": {"groups": {"ids": [group]}}});
    let answer = org.post("/api/v1/policies/simulate", body).await;
    answer.assert_error(400, "E0000001");
    let text =
        format!("Access to Payroll is not allowed. {group} is not assigned to this application.");
    assert_eq!(answer.causes(), [text]);
}

#[tokio::test]
async fn only_the_actions_of_a_catch_all_change() {
    let org = Org::fresh().await;
    let policy = id(&org.access_policy("Device trust").await);
    let path = format!("/api/v1/policies/{policy}/rules");
    let mut rule = org.get(&path).await.body[0].clone();
    rule["actions"]["appSignOn"]["access"] = json!("DENY");
    rule["conditions"] = json!({"device": {"registered": true}});
    rule["name"] = json!("Renamed");
    let path = format!("{path}/{}", id(&rule));
    let answer = org.put(&path, rule).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["actions"]["appSignOn"]["access"], "DENY");
    assert_eq!(answer.body["conditions"], Value::Null);
    assert_eq!(answer.body["name"], "Catch-all Rule");
    assert_eq!(org.delete(&path).await.status, 403);
    assert_eq!(
        org.act(&format!("{path}/lifecycle/deactivate"))
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn a_rule_is_staged_by_the_parameter_and_not_by_its_status() {
    let org = Org::fresh().await;
    let policy = id(&org.access_policy("Device trust").await);
    let path = format!("/api/v1/policies/{policy}/rules");
    let mut rule = managed_rule("00g1");
    rule["status"] = json!("INACTIVE");
    assert_eq!(org.post(&path, rule.clone()).await.body["status"], "ACTIVE");
    let staged = org.post(&format!("{path}?activate=false"), rule).await.body;
    assert_eq!(staged["status"], "INACTIVE");
    let path = format!("{path}/{}", id(&staged));
    assert_eq!(
        org.act(&format!("{path}/lifecycle/activate")).await.status,
        204
    );
    assert_eq!(org.get(&path).await.body["status"], "ACTIVE");
}

#[tokio::test]
async fn a_taken_priority_pushes_the_holder_down() {
    let org = Org::fresh().await;
    let policy = id(&org.access_policy("Device trust").await);
    let path = format!("/api/v1/policies/{policy}/rules");
    let first = org.post(&path, managed_rule("00g1")).await.body;
    let second = org.post(&path, managed_rule("00g2")).await.body;
    assert_eq!(second["priority"], 0);
    assert_eq!(
        org.get(&format!("{path}/{}", id(&first))).await.body["priority"],
        1
    );
}

#[tokio::test]
async fn deleting_a_policy_loosens_its_apps_to_the_default() {
    let org = Org::fresh().await;
    let policy = id(&org.access_policy("Device trust").await);
    let app = org.app("Payroll").await;
    org.put_nothing(&format!("/api/v1/apps/{app}/policies/{policy}"))
        .await;
    assert_eq!(
        org.delete(&format!("/api/v1/policies/{policy}"))
            .await
            .status,
        204
    );
    let path = "/api/v1/policies?type=ACCESS_POLICY";
    let default = id(&org.find(path, "name", "Any two factors").await);
    let app = org.get(&format!("/api/v1/apps/{app}")).await.body;
    assert!(
        app["_links"]["accessPolicy"]["href"]
            .as_str()
            .unwrap()
            .ends_with(&default)
    );
}

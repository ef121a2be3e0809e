//! App sign-in policies, their rules, assignment, simulation.

use serde_json::{Value, json};

use crate::org::{Org, id, managed_rule};

fn allows(link: &Value) -> Vec<&str> {
    link["hints"]["allow"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m.as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn simulate_refuses_the_array_that_every_sdk_sends() {
    let org = Org::fresh().await;
    let (app, user) = (org.app("Payroll").await, org.user(crate::org::ADA).await);
    let context = json!({"user": {"id": user}});
    let body =
        json!([{"appInstance": app, "policyContext": context, "policyTypes": ["OKTA_SIGN_ON"]}]);
    let answer = org.post("/api/v1/policies/simulate", body).await;
    answer.assert_error(400, "E0000003");
    assert_eq!(
        answer.body["errorSummary"],
        "The request body was not well-formed."
    );
}

#[tokio::test]
async fn a_first_party_policy_cannot_be_reassigned() {
    let org = Org::fresh().await;
    let policy = org.access_policy("Device trust").await;
    let console = org.app("Okta Admin Console").await;
    let answer = org
        .put_nothing(&format!("/api/v1/apps/{console}/policies/{}", id(&policy)))
        .await;
    answer.assert_error(400, "E0000001");
    let text = "This policy belongs to \"Okta Admin Console\", and re-assignment of this policy is not allowed";
    assert_eq!(answer.causes(), [text]);
}

#[tokio::test]
async fn the_account_management_policy_cannot_be_put_on_an_app() {
    let org = Org::fresh().await;
    let policy = org
        .find(
            "/api/v1/policies?type=ACCESS_POLICY",
            "name",
            "Okta Account Management Policy",
        )
        .await;
    assert_eq!(
        policy["_embedded"]["resourceType"],
        "END_USER_ACCOUNT_MANAGEMENT"
    );
    let app = org.app("Payroll").await;
    let answer = org
        .put_nothing(&format!("/api/v1/apps/{app}/policies/{}", id(&policy)))
        .await;
    answer.assert_error(400, "E0000001");
}

#[tokio::test]
async fn assigning_answers_204_and_shows_in_the_apps_link() {
    let org = Org::fresh().await;
    let policy = id(&org.access_policy("Device trust").await);
    let app = org.app("Payroll").await;
    let answer = org
        .put_nothing(&format!("/api/v1/apps/{app}/policies/{policy}"))
        .await;
    assert_eq!((answer.status.as_u16(), answer.body), (204, Value::Null));
    let app = org.get(&format!("/api/v1/apps/{app}")).await.body;
    let href = app["_links"]["accessPolicy"]["href"].as_str().unwrap();
    assert!(href.ends_with(&format!("/policies/{policy}")), "{href}");
}

#[tokio::test]
async fn mappings_are_empty_until_an_app_is_assigned() {
    let org = Org::fresh().await;
    let policy = id(&org.access_policy("Device trust").await);
    let path = format!("/api/v1/policies/{policy}/mappings");
    assert_eq!(org.get(&path).await.body, json!([]));
    let app = org.app("Wiki").await;
    org.put_nothing(&format!("/api/v1/apps/{app}/policies/{policy}"))
        .await;
    let mappings = org.get(&path).await.body;
    let link = mappings[0]["_links"]["application"]["href"]
        .as_str()
        .unwrap();
    assert!(link.ends_with(&app));
}

#[tokio::test]
async fn posting_a_mapping_is_refused_although_the_hints_offer_it() {
    let org = Org::fresh().await;
    let policy = org.access_policy("Device trust").await;
    assert!(allows(&policy["_links"]["mappings"]).contains(&"POST"));
    let path = format!("/api/v1/policies/{}/mappings", id(&policy));
    let body = json!({"resourceId": "0oa1", "resourceType": "APP"});
    let answer = org.post(&path, body).await;
    answer.assert_error(400, "E0000001");
    assert_eq!(
        answer.causes(),
        ["Policy mappings are no longer supported on this endpoint."]
    );
}

#[tokio::test]
async fn the_policy_list_comes_back_whole_with_only_a_self_link() {
    let org = Org::fresh().await;
    for n in 0..62 {
        org.access_policy(&format!("Policy {n}")).await;
    }
    let answer = org.get("/api/v1/policies?type=ACCESS_POLICY").await;
    assert_eq!(answer.body.as_array().unwrap().len(), 66);
    let relations: Vec<String> = answer.links().into_iter().map(|(rel, _)| rel).collect();
    assert_eq!(relations, ["self"]);
}

#[tokio::test]
async fn creating_an_access_policy_answers_with_the_recorded_links() {
    let org = Org::fresh().await;
    let policy = org.access_policy("Device trust").await;
    assert!(id(&policy).starts_with("rst"));
    assert_eq!(policy["priority"], 1);
    assert_eq!(policy["system"], false);
    assert_eq!(policy["conditions"], Value::Null);
    assert_eq!(policy["_embedded"]["resourceType"], "APP");
    let links: Vec<&String> = policy["_links"].as_object().unwrap().keys().collect();
    assert_eq!(links, ["deactivate", "mappings", "rules", "self"]);
}

#[tokio::test]
async fn the_system_default_has_self_and_rules_links_only() {
    let org = Org::fresh().await;
    let path = "/api/v1/policies?type=ACCESS_POLICY";
    let default = org.find(path, "name", "Any two factors").await;
    assert_eq!(default["system"], true);
    let links: Vec<&String> = default["_links"].as_object().unwrap().keys().collect();
    assert_eq!(links, ["rules", "self"]);
}

#[tokio::test]
async fn every_access_policy_is_born_with_an_open_catch_all_at_99() {
    let org = Org::fresh().await;
    let policy = id(&org.access_policy("Device trust").await);
    let rules = org
        .get(&format!("/api/v1/policies/{policy}/rules"))
        .await
        .body;
    let rule = &rules[0];
    assert_eq!(rules.as_array().unwrap().len(), 1);
    assert_eq!(rule["name"], "Catch-all Rule");
    assert_eq!(rule["system"], true);
    assert_eq!(rule["priority"], 99);
    assert_eq!(rule["conditions"], Value::Null);
    assert_eq!(allows(&rule["_links"]["self"]), ["GET", "PUT"]);
    assert_eq!(
        rule["actions"]["appSignOn"],
        json!({
            "access": "ALLOW",
            "verificationMethod": {"factorMode": "2FA", "type": "ASSURANCE", "reauthenticateIn": "PT12H"},
            "keepMeSignedIn": {"postAuth": "NOT_ALLOWED"},
        })
    );
}

#[tokio::test]
async fn okta_adds_defaults_to_a_rule_and_drops_null_expressions() {
    let org = Org::fresh().await;
    let policy = id(&org.access_policy("Device trust").await);
    let answer = org
        .post(
            &format!("/api/v1/policies/{policy}/rules"),
            managed_rule("00g1"),
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let conditions = &answer.body["conditions"];
    assert_eq!(conditions["people"]["users"]["exclude"], json!([]));
    assert_eq!(
        conditions["userType"],
        json!({"include": [], "exclude": []})
    );
    assert_eq!(conditions["riskScore"]["level"], "ANY");
    assert_eq!(
        conditions["platform"],
        json!({"include": [{"type": "DESKTOP", "os": {"type": "MACOS"}}], "exclude": []})
    );
    let sign_on = &answer.body["actions"]["appSignOn"];
    assert_eq!(sign_on["keepMeSignedIn"]["postAuth"], "NOT_ALLOWED");
    let possession = &sign_on["verificationMethod"]["constraints"][0]["possession"];
    assert_eq!(possession["required"], true);
}

#[tokio::test]
async fn a_deny_rule_gets_a_reauthentication_time_and_an_empty_platform_is_dropped() {
    let org = Org::fresh().await;
    let policy = id(&org.access_policy("Device trust").await);
    let rule = json!({"type": "ACCESS_POLICY", "name": "No", "conditions": {"platform": {"include": []}},
        "actions": {"appSignOn": {"access": "DENY", "verificationMethod": {"type": "ASSURANCE", "factorMode": "1FA"}}}});
    let answer = org
        .post(&format!("/api/v1/policies/{policy}/rules"), rule)
        .await;
    let method = &answer.body["actions"]["appSignOn"]["verificationMethod"];
    assert_eq!(method["reauthenticateIn"], "PT12H");
    assert!(answer.body["conditions"].get("platform").is_none());
}

#[tokio::test]
async fn a_cloned_policy_is_named_so_and_has_no_creation_date() {
    let org = Org::fresh().await;
    let policy = id(&org.access_policy("Device trust").await);
    let rules = format!("/api/v1/policies/{policy}/rules");
    org.post(&rules, managed_rule("00g1")).await;
    let answer = org.act(&format!("/api/v1/policies/{policy}/clone")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["name"], "[cloned] Device trust");
    assert_eq!(answer.body["created"], Value::Null);
    assert_ne!(id(&answer.body), policy);
    let rules = org
        .get(&format!("/api/v1/policies/{}/rules", id(&answer.body)))
        .await
        .body;
    assert_eq!(rules.as_array().unwrap().len(), 2);
}

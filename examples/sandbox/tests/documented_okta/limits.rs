//! Error shapes and headers.

use reqwest::Method;

use crate::org::{Org, id};

#[tokio::test]
async fn a_wrong_or_missing_token_is_refused() {
    let org = Org::fresh().await;
    let path = "/api/v1/policies?type=ACCESS_POLICY";
    Org::send(org.bare(Method::GET, path))
        .await
        .assert_error(401, "E0000011");
    let wrong = org
        .bare(Method::GET, path)
        .header("authorization", "SSWS 00wrong");
    let answer = Org::send(wrong).await;
    answer.assert_error(401, "E0000011");
    assert_eq!(answer.body["errorSummary"], "Invalid token provided");
}

#[tokio::test]
async fn a_wrong_method_is_405_and_an_unknown_path_404() {
    let org = Org::fresh().await;
    org.delete("/api/v1/logs")
        .await
        .assert_error(405, "E0000022");
    org.get("/api/v1/nothing")
        .await
        .assert_error(404, "E0000007");
}

#[tokio::test]
async fn every_answer_has_its_own_request_id() {
    let org = Org::fresh().await;
    let path = "/api/v1/groups";
    let (one, two) = (org.get(path).await, org.get(path).await);
    assert_ne!(
        one.header("x-okta-request-id"),
        two.header("x-okta-request-id")
    );
}

#[tokio::test]
async fn the_org_says_that_it_is_identity_engine_without_a_token() {
    let org = Org::fresh().await;
    let answer = Org::send(org.bare(Method::GET, "/.well-known/okta-organization")).await;
    assert_eq!(answer.body["pipeline"], "idx");
    assert!(answer.body["id"].as_str().unwrap().starts_with("00o"));
}

#[tokio::test]
async fn a_post_that_says_nothing_about_its_length_is_411() {
    let org = Org::fresh().await;
    let policy = id(&org.access_policy("Device trust").await);
    let path = format!("/api/v1/policies/{policy}/lifecycle/deactivate");
    // reqwest sends no Content-Length without a body.
    assert_eq!(
        Org::send(org.request(Method::POST, &path)).await.status,
        411
    );
    assert_eq!(org.act(&path).await.status, 204);
}

#[tokio::test]
async fn a_body_that_is_not_said_to_be_json_is_refused() {
    let org = Org::fresh().await;
    let request = org.request(Method::POST, "/api/v1/policies").body("{}");
    Org::send(request).await.assert_error(400, "E0000021");
}

#[tokio::test]
async fn a_group_is_found_by_a_search_on_its_name() {
    let org = Org::fresh().await;
    let path = "/api/v1/groups?search=profile.name%20eq%20%22Break%20glass%20admins%22";
    let found = org.get(path).await.body;
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["profile"]["name"], "Break glass admins");
    org.get("/api/v1/groups?search=profile.name")
        .await
        .assert_error(400, "E0000031");
}

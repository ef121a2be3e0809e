//! Rate limits, error shapes, request ids.

use device_trust_sandbox::{Options, RateLimits};
use reqwest::Method;
use serde_json::json;

use crate::org::{Org, id};

#[tokio::test]
async fn the_eleventh_assignment_in_a_minute_gets_the_recorded_429() {
    let org = Org::with(Options {
        rate_limits: RateLimits::integrator(),
        ..Options::default()
    })
    .await;
    let policy = id(&org.access_policy("Device trust").await);
    // One of the ten goes to the list that finds the app.
    let app = org.app("Payroll").await;
    let path = format!("/api/v1/apps/{app}/policies/{policy}");
    for used in 1..10 {
        let answer = org.put_nothing(&path).await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("x-rate-limit-limit"), "10");
        assert_eq!(
            answer.header("x-rate-limit-remaining"),
            (9 - used).to_string()
        );
    }
    let answer = org.put_nothing(&path).await;
    answer.assert_error(429, "E0000047");
    let text = "API call exceeded rate limit due to too many requests.";
    assert_eq!(answer.body["errorSummary"], text);
    assert_eq!(answer.body["errorCauses"], json!([]));
    assert_eq!(answer.header("x-rate-limit-limit"), "10");
    assert_eq!(answer.header("x-rate-limit-remaining"), "0");
    assert!(answer.header("x-rate-limit-reset").parse::<i64>().unwrap() > 1_700_000_000);
    assert!(answer.headers.get("retry-after").is_none());
    // Another bucket is untouched.
    assert_eq!(org.get(&format!("/api/v1/apps/{app}")).await.status, 200);
}

#[tokio::test]
async fn each_route_has_the_limit_that_was_recorded_for_it() {
    let org = Org::with(Options {
        rate_limits: RateLimits::integrator(),
        ..Options::default()
    })
    .await;
    let policy = id(&org.access_policy("Device trust").await);
    let app = org.app("Payroll").await;
    let limit = async |method: Method, path: String| {
        let answer = match method {
            Method::GET => org.get(&path).await,
            _ => org.post(&path, json!({})).await,
        };
        answer.header("x-rate-limit-limit").to_owned()
    };
    for (method, path, expected) in [
        (
            Method::GET,
            "/api/v1/policies?type=MFA_ENROLL".to_owned(),
            "50",
        ),
        (Method::POST, "/api/v1/policies/simulate".to_owned(), "50"),
        (
            Method::GET,
            format!("/api/v1/policies/{policy}/mappings"),
            "50",
        ),
        (
            Method::POST,
            format!("/api/v1/policies/{policy}/clone"),
            "50",
        ),
        (Method::GET, "/api/v1/authenticators".to_owned(), "50"),
        (Method::GET, "/api/v1/devices".to_owned(), "50"),
        (Method::GET, "/api/v1/devices/guo1/users".to_owned(), "300"),
        (Method::GET, "/api/v1/device-assurances".to_owned(), "50"),
        (Method::GET, "/api/v1/apps".to_owned(), "10"),
        (Method::POST, "/api/v1/apps".to_owned(), "10"),
        (
            Method::POST,
            format!("/api/v1/apps/{app}/lifecycle/deactivate"),
            "10",
        ),
        (Method::GET, format!("/api/v1/apps/{app}"), "50"),
        (Method::POST, "/oauth2/v1/token".to_owned(), "150"),
    ] {
        assert_eq!(
            limit(method.clone(), path.clone()).await,
            expected,
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn a_missing_feature_is_401_without_rate_limit_headers() {
    let org = Org::fresh().await;
    let answer = org.get("/api/v1/device-posture-checks").await;
    answer.assert_error(401, "E0000015");
    assert!(
        answer
            .headers
            .keys()
            .all(|name| !name.as_str().starts_with("x-rate-limit"))
    );
}

#[tokio::test]
async fn pages_come_with_separate_link_headers() {
    let org = Org::fresh().await;
    let first = org.get("/api/v1/apps?limit=3").await;
    let relations: Vec<String> = first.links().into_iter().map(|(rel, _)| rel).collect();
    assert_eq!(relations, ["self", "next"]);
    let next = first.link("next").unwrap();
    assert!(next.starts_with(org.sandbox.okta_url()), "{next}");
    let second = org.get(&next).await;
    assert_eq!(second.body.as_array().unwrap().len(), 1);
    assert_eq!(second.link("next"), None);
}

#[tokio::test]
async fn an_integrator_org_has_the_recorded_limits() {
    let org = Org::with(Options {
        rate_limits: RateLimits::integrator(),
        ..Options::default()
    })
    .await;
    for (path, limit) in [
        ("/api/v1/policies?type=ACCESS_POLICY", "50"),
        ("/api/v1/policies/rst1/mappings", "50"),
        ("/api/v1/authenticators", "50"),
        ("/api/v1/devices", "50"),
        ("/api/v1/devices/guo1/users", "300"),
        ("/api/v1/device-assurances", "50"),
        ("/api/v1/apps", "10"),
        ("/api/v1/apps/0oa1", "50"),
    ] {
        assert_eq!(
            org.get(path).await.header("x-rate-limit-limit"),
            limit,
            "{path}"
        );
    }
    let token = org
        .bare(Method::POST, "/oauth2/v1/token")
        .form(&[("grant_type", "none")]);
    assert_eq!(Org::send(token).await.header("x-rate-limit-limit"), "150");
}

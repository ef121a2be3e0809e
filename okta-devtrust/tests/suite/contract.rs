//! What only canned answers can show: pages, links away from the org, errors, odd bodies. What each call sends, and what
//! its answer becomes, is in the contract suite across the crates, which the sandbox keeps as well.
use std::time::Duration;

use crate::support::org::{TOKEN, okta_error};
use futures::TryStreamExt as _;
use okta_devtrust::{Error, Okta, Request, Retry, logs::LogQuery, policies::PolicyType, ssws};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, header, header_exists, method, path, query_param},
};

/// A server that names a request which no other mock takes, and a client of it.
async fn org() -> (MockServer, Okta) {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(|request: &wiremock::Request| {
            let text = format!("unmatched: {} {}", request.method, request.url);
            okta_error(400, "UNMATCHED", &text)
        })
        .with_priority(255)
        .mount(&server)
        .await;
    let okta = client(&server, 3);
    (server, okta)
}

fn client(server: &MockServer, max_attempts: u32) -> Okta {
    let retry = Retry {
        max_attempts,
        base: Duration::from_millis(1),
        ..Retry::default()
    };
    let token = TOKEN.to_owned().into();
    Okta::with(&server.uri(), ssws(&token).unwrap(), retry).unwrap()
}

fn ok(body: impl serde::Serialize) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// An answer to one route, with the token checked.
fn on(verb: &str, route: &str) -> wiremock::MockBuilder {
    Mock::given(method(verb))
        .and(path(route))
        .and(header("authorization", format!("SSWS {TOKEN}").as_str()))
        .and(header("accept", "application/json"))
        .and(header_exists("user-agent"))
}

#[tokio::test]
async fn the_log_is_followed_by_its_links_through_an_empty_page() {
    let (server, okta) = org().await;
    let next = |after: &str| format!("<{}/api/v1/logs?after={after}>; rel=\"next\"", server.uri());
    let page = |events: Value| ok(events).insert_header("link", "<x>; rel=\"self\"");
    on("GET", "/api/v1/logs")
        .and(query_param("since", "2026-11-24T12:00:00.000Z"))
        .and(query_param("until", "2026-11-24T13:00:00.000Z"))
        .respond_with(page(json!([{"uuid": "1"}])).append_header("link", next("a").as_str()))
        .mount(&server)
        .await;
    on("GET", "/api/v1/logs")
        .and(query_param("after", "a"))
        .respond_with(page(json!([])).append_header("link", next("b").as_str()))
        .mount(&server)
        .await;
    on("GET", "/api/v1/logs")
        .and(query_param("after", "b"))
        .respond_with(page(json!([{"uuid": "2"}])).append_header("link", next("b").as_str()))
        .mount(&server)
        .await;
    let at = |text: &str| text.parse().unwrap();
    let query = LogQuery::between(at("2026-11-24T12:00:00Z"), at("2026-11-24T13:00:00Z"));
    let events: Vec<String> = okta
        .logs(&query)
        .map_ok(|event| event.uuid)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(events, ["1", "2"]);
}

#[tokio::test]
async fn any_list_is_streamed_page_by_page_and_none_without_its_id() {
    let (server, okta) = org().await;
    let next = format!("<{}/api/v1/zones?after=z1>; rel=\"next\"", server.uri());
    on("GET", "/api/v1/zones")
        .and(query_param("limit", "1"))
        .respond_with(ok(json!([{"id": "z1"}])).insert_header("link", next.as_str()))
        .expect(1)
        .mount(&server)
        .await;
    on("GET", "/api/v1/zones")
        .and(query_param("after", "z1"))
        .respond_with(ok(json!([{"id": "z2"}])))
        .expect(1)
        .mount(&server)
        .await;
    let zones = okta.pages::<Value>(Request::get(["api", "v1", "zones"]).query("limit", "1"));
    let zones: Vec<Value> = zones.try_collect().await.unwrap();
    assert_eq!(zones, [json!({"id": "z1"}), json!({"id": "z2"})]);

    let before = server.received_requests().await.unwrap().len();
    let nobody: Result<Vec<_>, _> = okta.group_members("").try_collect().await;
    assert!(matches!(nobody, Err(Error::Setup { .. })), "{nobody:?}");
    assert_eq!(server.received_requests().await.unwrap().len(), before);
}

#[tokio::test]
async fn a_link_away_from_the_org_gets_no_token() {
    let (server, okta) = org().await;
    on("GET", "/api/v1/policies")
        .respond_with(ok(json!([])).insert_header("link", "<https://evil.example/x>; rel=\"next\""))
        .mount(&server)
        .await;
    let error = okta.policies(&PolicyType::MfaEnroll).await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    assert!(error.to_string().contains("evil.example"));
}

#[tokio::test]
async fn a_429_waits_as_asked_and_names_the_first_request() {
    let (server, okta) = org().await;
    let limited = okta_error(429, "E0000047", "API call exceeded rate limit")
        .insert_header("retry-after", "0")
        .insert_header("x-rate-limit-remaining", "0");
    on("PUT", "/api/v1/apps/0oa1/policies/rst1")
        .respond_with(limited)
        .up_to_n_times(1)
        .mount(&server)
        .await;
    on("PUT", "/api/v1/apps/0oa1/policies/rst1")
        .and(header("x-okta-retry-for", "req-err"))
        .and(header("x-okta-retry-count", "1"))
        .respond_with(ResponseTemplate::new(204))
        .mount(&server)
        .await;
    okta.assign_policy("0oa1", "rst1").await.unwrap();
}

#[tokio::test]
async fn an_empty_id_does_not_address_the_whole_list() {
    let (_server, okta) = org().await;
    let error = okta.policy("").await.unwrap_err();
    assert!(matches!(error, Error::Setup { .. }), "{error}");
}

#[tokio::test]
async fn the_way_to_other_routes_has_the_same_token_and_errors() {
    let (server, okta) = org().await;
    on("GET", "/api/v1/device-assurances")
        .respond_with(ok(json!([{"id": "dae1"}])).insert_header("x-okta-request-id", "r1"))
        .mount(&server)
        .await;
    let request = Request::get(["api", "v1", "device-assurances"]);
    let response = okta.send(&request).await.unwrap();
    assert_eq!(
        (response.status(), response.request_id()),
        (200, Some("r1"))
    );
    assert_eq!(response.json::<Value>().unwrap()[0]["id"], "dae1");

    let request = Request::get(["api", "v1", "nowhere"]);
    let error = okta.send(&request).await.unwrap_err();
    assert!(error.to_string().contains("unmatched: GET"), "{error}");
}

#[tokio::test]
async fn every_error_says_which_request_it_was_and_what_to_do() {
    let server = MockServer::start().await;
    let okta = client(&server, 1);
    let cases = [
        (400, "E0000001", "Invalid"),
        (401, "E0000011", "Unauthorized"),
        (401, "E0000015", "FeatureDisabled"),
        (403, "E0000006", "Forbidden"),
        (403, "E0000148", "Conflict"),
        (404, "E0000007", "NotFound"),
        (409, "E0000157", "Conflict"),
        (429, "E0000047", "RateLimited"),
        (500, "E0000009", "Unavailable"),
        (503, "", "Ambiguous"),
        (302, "", "Unexpected"),
    ];
    let mut texts = Vec::new();
    for (status, code, variant) in cases {
        server.reset().await;
        let answer = okta_error(status, code, "the summary").insert_header("retry-after", "600");
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let error = okta.activate_policy("rst1").await.unwrap_err();
        let name = match &error {
            Error::Invalid { .. } => "Invalid",
            Error::Unauthorized { .. } => "Unauthorized",
            Error::FeatureDisabled { .. } => "FeatureDisabled",
            Error::Forbidden { .. } => "Forbidden",
            Error::Conflict { .. } => "Conflict",
            Error::NotFound { .. } => "NotFound",
            Error::RateLimited { until, .. } => {
                assert!(*until > jiff::Timestamp::now());
                "RateLimited"
            }
            Error::Unavailable { .. } => "Unavailable",
            Error::Ambiguous { .. } => "Ambiguous",
            Error::Unexpected { .. } => "Unexpected",
            other => panic!("{other}"),
        };
        assert_eq!(name, variant, "{status} {code}");
        let text = error.to_string();
        assert!(text.contains("request id req-err"), "{text}");
        assert!(text.contains(&error.mend()), "{text}");
        assert_eq!(error.context().unwrap().status, Some(status));
        texts.push(match name {
            "RateLimited" => "(the time varies)".to_owned(),
            _ => format!("{variant}: {text}"),
        });
    }
    insta::assert_snapshot!(texts.join("\n"));
}

#[tokio::test]
async fn a_body_of_another_shape_is_named_by_its_path_and_not_quoted() {
    let (server, okta) = org().await;
    on("GET", "/api/v1/policies/rst1")
        .respond_with(
            ok(json!({"id": "rst1", "conditions": {"people": {"groups": "canary"}}}))
                .insert_header("x-okta-request-id", "req9"),
        )
        .mount(&server)
        .await;
    let error = okta.policy("rst1").await.unwrap_err();
    let Error::Decode { path, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(path, "conditions.people.groups");
    let text = error.to_string();
    assert!(
        text.contains("request id req9") && text.contains(&error.mend()),
        "{text}"
    );
    assert!(!text.contains("canary"));
}

#[tokio::test]
async fn the_token_is_never_shown() {
    let (server, okta) = org().await;
    let mut shown = format!("{okta:?}");
    for status in [400, 401, 403, 500] {
        on("GET", "/api/v1/policies/rst1")
            .respond_with(okta_error(status, "E0", "s"))
            .up_to_n_times(1)
            .mount(&server)
            .await;
        let error = okta.policy("rst1").await.unwrap_err();
        shown += &format!("{error} {error:?} {}", error.mend());
    }
    let nowhere = Okta::ssws("https://127.0.0.1:1", &TOKEN.to_owned().into()).unwrap();
    shown += &format!("{nowhere:?}");
    let bad = Okta::ssws("http://acme.okta.com", &TOKEN.to_owned().into()).unwrap_err();
    shown += &format!("{bad} {bad:?}");
    let broken = Okta::ssws("https://acme.okta.com", &format!("{TOKEN}\nx").into()).unwrap_err();
    shown += &format!("{broken} {broken:?}");
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn a_url_or_token_that_cannot_work_is_said_before_anything_is_sent() {
    let token = TOKEN.to_owned().into();
    for url in [
        "http://acme.okta.com",
        "acme.okta.com",
        "https://acme.okta.com/?x=1",
    ] {
        let error = Okta::ssws(url, &token).unwrap_err();
        assert!(matches!(error, Error::Setup { .. }));
        assert!(error.to_string().contains(&error.mend()));
    }
    assert!(Okta::ssws("https://acme.okta.com", &String::new().into()).is_err());
}

//! What goes over the wire, and what its answers become.
use std::time::Duration;

use crate::support::org::{TOKEN, okta_error};
use futures::TryStreamExt as _;
use okta_devtrust::{
    Error, Okta, Request, Retry,
    assurances::DeviceAssurance,
    authenticators::MethodType,
    devices,
    logs::LogQuery,
    policies::{Policy, PolicyType, Rule, RuleType},
    simulate::{Outcome, SimulatedDevice, Simulation},
    ssws,
};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, body_json, header, header_exists, method, path, query_param},
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
async fn policies_and_rules_go_to_their_routes() {
    let (server, okta) = org().await;
    let policy =
        json!({"type": "ACCESS_POLICY", "name": "P", "status": "ACTIVE", "conditions": null});
    on("GET", "/api/v1/policies")
        .and(query_param("type", "ACCESS_POLICY"))
        .respond_with(ok(json!([{"id": "rst1", "name": "P"}])))
        .mount(&server)
        .await;
    on("POST", "/api/v1/policies")
        .and(body_json(&policy))
        .respond_with(ok(
            json!({"id": "rst1", "name": "P", "type": "ACCESS_POLICY"}),
        ))
        .mount(&server)
        .await;
    on("PUT", "/api/v1/policies/rst1/rules/rul1")
        .and(body_json(
            json!({"type": "ACCESS_POLICY", "name": "R", "priority": 0}),
        ))
        .respond_with(ok(json!({"id": "rul1", "name": "R"})))
        .mount(&server)
        .await;
    on(
        "POST",
        "/api/v1/policies/rst1/rules/rul1/lifecycle/activate",
    )
    .and(header("content-length", "0"))
    .respond_with(ResponseTemplate::new(204))
    .mount(&server)
    .await;

    let kind = PolicyType::AccessPolicy;
    assert_eq!(okta.policies(&kind).await.unwrap()[0].id, "rst1");
    let policy: Policy = serde_json::from_value(policy).unwrap();
    assert_eq!(okta.create_policy(&policy).await.unwrap().id, "rst1");
    let mut rule = Rule::new(RuleType::AccessPolicy, "R");
    rule.id = "rul1".into();
    rule.priority = 0.into();
    assert_eq!(
        okta.replace_rule("rst1", "rul1", &rule).await.unwrap().id,
        "rul1"
    );
    okta.activate_rule("rst1", "rul1").await.unwrap();
}

#[tokio::test]
async fn authenticators_apps_groups_and_devices_go_to_their_routes() {
    let (server, okta) = org().await;
    on(
        "POST",
        "/api/v1/authenticators/aut1/methods/signed_nonce/lifecycle/activate",
    )
    .and(header("content-length", "0"))
    .respond_with(ok(json!({"type": "signed_nonce", "status": "ACTIVE"})))
    .mount(&server)
    .await;
    on("PUT", "/api/v1/apps/0oa1/policies/rst1")
        .and(header("content-length", "0"))
        .respond_with(ResponseTemplate::new(204))
        .mount(&server)
        .await;
    on("GET", "/api/v1/groups")
        .and(query_param("q", "Macs"))
        .respond_with(ok(json!([
            {"id": "00g2", "profile": {"name": "Macs of old"}},
            {"id": "00g1", "profile": {"name": "Macs"}}])))
        .mount(&server)
        .await;
    on("GET", "/api/v1/devices/guo1/users")
        .respond_with(ok(
            json!([{"managementStatus": "MANAGED", "user": {"id": "00u1"}}]),
        ))
        .mount(&server)
        .await;

    let method = okta.activate_method("aut1", &MethodType::SignedNonce).await;
    assert!(method.unwrap().is_active());
    okta.assign_policy("0oa1", "rst1").await.unwrap();
    let groups = okta.groups_by_name("Macs").await.unwrap();
    assert_eq!((groups.len(), groups[0].id.as_str()), (1, "00g1"));
    let users = okta.device_users("guo1").await.unwrap();
    let status = users[0].management_status.as_ref().unwrap();
    assert_eq!(status.as_str(), "MANAGED");
}

#[tokio::test]
async fn assurances_integrations_members_and_devices_go_to_their_routes() {
    let (server, okta) = org().await;
    let body = json!({"name": "FileVault", "platform": "MACOS"});
    let stored =
        json!({"id": "dae1", "name": "FileVault", "platform": "MACOS", "createdBy": "00u1"});
    on("POST", "/api/v1/device-assurances")
        .and(body_json(&body))
        .respond_with(ok(&stored))
        .mount(&server)
        .await;
    on("PUT", "/api/v1/device-assurances/dae1")
        .and(body_json(&body))
        .respond_with(ok(&stored))
        .mount(&server)
        .await;
    on("DELETE", "/api/v1/device-assurances/dae1")
        .respond_with(okta_error(409, "E0000001", "in use"))
        .mount(&server)
        .await;
    on("GET", "/api/v1/device-integrations")
        .respond_with(ok(json!([{"id": "dvi1", "status": "ACTIVE"}])))
        .mount(&server)
        .await;
    on("GET", "/api/v1/groups/00g1/users")
        .and(query_param("limit", "200"))
        .respond_with(ok(
            json!([{"id": "00u1", "profile": {"login": "ada@acme.example"}}]),
        ))
        .mount(&server)
        .await;
    on("POST", "/api/v1/devices/guo1/lifecycle/suspend")
        .and(header("content-length", "0"))
        .respond_with(ResponseTemplate::new(204))
        .mount(&server)
        .await;

    let assurance = DeviceAssurance::macos("FileVault");
    let made = okta.create_device_assurance(&assurance).await.unwrap();
    okta.replace_device_assurance(&made.id, &made)
        .await
        .unwrap();
    let error = okta.delete_device_assurance("dae1").await.unwrap_err();
    assert!(matches!(error, Error::Conflict { .. }), "{error}");
    assert!(okta.device_integrations().await.unwrap()[0].is_active());
    let members: Vec<_> = okta.group_members("00g1").try_collect().await.unwrap();
    assert_eq!(members[0].login(), Some("ada@acme.example"));
    okta.send(&devices::suspend("guo1")).await.unwrap();
}

#[tokio::test]
async fn a_simulation_is_one_object_and_says_which_rule() {
    let (server, okta) = org().await;
    on("POST", "/api/v1/policies/simulate")
        .and(query_param("expand", "EVALUATED"))
        .and(body_json(json!({
            "appInstance": "0oa1", "policyTypes": ["ACCESS_POLICY"],
            "policyContext": {"groups": {"ids": ["00g1"]},
                              "device": {"platform": "MACOS", "registered": true, "managed": false}}})))
        .respond_with(ok(json!({"evaluation": [{"result": {"policies": [
            {"id": "rst1", "rules": [{"id": "rul9", "status": "MATCH"}]}]}}]})))
        .mount(&server)
        .await;
    let simulation = Simulation::of_groups("0oa1", ["00g1"], SimulatedDevice::mac(false));
    let answer = okta.simulate(&simulation).await.unwrap();
    assert_eq!(answer.outcome("rst1"), Outcome::Rule("rul9".into()));
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

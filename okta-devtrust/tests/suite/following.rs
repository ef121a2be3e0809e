//! The log followed as events come, and what it is joined with.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures::{StreamExt as _, TryStreamExt as _};
use okta_devtrust::{
    Error, Okta,
    evidence::{self, RuleIds},
    logs::LogQuery,
};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::path};

use crate::support::org::TOKEN;

/// A log that has one event more every second time it is asked, and always a next link, as Okta's.
async fn growing() -> (MockServer, Okta) {
    let server = MockServer::start().await;
    let asked = AtomicUsize::new(0);
    let uri = server.uri();
    Mock::given(path("/api/v1/logs"))
        .respond_with(move |request: &Request| {
            let asked = asked.fetch_add(1, Ordering::Relaxed);
            let pairs: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
            let of = |name: &str| {
                let found = pairs.iter().find(|(key, _)| key == name);
                found.map(|(_, value)| value.clone())
            };
            assert_eq!(of("until"), None);
            let after: usize = of("after").map_or(0, |after| after.parse().unwrap());
            let page: Vec<Value> = (after..asked / 2)
                .map(|n| json!({"uuid": n.to_string()}))
                .collect();
            let next = format!(
                "<{uri}/api/v1/logs?after={}>; rel=\"next\"",
                after + page.len()
            );
            ResponseTemplate::new(200)
                .set_body_json(page)
                .insert_header("link", next.as_str())
        })
        .mount(&server)
        .await;
    let okta = Okta::ssws(&server.uri(), &TOKEN.to_owned().into()).unwrap();
    (server, okta)
}

#[tokio::test]
async fn following_goes_on_past_empty_pages_and_lists_nothing_twice() {
    let (server, okta) = growing().await;
    let since = "2026-11-24T12:00:00Z".parse().unwrap();
    let events = okta.follow_logs(&LogQuery::between(since, since), Duration::from_millis(1));
    let seen: Vec<String> = events
        .take(5)
        .map_ok(|event| event.uuid)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(seen, ["0", "1", "2", "3", "4"]);
    let requests = server.received_requests().await.unwrap();
    assert!(requests.len() >= 10, "{}", requests.len());
    assert!(
        requests[0]
            .url
            .query()
            .unwrap()
            .contains("since=2026-11-24T12%3A00%3A00.000Z")
    );
}

#[tokio::test]
async fn following_ends_with_the_error_that_ends_it() {
    let server = MockServer::start().await;
    Mock::given(path("/api/v1/logs"))
        .respond_with(crate::support::org::okta_error(
            400,
            "E0000053",
            "Invalid filter",
        ))
        .mount(&server)
        .await;
    let okta = Okta::ssws(&server.uri(), &TOKEN.to_owned().into()).unwrap();
    let query = LogQuery::since(jiff::Timestamp::now()).filter("nonsense");
    let seen: Vec<_> = okta.follow_logs(&query, Duration::ZERO).collect().await;
    assert!(
        matches!(seen.as_slice(), [Err(Error::Invalid { .. })]),
        "{seen:?}"
    );
}

#[tokio::test]
async fn evidence_is_joined_with_what_an_mdm_server_knows_the_mac_by() {
    let server = MockServer::start().await;
    let event = |id: &str| {
        json!({"eventType": "policy.evaluate_sign_on", "published": "2026-11-24T12:30:00.000Z",
               "actor": {"id": "00u1", "type": "User"}, "outcome": {"result": "ALLOW"},
               "target": [{"type": "Rule", "id": "rul1"}], "device": {"id": id, "managed": true}})
    };
    Mock::given(path("/api/v1/logs"))
        .respond_with(ResponseTemplate::new(200).set_body_json([event("guo1"), event("guo3")]))
        .mount(&server)
        .await;
    Mock::given(path("/api/v1/devices"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!([
            {"id": "guo1", "profile": {"serialNumber": "C02ABC", "udid": "4C4C4544"}},
            {"id": "guo2", "profile": {"serialNumber": "C02OTHER"}}])))
        .mount(&server)
        .await;
    let okta = Okta::ssws(&server.uri(), &TOKEN.to_owned().into()).unwrap();
    let rules = RuleIds {
        managed: "rul1".into(),
        ..RuleIds::default()
    };
    let at = |text: &str| text.parse().unwrap();
    let seen = evidence::read(
        &okta,
        rules,
        at("2026-11-24T12:00:00Z"),
        at("2026-11-24T13:00:00Z"),
    )
    .await
    .unwrap();
    assert_eq!(seen.managed_successes(), 2);
    let keys = evidence::join_keys(&okta, &seen).await.unwrap();
    assert_eq!(
        keys.keys().collect::<Vec<_>>(),
        ["guo1"],
        "guo3 is not in the index yet"
    );
    assert_eq!(keys["guo1"].serial_number.as_deref(), Some("C02ABC"));
    assert_eq!(keys["guo1"].udid.as_deref(), Some("4C4C4544"));
}

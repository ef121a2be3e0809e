//! The transport against a real socket.
#![allow(clippy::unwrap_used)]

use std::{sync::Arc, time::Duration};

use devtrust_transport::{
    Dialect, Failure, FailureKind, HeaderCredentials, Limits, Origin, RateLimitHeaders, Request,
    Retry, Transport,
};
use http::{HeaderName, header::AUTHORIZATION};
use secrecy::SecretString;
use url::Url;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, header_exists, method, path},
};

fn transport(server: &MockServer) -> Transport {
    transport_with(
        server,
        Retry {
            base: Duration::from_millis(1),
            ..Retry::default()
        },
        Limits::default(),
    )
}

fn transport_with(server: &MockServer, retry: Retry, limits: Limits) -> Transport {
    let name = HeaderName::from_static;
    let dialect = Dialect {
        request_id: vec![name("x-vendor-request-id")],
        rate_limit: Some(RateLimitHeaders {
            limit: name("x-rate-limit-limit"),
            remaining: name("x-rate-limit-remaining"),
            reset: name("x-rate-limit-reset"),
        }),
        retry_for: Some(name("x-vendor-retry-for")),
        retry_count: Some(name("x-vendor-retry-count")),
        user_agent: "devtrust-test".into(),
        bucket: |_, path| path.to_owned(),
    };
    let credentials =
        HeaderCredentials::new(AUTHORIZATION, "Key ", &SecretString::from("canary")).unwrap();
    Transport::new(
        Origin::parse(&server.uri()).unwrap(),
        Arc::new(credentials),
        dialect,
        retry,
        limits,
    )
    .unwrap()
}

fn shown(failure: &Failure) -> String {
    format!("{failure} {failure:?}")
}

#[tokio::test]
async fn a_429_is_sent_again_and_names_the_first_request() {
    let server = MockServer::start().await;
    Mock::given(method("PUT"))
        .and(path("/a"))
        .and(header("x-vendor-retry-for", "req-1"))
        .and(header("x-vendor-retry-count", "1"))
        .and(header("content-length", "0"))
        .respond_with(ResponseTemplate::new(204))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("PUT"))
        .and(path("/a"))
        .respond_with(
            ResponseTemplate::new(429)
                .insert_header("x-vendor-request-id", "req-1")
                .insert_header("retry-after", "0"),
        )
        .up_to_n_times(1)
        .with_priority(1)
        .expect(1)
        .mount(&server)
        .await;
    let response = transport(&server).send(&Request::put(["a"])).await.unwrap();
    assert_eq!(response.status(), 204);
}

#[tokio::test]
async fn a_503_on_a_write_is_sent_once_and_is_ambiguous() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(503).insert_header("x-vendor-request-id", "req-9"))
        .expect(1)
        .mount(&server)
        .await;
    let failure = transport(&server)
        .send(&Request::post(["a"]).body(serde_json::json!({})))
        .await
        .unwrap_err();
    assert!(
        matches!(failure.kind(), FailureKind::Ambiguous { .. }),
        "{failure}"
    );
    assert_eq!(failure.request_id(), Some("req-9"));
}

#[tokio::test]
async fn a_time_out_on_a_write_is_ambiguous() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200).set_delay(Duration::from_secs(30)))
        .expect(1)
        .mount(&server)
        .await;
    let limits = Limits {
        attempt_timeout: Duration::from_millis(50),
        ..Limits::default()
    };
    let failure = transport_with(&server, Retry::default(), limits)
        .send(&Request::post(["a"]).body(serde_json::json!({})))
        .await
        .unwrap_err();
    assert!(
        matches!(failure.kind(), FailureKind::Ambiguous { .. }),
        "{failure}"
    );
}

#[tokio::test]
async fn a_link_to_another_host_is_refused_before_anything_is_sent() {
    let server = MockServer::start().await;
    let other = MockServer::start().await;
    let link = Url::parse(&format!("{}/next?after=canary", other.uri())).unwrap();
    let failure = transport(&server)
        .send(&Request::follow(link))
        .await
        .unwrap_err();
    assert!(
        matches!(failure.kind(), FailureKind::ForeignOrigin { .. }),
        "{failure}"
    );
    assert!(!shown(&failure).contains("canary"));
    assert!(other.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = MockServer::start().await;
    let other = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(302).insert_header("location", other.uri().as_str()))
        .mount(&server)
        .await;
    let failure = transport(&server)
        .send(&Request::get(["a"]))
        .await
        .unwrap_err();
    assert_eq!(failure.status().unwrap(), 302);
    assert!(other.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_failure_names_method_path_and_request_id_and_no_secret() {
    let server = MockServer::start().await;
    Mock::given(header_exists("authorization"))
        .respond_with(
            ResponseTemplate::new(403)
                .insert_header("x-vendor-request-id", "req-7")
                .set_body_string("canary in the body"),
        )
        .mount(&server)
        .await;
    let transport = transport(&server);
    let request = Request::get(["api", "groups"]).query("q", "canary");
    let failure = transport.send(&request).await.unwrap_err();
    let text = shown(&failure);
    assert!(
        text.contains("GET /api/groups, status 403, request id req-7"),
        "{text}"
    );
    assert!(!text.contains("canary"), "{text}");
    assert!(!format!("{transport:?} {request:?}").contains("canary"));
}

#[tokio::test]
async fn a_body_past_the_limit_is_refused() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_bytes(vec![b'x'; 2048]))
        .mount(&server)
        .await;
    let limits = Limits {
        max_body: 1024,
        ..Limits::default()
    };
    let failure = transport_with(&server, Retry::default(), limits)
        .send(&Request::get(["a"]))
        .await
        .unwrap_err();
    assert!(
        matches!(failure.kind(), FailureKind::TooLarge { limit: 1024 }),
        "{failure}"
    );
}

#[tokio::test]
async fn a_decode_failure_names_the_key_path_and_not_the_value() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(
            ResponseTemplate::new(200).set_body_string(r#"{"a":[{"b":1},{"b":"canary"}]}"#),
        )
        .mount(&server)
        .await;
    let response = transport(&server).send(&Request::get(["a"])).await.unwrap();
    #[derive(Debug, serde::Deserialize)]
    struct Body {
        #[expect(dead_code, reason = "only the shape is tested")]
        a: Vec<std::collections::BTreeMap<String, u32>>,
    }
    let failure = response.json::<Body>().unwrap_err();
    let text = shown(&failure);
    assert!(text.contains("a[1].b"), "{text}");
    assert!(!text.contains("canary"), "{text}");
}

#[tokio::test]
async fn no_connection_is_tried_again_and_then_reported() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let dead = Transport::new(
        Origin::parse(&format!("http://127.0.0.1:{port}")).unwrap(),
        Arc::new(HeaderCredentials::new(AUTHORIZATION, "", &SecretString::from("x")).unwrap()),
        Dialect::plain("devtrust-test"),
        Retry {
            max_attempts: 2,
            base: Duration::from_millis(1),
            ..Retry::default()
        },
        Limits::default(),
    )
    .unwrap();
    let failure = dead.send(&Request::post(["a"])).await.unwrap_err();
    assert!(
        matches!(failure.kind(), FailureKind::Connect { .. }),
        "{failure}"
    );
    assert_eq!(failure.attempts(), 2);
}

//! What a trace shows of a request: enough to find it at the vendor, and nothing secret.
#![allow(clippy::unwrap_used)]

use std::{
    fmt::{self, Write as _},
    sync::{Arc, Mutex},
};

use devtrust_transport::{Dialect, HeaderCredentials, Limits, Origin, Request, Retry, Transport};
use http::header::AUTHORIZATION;
use secrecy::SecretString;
use serde_json::json;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

/// Writes every field of every span and event down.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<String>>);

impl Visit for Everything {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = self.0.lock().unwrap();
        writeln!(text, "{} = {value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn a_span_names_the_request_id_and_no_secret() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(
            ResponseTemplate::new(200)
                .insert_header("x-request-id", "req-42")
                .set_body_string("canary-answer"),
        )
        .mount(&server)
        .await;
    let transport = Transport::new(
        Origin::parse(&server.uri()).unwrap(),
        Arc::new(
            HeaderCredentials::new(AUTHORIZATION, "Key ", &SecretString::from("canary-key"))
                .unwrap(),
        ),
        Dialect::plain("devtrust-test"),
        Retry::default(),
        Limits::default(),
    )
    .unwrap();
    let seen = Everything::default();
    let guard = tracing::subscriber::set_default(seen.clone());
    let request = Request::post(["api", "things"])
        .query("token", "canary-query")
        .body(json!({"secret": "canary-body"}));
    transport.send(&request).await.unwrap();
    drop(guard);

    let text = seen.0.lock().unwrap().clone();
    for expected in [
        "method = POST",
        "path = \"/api/things\"",
        "status = 200",
        "request_id = \"req-42\"",
        "attempts = 1",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    assert!(!text.contains("canary"), "{text}");
}

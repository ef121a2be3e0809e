//! What credentials may ask for when they see an answer, and what may be sent twice.
#![allow(clippy::unwrap_used)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use devtrust_transport::{
    Answered, Credentials, CredentialsError, Dialect, FailureKind, Limits, Origin, Request, Retry,
    Transport,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header::AUTHORIZATION};
use url::Url;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, body_string, header, method},
};

/// Sends the number of the attempt, and wants another attempt after each 401.
#[derive(Debug, Default)]
struct Numbered(AtomicU32);

#[async_trait]
impl Credentials for Numbered {
    async fn authorize(
        &self,
        _: &Method,
        _: &Url,
        headers: &mut HeaderMap,
    ) -> Result<(), CredentialsError> {
        let number = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        headers.insert(AUTHORIZATION, HeaderValue::from(number));
        Ok(())
    }

    async fn answered(&self, answer: &Answered<'_>) -> bool {
        assert!(answer.sent.contains_key(AUTHORIZATION));
        assert!(!format!("{answer:?}").contains("canary"));
        answer.status == StatusCode::UNAUTHORIZED
    }
}

fn transport(server: &MockServer, max_attempts: u32) -> Transport {
    Transport::new(
        Origin::parse(&server.uri()).unwrap(),
        Arc::new(Numbered::default()),
        Dialect::plain("devtrust-test"),
        Retry {
            max_attempts,
            base: Duration::from_millis(1),
            ..Retry::default()
        },
        Limits::default(),
    )
    .unwrap()
}

async fn sent(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

#[tokio::test]
async fn a_write_that_was_not_authorised_is_sent_once_more_with_new_credentials() {
    let server = MockServer::start().await;
    Mock::given(header("authorization", "1"))
        .respond_with(ResponseTemplate::new(401).set_body_string("canary"))
        .mount(&server)
        .await;
    Mock::given(header("authorization", "2"))
        .respond_with(ResponseTemplate::new(204))
        .mount(&server)
        .await;
    // Even where nothing is retried: the request was not done.
    let answer = transport(&server, 1)
        .send(&Request::put(["a"]))
        .await
        .unwrap();
    assert_eq!(answer.status(), 204);
    assert_eq!(sent(&server).await, 2);
}

#[tokio::test]
async fn credentials_that_are_never_right_get_one_more_attempt_and_no_third() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(401))
        .mount(&server)
        .await;
    let failure = transport(&server, 5)
        .send(&Request::get(["a"]))
        .await
        .unwrap_err();
    assert!(matches!(failure.kind(), FailureKind::Status { .. }));
    assert_eq!((failure.attempts(), sent(&server).await), (2, 2));
}

#[tokio::test]
async fn a_post_that_says_it_is_repeatable_is_retried_like_a_get_and_another_is_not() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(header("content-type", "application/x-www-form-urlencoded"))
        .and(body_string("grant_type=client_credentials&scope=a+b%26c"))
        .respond_with(ResponseTemplate::new(503))
        .mount(&server)
        .await;
    let form =
        Request::post(["token"]).form([("grant_type", "client_credentials"), ("scope", "a b&c")]);
    let failure = transport(&server, 3).send(&form).await.unwrap_err();
    assert!(matches!(failure.kind(), FailureKind::Ambiguous { .. }));
    assert_eq!(sent(&server).await, 1);
    let failure = transport(&server, 3)
        .send(&form.repeatable())
        .await
        .unwrap_err();
    assert!(matches!(failure.kind(), FailureKind::Status { .. }));
    assert_eq!(sent(&server).await, 4);
}

#[tokio::test]
async fn why_there_are_no_credentials_is_found_again_by_who_made_them() {
    #[derive(Debug)]
    struct Refusing;

    #[async_trait]
    impl Credentials for Refusing {
        async fn authorize(
            &self,
            _: &Method,
            _: &Url,
            _: &mut HeaderMap,
        ) -> Result<(), CredentialsError> {
            Err(CredentialsError::caused_by(std::fmt::Error))
        }
    }

    let transport = Transport::new(
        Origin::parse("http://127.0.0.1:1").unwrap(),
        Arc::new(Refusing),
        Dialect::plain("devtrust-test"),
        Retry::default(),
        Limits::default(),
    )
    .unwrap();
    let failure = transport.send(&Request::get(["a"])).await.unwrap_err();
    let FailureKind::Credentials { reason } = failure.kind() else {
        panic!("{failure}");
    };
    assert!(reason.cause::<std::fmt::Error>().is_some());
    assert!(reason.cause::<std::io::Error>().is_none());
    assert_eq!(failure.attempts(), 1);
}

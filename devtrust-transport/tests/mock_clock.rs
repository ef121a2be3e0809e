//! Every row of the retry table and the budget against a real socket and a clock that only pretends to wait.
//!
//! | outcome | read, or said to be repeatable | write |
//! |---|---|---|
//! | 429 with `Retry-After` | again after it | the same |
//! | 429 with a reset | again after it, by the server's date | the same |
//! | 429 with limit 0, or without a header | again after a backed-off wait | the same |
//! | 429 that asks for more than the cap, or once more than the attempts | rate limited | the same |
//! | 502, 503, 504 | again | ambiguous |
//! | time-out, broken connection | again | ambiguous |
//! | no connection | again | again |
//! | anything else | returned | returned |
#![allow(clippy::unwrap_used)]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use devtrust_transport::{
    Clock, Dialect, FailureKind, HeaderCredentials, Limits, Origin, RateLimitHeaders, Request,
    Retry, Transport,
};
use http::{HeaderName, Method, header::AUTHORIZATION};
use secrecy::SecretString;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::Instant,
};
use wiremock::{Mock, MockServer, Respond, ResponseTemplate, matchers::any};

const DATE: &str = "Tue, 24 Nov 2026 12:00:00 GMT";
const DATE_EPOCH: u64 = 1_795_521_600;

/// Waits by moving its own time.
#[derive(Debug)]
struct MockClock {
    started: Instant,
    waits: Mutex<Vec<Duration>>,
}

impl MockClock {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            started: Instant::now(),
            waits: Mutex::default(),
        })
    }

    fn waits(&self) -> Vec<u64> {
        let waits = self.waits.lock().unwrap();
        waits.iter().map(Duration::as_secs).collect()
    }
}

#[async_trait]
impl Clock for MockClock {
    fn now(&self) -> Instant {
        self.started + self.waits.lock().unwrap().iter().sum()
    }

    async fn sleep(&self, wait: Duration) {
        self.waits.lock().unwrap().push(wait);
        // Whoever waits lets others go on.
        tokio::task::yield_now().await;
    }
}

fn transport(url: &str, clock: Arc<MockClock>, retry: Retry) -> Transport {
    limited_transport(url, clock, retry, Limits::default())
}

fn limited_transport(url: &str, clock: Arc<MockClock>, retry: Retry, limits: Limits) -> Transport {
    let name = HeaderName::from_static;
    let dialect = Dialect {
        rate_limit: Some(RateLimitHeaders {
            limit: name("x-rate-limit-limit"),
            remaining: name("x-rate-limit-remaining"),
            reset: name("x-rate-limit-reset"),
        }),
        ..Dialect::plain("devtrust-test")
    };
    let credentials =
        HeaderCredentials::new(AUTHORIZATION, "Key ", &SecretString::from("canary")).unwrap();
    Transport::new(
        Origin::parse(url).unwrap(),
        Arc::new(credentials),
        dialect,
        retry,
        limits,
    )
    .unwrap()
    .with_clock(clock)
}

/// Waits of 2, 4, 8, 16 s, of each of which half is jitter.
fn backing_off() -> Retry {
    Retry {
        base: Duration::from_secs(2),
        ..Retry::default()
    }
}

/// Fails unless the waits are those of [`backing_off`]; they are cut to whole seconds here.
fn backed_off(clock: &MockClock, times: usize) {
    let waits = clock.waits();
    assert_eq!(waits.len(), times, "{waits:?}");
    for (wait, full) in waits.into_iter().zip([2, 4, 8, 16]) {
        assert!((full / 2..=full).contains(&wait), "{wait} of {full}");
    }
}

const READS: [Method; 2] = [Method::GET, Method::HEAD];
const WRITES: [Method; 4] = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

fn any_method() -> impl Iterator<Item = Method> {
    READS.into_iter().chain(WRITES)
}

/// A read is sent until the attempts run out and fails as `read` says; a write is sent once and is ambiguous.
async fn reads_again_and_never_writes_again(
    url: &str,
    limits: Limits,
    read: fn(&FailureKind) -> bool,
) {
    let repeatable = |method| Request::new(method, ["x"]).repeatable();
    let reads = READS.map(|method| Request::new(method, ["x"]));
    for request in reads.into_iter().chain([repeatable(Method::POST)]) {
        let clock = MockClock::new();
        let transport = limited_transport(url, clock.clone(), backing_off(), limits.clone());
        let failure = transport.send(&request).await.unwrap_err();
        assert!(read(failure.kind()), "{failure}");
        assert_eq!(failure.attempts(), 5, "{failure}");
        backed_off(&clock, 4);
    }
    for method in WRITES {
        let clock = MockClock::new();
        let transport = limited_transport(url, clock.clone(), backing_off(), limits.clone());
        let failure = transport.send(&Request::new(method, ["x"])).await;
        let failure = failure.unwrap_err();
        assert!(
            matches!(failure.kind(), FailureKind::Ambiguous { .. }),
            "{failure}"
        );
        assert_eq!(failure.attempts(), 1);
        backed_off(&clock, 0);
    }
}

/// Answers of which the last one repeats.
struct Answers(Vec<ResponseTemplate>, AtomicUsize);

impl Respond for Answers {
    fn respond(&self, _: &wiremock::Request) -> ResponseTemplate {
        let n = self.1.fetch_add(1, Ordering::SeqCst);
        self.0[n.min(self.0.len() - 1)].clone()
    }
}

async fn server(answers: Vec<ResponseTemplate>) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(Answers(answers, AtomicUsize::new(0)))
        .mount(&server)
        .await;
    server
}

fn status(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).insert_header("date", DATE)
}

fn limited(status: u16, limit: u64, remaining: u64, seconds: u64) -> ResponseTemplate {
    ResponseTemplate::new(status)
        .insert_header("date", DATE)
        .insert_header("x-rate-limit-limit", limit.to_string())
        .insert_header("x-rate-limit-remaining", remaining.to_string())
        .insert_header("x-rate-limit-reset", (DATE_EPOCH + seconds).to_string())
}

async fn sent(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

#[tokio::test]
async fn a_429_of_any_method_waits_for_the_reset_by_the_servers_date() {
    for method in any_method() {
        let server = server(vec![limited(429, 10, 0, 41), status(200)]).await;
        let clock = MockClock::new();
        let transport = transport(&server.uri(), clock.clone(), Retry::default());
        let answer = transport.send(&Request::new(method, ["x"])).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(clock.waits(), [42]);
    }
}

#[tokio::test]
async fn retry_after_goes_before_the_reset() {
    let answer = limited(429, 10, 0, 41).insert_header("retry-after", "7");
    let server = server(vec![answer, status(200)]).await;
    let clock = MockClock::new();
    let transport = transport(&server.uri(), clock.clone(), Retry::default());
    transport.send(&Request::put(["x"])).await.unwrap();
    assert_eq!(clock.waits(), [7]);
}

#[tokio::test]
async fn a_wait_past_the_cap_is_an_error_and_no_wait() {
    let server = server(vec![limited(429, 10, 0, 3600)]).await;
    let clock = MockClock::new();
    let transport = transport(&server.uri(), clock.clone(), Retry::default());
    let failure = transport.send(&Request::get(["x"])).await.unwrap_err();
    assert!(
        matches!(failure.kind(), FailureKind::RateLimited { wait } if wait.as_secs() == 3601),
        "{failure}"
    );
    assert_eq!(clock.waits(), [0; 0]);
    // What is known not to be admitted is not even sent.
    let failure = transport.send(&Request::get(["x"])).await.unwrap_err();
    assert!(matches!(failure.kind(), FailureKind::RateLimited { .. }));
    assert_eq!(sent(&server).await, 1);
}

#[tokio::test]
async fn a_429_without_headers_backs_off_for_any_method() {
    for method in any_method() {
        let answers = vec![ResponseTemplate::new(429), status(429), status(200)];
        let server = server(answers).await;
        let clock = MockClock::new();
        let transport = transport(&server.uri(), clock.clone(), backing_off());
        let answer = transport.send(&Request::new(method, ["x"])).await.unwrap();
        assert_eq!(answer.status(), 200);
        backed_off(&clock, 2);
    }
}

#[tokio::test]
async fn a_429_with_limit_0_backs_off_since_its_reset_says_nothing_of_a_free_slot() {
    for method in any_method() {
        // The reset is past the cap: taken at its word, nothing would be sent again.
        let server = server(vec![limited(429, 0, 0, 3600), status(200)]).await;
        let clock = MockClock::new();
        let transport = transport(&server.uri(), clock.clone(), backing_off());
        let request = Request::new(method, ["x"]);
        assert_eq!(transport.send(&request).await.unwrap().status(), 200);
        backed_off(&clock, 1);
        // Nor does it hold the next request back.
        transport.send(&request).await.unwrap();
        backed_off(&clock, 1);
    }
}

#[tokio::test]
async fn a_429_that_does_not_end_is_rate_limited_when_the_attempts_run_out() {
    for method in any_method() {
        let server = server(vec![status(429)]).await;
        let clock = MockClock::new();
        let transport = transport(&server.uri(), clock.clone(), backing_off());
        let failure = transport.send(&Request::new(method, ["x"])).await;
        let failure = failure.unwrap_err();
        assert!(matches!(failure.kind(), FailureKind::RateLimited { .. }));
        assert_eq!((failure.attempts(), sent(&server).await), (5, 5));
        backed_off(&clock, 4);
    }
}

#[tokio::test]
async fn gateway_trouble_repeats_reads_with_growing_waits_and_never_a_write() {
    for code in [502, 503, 504] {
        let server = server(vec![status(code)]).await;
        reads_again_and_never_writes_again(&server.uri(), Limits::default(), |kind| {
            matches!(kind, FailureKind::Status { .. })
        })
        .await;
        assert_eq!(sent(&server).await, 3 * 5 + WRITES.len());
    }
}

#[tokio::test]
async fn gateway_trouble_that_says_how_long_is_waited_for_up_to_the_cap() {
    let busy = |seconds: &str| status(503).insert_header("retry-after", seconds);
    let served = server(vec![busy("7"), status(200)]).await;
    let clock = MockClock::new();
    let client = transport(&served.uri(), clock.clone(), backing_off());
    client.send(&Request::get(["x"])).await.unwrap();
    assert_eq!(clock.waits(), [7]);

    let served = server(vec![busy("3600"), status(200)]).await;
    let clock = MockClock::new();
    let client = transport(&served.uri(), clock.clone(), backing_off());
    let failure = client.send(&Request::get(["x"])).await.unwrap_err();
    assert_eq!(failure.status().unwrap(), 503);
    assert_eq!((failure.attempts(), clock.waits().len()), (1, 0));
}

#[tokio::test]
async fn a_time_out_repeats_reads_and_never_a_write() {
    let limits = Limits {
        attempt_timeout: Duration::from_millis(40),
        ..Limits::default()
    };
    let slow = status(200).set_delay(Duration::from_secs(30));
    let server = server(vec![slow]).await;
    reads_again_and_never_writes_again(&server.uri(), limits, |kind| {
        matches!(kind, FailureKind::Interrupted { .. })
    })
    .await;
}

#[tokio::test]
async fn a_read_that_timed_out_gets_the_answer_of_its_second_attempt() {
    let limits = Limits {
        attempt_timeout: Duration::from_millis(500),
        ..Limits::default()
    };
    let slow = status(200).set_delay(Duration::from_secs(30));
    let server = server(vec![slow, status(200)]).await;
    let clock = MockClock::new();
    let transport = limited_transport(&server.uri(), clock.clone(), backing_off(), limits);
    let answer = transport.send(&Request::get(["x"])).await.unwrap();
    assert_eq!(answer.status(), 200);
    backed_off(&clock, 1);
}

/// A server that reads each request, and hangs up in the middle of its answer.
async fn hangs_up() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = connection.read(&mut request).await;
            let part = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n";
            let _ = connection.write_all(part).await;
        }
    });
    url
}

#[tokio::test]
async fn a_connection_that_breaks_repeats_reads_and_never_a_write() {
    let url = hangs_up().await;
    reads_again_and_never_writes_again(&url, Limits::default(), |kind| {
        matches!(kind, FailureKind::Interrupted { .. })
    })
    .await;
}

#[tokio::test]
async fn without_a_connection_any_method_tries_again() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    for method in any_method() {
        let clock = MockClock::new();
        let transport = transport(
            &format!("http://127.0.0.1:{port}"),
            clock.clone(),
            backing_off(),
        );
        let failure = transport.send(&Request::new(method, ["x"])).await;
        assert_eq!(failure.unwrap_err().attempts(), 5);
        backed_off(&clock, 4);
    }
}

#[tokio::test]
async fn every_other_status_returns_at_once() {
    for code in [302, 400, 401, 403, 404, 409, 500, 501] {
        let server = server(vec![status(code)]).await;
        for method in any_method() {
            let clock = MockClock::new();
            let transport = transport(&server.uri(), clock.clone(), backing_off());
            let failure = transport.send(&Request::new(method, ["x"])).await;
            let failure = failure.unwrap_err();
            assert_eq!(failure.status().unwrap(), code);
            assert_eq!((failure.attempts(), clock.waits().len()), (1, 0));
        }
    }
}

/// A server with a limit per window, counted by the mock clock's time.
struct Limited {
    clock: Arc<MockClock>,
    limit: u64,
    window: Mutex<(Instant, u64)>,
    refused: Arc<AtomicUsize>,
}

impl Respond for Limited {
    fn respond(&self, _: &wiremock::Request) -> ResponseTemplate {
        let now = self.clock.now();
        let mut window = self.window.lock().unwrap();
        if window.0 <= now {
            *window = (now + Duration::from_secs(60), 0);
        }
        window.1 += 1;
        let left = (window.0 - now).as_secs();
        if window.1 > self.limit {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return limited(429, self.limit, 0, left);
        }
        limited(200, self.limit, self.limit - window.1, left)
    }
}

/// A server that answers ten requests a minute, and how many it has refused.
async fn limited_to_ten() -> (MockServer, Arc<MockClock>, Arc<AtomicUsize>) {
    let clock = MockClock::new();
    let refused = Arc::new(AtomicUsize::new(0));
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(Limited {
            clock: clock.clone(),
            limit: 10,
            window: Mutex::new((clock.now(), 0)),
            refused: refused.clone(),
        })
        .mount(&server)
        .await;
    (server, clock, refused)
}

#[tokio::test]
async fn a_bulk_read_slows_down_before_the_limit_and_never_sees_a_429() {
    let (server, clock, refused) = limited_to_ten().await;
    let transport = transport(&server.uri(), clock.clone(), Retry::default());
    transport.send(&Request::get(["x"])).await.unwrap();
    for _ in 0..8 {
        let reads = (0..4).map(|_| async {
            transport.send(&Request::get(["x"])).await.unwrap();
        });
        futures::future::join_all(reads).await;
    }
    assert_eq!(sent(&server).await, 33);
    assert_eq!(refused.load(Ordering::SeqCst), 0);
    assert!(clock.waits().len() >= 3, "{:?}", clock.waits());
}

/// Reads that start at the same time know nothing of the limit until the first of them is answered.
#[tokio::test]
async fn a_bulk_read_that_starts_at_once_and_cold_never_sees_a_429() {
    let (server, clock, refused) = limited_to_ten().await;
    let transport = transport(&server.uri(), clock.clone(), Retry::default());
    let request = Request::get(["x"]);
    let reads = (0..33).map(|_| transport.send(&request));
    for answer in futures::future::join_all(reads).await {
        answer.unwrap();
    }
    assert_eq!(refused.load(Ordering::SeqCst), 0);
    assert_eq!(sent(&server).await, 33);
}

/// A server that takes its time for each request, and the most that it was at at the same time.
async fn counts_at_once() -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let most = Arc::new(AtomicUsize::new(0));
    let (at, seen) = (Arc::new(AtomicUsize::new(0)), most.clone());
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let (at, seen) = (at.clone(), seen.clone());
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = connection.read(&mut request).await;
                seen.fetch_max(at.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(20)).await;
                at.fetch_sub(1, Ordering::SeqCst);
                let whole = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                let _ = connection.write_all(whole).await;
            });
        }
    });
    (url, most)
}

#[tokio::test]
async fn requests_of_one_host_do_not_exceed_the_concurrency() {
    let (url, most) = counts_at_once().await;
    let limits = Limits {
        concurrency: 2,
        ..Limits::default()
    };
    let transport = limited_transport(&url, MockClock::new(), Retry::default(), limits);
    let request = Request::get(["x"]);
    let reads = (0..12).map(|_| transport.send(&request));
    for answer in futures::future::join_all(reads).await {
        answer.unwrap();
    }
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

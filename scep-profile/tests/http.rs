//! The client against the authority behind a minimal HTTP server on loopback.

#![cfg(all(feature = "client", feature = "server"))]
#![allow(clippy::unwrap_used, missing_docs)]

use scep_profile::client::{Client, Enrollment, Error, Polling};
use scep_profile::message::{self, CaCertificates, CertificateRequest, EnrollmentKey, FailInfo};
use scep_profile::preflight::{self, CheckSubject, Status};
use scep_profile::server::{Authority, AuthorityOptions};
use scep_profile::{Fingerprint, KeySize, ScepPayload, ScepUrl};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::SystemTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

static KEY: LazyLock<EnrollmentKey> =
    LazyLock::new(|| EnrollmentKey::generate(KeySize::Rsa2048).unwrap());

#[derive(Clone)]
struct Server {
    authority: Arc<Mutex<Authority>>,
    /// GetCACaps is answered with this in place of the authority's own.
    caps: Option<&'static str>,
    /// GetCACert is answered with this content type in place of the right one.
    content_type: Option<&'static str>,
    requests: Arc<Mutex<Vec<String>>>,
    /// So many of the next operations fail with 503.
    troubled: Arc<AtomicUsize>,
}

impl Server {
    async fn start(options: AuthorityOptions, caps: Option<&'static str>) -> (Self, ScepUrl) {
        Self::start_with(options, caps, None).await
    }

    async fn start_with(
        options: AuthorityOptions,
        caps: Option<&'static str>,
        content_type: Option<&'static str>,
    ) -> (Self, ScepUrl) {
        let authority = Authority::generate(options, SystemTime::now()).unwrap();
        let server = Self {
            authority: Arc::new(Mutex::new(authority)),
            caps,
            content_type,
            requests: Arc::default(),
            troubled: Arc::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url =
            ScepUrl::parse(&format!("http://{}/scep", listener.local_addr().unwrap())).unwrap();
        let answering = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answering.clone().serve(stream));
            }
        });
        (server, url)
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut received = Vec::new();
        let (head, body) = loop {
            let mut buffer = [0; 4096];
            let len = stream.read(&mut buffer).await.unwrap();
            received.extend_from_slice(&buffer[..len]);
            let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") else {
                continue;
            };
            let head = String::from_utf8(received[..end].to_vec()).unwrap();
            let wanted = head.lines().find_map(|line| {
                line.to_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse::<usize>()
                    .ok()
            });
            if received.len() >= end + 4 + wanted.unwrap_or(0) {
                break (head, received[end + 4..].to_vec());
            }
        };
        let target = head.split(' ').nth(1).unwrap().to_owned();
        self.requests
            .lock()
            .unwrap()
            .push(head.lines().next().unwrap().to_owned());
        let less = |left: usize| left.checked_sub(1);
        let troubled = target.contains("PKIOperation")
            && self.troubled.fetch_update(SeqCst, SeqCst, less).is_ok();
        let answer = (!troubled).then(|| self.answer(&target, body)).flatten();
        let status = match &answer {
            Some(_) => "200 OK",
            None if troubled => "503 Service Unavailable",
            None => "404 Not Found",
        };
        let (content_type, answer) = answer.unwrap_or(("text/plain", Vec::new()));
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            answer.len()
        );
        stream
            .write_all(&[head.into_bytes(), answer].concat())
            .await
            .unwrap();
    }

    fn answer(&self, target: &str, body: Vec<u8>) -> Option<(&'static str, Vec<u8>)> {
        use base64::Engine as _;
        let url = url::Url::parse(&format!("http://x{target}")).unwrap();
        let query = |key: &str| {
            url.query_pairs()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value.into_owned())
        };
        let mut authority = self.authority.lock().unwrap();
        match query("operation")?.as_str() {
            "GetCACaps" if self.caps == Some("") => None,
            "GetCACaps" => {
                let caps = self.caps.map(str::to_owned);
                let caps = caps.unwrap_or_else(|| authority.get_ca_caps());
                Some(("text/plain", caps.into_bytes()))
            }
            "GetCACert" => {
                let (kind, certificates) = authority.get_ca_cert();
                Some((self.content_type.unwrap_or(kind), certificates))
            }
            "GetNextCACert" => authority.get_next_ca_cert(),
            "PKIOperation" => {
                let message = match query("message") {
                    Some(base64) => base64::engine::general_purpose::STANDARD
                        .decode(base64)
                        .unwrap(),
                    None => body,
                };
                let reply = authority.pki_operation(&message, SystemTime::now());
                Some(("application/x-pki-message", reply))
            }
            _ => None,
        }
    }

    fn prepare_next(&self) {
        let mut authority = self.authority.lock().unwrap();
        authority.prepare_next(SystemTime::now()).unwrap();
    }

    fn pin(&self) -> Fingerprint {
        Fingerprint::sha256_of_der(self.authority.lock().unwrap().root_certificate()).unwrap()
    }
}

fn options() -> AuthorityOptions {
    AuthorityOptions::new("Acme", "right".into())
}

#[tokio::test]
async fn enrols_by_post_or_by_get_as_the_server_announces() {
    for (caps, method) in [
        (None, "POST"),
        (Some("AES\nSHA-256\n"), "GET"),
        (Some(""), "GET"),
    ] {
        let (server, url) = Server::start(options(), caps).await;
        let request = CertificateRequest::new("CN=cert".parse().unwrap()).challenge("right".into());
        let enrollment = Client::new(url)
            .unwrap()
            .enroll(&KEY, &request, &server.pin())
            .await
            .unwrap();
        assert!(matches!(enrollment, Enrollment::Issued(_)));
        let requests = server.requests.lock().unwrap();
        assert!(
            requests
                .last()
                .unwrap()
                .starts_with(&format!("{method} /scep?operation=PKIOperation"))
        );
    }
}

#[tokio::test]
async fn a_payload_is_enrolled_as_a_mac_would() {
    let (server, url) = Server::start(options().intermediate(true), None).await;
    let payload = ScepPayload::new(url, "right".into())
        .name("RA 1")
        .ca_fingerprint(server.pin());
    let issued = Client::enroll_payload(&payload, &KEY).await.unwrap();
    let authority = server.authority.lock().unwrap();
    authority
        .verify_leaf(&issued.certificate, SystemTime::now())
        .unwrap();
    assert!(
        server.requests.lock().unwrap()[0]
            .starts_with("GET /scep?operation=GetCACaps&message=RA+1 ")
    );
}

#[tokio::test]
async fn without_a_fingerprint_nothing_is_sent() {
    let (server, url) = Server::start(options(), None).await;
    let error = Client::enroll_payload(&ScepPayload::new(url, "right".into()), &KEY)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::NoFingerprint));
    assert_eq!(server.requests.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn with_another_fingerprint_no_request_is_sent() {
    let (server, url) = Server::start(options(), None).await;
    let payload = ScepPayload::new(url, "right".into())
        .ca_fingerprint(Fingerprint::from_bytes(&[1; 32]).unwrap());
    let error = Client::enroll_payload(&payload, &KEY).await.unwrap_err();
    assert!(
        matches!(error, Error::Message(message::Error::CaMismatch { .. })),
        "{error}"
    );
    assert!(
        !server
            .requests
            .lock()
            .unwrap()
            .iter()
            .any(|line| line.contains("PKIOperation"))
    );
}

#[tokio::test]
async fn approval_by_hand_is_polled_for() {
    let (server, url) = Server::start(options().manual_approval(true), None).await;
    let payload = ScepPayload::new(url.clone(), "right".into())
        .ca_fingerprint(server.pin())
        .retries(2)
        .retry_delay(0);
    let error = Client::enroll_payload(&payload, &KEY).await.unwrap_err();
    let Error::StillPending { transaction_id } = error else {
        panic!("{error}")
    };
    assert!(server.authority.lock().unwrap().approve(&transaction_id));
    let client = Client::new(url).unwrap();
    let request = CertificateRequest::from_payload(&payload);
    let Enrollment::Pending(pending) = client.enroll(&KEY, &request, &server.pin()).await.unwrap()
    else {
        panic!()
    };
    assert!(matches!(
        client.poll(pending).await.unwrap(),
        Enrollment::Issued(_)
    ));
}

#[tokio::test]
async fn waiting_for_approval_outlives_a_server_in_trouble_but_not_a_refusal() {
    let (server, url) = Server::start(options().manual_approval(true), None).await;
    let client = Client::new(url).unwrap();
    let request = CertificateRequest::new("CN=cert".parse().unwrap()).challenge("right".into());
    let polling = |polls: u64| {
        let wait = std::time::Duration::from_millis(1);
        Polling::default()
            .first(wait)
            .longest(wait)
            .patience(wait * u32::try_from(polls).unwrap())
    };
    let Enrollment::Pending(pending) = client.enroll(&KEY, &request, &server.pin()).await.unwrap()
    else {
        panic!()
    };
    let id = pending.transaction_id().clone();

    server.troubled.store(2, SeqCst);
    let error = client.wait(pending.clone(), &polling(2)).await.unwrap_err();
    assert!(
        matches!(error, Error::Status { status: 503, .. }),
        "{error}"
    );
    let error = client.wait(pending.clone(), &polling(2)).await.unwrap_err();
    assert!(matches!(error, Error::StillPending { .. }), "{error}");

    server.troubled.store(2, SeqCst);
    assert!(server.authority.lock().unwrap().approve(&id));
    client.wait(pending.clone(), &polling(5)).await.unwrap();

    // A poll of what is not there is refused once, and not asked again.
    let serial = server.authority.lock().unwrap().issued()[0].serial.clone();
    assert!(server.authority.lock().unwrap().revoke(&serial));
    let before = server.requests.lock().unwrap().len();
    let error = client.wait(pending, &polling(5)).await.unwrap_err();
    assert!(
        matches!(error, Error::Message(message::Error::Refused { .. })),
        "{error}"
    );
    assert_eq!(server.requests.lock().unwrap().len(), before + 1);
}

/// RFC 8894 sections 3.3.4, 3.3.5 and 4.6 over HTTP, by POST and by GET.
#[tokio::test]
async fn what_was_issued_its_revocations_and_the_ca_that_follows_are_asked_for() {
    for caps in [None, Some("AES\nSHA-256\n")] {
        let (server, url) = Server::start(options(), caps).await;
        let pin = server.pin();
        let payload = ScepPayload::new(url.clone(), "right".into()).ca_fingerprint(pin.clone());
        let issued = Client::enroll_payload(&payload, &KEY).await.unwrap();
        let client = Client::new(url).unwrap();
        let serial = server.authority.lock().unwrap().issued()[0].serial.clone();
        let number = hex::decode(&serial).unwrap();
        let again = client
            .get_cert(&KEY, &issued.certificate, &number, &pin)
            .await
            .unwrap();
        assert_eq!(again, issued.certificate);
        let unknown = client
            .get_cert(&KEY, &issued.certificate, &[1], &pin)
            .await
            .unwrap_err();
        assert!(
            matches!(unknown, Error::Message(message::Error::Refused { .. })),
            "{unknown}"
        );

        let crl = client
            .get_crl(&KEY, &issued.certificate, &pin)
            .await
            .unwrap();
        let contains = |crl: &[u8]| crl.windows(number.len()).any(|bytes| bytes == number);
        assert!(!contains(&crl));
        let other = EnrollmentKey::generate(KeySize::Rsa2048).unwrap();
        let second = Client::enroll_payload(&payload, &other).await.unwrap();
        assert!(server.authority.lock().unwrap().revoke(&serial));
        let crl = client
            .get_crl(&other, &second.certificate, &pin)
            .await
            .unwrap();
        assert!(contains(&crl));

        let ca = client.get_ca_certs().await.unwrap().pin(&pin).unwrap();
        let none = client.get_next_ca_certs(&ca).await.unwrap_err();
        assert!(matches!(none, Error::Status { status: 404, .. }), "{none}");
        server.prepare_next();
        assert!(client.get_ca_caps().await.unwrap().next_ca() || caps.is_some());
        let next = client.get_next_ca_certs(&ca).await.unwrap();
        server.authority.lock().unwrap().roll_over();
        let root = Fingerprint::sha256_of_der(server.authority.lock().unwrap().root_certificate());
        assert!(next.pin(&root.unwrap()).is_ok());
        assert!(next.pin(&pin).is_err());
    }
}

#[tokio::test]
async fn preflight_sees_an_announcement_and_a_content_type_that_macos_reads_otherwise() {
    for caps in ["AES\r\nSHA-256\r\n", "aes\nsha-512\n", "SCEPStandard\n"] {
        let (server, url) = Server::start(options(), Some(caps)).await;
        let payload = ScepPayload::new(url, "right".into()).ca_fingerprint(server.pin());
        let report = preflight::check(&payload).await;
        let check = report.check(CheckSubject::Capabilities).unwrap();
        assert_eq!(check.status, Status::Warning, "{caps:?}: {report}");
        assert!(
            check.found.contains("compares each line exactly"),
            "{report}"
        );
    }
    for (intermediate, wrong) in [
        (false, CaCertificates::CHAIN),
        (true, CaCertificates::SINGLE),
        (true, "text/html"),
    ] {
        let options = options().intermediate(intermediate);
        let (server, url) = Server::start_with(options, None, Some(wrong)).await;
        let payload = ScepPayload::new(url, "right".into()).ca_fingerprint(server.pin());
        let report = preflight::check(&payload).await;
        let check = report.check(CheckSubject::CaCertificates).unwrap();
        assert_eq!(check.status, Status::Warning, "{report}");
        assert!(check.found.ends_with(wrong), "{report}");
        let due = if intermediate {
            CaCertificates::CHAIN
        } else {
            CaCertificates::SINGLE
        };
        assert!(check.mend.as_ref().unwrap().contains(due), "{report}");
    }
}

#[tokio::test]
async fn preflight_passes_and_proves_the_challenge() {
    let (server, url) = Server::start(options().intermediate(true), None).await;
    let payload = ScepPayload::new(url, "right".into()).ca_fingerprint(server.pin());
    let report = preflight::check(&payload).await;
    assert!(report.passed(), "{report}");
    assert_eq!(
        report.check(CheckSubject::Enrollment).unwrap().status,
        Status::Skipped
    );
    assert_eq!(server.authority.lock().unwrap().issued().len(), 0);
    let report = preflight::check_and_enroll(&payload).await;
    assert!(
        report
            .checks
            .iter()
            .all(|check| check.status == Status::Passed),
        "{report}"
    );
    assert_eq!(server.authority.lock().unwrap().issued().len(), 1);
}

#[tokio::test]
async fn preflight_names_what_is_wrong_and_the_mend_but_never_the_challenge() {
    let (server, url) = Server::start(options(), Some("DES3\n")).await;
    let payload = ScepPayload::new(url, "hunter2".into());
    let report = preflight::check_and_enroll(&payload).await;
    assert_eq!(
        report.check(CheckSubject::Capabilities).unwrap().status,
        Status::Warning
    );
    assert_eq!(
        report.check(CheckSubject::Fingerprint).unwrap().status,
        Status::Failed
    );
    assert!(
        report.to_string().contains(&server.pin().colon_hex()),
        "{report}"
    );

    let (server, url) = Server::start(options(), None).await;
    let payload = ScepPayload::new(url, "hunter2".into()).ca_fingerprint(server.pin());
    let report = preflight::check_and_enroll(&payload).await;
    let refused = report.check(CheckSubject::Enrollment).unwrap();
    assert_eq!(refused.status, Status::Failed);
    assert!(
        refused
            .mend
            .as_ref()
            .unwrap()
            .contains("compare the secret"),
        "{report}"
    );
    for text in [
        report.to_string(),
        format!("{report:?}"),
        serde_json::to_string(&report).unwrap(),
    ] {
        assert!(!text.contains("hunter2"));
    }
}

#[tokio::test]
async fn tls_that_fails_is_told_from_a_server_that_is_not_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let https = format!("https://{}/scep", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // No TLS is spoken here.
            stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .await
                .unwrap();
        }
    });
    let client = Client::new(ScepUrl::parse(&https).unwrap()).unwrap();
    let error = client.get_ca_certs().await.unwrap_err();
    assert!(matches!(error, Error::Tls { .. }), "{error:?}");
    assert!(error.to_string().contains("fails in TLS"), "{error}");
    let payload = ScepPayload::new(ScepUrl::parse(&https).unwrap(), "right".into());
    let report = preflight::check(&payload).await;
    assert_eq!(
        report.check(CheckSubject::Tls).unwrap().status,
        Status::Failed
    );
    assert!(report.check(CheckSubject::Server).is_none());

    let nobody = Client::new(ScepUrl::parse("https://127.0.0.1:1/scep").unwrap()).unwrap();
    let error = nobody.get_ca_certs().await.unwrap_err();
    assert!(matches!(error, Error::Transport { .. }), "{error:?}");
}

#[tokio::test]
async fn a_refusal_arrives_as_its_reason() {
    let (server, url) = Server::start(options(), None).await;
    let payload = ScepPayload::new(url, "wrong".into()).ca_fingerprint(server.pin());
    match Client::enroll_payload(&payload, &KEY).await.unwrap_err() {
        Error::Message(message::Error::Refused { fail_info, .. }) => {
            assert_eq!(fail_info, FailInfo::BadRequest);
        }
        other => panic!("{other}"),
    }
}

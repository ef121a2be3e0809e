//! Our authority behind HTTP on loopback.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{Method, StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use scep_profile::CaCertificate;
use scep_profile::server::{Authority, AuthorityOptions, Outcome};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

pub(crate) const SECRET: &str = "s3cret";

/// It ends when it is dropped.
pub(crate) struct Server {
    shared: Shared,
    address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

#[derive(Clone)]
struct Shared {
    authority: Arc<Mutex<Authority>>,
    /// Method and outcome of each PKIOperation.
    operations: Arc<Mutex<Vec<(Method, Outcome)>>>,
}

impl Server {
    pub(crate) fn start(change: impl Fn(AuthorityOptions) -> AuthorityOptions) -> Self {
        let options = change(AuthorityOptions::new("Acme", SECRET.into()));
        let authority = Authority::generate(options, SystemTime::now()).unwrap();
        let shared = Shared {
            authority: Arc::new(Mutex::new(authority)),
            operations: Arc::default(),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/scep", any(answer))
            .with_state(shared.clone());
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self {
            shared,
            address,
            _runtime: runtime,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/scep", self.address)
    }

    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Authority) -> T) -> T {
        act(&mut self.shared.authority.lock().unwrap())
    }

    pub(crate) fn operations(&self) -> Vec<(Method, Outcome)> {
        self.shared.operations.lock().unwrap().clone()
    }

    /// Writes the CA certificate as `ca.pem` and `ca.der`.
    pub(crate) fn write_ca(&self, directory: &Path) {
        let ca = self.with(|authority| authority.root_certificate().to_vec());
        let pem = CaCertificate::from_der(&ca).unwrap().pem();
        std::fs::write(directory.join("ca.der"), ca).unwrap();
        std::fs::write(directory.join("ca.pem"), pem).unwrap();
    }

    /// The file holds a certificate that this authority issued and that is valid now.
    pub(crate) fn check_issued(&self, pem: &Path) -> CaCertificate {
        let text = std::fs::read(pem).unwrap();
        let certificate = CaCertificate::read_all(&text).unwrap().swap_remove(0);
        self.with(|authority| {
            authority
                .verify_leaf(certificate.der(), SystemTime::now())
                .unwrap();
        });
        certificate
    }
}

async fn answer(
    State(shared): State<Shared>,
    method: Method,
    Query(query): Query<HashMap<String, String>>,
    body: Bytes,
) -> Response {
    let mut authority = shared.authority.lock().unwrap();
    let typed = |content_type: &'static str, body: Vec<u8>| {
        ([(CONTENT_TYPE, content_type)], body).into_response()
    };
    match query.get("operation").map(String::as_str) {
        Some("GetCACaps") => typed("text/plain", authority.get_ca_caps().into_bytes()),
        Some("GetCACert") => {
            let (content_type, body) = authority.get_ca_cert();
            typed(content_type, body)
        }
        Some("GetNextCACert") => match authority.get_next_ca_cert() {
            Some((content_type, body)) => typed(content_type, body),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        Some("PKIOperation") => {
            let message = match query.get("message") {
                // A `+` that a client left unescaped arrives as a blank.
                Some(base64) if method == Method::GET => STANDARD
                    .decode(base64.replace(' ', "+"))
                    .unwrap_or_default(),
                _ => body.to_vec(),
            };
            let handled = authority.handle(&message, SystemTime::now());
            shared
                .operations
                .lock()
                .unwrap()
                .push((method, handled.outcome));
            typed("application/x-pki-message", handled.reply)
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

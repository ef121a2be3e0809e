//! A service app's tokens: its assertions checked by OpenSSL, and the whole way of a token in the sandbox.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use der::{Encode as _, asn1::UintRef};
use device_trust_sandbox::{Options, Sandbox, okta::SERVICE_APP_CLIENT_ID};
use device_trust_tests::{peer, run};
use futures::{TryStreamExt as _, future::join_all};
use okta_devtrust::{
    Error, Missing, Okta,
    logs::LogQuery,
    oauth::{Algorithm, ClientKey, READ_SCOPES, ServiceApp},
    policies::{Policy, PolicyType},
};
use serde_json::{Value, json};

/// Answers every token request with a refusal and keeps the assertion.
async fn asked_with(key: ClientKey) -> String {
    type Seen = Arc<Mutex<Option<String>>>;
    async fn token(State(seen): State<Seen>, body: String) -> (StatusCode, Json<Value>) {
        let url = url::Url::parse(&format!("form:?{body}")).unwrap();
        let found = url
            .query_pairs()
            .find(|(name, _)| name == "client_assertion");
        *seen.lock().unwrap() = found.map(|(_, text)| text.into_owned());
        (
            StatusCode::UNAUTHORIZED,
            Json(json!({"error": "invalid_client"})),
        )
    }
    let seen = Seen::default();
    let router = Router::new()
        .route("/oauth2/v1/token", post(token))
        .with_state(seen.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let okta = Okta::service_app(&url, ServiceApp::new("0oa1", key)).unwrap();
    okta.org().await.unwrap_err();
    server.abort();
    seen.lock().unwrap().take().unwrap()
}

/// Checks a JWT's signature by the public half of the key in `file`.
fn check_by_openssl(folder: &Path, file: &Path, jwt: &str, algorithm: Algorithm) {
    let (signed, signature) = jwt.rsplit_once('.').unwrap();
    let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    if algorithm.as_str().starts_with("ES") {
        // A JWT has r and s side by side; OpenSSL takes the DER form.
        let (r, s) = signature.split_at(signature.len() / 2);
        let numbers = vec![UintRef::new(r).unwrap(), UintRef::new(s).unwrap()];
        signature = numbers.to_der().unwrap();
    }
    let (public, message, code) = (
        folder.join("public.pem"),
        folder.join("message"),
        folder.join("signature"),
    );
    std::fs::write(&message, signed).unwrap();
    std::fs::write(&code, signature).unwrap();
    openssl(&[
        "pkey".as_ref(),
        "-in".as_ref(),
        file.as_os_str(),
        "-pubout".as_ref(),
        "-out".as_ref(),
        public.as_os_str(),
    ]);
    let digest = format!("-sha{}", &algorithm.as_str()[2..]);
    let said = openssl(&[
        "dgst".as_ref(),
        digest.as_ref(),
        "-verify".as_ref(),
        public.as_os_str(),
        "-signature".as_ref(),
        code.as_os_str(),
        message.as_os_str(),
    ]);
    assert!(said.contains("Verified OK"), "{algorithm}: {said}");
}

fn openssl(arguments: &[&std::ffi::OsStr]) -> String {
    run(Command::new("openssl").args(arguments))
}

#[tokio::test]
async fn openssl_verifies_assertions_of_every_algorithm_and_key_format() {
    if peer("openssl").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut checked = 0;
    for (algorithm, options, traditional) in [
        (Algorithm::Rs256, ["RSA", "rsa_keygen_bits:2048"], "rsa"),
        (Algorithm::Rs384, ["RSA", "rsa_keygen_bits:3072"], "rsa"),
        (Algorithm::Rs512, ["RSA", "rsa_keygen_bits:2048"], "rsa"),
        (Algorithm::Es256, ["EC", "ec_paramgen_curve:P-256"], "ec"),
        (Algorithm::Es384, ["EC", "ec_paramgen_curve:P-384"], "ec"),
        (Algorithm::Es512, ["EC", "ec_paramgen_curve:P-521"], "ec"),
    ] {
        let (pkcs8, old, jwk) = (
            folder.join("pkcs8.pem"),
            folder.join("old.pem"),
            folder.join("key.jwk"),
        );
        openssl(&[
            "genpkey".as_ref(),
            "-algorithm".as_ref(),
            options[0].as_ref(),
            "-pkeyopt".as_ref(),
            options[1].as_ref(),
            "-out".as_ref(),
            pkcs8.as_os_str(),
        ]);
        let mut arguments: Vec<&std::ffi::OsStr> = vec![
            traditional.as_ref(),
            "-in".as_ref(),
            pkcs8.as_os_str(),
            "-out".as_ref(),
            old.as_os_str(),
        ];
        if traditional == "rsa" {
            arguments.push("-traditional".as_ref());
        }
        openssl(&arguments);
        std::fs::write(
            &jwk,
            jwk_of(&std::fs::read_to_string(&old).unwrap()).to_string(),
        )
        .unwrap();
        for file in [&pkcs8, &old, &jwk] {
            let text = std::fs::read_to_string(file).unwrap();
            let key = ClientKey::parse(&text)
                .unwrap()
                .signing_by(algorithm)
                .unwrap();
            let jwt = asked_with(key.id("key-9")).await;
            let header = URL_SAFE_NO_PAD
                .decode(jwt.split('.').next().unwrap())
                .unwrap();
            let header: Value = serde_json::from_slice(&header).unwrap();
            assert_eq!(header["alg"], algorithm.as_str());
            assert_eq!(header["kid"], "key-9");
            check_by_openssl(folder, &pkcs8, &jwt, algorithm);
            checked += 1;
        }
    }
    assert_eq!(checked, 18);
}

/// The JWK of a key in OpenSSL's traditional form, put together from its DER by hand.
fn jwk_of(pem: &str) -> Value {
    let (label, document) = der::SecretDocument::from_pem(pem).unwrap();
    let der = document.as_bytes();
    let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    if label == "RSA PRIVATE KEY" {
        let numbers = <Vec<UintRef<'_>> as der::Decode>::from_der(der).unwrap();
        // version, n, e, d, p, q, dp, dq, qi
        let mut jwk = json!({"kty": "RSA"});
        for (name, number) in ["n", "e", "d", "p", "q", "dp", "dq", "qi"]
            .iter()
            .zip(&numbers[1..])
        {
            jwk[*name] = json!(b64(number.as_bytes()));
        }
        return jwk;
    }
    let (curve, length) = match der.len() {
        121 => ("P-256", 32),
        167 => ("P-384", 48),
        _ => ("P-521", 66),
    };
    // `OCTET STRING` of the private number first, the public point last.
    let start = der.windows(2).position(|pair| pair == [4, length]).unwrap() + 2;
    let length = usize::from(length);
    let (x, y) = der[der.len() - 2 * length..].split_at(length);
    json!({"kty": "EC", "crv": curve, "d": b64(&der[start..start + length]), "x": b64(x), "y": b64(y)})
}

async fn sandbox(key: &ClientKey) -> Sandbox {
    let options = Options {
        fleet: false,
        service_app_key: Some(key.public_jwk()),
        ..Options::default()
    };
    Sandbox::start(options).await.unwrap()
}

fn app(key: ClientKey) -> ServiceApp {
    ServiceApp::new(SERVICE_APP_CLIENT_ID, key)
}

fn token_requests(sandbox: &Sandbox) -> usize {
    let requests = sandbox.requests();
    let tokens = requests
        .iter()
        .filter(|request| request.path == "/oauth2/v1/token");
    tokens.count()
}

#[tokio::test]
async fn in_the_sandbox_many_requests_take_one_dance_and_writes_work() {
    let key = ClientKey::generate().unwrap().id("key-1");
    let sandbox = sandbox(&key).await;
    let okta = Okta::service_app(sandbox.okta_url(), app(key)).unwrap();
    let kind = PolicyType::AccessPolicy;
    let lists = join_all((0..12).map(|_| okta.policies(&kind))).await;
    assert!(
        lists
            .iter()
            .all(|list| list.as_ref().is_ok_and(|list| !list.is_empty()))
    );
    assert_eq!(token_requests(&sandbox), 2);
    let mut policy = Policy::new(kind, "By a service app");
    policy.conditions = okta_devtrust::Field::Null;
    assert!(!okta.create_policy(&policy).await.unwrap().id.is_empty());
    // The end is exclusive, and the event may be of this very millisecond.
    let hour = jiff::SignedDuration::from_hours(1);
    let now = jiff::Timestamp::now();
    let query = LogQuery::between(now - hour, now + hour);
    let events: Vec<_> = okta.logs(&query).try_collect().await.unwrap();
    assert!(
        events
            .iter()
            .any(|event| event.event_type == "policy.lifecycle.create")
    );
    assert_eq!(token_requests(&sandbox), 2);
}

#[tokio::test]
async fn in_the_sandbox_a_wrong_key_an_unknown_scope_and_a_missing_scope_are_told_apart() {
    let key = ClientKey::generate().unwrap();
    let sandbox = sandbox(&key).await;
    let url = sandbox.okta_url().to_owned();
    let kind = PolicyType::AccessPolicy;

    let wrong = app(ClientKey::generate().unwrap());
    let error = Okta::service_app(&url, wrong)
        .unwrap()
        .policies(&kind)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Unauthorized { .. }), "{error}");

    let app = app(key);
    let ungranted = app
        .clone()
        .scopes(["okta.policies.read", "okta.groups.manage"]);
    let error = Okta::service_app(&url, ungranted)
        .unwrap()
        .policies(&kind)
        .await
        .unwrap_err();
    let Error::Forbidden { missing, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*missing, Missing::Scope("okta.groups.manage".into()));

    let reader = Okta::service_app(&url, app.scopes(READ_SCOPES)).unwrap();
    reader.policies(&kind).await.unwrap();
    let error = reader
        .create_policy(&Policy::new(kind, "P"))
        .await
        .unwrap_err();
    let Error::Forbidden { missing, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*missing, Missing::Scope("okta.policies.manage".into()));
}

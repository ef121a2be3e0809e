//! The service app: `private_key_jwt`, and the DPoP nonce dance.

use aws_lc_rs::{
    digest,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use device_trust_sandbox::{Options, okta::SERVICE_APP_CLIENT_ID};
use reqwest::Method;
use serde_json::{Value, json};

use crate::org::{Answer, Org};

struct Key(EcdsaKeyPair);

impl Key {
    fn generate() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn jwk(&self) -> Value {
        let point = self.0.public_key().as_ref();
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({"kty": "EC", "crv": "P-256", "x": part(&point[1..33]), "y": part(&point[33..])})
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self
            .0
            .sign(&SystemRandom::new(), signed.as_bytes())
            .unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn proof(&self, jti: &str, claims: &Value) -> String {
        let mut all = json!({"iat": now(), "jti": jti});
        all.as_object_mut()
            .unwrap()
            .extend(claims.as_object().unwrap().clone());
        self.sign(
            &json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk()}),
            &all,
        )
    }
}

struct Service {
    org: Org,
    client: Key,
    dpop: Key,
}

impl Service {
    async fn fresh() -> Self {
        let (client, dpop) = (Key::generate(), Key::generate());
        let options = Options {
            service_app_key: Some(client.jwk()),
            ..Options::default()
        };
        Self {
            org: Org::with(options).await,
            client,
            dpop,
        }
    }

    fn url(&self) -> String {
        self.org.url("/oauth2/v1/token")
    }

    async fn ask(&self, scope: &str, jti: &str, nonce: Option<&str>) -> Answer {
        let mut claims = json!({"htm": "POST", "htu": self.url()});
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        let assertion = self.client.sign(
            &json!({"alg": "ES256"}),
            &json!({"iss": SERVICE_APP_CLIENT_ID, "sub": SERVICE_APP_CLIENT_ID,
                "aud": self.url(), "exp": now() + 300}),
        );
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", scope),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", &assertion),
        ];
        let request = self.org.bare(Method::POST, "/oauth2/v1/token").form(&form);
        Org::send(request.header("dpop", self.dpop.proof(jti, &claims))).await
    }

    /// An access token, after the whole dance.
    async fn token(&self, scope: &str) -> String {
        let first = self.ask(scope, "dance-1", None).await;
        let answer = self
            .ask(scope, "dance-2", Some(first.header("dpop-nonce")))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["access_token"].as_str().unwrap().to_owned()
    }

    async fn get(&self, path: &str, token: &str, jti: &str) -> Answer {
        let ath = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, token.as_bytes()));
        let plain = path.split('?').next().unwrap();
        let claims = json!({"htm": "GET", "htu": self.org.url(plain), "ath": ath});
        let request = self.org.bare(Method::GET, path);
        let request = request.header("authorization", format!("DPoP {token}"));
        Org::send(request.header("dpop", self.dpop.proof(jti, &claims))).await
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

const GROUPS: &str = "/api/v1/groups?limit=1";

#[tokio::test]
async fn the_first_proof_is_answered_with_a_nonce_and_the_second_with_a_token() {
    let service = Service::fresh().await;
    let first = service.ask("okta.groups.read", "one", None).await;
    assert_eq!(first.status, 400);
    assert_eq!(
        first.body,
        json!({"error": "use_dpop_nonce",
            "error_description": "Authorization server requires nonce in DPoP proof."})
    );
    let second = service
        .ask("okta.groups.read", "two", Some(first.header("dpop-nonce")))
        .await;
    assert_eq!(second.status, 200, "{}", second.body);
    assert!(!second.header("dpop-nonce").is_empty());
    assert_eq!(second.body["token_type"], "DPoP");
    assert_eq!(second.body["expires_in"], 3600);
    assert_eq!(second.body["scope"], "okta.groups.read");
    let token = second.body["access_token"].as_str().unwrap();
    let header = URL_SAFE_NO_PAD
        .decode(token.split('.').next().unwrap())
        .unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(header["typ"], "application/okta-internal-at+jwt");
}

#[tokio::test]
async fn a_resource_asks_for_a_proof_but_for_no_nonce() {
    let service = Service::fresh().await;
    let token = service.token("okta.groups.read").await;
    assert_eq!(service.get(GROUPS, &token, "a").await.status, 200);
    let bearer = service.org.bare(Method::GET, GROUPS).bearer_auth(&token);
    assert_eq!(Org::send(bearer).await.status, 401);
}

#[tokio::test]
async fn a_proof_is_good_once() {
    let service = Service::fresh().await;
    let token = service.token("okta.groups.read").await;
    assert_eq!(service.get(GROUPS, &token, "same").await.status, 200);
    let again = service.get(GROUPS, &token, "same").await;
    assert_eq!(again.status, 401);
    assert_eq!(
        again.causes(),
        ["The DPoP proof JWT has already been used."]
    );
}

#[tokio::test]
async fn a_scope_that_was_not_asked_for_is_forbidden() {
    let service = Service::fresh().await;
    let token = service.token("okta.groups.read").await;
    let answer = service
        .get("/api/v1/policies?type=ACCESS_POLICY", &token, "a")
        .await;
    answer.assert_error(403, "E0000006");
}

#[tokio::test]
async fn an_assertion_of_another_key_is_an_invalid_client() {
    let mut service = Service::fresh().await;
    let first = service.ask("okta.groups.read", "one", None).await;
    service.client = Key::generate();
    let second = service
        .ask("okta.groups.read", "two", Some(first.header("dpop-nonce")))
        .await;
    assert_eq!(
        (second.status.as_u16(), &second.body["error"]),
        (401, &json!("invalid_client"))
    );
}

#[tokio::test]
async fn the_request_log_keeps_no_assertion() {
    let service = Service::fresh().await;
    service.token("okta.groups.read").await;
    let log = serde_json::to_string(&service.org.sandbox.requests()).unwrap();
    assert!(log.contains("[masked]"));
    assert!(!log.contains("eyJ"), "no JWT may be in the request log");
}

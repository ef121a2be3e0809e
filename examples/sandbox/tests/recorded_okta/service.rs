//! A service app: its keys, its assertions and its DPoP proofs.

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

pub(crate) struct Key(EcdsaKeyPair);

impl Key {
    pub(crate) fn generate() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub(crate) fn jwk(&self) -> Value {
        let point = self.0.public_key().as_ref();
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({"kty": "EC", "crv": "P-256", "x": part(&point[1..33]), "y": part(&point[33..])})
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self
            .0
            .sign(&SystemRandom::new(), signed.as_bytes())
            .unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    pub(crate) fn proof(&self, jti: &str, claims: &Value) -> String {
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

pub(crate) struct Service {
    pub(crate) org: Org,
    pub(crate) client: Key,
    pub(crate) dpop: Key,
}

impl Service {
    pub(crate) async fn fresh() -> Self {
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

    pub(crate) fn url(&self) -> String {
        self.org.url("/oauth2/v1/token")
    }

    pub(crate) async fn ask(&self, scope: &str, jti: &str, nonce: Option<&str>) -> Answer {
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
    pub(crate) async fn token(&self, scope: &str) -> String {
        let first = self.ask(scope, "dance-1", None).await;
        let answer = self
            .ask(scope, "dance-2", Some(first.header("dpop-nonce")))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn get(&self, path: &str, token: &str, jti: &str) -> Answer {
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

pub(crate) const GROUPS: &str = "/api/v1/groups?limit=1";

//! A token endpoint with Okta's habits and a resource behind it. Signatures are checked by the verifying half of
//! aws-lc, which shares no code with what signs.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use aws_lc_rs::{
    digest,
    signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use okta_devtrust::{
    Okta, Retry,
    oauth::{ClientKey, ServiceApp},
};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

use super::org::okta_error;

pub(crate) const CLIENT: &str = "0oa1service";
pub(crate) const ACCESS_TOKEN: &str = "canary-access-token";
const TOKEN_PATH: &str = "/oauth2/v1/token";

/// What the server does, and what it saw.
pub(crate) struct State {
    /// The public half of the registered key.
    pub(crate) registered: Value,
    /// The nonce that it wants; `None` for an app without DPoP.
    pub(crate) nonce: Option<&'static str>,
    pub(crate) expires_in: u64,
    pub(crate) granted: Vec<&'static str>,
    /// Seconds that its clock is ahead.
    pub(crate) ahead: i64,
    /// Statuses that the token endpoint answers with before it does its work.
    pub(crate) troubles: Vec<u16>,
    /// What the resource answers instead of its list, in order; an access token of this number is good otherwise.
    pub(crate) resource: Vec<ResponseTemplate>,
    /// The number of tokens that it will not take any more.
    pub(crate) revoked: usize,
    /// Every token request, with its claims.
    pub(crate) token_requests: Vec<Seen>,
    pub(crate) resource_requests: Vec<Seen>,
    tokens: usize,
    used: BTreeSet<String>,
}

/// A request as it came: the authorization, the proof and the assertion.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) authorization: String,
    pub(crate) form: Vec<(String, String)>,
    pub(crate) proof: Option<Jwt>,
    pub(crate) assertion: Option<Jwt>,
}

#[derive(Debug, Clone)]
pub(crate) struct Jwt {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    signed: String,
    signature: Vec<u8>,
}

impl Jwt {
    pub(crate) fn decode(text: &str) -> Self {
        let (signed, signature) = text.rsplit_once('.').unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
        Self {
            header: serde_json::from_slice(&bytes(header)).unwrap(),
            claims: serde_json::from_slice(&bytes(claims)).unwrap(),
            signed: signed.to_owned(),
            signature: bytes(signature),
        }
    }

    fn is_signed_by(&self, jwk: &Value) -> bool {
        let part = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
        let point = [vec![4], part("x"), part("y")].concat();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(self.signed.as_bytes(), &self.signature)
            .is_ok()
    }
}

pub(crate) struct Authority {
    pub(crate) server: MockServer,
    pub(crate) state: Arc<Mutex<State>>,
    key: Mutex<Option<ClientKey>>,
}

impl Authority {
    pub(crate) async fn start() -> Self {
        let key = ClientKey::generate().unwrap().id("key-1");
        let state = Arc::new(Mutex::new(State {
            registered: key.public_jwk(),
            nonce: Some("nonce-1"),
            expires_in: 3600,
            granted: vec!["okta.policies.read", "okta.logs.read"],
            ahead: 0,
            troubles: Vec::new(),
            resource: Vec::new(),
            revoked: 0,
            token_requests: Vec::new(),
            resource_requests: Vec::new(),
            tokens: 0,
            used: BTreeSet::new(),
        }));
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(Responder(state.clone()))
            .mount(&server)
            .await;
        Self {
            server,
            state,
            key: Mutex::new(Some(key)),
        }
    }

    pub(crate) fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    /// The registered key, once.
    pub(crate) fn key(&self) -> ClientKey {
        self.key.lock().unwrap().take().unwrap()
    }

    /// A client with the registered key.
    pub(crate) fn okta(&self) -> Okta {
        self.okta_of(ServiceApp::new(CLIENT, self.key()).scopes(["okta.policies.read"]))
    }

    pub(crate) fn okta_of(&self, app: ServiceApp) -> Okta {
        let retry = Retry {
            base: Duration::from_millis(1),
            ..Retry::default()
        };
        let url = self.server.uri();
        Okta::with(&url, app.credentials(&url).unwrap(), retry).unwrap()
    }

    pub(crate) fn token_requests(&self) -> Vec<Seen> {
        self.state.lock().unwrap().token_requests.clone()
    }

    pub(crate) fn resource_requests(&self) -> Vec<Seen> {
        self.state.lock().unwrap().resource_requests.clone()
    }
}

struct Responder(Arc<Mutex<State>>);

impl Respond for Responder {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = self.0.lock().unwrap();
        let header = |name: &str| {
            let value = request.headers.get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        let mut seen = Seen {
            authorization: header("authorization").unwrap_or_default(),
            proof: header("dpop").map(|text| Jwt::decode(&text)),
            ..Seen::default()
        };
        let url = format!("http://{}{}", header("host").unwrap(), request.url.path());
        let answer = if request.url.path() == TOKEN_PATH {
            seen.form = url::form_urlencoded::parse(&request.body)
                .into_owned()
                .collect();
            seen.assertion = seen
                .form
                .iter()
                .find(|(name, _)| name == "client_assertion")
                .map(|(_, text)| Jwt::decode(text));
            state.token_requests.push(seen.clone());
            state.token(&seen, &url)
        } else {
            state.resource_requests.push(seen.clone());
            state.resource(&seen, request.method.as_str(), &url)
        };
        answer.insert_header("date", httpdate::fmt_http_date(state.time()).as_str())
    }
}

impl State {
    fn time(&self) -> SystemTime {
        SystemTime::now() + Duration::from_secs(self.ahead.unsigned_abs())
    }

    fn now(&self) -> i64 {
        let since = self.time().duration_since(SystemTime::UNIX_EPOCH);
        since.unwrap().as_secs().cast_signed()
    }

    fn token(&mut self, seen: &Seen, url: &str) -> ResponseTemplate {
        if let Some(status) = self.troubles.pop() {
            return ResponseTemplate::new(status);
        }
        let refuse = |status, error: &str, description: &str| {
            ResponseTemplate::new(status)
                .set_body_json(json!({"error": error, "error_description": description}))
                .insert_header("x-okta-request-id", "req-token")
        };
        let mut refusal = None;
        if let Some(nonce) = self.nonce {
            let proof = seen.proof.as_ref();
            if proof.is_none_or(|proof| proof.claims["nonce"] != nonce) {
                refusal = Some(refuse(
                    400,
                    "use_dpop_nonce",
                    "Authorization server requires nonce in DPoP proof.",
                ));
            } else if let Err(why) = self.check(proof.unwrap(), "POST", url, None) {
                refusal = Some(refuse(400, "invalid_dpop_proof", why));
            }
        }
        let field = |name: &str| {
            let found = seen.form.iter().find(|(key, _)| key == name);
            found.map_or("", |(_, value)| value.as_str())
        };
        let assertion = seen.assertion.as_ref().unwrap();
        let expires = assertion.claims["exp"].as_i64().unwrap();
        let refusal = refusal.or_else(|| {
            if !assertion.is_signed_by(&self.registered) {
                Some(refuse(
                    401,
                    "invalid_client",
                    "The client_assertion signature is invalid.",
                ))
            } else if expires <= self.now() || expires > self.now() + 3600 {
                Some(refuse(
                    401,
                    "invalid_client",
                    "The client_assertion token is expired.",
                ))
            } else if assertion.claims["aud"] != url || field("grant_type") != "client_credentials"
            {
                Some(refuse(
                    401,
                    "invalid_client",
                    "The audience claim must be the endpoint.",
                ))
            } else {
                let mut asked = field("scope").split(' ');
                let missing = asked.find(|scope| !self.granted.contains(scope));
                missing.map(|scope| {
                    refuse(
                        400,
                        "invalid_scope",
                        &format!("The scope {scope} is not granted to this app."),
                    )
                })
            }
        });
        let answer = refusal.unwrap_or_else(|| {
            self.tokens += 1;
            ResponseTemplate::new(200).set_body_json(json!({
                "token_type": if self.nonce.is_some() { "DPoP" } else { "Bearer" },
                "expires_in": self.expires_in,
                "access_token": format!("{ACCESS_TOKEN}-{}", self.tokens),
                "scope": field("scope"),
            }))
        });
        match self.nonce {
            Some(nonce) => answer.insert_header("dpop-nonce", nonce),
            None => answer,
        }
    }

    fn resource(&mut self, seen: &Seen, method: &str, url: &str) -> ResponseTemplate {
        let scheme = if self.nonce.is_some() {
            "DPoP"
        } else {
            "Bearer"
        };
        let number = seen
            .authorization
            .strip_prefix(&format!("{scheme} {ACCESS_TOKEN}-"))
            .and_then(|number| number.parse::<usize>().ok());
        if number.is_none_or(|number| number <= self.revoked) {
            return okta_error(401, "E0000011", "Invalid token provided");
        }
        if self.nonce.is_some() {
            let token = seen.authorization.split_once(' ').unwrap().1;
            if let Err(why) = self.check(seen.proof.as_ref().unwrap(), method, url, Some(token)) {
                return okta_error(401, "E0000011", why);
            }
        }
        self.resource
            .pop()
            .unwrap_or_else(|| ResponseTemplate::new(200).set_body_json(json!([])))
    }

    fn check(
        &mut self,
        proof: &Jwt,
        method: &str,
        url: &str,
        token: Option<&str>,
    ) -> Result<(), &'static str> {
        let claims = &proof.claims;
        let ath = token
            .map(|token| URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, token.as_bytes())));
        if proof.header["typ"] != "dpop+jwt" || !proof.is_signed_by(&proof.header["jwk"]) {
            return Err("the proof is not signed by the key in its header");
        }
        if claims["htm"] != method || claims["htu"] != url {
            return Err("the proof is for another request");
        }
        if claims["ath"].as_str() != ath.as_deref() {
            return Err("the proof is for another token");
        }
        if (claims["iat"].as_i64().unwrap() - self.now()).abs() > 60 {
            return Err("the proof is of another time");
        }
        if !self.used.insert(claims["jti"].as_str().unwrap().to_owned()) {
            return Err("DPoP proof JWT has already been used.");
        }
        Ok(())
    }
}

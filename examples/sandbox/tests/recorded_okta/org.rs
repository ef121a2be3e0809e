//! A fresh org and a plain client for it.

use device_trust_sandbox::{Options, Sandbox};
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};

pub(crate) struct Org {
    pub(crate) sandbox: Sandbox,
    http: reqwest::Client,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap().to_str().unwrap()
    }

    /// `(relation, url)` of each `Link` header; fails on two relations in one header.
    pub(crate) fn links(&self) -> Vec<(String, String)> {
        self.headers
            .get_all("link")
            .iter()
            .map(|value| {
                let text = value.to_str().unwrap();
                let (url, relation) = text.split_once("; ").unwrap();
                let relation = relation
                    .strip_prefix("rel=\"")
                    .unwrap()
                    .strip_suffix('"')
                    .unwrap();
                (relation.to_owned(), url.trim_matches(['<', '>']).to_owned())
            })
            .collect()
    }

    pub(crate) fn link(&self, relation: &str) -> Option<String> {
        self.links()
            .into_iter()
            .find(|(have, _)| have == relation)
            .map(|(_, url)| url)
    }

    pub(crate) fn assert_error(&self, status: u16, code: &str) {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert_eq!(self.body["errorCode"], code, "{}", self.body);
        assert_eq!(self.body["errorLink"], code);
        assert!(self.body["errorId"].as_str().unwrap().starts_with("oae"));
        assert!(self.body["errorCauses"].is_array());
        assert!(!self.header("x-okta-request-id").is_empty());
    }

    pub(crate) fn causes(&self) -> Vec<&str> {
        let causes = self.body["errorCauses"].as_array().unwrap();
        causes
            .iter()
            .map(|cause| cause["errorSummary"].as_str().unwrap())
            .collect()
    }
}

impl Org {
    pub(crate) async fn fresh() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let options = Options {
            fleet: false,
            ..options
        };
        Self::started(options).await
    }

    /// With the Macs, where the options have them.
    pub(crate) async fn started(options: Options) -> Self {
        Self {
            sandbox: Sandbox::start(options).await.unwrap(),
            http: reqwest::Client::new(),
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.sandbox.okta_url())
        }
    }

    /// A request with the API token.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        use secrecy::ExposeSecret as _;
        let token = self.sandbox.secrets().okta_api_token;
        self.bare(method, path)
            .header("authorization", format!("SSWS {}", token.expose_secret()))
            .header("accept", "application/json")
    }

    pub(crate) fn bare(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, self.url(path))
    }

    pub(crate) async fn send(request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap()
        };
        Answer {
            status,
            headers,
            body,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Self::send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        Self::send(self.request(Method::POST, path).json(&body)).await
    }

    /// A POST without body, as life-cycle calls are.
    pub(crate) async fn act(&self, path: &str) -> Answer {
        Self::send(
            self.request(Method::POST, path)
                .header("content-length", "0"),
        )
        .await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        Self::send(self.request(Method::PUT, path).json(&body)).await
    }

    /// A PUT without body, as assigning a policy is.
    pub(crate) async fn put_nothing(&self, path: &str) -> Answer {
        Self::send(
            self.request(Method::PUT, path)
                .header("content-length", "0"),
        )
        .await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Self::send(self.request(Method::DELETE, path)).await
    }

    /// The first object of a list whose `key` has this value.
    pub(crate) async fn find(&self, path: &str, key: &str, value: &str) -> Value {
        let list = self.get(path).await.body;
        let found = list
            .as_array()
            .unwrap()
            .iter()
            .find(|entry| entry[key] == value);
        found
            .unwrap_or_else(|| panic!("no {key}={value} in {path}: {list}"))
            .clone()
    }

    pub(crate) async fn app(&self, label: &str) -> String {
        id(&self.find("/api/v1/apps", "label", label).await)
    }

    pub(crate) async fn group(&self, name: &str) -> String {
        let path = format!("/api/v1/groups?q={}", name.replace(' ', "%20"));
        id(&self.get(&path).await.body[0])
    }

    pub(crate) async fn user(&self, login: &str) -> String {
        id(&self.get(&format!("/api/v1/users/{login}")).await.body)
    }

    pub(crate) async fn access_policy(&self, name: &str) -> Value {
        let sent = json!({"type": "ACCESS_POLICY", "name": name, "description": "", "status": "ACTIVE", "conditions": null});
        let answer = self.post("/api/v1/policies", sent).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    pub(crate) async fn okta_verify(&self) -> Value {
        self.find("/api/v1/authenticators", "key", "okta_verify")
            .await
    }

    /// FastPass on, and Okta Verify offered to the pilot users.
    pub(crate) async fn offer_fastpass(&self) {
        let verify = id(&self.okta_verify().await);
        let path =
            format!("/api/v1/authenticators/{verify}/methods/signed_nonce/lifecycle/activate");
        assert_eq!(self.act(&path).await.status, 200);
        let group = self.group("macOS pilot users").await;
        let policy = self
            .post(
                "/api/v1/policies",
                json!({
                    "type": "MFA_ENROLL", "name": "Okta Verify for pilots", "priority": 1,
                    "conditions": {"people": {"groups": {"include": [group]}}},
                    "settings": {"type": "AUTHENTICATORS", "authenticators": [
                        {"key": "okta_verify", "enroll": {"self": "OPTIONAL"}, "constraints": null},
                        {"key": "okta_password", "enroll": {"self": "REQUIRED"}},
                    ]},
                }),
            )
            .await;
        assert_eq!(policy.status, 200, "{}", policy.body);
        let rule = json!({"type": "MFA_ENROLL", "name": "Always", "actions": {"enroll": {"self": "LOGIN"}}});
        let path = format!("/api/v1/policies/{}/rules", id(&policy.body));
        assert_eq!(self.post(&path, rule).await.status, 200);
    }

    /// Registers a Mac for a user; gives the device's id.
    pub(crate) async fn register(&self, user: &str, udid: &str) -> String {
        let body = json!({"user": user, "profile": {
            "displayName": "A Mac", "udid": udid, "serialNumber": format!("SN{udid}"),
            "model": "Mac15,9", "osVersion": "15.6.1"}});
        let answer = Self::send(
            self.bare(Method::POST, "/sandbox/okta-verify/enroll")
                .json(&body),
        )
        .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["deviceId"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn id(object: &Value) -> String {
    object["id"]
        .as_str()
        .unwrap_or_else(|| panic!("no id: {object}"))
        .to_owned()
}

pub(crate) const ADA: &str = "ada.lovelace@sandbox.example";

pub(crate) const UDID: &str = "5A4DB0C5-0000-4000-8000-000000000001";

/// An org that offers FastPass, and one registered Mac of Ada's.
pub(crate) async fn org_with_a_mac() -> (Org, String) {
    let org = Org::fresh().await;
    org.offer_fastpass().await;
    let device = org.register(ADA, UDID).await;
    (org, device)
}

/// The rule for a registered and managed Mac.
pub(crate) fn managed_rule(group: &str) -> Value {
    json!({
        "type": "ACCESS_POLICY", "name": "Managed macOS – FastPass", "priority": 0,
        "conditions": {
            "people": {"groups": {"include": [group]}},
            "platform": {"include": [{"type": "DESKTOP", "os": {"type": "MACOS", "expression": null}}]},
            "device": {"registered": true, "managed": true},
            "network": {"connection": "ANYWHERE"},
        },
        "actions": {"appSignOn": {"access": "ALLOW", "verificationMethod": {
            "type": "ASSURANCE", "factorMode": "1FA", "reauthenticateIn": "PT12H",
            "constraints": [{"possession": {"deviceBound": "REQUIRED", "phishingResistant": "REQUIRED",
                "hardwareProtection": "REQUIRED", "userPresence": "REQUIRED", "userVerification": "REQUIRED"}}],
        }}},
    })
}

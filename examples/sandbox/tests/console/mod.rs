//! An administrator at JumpCloud's console, by plain HTTP.

#![allow(dead_code, unreachable_pub, reason = "each test target uses its part")]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use device_trust_sandbox::{Options, Sandbox};
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

pub const TEMPLATE: &str = "5f21c4d3b544067fd53ba0af";
pub const PAYLOAD: &str = "5f21c4d3b544067fd53ba0b0";
pub const REDISPATCH: &str = "6801173b9d77db0001baeed9";

pub struct Console {
    pub sandbox: Sandbox,
    pub http: reqwest::Client,
}

pub struct Reply {
    pub status: StatusCode,
    pub total: Option<String>,
    pub link: bool,
    pub body: Value,
}

impl Console {
    pub async fn open(options: Options) -> Self {
        Self {
            sandbox: Sandbox::start(options).await.unwrap(),
            http: reqwest::Client::new(),
        }
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.sandbox.jumpcloud_url()))
            .header(
                "x-api-key",
                self.sandbox.secrets().jumpcloud_api_key.expose_secret(),
            )
    }

    pub async fn get(&self, path: &str) -> Reply {
        read(self.request(Method::GET, path)).await
    }

    pub async fn send(&self, method: Method, path: &str, body: &Value) -> Reply {
        read(self.request(method, path).json(body)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, &body).await
    }

    pub async fn policy(&self, name: &str, profile: &[u8]) -> String {
        let reply = self.post("/api/v2/policies", policy(name, profile)).await;
        assert_eq!(reply.status, StatusCode::CREATED);
        text(&reply.body["id"])
    }

    /// Adds or removes an edge, which must succeed.
    pub async fn edge(&self, op: &str, path: &str, kind: &str, id: &str) {
        let reply = self
            .post(path, json!({ "op": op, "type": kind, "id": id }))
            .await;
        assert_eq!(reply.status, StatusCode::NO_CONTENT);
    }

    pub async fn system(&self, serial_number: &str) -> String {
        let path = format!("/api/systems?filter=serialNumber:$eq:{serial_number}");
        text(&self.get(&path).await.body["results"][0]["_id"])
    }

    pub async fn pilot_group(&self) -> String {
        let groups = self
            .get("/api/v2/systemgroups?filter=name:eq:macOS%20pilot")
            .await;
        text(&groups.body[0]["id"])
    }
}

pub async fn read(request: reqwest::RequestBuilder) -> Reply {
    let response = request.send().await.unwrap();
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let (status, total, link) = (
        response.status(),
        header("x-total-count"),
        header("link").is_some(),
    );
    let body = response.bytes().await.unwrap();
    let body = if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&body).unwrap()
    };
    Reply {
        status,
        total,
        link,
        body,
    }
}

pub fn policy(name: &str, profile: &[u8]) -> Value {
    json!({
        "name": name,
        "template": { "id": TEMPLATE },
        "values": [
            {
                "configFieldID": PAYLOAD, "configFieldName": "payload", "value": STANDARD.encode(profile),
                "sensitive": false,
            },
            { "configFieldID": REDISPATCH, "configFieldName": "redispatchPolicy", "value": false },
        ],
        "notes": "made by a test",
    })
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

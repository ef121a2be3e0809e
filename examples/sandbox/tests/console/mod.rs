//! An administrator at JumpCloud's console, by plain HTTP.

#![allow(dead_code, unreachable_pub, reason = "each test target uses its part")]

pub mod trust;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use device_trust_sandbox::fleet::{Mac, Pace};
use device_trust_sandbox::{Options, Sandbox, Seed, Shared, Side};
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

/// Fast enough for a test.
pub const PACE: Pace = Pace {
    check_in: Duration::from_millis(20),
    sign_in: Duration::from_millis(50),
};

pub const TEMPLATE: &str = "5f21c4d3b544067fd53ba0af";
pub const PAYLOAD: &str = "5f21c4d3b544067fd53ba0b0";
pub const REDISPATCH: &str = "6801173b9d77db0001baeed9";

pub struct Console {
    pub shared: Shared,
    pub http: reqwest::Client,
    /// Kept running for as long as the console is open.
    _sandbox: Option<Sandbox>,
}

pub struct Reply {
    pub status: StatusCode,
    pub total: Option<String>,
    pub link: bool,
    pub body: Value,
}

impl Console {
    pub async fn open(options: Options) -> Self {
        let sandbox = Sandbox::start(options).await.unwrap();
        let console = Self::over(sandbox.shared());
        Self {
            _sandbox: Some(sandbox),
            ..console
        }
    }

    /// A console of a fresh sandbox whose Macs do nothing.
    pub async fn still(seed: Seed) -> Self {
        Self::open(Options {
            fleet: false,
            seed,
            ..Options::default()
        })
        .await
    }

    /// A console of a sandbox that someone else keeps running.
    pub fn over(shared: &Shared) -> Self {
        Self {
            shared: shared.clone(),
            http: reqwest::Client::new(),
            _sandbox: None,
        }
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.shared.jumpcloud_url()))
            .header("x-api-key", self.key())
    }

    pub fn key(&self) -> String {
        let world = self.shared.world();
        world.secrets.jumpcloud_api_key.expose_secret().to_owned()
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

    /// Creates the policy and binds it to the pilot group.
    pub async fn deploy(&self, profile: &[u8]) -> String {
        let policy = self.policy("Okta device trust", profile).await;
        let path = format!("/api/v2/policies/{policy}/associations");
        self.edge("add", &path, "system_group", &self.pilot_group().await)
            .await;
        policy
    }

    /// The latest result of each Mac, once `count` of them have one that is not pending.
    pub async fn results(&self, policy: &str, count: usize) -> Vec<Value> {
        let path = format!("/api/v2/policies/{policy}/policystatuses");
        self.until(async || {
            let results = self.get(&path).await.body.as_array().unwrap().clone();
            let done = results.iter().filter(|result| result["state"] != "pending");
            (done.count() >= count).then_some(results)
        })
        .await
    }

    pub async fn until<T>(&self, mut seen: impl AsyncFnMut() -> Option<T>) -> T {
        // Only a guard against hanging: nothing is measured.
        for _ in 0..3000 {
            if let Some(value) = seen().await {
                return value;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!(
            "the Macs did not get there: {:?}",
            self.shared.world().fleet
        );
    }

    pub fn mac(&self, serial_number: &str) -> Mac {
        let world = self.shared.world();
        world.fleet.mac(serial_number).unwrap().clone()
    }

    pub fn enrolments(&self) -> usize {
        let requests = self.shared.world().requests.clone();
        let posts = requests
            .iter()
            .filter(|it| it.side == Side::Scep && it.method == "POST");
        posts.count()
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

pub fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

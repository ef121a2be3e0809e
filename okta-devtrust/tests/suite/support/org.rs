//! A small org behind a real socket: keeps what is written, has Okta's habits, answers an unknown route with 501 and
//! its name.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use okta_devtrust::{Okta, Retry, ssws};
use serde_json::{Map, Value, json};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

pub(crate) const TOKEN: &str = "00canary-token";

/// The server and a client of it.
pub(crate) struct Org {
    server: MockServer,
    state: Arc<Mutex<State>>,
    pub(crate) okta: Okta,
}

#[derive(Default)]
struct State {
    /// Policies, in order of creation.
    policies: Vec<Value>,
    /// Rules; `policy` names theirs.
    rules: Vec<Value>,
    /// Apps; `policy` and `groups` are theirs.
    apps: Vec<Value>,
    fastpass: bool,
    writes: Vec<String>,
    next_id: usize,
    drop_key: Option<&'static str>,
    /// The number of the write that is kept and then answered with 503.
    lose_answer: Option<usize>,
    /// The number of the write that is answered with 500 and not kept.
    fail: Option<usize>,
    /// The number of the write after which no read is answered.
    silent_after: Option<usize>,
    /// Routes that are answered so, whatever the state is.
    answers: Vec<(&'static str, &'static str, ResponseTemplate)>,
}

impl Org {
    pub(crate) async fn start() -> Self {
        let server = MockServer::start().await;
        let default = crate::support::fresh().default_enrollment.unwrap();
        let state = Arc::new(Mutex::new(State {
            policies: vec![
                serde_json::to_value(default).unwrap(),
                json!({"id": "rst-any-two", "type": "ACCESS_POLICY", "name": "Any two factors", "system": true,
                       "status": "ACTIVE"}),
            ],
            apps: vec![json!({
                "id": "0oa-wiki", "label": "Wiki", "name": "oidc_client", "status": "ACTIVE",
                "credentials": {"oauthClient": {"client_secret": "canary-app-secret"}},
                "policy": "rst-any-two", "groups": []})],
            ..State::default()
        }));
        Mock::given(any())
            .respond_with(Responder(state.clone()))
            .mount(&server)
            .await;
        let retry = Retry {
            base: Duration::from_millis(1),
            ..Retry::default()
        };
        let token = TOKEN.to_owned().into();
        let okta = Okta::with(&server.uri(), ssws(&token).unwrap(), retry).unwrap();
        Self {
            server,
            state,
            okta,
        }
    }

    pub(crate) fn drop_key(&self, key: &'static str) {
        self.state.lock().unwrap().drop_key = Some(key);
    }

    pub(crate) fn lose_answer_of_write(&self, number: usize) {
        self.state.lock().unwrap().lose_answer = Some(number);
    }

    pub(crate) fn fail_write(&self, number: Option<usize>) {
        self.state.lock().unwrap().fail = number;
    }

    pub(crate) fn silence_after_write(&self, number: usize) {
        self.state.lock().unwrap().silent_after = Some(number);
    }

    /// Answers every request of a method to a path with this ending; what was told last goes.
    pub(crate) fn answer(
        &self,
        method: &'static str,
        path: &'static str,
        answer: ResponseTemplate,
    ) {
        self.state
            .lock()
            .unwrap()
            .answers
            .push((method, path, answer));
    }

    pub(crate) fn writes(&self) -> Vec<String> {
        self.state.lock().unwrap().writes.clone()
    }

    pub(crate) fn count(&self) -> (usize, usize) {
        let state = self.state.lock().unwrap();
        (state.policies.len(), state.rules.len())
    }

    /// An admin changes a rule by hand, found by name or id.
    pub(crate) fn edit_rule(&self, name: &str, edit: impl FnOnce(&mut Value)) {
        let mut state = self.state.lock().unwrap();
        edit(
            state
                .rules
                .iter_mut()
                .find(|rule| rule["name"] == name || rule["id"] == name)
                .unwrap(),
        );
    }

    pub(crate) fn rule(&self, name: &str) -> Value {
        let state = self.state.lock().unwrap();
        let mut rules = state.rules.iter();
        rules
            .find(|rule| rule["name"] == name || rule["id"] == name)
            .unwrap()
            .clone()
    }

    pub(crate) async fn requests(&self) -> usize {
        self.server.received_requests().await.unwrap().len()
    }
}

struct Responder(Arc<Mutex<State>>);

impl Respond for Responder {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = self.0.lock().unwrap();
        let method = request.method.as_str();
        let path = request.url.path().to_owned();
        let given = state.answers.iter().rev();
        let mut given = given.filter(|(verb, end, _)| *verb == method && path.ends_with(end));
        if let Some((.., answer)) = given.next() {
            return answer.clone();
        }
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        let query = |name: &str| {
            let mut pairs = request.url.query_pairs();
            pairs
                .find(|(key, _)| key == name)
                .map(|(_, v)| v.into_owned())
        };
        if method == "GET" {
            if state
                .silent_after
                .is_some_and(|number| state.writes.len() >= number)
            {
                return ResponseTemplate::new(503);
            }
            let kind = query("type").or_else(|| query("q")).unwrap_or_default();
            return state.read(&segments, &kind);
        }
        state.writes.push(format!("{method} {path}"));
        let number = state.writes.len();
        if state.fail == Some(number) {
            return okta_error(500, "E0000009", "Internal Server Error");
        }
        let answer = state.write(method, &segments, body);
        if state.lose_answer == Some(number) {
            return ResponseTemplate::new(503);
        }
        answer
    }
}

fn ok(body: impl serde::Serialize) -> ResponseTemplate {
    ResponseTemplate::new(200)
        .set_body_json(body)
        .insert_header("x-okta-request-id", "req1")
}

pub(crate) fn okta_error(status: u16, code: &str, summary: &str) -> ResponseTemplate {
    ResponseTemplate::new(status)
        .insert_header("x-okta-request-id", "req-err")
        .set_body_json(json!({
            "errorCode": code, "errorSummary": summary, "errorLink": code, "errorId": "oae1",
            "errorCauses": [{"errorSummary": "the cause"}]}))
}

impl State {
    fn read(&self, path: &[&str], query: &str) -> ResponseTemplate {
        let one = |found: Option<&Value>| {
            found.map_or_else(|| okta_error(404, "E0000007", "Not found"), ok)
        };
        let path = path.strip_prefix(&["api", "v1"]).unwrap_or(path);
        match path {
            [".well-known", _] => ok(json!({"id": "00o1", "pipeline": "idx"})),
            ["groups"] => {
                let id = match query {
                    "Break glass admins" => "00g-glass",
                    "macOS pilot users" => "00g-pilot",
                    _ => return ok(json!([])),
                };
                ok(json!([{"id": id, "profile": {"name": query}},
                          {"id": "00g-x", "profile": {"name": format!("{query} of old")}}]))
            }
            ["groups", _, "users"] => ok(json!([{"id": "00u1", "status": "ACTIVE"}])),
            ["authenticators"] => {
                ok(json!([{"id": "aut1", "key": "okta_verify", "status": "ACTIVE"}]))
            }
            ["authenticators", _, "methods"] => ok([self.method()]),
            ["authenticators", _, "methods", _] => ok(self.method()),
            ["policies"] => ok(self
                .policies
                .iter()
                .filter(|policy| policy["type"] == query)
                .collect::<Vec<_>>()),
            ["policies", id] => one(find(&self.policies, id)),
            ["policies", id, "rules"] => ok(self
                .rules
                .iter()
                .filter(|rule| rule["policy"] == *id)
                .collect::<Vec<_>>()),
            ["policies", _, "rules", id] => one(find(&self.rules, id)),
            ["policies", id, "mappings"] => ok(self
                .apps
                .iter()
                .filter(|app| app["policy"] == *id)
                .map(|app| {
                    let href = format!("https://x/api/v1/apps/{}", app["id"].as_str().unwrap());
                    json!({"id": "map1", "_links": {"application": {"href": href}}})
                })
                .collect::<Vec<_>>()),
            ["apps"] => ok(self.apps.iter().map(shown).collect::<Vec<_>>()),
            ["apps", id] => one(find(&self.apps, id).map(shown).as_ref()),
            ["apps", id, "groups", group] => {
                let groups = find(&self.apps, id).unwrap()["groups"].as_array().unwrap();
                one(groups.iter().find(|found| *found == group))
            }
            other => ResponseTemplate::new(501).set_body_string(format!("no route GET {other:?}")),
        }
    }

    fn write(&mut self, method: &str, path: &[&str], mut body: Value) -> ResponseTemplate {
        let path = path.strip_prefix(&["api", "v1"]).unwrap_or(path);
        if let Some(key) = self.drop_key {
            remove(&mut body, key);
        }
        match (method, path) {
            ("POST", ["authenticators", _, "methods", _, "lifecycle", "activate"]) => {
                self.fastpass = true;
                ok(self.method())
            }
            ("POST", ["policies"]) => {
                body["id"] = self.id("policy");
                body["status"] = json!("ACTIVE");
                if body["type"] == "ACCESS_POLICY" {
                    let mut rule = crate::support::catch_all();
                    rule["id"] = self.id("catch-all");
                    rule["policy"] = body["id"].clone();
                    self.rules.push(rule);
                }
                self.policies.push(body.clone());
                ok(body)
            }
            ("PUT", ["policies", id]) => ok(replace(&mut self.policies, id, body)),
            ("POST", ["policies", policy, "rules"]) => {
                body["id"] = self.id("rule");
                body["policy"] = json!(policy);
                body["status"] = json!("ACTIVE");
                crate::support::add_defaults(&mut body);
                self.rules.push(body.clone());
                ok(body)
            }
            ("PUT", ["policies", policy, "rules", id]) => {
                body["policy"] = json!(policy);
                crate::support::add_defaults(&mut body);
                ok(replace(&mut self.rules, id, body))
            }
            ("POST", ["policies", _, "rules", id, "lifecycle", "activate"]) => {
                let id = *id;
                let rule = self.rules.iter_mut().find(|rule| rule["id"] == id);
                rule.unwrap()["status"] = json!("ACTIVE");
                ResponseTemplate::new(204)
            }
            ("PUT", ["apps", id, "policies", policy]) => {
                self.app(id)["policy"] = json!(policy);
                ResponseTemplate::new(204)
            }
            ("PUT", ["apps", id, "groups", group]) => {
                self.app(id)["groups"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!(group));
                ok(json!({"id": group}))
            }
            ("POST", ["apps"]) => {
                body["id"] = self.id("0oa");
                body["status"] = json!("ACTIVE");
                body["policy"] = json!("rst-any-two");
                body["groups"] = json!([]);
                self.apps.push(body.clone());
                ok(shown(&body))
            }
            other => ResponseTemplate::new(501).set_body_string(format!("no route {other:?}")),
        }
    }

    fn method(&self) -> Value {
        let status = if self.fastpass { "ACTIVE" } else { "INACTIVE" };
        json!({"type": "signed_nonce", "status": status})
    }

    fn app(&mut self, id: &str) -> &mut Value {
        self.apps.iter_mut().find(|app| app["id"] == id).unwrap()
    }

    fn id(&mut self, kind: &str) -> Value {
        self.next_id += 1;
        json!(format!("{kind}-{}", self.next_id))
    }
}

/// An app as it is answered.
fn shown(app: &Value) -> Value {
    let mut shown = app.clone();
    let href = format!(
        "https://x/api/v1/policies/{}",
        app["policy"].as_str().unwrap()
    );
    shown["_links"] = json!({"accessPolicy": {"href": href}});
    for key in ["policy", "groups"] {
        shown.as_object_mut().unwrap().remove(key);
    }
    shown
}

fn find<'a>(all: &'a [Value], id: &str) -> Option<&'a Value> {
    all.iter().find(|value| value["id"] == id)
}

fn replace(all: &mut [Value], id: &str, mut body: Value) -> Value {
    let slot = all.iter_mut().find(|value| value["id"] == id).unwrap();
    body["id"] = json!(id);
    *slot = body;
    slot.clone()
}

fn remove(value: &mut Value, key: &str) {
    let each: Vec<&mut Value> = match value {
        Value::Object(map) => {
            map.remove(key);
            Map::values_mut(map).collect()
        }
        Value::Array(items) => items.iter_mut().collect(),
        _ => return,
    };
    for value in each {
        remove(value, key);
    }
}

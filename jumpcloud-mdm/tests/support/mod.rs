//! A JumpCloud small enough to read at a glance: it keeps state, answers as documented, fails when told to, and names
//! every request that it does not know.
// Each test file uses a part of it.
#![allow(
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use jumpcloud_mdm::{
    Error, JumpCloud, Region, Retry,
    deploy::{self, Applied, Desired, DesiredProfile, DesiredSoftware, DigestKey, Package, Plan},
};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

pub const PROFILE: &str = include_str!("../fixtures/trust.mobileconfig");
pub const KEY: &str = "canary-api-key";
pub const CHALLENGE: &str = "canary-challenge";
pub const ORG: &str = "5f00000000000000000000aa";
pub const PACKAGE: &str = "https://example.com/OktaVerify.pkg";

/// What happens to the next request that fits, instead of an answer.
#[derive(Clone)]
pub struct Fault {
    method: &'static str,
    path: &'static str,
    act: bool,
    /// What another does at the same moment.
    edit: Option<fn(&mut State)>,
    status: u16,
    body: Value,
}

#[derive(Default)]
pub struct State {
    pub no_template: bool,
    pub mask_payload: bool,
    pub org_id: Option<&'static str>,
    pub policies: Vec<Value>,
    pub groups: Vec<Value>,
    pub members: BTreeMap<String, Vec<String>>,
    pub apps: Vec<Value>,
    pub edges: BTreeMap<String, BTreeSet<String>>,
    pub statuses: Vec<Value>,
    pub software_statuses: Vec<Value>,
    pub events: Vec<Value>,
    pub systems: Vec<Value>,
    pub certificates: Vec<Value>,
    pub insights_apps: Vec<Value>,
    pub log: Vec<String>,
    pub unmatched: Vec<String>,
    faults: Vec<Fault>,
    next: u32,
}

pub struct World {
    server: MockServer,
    state: Arc<Mutex<State>>,
}

struct Answer(Arc<Mutex<State>>);

impl World {
    /// An organisation with the device group "macOS pilot" and no policy, software or result.
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            groups: vec![json!({"id": "g1", "name": "macOS pilot", "type": "system_group"})],
            members: [("g1".to_owned(), vec!["s1".to_owned(), "s2".to_owned()])].into(),
            systems: vec![
                system("s1", "mac-1"),
                system("s2", "mac-2"),
                system("s3", "mac-3"),
            ],
            ..State::default()
        }));
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(Answer(Arc::clone(&state)))
            .mount(&server)
            .await;
        Self { server, state }
    }

    pub fn client(&self) -> JumpCloud {
        JumpCloud::builder(Region::Url(self.server.uri()), KEY.into())
            .retry(Retry {
                base: Duration::from_millis(1),
                ..Retry::default()
            })
            .settle(Duration::ZERO)
            .build()
            .unwrap()
    }

    pub fn uri(&self) -> String {
        self.server.uri()
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The next `method` on a path that ends in `path` is answered `status` and does nothing.
    pub fn refuse(&self, method: &'static str, path: &'static str, status: u16) {
        self.fault(method, path, false, status, json!({"message": "no"}));
    }

    /// As [`refuse`](Self::refuse), with a body.
    pub fn refuse_with(&self, method: &'static str, path: &'static str, status: u16, body: Value) {
        self.fault(method, path, false, status, body);
    }

    /// The next `method` on a path that ends in `path` is carried out, and then answered `status`.
    pub fn lose_answer(&self, method: &'static str, path: &'static str, status: u16) {
        self.fault(method, path, true, status, json!({"message": "lost"}));
    }

    /// As [`refuse`](Self::refuse), and another edits what is there at the same moment.
    pub fn refuse_amid(
        &self,
        method: &'static str,
        path: &'static str,
        status: u16,
        edit: fn(&mut State),
    ) {
        self.refuse(method, path, status);
        if let Some(fault) = self.state().faults.last_mut() {
            fault.edit = Some(edit);
        }
    }

    fn fault(&self, method: &'static str, path: &'static str, act: bool, status: u16, body: Value) {
        self.state().faults.push(Fault {
            method,
            path,
            act,
            edit: None,
            status,
            body,
        });
    }

    /// The writes so far, `METHOD path`, and forgets them.
    pub fn take_writes(&self) -> Vec<String> {
        let log = std::mem::take(&mut self.state().log);
        log.into_iter()
            .filter(|line| !line.starts_with("GET"))
            .collect()
    }

    /// Fails, with its name, on a request that this JumpCloud does not know.
    pub fn assert_all_known(&self) {
        let unmatched = self.state().unmatched.clone();
        assert!(unmatched.is_empty(), "unmatched requests: {unmatched:#?}");
    }
}

pub fn system(id: &str, name: &str) -> Value {
    json!({"_id": id, "hostname": name, "displayName": name, "serialNumber": format!("SN-{id}"),
        "osFamily": "darwin", "mdm": {"vendor": "internal", "userApproved": true},
        "systemInsights": {"state": "enabled"}})
}

pub fn status(id: &str, system: &str, state: &str) -> Value {
    json!({"id": id, "policyID": "p1", "systemID": system, "state": state, "success": state == "success",
        "detail": "", "exitStatus": 0, "endedAt": format!("2026-11-24T12:00:00Z-{id}")})
}

pub fn key() -> DigestKey {
    DigestKey::new([7; 32]).unwrap()
}

pub fn desired() -> Desired {
    desired_with(PROFILE)
}

pub fn desired_with(profile: &str) -> Desired {
    Desired::new("device-trust")
        .profile(DesiredProfile::new("Okta device trust", profile).device_group("macOS pilot"))
        .software(
            DesiredSoftware::new("Okta Verify", Package::custom("okta-verify", PACKAGE))
                .device_group("macOS pilot"),
        )
}

impl Respond for Answer {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = self.0.lock().unwrap();
        let path = request.url.path().to_owned();
        let line = format!("{} {path}", request.method);
        state.log.push(line.clone());
        if request
            .headers
            .get("x-api-key")
            .is_none_or(|key| key != KEY)
        {
            return ResponseTemplate::new(401).set_body_json(json!({"error": "Unauthorized"}));
        }
        let fault = state.faults.iter().position(|fault| {
            fault.method == request.method.as_str() && path.ends_with(fault.path)
        });
        if let Some(fault) = fault.map(|index| state.faults.remove(index)) {
            if fault.act {
                state.route(request);
            }
            if let Some(edit) = fault.edit {
                edit(&mut state);
            }
            return ResponseTemplate::new(fault.status).set_body_json(fault.body);
        }
        match state.route(request) {
            Some((status, Value::Null)) => ResponseTemplate::new(status),
            Some((status, body)) => ResponseTemplate::new(status).set_body_json(body),
            None => {
                state.unmatched.push(line);
                ResponseTemplate::new(501)
            }
        }
    }
}

impl State {
    fn route(&mut self, request: &Request) -> Option<(u16, Value)> {
        if request.url.path().ends_with("/directory/v1/events") {
            return Some((200, json!(self.events)));
        }
        let path = request.url.path().strip_prefix("/api/")?.to_owned();
        let segments: Vec<&str> = path.split('/').collect();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        let query: BTreeMap<String, String> = request.url.query_pairs().into_owned().collect();
        let page = |items: &[Value]| page(items, &query);
        let found = |item: Option<&Value>| {
            item.map_or((404, json!({"message": "not found"})), |item| {
                (200, item.clone())
            })
        };
        Some(match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["organizations"]) => {
                let id = self.org_id.unwrap_or(ORG);
                (
                    200,
                    json!({"totalCount": 1, "results": [{"_id": id, "id": id, "displayName": "Acme"}]}),
                )
            }
            ("GET", ["systems", id]) => found(self.systems.iter().find(|item| item["_id"] == *id)),
            ("GET", ["v2", "policytemplates"]) if self.no_template => (200, json!([])),
            ("GET", ["v2", "policytemplates"]) => (
                200,
                page(&[json!({"id": "t1", "name": "custom_mdm_profile_darwin"})]),
            ),
            ("GET", ["v2", "policytemplates", "t1"]) => (
                200,
                json!({"id": "t1", "name": "custom_mdm_profile_darwin", "configFields": [
                    {"id": "f1", "name": "payload", "displayType": "file"},
                    {"id": "f2", "name": "redispatchPolicy", "displayType": "checkbox", "defaultValue": true}]}),
            ),
            ("GET", ["v2", "systemgroups"]) => (200, page(&self.groups)),
            ("GET", ["v2", "systemgroups", id, "membership"]) => {
                let members = self.members.get(*id).cloned().unwrap_or_default();
                let members: Vec<Value> = members
                    .iter()
                    .map(|id| json!({"id": id, "type": "system", "paths": []}))
                    .collect();
                (200, page(&members))
            }
            ("GET", ["v2", "policies"]) => {
                let shallow: Vec<Value> = self
                    .policies
                    .iter()
                    .map(|item| json!({"id": item["id"], "name": item["name"], "template": item["template"]}))
                    .collect();
                (200, page(&shallow))
            }
            ("POST", ["v2", "policies"]) => {
                if self
                    .policies
                    .iter()
                    .any(|item| item["name"] == body["name"])
                {
                    return Some((
                        409,
                        json!({"code": 6, "message": "name is taken", "status": "ALREADY_EXISTS"}),
                    ));
                }
                let mut policy = body;
                policy["id"] = json!(self.id("p"));
                self.policies.push(policy.clone());
                (201, policy)
            }
            ("GET", ["v2", "policies", id]) => {
                let mut policy = self.policies.iter().find(|item| item["id"] == *id).cloned();
                if let (true, Some(policy)) = (self.mask_payload, &mut policy) {
                    policy["values"][0]["value"] = json!("********");
                }
                found(policy.as_ref())
            }
            ("PUT", ["v2", "policies", id]) => {
                let policy = self.policies.iter_mut().find(|item| item["id"] == *id)?;
                for key in ["name", "notes", "values"] {
                    policy[key] = body[key].clone();
                }
                (200, json!({"id": id, "name": body["name"]}))
            }
            ("DELETE", ["v2", "policies", id]) => {
                let before = self.policies.len();
                self.policies.retain(|item| item["id"] != *id);
                self.edges.remove(*id);
                match before == self.policies.len() {
                    true => (404, json!({"message": "not found"})),
                    false => (204, Value::Null),
                }
            }
            ("DELETE", ["v2", "softwareapps", id]) => {
                self.apps.retain(|item| item["id"] != *id);
                self.edges.remove(*id);
                (204, Value::Null)
            }
            ("GET", ["v2", "policies", _, "policystatuses"]) => (200, page(&self.statuses)),
            ("GET", ["v2", "softwareapps"]) => (200, page(&self.apps)),
            ("POST", ["v2", "softwareapps"]) => {
                let mut app = body;
                app["id"] = json!(self.id("a"));
                app["settings"][0]["autoUpdate"] = json!(false);
                self.apps.push(app.clone());
                app["uploadUrl"] = json!("");
                (201, app)
            }
            ("GET", ["v2", "softwareapps", id]) => {
                found(self.apps.iter().find(|item| item["id"] == *id))
            }
            ("PUT", ["v2", "softwareapps", id]) => {
                let app = self.apps.iter_mut().find(|item| item["id"] == *id)?;
                for key in ["displayName", "settings"] {
                    app[key] = body[key].clone();
                }
                (200, app.clone())
            }
            ("GET", ["v2", "softwareapps", _, "statuses"]) => (200, page(&self.software_statuses)),
            ("GET", ["v2", "policies" | "softwareapps", id, "associations"]) => {
                let edges: Vec<Value> = match query.get("targets").map(String::as_str) {
                    Some("system_group") => self
                        .edges
                        .get(*id)
                        .into_iter()
                        .flatten()
                        .map(|group| json!({"to": {"id": group, "type": "system_group", "attributes": null}}))
                        .collect(),
                    Some("system") => Vec::new(),
                    _ => return Some((400, json!({"message": "targets is required"}))),
                };
                (200, page(&edges))
            }
            ("POST", ["v2", "policies" | "softwareapps", id, "associations"]) => {
                let group = body["id"].as_str()?.to_owned();
                let edges = self.edges.entry((*id).to_owned()).or_default();
                match body["op"].as_str()? {
                    "add" if edges.insert(group.clone()) => (204, Value::Null),
                    "add" => (409, json!({"message": "already"})),
                    _ if edges.remove(&group) => (204, Value::Null),
                    _ => (404, json!({"message": "not bound"})),
                }
            }
            ("GET", ["v2", "systeminsights", "certificates"]) => (200, page(&self.certificates)),
            ("GET", ["v2", "systeminsights", "apps"]) => (200, page(&self.insights_apps)),
            _ => return None,
        })
    }

    fn id(&mut self, prefix: &str) -> String {
        self.next += 1;
        format!("{prefix}{}", self.next)
    }
}

/// Filter (`field:eq:value`), skip and limit, as documented: limit 10 when none is asked for.
fn page(items: &[Value], query: &BTreeMap<String, String>) -> Value {
    let number = |name: &str, default| {
        query
            .get(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    let filter: Option<Vec<&str>> = query.get("filter").map(|text| text.split(':').collect());
    items
        .iter()
        .filter(|item| match filter.as_deref() {
            Some([field, "eq", value]) => item[*field] == *value,
            _ => true,
        })
        .skip(number("skip", 0))
        .take(number("limit", 10))
        .cloned()
        .collect()
}

/// The plan from what is there.
pub async fn planned(client: &JumpCloud, desired: &Desired) -> Result<Plan, Error> {
    let observed = deploy::observe(client, desired).await?;
    deploy::plan(desired, &observed, &key())
}

/// Deploys what is wanted.
pub async fn deploy(client: &JumpCloud, desired: &Desired) -> Result<Applied, Error> {
    let plan = planned(client, desired).await?;
    deploy::apply(client, &plan, desired, &key(), |_| {}).await
}

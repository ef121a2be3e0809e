//! A sandbox whose administrator acts right before a chosen request of the client, by way of the client's credentials:
//! they are asked before each request is sent.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use device_trust_sandbox::{Sandbox, Shared};
use device_trust_tests::okta::quick;
use http::{HeaderMap, Method};
use okta_devtrust::{Credentials, CredentialsError, Okta, ssws};
use serde_json::{Value, json};

use super::{edit::Edit, judge};

/// Who signs in before the catch-all is to be closed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignIns {
    /// Users with a managed Mac.
    pub(crate) managed: usize,
    /// Users without.
    pub(crate) unmanaged: usize,
    /// Whether one of them tries the pilot app.
    pub(crate) pilot_denial: bool,
}

pub(crate) struct Org {
    pub(crate) okta: Okta,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    shared: Shared,
    credentials: Arc<dyn Credentials>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    requests: u64,
    /// Whether a plan is being acted on.
    applying: bool,
    meanwhile: Vec<(u64, Edit)>,
    at_closing: Option<Edit>,
    /// The org right before the write that closed the catch-all.
    closing: Option<Value>,
    /// Changes made while a plan was acted on, until the plan is done.
    to_stand: Vec<Edit>,
    overwritten: Vec<Edit>,
}

impl Org {
    pub(crate) fn new(sandbox: &Sandbox, meanwhile: Vec<(u64, Edit)>) -> Self {
        let token = sandbox.secrets().okta_api_token;
        let inner = Arc::new(Inner {
            shared: sandbox.shared().clone(),
            credentials: ssws(&token).unwrap(),
            state: Mutex::new(State {
                meanwhile,
                ..State::default()
            }),
        });
        inner.change(|okta, _| {
            let mut app = judge::find_app(okta, "Wiki").unwrap().clone();
            app["body"]["id"] = json!("0oaintranet000000001");
            app["body"]["label"] = json!("Intranet");
            app["policy"] = default_policy(okta);
            okta["apps"].as_array_mut().unwrap().push(app);
        });
        let credentials: Arc<dyn Credentials> = Arc::new(Meddler(inner.clone()));
        Self {
            okta: Okta::with(sandbox.okta_url(), credentials, quick()).unwrap(),
            inner,
        }
    }

    pub(crate) fn edit(&self, edit: Edit) -> bool {
        self.inner.change(|okta, now| edit.make(okta, now))
    }

    /// Makes the change right before the write that closes the catch-all.
    pub(crate) fn edit_at_closing(&self, edit: Edit) {
        self.inner.lock().at_closing = Some(edit);
    }

    /// Says that a plan is acted on from now on, or no longer.
    pub(crate) fn applying(&self, applying: bool) {
        let now = self.state();
        let mut state = self.inner.lock();
        state.applying = applying;
        let made = std::mem::take(&mut state.to_stand);
        let lost = made.into_iter().filter(|edit| !edit.stands(&now));
        state.overwritten.extend(lost);
    }

    pub(crate) fn overwritten(&self) -> Vec<Edit> {
        self.inner.lock().overwritten.clone()
    }

    pub(crate) fn requests(&self) -> u64 {
        self.inner.lock().requests
    }

    /// The org right before the catch-all was closed, if it was.
    pub(crate) fn at_closing(&self) -> Option<Value> {
        self.inner.lock().closing.clone()
    }

    pub(crate) fn state(&self) -> Value {
        serde_json::to_value(&self.inner.shared.world().okta).unwrap()
    }

    /// Writes the sign-ins to the log, as the rules would have decided them.
    pub(crate) fn sign_in(&self, sign_ins: &SignIns) {
        self.inner.change(|okta, now| {
            let id = |policy, name| {
                judge::rule(okta, policy, name).map_or(Value::Null, |rule| rule["id"].clone())
            };
            let app = |label| {
                judge::find_app(okta, label).map_or(Value::Null, |app| app["body"]["id"].clone())
            };
            let (managed, catch_all) = (
                id(judge::ACCESS, judge::MANAGED),
                id(judge::ACCESS, judge::CATCH_ALL),
            );
            let mut events = Vec::new();
            for n in 0..sign_ins.managed {
                events.push(event(
                    now,
                    &format!("managed-{n}"),
                    "ALLOW",
                    &managed,
                    &app("Payroll"),
                    true,
                ));
            }
            for n in 0..sign_ins.unmanaged {
                events.push(event(
                    now,
                    &format!("other-{n}"),
                    "ALLOW",
                    &catch_all,
                    &app("Payroll"),
                    false,
                ));
            }
            if sign_ins.pilot_denial {
                let rule = id(judge::PILOT, judge::CATCH_ALL);
                events.push(event(
                    now,
                    "someone",
                    "DENY",
                    &rule,
                    &app(judge::PILOT),
                    false,
                ));
            }
            okta["log"].as_array_mut().unwrap().extend(events);
        });
    }
}

fn default_policy(okta: &Value) -> Value {
    let policies = okta["policies"].as_array().unwrap();
    let is_default = |policy: &&Value| {
        policy["body"]["type"] == "ACCESS_POLICY" && policy["body"]["system"] == true
    };
    policies.iter().find(is_default).unwrap()["body"]["id"].clone()
}

fn event(now: &str, user: &str, result: &str, rule: &Value, app: &Value, managed: bool) -> Value {
    json!({
        "uuid": format!("{user}-{now}"), "eventType": "policy.evaluate_sign_on", "published": now,
        "actor": {"id": user, "type": "User", "alternateId": format!("{user}@acme.example")},
        "outcome": {"result": result}, "transaction": {"id": user},
        "target": [{"type": "Rule", "id": rule}, {"type": "AppInstance", "id": app}],
        "device": {"id": format!("guo-{user}"), "name": user, "os_platform": "OSX", "registered": true,
                   "managed": managed}
    })
}

impl Inner {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the org's state at once, as one request of somebody else would.
    fn change<T>(&self, change: impl FnOnce(&mut Value, &str) -> T) -> T {
        let mut world = self.shared.world();
        let now = format!("{:.3}", world.now());
        let mut okta = serde_json::to_value(&world.okta).unwrap();
        let done = change(&mut okta, &now);
        world.okta = serde_json::from_value(okta).unwrap();
        done
    }

    /// What happens before a request is sent.
    fn before(&self, method: &Method, path: &str) {
        let writes_rule = method == Method::PUT && path.contains("/rules/");
        let mut state = self.lock();
        let number = state.requests;
        state.requests += 1;
        let (due, later) = state.meanwhile.iter().partition(|(at, _)| *at == number);
        state.meanwhile = later;
        let due: Vec<(u64, Edit)> = due;
        if due.is_empty() && !writes_rule {
            return;
        }
        let now = serde_json::to_value(&self.shared.world().okta).unwrap();
        let catch_all = judge::rule(&now, judge::ACCESS, judge::CATCH_ALL);
        let catch_all = catch_all
            .and_then(|rule| rule["id"].as_str())
            .unwrap_or_default();
        let closes = writes_rule
            && path.ends_with(&format!("/rules/{catch_all}"))
            && !judge::is_closed(&now);
        let mut due: Vec<Edit> = due.into_iter().map(|(_, edit)| edit).collect();
        if closes {
            due.extend(state.at_closing.take());
        }
        for edit in due {
            let made = self.change(|okta, now| edit.make(okta, now));
            // What the request replaces was read already.
            if made && state.applying && !replaces(edit, &now, method, path) {
                state.to_stand.push(edit);
            }
        }
        if closes {
            state.closing = Some(serde_json::to_value(&self.shared.world().okta).unwrap());
        }
    }
}

/// Whether a request replaces the very object that a change touches.
fn replaces(edit: Edit, okta: &Value, method: &Method, path: &str) -> bool {
    let (policy, name) = match edit {
        Edit::DeactivateBreakGlass | Edit::DenyBreakGlass | Edit::SinkBreakGlass => {
            (judge::ACCESS, judge::BREAK_GLASS)
        }
        Edit::AnyDeviceIsManaged | Edit::ShortSessions => (judge::ACCESS, judge::MANAGED),
        Edit::OneFactorAtCatchAll => (judge::ACCESS, judge::CATCH_ALL),
        Edit::OpenPilot => (judge::PILOT, judge::CATCH_ALL),
        Edit::MoveEnrolmentApp => {
            return *method == Method::PUT
                && path.contains("/policies/")
                && path.contains("/apps/");
        }
        _ => return false,
    };
    let rule = judge::rule(okta, policy, name);
    let id = rule.and_then(|rule| rule["id"].as_str()).unwrap_or("none");
    *method == Method::PUT && path.ends_with(&format!("/rules/{id}"))
}

#[derive(Debug)]
struct Meddler(Arc<Inner>);

#[async_trait]
impl Credentials for Meddler {
    async fn authorize(
        &self,
        method: &Method,
        url: &url::Url,
        headers: &mut HeaderMap,
    ) -> Result<(), CredentialsError> {
        self.0.before(method, url.path());
        self.0.credentials.authorize(method, url, headers).await
    }
}

//! `/api/v1/authenticators`: Okta Verify, its methods, FastPass among them.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    State as Org,
    answer::{Answer, Document, Failure, Reply},
    fields::{Object, link, object, text, with_links},
    log,
    params::Params,
    policy::{ACCESS_POLICY, MFA_ENROLL},
};
use crate::{clock, random, shared::Shared};

/// The key of Okta Verify.
pub(crate) const OKTA_VERIFY: &str = "okta_verify";
/// FastPass among Okta Verify's methods.
pub(crate) const SIGNED_NONCE: &str = "signed_nonce";

/// An authenticator and its methods.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Authenticator {
    pub(crate) body: Object,
    pub(crate) methods: Vec<Object>,
}

impl Authenticator {
    pub(crate) fn new(kind: &str, key: &str, name: &str, status: &str, now: Timestamp) -> Self {
        let body = object(json!({
            "id": random::okta_id("aut"),
            "type": kind,
            "key": key,
            "name": name,
            "status": status,
            "created": clock::okta(now),
            "lastUpdated": clock::okta(now),
        }));
        Self {
            body,
            methods: Vec::new(),
        }
    }

    /// Okta Verify as a fresh Integrator org has it: `totp` on, `push` and `signed_nonce` off.
    pub(crate) fn okta_verify(now: Timestamp) -> Self {
        let mut verify = Self::new("app", OKTA_VERIFY, "Okta Verify", "ACTIVE", now);
        verify.body.insert(
            "settings".into(),
            json!({
                "channelBinding": { "style": "NUMBER_CHALLENGE", "required": "HIGH_RISK_ONLY" },
                "compliance": { "fips": "OPTIONAL" },
                "userVerification": "PREFERRED",
                "userVerificationMethods": ["BIOMETRICS", "PIN"],
                "enrollmentSecurityLevel": "ANY",
                "appInstanceId": random::okta_id("0oa"),
            }),
        );
        let keys = json!({ "algorithms": ["ES256", "RS256"], "keyProtection": "ANY" });
        let method = |kind: &str, status: &str, settings: Value| {
            object(json!({ "type": kind, "status": status, "settings": settings }))
        };
        let with = |name: &str, value: Value| {
            let mut settings = keys.clone();
            settings[name] = value;
            settings
        };
        verify.methods = vec![
            method(
                "push",
                "INACTIVE",
                with("transactionTypes", json!(["LOGIN"])),
            ),
            method(
                SIGNED_NONCE,
                "INACTIVE",
                with("showSignInWithOV", json!("NEVER")),
            ),
            method(
                "totp",
                "ACTIVE",
                json!({
                    "timeIntervalInSeconds": 30, "encoding": "Base32",
                    "algorithm": "HMACSHA1", "passCodeLength": 6,
                }),
            ),
        ];
        verify
    }

    fn id(&self) -> &str {
        text(&self.body, "id")
    }

    pub(crate) fn key(&self) -> &str {
        text(&self.body, "key")
    }

    pub(crate) fn is_active(&self) -> bool {
        text(&self.body, "status") == "ACTIVE"
    }

    fn url(&self, base: &str) -> String {
        format!("{base}/api/v1/authenticators/{}", self.id())
    }

    fn answer(&self, base: &str) -> Value {
        let url = self.url(base);
        let verb = if self.is_active() {
            "deactivate"
        } else {
            "activate"
        };
        let mut links = json!({
            "self": link(&url, &["GET", "PUT"]),
            "methods": link(&format!("{url}/methods"), &["GET"]),
        });
        links[verb] = link(&format!("{url}/lifecycle/{verb}"), &["POST"]);
        with_links(&self.body, links)
    }

    fn method_answer(&self, method: &Object, base: &str) -> Value {
        let url = format!("{}/methods/{}", self.url(base), text(method, "type"));
        let verb = if text(method, "status") == "ACTIVE" {
            "deactivate"
        } else {
            "activate"
        };
        let mut links = json!({ "self": link(&url, &["GET", "PUT"]) });
        links[verb] = link(&format!("{url}/lifecycle/{verb}"), &["POST"]);
        with_links(method, links)
    }

    fn method(&mut self, kind: &str) -> Result<&mut Object, Failure> {
        self.methods
            .iter_mut()
            .find(|method| text(method, "type") == kind)
            .ok_or_else(|| Failure::not_found(kind, "AuthenticatorMethod"))
    }
}

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/api/v1/authenticators", get(list).post(create))
        .route("/api/v1/authenticators/{id}", get(read).put(replace))
        .route(
            "/api/v1/authenticators/{id}/lifecycle/{verb}",
            post(lifecycle),
        )
        .route("/api/v1/authenticators/{id}/methods", get(methods))
        .route(
            "/api/v1/authenticators/{id}/methods/{method}",
            get(method).put(replace_method),
        )
        .route(
            "/api/v1/authenticators/{id}/methods/{method}/lifecycle/{verb}",
            post(method_lifecycle),
        )
}

impl Org {
    pub(crate) fn authenticator_keys(&self) -> Vec<&str> {
        self.authenticators.iter().map(Authenticator::key).collect()
    }

    /// Whether Okta Verify and its FastPass method are both on.
    pub(crate) fn fastpass_is_active(&self) -> bool {
        self.authenticators.iter().any(|authenticator| {
            authenticator.key() == OKTA_VERIFY
                && authenticator.is_active()
                && authenticator.methods.iter().any(|method| {
                    text(method, "type") == SIGNED_NONCE && text(method, "status") == "ACTIVE"
                })
        })
    }

    fn authenticator(&mut self, id: &str) -> Result<&mut Authenticator, Failure> {
        self.authenticators
            .iter_mut()
            .find(|authenticator| authenticator.id() == id)
            .ok_or_else(|| Failure::not_found(id, "Authenticator"))
    }

    /// 403 E0000148 when policies lean on Okta Verify or FastPass.
    fn refuse_in_use(&self, key: &str) -> Result<(), Failure> {
        let enrolling =
            self.policies
                .iter()
                .filter(|policy| policy.kind() == MFA_ENROLL)
                .filter(|policy| {
                    let listed = policy.body["settings"]["authenticators"].as_array();
                    listed.into_iter().flatten().any(|entry| {
                        entry["key"] == key && entry["enroll"]["self"] != "NOT_ALLOWED"
                    })
                });
        let registered = self.policies.iter().filter(|policy| {
            key == OKTA_VERIFY
                && policy.kind() == ACCESS_POLICY
                && policy.rules.iter().any(|rule| {
                    rule["conditions"].pointer("/device/registered") == Some(&Value::Bool(true))
                })
        });
        let mut failure = Failure::new(
            StatusCode::FORBIDDEN,
            "E0000148",
            "Cannot modify/disable this authenticator because it is enabled in one or more \
             policies. To continue, disable the authenticator in these policies.",
        );
        let mut used = false;
        for policy in enrolling {
            used = true;
            failure = failure.cause(format!("Used by the policy \"{}\".", policy.name()));
        }
        for policy in registered {
            used = true;
            failure = failure.cause(format!(
                "The Device state must not be \"registered\" in the app sign-in policy \"{}\".",
                policy.name()
            ));
        }
        if used { Err(failure) } else { Ok(()) }
    }

    fn note_authenticator(&mut self, now: Timestamp, event: &str, name: &str, id: &str) {
        let target = log::target("AuthenticatorEntity", id, name, &Value::Null);
        self.note(now, event, "Authenticator life cycle", vec![target]);
    }
}

async fn list(State(shared): State<Shared>) -> Answer {
    let mut world = shared.world();
    let org = &mut world.okta;
    org.flip_verification_methods();
    let all: Vec<Value> = org
        .authenticators
        .iter()
        .map(|one| one.answer(shared.okta_url()))
        .collect();
    Ok(Reply::ok(all))
}

impl Org {
    /// The order of `userVerificationMethods` was recorded to change from answer to answer.
    fn flip_verification_methods(&mut self) {
        for authenticator in &mut self.authenticators {
            if let Some(methods) = authenticator
                .body
                .get_mut("settings")
                .and_then(|settings| settings.get_mut("userVerificationMethods"))
                .and_then(Value::as_array_mut)
            {
                methods.reverse();
            }
        }
    }
}

async fn create(State(shared): State<Shared>, params: Params, Document(sent): Document) -> Answer {
    let mut world = shared.world();
    let now = world.now();
    let org = &mut world.okta;
    let key = text(&sent, "key").to_owned();
    if org
        .authenticators
        .iter()
        .any(|have| have.key() == key && have.is_active())
    {
        return Err(Failure::new(
            StatusCode::CONFLICT,
            "E0000157",
            "An authenticator with the same key is already active",
        ));
    }
    if key != OKTA_VERIFY {
        return Err(Failure::validation(
            "key",
            format!("key: {key:?} is not offered here"),
        ));
    }
    org.authenticators.retain(|have| have.key() != key);
    let mut created = Authenticator::okta_verify(now);
    if params.get("activate") != Some("true") {
        created.body.insert("status".into(), "INACTIVE".into());
    }
    if let Some(settings) = sent.get("settings").and_then(Value::as_object) {
        merge_settings(&mut created.body, settings);
    }
    let answer = created.answer(shared.okta_url());
    let id = created.id().to_owned();
    org.authenticators.push(created);
    org.note_authenticator(
        now,
        "security.authenticator.lifecycle.create",
        "Okta Verify",
        &id,
    );
    Ok(Reply::ok(answer))
}

async fn read(State(shared): State<Shared>, Path(id): Path<String>) -> Answer {
    let mut world = shared.world();
    world.okta.flip_verification_methods();
    let answer = world.okta.authenticator(&id)?.answer(shared.okta_url());
    Ok(Reply::ok(answer))
}

/// A full replace of name and settings.
async fn replace(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Document(sent): Document,
) -> Answer {
    let mut world = shared.world();
    let now = world.now();
    let stored = world.okta.authenticator(&id)?;
    for key in ["name", "settings"] {
        match sent.get(key) {
            Some(value) => stored.body.insert(key.into(), value.clone()),
            None if key == "settings" => stored.body.remove(key),
            None => None,
        };
    }
    stored
        .body
        .insert("lastUpdated".into(), clock::okta(now).into());
    let (answer, name) = (
        stored.answer(shared.okta_url()),
        text(&stored.body, "name").to_owned(),
    );
    let event = "security.authenticator.lifecycle.update";
    world.okta.note_authenticator(now, event, &name, &id);
    Ok(Reply::ok(answer))
}

async fn lifecycle(
    State(shared): State<Shared>,
    Path((id, verb)): Path<(String, String)>,
) -> Answer {
    let mut world = shared.world();
    let now = world.now();
    let org = &mut world.okta;
    let key = org.authenticator(&id)?.key().to_owned();
    let status = status_after(&verb)?;
    if status == "INACTIVE" {
        org.refuse_in_use(&key)?;
    }
    let stored = org.authenticator(&id)?;
    stored.body.insert("status".into(), status.into());
    let (answer, name) = (
        stored.answer(shared.okta_url()),
        text(&stored.body, "name").to_owned(),
    );
    let event = format!("security.authenticator.lifecycle.{verb}");
    org.note_authenticator(now, &event, &name, &id);
    Ok(Reply::ok(answer))
}

async fn methods(State(shared): State<Shared>, Path(id): Path<String>) -> Answer {
    let mut world = shared.world();
    let stored = world.okta.authenticator(&id)?;
    let methods: Vec<Value> = stored
        .methods
        .iter()
        .map(|method| stored.method_answer(method, shared.okta_url()))
        .collect();
    Ok(Reply::ok(methods))
}

async fn method(State(shared): State<Shared>, Path((id, kind)): Path<(String, String)>) -> Answer {
    let mut world = shared.world();
    let stored = world.okta.authenticator(&id)?;
    let method = stored.method(&kind)?.clone();
    Ok(Reply::ok(stored.method_answer(&method, shared.okta_url())))
}

async fn replace_method(
    State(shared): State<Shared>,
    Path((id, kind)): Path<(String, String)>,
    Document(sent): Document,
) -> Answer {
    let mut world = shared.world();
    let stored = world.okta.authenticator(&id)?;
    let method = stored.method(&kind)?;
    if let Some(settings) = sent.get("settings") {
        method.insert("settings".into(), settings.clone());
    }
    let method = method.clone();
    Ok(Reply::ok(stored.method_answer(&method, shared.okta_url())))
}

async fn method_lifecycle(
    State(shared): State<Shared>,
    Path((id, kind, verb)): Path<(String, String, String)>,
) -> Answer {
    let mut world = shared.world();
    let now = world.now();
    let org = &mut world.okta;
    let status = status_after(&verb)?;
    let key = org.authenticator(&id)?.key().to_owned();
    org.authenticator(&id)?.method(&kind)?;
    if status == "INACTIVE" && kind == SIGNED_NONCE {
        org.refuse_in_use(&key)?;
    }
    let stored = org.authenticator(&id)?;
    let method = stored.method(&kind)?;
    method.insert("status".into(), status.into());
    let method = method.clone();
    let (answer, name) = (
        stored.method_answer(&method, shared.okta_url()),
        text(&stored.body, "name").to_owned(),
    );
    let event = "security.authenticator.lifecycle.method_action";
    org.note_authenticator(now, event, &name, &id);
    Ok(Reply::ok(answer))
}

fn status_after(verb: &str) -> Result<&'static str, Failure> {
    match verb {
        "activate" => Ok("ACTIVE"),
        "deactivate" => Ok("INACTIVE"),
        _ => Err(Failure::not_found(verb, "Lifecycle")),
    }
}

fn merge_settings(body: &mut Object, settings: &Object) {
    if let Some(have) = body.get_mut("settings").and_then(Value::as_object_mut) {
        have.extend(settings.clone());
    }
}

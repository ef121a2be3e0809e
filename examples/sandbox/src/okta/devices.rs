//! `/api/v1/devices`: what registered with Okta Verify, seen through an index that lags.
//!
//! Two delays, both counted in reads rather than in time so that tests stay exact: the list shows a
//! change from the second call on, and the first read by id after a life-cycle call shows the state
//! before it (recorded for `unsuspend`).

use axum::{
    Router,
    extract::{Path, State},
    routing::{get, post},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    State as Org,
    answer::{Answer, Failure, Reply},
    authenticators::OKTA_VERIFY,
    fields::{Object, link, object, text, with_links},
    filter::{Filter, Operator},
    log,
    params::Params,
    people::user_answer,
};
use crate::{clock, random, shared::Shared};

/// The attributes that `co` works on.
const CONTAINS: &[&str] = &[
    "profile.displayName",
    "profile.serialNumber",
    "profile.imei",
    "profile.meid",
    "profile.udid",
    "profile.sid",
];

/// A device and its users.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Device {
    pub(crate) body: Object,
    pub(crate) users: Vec<DeviceUser>,
    /// What the next read by id still shows.
    stale: Option<Object>,
    /// What the list shows; `None` until the index has seen the device.
    indexed: Option<Object>,
    index_lags: bool,
}

/// A user on a device. Management is per user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DeviceUser {
    pub(crate) id: String,
    pub(crate) user: String,
    pub(crate) created: String,
    pub(crate) managed: bool,
    pub(crate) screen_lock: String,
}

impl Device {
    /// A macOS device of the recorded shape; `profile.managed` is absent, as recorded.
    pub(crate) fn new(profile: &Object, now: Timestamp) -> Self {
        let name = text(profile, "displayName");
        let id = random::okta_id("guo");
        let or = |key: &str, default: Value| profile.get(key).cloned().unwrap_or(default);
        let body = object(json!({
            "id": id,
            "status": "ACTIVE",
            "created": clock::okta(now),
            "lastUpdated": clock::okta(now),
            "profile": {
                "displayName": name,
                "platform": "MACOS",
                "manufacturer": "APPLE",
                "model": or("model", "Mac15,9".into()),
                "osVersion": or("osVersion", "15.6.1".into()),
                "serialNumber": or("serialNumber", Value::Null),
                "udid": or("udid", Value::Null),
                "registered": true,
                "secureHardwarePresent": or("secureHardwarePresent", true.into()),
                "diskEncryptionType": or("diskEncryptionType", "ALL_INTERNAL_VOLUMES".into()),
            },
            "resourceType": "UDDevice",
            "resourceDisplayName": { "value": name, "sensitive": false },
            "resourceAlternateId": null,
            "resourceId": id,
        }));
        Self {
            body,
            users: Vec::new(),
            stale: None,
            indexed: None,
            index_lags: true,
        }
    }

    pub(crate) fn id(&self) -> &str {
        text(&self.body, "id")
    }

    pub(crate) fn status(&self) -> &str {
        text(&self.body, "status")
    }

    /// A field of the profile.
    pub(crate) fn profile(&self, key: &str) -> &Value {
        &self.body["profile"][key]
    }

    pub(crate) fn answer(&self, base: &str) -> Value {
        links(&self.body, base)
    }

    /// Changes the stored object; index and, for life-cycle calls, the next read lag behind.
    pub(crate) fn change(&mut self, key: &str, value: Value, now: Timestamp, lag: bool) {
        if lag {
            self.stale = Some(self.body.clone());
        }
        self.body.insert(key.to_owned(), value);
        self.body
            .insert("lastUpdated".into(), clock::okta(now).into());
        self.index_lags = true;
    }

    fn look_up_in_index(&mut self) -> Option<Object> {
        let shown = self.indexed.clone();
        if self.index_lags {
            self.indexed = Some(self.body.clone());
            self.index_lags = false;
        }
        shown
    }

    fn read(&mut self) -> Object {
        self.stale.take().unwrap_or_else(|| self.body.clone())
    }
}

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/api/v1/devices", get(list))
        .route("/api/v1/devices/{device}", get(read).delete(delete))
        .route("/api/v1/devices/{device}/users", get(users))
        .route("/api/v1/devices/{device}/lifecycle/{verb}", post(lifecycle))
}

impl Org {
    pub(crate) fn device(&mut self, id: &str) -> Result<&mut Device, Failure> {
        self.devices
            .iter_mut()
            .find(|device| device.id() == id)
            .ok_or_else(|| Failure::not_found(id, "Device"))
    }

    fn device_user(&self, tie: &DeviceUser, base: &str) -> Value {
        json!({
            "created": tie.created,
            "managementStatus": if tie.managed { "MANAGED" } else { "NOT_MANAGED" },
            "screenLockType": tie.screen_lock,
            "user": self.user(&tie.user).map(|user| user_answer(user, base)).unwrap_or_default(),
        })
    }
}

async fn list(State(shared): State<Shared>, params: Params) -> Answer {
    let mut world = shared.world();
    let org = &mut world.okta;
    let base = shared.okta_url();
    let search = params.get("search").map(Filter::parse).transpose();
    let search = search.map_err(Failure::invalid_search)?;
    for (path, operator) in search.iter().flat_map(Filter::tests) {
        if operator == Operator::Contains && !CONTAINS.contains(&path) {
            return Err(Failure::invalid_search(format!(
                "co cannot be used on {path}"
            )));
        }
    }
    let expand = params.get("expand").unwrap_or_default().to_owned();
    // A bad cursor is refused before anything is read from the index.
    params.after('i')?;
    let shown: Vec<(Object, Vec<DeviceUser>)> = org
        .devices
        .iter_mut()
        .filter_map(|device| Some((device.look_up_in_index()?, device.users.clone())))
        .collect();
    let devices = shown
        .into_iter()
        .map(|(body, users)| {
            let mut answer = links(&body, base);
            if matches!(expand.as_str(), "user" | "userSummary") {
                let users: Vec<Value> =
                    users.iter().map(|tie| org.device_user(tie, base)).collect();
                answer["_embedded"] = json!({ "users": users });
            }
            answer
        })
        .filter(|device| search.as_ref().is_none_or(|search| search.matches(device)))
        .collect();
    params.page(base, devices, 200, 200)
}

async fn read(State(shared): State<Shared>, Path(id): Path<String>) -> Answer {
    let mut world = shared.world();
    let org = &mut world.okta;
    let origin = org
        .authenticators
        .iter()
        .find(|authenticator| authenticator.key() == OKTA_VERIFY)
        .map(|verify| {
            json!({ "id": verify.body["id"], "name": verify.body["name"], "key": OKTA_VERIFY })
        });
    let mut answer = links(&org.device(&id)?.read(), shared.okta_url());
    answer["_embedded"] = json!({ "originatedFrom": origin.into_iter().collect::<Vec<_>>() });
    Ok(Reply::ok(answer))
}

async fn users(State(shared): State<Shared>, Path(id): Path<String>) -> Answer {
    let mut world = shared.world();
    let org = &mut world.okta;
    let device = org.device(&id)?;
    if device.status() == "DEACTIVATED" {
        return Ok(Reply::ok(json!([])));
    }
    let ties = device.users.clone();
    let users: Vec<Value> = ties
        .iter()
        .map(|tie| org.device_user(tie, shared.okta_url()))
        .collect();
    Ok(Reply::ok(users))
}

async fn lifecycle(
    State(shared): State<Shared>,
    Path((id, verb)): Path<(String, String)>,
) -> Answer {
    let mut world = shared.world();
    let now = world.now();
    let org = &mut world.okta;
    let device = org.device(&id)?;
    let status = match (verb.as_str(), device.status()) {
        ("suspend", "ACTIVE") => "SUSPENDED",
        ("unsuspend", "SUSPENDED") | ("activate", "DEACTIVATED") => "ACTIVE",
        ("deactivate", "ACTIVE" | "SUSPENDED") => "DEACTIVATED",
        ("suspend" | "unsuspend" | "activate" | "deactivate", status) => {
            let cause = format!("A device with status {status} cannot be {verb}d");
            return Err(Failure::validation("status", cause));
        }
        _ => return Err(Failure::not_found(&verb, "Lifecycle")),
    };
    device.change("status", status.into(), now, true);
    let target = log::device_target(device);
    let event = format!("device.lifecycle.{verb}");
    org.note(now, &event, "Device life cycle", vec![target]);
    Ok(Reply::no_content())
}

/// Only a deactivated device can be deleted; its certificates are revoked with it.
async fn delete(State(shared): State<Shared>, Path(id): Path<String>) -> Answer {
    let mut world = shared.world();
    let now = world.now();
    let org = &mut world.okta;
    let device = org.device(&id)?;
    if device.status() != "DEACTIVATED" {
        return Err(Failure::forbidden());
    }
    let target = log::device_target(device);
    org.devices.retain(|device| device.id() != id);
    for certificate in org
        .certificates
        .iter_mut()
        .filter(|bound| bound.device == id)
    {
        certificate.revoked = true;
    }
    org.note(
        now,
        "device.lifecycle.delete",
        "Delete device",
        vec![target],
    );
    Ok(Reply::no_content())
}

/// The links a device's status allows; a deactivated one has no users.
fn links(body: &Object, base: &str) -> Value {
    let url = format!("{base}/api/v1/devices/{}", text(body, "id"));
    let verbs: &[&str] = match text(body, "status") {
        "ACTIVE" => &["suspend", "deactivate"],
        "SUSPENDED" => &["unsuspend", "deactivate"],
        _ => &["activate"],
    };
    let mut links = json!({ "self": link(&url, &["GET", "PATCH", "PUT"]) });
    for verb in verbs {
        links[*verb] = link(&format!("{url}/lifecycle/{verb}"), &["POST"]);
    }
    if text(body, "status") != "DEACTIVATED" {
        links["users"] = link(&format!("{url}/users"), &["GET"]);
    }
    with_links(body, links)
}

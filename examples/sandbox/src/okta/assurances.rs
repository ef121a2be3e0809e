//! `/api/v1/device-assurances`, and whether a device meets one.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use serde_json::{Value, json};

use super::{
    State as Org,
    answer::{Answer, Document, Failure, Reply},
    devices::Device,
    fields::{Object, link, strings, text, with_links},
};
use crate::{clock, random, shared::Shared};

const PLATFORMS: &[&str] = &["ANDROID", "CHROMEOS", "IOS", "MACOS", "WINDOWS"];

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/api/v1/device-assurances", get(list).post(create))
        .route(
            "/api/v1/device-assurances/{id}",
            get(read).put(replace).delete(delete),
        )
}

impl Org {
    /// The ids of the assurance policies a device meets.
    pub(crate) fn assurances_met_by(&self, device: &Device) -> Vec<String> {
        self.assurances
            .iter()
            .filter(|assurance| met(assurance, device))
            .map(|assurance| text(assurance, "id").to_owned())
            .collect()
    }

    fn assurance(&mut self, id: &str) -> Result<&mut Object, Failure> {
        self.assurances
            .iter_mut()
            .find(|assurance| text(assurance, "id") == id)
            .ok_or_else(|| Failure::not_found(id, "DeviceAssurance"))
    }
}

async fn list(State(shared): State<Shared>) -> Answer {
    let world = shared.world();
    let all: Vec<Value> = world
        .okta
        .assurances
        .iter()
        .map(|one| answer(one, shared.okta_url()))
        .collect();
    Ok(Reply::ok(all))
}

async fn create(State(shared): State<Shared>, Document(sent): Document) -> Answer {
    let mut world = shared.world();
    let now = clock::okta(world.now());
    let org = &mut world.okta;
    let mut assurance = check(&sent)?;
    assurance.insert("id".into(), random::okta_id("dae").into());
    assurance.insert("createdBy".into(), org.admin.clone().into());
    assurance.insert("createdDate".into(), now.clone().into());
    assurance.insert("lastUpdate".into(), now.into());
    assurance.insert("lastUpdatedBy".into(), org.admin.clone().into());
    let answer = answer(&assurance, shared.okta_url());
    org.assurances.push(assurance);
    Ok(Reply::ok(answer))
}

async fn read(State(shared): State<Shared>, Path(id): Path<String>) -> Answer {
    let mut world = shared.world();
    Ok(Reply::ok(answer(
        world.okta.assurance(&id)?,
        shared.okta_url(),
    )))
}

/// Replaces the whole object: what is left out is gone.
async fn replace(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Document(sent): Document,
) -> Answer {
    let mut world = shared.world();
    let now = clock::okta(world.now());
    let admin = world.okta.admin.clone();
    let stored = world.okta.assurance(&id)?;
    let mut assurance = check(&sent)?;
    for key in ["id", "createdBy", "createdDate"] {
        assurance.insert(key.into(), stored[key].clone());
    }
    assurance.insert("lastUpdate".into(), now.into());
    assurance.insert("lastUpdatedBy".into(), admin.into());
    *stored = assurance;
    Ok(Reply::ok(answer(stored, shared.okta_url())))
}

/// 409 while a rule uses it; the error code of that answer is not confirmed.
async fn delete(State(shared): State<Shared>, Path(id): Path<String>) -> Answer {
    let mut world = shared.world();
    world.okta.assurance(&id)?;
    let user = world.okta.policies.iter().find(|policy| {
        policy.rules.iter().any(|rule| {
            strings(&rule["conditions"], "/device/assurance/include").contains(&id.as_str())
        })
    });
    if let Some(policy) = user {
        return Err(Failure::new(
            StatusCode::CONFLICT,
            "E0000001",
            "Api validation failed: deviceAssurance",
        )
        .cause(format!("Used by the policy \"{}\".", policy.name())));
    }
    world
        .okta
        .assurances
        .retain(|assurance| text(assurance, "id") != id);
    Ok(Reply::no_content())
}

fn answer(assurance: &Object, base: &str) -> Value {
    let url = format!("{base}/api/v1/device-assurances/{}", text(assurance, "id"));
    with_links(
        assurance,
        json!({ "self": link(&url, &["GET", "PUT", "DELETE"]) }),
    )
}

fn check(sent: &Object) -> Result<Object, Failure> {
    if text(sent, "name").is_empty() {
        return Err(Failure::validation(
            "name",
            "name: The field cannot be left blank",
        ));
    }
    let platform = text(sent, "platform");
    if !PLATFORMS.contains(&platform) {
        let cause = format!(
            "platform: {platform:?} is not one of {}",
            PLATFORMS.join(", ")
        );
        return Err(Failure::validation("platform", cause));
    }
    if let Some(minimum) = sent
        .get("osVersion")
        .and_then(|version| version.get("minimum"))
    {
        let parts = minimum
            .as_str()
            .map(|text| text.split('.').count())
            .unwrap_or_default();
        if !(1..=3).contains(&parts) {
            let cause = "osVersion.minimum: one to three parts";
            return Err(Failure::validation("osVersion", cause));
        }
    }
    let mut kept = sent.clone();
    for key in [
        "_links",
        "id",
        "createdBy",
        "createdDate",
        "lastUpdate",
        "lastUpdatedBy",
    ] {
        kept.remove(key);
    }
    Ok(kept)
}

/// Dynamic versions, signal providers and posture checks are taken as met: the simulated Macs report
/// none.
fn met(assurance: &Object, device: &Device) -> bool {
    if assurance["platform"] != *device.profile("platform") {
        return false;
    }
    let whole = Value::Object(assurance.clone());
    let parts = |version: &str| -> Vec<u64> {
        version
            .split('.')
            .map(|part| part.parse().unwrap_or_default())
            .collect()
    };
    let minimum = whole.pointer("/osVersion/minimum").and_then(Value::as_str);
    let version = device.profile("osVersion").as_str().unwrap_or_default();
    let new_enough = minimum.is_none_or(|minimum| parts(version) >= parts(minimum));
    let secure = whole.get("secureHardwarePresent") != Some(&Value::Bool(true))
        || *device.profile("secureHardwarePresent") == Value::Bool(true);
    let includes = |pointer: &str, have: &str| {
        let wanted = strings(&whole, pointer);
        wanted.is_empty() || wanted.contains(&have)
    };
    let encryption = device
        .profile("diskEncryptionType")
        .as_str()
        .unwrap_or_default();
    let lock = device
        .users
        .first()
        .map_or("NONE", |tie| tie.screen_lock.as_str());
    new_enough
        && secure
        && includes("/diskEncryptionType/include", encryption)
        && includes("/screenLockType/include", lock)
}

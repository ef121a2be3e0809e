//! Software apps: packages by URL, by upload, and the record of what the Macs installed.
//!
//! A package by upload answers an `uploadUrl` in the way of a presigned S3 address: it takes a plain `PUT`, and refuses
//! one that carries `x-api-key`. The URL's own check is reduced to its scheme. The sandbox keeps no package bytes.

use serde_json::{Map, Value, json};

use crate::clock;

use super::call::{Answer, Call, Outcome, Refusal};
use super::graph::{self, Node};
use super::query::{Total, USUAL, list};
use super::state::{State, only, text};
use super::{events, object_id};

const KIND: &str = "software_app";

/// `/softwareapps/…`, the segments after `softwareapps`.
pub(crate) fn route(state: &mut State, call: &Call, rest: &[&str]) -> Option<Outcome> {
    if let [id, ..] = rest
        && !state.exists(KIND, id)
    {
        return Some(Err(Refusal::not_found()));
    }
    let node = rest.first().map(|id| Node::new(KIND, id));
    Some(match (call.method.as_str(), rest, node) {
        ("GET", [], _) => list(state.software.clone(), call, USUAL, Total::Absent),
        ("POST", [], _) => create(state, call),
        ("GET", [id], _) => {
            let answer = find(state, id).map(Answer::ok);
            validate(state, id);
            answer
        }
        ("PUT", [id], _) => update(state, call, id),
        ("DELETE", [id], Some(node)) => {
            state.software.retain(|app| app["id"] != *id);
            state
                .software_statuses
                .retain(|status| status["softwareAppId"] != *id);
            state.graph.forget(&node);
            record(state, call, "software_remove", &node.id);
            Ok(Answer::no_content())
        }
        ("GET", [id, "statuses"], _) => {
            let own = state
                .software_statuses
                .iter()
                .filter(|status| status["softwareAppId"] == *id);
            list(own.cloned().collect(), call, USUAL, Total::Absent)
        }
        ("POST", [id, "retry-installation"], _) => find(state, id).and_then(|app| {
            if app["settings"][0]["packageManager"] == "APPLE_VPP" {
                Ok(Answer::no_content())
            } else {
                Err(Refusal::invalid("the app is none of the App Store"))
            }
        }),
        ("POST", [id, "reclaim-licenses"], _) => find(state, id).map(|app| {
            let licenses = |key: &str| app["settings"][0]["appleVpp"][key].as_u64().unwrap_or(0);
            Answer::ok(json!({
                "assignedLicenses": licenses("assignedLicenses"),
                "availableLicenses": licenses("availableLicenses"),
                "reclaimedLicenses": 0,
                "totalLicenses": licenses("totalLicenses"),
            }))
        }),
        ("GET", [_, "associations"], Some(node)) => graph::associations(state, call, &node),
        ("POST", [_, "associations"], Some(node)) => graph::associate(state, call, &node),
        ("GET", [_, "systems"], Some(node)) => graph::reached(state, call, &node, "system"),
        ("GET", [_, "systemgroups"], Some(node)) => {
            graph::reached(state, call, &node, "system_group")
        }
        _ => return None,
    })
}

/// `PUT` of a package to its `uploadUrl`: needs no key, and takes none.
pub(crate) fn upload(state: &mut State, call: &Call, object: &str) -> Outcome {
    if call.authorized {
        return Err(Refusal::invalid("a presigned address takes no x-api-key"));
    }
    let awaits =
        |app: &mut Value| versions(app).any(|version| version["metadata"]["object"] == object);
    if state.software.iter_mut().any(awaits) {
        state.arrived.push(object.to_owned());
        Ok(Answer::ok(Value::Null))
    } else {
        Err(Refusal::not_found())
    }
}

/// Goes on with an uploaded package: whoever polls sees `PENDING` once more though its bytes have arrived, `VALIDATING`
/// once, then the verdict. Only the name's ending is looked at, since the sandbox keeps no bytes; that, how long each
/// lasts, and the reason's words are not recorded.
fn validate(state: &mut State, id: &str) {
    let verdict = state.upload_verdict.clone();
    for app in state.software.iter_mut().filter(|app| app["id"] == id) {
        for version in versions(app) {
            let object = version["metadata"]["object"].as_str();
            let arrived =
                object.is_some_and(|object| state.arrived.iter().any(|one| one == object));
            if arrived && version["status"] == "PENDING" {
                version["status"] = json!("VALIDATING");
                continue;
            }
            if version["status"] != "VALIDATING" {
                continue;
            }
            let name = version["name"].as_str().unwrap_or_default();
            if let Some(reason) = &verdict {
                version["status"] = json!("REJECTED");
                version["rejectedReason"] = json!(reason);
            } else if [".pkg", ".msi", ".ipa"]
                .iter()
                .any(|ending| name.ends_with(ending))
            {
                version["status"] = json!("AVAILABLE");
            } else {
                version["status"] = json!("REJECTED");
                version["rejectedReason"] = json!("the file is no .pkg, .msi or .ipa");
            }
        }
    }
}

fn create(state: &mut State, call: &Call) -> Outcome {
    call.required("displayName")?;
    let now = clock::jumpcloud(call.now);
    let object = object_id::new();
    let mut app = json!({
        "id": object_id::new(),
        "displayName": call.body["displayName"],
        "createdAt": now,
        "updatedAt": now,
        "settings": settings(&call.body)?,
    });
    let mut uploads = false;
    for version in versions(&mut app) {
        version["status"] = json!("PENDING");
        version["metadata"] = json!({ "object": object });
        uploads = true;
    }
    record(state, call, "software_add", text(&app, "id"));
    state.software.push(app.clone());
    if uploads {
        app["uploadUrl"] = json!(format!("http://{}/object-storage/{object}", call.host));
    }
    Ok(Answer::created(app))
}

/// `displayName` alone is fine; `settings`, where sent, is replaced as a whole.
fn update(state: &mut State, call: &Call, id: &str) -> Outcome {
    find(state, id)?;
    let sent = only(&call.body, &["displayName", "settings"]);
    let mut changes = Map::from_iter([("updatedAt".to_owned(), json!(clock::jumpcloud(call.now)))]);
    if let Some(name) = sent.get("displayName") {
        changes.insert("displayName".to_owned(), name.clone());
    }
    if sent.get("settings").is_some() {
        changes.insert("settings".to_owned(), settings(&call.body)?.into());
    }
    for app in state.software.iter_mut().filter(|app| app["id"] == id) {
        for (key, value) in &changes {
            app[key] = value.clone();
        }
    }
    record(state, call, "software_change", id);
    find(state, id).map(Answer::ok)
}

fn find(state: &State, id: &str) -> Result<Value, Refusal> {
    state
        .software
        .iter()
        .find(|app| app["id"] == id)
        .cloned()
        .ok_or_else(Refusal::not_found)
}

fn settings(body: &Value) -> Result<Vec<Value>, Refusal> {
    let sent = body["settings"]
        .as_array()
        .filter(|list| !list.is_empty())
        .ok_or_else(|| Refusal::invalid("settings is required and must hold one entry"))?;
    sent.iter()
        .map(|entry| {
            if text(entry, "packageManager").is_empty() {
                return Err(Refusal::invalid("settings[].packageManager is required"));
            }
            let location = text(entry, "location");
            if text(entry, "packageManager") == "APPLE_CUSTOM"
                && !location.is_empty()
                && !fetchable(location)
            {
                return Err(Refusal::invalid("settings[].location must be an https URL"));
            }
            let mut entry = entry.clone();
            for key in ["autoUpdate", "allowUpdateDelay"] {
                if entry[key].is_null() {
                    entry[key] = json!(false);
                }
            }
            Ok(entry)
        })
        .collect()
}

fn fetchable(location: &str) -> bool {
    location.starts_with("https://") || location.starts_with("http://127.0.0.1")
}

fn versions(app: &mut Value) -> impl Iterator<Item = &mut Value> {
    app["settings"]
        .as_array_mut()
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            entry
                .get_mut("storedPackage")?
                .get_mut("versions")?
                .as_array_mut()
        })
        .flatten()
}

fn record(state: &mut State, call: &Call, event: &str, id: &str) {
    let about = json!({ "resource": { "id": id, "type": KIND } });
    events::record(state, "software", event, &about, call.now);
}

//! The catalogue of policy templates: the two that carry a custom configuration profile.
//!
//! The ids of the macOS template are the same in every organisation; the iOS ones are the sandbox's own. A list
//! entry has no `configFields`, and an organisation without Apple MDM sees neither template.

use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome, Refusal};
use super::query::{Total, USUAL, list};
use super::state::{State, text};

/// The template that carries a macOS configuration profile.
pub(crate) const CUSTOM_PROFILE: &str = "custom_mdm_profile_darwin";
/// The config field with the base64 of the profile.
pub(crate) const PAYLOAD: &str = "payload";

/// `GET /policytemplates`.
pub(crate) fn all(state: &State, call: &Call) -> Outcome {
    let entries = catalogue(state).iter().map(shallow).collect();
    list(entries, call, USUAL, Total::Absent)
}

/// `GET /policytemplates/{id}`.
pub(crate) fn get(state: &State, id: &str) -> Outcome {
    find(state, id)
        .map(Answer::ok)
        .ok_or_else(Refusal::not_found)
}

/// The template with its config fields.
pub(crate) fn find(state: &State, id: &str) -> Option<Value> {
    catalogue(state)
        .into_iter()
        .find(|template| text(template, "id") == id)
}

/// The template as it stands in lists and inside policies: without config fields.
pub(crate) fn shallow(template: &Value) -> Value {
    let mut template = template.clone();
    if let Some(members) = template.as_object_mut() {
        members.remove("configFields");
    }
    template
}

fn catalogue(state: &State) -> Vec<Value> {
    if state.apple_mdms.is_empty() {
        return Vec::new();
    }
    let file = json!({
        "id": "5f21c4d3b544067fd53ba0b0", "name": PAYLOAD, "label": "Mobile Configuration File",
        "displayType": "file", "position": 0, "readOnly": false, "required": true, "sensitive": false,
        "defaultValue": "",
    });
    let redispatch = json!({
        "id": "6801173b9d77db0001baeed9", "name": "redispatchPolicy",
        "label": "Re-apply policy on every OS update", "displayType": "checkbox", "position": 1,
        "readOnly": false, "required": false, "sensitive": false, "defaultValue": true,
    });
    let mut ios_file = file.clone();
    ios_file["id"] = json!("5f21c4d3b544067fd53ba0c1");
    vec![
        template(
            "5f21c4d3b544067fd53ba0af",
            CUSTOM_PROFILE,
            "darwin",
            &[file, redispatch],
        ),
        template(
            "5f21c4d3b544067fd53ba0c0",
            "custom_mdm_profile_ios",
            "ios",
            &[ios_file],
        ),
    ]
}

fn template(id: &str, name: &str, family: &str, fields: &[Value]) -> Value {
    json!({
        "id": id,
        "name": name,
        "displayName": "MDM Custom Configuration Profile",
        "description": "Delivers a configuration profile of your own.",
        "activation": "", "alert": "", "behavior": "", "reference": "", "state": "",
        "deliveryTypes": ["mdm"],
        "osMetaFamily": family,
        "osRestrictions": [{
            "osName": family,
            "isMdmRequired": true,
            "appleRestrictions": {
                "requiresSupervision": false,
                "supportedEnrollmentTypes": ["automated", "device", "user"],
            },
        }],
        "configFields": fields,
    })
}

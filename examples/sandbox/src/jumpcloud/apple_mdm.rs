//! Apple MDM: at most one server an organisation, and the devices enrolled in it.
//!
//! `GET /applemdms` pages by one. `GET /applemdms/{id}` is 404 always, even for an id that the list shows.

use super::call::{Answer, Call, Outcome, Refusal};
use super::query::{ONE, Total, USUAL, list};
use super::state::State;

/// `/applemdms/…`, the segments after `applemdms`.
pub(crate) fn route(state: &State, call: &Call, rest: &[&str]) -> Option<Outcome> {
    Some(match (call.method.as_str(), rest) {
        ("GET", []) => list(state.apple_mdms.clone(), call, ONE, Total::Header),
        ("GET", [_]) => Err(Refusal::not_found()),
        ("GET", [id, "devices"]) => devices(state, call, id),
        ("GET", [id, "devices", device]) => server(state, id).and_then(|()| {
            state
                .mdm_devices
                .iter()
                .find(|known| known["id"] == *device)
                .map(|known| Answer::ok(known.clone()))
                .ok_or_else(Refusal::not_found)
        }),
        ("GET", [id, "enrollmentprofiles"]) => {
            server(state, id).map(|()| Answer::ok(serde_json::json!([])))
        }
        _ => return None,
    })
}

fn devices(state: &State, call: &Call, id: &str) -> Outcome {
    server(state, id)?;
    list(state.mdm_devices.clone(), call, USUAL, Total::Header)
}

fn server(state: &State, id: &str) -> Result<(), Refusal> {
    let known = state.apple_mdms.iter().any(|server| server["id"] == id);
    known.then_some(()).ok_or_else(Refusal::not_found)
}

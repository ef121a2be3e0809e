//! Policy results: the history of a policy, and the latest result for each device.
//!
//! A result stays when a device leaves the policy's scope; a reader that waits for a new one must look at
//! `startedAt`. `state` is one of `pending`, `success`, `failed`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::call::{Answer, Call, Outcome, Refusal};
use super::query::{Total, USUAL, list};
use super::state::{State, text};

/// `GET /policies/{id}/policyresults`.
pub(crate) fn of_policy(state: &State, call: &Call, policy: &str) -> Outcome {
    let results = state
        .results
        .iter()
        .filter(|result| result["policyID"] == policy);
    list(results.cloned().collect(), call, USUAL, Total::Absent)
}

/// `GET /policies/{id}/policystatuses`.
pub(crate) fn latest_of_policy(state: &State, call: &Call, policy: &str) -> Outcome {
    latest(
        state,
        call,
        |result| result["policyID"] == policy,
        "systemID",
    )
}

/// `GET /systems/{id}/policystatuses`.
pub(crate) fn latest_of_system(state: &State, call: &Call, system: &str) -> Outcome {
    latest(
        state,
        call,
        |result| result["systemID"] == system,
        "policyID",
    )
}

/// `GET /policyresults` and `GET /policyresults/{id}`.
pub(crate) fn route(state: &State, call: &Call, rest: &[&str]) -> Option<Outcome> {
    match (call.method.as_str(), rest) {
        ("GET", []) => Some(list(state.results.clone(), call, USUAL, Total::Absent)),
        ("GET", [id]) => Some(
            state
                .results
                .iter()
                .find(|result| result["id"] == *id)
                .map(|result| Answer::ok(result.clone()))
                .ok_or_else(Refusal::not_found),
        ),
        _ => None,
    }
}

/// How many of a device's policies are in each state, as v1's `policyStats`.
pub(crate) fn stats(state: &State, system: &str) -> BTreeMap<&'static str, usize> {
    let mut newest: BTreeMap<&str, &str> = BTreeMap::new();
    for result in state
        .results
        .iter()
        .filter(|result| result["systemID"] == system)
    {
        newest.insert(text(result, "policyID"), text(result, "state"));
    }
    let count = |wanted: &str| newest.values().filter(|state| **state == wanted).count();
    BTreeMap::from([
        ("duplicate", 0),
        ("failed", count("failed")),
        ("pending", count("pending")),
        ("success", count("success")),
        ("total", newest.len()),
        ("unsupportedOs", 0),
    ])
}

fn latest(state: &State, call: &Call, belongs: impl Fn(&Value) -> bool, by: &str) -> Outcome {
    let mut newest: Vec<&Value> = Vec::new();
    for result in state.results.iter().filter(|result| belongs(result)) {
        match newest.iter_mut().find(|known| known[by] == result[by]) {
            Some(known) => *known = result,
            None => newest.push(result),
        }
    }
    list(
        newest.into_iter().cloned().collect(),
        call,
        USUAL,
        Total::Absent,
    )
}

//! System Insights: the osquery rows that the Macs sent in, empty for a device whose insights are off.
//!
//! Filters know `eq` and `in` only, on the fields documented for each table.

use serde_json::Value;

use super::call::{Call, Outcome, Refusal};
use super::query::{Condition, INSIGHTS, Total, list};
use super::state::{State, text};

/// `/systeminsights/…`, the segments after `systeminsights`.
pub(crate) fn route(state: &State, call: &Call, rest: &[&str]) -> Option<Outcome> {
    Some(match (call.method.as_str(), rest) {
        ("GET", ["certificates"]) => table(
            state,
            call,
            &state.certificates,
            &["system_id", "common_name", "sha1"],
        ),
        ("GET", ["apps"]) => table(state, call, &state.apps, &["system_id", "bundle_name"]),
        ("GET", ["managed_policies"]) => table(state, call, &[], &["system_id", "domain"]),
        _ => return None,
    })
}

fn table(state: &State, call: &Call, rows: &[Value], fields: &[&str]) -> Outcome {
    for (_, filter) in call.query.iter().filter(|(key, _)| key == "filter") {
        for condition in filter.split(',').filter(|text| !text.is_empty()) {
            let condition = Condition::parse(condition, "")?;
            if !fields.contains(&condition.field()) || !["eq", "in"].contains(&condition.op()) {
                return Err(Refusal::invalid(format!(
                    "filter takes eq and in on {}",
                    fields.join(", ")
                )));
            }
        }
    }
    let rows = rows
        .iter()
        .filter(|row| collects(state, text(row, "system_id")));
    list(rows.cloned().collect(), call, INSIGHTS, Total::Absent)
}

fn collects(state: &State, system: &str) -> bool {
    state
        .system(system)
        .is_some_and(|system| system["systemInsights"]["state"] == "enabled")
}

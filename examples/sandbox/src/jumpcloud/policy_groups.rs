//! Policy groups: policies bound together.

use serde_json::json;

use super::call::{Answer, Call, Outcome, Refusal};
use super::graph::{self, Node};
use super::query::{Total, USUAL, list};
use super::state::State;
use super::{groups, policies};

const KIND: &str = "policy_group";

/// `/policygroups/…`, the segments after `policygroups`.
pub(crate) fn route(state: &mut State, call: &Call, rest: &[&str]) -> Option<Outcome> {
    if let [id, ..] = rest
        && !state.exists(KIND, id)
    {
        return Some(Err(Refusal::not_found()));
    }
    let node = rest.first().map(|id| Node::new(KIND, id));
    Some(match (call.method.as_str(), rest, node) {
        ("GET", [], _) => list(state.policy_groups.clone(), call, USUAL, Total::Absent),
        ("POST", [], _) => create(state, call),
        ("GET", [id], _) => groups::get(&state.policy_groups, id),
        ("PUT", [id], _) => update(state, call, id),
        ("DELETE", [id], Some(node)) => {
            state.policy_groups.retain(|group| group["id"] != *id);
            state.graph.forget(&node);
            Ok(Answer::no_content())
        }
        ("GET", [_, "members"], Some(node)) => graph::members(state, call, &node, "policy"),
        ("POST", [_, "members"], Some(node)) => graph::change_members(state, call, &node, "policy"),
        ("GET", [_, "membership"], Some(node)) => {
            let nodes = policies::nodes(state);
            graph::reaching(state, call, &nodes, &node)
        }
        ("GET", [_, "associations"], Some(node)) => graph::associations(state, call, &node),
        ("POST", [_, "associations"], Some(node)) => graph::associate(state, call, &node),
        ("GET", [_, "systems"], Some(node)) => graph::reached(state, call, &node, "system"),
        ("GET", [_, "systemgroups"], Some(node)) => {
            graph::reached(state, call, &node, "system_group")
        }
        _ => return None,
    })
}

fn create(state: &mut State, call: &Call) -> Outcome {
    let group = json!({
        "id": super::object_id::new(),
        "name": groups::free_name(&state.policy_groups, call, None)?,
        "description": call.body["description"].as_str().unwrap_or_default(),
        "type": KIND,
        "organizationObjectId": state.organization_id(),
    });
    state.policy_groups.push(group.clone());
    Ok(Answer::created(group))
}

fn update(state: &mut State, call: &Call, id: &str) -> Outcome {
    let name = groups::free_name(&state.policy_groups, call, Some(id))?;
    let description = call.body["description"].as_str().unwrap_or_default();
    for group in state
        .policy_groups
        .iter_mut()
        .filter(|group| group["id"] == id)
    {
        group["name"] = json!(name);
        group["description"] = json!(description);
    }
    groups::get(&state.policy_groups, id)
}

//! Device groups, and the user groups' list, which the recorded exchanges read.
//!
//! `PUT` replaces every member that an administrator may set; `id`, `type` and `organizationObjectId` stay.
//! Dynamic groups are kept as written: the sandbox does not evaluate `memberQuery`.

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Outcome, Refusal};
use super::graph::{self, Node};
use super::query::{Total, USUAL, list};
use super::state::{State, text};
use super::{events, object_id, policies};

const KIND: &str = "system_group";
const SETTABLE: [&str; 8] = [
    "name",
    "description",
    "email",
    "attributes",
    "membershipMethod",
    "memberQuery",
    "memberQueryExemptions",
    "memberSuggestionsNotify",
];

/// `/systemgroups/…`, the segments after `systemgroups`.
pub(crate) fn route(state: &mut State, call: &Call, rest: &[&str]) -> Option<Outcome> {
    if let [id, ..] = rest
        && !state.exists(KIND, id)
    {
        return Some(Err(Refusal::not_found()));
    }
    let node = rest.first().map(|id| Node::new(KIND, id));
    Some(match (call.method.as_str(), rest, node) {
        ("GET", [], _) => list(state.system_groups.clone(), call, USUAL, Total::Absent),
        ("POST", [], _) => create(state, call),
        ("GET", [id], _) => get(&state.system_groups, id),
        ("PUT", [id], _) => update(state, call, id),
        ("DELETE", [id], Some(node)) => delete(state, call, id, &node),
        ("GET", [_, "members"], Some(node)) => graph::members(state, call, &node, "system"),
        ("POST", [_, "members"], Some(node)) => graph::change_members(state, call, &node, "system"),
        ("GET", [_, "membership"], Some(node)) => graph::reached(state, call, &node, "system"),
        ("GET", [_, "associations"], Some(node)) => graph::associations(state, call, &node),
        ("POST", [_, "associations"], Some(node)) => graph::associate(state, call, &node),
        ("GET", [_, "policies"], Some(node)) => {
            let nodes = policies::nodes(state);
            graph::reaching(state, call, &nodes, &node)
        }
        ("GET", [_, "policygroups"], Some(node)) => {
            let nodes = graph::nodes("policy_group", &state.policy_groups);
            graph::reaching(state, call, &nodes, &node)
        }
        ("GET", [_, "users" | "usergroups" | "commands"], _) => Ok(Answer::ok(json!([]))),
        _ => return None,
    })
}

/// `GET /usergroups`.
pub(crate) fn user_groups(state: &State, call: &Call) -> Outcome {
    list(state.user_groups.clone(), call, USUAL, Total::Header)
}

/// One group of a list.
pub(crate) fn get(groups: &[Value], id: &str) -> Outcome {
    groups
        .iter()
        .find(|group| group["id"] == id)
        .map(|group| Answer::ok(group.clone()))
        .ok_or_else(Refusal::not_found)
}

/// The sent name, unless another group has it.
pub(crate) fn free_name(
    groups: &[Value],
    call: &Call,
    own: Option<&str>,
) -> Result<String, Refusal> {
    let name = call.required("name")?;
    let taken = groups
        .iter()
        .any(|group| group["name"] == name && own.is_none_or(|own| group["id"] != own));
    if taken {
        return Err(Refusal::conflict(format!(
            "a group named {name} exists already"
        )));
    }
    Ok(name.to_owned())
}

/// A device group as the API shows it.
pub(crate) fn device_group(id: &str, organization: &str, settings: &Value) -> Value {
    let mut group = Map::from_iter([
        ("id".to_owned(), json!(id)),
        ("type".to_owned(), json!(KIND)),
        ("organizationObjectId".to_owned(), json!(organization)),
        ("description".to_owned(), json!("")),
        ("email".to_owned(), json!("")),
        ("membershipMethod".to_owned(), json!("STATIC")),
        ("memberQueryExemptions".to_owned(), json!([])),
        ("memberSuggestionsNotify".to_owned(), json!(false)),
    ]);
    for key in SETTABLE {
        if let Some(value) = settings.get(key) {
            group.insert(key.to_owned(), value.clone());
        }
    }
    group.into()
}

fn create(state: &mut State, call: &Call) -> Outcome {
    free_name(&state.system_groups, call, None)?;
    let group = device_group(&object_id::new(), state.organization_id(), &call.body);
    record(state, call, "group_create", &group);
    state.system_groups.push(group.clone());
    Ok(Answer::created(group))
}

fn update(state: &mut State, call: &Call, id: &str) -> Outcome {
    free_name(&state.system_groups, call, Some(id))?;
    let group = device_group(id, state.organization_id(), &call.body);
    record(state, call, "group_update", &group);
    for known in state
        .system_groups
        .iter_mut()
        .filter(|known| known["id"] == id)
    {
        known.clone_from(&group);
    }
    Ok(Answer::ok(group))
}

fn delete(state: &mut State, call: &Call, id: &str, node: &Node) -> Outcome {
    state.system_groups.retain(|group| group["id"] != id);
    state.graph.forget(node);
    record(state, call, "group_delete", &json!({ "id": id }));
    Ok(Answer::no_content())
}

fn record(state: &mut State, call: &Call, event: &str, group: &Value) {
    let about =
        json!({ "resource": { "id": text(group, "id"), "name": group["name"], "type": KIND } });
    events::record(state, "directory", event, &about, call.now);
}

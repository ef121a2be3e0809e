//! Devices: v1's `/systems` and `/search/systems`, and v2's graph routes of a device.

use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome, Refusal};
use super::graph::{self, Node};
use super::query::{self, Condition, Total, USUAL, at, list_v1, printed};
use super::state::{State, text};
use super::{object_id, policies, results};

/// v1 `/systems/…`, the segments after `systems`.
pub(crate) fn v1(state: &mut State, call: &Call, rest: &[&str]) -> Option<Outcome> {
    Some(match (call.method.as_str(), rest) {
        ("GET", []) => list_v1(all(state), call),
        ("GET", [id]) => get(state, id).map(Answer::ok),
        ("PUT", [id]) => update(state, call, id),
        _ => return None,
    })
}

/// v1 `POST /search/systems`. An empty body matches every device.
pub(crate) fn search(state: &State, call: &Call) -> Outcome {
    let body = &call.body;
    let mut found = all(state);
    if let Some(filter) = body.get("filter") {
        found = retain(&found, filter)?;
    }
    let terms = strings(&body["searchFilter"]["searchTerm"]);
    let fields = strings(&body["searchFilter"]["fields"]);
    if !terms.is_empty() {
        found.retain(|system| {
            let hit = |text: &str| {
                let text = text.to_lowercase();
                terms.iter().any(|term| text.contains(&term.to_lowercase()))
            };
            fields.iter().any(|field| hit(&printed(at(system, field))))
        });
    }
    let number = |key: &str| {
        body[key]
            .as_u64()
            .and_then(|number| usize::try_from(number).ok())
    };
    let sort = body["sort"].as_str();
    Ok(query::results(
        found,
        sort,
        number("skip"),
        number("limit"),
        body["fields"].as_str(),
    ))
}

/// v2 `/systems/{id}/…`, the segments after `systems`.
pub(crate) fn v2(state: &mut State, call: &Call, rest: &[&str]) -> Option<Outcome> {
    let [id, route @ ..] = rest else { return None };
    if state.system(id).is_none() {
        return Some(Err(Refusal::not_found()));
    }
    let node = Node::new("system", id);
    Some(match (call.method.as_str(), route) {
        ("GET", ["associations"]) => graph::associations(state, call, &node),
        ("POST", ["associations"]) => graph::associate(state, call, &node),
        ("GET", ["memberof"]) => graph::member_of(state, call, &node, "system_group"),
        ("GET", ["policies"]) => graph::reaching(state, call, &policies::nodes(state), &node),
        ("GET", ["policygroups"]) => {
            let nodes = graph::nodes("policy_group", &state.policy_groups);
            graph::reaching(state, call, &nodes, &node)
        }
        ("GET", ["policystatuses"]) => results::latest_of_system(state, call, id),
        ("GET", ["softwareappstatuses"]) => {
            let own = state
                .software_statuses
                .iter()
                .filter(|status| status["systemId"] == *id);
            query::list(own.cloned().collect(), call, USUAL, Total::Absent)
        }
        ("GET", ["users" | "usergroups" | "commands"]) => Ok(Answer::ok(json!([]))),
        _ => return None,
    })
}

fn all(state: &State) -> Vec<Value> {
    state
        .systems
        .iter()
        .map(|system| shown(state, system))
        .collect()
}

fn get(state: &State, id: &str) -> Result<Value, Refusal> {
    if !object_id::is_valid(id) {
        return Err(Refusal::invalid("id must be 24 hexadecimal digits"));
    }
    state
        .system(id)
        .map(|system| shown(state, system))
        .ok_or_else(Refusal::not_found)
}

fn shown(state: &State, system: &Value) -> Value {
    let id = text(system, "_id");
    let node = Node::new("system", id);
    let mut system = system.clone();
    system["policyStats"] = json!(results::stats(state, id));
    system["isPolicyBound"] = json!(
        policies::nodes(state)
            .iter()
            .any(|policy| state.graph.reaches(policy, &node))
    );
    system
}

/// `PUT /systems/{id}`: the few members an administrator may set.
fn update(state: &mut State, call: &Call, id: &str) -> Outcome {
    get(state, id)?;
    for system in state
        .systems
        .iter_mut()
        .filter(|system| system["_id"] == id)
    {
        for key in [
            "displayName",
            "attributes",
            "allowMultiFactorAuthentication",
        ] {
            if let Some(value) = call.body.get(key) {
                system[key] = value.clone();
            }
        }
    }
    get(state, id).map(Answer::ok)
}

/// The `filter` of a search: `["field:op:value", …]`, or `{and|or: [{field: value | {$op: value}}]}`.
fn retain(systems: &[Value], filter: &Value) -> Result<Vec<Value>, Refusal> {
    let conditions = |list: &Value| -> Result<Vec<Condition>, Refusal> {
        let terms = list
            .as_array()
            .map_or(std::slice::from_ref(list), Vec::as_slice);
        terms
            .iter()
            .map(terms_of)
            .collect::<Result<Vec<_>, _>>()
            .map(|all| all.concat())
    };
    let keep = |conditions: Vec<Condition>, any: bool| {
        let holds = |system: &Value| {
            let mut each = conditions.iter().map(|condition| condition.holds(system));
            if any {
                each.any(|held| held)
            } else {
                each.all(|held| held)
            }
        };
        systems
            .iter()
            .filter(|system| holds(system))
            .cloned()
            .collect()
    };
    match (filter.get("or"), filter.get("and")) {
        (Some(list), _) => Ok(keep(conditions(list)?, true)),
        (None, Some(list)) => Ok(keep(conditions(list)?, false)),
        (None, None) => Ok(keep(conditions(filter)?, false)),
    }
}

fn terms_of(term: &Value) -> Result<Vec<Condition>, Refusal> {
    if let Some(text) = term.as_str() {
        return Condition::parse(text, "$")
            .or_else(|_| Condition::parse(text, ""))
            .map(|condition| vec![condition]);
    }
    let members = term
        .as_object()
        .ok_or_else(|| Refusal::invalid("filter must hold strings or objects"))?;
    let mut conditions = Vec::new();
    for (field, value) in members {
        match value.as_object() {
            Some(operators) => {
                for (op, value) in operators {
                    conditions.push(Condition::parse(
                        &format!("{field}:{op}:{}", printed(value)),
                        "$",
                    )?);
                }
            }
            None => conditions.push(Condition::parse(
                &format!("{field}:eq:{}", printed(value)),
                "",
            )?),
        }
    }
    Ok(conditions)
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

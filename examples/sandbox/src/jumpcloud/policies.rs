//! Policies: a template, a name and the values of its config fields.
//!
//! `PUT` replaces `notes` and `values` as a whole and answers the shallow form; the list is shallow; `GET` hands
//! the payload back in clear. Not publicly confirmed, and chosen here: a name that is taken answers 409; a `PUT`
//! without `values` empties them; an unknown template or config field answers 400.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome, Refusal};
use super::graph::{self, Node};
use super::query::{Total, USUAL, list};
use super::state::{State, text};
use super::{events, object_id, templates};

/// One policy.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Policy {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) notes: String,
    /// The template's id.
    pub(crate) template: String,
    /// `{configFieldID, configFieldName, value, sensitive}` each.
    pub(crate) values: Vec<Value>,
}

impl Policy {
    pub(crate) fn node(&self) -> Node {
        Node::new("policy", &self.id)
    }

    /// The value of a config field by its name.
    pub(crate) fn value(&self, field: &str) -> Option<&Value> {
        self.values
            .iter()
            .find(|value| value["configFieldName"] == field)
            .map(|value| &value["value"])
    }

    fn shallow(&self, state: &State) -> Value {
        json!({ "id": self.id, "name": self.name, "template": self.template(state, templates::shallow) })
    }

    fn full(&self, state: &State) -> Value {
        let fields = templates::find(state, &self.template)
            .map_or(json!([]), |mut it| it["configFields"].take());
        json!({
            "id": self.id, "name": self.name, "notes": self.notes,
            "template": self.template(state, templates::shallow),
            "configFields": fields,
            "values": self.values,
        })
    }

    fn template(&self, state: &State, form: fn(&Value) -> Value) -> Value {
        templates::find(state, &self.template)
            .as_ref()
            .map_or_else(|| json!({ "id": self.template }), form)
    }
}

/// `/policies/…`, the segments after `policies`.
pub(crate) fn route(state: &mut State, call: &Call, rest: &[&str]) -> Option<Outcome> {
    Some(match (call.method.as_str(), rest) {
        ("GET", []) => all(state, call),
        ("POST", []) => create(state, call),
        ("GET", [id]) => get(state, id).map(|policy| Answer::ok(policy.full(state))),
        ("PUT", [id]) => update(state, call, id),
        ("DELETE", [id]) => delete(state, call, id),
        ("GET", [id, "associations"]) => {
            node(state, id).and_then(|node| graph::associations(state, call, &node))
        }
        ("POST", [id, "associations"]) => {
            node(state, id).and_then(|node| graph::associate(state, call, &node))
        }
        ("GET", [id, "systems"]) => {
            node(state, id).and_then(|node| graph::reached(state, call, &node, "system"))
        }
        ("GET", [id, "systemgroups"]) => {
            node(state, id).and_then(|node| graph::reached(state, call, &node, "system_group"))
        }
        ("GET", [id, "memberof"]) => {
            node(state, id).and_then(|node| graph::member_of(state, call, &node, "policy_group"))
        }
        ("GET", [id, "policyresults"]) => {
            node(state, id).and_then(|node| super::results::of_policy(state, call, &node.id))
        }
        ("GET", [id, "policystatuses"]) => {
            node(state, id).and_then(|node| super::results::latest_of_policy(state, call, &node.id))
        }
        _ => return None,
    })
}

/// Every policy as a node of the graph.
pub(crate) fn nodes(state: &State) -> Vec<Node> {
    state.policies.iter().map(Policy::node).collect()
}

fn all(state: &State, call: &Call) -> Outcome {
    let entries = state
        .policies
        .iter()
        .map(|policy| policy.shallow(state))
        .collect();
    list(entries, call, USUAL, Total::Absent)
}

fn get<'a>(state: &'a State, id: &str) -> Result<&'a Policy, Refusal> {
    state
        .policies
        .iter()
        .find(|policy| policy.id == id)
        .ok_or_else(Refusal::not_found)
}

fn node(state: &State, id: &str) -> Result<Node, Refusal> {
    get(state, id).map(Policy::node)
}

fn create(state: &mut State, call: &Call) -> Outcome {
    let name = free_name(state, call, None)?;
    let template = templates::find(state, text(&call.body["template"], "id")).ok_or_else(|| {
        Refusal::invalid("template.id is required and must name a policy template")
    })?;
    let policy = Policy {
        id: object_id::new(),
        name,
        notes: text(&call.body, "notes").to_owned(),
        template: text(&template, "id").to_owned(),
        values: values(&template, &call.body)?,
    };
    let answer = Answer::created(policy.full(state));
    record(state, call, "policy_create", &policy);
    state.policies.push(policy);
    Ok(answer)
}

fn update(state: &mut State, call: &Call, id: &str) -> Outcome {
    let mut policy = get(state, id)?.clone();
    policy.name = free_name(state, call, Some(id))?;
    policy.notes = text(&call.body, "notes").to_owned();
    let template = templates::find(state, &policy.template).unwrap_or_default();
    policy.values = values(&template, &call.body)?;
    let answer = Answer::ok(policy.shallow(state));
    record(state, call, "policy_update", &policy);
    state.policies.retain_mut(|known| {
        if known.id == id {
            known.clone_from(&policy);
        }
        true
    });
    Ok(answer)
}

fn delete(state: &mut State, call: &Call, id: &str) -> Outcome {
    let policy = get(state, id)?.clone();
    state.policies.retain(|known| known.id != id);
    state.results.retain(|result| result["policyID"] != id);
    state.graph.forget(&policy.node());
    record(state, call, "policy_delete", &policy);
    Ok(Answer::no_content())
}

fn free_name(state: &State, call: &Call, own: Option<&str>) -> Result<String, Refusal> {
    let name = call.required("name")?;
    let taken = state
        .policies
        .iter()
        .any(|policy| policy.name == name && Some(policy.id.as_str()) != own);
    if taken {
        return Err(Refusal::conflict(format!(
            "a policy named {name} exists already"
        )));
    }
    Ok(name.to_owned())
}

/// The sent values in the form in which they come back: with the field's name and the `sensitive` mark.
fn values(template: &Value, body: &Value) -> Result<Vec<Value>, Refusal> {
    let none = Vec::new();
    let fields = template["configFields"].as_array().unwrap_or(&none);
    let sent = body["values"].as_array().unwrap_or(&none);
    sent.iter()
        .map(|value| {
            let id = text(value, "configFieldID");
            let field = fields
                .iter()
                .find(|field| text(field, "id") == id)
                .ok_or_else(|| {
                    Refusal::invalid(format!("configFieldID {id:?} is no field of the template"))
                })?;
            Ok(json!({
                "configFieldID": id,
                "configFieldName": field["name"],
                "value": value["value"],
                "sensitive": value["sensitive"].as_bool().unwrap_or(false),
            }))
        })
        .collect()
}

fn record(state: &mut State, call: &Call, event: &str, policy: &Policy) {
    let about = json!({ "resource": { "id": policy.id, "name": policy.name, "type": "policy" } });
    events::record(state, "directory", event, &about, call.now);
}

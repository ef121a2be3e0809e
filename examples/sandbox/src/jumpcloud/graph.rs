//! JumpCloud's graph: who is member of what, and what is bound to whom.
//!
//! An edge is kept once, from the thing that is bound to the device or group it is bound to, and can be read and
//! written from both ends. That adding an existing edge answers 409 and removing a missing one 404 is known for
//! group members; for policies and software it is not confirmed, and behaves the same here.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Outcome, Refusal};
use super::events;
use super::query::{Total, USUAL, list};
use super::state::{State, text};

/// An object of the graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Node {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) id: String,
}

impl Node {
    pub(crate) fn new(kind: &str, id: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            id: id.to_owned(),
        }
    }
}

/// What an edge means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Relation {
    /// From a group to its member.
    Member,
    /// From a policy, policy group or software app to a device or device group.
    Association,
}

/// One edge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Edge {
    pub(crate) relation: Relation,
    pub(crate) from: Node,
    pub(crate) to: Node,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) attributes: Option<Value>,
}

/// All edges.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Graph {
    pub(crate) edges: Vec<Edge>,
}

/// A way from one node to another, as `(from, to)` steps.
pub(crate) type Path = Vec<(Node, Node)>;

impl Graph {
    pub(crate) fn add(&mut self, relation: Relation, from: Node, to: Node) {
        self.edges.push(Edge {
            relation,
            from,
            to,
            attributes: None,
        });
    }

    /// Drops every edge that touches the node.
    pub(crate) fn forget(&mut self, node: &Node) {
        self.edges
            .retain(|edge| edge.from != *node && edge.to != *node);
    }

    /// The nodes of one kind joined to `node` by one edge, from either end.
    fn neighbours(
        &self,
        relation: Relation,
        node: &Node,
        kind: &str,
    ) -> Vec<(Node, Option<Value>)> {
        self.edges
            .iter()
            .filter(|edge| edge.relation == relation)
            .filter_map(|edge| {
                let other = if edge.from == *node {
                    &edge.to
                } else if edge.to == *node {
                    &edge.from
                } else {
                    return None;
                };
                (other.kind == kind).then(|| (other.clone(), edge.attributes.clone()))
            })
            .collect()
    }

    /// Every way down from `from` to a node of `kind`: a policy reaches the policy groups it is in, anything bound
    /// reaches the device groups and devices it is bound to, a device group its members.
    pub(crate) fn paths(&self, from: &Node, kind: &str) -> Vec<Path> {
        let mut found = Vec::new();
        for next in self.below(from) {
            let step = (from.clone(), next.clone());
            if next.kind == kind {
                found.push(vec![step.clone()]);
            }
            for mut rest in self.paths(&next, kind) {
                rest.insert(0, step.clone());
                found.push(rest);
            }
        }
        found
    }

    /// Whether `from` reaches `to`.
    pub(crate) fn reaches(&self, from: &Node, to: &Node) -> bool {
        self.paths(from, &to.kind)
            .iter()
            .any(|path| path.last().is_some_and(|(_, end)| end == to))
    }

    fn below(&self, node: &Node) -> Vec<Node> {
        self.edges
            .iter()
            .filter_map(|edge| match edge.relation {
                Relation::Member if node.kind == "policy" => {
                    (edge.to == *node).then_some(&edge.from)
                }
                Relation::Member if node.kind == "policy_group" => None,
                Relation::Member | Relation::Association => {
                    (edge.from == *node).then_some(&edge.to)
                }
            })
            .cloned()
            .collect()
    }
}

/// `GET …/associations?targets=kind`: direct edges. One kind a call, and it must be given.
pub(crate) fn associations(state: &State, call: &Call, node: &Node) -> Outcome {
    let allowed = targets(&node.kind);
    let wanted = call
        .query("targets")
        .filter(|wanted| allowed.contains(wanted))
        .ok_or_else(|| {
            Refusal::invalid(format!(
                "targets is required: one of {}",
                allowed.join(", ")
            ))
        })?;
    connections(&state.graph, call, Relation::Association, node, wanted)
}

/// `GET …/members`: direct members of one kind.
pub(crate) fn members(state: &State, call: &Call, group: &Node, kind: &str) -> Outcome {
    connections(&state.graph, call, Relation::Member, group, kind)
}

fn connections(graph: &Graph, call: &Call, relation: Relation, node: &Node, kind: &str) -> Outcome {
    let edges = graph.neighbours(relation, node, kind);
    let rows = edges.into_iter().map(|(other, attributes)| {
        let mut row = Map::from_iter([("to".to_owned(), json!(other))]);
        row.extend(attributes.map(|attributes| ("attributes".to_owned(), attributes)));
        Value::from(row)
    });
    list(rows.collect(), call, USUAL, Total::Absent)
}

/// `POST …/associations` with `{op, type, id}`.
pub(crate) fn associate(state: &mut State, call: &Call, node: &Node) -> Outcome {
    let other = operand(state, call, targets(&node.kind))?;
    let (from, to) = if rank(&node.kind) <= rank(&other.kind) {
        (node.clone(), other)
    } else {
        (other, node.clone())
    };
    operate(state, call, Relation::Association, &from, &to)
}

/// `POST …/members` with `{op, type, id}`.
pub(crate) fn change_members(
    state: &mut State,
    call: &Call,
    group: &Node,
    kind: &'static str,
) -> Outcome {
    let member = operand(state, call, &[kind])?;
    operate(state, call, Relation::Member, group, &member)
}

fn operand(state: &State, call: &Call, allowed: &[&str]) -> Result<Node, Refusal> {
    let kind = call.required("type")?;
    if !allowed.contains(&kind) {
        return Err(Refusal::invalid(format!(
            "type must be one of {}",
            allowed.join(", ")
        )));
    }
    let id = call.required("id")?;
    if !state.exists(kind, id) {
        return Err(Refusal::new(
            http::StatusCode::NOT_FOUND,
            format!("{kind} {id} not found"),
        ));
    }
    Ok(Node::new(kind, id))
}

fn operate(state: &mut State, call: &Call, relation: Relation, from: &Node, to: &Node) -> Outcome {
    let edges = &mut state.graph.edges;
    let at = edges
        .iter()
        .position(|edge| edge.relation == relation && edge.from == *from && edge.to == *to);
    let attributes = call
        .body
        .get("attributes")
        .filter(|value| value.is_object())
        .cloned();
    let op = call.required("op")?;
    match (op, at) {
        ("add", None) => edges.push(Edge {
            relation,
            from: from.clone(),
            to: to.clone(),
            attributes,
        }),
        ("add", Some(_)) => return Err(Refusal::conflict("Already Exists")),
        ("remove", Some(at)) => {
            edges.remove(at);
        }
        ("update", Some(at)) => edges[at].attributes = attributes,
        ("remove" | "update", None) => return Err(Refusal::not_found()),
        _ => return Err(Refusal::invalid("op must be add, remove or update")),
    }
    let about = json!({ "op": op, "from": from, "to": to, "relation": relation });
    events::record(state, "directory", "association_change", &about, call.now);
    Ok(Answer::no_content())
}

/// `GET /{object}/{id}/{kind}s`: what `from` reaches, each with all ways to it.
pub(crate) fn reached(state: &State, call: &Call, from: &Node, kind: &str) -> Outcome {
    with_paths(call, state.graph.paths(from, kind), |path| {
        path.last().map(|(_, end)| end.clone())
    })
}

/// The other way about: objects of one kind that reach `to`.
pub(crate) fn reaching(state: &State, call: &Call, sources: &[Node], to: &Node) -> Outcome {
    let paths = sources
        .iter()
        .flat_map(|source| state.graph.paths(source, &to.kind))
        .filter(|path| path.last().is_some_and(|(_, end)| end == to))
        .collect();
    with_paths(call, paths, |path| {
        path.first().map(|(start, _)| start.clone())
    })
}

/// `GET …/memberof`: the groups a node is directly in.
pub(crate) fn member_of(state: &State, call: &Call, node: &Node, kind: &str) -> Outcome {
    let groups = state.graph.neighbours(Relation::Member, node, kind);
    let paths = groups
        .into_iter()
        .map(|(group, _)| vec![(node.clone(), group)]);
    with_paths(call, paths.collect(), |path| {
        path.last().map(|(_, end)| end.clone())
    })
}

fn with_paths(call: &Call, paths: Vec<Path>, subject: impl Fn(&Path) -> Option<Node>) -> Outcome {
    let mut rows: Vec<(Node, Vec<Value>)> = Vec::new();
    for path in paths {
        let Some(node) = subject(&path) else { continue };
        let steps: Value = path
            .iter()
            .map(|(from, to)| json!({ "from": from, "to": to }))
            .collect();
        match rows.iter_mut().find(|(known, _)| *known == node) {
            Some((_, ways)) => ways.push(steps),
            None => rows.push((node, vec![steps])),
        }
    }
    let rows = rows.into_iter().map(|(node, ways)| {
        json!({ "id": node.id, "type": node.kind, "compiledAttributes": {}, "paths": ways })
    });
    list(rows.collect(), call, USUAL, Total::Absent)
}

/// What may be bound to an object of this kind. A device group takes no `software_app`: software is bound from
/// the app's side.
fn targets(kind: &str) -> &'static [&'static str] {
    match kind {
        "system" | "system_group" => &["command", "policy", "policy_group", "user", "user_group"],
        _ => &["system", "system_group"],
    }
}

fn rank(kind: &str) -> u8 {
    match kind {
        "system" => 3,
        "system_group" => 2,
        "user" | "user_group" => 1,
        _ => 0,
    }
}

/// The nodes of a list of objects.
pub(crate) fn nodes(kind: &str, objects: &[Value]) -> Vec<Node> {
    objects
        .iter()
        .map(|object| Node::new(kind, text(object, "id")))
        .collect()
}

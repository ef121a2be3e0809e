//! Reading the data file: one pass, no copies of text.
//!
//! The file is part of the crate and a test compares what is read with Apple's YAML, so a line that makes no sense is
//! skipped instead of being an error nobody could handle.

use super::{
    PartNode, Schema,
    key::{Kind, Node, Parent, Presence},
    os::Statements,
};

pub(super) fn parse(text: &'static str) -> Schema {
    let mut schema = Schema {
        nodes: Vec::with_capacity(text.len() / 64),
        parts: Vec::with_capacity(160),
    };
    // The keys that are open at this line, outermost first.
    let mut open: Vec<usize> = Vec::new();
    for line in text.lines() {
        if line.starts_with('#') {
        } else if let Some((payload_type, file)) = part_header(line) {
            close(&mut schema, &mut open, 0);
            schema.parts.push(PartNode {
                payload_type,
                file,
                systems: Statements::default(),
                first: schema.nodes.len(),
                end: schema.nodes.len(),
            });
        } else if let Some(statements) = line.strip_prefix('@') {
            if let Some(part) = schema.parts.last_mut() {
                part.systems.add(statements);
            }
        } else {
            let depth = line.len() - line.trim_start_matches(' ').len();
            close(&mut schema, &mut open, depth);
            let parent = match open.last() {
                Some(&index) => Parent::Key(index),
                None => Parent::Part(schema.parts.len().saturating_sub(1)),
            };
            if let Some(node) = node(&line[depth..], parent) {
                open.push(schema.nodes.len());
                schema.nodes.push(node);
            }
        }
    }
    close(&mut schema, &mut open, 0);
    schema
}

/// Ends the keys that are `depth` deep or deeper: what comes next is not below them.
fn close(schema: &mut Schema, open: &mut Vec<usize>, depth: usize) {
    let end = schema.nodes.len();
    for index in open.drain(depth.min(open.len())..) {
        schema.nodes[index].end = end;
    }
    if let Some(part) = schema.parts.last_mut() {
        part.end = end;
    }
}

fn part_header(line: &'static str) -> Option<(&'static str, &'static str)> {
    line.strip_prefix('[')?.split_once("] ")
}

fn node(line: &'static str, parent: Parent) -> Option<Node> {
    let (name, rest) = line.split_once('\t')?;
    let (kind, facts) = rest.split_once('\t').unwrap_or((rest, ""));
    let (kind, presence) = match kind.strip_suffix('!') {
        Some(kind) => (kind, Some(Presence::Required)),
        None => match kind.strip_suffix('?') {
            Some(kind) => (kind, Some(Presence::Optional)),
            None => (kind, None),
        },
    };
    let mut systems = Statements::default();
    let mut same_as = None;
    for fact in facts.split('\t') {
        if let Some(statements) = fact.strip_prefix('@') {
            systems.add(statements);
        } else if let Some(levels) = fact.strip_prefix("as=") {
            same_as = levels.parse().ok();
        }
    }
    Some(Node {
        name,
        kind: Kind::parse(kind)?,
        presence,
        facts,
        systems,
        parent,
        end: 0,
        same_as,
    })
}

//! The data file of `mobileconfig::schema` against Apple's YAML.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{collections::BTreeMap, process::Command};

use device_trust_tests::{oracle, reference, run};
use mobileconfig::schema::{
    Availability, Key, Literal, Os, OsVersion, Part, Presence, Range, Schema,
};
use serde_json::{Map, Value, json};

#[test]
fn the_committed_file_is_what_the_generator_makes_of_apples_yaml() {
    let Some(reference) = reference() else { return };
    let mut generator = Command::new(env!("CARGO_BIN_EXE_mobileconfig-schema"));
    let made = run(generator.arg(reference.join("apple")));
    let committed = include_str!("../mobileconfig/schema/apple-profiles.facts");
    let difference = made
        .lines()
        .zip(committed.lines())
        .find(|(made, committed)| made != committed);
    assert_eq!(
        difference, None,
        "make it again, see mobileconfig/schema/README.md"
    );
    assert_eq!(made.len(), committed.len());
}

#[test]
fn a_second_reading_of_the_yaml_agrees_on_every_fact_of_every_key() {
    let (Some(reference), Some(mut oracle)) = (reference(), oracle("schema_facts.py")) else {
        return;
    };
    let theirs = by_place(
        run(oracle.arg(reference.join("apple")))
            .lines()
            .map(|line| serde_json::from_str(line).unwrap()),
    );
    let ours = by_place(dump());
    assert_eq!(
        ours.keys().collect::<Vec<_>>(),
        theirs.keys().collect::<Vec<_>>()
    );
    for (place, fact) in &ours {
        assert_eq!(fact, &theirs[place], "{place}");
    }
    assert!(ours.len() > 2_300, "only {} facts", ours.len());
}

#[test]
fn every_payload_type_of_apples_is_there() {
    let payloads: Vec<_> = Schema::apple().payloads().collect();
    assert_eq!(payloads.len(), 120);
    let files: usize = payloads.iter().map(|payload| payload.parts().count()).sum();
    assert_eq!(files, 126);
}

fn by_place(facts: impl IntoIterator<Item = Value>) -> BTreeMap<String, Value> {
    let mut placed = BTreeMap::new();
    for fact in facts {
        let name = |name: &str| fact[name].as_str().unwrap_or_default().to_owned();
        let place = format!("{}: {}", name("part"), name("path"));
        assert!(
            placed.insert(place.clone(), fact).is_none(),
            "{place} comes twice"
        );
    }
    placed
}

/// What the crate says, in the oracle's words.
fn dump() -> Vec<Value> {
    let mut facts = Vec::new();
    let schema = Schema::apple();
    let shared = ["TopLevel", "CommonPayloadKeys"].map(|name| schema.payload(name).unwrap());
    for payload in schema.payloads().chain(shared) {
        for part in payload.parts() {
            facts.push(json!({
                "type": payload.name(),
                "part": part.name(),
                "availability": on_all(|os| part.availability(os)),
            }));
            for key in part.keys() {
                dump_key(payload.name(), part, key, &mut facts);
            }
        }
    }
    facts
}

fn dump_key(payload_type: &str, part: Part, key: Key, facts: &mut Vec<Value>) {
    let presence = key.presence().map(|presence| match presence {
        Presence::Required => "required",
        _ => "optional",
    });
    facts.push(json!({
        "type": payload_type,
        "part": part.name(),
        "path": key.path(),
        "kind": key.kind().as_str(),
        "presence": presence,
        "default": key.default().map(literal),
        "allowed": key.allowed().into_iter().map(literal).collect::<Vec<_>>(),
        "range": key.range().map(limits),
        "count": key.count().map(limits),
        "format": key.format(),
        "subtype": key.subtype(),
        "subkey_type": key.subkey_type(),
        "stated": Os::ALL.into_iter().filter(|os| key.stated(*os).is_some()).map(Os::as_str).collect::<Vec<_>>(),
        "availability": on_all(|os| key.availability(os)),
        "recursion": key.recursion().map(|key| key.path()),
    }));
    if key.recursion().is_none() {
        key.keys()
            .for_each(|key| dump_key(payload_type, part, key, facts));
    }
}

fn literal(value: Literal) -> Value {
    match value {
        Literal::Integer(number) => json!(number),
        Literal::Real(number) => json!(number),
        Literal::Boolean(truth) => json!(truth),
        Literal::Text(text) => json!(text),
        other => panic!("{other:?}"),
    }
}

fn limits(range: Range) -> Value {
    json!([range.min, range.max])
}

fn on_all(availability: impl Fn(Os) -> Availability) -> Value {
    Os::ALL
        .into_iter()
        .map(|os| (os.as_str().to_owned(), facts_of(availability(os))))
        .collect::<Map<_, _>>()
        .into()
}

fn facts_of(availability: Availability) -> Value {
    let version = |version: Option<OsVersion>| version.map(numbers);
    let all = json!({
        "exists": availability.exists,
        "introduced": version(availability.introduced),
        "deprecated": version(availability.deprecated),
        "removed": version(availability.removed),
        "supervised": availability.supervised,
        "requires_dep": availability.requires_dep,
        "user_approved_mdm": availability.user_approved_mdm,
        "manual_install": availability.manual_install,
        "multiple": availability.multiple,
        "device_channel": availability.device_channel,
        "user_channel": availability.user_channel,
        "user_enrollment": availability.user_enrollment,
        "shared_ipad": availability.shared_ipad,
        "shared_ipad_device_channel": availability.shared_ipad_device_channel,
        "shared_ipad_user_channel": availability.shared_ipad_user_channel,
    });
    let Value::Object(mut all) = all else {
        unreachable!()
    };
    all.retain(|_, value| !value.is_null());
    all.into()
}

fn numbers(version: OsVersion) -> Vec<u16> {
    let mut numbers: Vec<u16> = version
        .to_string()
        .split('.')
        .map(|number| number.parse().unwrap())
        .collect();
    numbers.resize(3, 0);
    numbers
}

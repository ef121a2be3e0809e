//! Identifiers and UUIDs: what devices tell profiles and payloads apart by.

use std::collections::{HashMap, hash_map::Entry};

use plist::{Dictionary, Value};

use super::{Code, Finding, Findings, Rule, Subject, codes, codes_of};
use crate::keys::{IDENTIFIER, UUID};

pub(super) struct Identity;

impl Rule for Identity {
    fn codes(&self) -> Vec<Code> {
        codes_of![
            DUPLICATE_IDENTIFIER,
            SHARED_IDENTIFIER,
            EMPTY_IDENTIFIER,
            DUPLICATE_UUID,
            SHARED_UUID,
            UUID_SHAPE,
            UUID_CASE,
        ]
    }

    fn check(&self, subject: &Subject<'_>, findings: &mut Findings) {
        let top = subject.profile();
        let top_identifier = text(top, IDENTIFIER);
        let top_uuid = text(top, UUID).map(str::to_lowercase);
        empty(top_identifier, IDENTIFIER.to_owned(), findings);
        shape(text(top, UUID), UUID.to_owned(), findings);

        let (mut identifiers, mut uuids) = (HashMap::new(), HashMap::new());
        for payload in subject.payloads() {
            let identifier = text(payload.keys(), IDENTIFIER);
            let path = payload.path_to(IDENTIFIER);
            empty(identifier, path.clone(), findings);
            if let Some(identifier) = identifier.filter(|identifier| !identifier.is_empty()) {
                if let Some(first) = first_use(&mut identifiers, identifier, payload.path()) {
                    findings.add(Finding::new(
                        codes::DUPLICATE_IDENTIFIER,
                        path,
                        format!("{first} has the same PayloadIdentifier"),
                        "give each payload an identifier of its own; the profile's, a dot and a name is usual",
                    ));
                } else if top_identifier == Some(identifier) {
                    findings.add(Finding::new(
                        codes::SHARED_IDENTIFIER,
                        path,
                        "the payload has the PayloadIdentifier of the profile; devices accept that",
                        "add a dot and a name to it",
                    ));
                }
            }

            let uuid = text(payload.keys(), UUID);
            let path = payload.path_to(UUID);
            shape(uuid, path.clone(), findings);
            if let Some(uuid) = uuid.map(str::to_lowercase) {
                if let Some(first) = first_use(&mut uuids, &uuid, payload.path()) {
                    findings.add(Finding::new(
                        codes::DUPLICATE_UUID,
                        path,
                        format!("{first} has the same PayloadUUID, so that references to it are ambiguous"),
                        "give each payload a UUID of its own",
                    ));
                } else if top_uuid.as_ref() == Some(&uuid) {
                    findings.add(Finding::new(
                        codes::SHARED_UUID,
                        path,
                        "the payload has the PayloadUUID of the profile",
                        "give each payload a UUID of its own",
                    ));
                }
            }
        }
    }
}

fn text<'a>(keys: &'a Dictionary, key: &str) -> Option<&'a str> {
    keys.get(key).and_then(Value::as_string)
}

/// The place that used `name` before, if any; remembers the first use.
fn first_use(uses: &mut HashMap<String, String>, name: &str, place: String) -> Option<String> {
    match uses.entry(name.to_owned()) {
        Entry::Occupied(first) => Some(first.get().clone()),
        Entry::Vacant(free) => {
            free.insert(place);
            None
        }
    }
}

fn empty(identifier: Option<&str>, path: String, findings: &mut Findings) {
    if identifier == Some("") {
        findings.add(Finding::new(
            codes::EMPTY_IDENTIFIER,
            path,
            "an empty identifier tells nothing apart",
            "write one in reverse DNS order, such as org.example.trust",
        ));
    }
}

fn shape(uuid: Option<&str>, path: String, findings: &mut Findings) {
    let Some(uuid) = uuid else { return };
    let hyphenated = uuid.len() == 36 && uuid::Uuid::try_parse(uuid).is_ok();
    if !hyphenated {
        findings.add(Finding::new(
            codes::UUID_SHAPE,
            path,
            "this is no UUID; devices take any text, and other tools do not",
            "write 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12, as uuidgen prints them",
        ));
    } else if uuid.bytes().any(|byte| byte.is_ascii_lowercase()) {
        findings.add(Finding::new(
            codes::UUID_CASE,
            path,
            "lower-case letters; devices accept them, and Apple's tools write upper case",
            "nothing, or write it in upper case in all places at once",
        ));
    }
}

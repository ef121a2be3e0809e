//! A stored policy and its rules, and the numbering that holds them in order.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    fields::{Object, link, text, with_links},
    priorities::{self, Numbered},
};
use crate::{clock, random};

/// `type` of an app sign-in policy.
pub(crate) const ACCESS_POLICY: &str = "ACCESS_POLICY";
/// `type` of a global session policy.
pub(crate) const OKTA_SIGN_ON: &str = "OKTA_SIGN_ON";
/// `type` of an authenticator enrolment policy.
pub(crate) const MFA_ENROLL: &str = "MFA_ENROLL";

/// A policy: its own fields as answered, and its rules.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Policy {
    pub(crate) body: Object,
    pub(crate) rules: Vec<Object>,
    /// The first-party app the policy belongs to, if it cannot be reassigned.
    pub(crate) belongs_to: Option<String>,
}

impl Policy {
    pub(crate) fn new(kind: &str, mut body: Object, system: bool, now: Timestamp) -> Self {
        let prefix = if kind == ACCESS_POLICY { "rst" } else { "00p" };
        body.insert("id".into(), random::okta_id(prefix).into());
        body.insert("type".into(), kind.into());
        body.insert("system".into(), system.into());
        body.insert("status".into(), "ACTIVE".into());
        body.insert("created".into(), clock::okta(now).into());
        body.insert("lastUpdated".into(), clock::okta(now).into());
        if kind == ACCESS_POLICY {
            body.insert("priority".into(), 1.into());
            body.insert("_embedded".into(), json!({ "resourceType": "APP" }));
        }
        Self {
            body,
            rules: Vec::new(),
            belongs_to: None,
        }
    }

    pub(crate) fn id(&self) -> &str {
        text(&self.body, "id")
    }

    pub(crate) fn kind(&self) -> &str {
        text(&self.body, "type")
    }

    pub(crate) fn name(&self) -> &str {
        text(&self.body, "name")
    }

    pub(crate) fn is_active(&self) -> bool {
        text(&self.body, "status") == "ACTIVE"
    }

    pub(crate) fn is_system(&self) -> bool {
        is_system(&self.body)
    }

    pub(crate) fn rule(&self, id: &str) -> Option<&Object> {
        self.rules.iter().find(|rule| text(rule, "id") == id)
    }

    pub(crate) fn rule_mut(&mut self, id: &str) -> Option<&mut Object> {
        self.rules.iter_mut().find(|rule| text(rule, "id") == id)
    }

    /// Numbers the rules after one of them was written at `wanted` or, with `None`, after a deletion.
    pub(crate) fn renumber(&mut self, written: Option<(&str, Option<i64>)>) {
        let entries = self.rules.iter().map(numbered).collect();
        let numbers = match (self.kind(), written) {
            // A deletion leaves a gap here.
            (ACCESS_POLICY, None) => return,
            (ACCESS_POLICY, Some((id, wanted))) => priorities::sparse(entries, id, wanted),
            (_, written) => priorities::contiguous(entries, written),
        };
        for rule in &mut self.rules {
            apply(rule, &numbers);
        }
        self.rules.sort_by_key(priority);
    }

    /// The policy as answered.
    pub(crate) fn answer(&self, base: &str) -> Value {
        let id = self.id();
        let url = format!("{base}/api/v1/policies/{id}");
        let rules = link(&format!("{url}/rules"), &["GET", "POST"]);
        if self.is_system() {
            // The default "Any two factors" was recorded with these two links only.
            let own: &[&str] = if self.kind() == ACCESS_POLICY {
                &["GET"]
            } else {
                &["GET", "PUT"]
            };
            return with_links(
                &self.body,
                json!({ "self": link(&url, own), "rules": rules }),
            );
        }
        let mut links = json!({
            "self": link(&url, &["GET", "PUT", "DELETE"]),
            "rules": rules,
        });
        if self.kind() == ACCESS_POLICY {
            // POST is offered here and refused when it is tried.
            links["mappings"] = link(&format!("{url}/mappings"), &["GET", "POST"]);
        }
        let (name, href) = lifecycle(&url, self.is_active());
        links[name] = link(&href, &["POST"]);
        with_links(&self.body, links)
    }

    /// One of its rules as answered.
    pub(crate) fn rule_answer(&self, rule: &Object, base: &str) -> Value {
        let url = format!(
            "{base}/api/v1/policies/{}/rules/{}",
            self.id(),
            text(rule, "id")
        );
        if is_system(rule) {
            return with_links(rule, json!({ "self": link(&url, &["GET", "PUT"]) }));
        }
        let mut links = json!({ "self": link(&url, &["GET", "PUT", "DELETE"]) });
        let (name, href) = lifecycle(&url, text(rule, "status") == "ACTIVE");
        links[name] = link(&href, &["POST"]);
        with_links(rule, links)
    }
}

/// A new rule's fixed fields.
pub(crate) fn new_rule(
    mut body: Object,
    system: bool,
    priority: i64,
    active: bool,
    now: Timestamp,
) -> Object {
    let prefix = if text(&body, "type") == ACCESS_POLICY {
        "rul"
    } else {
        "0pr"
    };
    body.insert("id".into(), random::okta_id(prefix).into());
    body.insert("system".into(), system.into());
    body.insert("priority".into(), priority.into());
    body.insert(
        "status".into(),
        if active { "ACTIVE" } else { "INACTIVE" }.into(),
    );
    body.insert("created".into(), clock::okta(now).into());
    body.insert("lastUpdated".into(), clock::okta(now).into());
    body
}

pub(crate) fn is_system(object: &Object) -> bool {
    object
        .get("system")
        .and_then(Value::as_bool)
        .unwrap_or_default()
}

pub(crate) fn priority(object: &Object) -> i64 {
    object
        .get("priority")
        .and_then(Value::as_i64)
        .unwrap_or_default()
}

pub(crate) fn numbered(object: &Object) -> Numbered {
    Numbered {
        id: text(object, "id").to_owned(),
        priority: priority(object),
        system: is_system(object),
    }
}

/// Writes the number that `numbers` holds for the object, if any.
pub(crate) fn apply(object: &mut Object, numbers: &[Numbered]) {
    let id = text(object, "id").to_owned();
    if let Some(entry) = numbers.iter().find(|entry| entry.id == id) {
        object.insert("priority".into(), entry.priority.into());
    }
}

fn lifecycle(url: &str, active: bool) -> (&'static str, String) {
    let verb = if active { "deactivate" } else { "activate" };
    (verb, format!("{url}/lifecycle/{verb}"))
}

//! All that the embedded JumpCloud remembers.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::graph::Graph;
use super::policies::Policy;
use super::service_account::ServiceAccount;

/// One JumpCloud organisation, as plain data that can be saved and loaded.
///
/// It holds the profiles that policies carry, and with them the SCEP challenge, so its `Debug` shows counts only.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    pub(crate) organization: Value,
    /// Whether the administrator belongs to several organisations, which makes `x-org-id` compulsory.
    pub(crate) multi_tenant: bool,
    /// Whether the administrator's role lacks the permission to read the organisation.
    pub(crate) organization_is_hidden: bool,
    /// The status that answers every call, for an organisation in trouble.
    pub(crate) trouble: Option<u16>,
    /// Why uploaded packages are rejected; `None` accepts them.
    pub(crate) upload_verdict: Option<String>,
    /// The stored objects whose bytes have arrived, and that still count as awaited.
    pub(crate) arrived: Vec<String>,
    pub(crate) service_account: ServiceAccount,
    pub(crate) apple_mdms: Vec<Value>,
    pub(crate) mdm_devices: Vec<Value>,
    pub(crate) policies: Vec<Policy>,
    pub(crate) policy_groups: Vec<Value>,
    pub(crate) system_groups: Vec<Value>,
    pub(crate) user_groups: Vec<Value>,
    pub(crate) systems: Vec<Value>,
    pub(crate) software: Vec<Value>,
    pub(crate) graph: Graph,
    pub(crate) results: Vec<Value>,
    pub(crate) software_statuses: Vec<Value>,
    pub(crate) certificates: Vec<Value>,
    pub(crate) apps: Vec<Value>,
    pub(crate) events: Vec<Value>,
}

impl State {
    /// The organisation's id, 24 hexadecimal digits.
    #[must_use]
    pub fn organization_id(&self) -> &str {
        text(&self.organization, "id")
    }

    /// Answers every call for this organisation with `status`: 403 for one that the key does not reach, 500 for one
    /// that is broken.
    pub fn refuse_everything(&mut self, status: u16) {
        self.trouble = Some(status);
    }

    /// Rejects the packages that are uploaded from now on, as when their signature is wrong.
    pub fn reject_uploads(&mut self, reason: &str) {
        self.upload_verdict = Some(reason.to_owned());
    }

    /// The ids of all devices (v1 `_id`), in the order in which they were enrolled.
    #[must_use]
    pub fn system_ids(&self) -> Vec<String> {
        self.systems
            .iter()
            .map(|system| text(system, "_id").to_owned())
            .collect()
    }

    /// The id of the device with this serial number.
    #[must_use]
    pub fn system_id(&self, serial_number: &str) -> Option<&str> {
        let system = self
            .systems
            .iter()
            .find(|system| system["serialNumber"] == serial_number)?;
        system["_id"].as_str()
    }

    pub(crate) fn system(&self, id: &str) -> Option<&Value> {
        self.systems.iter().find(|system| system["_id"] == id)
    }

    /// Whether an object that an edge may point at exists. Kinds the sandbox does not keep do not.
    pub(crate) fn exists(&self, kind: &str, id: &str) -> bool {
        let among = |list: &[Value]| list.iter().any(|entry| entry["id"] == id);
        match kind {
            "system" => self.system(id).is_some(),
            "system_group" => among(&self.system_groups),
            "policy_group" => among(&self.policy_groups),
            "user_group" => among(&self.user_groups),
            "software_app" => among(&self.software),
            "policy" => self.policies.iter().any(|policy| policy.id == id),
            _ => false,
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("organization", &self.organization_id())
            .field("policies", &self.policies.len())
            .field("systems", &self.systems.len())
            .field("software", &self.software.len())
            .finish_non_exhaustive()
    }
}

/// The string member `key`, or the empty string.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// A copy of `value` with only the members named.
pub(crate) fn only(value: &Value, keys: &[&str]) -> Value {
    keys.iter()
        .filter_map(|key| Some(((*key).to_owned(), value.get(*key)?.clone())))
        .collect::<Map<_, _>>()
        .into()
}

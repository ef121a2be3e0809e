//! The MDM channel between JumpCloud and its Macs: what a Mac is to have, and what it reports.
//!
//! A real Mac and its MDM server speak Apple's protocol; here a Mac asks for its [`Assignments`] and hands back
//! reports, in-process. What a report leaves behind is what the admin API then shows: policy results, software
//! statuses, System Insights rows and `mdm_command_result` events. That the event's `request_type` is Apple's
//! `InstallProfile` is expected, not publicly confirmed; the value set of a software `state` is not published.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock;

use super::graph::Node;
use super::policies::Policy;
use super::state::{State, text};
use super::{events, object_id, templates};

/// What JumpCloud wants on one Mac.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assignments {
    /// The profiles of the policies bound to the Mac, directly, by device group or by policy group.
    pub profiles: Vec<AssignedProfile>,
    /// The software bound to the Mac.
    pub software: Vec<AssignedSoftware>,
}

/// One policy's profile. It holds the challenge, so its `Debug` names the policy only.
#[derive(Clone, PartialEq, Eq)]
pub struct AssignedProfile {
    /// The policy's id.
    pub policy: String,
    /// The profile's bytes, or why the policy holds none.
    pub payload: Result<Vec<u8>, String>,
}

impl std::fmt::Debug for AssignedProfile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AssignedProfile")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// One software app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignedSoftware {
    /// The app's id.
    pub app: String,
    /// The app's `displayName`.
    pub name: String,
    /// The version that would be installed; `1.0` where the settings name none.
    pub version: String,
    /// The bundle identifier that the package brings, as far as the settings tell.
    pub bundle: Option<String>,
}

/// Why a command failed, as one link of Apple's error chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandError {
    /// Apple's error domain, such as `MDM-SCEP`.
    pub domain: &'static str,
    /// The code in that domain.
    pub code: i64,
    /// What a person reads. It never repeats a value of the profile.
    pub description: String,
}

impl State {
    /// What JumpCloud wants on this Mac now.
    #[must_use]
    pub fn assignments(&self, system_id: &str) -> Assignments {
        let system = Node::new("system", system_id);
        let enrolled = self
            .system(system_id)
            .is_some_and(|system| system["mdm"]["vendor"] == "internal");
        if !enrolled {
            return Assignments::default();
        }
        let bound = |kind: &str, id: &str| self.graph.reaches(&Node::new(kind, id), &system);
        let profiles = self
            .policies
            .iter()
            .filter(|policy| bound("policy", &policy.id) && carries_profile(self, policy))
            .map(|policy| AssignedProfile {
                policy: policy.id.clone(),
                payload: payload(policy),
            });
        let software = self
            .software
            .iter()
            .filter(|app| bound("software_app", text(app, "id")));
        Assignments {
            profiles: profiles.collect(),
            software: software.map(assigned).collect(),
        }
    }

    /// A Mac's contact: `lastContact` of its device.
    pub fn check_in(&mut self, system_id: &str, now: Timestamp) {
        if let Some(system) = self
            .systems
            .iter_mut()
            .find(|system| system["_id"] == system_id)
        {
            system["lastContact"] = json!(clock::jumpcloud(now));
        }
    }

    /// The profile of a policy is on its way: a `pending` result, unless one is open still.
    pub fn profile_sent(&mut self, system_id: &str, policy: &str, now: Timestamp) {
        if self.pending(system_id, policy).is_some() {
            return;
        }
        self.results.push(json!({
            "id": object_id::new(),
            "policyID": policy,
            "systemID": system_id,
            "success": false,
            "state": "pending",
            "detail": "",
            "exitStatus": 0,
            "startedAt": clock::jumpcloud(now),
            "stdOut": "",
            "stdErr": "",
        }));
    }

    /// The Mac's answer to `InstallProfile`: completes the pending result and leaves an event.
    pub fn profile_answered(
        &mut self,
        system_id: &str,
        policy: &str,
        answer: Result<(), &CommandError>,
        now: Timestamp,
    ) {
        if let Some(result) = self.pending(system_id, policy) {
            result["success"] = json!(answer.is_ok());
            result["state"] = json!(if answer.is_ok() { "success" } else { "failed" });
            result["detail"] = json!(
                answer
                    .err()
                    .map(CommandError::to_string)
                    .unwrap_or_default()
            );
            result["exitStatus"] = json!(u8::from(answer.is_err()));
            result["endedAt"] = json!(clock::jumpcloud(now));
        }
        self.command_result(system_id, "InstallProfile", answer, now);
    }

    /// The Mac's answer to `RemoveProfile`: an event.
    pub fn profile_removed(&mut self, system_id: &str, now: Timestamp) {
        self.command_result(system_id, "RemoveProfile", Ok(()), now);
    }

    /// The Mac installed an app: a software status.
    pub fn software_installed(
        &mut self,
        system_id: &str,
        software: &AssignedSoftware,
        now: Timestamp,
    ) {
        self.software_statuses.retain(|status| {
            status["systemId"] != system_id || status["softwareAppId"] != software.app.as_str()
        });
        self.software_statuses.push(json!({
            "id": object_id::new(),
            "softwareAppId": software.app,
            "systemId": system_id,
            "state": "INSTALLED",
            "code": 0,
            "details": "",
            "timestamp": clock::jumpcloud(now),
            "version": software.version,
        }));
    }

    /// Replaces the Mac's System Insights rows; `system_id` and `collection_time` are written here.
    pub fn insights_collected(
        &mut self,
        system_id: &str,
        certificates: Vec<Value>,
        apps: Vec<Value>,
        now: Timestamp,
    ) {
        for (table, rows) in [
            (&mut self.certificates, certificates),
            (&mut self.apps, apps),
        ] {
            table.retain(|row| row["system_id"] != system_id);
            table.extend(rows.into_iter().map(|mut row| {
                row["system_id"] = json!(system_id);
                row["collection_time"] = json!(clock::jumpcloud(now));
                row
            }));
        }
    }

    fn pending(&mut self, system_id: &str, policy: &str) -> Option<&mut Value> {
        self.results.iter_mut().find(|result| {
            result["policyID"] == policy
                && result["systemID"] == system_id
                && result["state"] == "pending"
        })
    }

    fn command_result(
        &mut self,
        system_id: &str,
        request: &str,
        answer: Result<(), &CommandError>,
        now: Timestamp,
    ) {
        let chain = answer.err().map(|error| {
            json!({
                "error_code": error.code,
                "error_domain": error.domain,
                "localized_description": error.description,
                "us_english_description": error.description,
            })
        });
        let mdm = self
            .system(system_id)
            .map_or(Value::Null, |system| system["mdm"].clone());
        let about = json!({
            "command_uuid": uuid::Uuid::new_v4(),
            "request_type": request,
            "status": if answer.is_ok() { "Acknowledged" } else { "Error" },
            "success": answer.is_ok(),
            "error_chain": chain.into_iter().collect::<Vec<_>>(),
            "device_object_id": mdm["internal"]["deviceId"],
            "device_manager_object_id": mdm["providerId"],
            "mdm_type": "apple",
        });
        events::record(self, "mdm", "mdm_command_result", &about, now);
    }
}

impl std::fmt::Display for CommandError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} {})", self.description, self.domain, self.code)
    }
}

fn carries_profile(state: &State, policy: &Policy) -> bool {
    templates::find(state, &policy.template)
        .is_some_and(|template| text(&template, "name") == templates::CUSTOM_PROFILE)
}

fn payload(policy: &Policy) -> Result<Vec<u8>, String> {
    let value = policy
        .value(templates::PAYLOAD)
        .ok_or_else(|| "the policy has no value for its payload field".to_owned())?;
    let text = value
        .as_str()
        .ok_or_else(|| "the payload is not a string".to_owned())?;
    STANDARD
        .decode(text)
        .map_err(|_| "the payload is not standard base64".to_owned())
}

fn assigned(app: &Value) -> AssignedSoftware {
    let settings = &app["settings"][0];
    let version = ["packageVersion", "shortVersion"]
        .iter()
        .map(|key| text(settings, key))
        .find(|version| !version.is_empty())
        .unwrap_or("1.0");
    AssignedSoftware {
        app: text(app, "id").to_owned(),
        name: text(app, "displayName").to_owned(),
        version: version.to_owned(),
        bundle: bundle(app),
    }
}

/// A package's name is all the sandbox can go by: it downloads nothing.
fn bundle(app: &Value) -> Option<String> {
    let settings = &app["settings"][0];
    let stated = [text(settings, "bundleId"), text(settings, "packageId")];
    if let Some(stated) = stated.iter().find(|stated| stated.starts_with("com.")) {
        return Some((*stated).to_owned());
    }
    let hints = [
        text(app, "displayName"),
        text(settings, "location"),
        text(settings, "packageId"),
    ];
    let named = hints.iter().any(|hint| {
        let letters: String = hint
            .to_lowercase()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        letters.contains("oktaverify") || letters.contains("490179405")
    });
    named.then(|| OKTA_VERIFY.to_owned())
}

/// Okta Verify's bundle identifier.
pub(crate) const OKTA_VERIFY: &str = "com.okta.mobile";

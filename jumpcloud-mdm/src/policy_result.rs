//! What became of a policy on each device. A success means that the device acknowledged the profile; it says nothing
//! about the certificate that the profile asks for.

use jiff::Timestamp;

use crate::{
    Items, JumpCloud, ListOptions,
    list::ListRoute,
    wire::{open_enum, resource},
};

open_enum! {
    /// The state of a policy on a device. The full set of values is not published.
    pub enum PolicyState {
        /// `success`
        Success = "success",
        /// `failed`
        Failed = "failed",
        /// `pending`
        Pending = "pending",
    }
}

resource! {
    /// The result of a policy on a device (`PolicyResult`). `Debug` shows none of the texts: they can quote the profile, and
    /// with it the challenge.
    #[serde(rename_all = "camelCase")]
    pub struct PolicyResult {
        /// The id.
        pub id: Option<String>,
        /// The policy's id.
        #[serde(rename = "policyID")]
        pub policy_id: Option<String>,
        /// The system's id.
        #[serde(rename = "systemID")]
        pub system_id: Option<String>,
        /// Whether it was applied.
        pub success: Option<bool>,
        /// The state.
        pub state: Option<PolicyState>,
        /// Details, for people.
        pub detail: Option<String>,
        /// The exit status, 32 bits unsigned.
        pub exit_status: Option<i64>,
        /// When applying began, RFC 3339.
        pub started_at: Option<String>,
        /// When applying ended, RFC 3339.
        pub ended_at: Option<String>,
        /// Standard output of an agent policy.
        pub std_out: Option<String>,
        /// Standard error of an agent policy.
        pub std_err: Option<String>,
    }
}

impl std::fmt::Debug for PolicyResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PolicyResult")
            .field("id", &self.id)
            .field("policy_id", &self.policy_id)
            .field("system_id", &self.system_id)
            .field("success", &self.success)
            .field("state", &self.state)
            .field("exit_status", &self.exit_status)
            .field("started_at", &self.started_at)
            .field("ended_at", &self.ended_at)
            .finish_non_exhaustive()
    }
}

/// How a result reads, whichever of `state` and `success` tells it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// Applied.
    Success,
    /// Not applied.
    Failed,
    /// Not yet.
    Pending,
    /// A state that this version does not know, in the API's spelling; empty when there is none.
    Unknown(String),
}

impl PolicyResult {
    /// When it ended, else when it began.
    pub fn at(&self) -> Option<Timestamp> {
        let parsed = |text: &Option<String>| text.as_deref()?.parse().ok();
        parsed(&self.ended_at).or_else(|| parsed(&self.started_at))
    }

    /// How it reads. The state goes first, in any case of letters; `success` decides where the state does not.
    pub fn verdict(&self) -> Verdict {
        let state = self.state.as_ref().map_or("", |state| state.as_str());
        match (state.to_ascii_lowercase().as_str(), self.success) {
            ("pending", _) => Verdict::Pending,
            ("success", _) | ("", Some(true)) => Verdict::Success,
            ("failed" | "failure", _) | ("", Some(false)) => Verdict::Failed,
            _ => Verdict::Unknown(state.to_owned()),
        }
    }
}

impl JumpCloud {
    /// The latest result of a policy on each system. `GET /api/v2/policies/{id}/policystatuses`
    pub fn policy_statuses(&self, policy_id: &str) -> Items<PolicyResult> {
        self.list(
            ListRoute::v2(["policies", policy_id, "policystatuses"]),
            ListOptions::default(),
        )
    }

    /// All results of a policy, old ones too. `GET /api/v2/policies/{id}/policyresults`
    pub fn policy_results(&self, policy_id: &str, options: ListOptions) -> Items<PolicyResult> {
        self.list(
            ListRoute::v2(["policies", policy_id, "policyresults"]),
            options,
        )
    }

    /// All results of the organisation. `GET /api/v2/policyresults`
    pub fn all_policy_results(&self, options: ListOptions) -> Items<PolicyResult> {
        self.list(ListRoute::v2(["policyresults"]), options)
    }

    /// The latest result of each policy on a system. `GET /api/v2/systems/{id}/policystatuses`
    pub fn system_policy_statuses(&self, system_id: &str) -> Items<PolicyResult> {
        self.list(
            ListRoute::v2(["systems", system_id, "policystatuses"]),
            ListOptions::default(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_text_that_can_quote_the_challenge() {
        let result = serde_json::json!({"id": "a", "detail": "canary", "stdOut": "canary", "stdErr": "canary", "new": "canary"});
        let result: PolicyResult = serde_json::from_value(result).unwrap();
        assert!(!format!("{result:?}").contains("canary"));
    }

    #[test]
    fn the_state_decides_and_success_only_where_there_is_no_state() {
        let verdict = |json| {
            serde_json::from_value::<PolicyResult>(json)
                .unwrap()
                .verdict()
        };
        use serde_json::json;
        assert_eq!(verdict(json!({"state": "SUCCESS"})), Verdict::Success);
        assert_eq!(verdict(json!({"success": true})), Verdict::Success);
        assert_eq!(
            verdict(json!({"state": "pending", "success": false})),
            Verdict::Pending
        );
        assert_eq!(verdict(json!({"state": "failed"})), Verdict::Failed);
        assert_eq!(verdict(json!({"success": false})), Verdict::Failed);
        assert_eq!(
            verdict(json!({"state": "duplicate", "success": true})),
            Verdict::Unknown("duplicate".into())
        );
        assert_eq!(verdict(json!({})), Verdict::Unknown(String::new()));
    }
}

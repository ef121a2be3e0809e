//! Which rule would match: `POST /api/v1/policies/simulate`.
//!
//! The specification and the SDKs send a list, which a real org refused (400 `E0000003`); Okta's guide sends one
//! object, and so does this crate. Both shapes of the answer are read. The answer names the rule, not what it grants:
//! join it with the rule. Only stored, active rules are tried, and `UNDEFINED` means *not proven*.

mod matrix;

use serde::{Deserialize, Serialize};

pub use matrix::{Cell, DeviceCase, Matrix, Verdict};

use crate::{
    Error, Field, Okta, Request,
    lossless::{lossless, open_enum},
    policies::PolicyType,
    request::json_of,
};

lossless! {
    /// What to try (schema `SimulatePolicyBody`).
    Simulation {
        /// The app's id.
        app_instance: String,
        /// The policy types to try; all when absent.
        policy_types: Option<Vec<PolicyType>>,
        /// Who, with which device, from where.
        policy_context: Option<SimulationContext>,
    }
}

impl Simulation {
    /// Tries the app sign-in policy of an app for members of groups with a device.
    pub fn of_groups<S: Into<String>>(
        app: impl Into<String>,
        groups: impl IntoIterator<Item = S>,
        device: SimulatedDevice,
    ) -> Self {
        Self {
            app_instance: app.into(),
            policy_types: Some(vec![PolicyType::AccessPolicy]),
            policy_context: Some(SimulationContext {
                groups: Some(SimulatedIds {
                    ids: Some(groups.into_iter().map(Into::into).collect()),
                    ..SimulatedIds::default()
                }),
                device: Some(device),
                ..SimulationContext::default()
            }),
            ..Self::default()
        }
    }
}

lossless! {
    /// Who, with which device, from where. Give a user or groups, not both.
    SimulationContext {
        /// A user.
        user: Option<SimulatedUser>,
        /// Groups.
        groups: Option<SimulatedIds>,
        /// The device.
        device: Option<SimulatedDevice>,
        /// An IP address.
        ip: Option<String>,
        /// Network zones.
        zones: Option<SimulatedIds>,
        /// The risk.
        risk: Option<crate::policies::RiskCondition>,
    }
}

lossless! {
    /// A user to try.
    SimulatedUser {
        /// The user's id.
        id: String,
    }
}

lossless! {
    /// Ids to try.
    SimulatedIds {
        /// The ids.
        ids: Option<Vec<String>>,
    }
}

lossless! {
    /// A device to try.
    SimulatedDevice {
        /// Its platform. Okta's example has `IOS`; `MACOS` is taken from the rules and not confirmed.
        platform: Option<String>,
        /// Whether it is registered.
        registered: Option<bool>,
        /// Whether it is managed.
        managed: Option<bool>,
        /// A device assurance policy that it meets.
        assurance_id: Option<String>,
    }
}

impl SimulatedDevice {
    /// A Mac that is registered, managed or not.
    pub fn mac(managed: bool) -> Self {
        Self {
            platform: Some("MACOS".into()),
            registered: Some(true),
            managed: Some(managed),
            ..Self::default()
        }
    }

    /// A Mac that Okta Verify has not registered.
    pub fn unregistered_mac() -> Self {
        Self {
            platform: Some("MACOS".into()),
            registered: Some(false),
            ..Self::default()
        }
    }
}

open_enum! {
    /// Whether a policy, rule or condition matched.
    MatchStatus {
        Match = "MATCH",
        NotMatch = "NOT_MATCH",
        Undefined = "UNDEFINED",
    }
}

/// Every evaluation of an answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Evaluations(pub Vec<Evaluation>);

lossless! {
    /// The evaluation of one policy type, or of several.
    Evaluation {
        /// The status; seen as `null`.
        status: Field<MatchStatus>,
        /// The policy types that it is about.
        policy_type: Option<OneOrMany<PolicyType>>,
        /// What matched.
        result: Option<EvaluatedPolicies>,
        /// What could not be decided.
        undefined: Option<EvaluatedPolicies>,
        /// What did not match, when asked for.
        evaluated: Option<EvaluatedPolicies>,
    }
}

/// One value or a list: the guide and the specification differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// One value, as in Okta's guide.
    One(T),
    /// A list, as in Okta's specification.
    Many(Vec<T>),
}

lossless! {
    /// Policies of an evaluation.
    EvaluatedPolicies {
        /// The policies.
        policies: Option<Vec<EvaluatedPolicy>>,
    }
}

lossless! {
    /// A policy of an evaluation.
    EvaluatedPolicy {
        /// Its id.
        id: String,
        /// Its name.
        name: Option<String>,
        /// Whether it matched.
        status: Option<MatchStatus>,
        /// Its conditions.
        conditions: Option<Vec<EvaluatedCondition>>,
        /// Its rules.
        rules: Option<Vec<EvaluatedRule>>,
    }
}

lossless! {
    /// A rule of an evaluation.
    EvaluatedRule {
        /// Its id.
        id: String,
        /// Its name.
        name: Option<String>,
        /// Whether it matched.
        status: Option<MatchStatus>,
        /// Its conditions.
        conditions: Option<Vec<EvaluatedCondition>>,
    }
}

lossless! {
    /// A condition of an evaluation.
    EvaluatedCondition {
        /// Its type.
        #[serde(rename = "type")]
        kind: Option<String>,
        /// Whether it matched.
        status: Option<MatchStatus>,
    }
}

/// What a simulation says of one policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// This rule would match.
    Rule(String),
    /// Okta could not decide: not proven.
    Undefined,
    /// No rule of the policy is named as a match.
    NoMatch,
    /// Okta refused to try, for example because the group is not assigned to the app: not proven.
    Refused(String),
}

impl Evaluations {
    /// What the answer says of a policy: the rule that would match, or that it is not decided.
    pub fn outcome(&self, policy: &str) -> Outcome {
        let rules = |pick: fn(&Evaluation) -> Option<&EvaluatedPolicies>| {
            self.0
                .iter()
                .filter_map(pick)
                .filter_map(|found| found.policies.as_ref())
                .flatten()
                .filter(|found| found.id == policy)
        };
        let matched = rules(|evaluation| evaluation.result.as_ref())
            .filter_map(|found| found.rules.as_ref())
            .flatten()
            .find(|rule| rule.status == Some(MatchStatus::Match));
        if let Some(rule) = matched {
            return Outcome::Rule(rule.id.clone());
        }
        let undecided = rules(|evaluation| evaluation.undefined.as_ref())
            .next()
            .is_some()
            || rules(|evaluation| evaluation.result.as_ref()).any(|found| {
                let undefined = Some(MatchStatus::Undefined);
                found.status == undefined
                    || found
                        .rules
                        .iter()
                        .flatten()
                        .any(|rule| rule.status == undefined)
            });
        if undecided {
            Outcome::Undefined
        } else {
            Outcome::NoMatch
        }
    }
}

impl<'de> Deserialize<'de> for Evaluations {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Shape {
            List(Vec<Evaluation>),
            Object { evaluation: Vec<Evaluation> },
        }
        Ok(Self(match Shape::deserialize(deserializer)? {
            Shape::List(evaluations)
            | Shape::Object {
                evaluation: evaluations,
            } => evaluations,
        }))
    }
}

/// `POST /api/v1/policies/simulate?expand=EVALUATED&expand=RULE`
pub fn simulate(simulation: &Simulation) -> Request {
    Request::post(["api", "v1", "policies", "simulate"])
        .query("expand", "EVALUATED")
        .query("expand", "RULE")
        .body(json_of(simulation))
        // It reads only.
        .repeatable()
}

impl Okta {
    /// Asks Okta which rules would match.
    ///
    /// # Errors
    /// As [`Okta::send`]; [`Error::Invalid`] when the user or group is not assigned to the app.
    pub async fn simulate(&self, simulation: &Simulation) -> Result<Evaluations, Error> {
        self.read(&simulate(simulation)).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_body_is_one_object_with_groups_and_device() {
        let request = simulate(&Simulation::of_groups(
            "0oa1",
            ["00g1"],
            SimulatedDevice::mac(true),
        ));
        assert_eq!(
            request.json_body(),
            Some(&json!({
                "appInstance": "0oa1",
                "policyTypes": ["ACCESS_POLICY"],
                "policyContext": {
                    "groups": {"ids": ["00g1"]},
                    "device": {"platform": "MACOS", "registered": true, "managed": true}
                }
            }))
        );
    }

    #[test]
    fn both_shapes_of_the_answer_name_the_rule() {
        let evaluation = json!({"status": null, "policyType": ["ACCESS_POLICY"], "result": {"policies": [
            {"id": "rst1", "status": "MATCH", "rules": [
                {"id": "rul1", "status": "NOT_MATCH"}, {"id": "rul2", "status": "MATCH"}]}]}});
        for answer in [json!([evaluation]), json!({"evaluation": [evaluation]})] {
            let answer: Evaluations = serde_json::from_value(answer).unwrap();
            assert_eq!(answer.outcome("rst1"), Outcome::Rule("rul2".into()));
            assert_eq!(answer.outcome("rst2"), Outcome::NoMatch);
        }
    }

    #[test]
    fn undefined_is_not_a_match() {
        let answer: Evaluations = serde_json::from_value(json!({"evaluation": [{
            "policyType": "ACCESS_POLICY",
            "undefined": {"policies": [{"id": "rst1", "status": "UNDEFINED"}]}}]}))
        .unwrap();
        assert_eq!(answer.outcome("rst1"), Outcome::Undefined);
    }
}

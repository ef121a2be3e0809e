//! Every kind of device for every group: which rule would match, and what that rule does.
//!
//! A simulation names a rule and not what it grants, so each answer is joined with the stored rule. What Okta leaves
//! undecided, refuses to try, or answers with a rule that is not there is *not proven*: it is never read as a denial.

use std::fmt;

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::{Outcome, SimulatedDevice, Simulation};
use crate::{
    Error, Okta,
    policies::{Access, Rule},
};

/// The state of a Mac as an app sign-in rule sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceCase {
    /// Okta Verify has not registered it.
    Unregistered,
    /// It is registered and not managed.
    Unmanaged,
    /// It is registered and managed.
    Managed,
}

impl DeviceCase {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Unregistered, Self::Unmanaged, Self::Managed];

    /// The device to try. `assurance` is the id of a device assurance policy that a managed Mac is taken to meet.
    pub fn device(self, assurance: Option<&str>) -> SimulatedDevice {
        match self {
            Self::Unregistered => SimulatedDevice::unregistered_mac(),
            Self::Unmanaged => SimulatedDevice::mac(false),
            Self::Managed => SimulatedDevice {
                assurance_id: assurance.map(str::to_owned),
                ..SimulatedDevice::mac(true)
            },
        }
    }
}

impl fmt::Display for DeviceCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unregistered => "an unregistered Mac",
            Self::Unmanaged => "an unmanaged Mac",
            Self::Managed => "a managed Mac",
        })
    }
}

/// What a simulation proves, joined with the rule that it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The rule of this id matches and lets in.
    Allow(String),
    /// The rule of this id matches and keeps out.
    Deny(String),
    /// Nothing, and why.
    NotProven(String),
}

impl Verdict {
    /// The rule that was proven to match.
    pub fn rule(&self) -> Option<&str> {
        match self {
            Self::Allow(id) | Self::Deny(id) => Some(id),
            Self::NotProven(_) => None,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow(id) => write!(f, "ALLOW by rule {id}"),
            Self::Deny(id) => write!(f, "DENY by rule {id}"),
            Self::NotProven(why) => write!(f, "not proven: {why}"),
        }
    }
}

impl Outcome {
    /// The outcome joined with the policy's rules.
    ///
    /// ```
    /// use okta_devtrust::{policies::Rule, simulate::{Outcome, Verdict}};
    ///
    /// let rules: Vec<Rule> = serde_json::from_str(
    ///     r#"[{"id": "rul9", "status": "ACTIVE", "actions": {"appSignOn": {"access": "DENY"}}}]"#,
    /// )?;
    /// assert_eq!(Outcome::Rule("rul9".into()).joined(&rules), Verdict::Deny("rul9".into()));
    /// assert!(matches!(Outcome::Undefined.joined(&rules), Verdict::NotProven(_)));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn joined(&self, rules: &[Rule]) -> Verdict {
        let id = match self {
            Self::Rule(id) => id,
            Self::Undefined => {
                return Verdict::NotProven("Okta could not decide (UNDEFINED)".into());
            }
            Self::NoMatch => return Verdict::NotProven("no rule of the policy matched".into()),
            Self::Refused(why) => return Verdict::NotProven(why.clone()),
        };
        let Some(rule) = rules.iter().find(|rule| rule.id == *id) else {
            return Verdict::NotProven(format!("it names rule {id}, which is not in the policy"));
        };
        match rule.access() {
            _ if !rule.is_active() => Verdict::NotProven(format!("rule {id} is not active")),
            Some(Access::Allow) => Verdict::Allow(id.clone()),
            Some(Access::Deny) => Verdict::Deny(id.clone()),
            other => Verdict::NotProven(format!(
                "rule {id} neither allows nor denies ({})",
                other.map_or("nothing", Access::as_str)
            )),
        }
    }
}

/// One simulation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The group's name.
    pub group: String,
    /// The device.
    pub device: DeviceCase,
    /// What it proves.
    pub verdict: Verdict,
}

/// Every kind of device for every group, for one policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matrix {
    /// The app that was tried; empty when none could be.
    pub app: String,
    /// The simulations: group by group, and for each the three devices.
    pub cells: Vec<Cell>,
}

impl Matrix {
    /// The verdicts for a device, with the group's name.
    pub fn of(&self, device: DeviceCase) -> impl Iterator<Item = (&str, &Verdict)> {
        let cells = self.cells.iter().filter(move |cell| cell.device == device);
        cells.map(|cell| (cell.group.as_str(), &cell.verdict))
    }

    /// Simulates each device for each group (name and id) on an app (label and id) that is under the policy.
    ///
    /// What Okta refuses to try, for example for a group that is not assigned to the app, is a verdict and no error.
    ///
    /// # Errors
    /// As [`Okta::send`], save what refuses the simulation itself.
    pub async fn simulate(
        okta: &Okta,
        app: (&str, &str),
        policy: &str,
        rules: &[Rule],
        groups: &[(String, String)],
        assurance: Option<&str>,
    ) -> Result<Self, Error> {
        let each = groups.iter().flat_map(|(name, id)| {
            DeviceCase::ALL.map(|device| async move {
                let simulation =
                    Simulation::of_groups(app.1, [id.as_str()], device.device(assurance));
                let outcome = match okta.simulate(&simulation).await {
                    Ok(answer) => answer.outcome(policy),
                    Err(
                        error @ (Error::Invalid { .. }
                        | Error::NotFound { .. }
                        | Error::FeatureDisabled { .. }
                        | Error::Forbidden { .. }),
                    ) => Outcome::Refused(error.to_string()),
                    Err(error) => return Err(error),
                };
                Ok(Cell {
                    group: name.clone(),
                    device,
                    verdict: outcome.joined(rules),
                })
            })
        });
        Ok(Self {
            app: app.0.to_owned(),
            cells: try_join_all(each).await?,
        })
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.app)?;
        for cell in &self.cells {
            write!(f, "\n  {}, {}: {}", cell.group, cell.device, cell.verdict)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules() -> Vec<Rule> {
        let rule = |id: &str, status: &str, access: &str| json!({"id": id, "status": status, "actions": {"appSignOn": {"access": access}}});
        serde_json::from_value(json!([
            rule("in", "ACTIVE", "ALLOW"),
            rule("out", "ACTIVE", "DENY"),
            rule("off", "INACTIVE", "ALLOW"),
            rule("odd", "ACTIVE", "SOMETHING"),
        ]))
        .unwrap()
    }

    #[test]
    fn a_rule_that_matches_is_joined_with_what_it_grants() {
        let joined = |id: &str| Outcome::Rule(id.into()).joined(&rules());
        assert_eq!(joined("in"), Verdict::Allow("in".into()));
        assert_eq!(joined("out"), Verdict::Deny("out".into()));
    }

    #[test]
    fn whatever_is_not_decided_by_an_active_rule_is_not_proven() {
        let undecided = [
            Outcome::Undefined,
            Outcome::NoMatch,
            Outcome::Refused("not assigned".into()),
            Outcome::Rule("off".into()),
            Outcome::Rule("odd".into()),
            Outcome::Rule("gone".into()),
        ];
        for outcome in undecided {
            let verdict = outcome.joined(&rules());
            assert!(matches!(verdict, Verdict::NotProven(_)), "{verdict}");
            assert_eq!(verdict.rule(), None);
        }
    }

    #[test]
    fn the_three_devices_differ_in_what_okta_knows_of_them() {
        let body = |case: DeviceCase| serde_json::to_value(case.device(Some("dae1"))).unwrap();
        assert_eq!(
            DeviceCase::ALL.map(body),
            [
                json!({"platform": "MACOS", "registered": false}),
                json!({"platform": "MACOS", "registered": true, "managed": false}),
                json!({"platform": "MACOS", "registered": true, "managed": true, "assuranceId": "dae1"}),
            ]
        );
    }
}

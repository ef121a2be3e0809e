//! Gathering what closing the catch-all takes: one read of the log, and the simulations on the real and the pilot app.

use futures::{TryStreamExt as _, try_join};
use serde::{Deserialize, Serialize};

use super::{Grounds, Replay, ReplayRules};
use crate::{
    Error, Okta,
    evidence::{Evidence, RuleIds},
    logs::LogQuery,
    policies::{Access, Rule},
    simulate::{Matrix, Verdict},
    trust::{Desired, Observed, ObservedApp, ObservedPolicy},
};

/// The decisions on sign-ins, which all of the proof is made of.
const DECISIONS: &str = "eventType eq \"policy.evaluate_sign_on\"";

/// What was proved. It holds names and logins of people, and no secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// When it was gathered.
    pub gathered: jiff::Timestamp,
    /// What the log says of each device under the policy that is to be closed.
    pub evidence: Evidence,
    /// The simulations on an app under that policy.
    pub simulated: Matrix,
    /// What was proved on the pilot app, where there is one.
    pub pilot: Option<PilotProof>,
    /// The sign-ins of the last days, asked again.
    pub replay: Replay,
    /// Who is in the groups that the rules of the policy name, and what the device assurance policies ask for that they
    /// name.
    pub grounds: Grounds,
}

/// What was proved on the pilot app.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PilotProof {
    /// What the log says of each device under the pilot app's policy.
    pub evidence: Evidence,
    /// The simulations on the pilot app.
    pub simulated: Matrix,
}

impl PilotProof {
    /// How often the pilot's catch-all kept a device out that is not managed.
    pub fn denials(&self) -> u64 {
        self.evidence.devices().map(|seen| seen.counts.denied).sum()
    }
}

/// Gathers the proof for [`enforce_plan`](super::enforce_plan): reads the log, simulates every kind of device for every
/// group of the managed rule, and reads who is in the groups and what the device assurance policies ask for that the rules
/// name.
///
/// `from` and `to` bound the sign-ins that prove the managed rule and the pilot's denial. The replay goes back
/// [`replay_days`](crate::trust::GuardDesired::replay_days) from `to`, over the decisions of the whole org in that time:
/// memory grows with users and devices, not with events. What Okta refuses to simulate is kept as such: it proves
/// nothing, and is no error.
///
/// # Errors
/// As [`Okta::send`]; [`Error::Setup`] when the policy and its rules are not all there yet.
pub async fn gather(
    okta: &Okta,
    desired: &Desired,
    observed: &Observed,
    from: jiff::Timestamp,
    to: jiff::Timestamp,
) -> Result<Proof, Error> {
    let access = observed.access_policy(desired);
    let Some((access, ids)) = access.and_then(|access| Some((access, access.rule_ids(desired)?)))
    else {
        return Err(Error::setup(
            "the app sign-in policy or its rules are not there yet; apply the plan first",
        ));
    };
    let pilot = observed.pilot.policy(desired);
    let pilot = pilot.and_then(|policy| Some((policy, policy.rule_ids(desired)?)));
    let simulate_pilot = async {
        match &pilot {
            Some((policy, _)) => {
                simulate(okta, desired, observed, &observed.pilot.apps, policy).await
            }
            None => Ok(Matrix::default()),
        }
    };
    let (grounds, simulated, on_pilot) = try_join!(
        Grounds::read(okta, &access.rules),
        simulate(okta, desired, observed, &observed.assigned, access),
        simulate_pilot,
    )?;
    let rules = replay_rules(desired, observed, access, &ids, &grounds);
    let days = jiff::SignedDuration::from_hours(24 * i64::from(desired.guard.replay_days));
    let mut proof = Proof {
        gathered: jiff::Timestamp::now(),
        evidence: Evidence::new(ids, from, to),
        simulated,
        pilot: pilot.map(|(_, ids)| PilotProof {
            evidence: Evidence::new(ids, from, to),
            simulated: on_pilot,
        }),
        replay: Replay::new(rules, to.checked_sub(days).unwrap_or(from), to),
        grounds,
    };
    let since = from.min(proof.replay.from);
    let mut events = std::pin::pin!(okta.logs(&LogQuery::between(since, to).filter(DECISIONS)));
    while let Some(event) = events.try_next().await? {
        proof.evidence.add(&event);
        if let Some(pilot) = &mut proof.pilot {
            pilot.evidence.add(&event);
        }
        proof.replay.add(&event);
    }
    Ok(proof)
}

/// Simulates on the first app that Okta takes the groups for: a group that is not assigned to an app is refused there.
async fn simulate(
    okta: &Okta,
    desired: &Desired,
    observed: &Observed,
    apps: &[ObservedApp],
    policy: &ObservedPolicy,
) -> Result<Matrix, Error> {
    let groups: Vec<(String, String)> = desired
        .managed_groups()
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), observed.group(name)?.id.clone())))
        .collect();
    let assurance = desired.access.managed.assurance.first();
    let mut first = None;
    for app in apps {
        let matrix = Matrix::simulate(
            okta,
            (&app.label, &app.id),
            &policy.policy.id,
            &policy.rules,
            &groups,
            assurance.map(String::as_str),
        )
        .await?;
        let proves = |verdict: &Verdict| !matches!(verdict, Verdict::NotProven(_));
        if matrix.cells.iter().all(|cell| proves(&cell.verdict)) {
            return Ok(matrix);
        }
        first.get_or_insert(matrix);
    }
    Ok(first.unwrap_or_default())
}

fn replay_rules(
    desired: &Desired,
    observed: &Observed,
    access: &ObservedPolicy,
    ids: &RuleIds,
    grounds: &Grounds,
) -> ReplayRules {
    let members = |names: &[String]| {
        let groups = names.iter().filter_map(|name| observed.group(name));
        grounds.members_of(groups.map(|group| group.id.as_str()))
    };
    let wanted = &desired.access.managed;
    let managed = members(&wanted.groups);
    let break_glass = members(std::slice::from_ref(&desired.access.break_glass.group));
    let lets_in = |rule: &&Rule| {
        rule.is_active() && !rule.is_system() && rule.access() == Some(&Access::Allow)
    };
    let rule = access.rules.iter().find(|rule| rule.id == ids.managed);
    ReplayRules {
        ids: ids.clone(),
        others: access
            .rules
            .iter()
            .filter(lets_in)
            .filter(|rule| rule.id != ids.managed && rule.id != ids.break_glass)
            .map(|rule| rule.id.clone())
            .collect(),
        changed: rule.and_then(|rule| rule.last_updated.value()?.timestamp()),
        apps: observed
            .assigned
            .iter()
            .map(|app| (app.id.clone(), app.label.clone()))
            .collect(),
        managed: (!wanted.groups.is_empty()).then_some(managed),
        break_glass,
        assurance: !wanted.assurance.is_empty(),
    }
}

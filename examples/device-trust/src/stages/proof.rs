//! The proof from Okta's System Log, before and after the catch-all is closed. The catch-all is closed in between, and
//! only when the first proof is whole.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt as _;
use jiff::{SignedDuration, Timestamp};
use jumpcloud_mdm::deploy::Rollout;
use okta_devtrust::{
    enforcement,
    evidence::{self, Counts, DeviceEvidence, Evidence},
    policies::Rule,
    trust::{self, Observed},
};

use super::{Planned, closing};
use crate::{Blueprint, Error, Output, Progress, Stage, tenants::Tenants};

/// How far back sign-ins count at the most.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);
/// Past the local clock, so that a server whose clock is ahead is still heard.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_mins(5);

/// How to let people in again.
pub(super) const OPEN: &str = "Mend it and run again. To let people in until then, set the policy's catch-all rule to ALLOW: in the \
                    Admin Console, or with `withdraw --open-only --apply`";

/// What the log shows, and which Okta device each Mac of the roll-out is.
#[derive(Debug, Clone)]
pub(crate) struct Proven {
    pub(crate) evidence: Evidence,
    /// Serial number to Okta device id.
    pub(crate) device_ids: BTreeMap<String, String>,
}

/// Waits until every managed Mac signed in under our rule and an unmanaged one fell to the catch-all, which still lets
/// it in: its denial is predicted.
pub(crate) async fn prove(
    blueprint: &Blueprint,
    tenants: &Tenants,
    planned: &Planned,
    rollout: &Rollout,
    progress: &dyn Progress,
) -> Result<Proven, Error> {
    let expectation = Expectation {
        stage: Stage::Proof,
        managed: |_| true,
        managed_lacks: "has not signed in under the managed rule; open one of the apps on it",
        unmanaged: |counts| counts.predicted_denial > 0,
        unmanaged_lacks: "no unmanaged device fell to the catch-all; open one of the apps on a Mac outside the groups",
        since: |rules| rules.managed.as_str(),
        must_be_seen: true,
        not_before: None,
    };
    wait(blueprint, tenants, planned, rollout, &expectation, progress).await
}

/// Sets the catch-all to DENY, once every condition of the guard is met. Returns the number of writes.
///
/// While only sign-ins are lacking it waits for them, as long as for the Macs.
pub(crate) async fn enforce(
    blueprint: &Blueprint,
    tenants: &Tenants,
    planned: &Planned,
    output: &Output,
    progress: &dyn Progress,
) -> Result<usize, Error> {
    progress.stage(Stage::Enforce);
    let refused = |error: &dyn std::fmt::Display| Error::refused(Stage::Enforce.name(), error);
    let deadline = tokio::time::Instant::now() + blueprint.wait.timeout;
    let plan = loop {
        let observed = observe(tenants, planned, Stage::Enforce).await?;
        let (from, to) = window(&observed, planned, |rules| rules.managed.as_str());
        let proof = enforcement::gather(&tenants.okta, &planned.trust, &observed, from, to)
            .await
            .map_err(|error| refused(&error))?;
        match enforcement::enforce_plan(&planned.trust, &observed, &proof) {
            Ok(plan) => break plan,
            Err(refusal)
                if refusal
                    .reasons
                    .iter()
                    .all(trust::Reason::waits_for_sign_ins)
                    && tokio::time::Instant::now() < deadline =>
            {
                tokio::time::sleep(blueprint.wait.poll).await;
            }
            Err(refusal) => return Err(refused(&refusal)),
        }
    };
    for note in &plan.notes {
        progress.line(note);
    }
    closing::close(tenants, &plan, output, progress).await
}

/// Looks at a catch-all that denied before this run: a run that was stopped right after closing it, or a change since,
/// can have left one that should not deny.
///
/// # Errors
/// [`Error::Refused`] with every condition of the guard that is not met and not waived by name, and how to open it.
pub(crate) async fn still_met(
    tenants: &Tenants,
    planned: &Planned,
    progress: &dyn Progress,
) -> Result<(), Error> {
    progress.stage(Stage::Enforce);
    let denies = |error: &dyn std::fmt::Display| {
        Error::refused(
            Stage::Enforce.name(),
            format!(
                "the catch-all of `{}` denies now, and whether people still get in is not proven\n{error}\n{OPEN}",
                planned.trust.access.name
            ),
        )
    };
    let observed = trust::observe(&tenants.okta, &planned.trust)
        .await
        .map_err(|error| denies(&error))?;
    let now = Timestamp::now();
    // As far back as the replay: that nobody signed in since yesterday says nothing.
    let days = SignedDuration::from_hours(24 * i64::from(planned.trust.guard.replay_days));
    let to = now + CLOCK_SLACK;
    let proof = enforcement::gather(&tenants.okta, &planned.trust, &observed, now - days, to)
        .await
        .map_err(|error| denies(&error))?;
    let notes = enforcement::still_met(&planned.trust, &observed, &proof)
        .map_err(|refusal| denies(&refusal))?;
    for note in &notes {
        progress.line(note);
    }
    Ok(())
}

/// Waits until the log shows success on every managed Mac and failure on an unmanaged one, since the catch-all closed.
///
/// `changed` is when this run last changed something: earlier sign-ins prove nothing about it. Where nothing was changed
/// a Mac that was not used lately is no failure, and only a managed Mac that the catch-all refuses is.
pub(crate) async fn verify(
    blueprint: &Blueprint,
    tenants: &Tenants,
    planned: &Planned,
    rollout: &Rollout,
    changed: Option<Timestamp>,
    progress: &dyn Progress,
) -> Result<Proven, Error> {
    let expectation = Expectation {
        stage: Stage::Verify,
        managed: |counts| counts.sso_success > 0,
        managed_lacks: "has no SUCCESS in the log since the catch-all denies; open one of the apps on it",
        unmanaged: |counts| counts.denied > 0,
        unmanaged_lacks: "no unmanaged device has a FAILURE in the log; try one of the apps on a Mac outside the groups",
        since: |rules| rules.catch_all.as_str(),
        must_be_seen: changed.is_some(),
        not_before: changed,
    };
    wait(blueprint, tenants, planned, rollout, &expectation, progress).await
}

/// What the log must show before the job goes on.
struct Expectation {
    stage: Stage,
    managed: fn(&Counts) -> bool,
    managed_lacks: &'static str,
    unmanaged: fn(&Counts) -> bool,
    unmanaged_lacks: &'static str,
    /// The rule whose last change starts the window: sign-ins under an older rule prove nothing about this one.
    since: fn(&evidence::RuleIds) -> &str,
    /// Whether silence in the log is a failure.
    must_be_seen: bool,
    /// Sign-ins before this count for nothing.
    not_before: Option<Timestamp>,
}

/// What is not proven: silence, which more time can mend, and Macs that are kept out.
#[derive(Default)]
struct Lacking {
    unseen: Vec<String>,
    kept_out: Vec<String>,
}

impl Expectation {
    fn lacking(&self, proven: &Proven, rollout: &Rollout) -> Lacking {
        let seen: BTreeMap<&str, &DeviceEvidence> = proven
            .evidence
            .devices()
            .filter_map(|seen| Some((seen.device.as_ref()?.id.as_str(), seen)))
            .collect();
        let mut lacking = Lacking::default();
        let mut in_groups = BTreeSet::new();
        for mac in &rollout.devices {
            let serial = mac.serial_number.as_deref().unwrap_or_default();
            let Some(id) = proven.device_ids.get(serial) else {
                lacking.unseen.push(format!(
                    "{} (serial number {serial}) is not registered in Okta; open Okta Verify on it",
                    mac.name
                ));
                continue;
            };
            in_groups.insert(id.as_str());
            match seen.get(id.as_str()) {
                Some(seen) if seen.is_let_in_as_managed() && (self.managed)(&seen.counts) => {}
                Some(seen) if seen.last_at_catch_all > seen.last_managed => {
                    lacking.kept_out.push(format!(
                        "{} fell to the catch-all when it last signed in; check its certificate and Okta Verify",
                        mac.name
                    ));
                }
                _ => lacking
                    .unseen
                    .push(format!("{} {}", mac.name, self.managed_lacks)),
            }
        }
        let mut others = seen.iter().filter(|(id, _)| !in_groups.contains(*id));
        if !others.any(|(_, seen)| (self.unmanaged)(&seen.counts)) {
            lacking.unseen.push(self.unmanaged_lacks.to_owned());
        }
        lacking
    }
}

async fn wait(
    blueprint: &Blueprint,
    tenants: &Tenants,
    planned: &Planned,
    rollout: &Rollout,
    expectation: &Expectation,
    progress: &dyn Progress,
) -> Result<Proven, Error> {
    progress.stage(expectation.stage);
    let refused = |error: &dyn std::fmt::Display| Error::refused(expectation.stage.name(), error);
    let observed = observe(tenants, planned, expectation.stage).await?;
    let rules = observed
        .rule_ids(&planned.trust)
        .ok_or_else(|| refused(&"the access policy's rules are gone; run again to make them"))?;
    let deadline = tokio::time::Instant::now() + blueprint.wait.timeout;
    let expected = rollout.devices.len() + 1;
    loop {
        let (from, to) = window(&observed, planned, expectation.since);
        // Sign-ins before a Mac's latest report were made with an older certificate.
        let from = [latest_report(rollout), expectation.not_before]
            .into_iter()
            .flatten()
            .fold(from, Timestamp::max);
        let proven = Proven {
            evidence: evidence::read(&tenants.okta, rules.clone(), from, to)
                .await
                .map_err(|error| refused(&error))?,
            device_ids: device_ids(tenants).await.map_err(|error| refused(&error))?,
        };
        let Lacking { unseen, kept_out } = expectation.lacking(&proven, rollout);
        let open = unseen.len() + kept_out.len();
        progress.count(
            expected - open.min(expected),
            expected,
            "proofs are in the log",
        );
        if kept_out.is_empty() && (unseen.is_empty() || !expectation.must_be_seen) {
            for line in unseen {
                progress.line(&format!("note: {line}"));
            }
            return Ok(proven);
        }
        if tokio::time::Instant::now() >= deadline {
            return Err(refused(&format!(
                "the log does not prove it within {} s\n  {}\nthen run again",
                blueprint.wait.timeout.as_secs(),
                [kept_out, unseen].concat().join("\n  ")
            )));
        }
        tokio::time::sleep(blueprint.wait.poll).await;
    }
}

/// When the last of the Macs reported on the profile.
fn latest_report(rollout: &Rollout) -> Option<Timestamp> {
    let reports = rollout
        .devices
        .iter()
        .filter_map(|mac| mac.reported_at.as_deref());
    reports.filter_map(|at| at.parse().ok()).max()
}

async fn observe(tenants: &Tenants, planned: &Planned, stage: Stage) -> Result<Observed, Error> {
    trust::observe(&tenants.okta, &planned.trust)
        .await
        .map_err(|error| Error::refused(stage.name(), error))
}

/// From the last change of the rule that matters, at most a day back, to now.
fn window(
    observed: &Observed,
    planned: &Planned,
    since: fn(&evidence::RuleIds) -> &str,
) -> (Timestamp, Timestamp) {
    let now = Timestamp::now();
    let day_ago = now - WINDOW;
    let changed = observed.rule_ids(&planned.trust).and_then(|ids| {
        let rules = &observed.access_policy(&planned.trust)?.rules;
        let rule = rules.iter().find(|rule| rule.id == since(&ids))?;
        last_change(rule)
    });
    (
        changed.map_or(day_ago, |changed| changed.max(day_ago)),
        now + CLOCK_SLACK,
    )
}

fn last_change(rule: &Rule) -> Option<Timestamp> {
    rule.last_updated.value()?.timestamp()
}

async fn device_ids(tenants: &Tenants) -> Result<BTreeMap<String, String>, okta_devtrust::Error> {
    tenants
        .okta
        .devices(None)
        .try_filter_map(async |device| {
            let serial = device
                .profile
                .as_ref()
                .and_then(|profile| profile.serial_number.clone());
            Ok(serial.map(|serial| (serial, device.id)))
        })
        .try_collect()
        .await
}

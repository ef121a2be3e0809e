//! The work in all organisations, a few at a time.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
};

use futures::{StreamExt, stream};

use super::{Report, Tenant, TenantOutcome, TenantReport};
use crate::{
    Error, JumpCloud,
    deploy::{
        self, Decision, Desired, DigestKey, RollOutOptions, StopRule, Tally, UndoRecord,
        WaitOptions,
    },
};

/// How to work through the organisations.
#[derive(Debug, Clone)]
pub struct MspOptions {
    concurrency: usize,
    leave_out: BTreeSet<String>,
    wait: Option<WaitOptions>,
    rule: StopRule,
}

impl Default for MspOptions {
    /// Eight organisations at a time, and no waiting for devices.
    fn default() -> Self {
        Self {
            concurrency: 8,
            leave_out: BTreeSet::new(),
            wait: None,
            rule: StopRule::default(),
        }
    }
}

impl MspOptions {
    /// How many organisations are worked on at a time. More than the client's eight requests at a time gains nothing
    /// save where devices are waited for.
    #[must_use]
    pub fn concurrency(mut self, tenants: usize) -> Self {
        self.concurrency = tenants.max(1);
        self
    }

    /// Leaves organisations out, by id: those that an earlier [`Report`] calls done. Without it they are read again and
    /// nothing is written in them.
    #[must_use]
    pub fn leave_out(mut self, organizations: impl IntoIterator<Item = String>) -> Self {
        self.leave_out.extend(organizations);
        self
    }

    /// Waits for the devices of each organisation. One with rings always waits, by this or by the default.
    ///
    /// An organisation that is waited for keeps its place among those worked on, so keep the time short: a later run
    /// looks again at those whose devices were off.
    #[must_use]
    pub fn wait(mut self, wait: WaitOptions) -> Self {
        self.wait = Some(wait);
        self
    }

    /// When an organisation's devices have proven themselves.
    #[must_use]
    pub fn rule(mut self, rule: StopRule) -> Self {
        self.rule = rule;
        self
    }
}

/// Deploys `blueprint`, with each organisation's overrides, in all of them. `keep` gets the undo record of each before its
/// first write; `progress` gets each as it ends.
///
/// It always ends with a report: what fails in one organisation is told there. Killed in between, it is simply repeated.
///
/// ```
/// use jumpcloud_mdm::{Error, JumpCloud, deploy::{Desired, DigestKey}, msp::{self, MspOptions, Tenant}};
///
/// async fn everywhere(client: &JumpCloud, blueprint: &Desired, key: &DigestKey) -> Result<(), Error> {
///     let tenants = [
///         Tenant::new("5f00000000000000000000aa", "Globex"),
///         Tenant::new("5f00000000000000000000bb", "Initech"),
///     ];
///     let options = MspOptions::default();
///     let report = msp::deploy_all(client, blueprint, &tenants, key, &options, |_, _| Ok(()), |_| {}).await;
///     for tenant in report.remaining() {
///         println!("{tenant}");
///     }
///     Ok(())
/// }
/// ```
pub async fn deploy_all(
    client: &JumpCloud,
    blueprint: &Desired,
    tenants: &[Tenant],
    key: &DigestKey,
    options: &MspOptions,
    keep: impl Fn(&Tenant, &UndoRecord) -> Result<(), String>,
    progress: impl FnMut(&TenantReport),
) -> Report {
    let keep = &keep;
    for_each(
        client,
        tenants,
        options,
        |client, tenant| async move {
            let desired = tenant.desired(blueprint)?;
            let keep = |record: &UndoRecord| keep(tenant, record);
            deploy_one(&client, &desired, key, options, keep).await
        },
        progress,
    )
    .await
}

/// Does some work in all organisations; `work` gets a client for the organisation.
///
/// An organisation that is named twice fails at its second place: two runs in it would meet.
pub async fn for_each<'a, F, W>(
    client: &JumpCloud,
    tenants: &'a [Tenant],
    options: &MspOptions,
    work: F,
    mut progress: impl FnMut(&TenantReport),
) -> Report
where
    F: Fn(JumpCloud, &'a Tenant) -> W,
    W: Future<Output = Result<TenantOutcome, Error>>,
{
    let mut seen = BTreeSet::new();
    let places = tenants.iter().enumerate().map(|(place, tenant)| {
        let twice = !seen.insert(tenant.organization.to_ascii_lowercase());
        (place, tenant, twice)
    });
    let work = &work;
    let mut running = stream::iter(places)
        .map(|(place, tenant, twice)| async move {
            let outcome = if twice {
                let message = "it is named twice; name it once";
                Ok(TenantOutcome::failed(Error::input("organisation", message)))
            } else if options.leave_out.contains(&tenant.organization) {
                Ok(TenantOutcome::Skipped)
            } else {
                match client.for_organization(&tenant.organization) {
                    Ok(client) => work(client, tenant).await,
                    Err(error) => Err(error),
                }
            };
            let report = TenantReport {
                organization: tenant.organization.clone(),
                name: tenant.name.clone(),
                outcome: outcome.unwrap_or_else(TenantOutcome::failed),
            };
            (place, report)
        })
        .buffer_unordered(options.concurrency);
    let mut ended = BTreeMap::new();
    while let Some((place, report)) = running.next().await {
        progress(&report);
        ended.insert(place, report);
    }
    Report {
        tenants: ended.into_values().collect(),
    }
}

async fn deploy_one(
    client: &JumpCloud,
    desired: &Desired,
    key: &DigestKey,
    options: &MspOptions,
    keep: impl Fn(&UndoRecord) -> Result<(), String>,
) -> Result<TenantOutcome, Error> {
    if !desired.ring_names().is_empty() {
        let options = RollOutOptions::default()
            .rule(options.rule)
            .wait(options.wait.clone().unwrap_or_default());
        let keep = |_: &str, record: &UndoRecord| keep(record);
        let rollout = deploy::roll_out(client, desired, &options, key, keep, |_| {}).await?;
        let changes = rollout.rings.iter().map(|ring| ring.changes).sum();
        return Ok(match rollout.stopped() {
            Some((ring, reason)) => TenantOutcome::Stopped {
                changes,
                ring: Some(ring.ring.clone()),
                reason: reason.clone(),
                tally: ring.tally,
            },
            None => TenantOutcome::Done {
                changes,
                tally: Some(rollout.rings.iter().map(|ring| ring.tally).sum()),
            },
        });
    }
    let observed = deploy::observe(client, desired).await?;
    let plan = deploy::plan(desired, &observed, key)?;
    let applied =
        deploy::apply_recorded(client, &plan, desired, &observed, key, keep, |_| {}).await?;
    let changes = plan.steps.len();
    let Some(wait) = &options.wait else {
        return Ok(TenantOutcome::Done {
            changes,
            tally: None,
        });
    };
    let wait = wait.clone().after(&applied);
    let done = |look: &deploy::Rollout| options.rule.decide(&look.devices, false) != Decision::Wait;
    let rollout = deploy::wait_until(client, desired, &wait, done, |_| {}).await?;
    let tally = Tally::of(&rollout.devices);
    Ok(match options.rule.decide(&rollout.devices, true) {
        Decision::Stop(reason) => TenantOutcome::Stopped {
            changes,
            ring: None,
            reason,
            tally,
        },
        _ => TenantOutcome::Done {
            changes,
            tally: Some(tally),
        },
    })
}

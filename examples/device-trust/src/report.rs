//! What the job found, per Mac: for machines (`evidence.json`) and for people (`report.html`). It holds no secret.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jumpcloud_mdm::{
    deploy::{DeviceResult, DeviceState},
    proof::DeviceProof,
};
use minijinja::{
    Environment, context,
    value::{Serde, Value},
};
use okta_devtrust::evidence::{Counts, DeviceEvidence, Evidence, RuleIds};
use serde::Serialize;

use crate::stages::{Macs, Planned, PlannedProfile, Proven};

/// The job's result.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// How many changes were made in both tenants.
    pub changes: usize,
    /// The profile's names.
    pub profile: PlannedProfile,
    /// The ids of the Okta policy and rules that the evidence is about.
    pub rules: RuleIds,
    /// The window before the catch-all was closed; absent when it was closed already.
    pub before: Option<Window>,
    /// The window since the catch-all is closed.
    pub after: Window,
    /// The Macs of the device groups, then every other device that the log knows.
    pub macs: Vec<MacReport>,
}

/// A stretch of the System Log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Window {
    /// Its start.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// How many events it holds.
    pub events: u64,
}

/// One Mac. The proofs stand side by side and are not folded: each can be true without the others.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct MacReport {
    /// Its name.
    pub name: String,
    /// Its serial number, where one of the tenants knows it.
    pub serial_number: Option<String>,
    /// Whether it is in one of the device groups.
    pub in_group: bool,
    /// The policy's result in JumpCloud.
    pub policy: Option<DeviceState>,
    /// What JumpCloud's System Insights and Software Management say.
    pub jumpcloud: Option<DeviceProof>,
    /// Its id in Okta.
    pub okta_device: Option<String>,
    /// What the log counted before the catch-all was closed.
    pub before: Option<Counts>,
    /// What the log counted since.
    pub after: Option<Counts>,
    /// What `after` says.
    pub verdict: Verdict,
}

/// What the System Log says of a device since the catch-all is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum Verdict {
    /// It signed in under the managed rule.
    Success,
    /// The catch-all refused it.
    Failure,
    /// It got in by the break-glass rule.
    BreakGlass,
    /// The log has nothing on it.
    Unseen,
}

impl Verdict {
    /// By the latest decision, not by the count: a Mac may have been let in before it was kept out.
    fn of(seen: Option<&DeviceEvidence>) -> Self {
        match seen {
            Some(seen) if seen.is_let_in_as_managed() => Self::Success,
            Some(seen) if seen.counts.denied > 0 => Self::Failure,
            Some(seen) if seen.counts.break_glass > 0 => Self::BreakGlass,
            _ => Self::Unseen,
        }
    }

    /// The word as it is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Failure => "FAILURE",
            Self::BreakGlass => "BREAK_GLASS",
            Self::Unseen => "UNSEEN",
        }
    }
}

impl Report {
    pub(crate) fn new(
        changes: usize,
        planned: &Planned,
        macs: Macs,
        before: Option<&Proven>,
        after: &Proven,
    ) -> Self {
        let seen_before = before
            .map(|proven| by_device(&proven.evidence))
            .unwrap_or_default();
        let seen_after = by_device(&after.evidence);
        let Macs { rollout, proofs } = macs;
        let mut proofs: BTreeMap<String, DeviceProof> = proofs
            .into_iter()
            .map(|proof| (proof.system_id.clone(), proof))
            .collect();
        let counts = |seen: &BTreeMap<&str, &DeviceEvidence>, id: Option<&str>| {
            Some(seen.get(id?)?.counts.clone())
        };
        let mut in_groups = BTreeSet::new();
        let mut reports: Vec<MacReport> = rollout
            .devices
            .into_iter()
            .map(|mac: DeviceResult| {
                let id = mac
                    .serial_number
                    .as_ref()
                    .and_then(|serial| after.device_ids.get(serial));
                in_groups.extend(id);
                let id = id.map(String::as_str);
                let after = counts(&seen_after, id);
                MacReport {
                    name: mac.name,
                    serial_number: mac.serial_number,
                    in_group: true,
                    policy: Some(mac.state),
                    jumpcloud: proofs.remove(&mac.system_id),
                    okta_device: id.map(str::to_owned),
                    before: counts(&seen_before, id),
                    verdict: Verdict::of(id.and_then(|id| seen_after.get(id).copied())),
                    after,
                }
            })
            .collect();
        let serials: BTreeMap<&String, &String> = after
            .device_ids
            .iter()
            .map(|(serial, id)| (id, serial))
            .collect();
        for (id, seen) in &seen_after {
            let id = (*id).to_owned();
            if in_groups.contains(&id) {
                continue;
            }
            let name = seen.device.as_ref().and_then(|device| device.name.clone());
            reports.push(MacReport {
                name: name.unwrap_or_else(|| id.clone()),
                serial_number: serials.get(&id).map(|serial| (*serial).clone()),
                in_group: false,
                policy: None,
                jumpcloud: None,
                before: counts(&seen_before, Some(&id)),
                after: Some(seen.counts.clone()),
                verdict: Verdict::of(Some(seen)),
                okta_device: Some(id),
            });
        }
        Self {
            changes,
            profile: planned.profile.clone(),
            rules: after.evidence.rules.clone(),
            before: before.map(|proven| Window::of(&proven.evidence)),
            after: Window::of(&after.evidence),
            macs: reports,
        }
    }

    /// The report as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        json(self)
    }

    /// The report as a page of its own, without scripts or links to elsewhere.
    pub fn to_html(&self) -> String {
        let mut environment = Environment::new();
        let rendered = environment
            // The name ends in .html, which switches HTML escaping on.
            .add_template("report.html", include_str!("report.html"))
            .and_then(|()| environment.get_template("report.html"))
            .and_then(|template| template.render(context! { report => Value::from(Serde(self)) }));
        // Template and context are both part of this crate, so a failure is a mistake that the tests find.
        rendered.unwrap_or_else(|error| {
            format!("<!doctype html><p>The report cannot be shown: {error}</p>")
        })
    }
}

impl Window {
    fn of(evidence: &Evidence) -> Self {
        Self {
            from: evidence.from,
            to: evidence.to,
            events: evidence.events,
        }
    }
}

/// Pretty JSON with a final newline.
pub(crate) fn json(value: &impl Serialize) -> Vec<u8> {
    // Nothing here has keys that are not text, the one thing that JSON cannot hold.
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn by_device(evidence: &Evidence) -> BTreeMap<&str, &DeviceEvidence> {
    evidence
        .devices()
        .filter_map(|seen| Some((seen.device.as_ref()?.id.as_str(), seen)))
        .collect()
}

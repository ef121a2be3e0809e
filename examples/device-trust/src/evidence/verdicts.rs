//! The log folded: what each user gets with each app on each device, with the serial number that the MDM server knows
//! the device by.

use std::collections::BTreeMap;

use okta_devtrust::{
    devices::JoinKey,
    evidence::{self, Evidence},
    trust,
};
use serde::Serialize;

use super::{STAGE, window};
use crate::{Blueprint, Error, desired, tenants::Tenants};

/// What one user gets with one app on one device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct VerdictRow {
    /// The device's name; empty for sign-ins without a device.
    pub device: String,
    /// Its serial number.
    pub serial_number: String,
    /// Its hardware UUID.
    pub udid: String,
    /// The user.
    pub user: String,
    /// The app.
    pub app: String,
    /// The latest verdict: `managed`, `denied`, `would be denied`, `broken: …`; empty where none was given.
    pub verdict: String,
    /// When it was given.
    pub at: String,
    /// How many events there were.
    pub events: u64,
}

impl VerdictRow {
    pub(super) const HEADINGS: [&'static str; 8] = [
        "device",
        "serial_number",
        "udid",
        "user",
        "app",
        "verdict",
        "at",
        "events",
    ];

    pub(super) fn cells(&self) -> [String; 8] {
        [
            self.device.clone(),
            self.serial_number.clone(),
            self.udid.clone(),
            self.user.clone(),
            self.app.clone(),
            self.verdict.clone(),
            self.at.clone(),
            self.events.to_string(),
        ]
    }
}

/// The verdicts of the last `hours` under the rules that the blueprint has made, by device, user and app.
///
/// # Errors
/// [`Error::Refused`] when Okta cannot be read, or the rules are not there yet.
pub async fn verdicts(
    blueprint: &Blueprint,
    tenants: &Tenants,
    hours: u32,
) -> Result<Vec<VerdictRow>, Error> {
    let refused = |error: okta_devtrust::Error| Error::refused(STAGE, error);
    let wanted = desired::trust(blueprint, &tenants.okta.url());
    let observed = trust::observe(&tenants.okta, &wanted)
        .await
        .map_err(refused)?;
    let rules = observed.rule_ids(&wanted).ok_or_else(|| {
        Error::refused(
            STAGE,
            "the access policy of the blueprint is not there yet; run setup, or list events without --verdicts",
        )
    })?;
    let (from, to) = window(hours);
    let seen = evidence::read(&tenants.okta, rules, from, to)
        .await
        .map_err(refused)?;
    let keys = evidence::join_keys(&tenants.okta, &seen)
        .await
        .map_err(refused)?;
    Ok(rows(&seen, &keys))
}

fn rows(seen: &Evidence, keys: &BTreeMap<String, JoinKey>) -> Vec<VerdictRow> {
    let mut rows = Vec::new();
    for seen in seen.devices() {
        let device = seen.device.as_ref();
        let key = device.and_then(|device| keys.get(&device.id));
        for used in seen.uses() {
            let (user, app) = (used.user.as_ref(), used.app.as_ref());
            rows.push(VerdictRow {
                device: device
                    .map(|device| device.name.clone().unwrap_or_else(|| device.id.clone()))
                    .unwrap_or_default(),
                serial_number: key
                    .and_then(|key| key.serial_number.clone())
                    .unwrap_or_default(),
                udid: key.and_then(|key| key.udid.clone()).unwrap_or_default(),
                user: user
                    .map(|user| user.login.clone().unwrap_or_else(|| user.id.clone()))
                    .unwrap_or_default(),
                app: app
                    .map(|app| app.label.clone().unwrap_or_else(|| app.id.clone()))
                    .unwrap_or_default(),
                verdict: used
                    .latest
                    .as_ref()
                    .map(|latest| latest.verdict.to_string())
                    .unwrap_or_default(),
                at: used
                    .latest
                    .as_ref()
                    .map(|latest| latest.at.to_string())
                    .unwrap_or_default(),
                events: used.counts.total(),
            });
        }
    }
    rows
}

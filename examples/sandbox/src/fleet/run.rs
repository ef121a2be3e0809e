//! The Macs' lives: one task each, until the sandbox stops.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::jumpcloud::mdm::AssignedSoftware;
use crate::shared::Shared;

use super::mac::App;
use super::{inventory, okta_verify, profiles};

/// How often a Mac does what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between two looks at JumpCloud.
    pub check_in: Duration,
    /// Between two sign-ins to the user's apps.
    pub sign_in: Duration,
}

impl Default for Pace {
    /// 400 ms and 1 s: a test does not want to wait as long as a fleet does.
    fn default() -> Self {
        Self {
            check_in: Duration::from_millis(400),
            sign_in: Duration::from_secs(1),
        }
    }
}

/// Runs the Macs until the task is aborted.
pub(crate) async fn run(shared: Shared, pace: Pace) {
    let serials: Vec<String> = {
        let world = shared.world();
        world
            .fleet
            .macs
            .iter()
            .map(|mac| mac.serial_number.clone())
            .collect()
    };
    // Dropped with this task, the set aborts every Mac with it.
    let mut macs = JoinSet::new();
    for serial in serials {
        macs.spawn(live(shared.clone(), serial, pace));
    }
    while macs.join_next().await.is_some() {}
}

async fn live(shared: Shared, serial: String, pace: Pace) {
    // The sandbox is on this machine: no proxy leads there.
    let Ok(http) = reqwest::Client::builder().no_proxy().build() else {
        return;
    };
    let mut sign_in_at = Instant::now();
    loop {
        check_in(&shared, &serial).await;
        if Instant::now() >= sign_in_at {
            okta_verify::turn(&shared, &serial, &http).await;
            sign_in_at = Instant::now() + pace.sign_in;
        }
        sleep(pace.check_in).await;
    }
}

async fn check_in(shared: &Shared, serial: &str) {
    let (system, wanted) = {
        let mut world = shared.world();
        let now = world.now();
        let Some(system) = world.jumpcloud.system_id(serial).map(str::to_owned) else {
            return;
        };
        world.jumpcloud.check_in(&system, now);
        let wanted = world.jumpcloud.assignments(&system);
        (system, wanted)
    };
    profiles::converge(shared, serial, &system, &wanted).await;
    install_software(shared, serial, &system, &wanted.software);
    let mut guard = shared.world();
    let world = &mut *guard;
    let now = world.now();
    let Some(mac) = world.fleet.mac(serial) else {
        return;
    };
    let (certificates, apps) = (inventory::certificates(mac), inventory::apps(mac));
    world
        .jumpcloud
        .insights_collected(&system, certificates, apps, now);
}

/// Puts the bound apps on the Mac. Software that is no longer bound stays, as it does on a real one.
fn install_software(shared: &Shared, serial: &str, system: &str, wanted: &[AssignedSoftware]) {
    let mut guard = shared.world();
    let world = &mut *guard;
    let now = world.now();
    for software in wanted {
        let Some(mac) = world.fleet.mac_mut(serial) else {
            return;
        };
        let bundle = software
            .bundle
            .clone()
            .unwrap_or_else(|| format!("software.{}", software.app));
        let app = App {
            bundle_identifier: bundle,
            name: software.name.clone(),
            version: software.version.clone(),
            software_app: Some(software.app.clone()),
        };
        if mac.apps.contains(&app) {
            continue;
        }
        mac.apps
            .retain(|known| known.bundle_identifier != app.bundle_identifier);
        mac.apps.push(app);
        world.jumpcloud.software_installed(system, software, now);
    }
}

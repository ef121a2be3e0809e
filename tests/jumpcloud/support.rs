//! A sandbox without simulated Macs, and Macs that are quick: they take the profiles that JumpCloud has for them, answer
//! the MDM commands, and enrol nowhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use device_trust_sandbox::{
    Options, PILOT_DEVICE_GROUP, RecordedRequest, Sandbox, Seed,
    jumpcloud::{State, mdm::CommandError},
};
pub use device_trust_tests::jumpcloud::{RINGS, generation, writes};
use jumpcloud_mdm::{
    JumpCloud, NewDeviceGroup, Operation, Region, Retry,
    deploy::{DigestKey, Ring, WaitOptions},
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::task::JoinHandle;

pub fn key() -> DigestKey {
    device_trust_tests::jumpcloud::key().unwrap()
}

pub async fn sandbox_with(seed: Seed) -> (Sandbox, JumpCloud) {
    let options = Options {
        fleet: false,
        seed,
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    let client = client(&sandbox);
    (sandbox, client)
}

pub async fn sandbox() -> (Sandbox, JumpCloud) {
    sandbox_with(Seed::default()).await
}

pub fn api_key(sandbox: &Sandbox) -> SecretString {
    let secrets = sandbox.secrets();
    secrets.jumpcloud_api_key.expose_secret().to_owned().into()
}

pub fn region(sandbox: &Sandbox) -> Region {
    Region::Url(sandbox.jumpcloud_url().to_owned())
}

pub fn quick() -> Retry {
    Retry {
        base: Duration::from_millis(1),
        ..Retry::default()
    }
}

pub fn client(sandbox: &Sandbox) -> JumpCloud {
    JumpCloud::builder(region(sandbox), api_key(sandbox))
        .retry(quick())
        .timeout(Duration::from_secs(1))
        .settle(Duration::ZERO)
        .build()
        .unwrap()
}

/// The writes that changed a policy's profile: each costs a certificate on every Mac.
pub fn puts(sandbox: &Sandbox) -> usize {
    let puts = |request: &&RecordedRequest| request.method == "PUT" && request.status < 300;
    sandbox.requests().iter().filter(puts).count()
}

/// Waits for long, and looks often.
pub fn patient() -> WaitOptions {
    WaitOptions::default()
        .timeout(Duration::from_secs(120))
        .interval(Duration::from_millis(20))
}

/// Looks a few times.
pub fn impatient() -> WaitOptions {
    patient().timeout(Duration::from_millis(200))
}

/// A ring of the tests at a generation.
pub fn ring(name: &str, n: u32) -> Ring {
    let (_, group) = RINGS.iter().find(|(ring, _)| *ring == name).unwrap();
    Ring::new(name, generation(n))
        .device_group(*group)
        .generation(n)
}

/// Puts one Mac into each of the rings after the pilot, which keeps two.
pub async fn fill_rings(sandbox: &Sandbox, client: &JumpCloud) {
    let systems = sandbox.shared().world().jumpcloud.system_ids();
    let pilot = client
        .device_group_named(PILOT_DEVICE_GROUP)
        .await
        .unwrap()
        .unwrap();
    client
        .change_device_group_member(&pilot.id, Operation::Remove, &systems[2])
        .await
        .unwrap();
    for ((_, group), system) in RINGS[1..].iter().zip(&systems[2..]) {
        let group = client
            .create_device_group(&NewDeviceGroup::new(*group))
            .await
            .unwrap();
        client
            .change_device_group_member(&group.id, Operation::Add, system)
            .await
            .unwrap();
    }
}

/// The quick Macs, until it is dropped.
pub struct Macs {
    fleet: Arc<Mutex<Fleet>>,
    task: JoinHandle<()>,
}

impl Drop for Macs {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Default)]
struct Fleet {
    /// What is on each Mac, by system and policy.
    installed: BTreeMap<(String, String), Vec<u8>>,
    refusing: BTreeSet<String>,
    silent: BTreeSet<String>,
    installations: usize,
}

impl Macs {
    /// Macs that look at JumpCloud again and again.
    pub fn running(sandbox: &Sandbox, every: Duration) -> Self {
        Self::with(Fleet::default(), sandbox, every)
    }

    /// The same, with the profiles that JumpCloud has for them installed already.
    pub fn having_all(sandbox: &Sandbox, every: Duration) -> Self {
        let mut fleet = Fleet::default();
        {
            let world = sandbox.shared().world();
            for system in world.jumpcloud.system_ids() {
                for profile in world.jumpcloud.assignments(&system).profiles {
                    let place = (system.clone(), profile.policy);
                    fleet
                        .installed
                        .extend(Some(place).zip(profile.payload.ok()));
                }
            }
        }
        Self::with(fleet, sandbox, every)
    }

    fn with(fleet: Fleet, sandbox: &Sandbox, every: Duration) -> Self {
        let fleet = Arc::new(Mutex::new(fleet));
        let (all, shared) = (Arc::clone(&fleet), sandbox.shared().clone());
        let task = tokio::spawn(async move {
            loop {
                {
                    let mut world = shared.world();
                    let mut fleet = all.lock().unwrap();
                    fleet.answer(&mut world.jumpcloud);
                    for other in world.more_organizations.values_mut() {
                        fleet.answer(other);
                    }
                }
                tokio::time::sleep(every).await;
            }
        });
        Self { fleet, task }
    }

    /// Makes a Mac refuse every profile from now on, or, with `false`, take it.
    pub fn refuse(&self, system: &str, refuses: bool) {
        let mut fleet = self.fleet.lock().unwrap();
        if refuses {
            fleet.refusing.insert(system.to_owned());
        } else {
            fleet.refusing.remove(system);
        }
    }

    /// Turns a Mac off, or on.
    pub fn silence(&self, system: &str, off: bool) {
        let mut fleet = self.fleet.lock().unwrap();
        if off {
            fleet.silent.insert(system.to_owned());
        } else {
            fleet.silent.remove(system);
        }
    }

    /// How many profiles were installed, again ones included.
    pub fn installations(&self) -> usize {
        self.fleet.lock().unwrap().installations
    }
}

impl Fleet {
    fn answer(&mut self, state: &mut State) {
        for system in state.system_ids() {
            if self.silent.contains(&system) {
                continue;
            }
            for profile in state.assignments(&system).profiles {
                let place = (system.clone(), profile.policy.clone());
                let Ok(bytes) = profile.payload else { continue };
                if self.installed.get(&place) == Some(&bytes) {
                    continue;
                }
                let now = jiff::Timestamp::now();
                state.profile_sent(&system, &profile.policy, now);
                let refused = CommandError {
                    domain: "MDM-SCEP",
                    code: 15001,
                    description: "The enrolment was refused.".into(),
                };
                let answer = if self.refusing.contains(&system) {
                    Err(&refused)
                } else {
                    self.installations += 1;
                    Ok(())
                };
                state.profile_answered(&system, &profile.policy, answer, now);
                self.installed.insert(place, bytes);
            }
        }
    }
}

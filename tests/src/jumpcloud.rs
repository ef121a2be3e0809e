//! What the program `jumpcloud-client` does, and the tests that kill it expect: one deployment, by name.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use device_trust_sandbox::Sandbox;
use jumpcloud_mdm::{
    Error, JumpCloud, PackageUpload, Region, Retry, UploadRecord,
    deploy::{
        self, Desired, DesiredProfile, DesiredSoftware, DigestKey, Package, Renewal, Ring,
        RollOutOptions, UndoRecord, WaitOptions,
    },
    msp::{self, MspOptions, Report, Tenant},
};
use serde::{Deserialize, Serialize};

/// The device group that the jobs bind to.
pub const GROUP: &str = "macOS pilot";
/// The rings of the tests, with the device group of each.
pub const RINGS: [(&str, &str); 3] = [
    ("pilot", GROUP),
    ("10 %", "macOS early"),
    ("all", "macOS rest"),
];
/// The policy of the plain deployment.
pub const POLICY: &str = "Okta device trust";
/// The software app.
pub const SOFTWARE: &str = "Okta Verify";
/// The App Store app, by its Adam id. In JumpCloud it has another name than in the deployment.
pub const LICENSED: &str = "490179405";

const OWNER: &str = "device-trust";
const PROFILE: &str = include_str!("../../jumpcloud-mdm/tests/fixtures/trust.mobileconfig");

/// Work for `jumpcloud-client`, as JSON on its command line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Policy and software on one device group.
    Deploy {
        /// The profile's generation.
        generation: u32,
    },
    /// As [`Job::Deploy`], with the record of how to undo it put into a file before the first write.
    Recorded {
        /// The profile's generation.
        generation: u32,
        /// The file.
        record: PathBuf,
    },
    /// The same in rings.
    Rings {
        /// The profile's generation.
        generation: u32,
        /// The ring to end after, one of [`RINGS`].
        through: String,
    },
    /// The next generation into a policy.
    Renew {
        /// The policy's name.
        policy: String,
        /// The generation.
        generation: u32,
    },
    /// Everything of [`Job::Deploy`] off again.
    Withdraw,
    /// An App Store app on a device group: in generation 1 on that of the first ring, later on that of the second, and on
    /// no other. The record of how to undo it goes into a file first.
    License {
        /// The generation.
        generation: u32,
        /// The file.
        record: PathBuf,
    },
    /// Generation 1 of [`Job::License`] off again.
    Unlicense,
    /// What [`Job::Recorded`] changed, as it was.
    Rollback {
        /// The file with its record.
        record: PathBuf,
        /// The generation that was there before.
        before: u32,
    },
    /// A package into JumpCloud's storage. The record of how far it got goes into a file, and is read from it.
    Upload {
        /// The file.
        record: PathBuf,
    },
    /// The deployment in many organisations.
    Msp {
        /// The file with the organisations.
        tenants: PathBuf,
        /// Those to leave out.
        leave_out: Vec<String>,
    },
}

/// What `jumpcloud-client` prints after [`Job::Msp`].
#[derive(Debug, Serialize, Deserialize)]
pub struct MspOutput {
    /// What became of each organisation.
    pub report: Report,
    /// The most memory that was allocated at a time, in bytes.
    pub peak_bytes: usize,
}

/// The profile as generation `n`: the UUID of its SCEP payload is another.
#[must_use]
pub fn generation(n: u32) -> String {
    PROFILE.replace("7C9E6679", &format!("{n:08X}"))
}

/// A deployment onto one device group.
#[must_use]
pub fn desired(n: u32) -> Desired {
    let profile = DesiredProfile::new(POLICY, generation(n))
        .device_group(GROUP)
        .generation(n);
    let software = DesiredSoftware::new(SOFTWARE, package(1)).device_group(GROUP);
    Desired::new(OWNER).profile(profile).software(software)
}

/// The deployment of [`Job::Deploy`]. With the generation the package changes, and from the second on it is for the
/// second ring's device group as well, so that a change of generation changes all there is.
fn widening(n: u32) -> Desired {
    let mut desired = desired(n);
    desired.software[0].package = package(n);
    if n > 1 {
        let second = RINGS[1].1.to_owned();
        desired.profiles[0].device_groups.push(second.clone());
        desired.software[0].device_groups.push(second);
    }
    desired
}

/// The deployment of [`Job::Rings`].
#[must_use]
pub fn ringed(n: u32) -> Desired {
    let rings = RINGS.map(|(name, group)| {
        Ring::new(name, generation(n))
            .device_group(group)
            .generation(n)
    });
    let mut software = DesiredSoftware::new(SOFTWARE, package(n));
    for (_, group) in RINGS {
        software = software.device_group(group);
    }
    Desired::new(OWNER).rings(POLICY, rings).software(software)
}

/// The deployment of [`Job::License`].
fn licensed(n: u32) -> Desired {
    let (_, group) = RINGS[usize::from(n > 1)];
    let software = DesiredSoftware::new("Okta Verify of the App Store", Package::vpp(LICENSED))
        .device_group(group)
        .only_these_groups();
    Desired::new(OWNER).software(software)
}

fn package(n: u32) -> Package {
    Package::custom(
        "okta-verify",
        format!("https://example.com/{n}/OktaVerify.pkg"),
    )
}

/// The writes that a sandbox has seen so far: `METHOD path`.
#[must_use]
pub fn writes(sandbox: &Sandbox) -> Vec<String> {
    sandbox
        .requests()
        .iter()
        .filter(|request| request.is_write())
        .map(|request| format!("{} {}", request.method, request.path))
        .collect()
}

/// A client with little patience.
///
/// # Errors
/// When the URL or the key cannot be used.
pub fn client(url: &str, key: &str) -> Result<JumpCloud, Error> {
    JumpCloud::builder(Region::Url(url.to_owned()), key.to_owned().into())
        .retry(Retry {
            base: Duration::from_millis(1),
            ..Retry::default()
        })
        .settle(Duration::ZERO)
        .build()
}

/// The key of the tests' plans.
///
/// # Errors
/// Never: it is long enough.
pub fn key() -> Result<DigestKey, Error> {
    DigestKey::new([7; 32])
}

/// Does a job. `peak` tells how much memory was in use at most.
///
/// # Errors
/// What the job fails with; a stop of the roll-out in rings as well.
pub async fn run(
    client: &JumpCloud,
    job: &Job,
    peak: impl Fn() -> usize,
) -> Result<Option<MspOutput>, Box<dyn std::error::Error>> {
    let key = key()?;
    match job {
        Job::Deploy { generation } => {
            let desired = widening(*generation);
            let observed = deploy::observe(client, &desired).await?;
            let plan = deploy::plan(&desired, &observed, &key)?;
            deploy::apply(client, &plan, &desired, &key, |_| {}).await?;
        }
        Job::Recorded { generation, record } => {
            recorded(client, &widening(*generation), &key, record).await?;
        }
        Job::License { generation, record } => {
            recorded(client, &licensed(*generation), &key, record).await?;
        }
        Job::Rings {
            generation,
            through,
        } => {
            let options = RollOutOptions::default().wait(wait()).through(through);
            let desired = ringed(*generation);
            let keep = |_: &str, _: &UndoRecord| Ok(());
            let rollout = deploy::roll_out(client, &desired, &options, &key, keep, |_| {}).await?;
            if let Some((_, reason)) = rollout.stopped() {
                return Err(reason.to_string().into());
            }
        }
        Job::Renew {
            policy,
            generation: n,
        } => {
            let renewal = Renewal::of_policy(policy, *n, generation(*n));
            deploy::renew(client, OWNER, &renewal, &key, |_| Ok(()), |_| {}).await?;
        }
        Job::Withdraw => withdraw(client, &desired(0), &key).await?,
        Job::Unlicense => withdraw(client, &licensed(1), &key).await?,
        Job::Rollback { record, before } => {
            let undo: UndoRecord = serde_json::from_slice(&std::fs::read(record)?)?;
            let undo = undo
                .profile(POLICY, generation(*before))
                .package(SOFTWARE, package(*before));
            let desired = undo.desired();
            let observed = deploy::observe(client, &desired).await?;
            let plan = undo.plan(&observed, &key)?;
            deploy::apply(client, &plan, &desired, &key, |_| {}).await?;
        }
        Job::Upload { record } => upload(client, record).await?,
        Job::Msp { tenants, leave_out } => {
            let tenants: Vec<Tenant> = serde_json::from_slice(&std::fs::read(tenants)?)?;
            let options = MspOptions::default()
                .leave_out(leave_out.iter().cloned())
                .wait(wait());
            let report = msp::deploy_all(
                client,
                &desired(1),
                &tenants,
                &key,
                &options,
                |_, _| Ok(()),
                |_| {},
            )
            .await;
            let peak_bytes = peak();
            return Ok(Some(MspOutput { report, peak_bytes }));
        }
    }
    Ok(None)
}

async fn recorded(
    client: &JumpCloud,
    desired: &Desired,
    key: &DigestKey,
    record: &Path,
) -> Result<(), Error> {
    let observed = deploy::observe(client, desired).await?;
    let plan = deploy::plan(desired, &observed, key)?;
    let keep = |undo: &UndoRecord| keep(record, undo).map_err(|error| error.to_string());
    deploy::apply_recorded(client, &plan, desired, &observed, key, keep, |_| {}).await?;
    Ok(())
}

async fn withdraw(client: &JumpCloud, desired: &Desired, key: &DigestKey) -> Result<(), Error> {
    let observed = deploy::observe(client, desired).await?;
    let plan = deploy::withdraw(desired, &observed, key)?;
    deploy::apply(client, &plan, desired, key, |_| {}).await?;
    Ok(())
}

fn wait() -> WaitOptions {
    WaitOptions::default()
        .timeout(Duration::from_secs(300))
        .interval(Duration::from_millis(50))
}

async fn upload(client: &JumpCloud, file: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let package = PackageUpload::new(SOFTWARE, "OktaVerify.pkg", b"a package".to_vec())?;
    let earlier: Option<UploadRecord> = if file.exists() {
        Some(serde_json::from_slice(&std::fs::read(file)?)?)
    } else {
        None
    };
    let keep = |record: &UploadRecord| keep(file, record).map_err(|error| error.to_string());
    client
        .upload_package_recorded(&package, UPLOAD_TIME, earlier, keep)
        .await?;
    Ok(())
}

/// Long enough for a sandbox that checks a package in three looks.
const UPLOAD_TIME: Duration = Duration::from_secs(5);

fn keep(file: &Path, record: &impl Serialize) -> std::io::Result<()> {
    std::fs::write(file, serde_json::to_vec(record)?)
}

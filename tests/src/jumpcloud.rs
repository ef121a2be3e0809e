//! What the program `jumpcloud-client` does, and the tests that kill it expect: one deployment, by name.

use std::time::Duration;

use jumpcloud_mdm::{
    Error, JumpCloud, PackageUpload, Region, Retry,
    deploy::{
        self, Desired, DesiredProfile, DesiredSoftware, DigestKey, Package, Renewal, Ring,
        RollOutOptions, WaitOptions,
    },
    msp::{self, MspOptions, Report, Tenant},
};
use serde::{Deserialize, Serialize};

/// The device group that the jobs bind to.
pub const GROUP: &str = "macOS pilot";
/// The policy of the plain deployment.
pub const POLICY: &str = "Okta device trust";
/// The software app.
pub const SOFTWARE: &str = "Okta Verify";

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
    /// The same in one ring.
    Rings {
        /// The profile's generation.
        generation: u32,
    },
    /// The next generation into the policy.
    Renew {
        /// The generation.
        generation: u32,
    },
    /// Everything off again.
    Withdraw,
    /// A package into JumpCloud's storage.
    Upload,
    /// The deployment in many organisations.
    Msp {
        /// The file with the organisations.
        tenants: std::path::PathBuf,
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

/// The deployment of [`Job::Deploy`].
#[must_use]
pub fn desired(n: u32) -> Desired {
    let profile = DesiredProfile::new(POLICY, generation(n))
        .device_group(GROUP)
        .generation(n);
    Desired::new(OWNER).profile(profile).software(software())
}

/// The deployment of [`Job::Rings`].
#[must_use]
pub fn ringed(n: u32) -> Desired {
    let pilot = Ring::new("pilot", generation(n))
        .device_group(GROUP)
        .generation(n);
    Desired::new(OWNER)
        .rings(POLICY, [pilot])
        .software(software())
}

fn software() -> DesiredSoftware {
    let package = Package::custom("okta-verify", "https://example.com/OktaVerify.pkg");
    DesiredSoftware::new(SOFTWARE, package).device_group(GROUP)
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
            let desired = desired(*generation);
            let observed = deploy::observe(client, &desired).await?;
            let plan = deploy::plan(&desired, &observed, &key)?;
            deploy::apply(client, &plan, &desired, &key, |_| {}).await?;
        }
        Job::Rings { generation } => {
            let options = RollOutOptions::default().wait(wait());
            let desired = ringed(*generation);
            let keep = |_: &str, _: &deploy::UndoRecord| Ok(());
            let rollout = deploy::roll_out(client, &desired, &options, &key, keep, |_| {}).await?;
            if let Some((_, reason)) = rollout.stopped() {
                return Err(reason.to_string().into());
            }
        }
        Job::Renew { generation: n } => {
            let renewal = Renewal::of_policy(POLICY, *n, generation(*n));
            deploy::renew(client, OWNER, &renewal, &key, |_| Ok(()), |_| {}).await?;
        }
        Job::Withdraw => {
            let desired = desired(0);
            let observed = deploy::observe(client, &desired).await?;
            let plan = deploy::withdraw(&desired, &observed, &key)?;
            deploy::apply(client, &plan, &desired, &key, |_| {}).await?;
        }
        Job::Upload => {
            let package = PackageUpload::new(SOFTWARE, "OktaVerify.pkg", b"a package".to_vec())?;
            client
                .upload_package(&package, Duration::from_secs(60))
                .await?;
        }
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

fn wait() -> WaitOptions {
    WaitOptions::default()
        .timeout(Duration::from_secs(300))
        .interval(Duration::from_millis(50))
}

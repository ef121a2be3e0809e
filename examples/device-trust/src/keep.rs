//! The JumpCloud side after the set-up: is it ready, renew the certificates, take it off again. Each step can be
//! repeated: what is done already is not done twice.

mod each;
mod withdrawal;

use jiff::Timestamp;
use jumpcloud_mdm::{
    deploy::{self, Decision, Renewal, Tally, UndoRecord, WaitOptions, ring_policy_name},
    readiness::{self, Readiness},
};

pub use self::each::Organizations;
pub use self::withdrawal::{CatchAll, Withdrawal, open, withdraw};
use crate::{Blueprint, Error, Silent, blueprint::RingSection, desired, stages, tenants::Tenants};

/// Whether the JumpCloud tenant is ready. It writes nothing.
///
/// # Errors
/// [`Error::Refused`] when JumpCloud cannot be read.
pub async fn readiness(tenants: &Tenants) -> Result<Readiness, Error> {
    readiness::check(
        &tenants.jumpcloud,
        Timestamp::now(),
        &readiness::Limits::default(),
    )
    .await
    .map_err(|error| Error::of_jumpcloud("readiness", &error))
}

/// Puts the record of how to undo a change away, before the change is made; what it says of a failure is told.
pub type KeepUndo<'a> = &'a dyn Fn(&UndoRecord) -> Result<(), String>;

/// What is renewed: a ring, where the blueprint has rings, and the generation that its Macs are to get.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rotation {
    ring: Option<String>,
    generation: u32,
}

impl Rotation {
    /// The next generation for the Macs of a ring, or for all where there are no rings.
    ///
    /// # Errors
    /// [`Error::Input`] when the blueprint has no such ring, has rings and none is named, or names a later generation.
    pub fn new(blueprint: &Blueprint, ring: Option<&str>, generation: u32) -> Result<Self, Error> {
        let rings = &blueprint.jumpcloud.rings;
        let names = rings.iter().map(|ring| ring.name.as_str());
        let names = names.collect::<Vec<_>>().join(", ");
        let known = ring.map(|name| rings.iter().find(|ring| ring.name == name));
        let section = match known {
            Some(Some(section)) => Some(section),
            None if rings.is_empty() => None,
            None => {
                let what = "the blueprint has rings, and none is named";
                return Err(Error::input(
                    "command line",
                    what,
                    format!("--ring: {names}"),
                ));
            }
            Some(None) => {
                let name = ring.unwrap_or_default();
                let what = format!("--ring {name}: the blueprint has no such ring");
                let mend = if rings.is_empty() {
                    "leave --ring out".to_owned()
                } else {
                    format!("one of {names}")
                };
                return Err(Error::input("command line", what, mend));
            }
        };
        let present = generation_of(blueprint, section);
        if generation < present {
            return Err(Error::input(
                "command line",
                format!("--generation {generation} is before the blueprint's {present}"),
                "a generation that was not used yet",
            ));
        }
        Ok(Self {
            ring: ring.map(str::to_owned),
            generation,
        })
    }

    fn policy(&self, blueprint: &Blueprint) -> String {
        let policy = &blueprint.jumpcloud.policy;
        match &self.ring {
            Some(ring) => ring_policy_name(policy, ring),
            None => policy.clone(),
        }
    }
}

/// The generation that a ring is to have, or the whole fleet.
pub(crate) fn generation_of(blueprint: &Blueprint, ring: Option<&RingSection>) -> u32 {
    ring.and_then(|ring| ring.generation)
        .unwrap_or(blueprint.generation)
}

/// The change that brings the profile of the next generation onto the Macs; with `keep` it is made, after the CA is
/// checked, the challenge proved by one enrolment where the blueprint says so, and the record of how to undo it kept.
/// A higher generation costs each Mac in the policy's device groups a new certificate, the same
/// one nothing, and a lower one than the policy carries is refused.
///
/// # Errors
/// [`Error::Refused`] when the CA is not the expected one or refuses the challenge, the policy is not there yet, was changed by another hand, carries a later generation, or
/// JumpCloud refuses.
pub async fn rotate(
    blueprint: &Blueprint,
    tenants: &Tenants,
    rotation: &Rotation,
    keep: Option<KeepUndo<'_>>,
) -> Result<deploy::Plan, Error> {
    let refused = |error: &dyn std::fmt::Display| Error::refused("rotate", error);
    let profile = desired::profile(blueprint, tenants, rotation.generation)
        .map_err(|error| refused(&error))?;
    let bytes = profile.to_xml().map_err(|error| refused(&error))?;
    let renewal = Renewal::of_policy(rotation.policy(blueprint), rotation.generation, bytes);
    let (client, key) = (&tenants.jumpcloud, &tenants.digest_key);
    let by_jumpcloud = |error| Error::of_jumpcloud("rotate", &error);
    let observed = deploy::observe(client, &renewal.desired(desired::OWNER, None))
        .await
        .map_err(by_jumpcloud)?;
    let plan = renewal
        .plan(desired::OWNER, &observed, key)
        .map_err(by_jumpcloud)?;
    if let Some(keep) = keep {
        if !plan.is_empty() {
            // Every Mac of the ring would fail together on a CA or challenge that is wrong.
            stages::check_ca(&profile, &Silent).await?;
            if blueprint.scep.prove_challenge {
                stages::prove_challenge(tenants, &profile, &Silent).await?;
            }
        }
        let wanted = renewal.desired(desired::OWNER, Some(&observed));
        deploy::apply_recorded(client, &plan, &wanted, &observed, key, keep, |_| {})
            .await
            .map_err(by_jumpcloud)?;
    }
    Ok(plan)
}

/// Waits until the Macs of a rotation have reported, and decides by the blueprint's rule whether the next ring may begin.
///
/// # Errors
/// [`Error::Refused`] with each Mac that did not take the profile, when the rule says stop.
pub async fn prove(
    blueprint: &Blueprint,
    tenants: &Tenants,
    rotation: &Rotation,
) -> Result<Tally, Error> {
    let refused = |error: &dyn std::fmt::Display| Error::refused("rotate", error);
    let mut wanted = desired::deployment(blueprint, |_| Ok::<_, Error>(Vec::new()))?;
    wanted.software.clear();
    let policy = rotation.policy(blueprint);
    wanted.profiles.retain(|one| one.policy_name == policy);
    let options = WaitOptions::default()
        .timeout(blueprint.wait.timeout)
        .interval(blueprint.wait.poll);
    let rollout = deploy::wait(&tenants.jumpcloud, &wanted, &options, |_| {})
        .await
        .map_err(|error| Error::of_jumpcloud("rotate", &error))?;
    let tally = Tally::of(&rollout.devices);
    match blueprint.jumpcloud.stop.decide(&rollout.devices, true) {
        Decision::Stop(reason) => {
            let evidence = evidence(&rollout.devices);
            Err(refused(&format!("{reason}\n{evidence}")))
        }
        _ => Ok(tally),
    }
}

/// The Macs that do not have the profile, a line each.
pub(crate) fn evidence(devices: &[deploy::DeviceResult]) -> String {
    let open = devices
        .iter()
        .filter(|device| device.state != deploy::DeviceState::Success);
    let lines: Vec<String> = open
        .map(|device| {
            let detail = device
                .detail
                .as_deref()
                .map_or(String::new(), |text| format!(": {text}"));
            format!("  {}: {}{detail}", device.name, shown(&device.state))
        })
        .collect();
    lines.join("\n")
}

/// How a profile stands on a Mac, in words.
pub(crate) fn shown(state: &deploy::DeviceState) -> String {
    use deploy::DeviceState;
    match state {
        DeviceState::Success => "has the profile".into(),
        DeviceState::Failed => "refused the profile".into(),
        DeviceState::Pending => "is still at it when the time is up".into(),
        DeviceState::Unreported => "has said nothing when the time is up".into(),
        DeviceState::Other { text } => format!("reported `{text}`"),
        DeviceState::OutOfReach { reason } => format!("is out of reach ({reason})"),
        _ => "reported something unknown".into(),
    }
}

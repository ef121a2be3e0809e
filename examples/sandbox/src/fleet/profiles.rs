//! Profiles on a Mac: installing what is bound, removing what is not.

use aws_lc_rs::digest;

use crate::jumpcloud::mdm::{AssignedProfile, Assignments};
use crate::shared::Shared;

use super::check::{self, Checked};
use super::enrolment;
use super::failure::Failure;
use super::mac::{Command, Identity, InstalledProfile, Mac};

/// Brings the Mac's profiles in line with what JumpCloud wants.
pub(crate) async fn converge(shared: &Shared, serial: &str, system: &str, wanted: &Assignments) {
    remove_unbound(shared, serial, system, wanted);
    for profile in &wanted.profiles {
        let digest = digest_of(profile);
        let (mac, known) = {
            let world = shared.world();
            let Some(mac) = world.fleet.mac(serial).cloned() else {
                return;
            };
            let known = mac
                .commands
                .get(&profile.policy)
                .is_some_and(|command| command.digest == digest);
            (mac, known)
        };
        if known {
            continue;
        }
        let sent = shared.now();
        shared
            .world()
            .jumpcloud
            .profile_sent(system, &profile.policy, sent);
        let prepared = prepare(profile, &mac).await;
        finish(shared, serial, system, profile, digest, prepared);
    }
}

fn remove_unbound(shared: &Shared, serial: &str, system: &str, wanted: &Assignments) {
    let mut guard = shared.world();
    let world = &mut *guard;
    let now = world.now();
    let Some(mac) = world.fleet.mac_mut(serial) else {
        return;
    };
    let bound = |policy: &str| {
        wanted
            .profiles
            .iter()
            .any(|profile| profile.policy == policy)
    };
    mac.commands.retain(|policy, _| bound(policy));
    let before = mac.profiles.len();
    mac.profiles.retain(|_, profile| bound(&profile.policy));
    let removed = before - mac.profiles.len();
    for _ in 0..removed {
        world.jumpcloud.profile_removed(system, now);
    }
}

/// Everything that can fail, done before the Mac changes: a failed installation leaves what was there.
async fn prepare(
    profile: &AssignedProfile,
    mac: &Mac,
) -> Result<(Checked, Vec<Identity>), Failure> {
    let bytes = profile.payload.as_ref().map_err(Failure::profile)?;
    let checked = check::check(bytes, mac)?;
    let mut identities = Vec::new();
    for (uuid, scep) in &checked.enrolments {
        identities.push(enrolment::enrol(uuid, scep).await?);
    }
    Ok((checked, identities))
}

fn finish(
    shared: &Shared,
    serial: &str,
    system: &str,
    profile: &AssignedProfile,
    digest: String,
    prepared: Result<(Checked, Vec<Identity>), Failure>,
) {
    let mut guard = shared.world();
    let world = &mut *guard;
    let now = world.now();
    let Some(mac) = world.fleet.mac_mut(serial) else {
        return;
    };
    let failure = match prepared {
        Ok((checked, mut identities)) => {
            for identity in &mut identities {
                identity.enrolled_at = now;
            }
            // A profile replaces the one of the same identifier, whatever policy brought it; a policy that now
            // carries another identifier takes its former profile along.
            mac.profiles
                .retain(|_, known| known.policy != profile.policy);
            mac.profiles.insert(
                checked.identifier,
                InstalledProfile {
                    policy: profile.policy.clone(),
                    uuid: checked.uuid,
                    installed_at: now,
                    certificates: checked.certificates.iter().map(hex::encode).collect(),
                    identities,
                },
            );
            None
        }
        Err(failure) => Some(failure),
    };
    let command = Command {
        digest,
        failure: failure.as_ref().map(|failure| failure.reason.clone()),
    };
    mac.commands.insert(profile.policy.clone(), command);
    let answer = failure
        .as_ref()
        .map_or(Ok(()), |failure| Err(&failure.reported));
    world
        .jumpcloud
        .profile_answered(system, &profile.policy, answer, now);
}

fn digest_of(profile: &AssignedProfile) -> String {
    let bytes = match &profile.payload {
        Ok(bytes) => bytes.as_slice(),
        Err(reason) => reason.as_bytes(),
    };
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

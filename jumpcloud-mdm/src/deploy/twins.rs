//! Software apps that the deployment made twice. Their names need not be unique, so one that JumpCloud makes only after the
//! next run has made it comes to be there twice. The rule: only what the owner made, of the very same package and bound to
//! nothing, is a twin; where any differs or two are bound, all stay and the plan is refused.

use super::{
    Desired, DesiredSoftware, DigestKey, KeyedDigest, ObservedSoftware, Package, Step,
    package::package_digest, provenance::is_software_of,
};

/// Leaves of several software apps that are one the one that is bound, or the first where none is, and gives the steps that
/// delete the others.
pub(super) fn apart(
    found: &mut Vec<&ObservedSoftware>,
    wanted: &DesiredSoftware,
    desired: &Desired,
    key: &DigestKey,
) -> Vec<Step> {
    let manager = wanted.package.manager();
    let ours = |one: &ObservedSoftware| -> Option<KeyedDigest> {
        let settings = one.app.package(&manager)?;
        is_software_of(settings, &desired.owner).then(|| package_digest(settings, key))
    };
    let Some(observed) = found.first().and_then(|first| ours(first)) else {
        return Vec::new();
    };
    let same = found
        .iter()
        .all(|one| ours(one).as_ref() == Some(&observed));
    let bound = found.iter().filter(|one| !one.groups.is_empty()).count();
    if !matches!(wanted.package, Package::Custom { .. }) || !same || bound > 1 {
        return Vec::new();
    }
    found.sort_by(|a, b| (a.groups.is_empty(), &a.app.id).cmp(&(b.groups.is_empty(), &b.app.id)));
    let kept = found[0].app.id.clone();
    let twin = |twin: &ObservedSoftware| Step::DeleteTwin {
        software: wanted.display_name.clone(),
        id: twin.app.id.clone(),
        kept: kept.clone(),
        manager: manager.clone(),
        observed: observed.clone(),
    };
    found.drain(1..).map(twin).collect()
}

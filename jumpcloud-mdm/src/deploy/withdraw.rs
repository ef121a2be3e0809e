//! Takes everything of an owner off again. The rule: what another made is left alone and remarked.
//!
//! What is bound only, an App Store app or a stored package of another, was made by no deployment, and nothing says who
//! bound it. So it stays, and is unbound from the device groups that the deployment names for it.

use super::{
    Desired, DesiredSoftware, DigestKey, Observed, ObservedSoftware, Package, Plan, Problem, Step,
    package::package_digest, provenance::is_software_of, stored::Stored,
};
use crate::{Error, PackageManager};

/// The plan that deletes the policies and software of `desired` that its owner deployed. Profiles may be without bytes.
/// Certificates that were issued stay valid until they end or are revoked; the profile's removal takes the identity off
/// the Mac.
///
/// An App Store app stays, and so does a stored package whose description does not name the owner; each is unbound from
/// the device groups that `desired` names for it, and other bindings of it are left alone and remarked. Who bound it is written nowhere, so a binding to one of these groups goes also when it was
/// made by hand; the undo record of the plan brings it back.
///
/// The plan is carried out by [`apply`](super::apply), given the same `desired`. What is gone already is not planned, so
/// a run that was cut off is simply repeated.
///
/// # Errors
/// [`Error::Refused`] when a policy to delete was observed without its template.
pub fn withdraw(desired: &Desired, observed: &Observed, key: &DigestKey) -> Result<Plan, Error> {
    let mut plan = Plan {
        organization: observed.organization.clone(),
        owner: desired.owner.clone(),
        steps: Vec::new(),
        unchanged: Vec::new(),
        remarks: Vec::new(),
    };
    let left = |kind: &str, name: &str| {
        format!(
            "{kind} `{name}`: not deployed by `{}`, left alone",
            desired.owner
        )
    };
    for found in &observed.policies {
        let name = found.policy.name.clone().unwrap_or_default();
        let Some(template) = &observed.template else {
            return Err(Error::Refused {
                problems: vec![Problem::NoTemplate { policy: name }],
            });
        };
        let stored = Stored::new(&found.policy, template);
        if stored
            .provenance()
            .is_none_or(|origin| origin.owner != desired.owner)
        {
            plan.remarks.push(left("policy", &name));
            continue;
        }
        plan.steps.push(Step::DeletePolicy {
            policy: name,
            id: found.policy.id.clone(),
            template: template.clone(),
            observed: stored.mark(key),
        });
    }
    for found in &observed.software {
        let name = found.app.display_name.clone().unwrap_or_default();
        let settings = found
            .app
            .settings
            .iter()
            .flatten()
            .find(|settings| is_software_of(settings, &desired.owner));
        match settings.and_then(|settings| Some((settings, settings.package_manager.clone()?))) {
            Some((settings, manager)) if manager != PackageManager::AppleVpp => {
                plan.steps.push(Step::DeleteSoftware {
                    software: name,
                    id: found.app.id.clone(),
                    observed: package_digest(settings, key),
                    manager,
                });
            }
            _ if bound_as(desired, found).next().is_some() => {
                unbind(&mut plan, desired, observed, found);
            }
            _ => plan.remarks.push(left("software", &name)),
        }
    }
    Ok(plan)
}

/// The desired software that a software app is and that is bound only, never created.
fn bound_as<'a>(
    desired: &'a Desired,
    found: &'a ObservedSoftware,
) -> impl Iterator<Item = &'a DesiredSoftware> {
    let all = desired.software.iter();
    all.filter(|wanted| {
        !matches!(wanted.package, Package::Custom { .. }) && wanted.package.is_in(&found.app)
    })
}

/// Unbinds a software app from the device groups that are desired for it.
fn unbind(plan: &mut Plan, desired: &Desired, observed: &Observed, found: &ObservedSoftware) {
    let mut others = found.groups.clone();
    for wanted in bound_as(desired, found) {
        let named = wanted.device_groups.iter();
        for group_id in named.filter_map(|name| observed.groups.get(name)) {
            if others.remove(group_id) {
                plan.steps.push(Step::UnbindSoftware {
                    software: wanted.display_name.clone(),
                    id: found.app.id.clone(),
                    group_id: group_id.clone(),
                });
            }
        }
    }
    let name = found.app.display_name.as_deref().unwrap_or_default();
    plan.unchanged.push(format!(
        "software `{name}`: not created by the deployment, stays in JumpCloud"
    ));
    plan.remarks.extend(others.iter().map(|group_id| {
        format!("software `{name}`: also bound to device group {group_id}, left alone")
    }));
}

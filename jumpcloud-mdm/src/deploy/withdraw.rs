//! Takes everything of an owner off again. The rule: what another made is left alone and remarked.

use super::{
    Desired, DigestKey, Observed, Plan, Problem, Step, package::package_digest,
    provenance::is_software_of, stored::Stored,
};
use crate::Error;

/// The plan that deletes the policies and software of `desired` that its owner deployed. Only names, packages and the
/// owner of `desired` count, so profiles may be without bytes. Certificates that were issued stay valid until they
/// end or are revoked; the profile's removal takes the identity off the Mac.
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
            Some((settings, manager)) => plan.steps.push(Step::DeleteSoftware {
                software: name,
                id: found.app.id.clone(),
                observed: package_digest(settings, key),
                manager,
            }),
            None => plan.remarks.push(left("software", &name)),
        }
    }
    Ok(plan)
}

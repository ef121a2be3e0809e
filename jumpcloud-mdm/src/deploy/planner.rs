//! Compares what is desired with what is there. Pure: the same input gives the same plan, and all problems come at
//! once.

use std::collections::BTreeSet;

use mobileconfig::Profile;

use super::{
    Change, Desired, DesiredProfile, DesiredSoftware, DigestKey, Observed, ObservedPolicy,
    ObservedSoftware, Package, Plan, Provenance, Step, Template,
    package::{check_package_url, package_digest},
    provenance::is_software_of,
    stored::Stored,
};
use crate::Error;

/// The changes that make what is `observed` what is `desired`; none when it is already.
///
/// The profile is compared decoded, by meaning. A difference in the notes alone is no reason for a change: a PUT would
/// cost every Mac a new certificate.
///
/// # Errors
/// [`Error::Refused`] with every problem at once: an unknown device group, a profile that is none, a policy of that
/// name that another made. [`Error::OlderGeneration`] when a policy carries a newer generation than is desired.
pub fn plan(desired: &Desired, observed: &Observed, key: &DigestKey) -> Result<Plan, Error> {
    let mut planner = Planner {
        desired,
        observed,
        key,
        plan: Plan {
            organization: observed.organization.clone(),
            owner: desired.owner.clone(),
            steps: Vec::new(),
            unchanged: Vec::new(),
            remarks: Vec::new(),
        },
        problems: Vec::new(),
        older: None,
    };
    planner.check_names();
    planner.check_rings();
    for profile in &desired.profiles {
        planner.profile(profile);
    }
    for software in &desired.software {
        planner.software(software);
    }
    if let Some(older) = planner.older {
        return Err(older);
    }
    if planner.problems.is_empty() {
        Ok(planner.plan)
    } else {
        Err(Error::Refused {
            problems: planner.problems,
        })
    }
}

struct Planner<'a> {
    desired: &'a Desired,
    observed: &'a Observed,
    key: &'a DigestKey,
    plan: Plan,
    problems: Vec<String>,
    older: Option<Error>,
}

impl<'a> Planner<'a> {
    fn problem(&mut self, text: String) {
        self.problems.push(text);
    }

    fn check_names(&mut self) {
        let owner = &self.desired.owner;
        if owner.trim().is_empty() || owner.contains(['\n', '\r']) || owner.trim() != owner {
            self.problem(
                "owner: it must be one line without space around it, such as `device-trust`".into(),
            );
        }
        for (kind, names) in [
            (
                "policy",
                self.desired
                    .profiles
                    .iter()
                    .map(|profile| &profile.policy_name)
                    .collect::<Vec<_>>(),
            ),
            (
                "software",
                self.desired
                    .software
                    .iter()
                    .map(|software| &software.display_name)
                    .collect(),
            ),
        ] {
            let mut seen = BTreeSet::new();
            for name in names {
                if name.trim().is_empty() {
                    self.problem(format!("{kind}: a name is empty"));
                } else if !seen.insert(name) {
                    self.problem(format!(
                        "{kind} `{name}`: desired twice; give each its own name"
                    ));
                }
            }
        }
        for name in self.desired.groups() {
            if !self.observed.groups.contains_key(name) {
                self.problem(format!(
                    "device group `{name}`: there is none of that name; create it in the console or mend the name"
                ));
            }
        }
    }

    /// A Mac in two rings would get the profile twice, and enrol twice.
    fn check_rings(&mut self) {
        for before in &self.observed.before_rings {
            let notes = before.policy.notes.as_deref().unwrap_or_default();
            let ours =
                Provenance::read(notes).is_some_and(|origin| origin.owner == self.desired.owner);
            if ours && !(before.groups.is_empty() && before.systems.is_empty()) {
                self.problem(format!(
                    "policy `{}`: it is from before there were rings, and its Macs would get the profile twice; unbind it \
                     from its device groups, or delete it, in the console",
                    before.policy.name.as_deref().unwrap_or_default()
                ));
            }
        }
        let ringed = self.desired.ringed_groups();
        for (group, ring) in &ringed {
            for (other, other_ring) in ringed.range((*group, *ring)..) {
                if ring == other_ring {
                    continue;
                }
                if group == other {
                    self.problem(format!(
                        "device group `{group}`: it is in the rings `{ring}` and `{other_ring}`; take it out of one"
                    ));
                    continue;
                }
                let members = |name: &str| self.observed.members.get(name);
                let (Some(one), Some(two)) = (members(group), members(other)) else {
                    continue;
                };
                let shared: Vec<&str> = one.intersection(two).map(String::as_str).collect();
                if let Some(first) = shared.first() {
                    self.problem(format!(
                        "device groups `{group}` (ring `{ring}`) and `{other}` (ring `{other_ring}`): {} Macs are in \
                         both, such as {first}; each would get the profile twice, so take them out of one",
                        shared.len()
                    ));
                }
            }
        }
    }

    fn profile(&mut self, desired: &DesiredProfile) {
        let name = &desired.policy_name;
        let profile = match check_profile(&desired.profile) {
            Ok(profile) => profile,
            Err(message) => return self.problem(format!("policy `{name}`: {message}")),
        };
        let Some(template) = &self.observed.template else {
            return self.problem(format!(
                "policy `{name}`: the custom profile template was not observed"
            ));
        };
        let provenance =
            Provenance::new(&self.desired.owner, &profile).generation(desired.generation);
        let redispatch = template
            .redispatch_field
            .as_ref()
            .map(|_| desired.redispatch_on_os_update);
        if redispatch.is_none() && desired.redispatch_on_os_update {
            self.plan.remarks.push(format!(
                "policy `{name}`: the template has no redispatchPolicy, so it is not set"
            ));
        }
        let observed = self
            .observed
            .policies
            .iter()
            .find(|observed| observed.policy.name.as_deref() == Some(name));
        match observed {
            None => self.plan.steps.push(Step::CreatePolicy {
                policy: name.clone(),
                template: template.clone(),
                redispatch,
                profile: self.key.digest(&desired.profile),
                provenance,
            }),
            Some(observed) => self.existing(desired, observed, template, redispatch, provenance),
        }
        self.bind_policy(desired, observed);
    }

    fn existing(
        &mut self,
        desired: &DesiredProfile,
        observed: &ObservedPolicy,
        template: &Template,
        redispatch: Option<bool>,
        mut provenance: Provenance,
    ) {
        let name = &desired.policy_name;
        let other_template = observed
            .policy
            .template
            .as_ref()
            .is_some_and(|stored| stored.id != template.id);
        if other_template {
            return self.problem(format!(
                "policy `{name}`: the policy of that name comes from another template; choose another name"
            ));
        }
        let stored = Stored::new(&observed.policy, template);
        let before = stored.provenance();
        let owned = before
            .as_ref()
            .is_some_and(|before| before.owner == self.desired.owner);
        let generation = before.as_ref().and_then(|before| before.generation);
        // Who names no generation neither raises nor forgets the one that is there.
        provenance.generation = provenance.generation.or(generation);
        let mut changes = Vec::new();
        match stored.same_profile(&desired.profile) {
            Some(true) => {}
            Some(false) => changes.push(Change::Profile),
            None if owned
                && before
                    .as_ref()
                    .is_some_and(|before| before.digest == provenance.digest) =>
            {
                self.plan.remarks.push(format!(
                    "policy `{name}`: the stored profile cannot be read back; its notes say that it is this one, \
                     which does not cover the challenge"
                ));
            }
            None => changes.push(Change::UnreadableProfile),
        }
        match (redispatch, stored.redispatch()) {
            (Some(wanted), Some(stored)) if wanted != stored => changes.push(Change::Redispatch),
            // A server may leave a `false` out; on a policy that another made, absent may as well mean the default.
            (Some(wanted), None) if wanted || !owned => changes.push(Change::Redispatch),
            _ => {}
        }
        let raised = generation.filter(|stored| provenance.generation > Some(*stored));
        let renews = changes
            .iter()
            .any(|change| matches!(change, Change::Profile | Change::UnreadableProfile));
        if let (Some(stored), false) = (raised, renews) {
            return self.problem(format!(
                "policy `{name}`: it carries this very profile as generation {stored}, so generation {} would renew \
                 nothing; build the profile with the new generation",
                provenance.generation.unwrap_or_default()
            ));
        }
        if changes.is_empty() {
            self.plan.unchanged.push(format!("policy `{name}`"));
            return;
        }
        if !owned && !desired.adopt {
            return self.problem(format!(
                "policy `{name}`: a policy of that name exists, was not deployed by `{}` and differs; \
                 choose another name or adopt it",
                self.desired.owner
            ));
        }
        if let (Some(stored), Some(desired)) = (generation, provenance.generation)
            && desired < stored
        {
            self.older.get_or_insert(Error::OlderGeneration {
                policy: name.clone(),
                stored,
                desired,
            });
            return;
        }
        self.plan.steps.push(Step::UpdatePolicy {
            policy: name.clone(),
            id: observed.policy.id.clone(),
            changes,
            template: template.clone(),
            redispatch,
            profile: self.key.digest(&desired.profile),
            provenance,
            observed: stored.mark(self.key),
        });
    }

    fn bind_policy(&mut self, desired: &DesiredProfile, observed: Option<&ObservedPolicy>) {
        let name = &desired.policy_name;
        let id = observed.map(|observed| observed.policy.id.clone());
        let bound = observed.map(|observed| &observed.groups);
        let (add, other) = self.groups(&desired.device_groups, bound);
        for (group, group_id) in add {
            self.plan.steps.push(Step::BindPolicy {
                policy: name.clone(),
                id: id.clone(),
                group,
                group_id,
            });
        }
        let Some(observed) = observed else { return };
        for group_id in other {
            if desired.only_these_groups {
                self.plan.steps.push(Step::UnbindPolicy {
                    policy: name.clone(),
                    id: observed.policy.id.clone(),
                    group_id,
                });
            } else {
                self.plan.remarks.push(format!(
                    "policy `{name}`: also bound to device group {group_id}, left alone"
                ));
            }
        }
        if !observed.systems.is_empty() {
            self.plan.remarks.push(format!(
                "policy `{name}`: also bound directly to systems ({}), left alone",
                observed.systems.len()
            ));
        }
    }

    /// Device groups to bind (name, id) and ids of others that are bound.
    fn groups(
        &self,
        desired: &[String],
        bound: Option<&BTreeSet<String>>,
    ) -> (Vec<(String, String)>, Vec<String>) {
        let mut wanted: Vec<(String, String)> = Vec::new();
        for name in desired {
            if let Some(id) = self.observed.groups.get(name)
                && !wanted.iter().any(|(_, known)| known == id)
            {
                wanted.push((name.clone(), id.clone()));
            }
        }
        let bound = bound.cloned().unwrap_or_default();
        let other = bound
            .iter()
            .filter(|id| !wanted.iter().any(|(_, known)| known == *id))
            .cloned()
            .collect();
        wanted.retain(|(_, id)| !bound.contains(id));
        (wanted, other)
    }

    fn software(&mut self, desired: &DesiredSoftware) {
        let name = &desired.display_name;
        if let Package::Custom { url, .. } = &desired.package
            && let Err(message) = check_package_url(url)
        {
            return self.problem(format!("software `{name}`: {message}"));
        }
        let found: Vec<&ObservedSoftware> = self
            .observed
            .software
            .iter()
            .filter(|observed| match desired.package {
                Package::Custom { .. } => observed.app.display_name.as_deref() == Some(name),
                Package::Vpp { .. } => desired.package.is_in(&observed.app),
            })
            .collect();
        let observed = match (found.as_slice(), &desired.package) {
            ([one], _) => Some(*one),
            ([], Package::Custom { .. }) => None,
            ([], Package::Vpp { id }) => {
                return self.problem(format!(
                    "software `{name}`: App Store app {id} is not in JumpCloud; assign it in Apple Business Manager \
                     and synchronise"
                ));
            }
            (several, _) => {
                let ids: Vec<&str> = several.iter().map(|one| one.app.id.as_str()).collect();
                return self.problem(format!(
                    "software `{name}`: there are several of that name ({}); rename all but one",
                    ids.join(", ")
                ));
            }
        };
        match observed {
            None => self.plan.steps.push(Step::CreateSoftware {
                software: name.clone(),
                package: desired.package.mark(self.key),
            }),
            Some(observed) => self.existing_software(desired, observed),
        }
        self.bind_software(desired, observed);
    }

    fn existing_software(&mut self, desired: &DesiredSoftware, observed: &'a ObservedSoftware) {
        let name = &desired.display_name;
        let Some(settings) = observed.app.package(&desired.package.manager()) else {
            return self.problem(format!(
                "software `{name}`: the software app of that name is no {}; choose another name",
                desired.package.manager()
            ));
        };
        if desired.package.matches(settings) {
            self.plan.unchanged.push(format!("software `{name}`"));
            return;
        }
        let owned = is_software_of(settings, &self.desired.owner);
        if !owned && !desired.adopt {
            return self.problem(format!(
                "software `{name}`: a software app of that name exists, was not deployed by `{}` and differs; \
                 choose another name or adopt it",
                self.desired.owner
            ));
        }
        self.plan.steps.push(Step::UpdateSoftware {
            software: name.clone(),
            id: observed.app.id.clone(),
            package: desired.package.mark(self.key),
            observed: package_digest(settings, self.key),
        });
    }

    fn bind_software(&mut self, desired: &DesiredSoftware, observed: Option<&ObservedSoftware>) {
        let name = &desired.display_name;
        let id = observed.map(|observed| observed.app.id.clone());
        let bound = observed.map(|observed| &observed.groups);
        let (add, other) = self.groups(&desired.device_groups, bound);
        for (group, group_id) in add {
            self.plan.steps.push(Step::BindSoftware {
                software: name.clone(),
                id: id.clone(),
                group,
                group_id,
            });
        }
        for group_id in other {
            match &id {
                Some(id) if desired.only_these_groups => {
                    self.plan.steps.push(Step::UnbindSoftware {
                        software: name.clone(),
                        id: id.clone(),
                        group_id,
                    });
                }
                _ => self.plan.remarks.push(format!(
                    "software `{name}`: also bound to device group {group_id}, left alone"
                )),
            }
        }
    }
}

fn check_profile(xml: &[u8]) -> Result<Profile, String> {
    if xml.is_empty() {
        return Err("its profile has no bytes; serde does not carry them, give them again".into());
    }
    if xml
        .trim_ascii_start()
        .first()
        .is_none_or(|byte| *byte != b'<' && *byte != 0xEF)
    {
        return Err("its profile is not plain XML; give it unsigned, JumpCloud signs it".into());
    }
    Profile::from_bytes(xml).map_err(|error| format!("its profile cannot be read: {error}"))
}

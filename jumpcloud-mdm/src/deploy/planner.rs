//! Compares what is desired with what is there. Pure: the same input gives the same plan, and all problems come at
//! once.

use std::collections::BTreeSet;

use mobileconfig::Profile;

use super::{
    Change, Desired, DesiredProfile, DesiredSoftware, DigestKey, Named, Observed, ObservedPolicy,
    ObservedSoftware, Package, Plan, Problem, ProfileFlaw, Provenance, Step, Template,
    package::{is_package_url, package_digest},
    provenance::is_software_of,
    stored::Stored,
    twins,
};
use crate::{Error, PackageStatus};

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
    problems: Vec<Problem>,
    older: Option<Error>,
}

impl<'a> Planner<'a> {
    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    fn check_names(&mut self) {
        let owner = &self.desired.owner;
        if owner.trim().is_empty() || owner.contains(['\n', '\r']) || owner.trim() != owner {
            self.problem(Problem::Owner {
                owner: owner.clone(),
            });
        }
        let policies = self.desired.profiles.iter();
        let policies = policies.map(|one| Named::Policy(one.policy_name.clone()));
        let software = self.desired.software.iter();
        let software = software.map(|one| Named::Software(one.display_name.clone()));
        for named in [policies.collect::<Vec<_>>(), software.collect()] {
            let mut seen = BTreeSet::new();
            for named in named {
                let (Named::Policy(name) | Named::Software(name)) = &named else {
                    continue;
                };
                if name.trim().is_empty() {
                    self.problem(Problem::NoName { named });
                } else if !seen.insert(name.clone()) {
                    self.problem(Problem::Twice { named });
                }
            }
        }
        for name in self.desired.groups() {
            if !self.observed.groups.contains_key(name) {
                let named = Named::DeviceGroup(name.to_owned());
                self.problem(Problem::Absent { named });
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
                let policy = before.policy.name.clone().unwrap_or_default();
                self.problem(Problem::BoundBeforeRings { policy });
            }
        }
        let ringed = self.desired.ringed_groups();
        for (group, ring) in &ringed {
            for (other, other_ring) in ringed.range((*group, *ring)..) {
                if ring == other_ring {
                    continue;
                }
                if group == other {
                    self.problem(Problem::GroupInTwoRings {
                        group: (*group).to_owned(),
                        rings: [ring, other_ring].map(|ring| (*ring).to_owned()),
                    });
                    continue;
                }
                let members = |name: &str| self.observed.members.get(name);
                let (Some(one), Some(two)) = (members(group), members(other)) else {
                    continue;
                };
                let shared: Vec<&str> = one.intersection(two).map(String::as_str).collect();
                if let Some(first) = shared.first() {
                    self.problem(Problem::MacsInTwoRings {
                        groups: [group, other].map(|group| (*group).to_owned()),
                        rings: [ring, other_ring].map(|ring| (*ring).to_owned()),
                        macs: shared.len(),
                        such_as: (*first).to_owned(),
                    });
                }
            }
        }
    }

    fn profile(&mut self, desired: &DesiredProfile) {
        let name = &desired.policy_name;
        let profile = match check_profile(&desired.profile) {
            Ok(profile) => profile,
            Err(flaw) => {
                return self.problem(Problem::Profile {
                    policy: name.clone(),
                    flaw,
                });
            }
        };
        let Some(template) = &self.observed.template else {
            return self.problem(Problem::NoTemplate {
                policy: name.clone(),
            });
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
            return self.problem(Problem::OtherTemplate {
                policy: name.clone(),
            });
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
            return self.problem(Problem::SameProfile {
                policy: name.clone(),
                stored,
                desired: provenance.generation.unwrap_or_default(),
            });
        }
        if changes.is_empty() {
            self.plan.unchanged.push(format!("policy `{name}`"));
            return;
        }
        if !owned && !desired.adopt {
            return self.problem(Problem::Foreign {
                named: Named::Policy(name.clone()),
                owner: self.desired.owner.clone(),
            });
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
            && !is_package_url(url)
        {
            return self.problem(Problem::PackageUrl {
                software: name.clone(),
            });
        }
        let mut found: Vec<&ObservedSoftware> = self
            .observed
            .software
            .iter()
            .filter(|observed| match desired.package {
                Package::Custom { .. } => observed.app.display_name.as_deref() == Some(name),
                Package::Vpp { .. } => desired.package.is_in(&observed.app),
                Package::Stored { .. } => {
                    observed.app.display_name.as_deref() == Some(name)
                        && desired.package.is_in(&observed.app)
                }
            })
            .collect();
        let twins = twins::apart(&mut found, desired, self.desired, self.key);
        let observed = match (found.as_slice(), &desired.package) {
            ([one], _) => Some(*one),
            ([], Package::Custom { .. }) => None,
            ([], Package::Vpp { id }) => {
                return self.problem(Problem::NotInAppStore {
                    software: name.clone(),
                    id: id.clone(),
                });
            }
            ([], Package::Stored { sha256 }) => {
                return self.problem(Problem::NotStored {
                    software: name.clone(),
                    sha256: sha256.clone(),
                });
            }
            (several, _) => {
                return self.problem(Problem::Several {
                    software: name.clone(),
                    ids: several.iter().map(|one| one.app.id.clone()).collect(),
                });
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
        self.plan.steps.extend(twins);
    }

    fn existing_software(&mut self, desired: &DesiredSoftware, observed: &'a ObservedSoftware) {
        let name = &desired.display_name;
        let Some(settings) = observed.app.package(&desired.package.manager()) else {
            return self.problem(Problem::OtherManager {
                software: name.clone(),
                manager: desired.package.manager(),
            });
        };
        let status = settings
            .stored_version()
            .and_then(|version| version.status.clone());
        if matches!(desired.package, Package::Stored { .. })
            && status != Some(PackageStatus::Available)
        {
            return self.problem(Problem::NotAvailable {
                software: name.clone(),
                status,
            });
        }
        if desired.package.matches(settings) {
            self.plan.unchanged.push(format!("software `{name}`"));
            return;
        }
        let owned = is_software_of(settings, &self.desired.owner);
        if !owned && !desired.adopt {
            return self.problem(Problem::Foreign {
                named: Named::Software(name.clone()),
                owner: self.desired.owner.clone(),
            });
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

fn check_profile(xml: &[u8]) -> Result<Profile, ProfileFlaw> {
    if xml.is_empty() {
        return Err(ProfileFlaw::Empty);
    }
    let first = xml.trim_ascii_start().first();
    if first.is_none_or(|byte| *byte != b'<' && *byte != 0xEF) {
        return Err(ProfileFlaw::NotXml);
    }
    Profile::from_bytes(xml).map_err(|error| ProfileFlaw::Unreadable {
        reason: error.to_string(),
    })
}

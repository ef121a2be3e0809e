//! The way back: from an undo record and the world as it is now to a plan. Pure; an object that is neither what the plan
//! made of it nor what it was before is a problem, never overwritten.

use secrecy::ExposeSecret;

use super::{
    DigestKey, Observed, ObservedSoftware, PackageMark, Plan, Problem, Provenance, RestoreLack,
    Step, Template, Undo, UndoRecord,
    package::package_digest,
    provenance::is_software_of,
    stored::Stored,
    undo::{package_in, policy_of},
};
use crate::{Error, PackageManager, SoftwareSettings};

impl UndoRecord {
    /// The plan that restores what was there before, for what is `observed` now. What was never done, or undone
    /// already, is not planned: a run that was cut off is simply repeated.
    ///
    /// # Errors
    /// [`Error::Refused`] with every problem at once: an object changed since, or bytes that are needed and not given.
    pub fn plan(&self, observed: &Observed, key: &DigestKey) -> Result<Plan, Error> {
        let mut back = Back {
            record: self,
            observed,
            key,
            steps: Vec::new(),
            unchanged: Vec::new(),
            problems: Vec::new(),
        };
        if self.organization != observed.organization {
            back.problems.push(Problem::OtherOrganization);
        }
        for entry in self.entries.iter().rev() {
            back.entry(entry);
        }
        if !back.problems.is_empty() {
            return Err(Error::Refused {
                problems: back.problems,
            });
        }
        Ok(Plan {
            organization: observed.organization.clone(),
            owner: self.owner.clone(),
            steps: back.steps,
            unchanged: back.unchanged,
            remarks: Vec::new(),
        })
    }
}

/// The way back, under way.
struct Back<'a> {
    record: &'a UndoRecord,
    observed: &'a Observed,
    key: &'a DigestKey,
    steps: Vec<Step>,
    unchanged: Vec<String>,
    problems: Vec<Problem>,
}

impl<'a> Back<'a> {
    fn changed(&mut self, object: &str) {
        let object = object.to_owned();
        self.problems.push(Problem::Changed { object });
    }

    fn not_restorable(&mut self, object: String, lack: RestoreLack) {
        self.problems.push(Problem::NotRestorable { object, lack });
    }

    fn is_created(&self, policy: &str) -> bool {
        self.record.entries.iter().any(
            |entry| matches!(entry, Undo::PolicyCreated { policy: created, .. } if created == policy),
        )
    }

    fn entry(&mut self, entry: &Undo) {
        match entry {
            Undo::PolicyCreated {
                policy,
                template,
                provenance,
            } => self.created(policy, template, provenance),
            Undo::PolicyUpdated { .. } => self.updated(entry),
            Undo::PolicyBound { policy, group_id } => self.policy_edge(policy, group_id, false),
            Undo::PolicyUnbound { policy, group_id } => self.policy_edge(policy, group_id, true),
            Undo::SoftwareCreated { software, package } => {
                self.software_created(software, package);
            }
            Undo::SoftwareUpdated {
                software,
                id,
                package,
                before,
            } => self.software_updated(software, id, package, before),
            Undo::SoftwareBound {
                software,
                id,
                manager,
                group_id,
            } => {
                let found = match id {
                    Some(id) => self.software_of_id(software, id),
                    None => self.software_made_by_another(software, manager.as_ref()),
                };
                self.software_edge(software, found, group_id, false);
            }
            Undo::SoftwareUnbound {
                software,
                id,
                group_id,
                ..
            } => {
                let found = self.software_of_id(software, id);
                self.software_edge(software, found, group_id, true);
            }
        }
    }

    fn created(&mut self, policy: &str, template: &Template, provenance: &Provenance) {
        let Some(found) = policy_of(self.observed, policy) else {
            return self.unchanged.push(format!("policy `{policy}`: not there"));
        };
        let stored = Stored::new(&found.policy, template);
        if !stored.is_of(provenance) {
            return self.changed(&format!("policy `{policy}`"));
        }
        self.steps.push(Step::DeletePolicy {
            policy: policy.to_owned(),
            id: found.policy.id.clone(),
            template: template.clone(),
            observed: stored.mark(self.key),
        });
    }

    fn updated(&mut self, entry: &Undo) {
        let Undo::PolicyUpdated {
            policy,
            id,
            template,
            provenance,
            profile,
            redispatch,
            notes,
            before,
        } = entry
        else {
            return;
        };
        let object = format!("policy `{policy}`");
        let found = policy_of(self.observed, policy).filter(|found| found.policy.id == *id);
        let Some(found) = found else {
            return self.changed(&object);
        };
        let stored = Stored::new(&found.policy, template);
        let mark = stored.mark(self.key);
        if before.differences(&mark).is_empty() {
            return self.unchanged.push(object);
        }
        if !stored.is_of(provenance) {
            return self.changed(&object);
        }
        let bytes = self.record.profiles.get(policy);
        match (profile, bytes) {
            (Some(digest), Some(bytes)) if self.key.matches(digest, bytes.expose_secret()) => {
                self.steps.push(Step::RestorePolicy {
                    policy: policy.clone(),
                    id: id.clone(),
                    template: template.clone(),
                    redispatch: *redispatch,
                    profile: digest.clone(),
                    notes: notes.clone(),
                    observed: mark,
                });
            }
            (None, _) => self.not_restorable(object, RestoreLack::NeverRead),
            (Some(_), None) => self.not_restorable(object, RestoreLack::Profile),
            (Some(_), Some(_)) => self.not_restorable(object, RestoreLack::OtherProfile),
        }
    }

    fn policy_edge(&mut self, policy: &str, group_id: &str, wanted: bool) {
        if self.is_created(policy) {
            return;
        }
        let Some(found) = policy_of(self.observed, policy) else {
            return self.unchanged.push(format!(
                "policy `{policy}`: not there by this name, so its groups stay as they are"
            ));
        };
        if found.groups.contains(group_id) == wanted {
            return;
        }
        let (policy, id) = (policy.to_owned(), found.policy.id.clone());
        let group_id = group_id.to_owned();
        self.steps.push(if wanted {
            Step::BindPolicy {
                policy,
                id: Some(id),
                group: group_id.clone(),
                group_id,
            }
        } else {
            Step::UnbindPolicy {
                policy,
                id,
                group_id,
            }
        });
    }

    /// The software app that was there when the plan was made; a deleted one has taken its bindings along.
    fn software_of_id(&mut self, software: &str, id: &str) -> Option<&'a ObservedSoftware> {
        let found = observed_software(self.observed, id);
        if found.is_none() {
            self.unchanged.push(format!(
                "software `{software}`: the software app {id} is not there any more"
            ));
        }
        found
    }

    /// The software apps of a name and package manager, and whether the plan's owner deployed each.
    fn software_named<'s>(
        &self,
        software: &'s str,
        manager: Option<&'s PackageManager>,
    ) -> impl Iterator<Item = (&'a ObservedSoftware, &'a SoftwareSettings, bool)> + use<'a, 's>
    {
        let owner = &self.record.owner;
        let named = self.observed.software.iter();
        named
            .filter(move |found| found.app.display_name.as_deref() == Some(software))
            .filter_map(move |found| Some((found, found.app.package(manager?)?)))
            .map(move |(found, settings)| (found, settings, is_software_of(settings, owner)))
    }

    /// The software app that the plan was to create and found made by another: it stays, and its bindings are undone.
    fn software_made_by_another(
        &self,
        software: &str,
        manager: Option<&PackageManager>,
    ) -> Option<&'a ObservedSoftware> {
        let all: Vec<_> = self.software_named(software, manager).collect();
        match all.as_slice() {
            [(found, _, false)] => Some(found),
            _ => None,
        }
    }

    fn software_created(&mut self, software: &str, package: &PackageMark) {
        let object = format!("software `{software}`");
        let named: Vec<_> = self
            .software_named(software, Some(&package.manager))
            .collect();
        if named.is_empty() {
            self.unchanged.push(format!("{object}: not there"));
        }
        for (found, settings, ours) in named {
            let now = package_in(settings).map(|now| now.mark(self.key));
            if !ours {
                self.unchanged.push(format!(
                    "{object}: not deployed by `{}`, left alone",
                    self.record.owner
                ));
            } else if now.as_ref() == Some(package) {
                self.steps.push(Step::DeleteSoftware {
                    software: software.to_owned(),
                    id: found.app.id.clone(),
                    manager: package.manager.clone(),
                    observed: package_digest(settings, self.key),
                });
            } else {
                self.changed(&object);
            }
        }
    }

    fn software_updated(
        &mut self,
        software: &str,
        id: &str,
        after: &PackageMark,
        before: &PackageMark,
    ) {
        let object = format!("software `{software}`");
        let settings = observed_software(self.observed, id)
            .and_then(|found| found.app.package(&after.manager));
        let now = settings
            .and_then(package_in)
            .map(|package| package.mark(self.key));
        let given = self.record.packages.get(software);
        match (settings, now) {
            (_, Some(now)) if now == *before && before == after => self.unchanged.push(format!(
                "{object}: its package was the same before; that it was not to be installed is not restored"
            )),
            (_, Some(now)) if now == *before => self.unchanged.push(object),
            (Some(settings), Some(now)) if now == *after => {
                if given.is_some_and(|package| package.mark(self.key) == *before) {
                    let step = Step::UpdateSoftware {
                        software: software.to_owned(),
                        id: id.to_owned(),
                        package: before.clone(),
                        observed: package_digest(settings, self.key),
                    };
                    self.steps.push(step);
                } else {
                    self.not_restorable(object, RestoreLack::Package);
                }
            }
            _ => self.changed(&object),
        }
    }

    /// The binding of a software app. One that the plan created takes its bindings along when it is deleted.
    fn software_edge(
        &mut self,
        software: &str,
        found: Option<&ObservedSoftware>,
        group_id: &str,
        wanted: bool,
    ) {
        let Some(found) = found else { return };
        if found.groups.contains(group_id) == wanted {
            return;
        }
        let (software, id) = (software.to_owned(), found.app.id.clone());
        let group_id = group_id.to_owned();
        self.steps.push(if wanted {
            Step::BindSoftware {
                software,
                id: Some(id),
                group: group_id.clone(),
                group_id,
            }
        } else {
            Step::UnbindSoftware {
                software,
                id,
                group_id,
            }
        });
    }
}

fn observed_software<'a>(observed: &'a Observed, id: &str) -> Option<&'a ObservedSoftware> {
    observed.software.iter().find(|found| found.app.id == id)
}

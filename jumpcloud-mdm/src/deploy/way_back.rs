//! The way back: from an undo record and the world as it is now to a plan. Pure; an object that is neither what the plan
//! made of it nor what it was before is a problem, never overwritten.

use secrecy::ExposeSecret;

use super::{
    DigestKey, Observed, PackageMark, Plan, Problem, Provenance, RestoreLack, Step, Template, Undo,
    UndoRecord,
    package::package_digest,
    stored::Stored,
    undo::{package_in, policy_of},
};
use crate::Error;

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

impl Back<'_> {
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

    fn is_software_created(&self, software: &str) -> bool {
        self.record.entries.iter().any(
            |entry| matches!(entry, Undo::SoftwareCreated { software: created, .. } if created == software),
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
                package,
                before,
            } => self.software_updated(software, package, before),
            Undo::SoftwareBound { software, group_id } => {
                self.software_edge(software, group_id, false);
            }
            Undo::SoftwareUnbound { software, group_id } => {
                self.software_edge(software, group_id, true);
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
            return;
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

    fn software_found(&self, software: &str) -> Option<&super::ObservedSoftware> {
        self.observed
            .software
            .iter()
            .find(|found| found.app.display_name.as_deref() == Some(software))
    }

    fn software_created(&mut self, software: &str, package: &PackageMark) {
        let Some(found) = self.software_found(software) else {
            return self
                .unchanged
                .push(format!("software `{software}`: not there"));
        };
        let id = found.app.id.clone();
        let settings = found.app.package(&package.manager);
        let same = settings
            .and_then(package_in)
            .is_some_and(|now| now.mark(self.key) == *package);
        match settings {
            Some(settings) if same => {
                let observed = package_digest(settings, self.key);
                self.steps.push(Step::DeleteSoftware {
                    software: software.to_owned(),
                    id,
                    manager: package.manager.clone(),
                    observed,
                });
            }
            _ => self.changed(&format!("software `{software}`")),
        }
    }

    fn software_updated(&mut self, software: &str, after: &PackageMark, before: &PackageMark) {
        let object = format!("software `{software}`");
        let found = self.software_found(software);
        let settings = found.and_then(|found| found.app.package(&after.manager));
        let now = settings
            .and_then(package_in)
            .map(|package| package.mark(self.key));
        let given = self.record.packages.get(software);
        match (found, settings, now) {
            (_, _, Some(now)) if now == *before => self.unchanged.push(object),
            (Some(found), Some(settings), Some(now)) if now == *after => {
                if given.is_some_and(|package| package.mark(self.key) == *before) {
                    let step = Step::UpdateSoftware {
                        software: software.to_owned(),
                        id: found.app.id.clone(),
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

    fn software_edge(&mut self, software: &str, group_id: &str, wanted: bool) {
        if self.is_software_created(software) {
            return;
        }
        let Some(found) = self.software_found(software) else {
            return self.unchanged.push(format!(
                "software `{software}`: not there by this name, so its groups stay as they are"
            ));
        };
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

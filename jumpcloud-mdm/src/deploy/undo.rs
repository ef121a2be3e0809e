//! How to undo a plan, put away before its first write. The rules: the record holds no secret, and what changed since
//! is never overwritten.
//!
//! A profile that was replaced is kept in memory only. A record that was read back from a file must be given the bytes
//! again; they are told by their keyed digest. The same goes for a package's URL, which can carry a signature.

use std::{collections::BTreeMap, fmt};

use secrecy::{ExposeSecret, SecretSlice};
use serde::{Deserialize, Serialize};

use super::{
    Desired, DesiredProfile, DesiredSoftware, DigestKey, KeyedDigest, Observed, Package,
    PackageMark, Plan, PolicyMark, Provenance, Step, Template, stored::Stored,
};
use crate::{PackageManager, SoftwareSettings};

/// How to undo a plan. Serialise it before the plan is applied, as
/// [`apply_recorded`](super::apply_recorded) does; `Debug` and serde show no profile and no URL.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UndoRecord {
    /// The organisation's id; `None` when the key may not read it.
    pub organization: Option<String>,
    /// Who deployed.
    pub owner: String,
    /// One entry for each step, in the plan's order.
    pub entries: Vec<Undo>,
    #[serde(skip)]
    pub(super) profiles: BTreeMap<String, SecretSlice<u8>>,
    #[serde(skip)]
    pub(super) packages: BTreeMap<String, Package>,
}

/// What one step changes, and what was there before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "undo", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Undo {
    /// A policy is created. Its id is not known yet: it is told by name and origin.
    PolicyCreated {
        /// The policy's name.
        policy: String,
        /// The template.
        template: Template,
        /// What its notes say.
        provenance: Provenance,
    },
    /// A policy is set to something else.
    PolicyUpdated {
        /// The policy's name.
        policy: String,
        /// The policy's id.
        id: String,
        /// The template.
        template: Template,
        /// What its notes say after the update.
        provenance: Provenance,
        /// The digest of the profile before; `None` when it could not be read.
        profile: Option<KeyedDigest>,
        /// The re-apply switch before.
        redispatch: Option<bool>,
        /// The notes before.
        notes: String,
        /// What the policy was before.
        before: PolicyMark,
    },
    /// A policy is bound to a device group.
    PolicyBound {
        /// The policy's name.
        policy: String,
        /// The device group's id.
        group_id: String,
    },
    /// A policy is unbound from a device group.
    PolicyUnbound {
        /// The policy's name.
        policy: String,
        /// The device group's id.
        group_id: String,
    },
    /// A software app is created. Its id is not known yet: it is told by name, package and origin.
    SoftwareCreated {
        /// The display name.
        software: String,
        /// The package.
        package: PackageMark,
    },
    /// The package of a software app is changed.
    SoftwareUpdated {
        /// The display name.
        software: String,
        /// The software app's id.
        id: String,
        /// The package after the change.
        package: PackageMark,
        /// The package before.
        before: PackageMark,
    },
    /// A software app is bound to a device group.
    SoftwareBound {
        /// The display name. It may be another than the app's own, as for one of the App Store.
        software: String,
        /// The software app's id; `None` when the same plan creates it.
        id: Option<String>,
        /// Where the app comes from; `None` where it does not say.
        manager: Option<PackageManager>,
        /// The device group's id.
        group_id: String,
    },
    /// A software app is unbound from a device group.
    SoftwareUnbound {
        /// The display name. It may be another than the app's own, as for one of the App Store.
        software: String,
        /// The software app's id.
        id: String,
        /// Where the app comes from; `None` where it does not say.
        manager: Option<PackageManager>,
        /// The device group's id.
        group_id: String,
    },
}

impl UndoRecord {
    /// The record of `plan`, which was made of `observed`. Deletions cannot be undone: they are not in it.
    pub fn of(plan: &Plan, observed: &Observed, key: &DigestKey) -> Self {
        let mut record = Self {
            organization: plan.organization.clone(),
            owner: plan.owner.clone(),
            entries: Vec::new(),
            profiles: BTreeMap::new(),
            packages: BTreeMap::new(),
        };
        for step in &plan.steps {
            let entry = record.entry(step, observed, key);
            record.entries.extend(entry);
        }
        record
    }

    /// Gives the bytes of a profile that was replaced, to a record that was read back.
    #[must_use]
    pub fn profile(mut self, policy: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes: Vec<u8> = bytes.into();
        self.profiles.insert(policy.into(), bytes.into());
        self
    }

    /// Gives the package that was replaced, to a record that was read back.
    #[must_use]
    pub fn package(mut self, software: impl Into<String>, package: Package) -> Self {
        self.packages.insert(software.into(), package);
        self
    }

    /// What was there before of what was changed: give it to [`observe`](super::observe), and to
    /// [`apply`](super::apply) with the [`plan`](Self::plan).
    pub fn desired(&self) -> Desired {
        let mut desired = Desired::new(&self.owner);
        for entry in &self.entries {
            match entry {
                Undo::PolicyCreated { policy, .. }
                | Undo::PolicyUpdated { policy, .. }
                | Undo::PolicyBound { policy, .. }
                | Undo::PolicyUnbound { policy, .. } => {
                    if desired.profile_named(policy).is_none() {
                        let bytes = self.profiles.get(policy).map(ExposeSecret::expose_secret);
                        let bytes = bytes.unwrap_or_default();
                        desired = desired.profile(DesiredProfile::new(policy, bytes));
                    }
                }
                Undo::SoftwareCreated { software, .. } => {
                    desired = self.with_software(desired, software, None);
                }
                Undo::SoftwareBound { software, id, .. } => {
                    desired = self.with_software(desired, software, id.as_ref());
                }
                Undo::SoftwareUpdated { software, id, .. }
                | Undo::SoftwareUnbound { software, id, .. } => {
                    desired = self.with_software(desired, software, Some(id));
                }
            }
        }
        desired
    }

    /// With a software app, to be looked up by its id, and by its name where the plan was to create it.
    fn with_software(&self, desired: Desired, software: &str, id: Option<&String>) -> Desired {
        if desired.software_named(software).is_some() {
            return desired;
        }
        let package = self.packages.get(software).cloned();
        let package = package.unwrap_or_else(|| Package::custom("", ""));
        desired.software(DesiredSoftware::new(software, package).of_app(id.cloned()))
    }

    /// Where the app of a binding comes from: an earlier step of the plan creates it, or it was there.
    fn manager(
        &self,
        software: &str,
        id: Option<&String>,
        observed: &Observed,
    ) -> Option<PackageManager> {
        let Some(id) = id else {
            return self.entries.iter().find_map(|entry| match entry {
                Undo::SoftwareCreated {
                    software: created,
                    package,
                } if created == software => Some(package.manager.clone()),
                _ => None,
            });
        };
        let found = observed.software.iter().find(|found| found.app.id == *id)?;
        let settings = found.app.settings.as_deref()?.first()?;
        settings.package_manager.clone()
    }

    fn entry(&mut self, step: &Step, observed: &Observed, key: &DigestKey) -> Option<Undo> {
        Some(match step {
            Step::CreatePolicy {
                policy,
                template,
                provenance,
                ..
            } => Undo::PolicyCreated {
                policy: policy.clone(),
                template: template.clone(),
                provenance: provenance.clone(),
            },
            Step::UpdatePolicy {
                policy,
                id,
                template,
                provenance,
                observed: before,
                ..
            } => {
                let found = policy_of(observed, policy)?;
                let stored = Stored::new(&found.policy, template);
                let bytes = stored.profile();
                let profile = bytes.as_deref().map(|bytes| key.digest(bytes));
                if let Some(bytes) = bytes {
                    self.profiles.insert(policy.clone(), bytes.into());
                }
                Undo::PolicyUpdated {
                    policy: policy.clone(),
                    id: id.clone(),
                    template: template.clone(),
                    provenance: provenance.clone(),
                    profile,
                    redispatch: stored.redispatch(),
                    notes: found.policy.notes.clone().unwrap_or_default(),
                    before: before.clone(),
                }
            }
            Step::BindPolicy {
                policy, group_id, ..
            } => Undo::PolicyBound {
                policy: policy.clone(),
                group_id: group_id.clone(),
            },
            Step::UnbindPolicy {
                policy, group_id, ..
            } => Undo::PolicyUnbound {
                policy: policy.clone(),
                group_id: group_id.clone(),
            },
            Step::CreateSoftware { software, package } => Undo::SoftwareCreated {
                software: software.clone(),
                package: package.clone(),
            },
            Step::UpdateSoftware {
                software,
                id,
                package,
                ..
            } => {
                let found = observed.software.iter().find(|found| found.app.id == *id)?;
                let before = package_in(found.app.package(&package.manager)?)?;
                let mark = before.mark(key);
                self.packages.insert(software.clone(), before);
                Undo::SoftwareUpdated {
                    software: software.clone(),
                    id: id.clone(),
                    package: package.clone(),
                    before: mark,
                }
            }
            Step::BindSoftware {
                software,
                id,
                group_id,
                ..
            } => Undo::SoftwareBound {
                software: software.clone(),
                id: id.clone(),
                manager: self.manager(software, id.as_ref(), observed),
                group_id: group_id.clone(),
            },
            Step::UnbindSoftware {
                software,
                id,
                group_id,
            } => Undo::SoftwareUnbound {
                software: software.clone(),
                id: id.clone(),
                manager: self.manager(software, Some(id), observed),
                group_id: group_id.clone(),
            },
            Step::RestorePolicy { .. }
            | Step::DeletePolicy { .. }
            | Step::DeleteSoftware { .. }
            | Step::DeleteTwin { .. } => {
                return None;
            }
        })
    }
}

impl fmt::Debug for UndoRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UndoRecord")
            .field("organization", &self.organization)
            .field("owner", &self.owner)
            .field("entries", &self.entries.len())
            .finish_non_exhaustive()
    }
}

pub(super) fn policy_of<'a>(
    observed: &'a Observed,
    name: &str,
) -> Option<&'a super::ObservedPolicy> {
    observed
        .policies
        .iter()
        .find(|found| found.policy.name.as_deref() == Some(name))
}

/// The package that stored settings install.
pub(super) fn package_in(settings: &SoftwareSettings) -> Option<Package> {
    let id = settings.package_id.clone();
    let manager = settings.package_manager.as_ref()?;
    Some(match (&settings.location, settings.stored_version()) {
        _ if *manager == PackageManager::AppleVpp => Package::vpp(id?),
        (Some(url), _) => Package::custom(id?, url),
        (None, version) => Package::stored(version?.sha256sum.clone()?),
    })
}

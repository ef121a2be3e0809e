//! The difference between what is desired and what is there, as a value. The rule: it holds no secret. A profile is
//! referred to by the policy's name and a keyed digest, a URL by its digest.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Desired, DigestKey, KeyedDigest, Provenance, Template};
use crate::{Error, PackageManager};

/// What [`apply`](super::apply) will do. `Display` is for people, serde for machines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Plan {
    /// The organisation's id; `None` when the key may not read it.
    pub organization: Option<String>,
    /// Who deploys.
    pub owner: String,
    /// The changes, in order.
    pub steps: Vec<Step>,
    /// What is already as desired.
    pub unchanged: Vec<String>,
    /// What was noticed and left alone.
    pub remarks: Vec<String>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// Creates a policy from the custom profile template.
    CreatePolicy {
        /// The policy's name.
        policy: String,
        /// The template.
        template: Template,
        /// The re-apply switch, where the template has it.
        redispatch: Option<bool>,
        /// The digest of the profile's bytes.
        profile: KeyedDigest,
        /// What goes into the notes.
        provenance: Provenance,
    },
    /// Sets a policy's values: on each Mac the profile is installed again.
    UpdatePolicy {
        /// The policy's name.
        policy: String,
        /// The policy's id.
        id: String,
        /// Why.
        changes: Vec<Change>,
        /// The template.
        template: Template,
        /// The re-apply switch, where the template has it.
        redispatch: Option<bool>,
        /// The digest of the profile's bytes.
        profile: KeyedDigest,
        /// What goes into the notes.
        provenance: Provenance,
        /// What the policy was when the plan was made.
        observed: PolicyMark,
    },
    /// Binds a policy to a device group.
    BindPolicy {
        /// The policy's name.
        policy: String,
        /// The policy's id; `None` when an earlier step creates it.
        id: Option<String>,
        /// The device group's name.
        group: String,
        /// The device group's id.
        group_id: String,
    },
    /// Unbinds a policy from a device group: the profile leaves its Macs at once.
    UnbindPolicy {
        /// The policy's name.
        policy: String,
        /// The policy's id.
        id: String,
        /// The device group's id.
        group_id: String,
    },
    /// Sets a policy back to what it was: on each Mac the profile is installed again.
    RestorePolicy {
        /// The policy's name.
        policy: String,
        /// The policy's id.
        id: String,
        /// The template.
        template: Template,
        /// The re-apply switch as it was.
        redispatch: Option<bool>,
        /// The digest of the earlier profile's bytes.
        profile: KeyedDigest,
        /// The notes as they were.
        notes: String,
        /// What the policy was when the plan was made.
        observed: PolicyMark,
    },
    /// Deletes a policy: the profile leaves its Macs, and with it the SCEP identity.
    DeletePolicy {
        /// The policy's name.
        policy: String,
        /// The policy's id.
        id: String,
        /// The template.
        template: Template,
        /// What the policy was when the plan was made.
        observed: PolicyMark,
    },
    /// Deletes a software app. What is installed stays on the Macs.
    DeleteSoftware {
        /// The display name.
        software: String,
        /// The software app's id.
        id: String,
        /// The package manager that the digest is of.
        manager: PackageManager,
        /// The digest of the package when the plan was made.
        observed: KeyedDigest,
    },
    /// Deletes a software app that an earlier run made twice, because JumpCloud carried out the first attempt late. It is
    /// refused when the app is bound to anything by then.
    DeleteTwin {
        /// The display name.
        software: String,
        /// The id of the software app to delete.
        id: String,
        /// The id of the one that stays.
        kept: String,
        /// The package manager that the digest is of.
        manager: PackageManager,
        /// The digest of the package when the plan was made.
        observed: KeyedDigest,
    },
    /// Creates a software app.
    CreateSoftware {
        /// The display name.
        software: String,
        /// The package.
        package: PackageMark,
    },
    /// Changes the package of a software app.
    UpdateSoftware {
        /// The display name.
        software: String,
        /// The software app's id.
        id: String,
        /// The package.
        package: PackageMark,
        /// The digest of the package when the plan was made.
        observed: KeyedDigest,
    },
    /// Binds a software app to a device group.
    BindSoftware {
        /// The display name.
        software: String,
        /// The software app's id; `None` when an earlier step creates it.
        id: Option<String>,
        /// The device group's name.
        group: String,
        /// The device group's id.
        group_id: String,
    },
    /// Unbinds a software app from a device group.
    UnbindSoftware {
        /// The display name.
        software: String,
        /// The software app's id.
        id: String,
        /// The device group's id.
        group_id: String,
    },
}

/// Why a policy is updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// The profile means something else.
    Profile,
    /// The stored profile cannot be read back (masked or not base64), and the notes name another digest.
    UnreadableProfile,
    /// The re-apply switch.
    Redispatch,
}

/// What a policy was when the plan was made, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PolicyMark {
    /// The name.
    pub name: String,
    /// The digest of the stored profile value.
    pub profile: KeyedDigest,
    /// The re-apply switch.
    pub redispatch: Option<bool>,
    /// The digest of the notes.
    pub notes: KeyedDigest,
    /// The digest of the values of other fields.
    pub other_values: KeyedDigest,
}

/// A package without its URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PackageMark {
    /// Where it comes from.
    pub manager: PackageManager,
    /// The package's id.
    pub id: String,
    /// The host of the URL, for people.
    pub host: Option<String>,
    /// The digest of the URL.
    pub url: Option<KeyedDigest>,
}

impl PolicyMark {
    /// In what `now` differs.
    pub(crate) fn differences(&self, now: &Self) -> Vec<String> {
        [
            ("the name", self.name != now.name),
            ("the profile", self.profile != now.profile),
            ("redispatchPolicy", self.redispatch != now.redispatch),
            ("the notes", self.notes != now.notes),
            (
                "the values of other fields",
                self.other_values != now.other_values,
            ),
        ]
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(what, _)| what.to_owned())
        .collect()
    }
}

impl Plan {
    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether `desired` is what this plan was made for, judged with the key that it was made with.
    ///
    /// # Errors
    /// [`Error::PlanMismatch`] that names the policy or software.
    pub fn check(&self, desired: &Desired, key: &DigestKey) -> Result<(), Error> {
        let mismatch = |message: String| Err(Error::PlanMismatch { message });
        if self.owner != desired.owner {
            return mismatch(format!(
                "it was made for owner `{}`, not `{}`",
                self.owner, desired.owner
            ));
        }
        for step in &self.steps {
            match step {
                Step::CreatePolicy {
                    policy, profile, ..
                }
                | Step::UpdatePolicy {
                    policy, profile, ..
                }
                | Step::RestorePolicy {
                    policy, profile, ..
                } => {
                    let fits = desired
                        .profile_named(policy)
                        .is_some_and(|desired| key.matches(profile, &desired.profile));
                    if !fits {
                        return mismatch(format!(
                            "the profile of policy `{policy}` or the digest key is another one"
                        ));
                    }
                }
                Step::CreateSoftware { software, package }
                | Step::UpdateSoftware {
                    software, package, ..
                } => {
                    let fits = desired
                        .software_named(software)
                        .is_some_and(|desired| desired.package.mark(key) == *package);
                    if !fits {
                        return mismatch(format!(
                            "the package of software `{software}` or the digest key is another one"
                        ));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let organization = self.organization.as_deref().unwrap_or("of the key");
        let changes = match self.steps.len() {
            1 => "1 change".to_owned(),
            n => format!("{n} changes"),
        };
        writeln!(
            f,
            "JumpCloud, organisation {organization}, owner {}: {changes}",
            self.owner
        )?;
        for step in &self.steps {
            writeln!(f, "  {step}")?;
        }
        for item in &self.unchanged {
            writeln!(f, "  = {item}")?;
        }
        for remark in &self.remarks {
            writeln!(f, "  ! {remark}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreatePolicy {
                policy,
                redispatch,
                provenance,
                ..
            } => write!(
                f,
                "+ policy `{policy}`: create with profile {}{}",
                provenance.profile,
                switch(*redispatch)
            ),
            Self::UpdatePolicy {
                policy,
                changes,
                provenance,
                redispatch,
                ..
            } => write!(
                f,
                "~ policy `{policy}`: set profile {}{} because {}; each bound Mac installs it again",
                provenance.profile,
                switch(*redispatch),
                changes
                    .iter()
                    .map(|change| change.reason())
                    .collect::<Vec<_>>()
                    .join(" and ")
            ),
            Self::BindPolicy { policy, group, .. } => {
                write!(f, "+ policy `{policy}`: bind to device group `{group}`")
            }
            Self::UnbindPolicy {
                policy, group_id, ..
            } => write!(
                f,
                "- policy `{policy}`: unbind from device group {group_id}; the profile leaves its Macs"
            ),
            Self::RestorePolicy { policy, .. } => write!(
                f,
                "~ policy `{policy}`: set back to what it was; each bound Mac installs it again"
            ),
            Self::DeletePolicy { policy, .. } => write!(
                f,
                "- policy `{policy}`: delete; the profile leaves its Macs"
            ),
            Self::DeleteSoftware { software, .. } => write!(
                f,
                "- software `{software}`: delete; what is installed stays on the Macs"
            ),
            Self::DeleteTwin {
                software, id, kept, ..
            } => write!(
                f,
                "- software `{software}`: delete {id}, which is there twice and bound to nothing; {kept} stays"
            ),
            Self::CreateSoftware { software, package } => {
                write!(f, "+ software `{software}`: create as {package}")
            }
            Self::UpdateSoftware {
                software, package, ..
            } => write!(f, "~ software `{software}`: set to {package}"),
            Self::BindSoftware {
                software, group, ..
            } => write!(f, "+ software `{software}`: bind to device group `{group}`"),
            Self::UnbindSoftware {
                software, group_id, ..
            } => write!(
                f,
                "- software `{software}`: unbind from device group {group_id}"
            ),
        }
    }
}

impl fmt::Display for PackageMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.manager, self.id)?;
        match &self.host {
            Some(host) => write!(f, " from {host}"),
            None => Ok(()),
        }
    }
}

impl Change {
    fn reason(self) -> &'static str {
        match self {
            Self::Profile => "the profile differs",
            Self::UnreadableProfile => {
                "the stored profile cannot be read and its notes name another"
            }
            Self::Redispatch => "the re-apply switch differs",
        }
    }
}

fn switch(redispatch: Option<bool>) -> &'static str {
    match redispatch {
        Some(true) => ", re-applied at each OS update",
        Some(false) => ", not re-applied at OS updates",
        None => "",
    }
}

//! What does not fit between what is desired and what is there. The rule: each names the field, what is wrong with it and
//! the mend, in this order, and shows no secret.

use std::fmt;

use crate::{PackageManager, PackageStatus};

/// Why something cannot be planned; all of them come at once in [`Error::Refused`](crate::Error::Refused).
///
/// ```
/// use jumpcloud_mdm::{Error, deploy::{Desired, DesiredProfile, Named, Problem}, msp::{Overrides, Tenant}};
///
/// let blueprint = Desired::new("acme-msp");
/// let tenant = Tenant::new("5f00000000000000000000aa", "Globex")
///     .overrides(Overrides::default().device_groups("macOS", ["All Macs"]));
/// let Err(Error::Refused { problems }) = tenant.desired(&blueprint) else { panic!() };
/// let unknown = Named::DeviceGroup("macOS".into());
/// assert_eq!(problems, [Problem::UnknownOverride { named: unknown }]);
/// assert_eq!(problems[0].field(), "override of device group `macOS`");
/// assert_eq!(problems[0].mend(), "name one of the blueprint's");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The owner cannot stand in a line of a policy's notes.
    Owner {
        /// The owner.
        owner: String,
    },
    /// A policy or software app is desired without a name.
    NoName {
        /// Which of the two, with an empty name.
        named: Named,
    },
    /// Two that are desired have one name.
    Twice {
        /// The name.
        named: Named,
    },
    /// There is no object of this name.
    Absent {
        /// The name.
        named: Named,
    },
    /// A device group is in two rings.
    GroupInTwoRings {
        /// The device group's name.
        group: String,
        /// The two rings.
        rings: [String; 2],
    },
    /// Macs are in the device groups of two rings, and would get the profile twice.
    MacsInTwoRings {
        /// The names of the device groups.
        groups: [String; 2],
        /// Their rings.
        rings: [String; 2],
        /// How many Macs.
        macs: usize,
        /// The system id of one of them.
        such_as: String,
    },
    /// The policy from before there were rings is still bound.
    BoundBeforeRings {
        /// The policy's name.
        policy: String,
    },
    /// A profile's bytes cannot be used.
    Profile {
        /// The policy's name.
        policy: String,
        /// Why not.
        flaw: ProfileFlaw,
    },
    /// The observation lacks the template of custom profiles.
    NoTemplate {
        /// The policy's name.
        policy: String,
    },
    /// The policy of that name comes from another template.
    OtherTemplate {
        /// The policy's name.
        policy: String,
    },
    /// The generation is raised, and the profile is the one that is there.
    SameProfile {
        /// The policy's name.
        policy: String,
        /// The generation that the policy carries.
        stored: u32,
        /// The generation that is desired.
        desired: u32,
    },
    /// One of that name was made by another, and differs.
    Foreign {
        /// The name.
        named: Named,
        /// The owner that is desired.
        owner: String,
    },
    /// A package's URL is none that JumpCloud takes.
    PackageUrl {
        /// The software app's name.
        software: String,
    },
    /// An App Store app is not in JumpCloud.
    NotInAppStore {
        /// The software app's name.
        software: String,
        /// Its App Store id.
        id: String,
    },
    /// No software app of that name holds the package that is to be in JumpCloud's storage.
    NotStored {
        /// The software app's name.
        software: String,
        /// SHA-256 of the package, in hexadecimal digits.
        sha256: String,
    },
    /// A package is in JumpCloud's storage, or announced for it, and JumpCloud does not give it out.
    NotAvailable {
        /// The software app's name.
        software: String,
        /// How far JumpCloud is with it; `None` where it does not say.
        status: Option<PackageStatus>,
    },
    /// Several software apps have the name.
    Several {
        /// The software app's name.
        software: String,
        /// Their ids.
        ids: Vec<String>,
    },
    /// The software app of that name is of another kind.
    OtherManager {
        /// The software app's name.
        software: String,
        /// The kind that is desired.
        manager: PackageManager,
    },
    /// There is no policy of that name to renew or to wait for.
    NotDeployed {
        /// The policy's name.
        policy: String,
    },
    /// An undo record is of another organisation.
    OtherOrganization,
    /// An object is no longer what the plan made of it.
    Changed {
        /// The object, as plans call it.
        object: String,
    },
    /// What was there before cannot be restored.
    NotRestorable {
        /// The object, as plans call it.
        object: String,
        /// What is missing.
        lack: RestoreLack,
    },
    /// An override names what the blueprint does not have.
    UnknownOverride {
        /// The name.
        named: Named,
    },
}

/// What a problem is about, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Named {
    /// A policy.
    Policy(String),
    /// A software app.
    Software(String),
    /// A device group.
    DeviceGroup(String),
    /// Something that may be a policy or a software app.
    Either(String),
}

/// Why a profile's bytes cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProfileFlaw {
    /// There are none: serde leaves them out.
    Empty,
    /// They are signed, or a binary property list.
    NotXml,
    /// They cannot be read.
    Unreadable {
        /// What the reader says.
        reason: String,
    },
}

/// What is missing to restore an object.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestoreLack {
    /// The profile before could not be read.
    NeverRead,
    /// The profile before was not given, and the record holds its digest only.
    Profile,
    /// The profile that was given is another one, or the digest key is.
    OtherProfile,
    /// The package before was not given, or is another one.
    Package,
}

impl Problem {
    /// What it is about, such as ``policy `Okta device trust` ``.
    pub fn field(&self) -> String {
        let policy = |policy: &String| Named::Policy(policy.clone()).to_string();
        let software = |software: &String| Named::Software(software.clone()).to_string();
        match self {
            Self::Owner { .. } => "owner".into(),
            Self::NoName { named } => named.kind().into(),
            Self::Twice { named } | Self::Absent { named } | Self::Foreign { named, .. } => {
                named.to_string()
            }
            Self::Changed { object } | Self::NotRestorable { object, .. } => object.clone(),
            Self::GroupInTwoRings { group, .. } => Named::DeviceGroup(group.clone()).to_string(),
            Self::MacsInTwoRings {
                groups: [one, two],
                rings: [in_one, in_two],
                ..
            } => format!("device groups `{one}` (ring `{in_one}`) and `{two}` (ring `{in_two}`)"),
            Self::BoundBeforeRings { policy: name }
            | Self::Profile { policy: name, .. }
            | Self::NoTemplate { policy: name }
            | Self::OtherTemplate { policy: name }
            | Self::SameProfile { policy: name, .. }
            | Self::NotDeployed { policy: name } => policy(name),
            Self::PackageUrl { software: name }
            | Self::NotInAppStore { software: name, .. }
            | Self::NotStored { software: name, .. }
            | Self::NotAvailable { software: name, .. }
            | Self::Several { software: name, .. }
            | Self::OtherManager { software: name, .. } => software(name),
            Self::OtherOrganization => "organisation".into(),
            Self::UnknownOverride { named } => format!("override of {named}"),
        }
    }

    /// What is wrong.
    pub fn what(&self) -> String {
        match self {
            Self::Owner { owner } => {
                format!(
                    "`{}` is not one line without space around it",
                    owner.escape_debug()
                )
            }
            Self::NoName { .. } => "a name is empty".into(),
            Self::Twice { .. } => "desired twice".into(),
            Self::Absent { .. } => "there is none of that name".into(),
            Self::GroupInTwoRings {
                rings: [one, two], ..
            } => format!("it is in the rings `{one}` and `{two}`"),
            Self::MacsInTwoRings { macs, such_as, .. } => {
                format!(
                    "{macs} Macs are in both, such as {such_as}, and would get the profile twice"
                )
            }
            Self::BoundBeforeRings { .. } => {
                "it is from before there were rings, and its Macs would get the profile twice"
                    .into()
            }
            Self::Profile { flaw, .. } => flaw.what(),
            Self::NoTemplate { .. } => "the custom profile template was not observed".into(),
            Self::OtherTemplate { .. } => {
                "the policy of that name comes from another template".into()
            }
            Self::SameProfile {
                stored, desired, ..
            } => format!(
                "it carries this very profile as generation {stored}, so generation {desired} would renew nothing"
            ),
            Self::Foreign { named, owner } => format!(
                "a {} of that name exists, was not deployed by `{owner}` and differs",
                named.kind()
            ),
            Self::PackageUrl { .. } => {
                "the package's URL must be https without user and password".into()
            }
            Self::NotInAppStore { id, .. } => format!("App Store app {id} is not in JumpCloud"),
            Self::NotStored { sha256, .. } => {
                format!("no software app of that name holds the package with SHA-256 {sha256}")
            }
            Self::NotAvailable { status, .. } => {
                let status = status.as_ref().map_or("unknown", PackageStatus::as_str);
                format!("its package in JumpCloud's storage is not AVAILABLE but {status}")
            }
            Self::Several { ids, .. } => {
                format!("there are several of that name ({})", ids.join(", "))
            }
            Self::OtherManager { manager, .. } => {
                format!("the software app of that name is no {manager}")
            }
            Self::NotDeployed { .. } => "there is none of that name".into(),
            Self::OtherOrganization => "the record is of another one".into(),
            Self::Changed { .. } => "it is no longer what the plan made of it".into(),
            Self::NotRestorable { lack, .. } => lack.what().into(),
            Self::UnknownOverride { .. } => "the blueprint has none of that name".into(),
        }
    }

    /// How to mend it.
    pub fn mend(&self) -> &'static str {
        match self {
            Self::Owner { .. } => "give a short name, such as `device-trust`",
            Self::NoName { .. } => "give it one",
            Self::Twice { .. } => "give each its own name",
            Self::Absent { .. } => "create it in the console or mend the name",
            Self::GroupInTwoRings { .. } => "take it out of one",
            Self::MacsInTwoRings { .. } => "take them out of one",
            Self::BoundBeforeRings { .. } => {
                "unbind it from its device groups, or delete it, in the console"
            }
            Self::Profile { flaw, .. } => flaw.mend(),
            Self::NoTemplate { .. } => "observe again with a policy desired",
            Self::OtherTemplate { .. } => "choose another name",
            Self::SameProfile { .. } => "build the profile with the new generation",
            Self::Foreign { .. } => "choose another name or adopt it",
            Self::PackageUrl { .. } => "give one such as https://example.com/App.pkg",
            Self::NotInAppStore { .. } => "assign it in Apple Business Manager and synchronise",
            Self::NotStored { .. } => "upload it first",
            Self::NotAvailable { .. } => {
                "wait for JumpCloud's check, or upload a package that passes"
            }
            Self::Several { .. } => "rename all but one",
            Self::OtherManager { .. } => "choose another name",
            Self::NotDeployed { .. } => "deploy it first",
            Self::OtherOrganization => "undo with a client for the organisation of the record",
            Self::Changed { .. } => "look at the change and undo it by hand",
            Self::NotRestorable { lack, .. } => lack.mend(),
            Self::UnknownOverride { .. } => "name one of the blueprint's",
        }
    }
}

/// Field, problem and mend.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.field(), self.what(), self.mend())
    }
}

impl Named {
    fn kind(&self) -> &'static str {
        match self {
            Self::Policy(_) => "policy",
            Self::Software(_) => "software app",
            Self::DeviceGroup(_) => "device group",
            Self::Either(_) => "policy or software app",
        }
    }
}

/// As plans call it.
impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy(name) => write!(f, "policy `{name}`"),
            Self::Software(name) => write!(f, "software `{name}`"),
            Self::DeviceGroup(name) => write!(f, "device group `{name}`"),
            Self::Either(name) => write!(f, "policy or software `{name}`"),
        }
    }
}

impl ProfileFlaw {
    fn what(&self) -> String {
        match self {
            Self::Empty => "its profile has no bytes, which serde does not carry".into(),
            Self::NotXml => "its profile is not plain XML".into(),
            Self::Unreadable { reason } => format!("its profile cannot be read ({reason})"),
        }
    }

    fn mend(&self) -> &'static str {
        match self {
            Self::Empty => "give them again",
            Self::NotXml => "give it unsigned, JumpCloud signs it",
            Self::Unreadable { .. } => "give a configuration profile",
        }
    }
}

impl RestoreLack {
    fn what(&self) -> &'static str {
        match self {
            Self::NeverRead => "the profile before could not be read, so it cannot be restored",
            Self::Profile => "the record holds the digest of the profile before only",
            Self::OtherProfile => {
                "the profile given is not the one before, or the digest key is another one"
            }
            Self::Package => "the package that was there before is not given",
        }
    }

    fn mend(&self) -> &'static str {
        match self {
            Self::NeverRead => "make it anew in the console",
            Self::Profile => "give the bytes of the profile before",
            Self::OtherProfile => "give the bytes, and the key, of then",
            Self::Package => "give the package that was there before",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each.
    fn all() -> Vec<Problem> {
        let text = |text: &str| text.to_owned();
        let two = |one: &str, two: &str| [one.to_owned(), two.to_owned()];
        let profile = |flaw| Problem::Profile {
            policy: text("trust"),
            flaw,
        };
        let lack = |object: Named, lack| Problem::NotRestorable {
            object: object.to_string(),
            lack,
        };
        let policy = || Named::Policy(text("trust"));
        let software = || Named::Software(text("Okta Verify"));
        let group = || Named::DeviceGroup(text("macOS"));
        vec![
            Problem::Owner {
                owner: text("a\nb"),
            },
            Problem::NoName { named: policy() },
            Problem::Twice { named: software() },
            Problem::Absent { named: group() },
            Problem::GroupInTwoRings {
                group: text("macOS"),
                rings: two("first", "rest"),
            },
            Problem::MacsInTwoRings {
                groups: two("A", "B"),
                rings: two("first", "rest"),
                macs: 2,
                such_as: text("s1"),
            },
            Problem::BoundBeforeRings {
                policy: text("trust"),
            },
            profile(ProfileFlaw::Empty),
            profile(ProfileFlaw::NotXml),
            profile(ProfileFlaw::Unreadable {
                reason: text("line 3"),
            }),
            Problem::NoTemplate {
                policy: text("trust"),
            },
            Problem::OtherTemplate {
                policy: text("trust"),
            },
            Problem::SameProfile {
                policy: text("trust"),
                stored: 1,
                desired: 2,
            },
            Problem::Foreign {
                named: software(),
                owner: text("device-trust"),
            },
            Problem::PackageUrl {
                software: text("Okta Verify"),
            },
            Problem::NotInAppStore {
                software: text("Okta Verify"),
                id: text("490179405"),
            },
            Problem::Several {
                software: text("Okta Verify"),
                ids: two("a1", "a2").to_vec(),
            },
            Problem::OtherManager {
                software: text("Okta Verify"),
                manager: PackageManager::AppleCustom,
            },
            Problem::NotDeployed {
                policy: text("trust"),
            },
            Problem::OtherOrganization,
            Problem::Changed {
                object: policy().to_string(),
            },
            lack(policy(), RestoreLack::NeverRead),
            lack(policy(), RestoreLack::Profile),
            lack(policy(), RestoreLack::OtherProfile),
            lack(software(), RestoreLack::Package),
            Problem::UnknownOverride {
                named: Named::Either(text("x")),
            },
        ]
    }

    #[test]
    fn each_names_the_field_what_is_wrong_and_the_mend() {
        let lines: Vec<String> = all().iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }
}

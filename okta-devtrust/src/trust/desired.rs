//! What is wanted, in the words of the job. Plain values: groups and apps by name, no ids.

use serde::{Deserialize, Serialize};

use super::{BookmarkDesired, GuardDesired};
use crate::policies::{EnrollPrompt, EnrollSelf};

/// Device trust as it should be in one org.
///
/// ```
/// use okta_devtrust::trust::Desired;
///
/// let desired: Desired = serde_json::from_str(
///     r#"{
///         "owner": "device-trust",
///         "access": {
///             "name": "Managed Macs",
///             "break_glass": {"group": "Break glass admins"},
///             "managed": {"groups": ["macOS pilot users"]}
///         },
///         "apps": ["Wiki"]
///     }"#,
/// )?;
/// assert!(desired.access.managed.possession.phishing_resistant);
/// assert!(desired.session.is_none());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Desired {
    /// Who the policies and rules belong to: a short name that stays the same, such as `device-trust`.
    #[serde(default = "owner")]
    pub owner: String,
    /// The org's id, when the plan must not be made for another org.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
    /// How people enrol Okta Verify; `None` leaves enrolment alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrollment: Option<EnrollmentDesired>,
    /// An app that always stays open, so that people can register a Mac with Okta Verify: a closed policy keeps
    /// unregistered Macs out. `None` makes none, and then the catch-all is not closed unless that is waived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrollment_app: Option<BookmarkDesired>,
    /// A throw-away app under the same rules, whose catch-all denies from the start: the denial is proved on it.
    /// `None` makes none, and then the catch-all is not closed unless that is waived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pilot: Option<BookmarkDesired>,
    /// The app sign-in policy.
    pub access: AccessDesired,
    /// Labels of the apps to put under it.
    #[serde(default)]
    pub apps: Vec<String>,
    /// The global session policy; `None` leaves it alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionDesired>,
    /// Labels or names of Okta's own apps, which are never put under the policy. Okta documents no complete list; by
    /// default its Admin Console, dashboard and browser plugin.
    #[serde(default = "first_party")]
    pub first_party: Vec<String>,
    /// How much proof it takes to close the catch-all.
    #[serde(default)]
    pub guard: GuardDesired,
}

fn owner() -> String {
    "device-trust".into()
}

fn first_party() -> Vec<String> {
    [
        "Okta Admin Console",
        "Okta Dashboard",
        "Okta Browser Plugin",
        "saasure",
        "okta_enduser",
        "okta_browser_plugin",
    ]
    .map(String::from)
    .to_vec()
}

impl Desired {
    /// Device trust with this app sign-in policy, for no app yet, everything else left alone.
    pub fn new(access: AccessDesired) -> Self {
        Self {
            owner: owner(),
            org: None,
            enrollment: None,
            enrollment_app: None,
            pilot: None,
            access,
            apps: Vec::new(),
            session: None,
            first_party: first_party(),
            guard: GuardDesired::default(),
        }
    }

    /// Whether an app is one of Okta's own, by its label or its name.
    pub(crate) fn is_first_party(&self, label: &str, name: Option<&str>) -> bool {
        self.first_party.iter().any(|own| {
            own.eq_ignore_ascii_case(label)
                || name.is_some_and(|name| own.eq_ignore_ascii_case(name))
        })
    }

    /// The mark in the description of a policy.
    pub(crate) fn owner_mark(&self) -> String {
        format!("[owner: {}]", self.owner)
    }

    /// A rule's name with its owner.
    pub(crate) fn rule_name(&self, name: &str) -> String {
        format!("{}: {name}", self.owner)
    }

    /// What stands in the description of a policy, and in the note of an app.
    pub(crate) fn note(&self) -> String {
        format!("macOS device trust {}", self.owner_mark())
    }

    /// The groups that need a managed Mac: those of the managed rule, or everyone.
    pub(crate) fn managed_groups(&self) -> Vec<&str> {
        let named = &self.access.managed.groups;
        if named.is_empty() {
            vec![EVERYONE]
        } else {
            named.iter().map(String::as_str).collect()
        }
    }

    /// Every group that is named, once.
    pub(crate) fn group_names(&self) -> Vec<&str> {
        let mut names = vec![self.access.break_glass.group.as_str()];
        // Simulation and the bookmark apps need a group even where the rule is for everyone.
        names.extend(self.managed_groups());
        if let Some(EnrollmentDesired::Own { groups, .. }) = &self.enrollment {
            names.extend(groups.iter().map(String::as_str));
        }
        if let Some(session) = &self.session {
            names.extend(session.groups.iter().map(String::as_str));
        }
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// The name of the group that holds every user.
const EVERYONE: &str = "Everyone";

/// How people enrol Okta Verify.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "policy", rename_all = "snake_case", deny_unknown_fields)]
pub enum EnrollmentDesired {
    /// A policy of its own for some groups. It starts with what the default policy lets people enrol.
    Own {
        /// The policy's name.
        name: String,
        /// The groups it is for.
        groups: Vec<String>,
        /// Whether Okta Verify may or must be enrolled.
        #[serde(default = "optional")]
        okta_verify: EnrollSelf,
        /// When people are asked.
        #[serde(default = "at_login")]
        prompt: EnrollPrompt,
    },
    /// Edits the org's default policy: Okta Verify becomes optional there unless it is required already.
    EditDefault,
}

fn optional() -> EnrollSelf {
    EnrollSelf::Optional
}

fn at_login() -> EnrollPrompt {
    EnrollPrompt::Login
}

/// The app sign-in policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessDesired {
    /// The policy's name.
    pub name: String,
    /// The rule that lets people in when everything else fails.
    pub break_glass: BreakGlass,
    /// The rule for managed Macs.
    pub managed: ManagedRule,
}

/// The rule above all others: it keeps a way in for a few people, with any two factors and on any device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreakGlass {
    /// The group. It must not be empty when the catch-all is closed.
    pub group: String,
    /// The rule's name, without the owner.
    #[serde(default = "break_glass_name")]
    pub name: String,
    /// How long a sign-in lasts, as an ISO 8601 duration.
    #[serde(default = "one_hour")]
    pub reauthenticate_in: String,
}

impl BreakGlass {
    /// The rule for a group, with defaults.
    pub fn new(group: impl Into<String>) -> Self {
        Self {
            group: group.into(),
            name: break_glass_name(),
            reauthenticate_in: one_hour(),
        }
    }
}

fn break_glass_name() -> String {
    "Break glass".into()
}

fn one_hour() -> String {
    "PT1H".into()
}

/// The rule for Macs that are registered *and* managed, with FastPass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagedRule {
    /// The rule's name, without the owner.
    #[serde(default = "managed_name")]
    pub name: String,
    /// The groups it is for; empty for everyone.
    #[serde(default)]
    pub groups: Vec<String>,
    /// How long a sign-in lasts, as an ISO 8601 duration.
    #[serde(default = "twelve_hours")]
    pub reauthenticate_in: String,
    /// What the possession factor must be.
    #[serde(default)]
    pub possession: Possession,
    /// Ids of device assurance policies, one of which must hold; empty for none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assurance: Vec<String>,
}

impl ManagedRule {
    /// The rule for some groups (none for everyone), with defaults.
    pub fn new<S: Into<String>>(groups: impl IntoIterator<Item = S>) -> Self {
        Self {
            name: managed_name(),
            groups: groups.into_iter().map(Into::into).collect(),
            reauthenticate_in: twelve_hours(),
            possession: Possession::default(),
            assurance: Vec::new(),
        }
    }
}

fn managed_name() -> String {
    "Managed macOS".into()
}

fn twelve_hours() -> String {
    "PT12H".into()
}

/// What the possession factor must be. By default everything, which FastPass with biometrics meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Possession {
    /// Bound to the device.
    pub device_bound: bool,
    /// Proof against phishing.
    pub phishing_resistant: bool,
    /// Keys kept in hardware.
    pub hardware_protection: bool,
    /// The user approves; `false` lets FastPass sign in silently.
    pub user_presence: bool,
    /// The user proves to be the one, by biometrics or PIN.
    pub user_verification: bool,
}

impl Default for Possession {
    fn default() -> Self {
        Self {
            device_bound: true,
            phishing_resistant: true,
            hardware_protection: true,
            user_presence: true,
            user_verification: true,
        }
    }
}

/// The global session policy: any factor that the app's policy takes establishes a session, and the org asks for no
/// second factor of its own. This lifts the password for the groups in *every* app.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionDesired {
    /// The policy's name.
    pub name: String,
    /// The groups it is for.
    pub groups: Vec<String>,
    /// The rule's name, without the owner.
    #[serde(default = "session_rule_name")]
    pub rule: String,
    /// Minutes without use until a session ends.
    #[serde(default = "two_hours_in_minutes")]
    pub max_idle_minutes: i64,
    /// Minutes until a session ends; 0 for no limit.
    #[serde(default)]
    pub max_lifetime_minutes: i64,
}

impl SessionDesired {
    /// The policy for some groups, with defaults.
    pub fn new<S: Into<String>>(
        name: impl Into<String>,
        groups: impl IntoIterator<Item = S>,
    ) -> Self {
        Self {
            name: name.into(),
            groups: groups.into_iter().map(Into::into).collect(),
            rule: session_rule_name(),
            max_idle_minutes: two_hours_in_minutes(),
            max_lifetime_minutes: 0,
        }
    }
}

fn session_rule_name() -> String {
    "Any factor".into()
}

fn two_hours_in_minutes() -> i64 {
    120
}

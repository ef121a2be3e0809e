//! Managed login items: `com.apple.servicemanagement`.

use plist::Dictionary;

use crate::Error;
use crate::fields::{keys, payload, texts};

/// `com.apple.servicemanagement` (macOS 13, device channel, user-approved MDM): login items, launch agents and daemons that run
/// without asking the user and that the user cannot switch off.
///
/// ```
/// use mobileconfig::service_management::{Rule, ServiceManagement};
///
/// let items = ServiceManagement::new([Rule::team_identifier("B7F62B65BN").comment("Okta Verify")]);
/// assert_eq!(items.rules[0].value, "B7F62B65BN");
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct ServiceManagement {
    /// `Rules`.
    pub rules: Vec<Rule>,
    /// Other keys.
    pub extra: Dictionary,
}

keys!(ServiceManagement { rules: "Rules" });
payload!(
    ServiceManagement = "com.apple.servicemanagement",
    check = |this| {
        match this.rules.iter().position(|rule| rule.value.is_empty()) {
            Some(index) => Err(Error::invalid_value(
                format!("Rules[{index}].RuleValue"),
                "an empty value matches nothing",
            )),
            None => Ok(()),
        }
    }
);

impl ServiceManagement {
    /// Login items that fit one of these rules.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        Self {
            rules: rules.into_iter().collect(),
            extra: Dictionary::new(),
        }
    }
}

/// One entry of `Rules`.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Rule {
    /// `RuleType`: what the value is compared with.
    pub rule_type: RuleType,
    /// `RuleValue`.
    pub value: String,
    /// `Comment`.
    pub comment: Option<String>,
    /// `TeamIdentifier`: a further limit to one developer team.
    pub team_identifier: Option<String>,
    /// Other keys.
    pub extra: Dictionary,
}

keys!(Rule {
    rule_type: "RuleType",
    value: "RuleValue",
    comment: "Comment",
    team_identifier: "TeamIdentifier"
});

texts! {
    /// `RuleType`.
    pub enum RuleType {
        /// The bundle identifier of the app.
        BundleIdentifier = "BundleIdentifier",
        /// The start of the bundle identifier.
        BundleIdentifierPrefix = "BundleIdentifierPrefix",
        /// The `Label` of a launchd job.
        Label = "Label",
        /// The start of the `Label`.
        LabelPrefix = "LabelPrefix",
        /// The team that signed the code.
        TeamIdentifier = "TeamIdentifier",
    }
}

impl Rule {
    /// A rule of any type.
    pub fn new(rule_type: RuleType, value: impl Into<String>) -> Self {
        Self {
            rule_type,
            value: value.into(),
            comment: None,
            team_identifier: None,
            extra: Dictionary::new(),
        }
    }

    /// Everything that one team has signed.
    pub fn team_identifier(team: impl Into<String>) -> Self {
        Self::new(RuleType::TeamIdentifier, team)
    }

    /// One app.
    pub fn bundle_identifier(identifier: impl Into<String>) -> Self {
        Self::new(RuleType::BundleIdentifier, identifier)
    }

    /// Sets `Comment`.
    #[must_use]
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        self.comment = Some(text.into());
        self
    }

    /// Sets `TeamIdentifier`: the rule then holds only for code of this team.
    #[must_use]
    pub fn of_team(mut self, team: impl Into<String>) -> Self {
        self.team_identifier = Some(team.into());
        self
    }
}

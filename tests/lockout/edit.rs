//! What an administrator changes by hand: each takes one condition away, or touches what the plan writes.

use device_trust_sandbox::{BREAK_GLASS_GROUP, PILOT_USER_GROUP};
use device_trust_tests::okta::stored;
use serde_json::{Value, json};

use super::seed::{JOINER, LEAVER};

/// The version that Macs must have after [`Edit::AskMoreOfMacs`].
const NEWER: &str = "26.0.0";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    RemoveBreakGlassMember,
    SuspendBreakGlassMember,
    DeactivateBreakGlass,
    DenyBreakGlass,
    SinkBreakGlass,
    CloseEnrolment,
    DeactivateEnrolmentApp,
    MoveEnrolmentApp,
    OpenPilot,
    AnyDeviceIsManaged,
    DenyAboveManaged,
    MoveAppIn,
    RelabelAsFirstParty,
    OneFactorAtCatchAll,
    NoTimesAtCatchAll,
    ShortSessions,
    JoinManaged,
    LeaveManaged,
    AskMoreOfMacs,
    CloseByHand,
    OpenByHand,
}

impl Edit {
    pub(crate) const ALL: [Self; 21] = [
        Self::RemoveBreakGlassMember,
        Self::SuspendBreakGlassMember,
        Self::DeactivateBreakGlass,
        Self::DenyBreakGlass,
        Self::SinkBreakGlass,
        Self::CloseEnrolment,
        Self::DeactivateEnrolmentApp,
        Self::MoveEnrolmentApp,
        Self::OpenPilot,
        Self::AnyDeviceIsManaged,
        Self::DenyAboveManaged,
        Self::MoveAppIn,
        Self::RelabelAsFirstParty,
        Self::OneFactorAtCatchAll,
        Self::NoTimesAtCatchAll,
        Self::ShortSessions,
        Self::JoinManaged,
        Self::LeaveManaged,
        Self::AskMoreOfMacs,
        Self::CloseByHand,
        Self::OpenByHand,
    ];

    /// Makes the change in the org's state. Whether there was something to change.
    pub(crate) fn make(self, okta: &mut Value, now: &str) -> bool {
        self.try_make(okta, now).is_some()
    }

    fn try_make(self, okta: &mut Value, now: &str) -> Option<()> {
        let access = stored::policy_id(okta, stored::ACCESS);
        match self {
            Self::RemoveBreakGlassMember => {
                stored::group_mut(okta, BREAK_GLASS_GROUP)?["members"] = json!([]);
            }
            Self::SuspendBreakGlassMember => {
                stored::set_member_states(okta, BREAK_GLASS_GROUP, "SUSPENDED")?;
            }
            Self::DeactivateBreakGlass => {
                stored::rule_mut(okta, stored::ACCESS, stored::BREAK_GLASS, now)?["status"] =
                    json!("INACTIVE");
            }
            Self::DenyBreakGlass => {
                let rule = stored::rule_mut(okta, stored::ACCESS, stored::BREAK_GLASS, now)?;
                rule["actions"]["appSignOn"]["access"] = json!("DENY");
            }
            Self::SinkBreakGlass => {
                stored::rule_mut(okta, stored::ACCESS, stored::BREAK_GLASS, now)?["priority"] =
                    json!(50);
            }
            Self::CloseEnrolment => {
                let rule = stored::rule_mut(okta, stored::ENROL, stored::CATCH_ALL, now)?;
                rule["actions"]["appSignOn"]["access"] = json!("DENY");
            }
            Self::DeactivateEnrolmentApp => {
                stored::app_mut(okta, stored::ENROL)?["body"]["status"] = json!("INACTIVE");
            }
            Self::MoveEnrolmentApp => {
                stored::app_mut(okta, stored::ENROL)?["policy"] = json!(access?);
            }
            Self::OpenPilot => {
                let rule = stored::rule_mut(okta, stored::PILOT, stored::CATCH_ALL, now)?;
                rule["actions"]["appSignOn"]["access"] = json!("ALLOW");
            }
            Self::AnyDeviceIsManaged => {
                let rule = stored::rule_mut(okta, stored::ACCESS, stored::MANAGED, now)?;
                rule["conditions"]["device"] = json!({"registered": true});
            }
            Self::DenyAboveManaged => {
                let policy = stored::policy_mut(okta, stored::ACCESS)?;
                let mut rule = policy["rules"][0].clone();
                rule["id"] = json!("rulbyhand00000000001");
                rule["name"] = json!("By hand");
                rule["system"] = json!(false);
                rule["priority"] = json!(-1);
                rule["status"] = json!("ACTIVE");
                rule["conditions"] = json!({});
                rule["actions"]["appSignOn"]["access"] = json!("DENY");
                policy["rules"].as_array_mut()?.push(rule);
            }
            Self::MoveAppIn => stored::app_mut(okta, "Intranet")?["policy"] = json!(access?),
            Self::RelabelAsFirstParty => {
                stored::app_mut(okta, "Wiki")?["body"]["label"] = json!("Okta Browser Plugin");
            }
            Self::OneFactorAtCatchAll => {
                let rule = stored::rule_mut(okta, stored::ACCESS, stored::CATCH_ALL, now)?;
                rule["actions"]["appSignOn"]["verificationMethod"]["factorMode"] = json!("1FA");
            }
            Self::NoTimesAtCatchAll => {
                let rule = stored::rule_mut(okta, stored::ACCESS, stored::CATCH_ALL, now)?;
                let method = rule["actions"]["appSignOn"]["verificationMethod"].as_object_mut()?;
                method.remove("reauthenticateIn");
            }
            Self::ShortSessions => {
                let rule = stored::rule_mut(okta, stored::ACCESS, stored::MANAGED, now)?;
                rule["actions"]["appSignOn"]["verificationMethod"]["reauthenticateIn"] =
                    json!("PT15M");
            }
            Self::JoinManaged => {
                let group = stored::group_mut(okta, PILOT_USER_GROUP)?;
                group["members"].as_array_mut()?.push(json!(JOINER));
            }
            Self::LeaveManaged => {
                let group = stored::group_mut(okta, PILOT_USER_GROUP)?;
                let members = group["members"].as_array_mut()?;
                members.retain(|id| id != LEAVER);
            }
            Self::AskMoreOfMacs => {
                okta["assurances"].as_array_mut()?[0]["osVersion"]["minimum"] = json!(NEWER);
            }
            Self::CloseByHand | Self::OpenByHand => {
                let rule = stored::rule_mut(okta, stored::ACCESS, stored::CATCH_ALL, now)?;
                let access = if self == Self::OpenByHand {
                    "ALLOW"
                } else {
                    "DENY"
                };
                rule["actions"]["appSignOn"]["access"] = json!(access);
            }
        }
        Some(())
    }

    /// Whether the change is still there.
    pub(crate) fn stands(self, okta: &Value) -> bool {
        let rule = |policy, name| {
            stored::rule(okta, policy, name)
                .cloned()
                .unwrap_or_default()
        };
        let access = |rule: &Value| rule["actions"]["appSignOn"]["access"].clone();
        let app = |label: &str| stored::app(okta, label).cloned().unwrap_or_default();
        let ours = stored::policy_id(okta, stored::ACCESS).unwrap_or_default();
        let glass = rule(stored::ACCESS, stored::BREAK_GLASS);
        let managed = rule(stored::ACCESS, stored::MANAGED);
        let catch_all = rule(stored::ACCESS, stored::CATCH_ALL);
        match self {
            Self::RemoveBreakGlassMember => {
                stored::member_states(okta, BREAK_GLASS_GROUP).is_empty()
            }
            Self::SuspendBreakGlassMember => {
                !stored::member_states(okta, BREAK_GLASS_GROUP).contains(&"ACTIVE")
            }
            Self::DeactivateBreakGlass => glass["status"] == "INACTIVE",
            Self::DenyBreakGlass => access(&glass) == "DENY",
            Self::SinkBreakGlass => glass["priority"] == 50,
            Self::CloseEnrolment => access(&rule(stored::ENROL, stored::CATCH_ALL)) == "DENY",
            Self::DeactivateEnrolmentApp => app(stored::ENROL)["body"]["status"] == "INACTIVE",
            Self::MoveEnrolmentApp => app(stored::ENROL)["policy"] == *ours,
            Self::OpenPilot => access(&rule(stored::PILOT, stored::CATCH_ALL)) == "ALLOW",
            Self::AnyDeviceIsManaged => managed["conditions"]["device"]["managed"].is_null(),
            Self::DenyAboveManaged => rule(stored::ACCESS, "By hand") != Value::Null,
            Self::MoveAppIn => app("Intranet")["policy"] == *ours,
            Self::RelabelAsFirstParty => app("Wiki") == Value::Null,
            Self::OneFactorAtCatchAll => {
                catch_all["actions"]["appSignOn"]["verificationMethod"]["factorMode"] == "1FA"
            }
            Self::NoTimesAtCatchAll => {
                let method = &catch_all["actions"]["appSignOn"]["verificationMethod"];
                method.is_object() && method["reauthenticateIn"].is_null()
            }
            Self::ShortSessions => {
                managed["actions"]["appSignOn"]["verificationMethod"]["reauthenticateIn"] == "PT15M"
            }
            Self::JoinManaged => stored::member_ids(okta, PILOT_USER_GROUP).contains(&JOINER),
            Self::LeaveManaged => !stored::member_ids(okta, PILOT_USER_GROUP).contains(&LEAVER),
            Self::AskMoreOfMacs => okta["assurances"][0]["osVersion"]["minimum"] == NEWER,
            Self::CloseByHand => access(&catch_all) == "DENY",
            Self::OpenByHand => access(&catch_all) == "ALLOW",
        }
    }

    /// The rule that the change is made to, by policy and name.
    pub(crate) fn rule(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::DeactivateBreakGlass | Self::DenyBreakGlass | Self::SinkBreakGlass => {
                (stored::ACCESS, stored::BREAK_GLASS)
            }
            Self::AnyDeviceIsManaged | Self::ShortSessions => (stored::ACCESS, stored::MANAGED),
            Self::OneFactorAtCatchAll
            | Self::NoTimesAtCatchAll
            | Self::CloseByHand
            | Self::OpenByHand => (stored::ACCESS, stored::CATCH_ALL),
            Self::OpenPilot => (stored::PILOT, stored::CATCH_ALL),
            Self::CloseEnrolment => (stored::ENROL, stored::CATCH_ALL),
            _ => return None,
        })
    }

    /// Whether the change is made to the catch-all itself.
    pub(crate) fn is_of_catch_all(self) -> bool {
        self.rule() == Some((stored::ACCESS, stored::CATCH_ALL))
    }

    /// Whether making this change takes another one back.
    pub(crate) fn takes_back(self, other: Self) -> bool {
        let both = [self, other];
        both == [Self::CloseByHand, Self::OpenByHand]
            || both == [Self::OpenByHand, Self::CloseByHand]
    }

    /// Whether what was changed is the plan's own and is not there any more: taking it off is what was asked for.
    pub(crate) fn is_taken_off(self, okta: &Value) -> bool {
        let enrol = matches!(self, Self::DeactivateEnrolmentApp | Self::MoveEnrolmentApp);
        let rule = self.rule();
        (enrol && stored::app(okta, stored::ENROL).is_none())
            || rule.is_some_and(|(policy, name)| stored::rule(okta, policy, name).is_none())
    }
}

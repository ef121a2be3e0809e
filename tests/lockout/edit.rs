//! What an administrator changes by hand: each takes one condition away, or touches what the plan writes.

use serde_json::{Value, json};

use super::judge;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    RemoveBreakGlassMember,
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
    ShortSessions,
}

impl Edit {
    pub(crate) const ALL: [Self; 14] = [
        Self::RemoveBreakGlassMember,
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
        Self::ShortSessions,
    ];

    /// Makes the change in the org's state. Whether there was something to change.
    pub(crate) fn make(self, okta: &mut Value, now: &str) -> bool {
        self.try_make(okta, now).is_some()
    }

    fn try_make(self, okta: &mut Value, now: &str) -> Option<()> {
        let access = judge::policy_id(okta, judge::ACCESS);
        match self {
            Self::RemoveBreakGlassMember => {
                judge::group(okta, judge::BREAK_GLASS_GROUP)?["members"] = json!([]);
            }
            Self::DeactivateBreakGlass => {
                edit_rule(okta, judge::ACCESS, judge::BREAK_GLASS, now)?["status"] =
                    json!("INACTIVE");
            }
            Self::DenyBreakGlass => {
                let rule = edit_rule(okta, judge::ACCESS, judge::BREAK_GLASS, now)?;
                rule["actions"]["appSignOn"]["access"] = json!("DENY");
            }
            Self::SinkBreakGlass => {
                edit_rule(okta, judge::ACCESS, judge::BREAK_GLASS, now)?["priority"] = json!(50);
            }
            Self::CloseEnrolment => {
                let rule = edit_rule(okta, judge::ENROL, judge::CATCH_ALL, now)?;
                rule["actions"]["appSignOn"]["access"] = json!("DENY");
            }
            Self::DeactivateEnrolmentApp => {
                judge::app(okta, judge::ENROL)?["body"]["status"] = json!("INACTIVE");
            }
            Self::MoveEnrolmentApp => {
                judge::app(okta, judge::ENROL)?["policy"] = json!(access?);
            }
            Self::OpenPilot => {
                let rule = edit_rule(okta, judge::PILOT, judge::CATCH_ALL, now)?;
                rule["actions"]["appSignOn"]["access"] = json!("ALLOW");
            }
            Self::AnyDeviceIsManaged => {
                let rule = edit_rule(okta, judge::ACCESS, judge::MANAGED, now)?;
                rule["conditions"]["device"] = json!({"registered": true});
            }
            Self::DenyAboveManaged => {
                let policy = judge::policy(okta, judge::ACCESS)?;
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
            Self::MoveAppIn => judge::app(okta, "Intranet")?["policy"] = json!(access?),
            Self::RelabelAsFirstParty => {
                judge::app(okta, "Wiki")?["body"]["label"] = json!("Okta Browser Plugin");
            }
            Self::OneFactorAtCatchAll => {
                let rule = edit_rule(okta, judge::ACCESS, judge::CATCH_ALL, now)?;
                rule["actions"]["appSignOn"]["verificationMethod"]["factorMode"] = json!("1FA");
            }
            Self::ShortSessions => {
                let rule = edit_rule(okta, judge::ACCESS, judge::MANAGED, now)?;
                rule["actions"]["appSignOn"]["verificationMethod"]["reauthenticateIn"] =
                    json!("PT15M");
            }
        }
        Some(())
    }

    /// Whether the change is still there.
    pub(crate) fn stands(self, okta: &Value) -> bool {
        let rule = |policy, name| judge::rule(okta, policy, name).cloned().unwrap_or_default();
        let access = |rule: &Value| rule["actions"]["appSignOn"]["access"].clone();
        let app = |label: &str| judge::find_app(okta, label).cloned().unwrap_or_default();
        let ours = judge::policy_id(okta, judge::ACCESS).unwrap_or_default();
        let glass = rule(judge::ACCESS, judge::BREAK_GLASS);
        let managed = rule(judge::ACCESS, judge::MANAGED);
        match self {
            Self::RemoveBreakGlassMember => judge::members(okta, judge::BREAK_GLASS_GROUP) == 0,
            Self::DeactivateBreakGlass => glass["status"] == "INACTIVE",
            Self::DenyBreakGlass => access(&glass) == "DENY",
            Self::SinkBreakGlass => glass["priority"] == 50,
            Self::CloseEnrolment => access(&rule(judge::ENROL, judge::CATCH_ALL)) == "DENY",
            Self::DeactivateEnrolmentApp => app(judge::ENROL)["body"]["status"] == "INACTIVE",
            Self::MoveEnrolmentApp => app(judge::ENROL)["policy"] == *ours,
            Self::OpenPilot => access(&rule(judge::PILOT, judge::CATCH_ALL)) == "ALLOW",
            Self::AnyDeviceIsManaged => managed["conditions"]["device"]["managed"].is_null(),
            Self::DenyAboveManaged => rule(judge::ACCESS, "By hand") != Value::Null,
            Self::MoveAppIn => app("Intranet")["policy"] == *ours,
            Self::RelabelAsFirstParty => app("Wiki") == Value::Null,
            Self::OneFactorAtCatchAll => {
                let rule = rule(judge::ACCESS, judge::CATCH_ALL);
                rule["actions"]["appSignOn"]["verificationMethod"]["factorMode"] == "1FA"
            }
            Self::ShortSessions => {
                managed["actions"]["appSignOn"]["verificationMethod"]["reauthenticateIn"] == "PT15M"
            }
        }
    }
}

fn edit_rule<'a>(
    okta: &'a mut Value,
    policy: &str,
    name: &str,
    now: &str,
) -> Option<&'a mut Value> {
    let rules = judge::policy(okta, policy)?["rules"].as_array_mut()?;
    let rule = rules.iter_mut().find(|rule| rule["name"] == name)?;
    rule["lastUpdated"] = json!(now);
    Some(rule)
}

//! The sign-ins of the last days, asked again: who of the people who used the apps would be let in once the catch-all
//! denies, and who would not, by name.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

use crate::{
    Time,
    evidence::RuleIds,
    logs::{LogEvent, LogResult},
};

/// What decides in a replay: the rules as they are now, and who is in which group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayRules {
    /// The rules of the policy that is to be closed.
    pub ids: RuleIds,
    /// The ids of every other active rule of the policy that lets in.
    pub others: BTreeSet<String>,
    /// When the managed rule was last changed: what it decided before that is asked again.
    pub changed: Option<jiff::Timestamp>,
    /// The apps under the policy: id and label.
    pub apps: BTreeMap<String, String>,
    /// The ids of the users that the managed rule is for; `None` for everyone.
    pub managed: Option<BTreeSet<String>>,
    /// The ids of the users that the break-glass rule is for.
    pub break_glass: BTreeSet<String>,
    /// Whether the managed rule asks for a device assurance policy, which no event of an older rule shows.
    pub assurance: bool,
}

/// How a sign-in would end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Predicted {
    /// The managed rule lets it in.
    Managed,
    /// The break-glass rule lets it in.
    BreakGlass,
    /// Another rule of the policy lets it in.
    OtherRule,
    /// It is kept out: the device is not managed.
    NotManaged,
    /// It is kept out: FastPass did not answer, so nothing is known of the device.
    NoDevice,
    /// It is kept out: the managed rule is not for this user.
    NotInGroup,
    /// It is kept out: the device is managed and fell to the catch-all all the same.
    Broken,
}

impl Predicted {
    /// Whether it is let in.
    pub fn is_let_in(self) -> bool {
        matches!(self, Self::Managed | Self::BreakGlass | Self::OtherRule)
    }
}

impl fmt::Display for Predicted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Managed => "let in by the managed rule",
            Self::BreakGlass => "let in by the break-glass rule",
            Self::OtherRule => "let in by another rule",
            Self::NotManaged => "the device is not managed",
            Self::NoDevice => "no FastPass on the device",
            Self::NotInGroup => "not in a group of the managed rule",
            Self::Broken => "managed, and yet at the catch-all",
        })
    }
}

/// The latest sign-in of one user with one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayedSignIn {
    /// The device's name or id; `None` when the log names none.
    pub device: Option<String>,
    /// The app's label.
    pub app: String,
    /// When.
    pub at: jiff::Timestamp,
    /// How it would end.
    pub predicted: Predicted,
}

/// A user who signed in, with the latest sign-in of each device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayedUser {
    /// The login, by which people know them.
    pub login: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The latest sign-in of each device, by the device's id; the empty one is for sign-ins without a device.
    pub sign_ins: BTreeMap<String, ReplayedSignIn>,
}

impl ReplayedUser {
    /// Whether one of the devices would be let in.
    pub fn is_let_in(&self) -> bool {
        self.sign_ins.values().any(|one| one.predicted.is_let_in())
    }
}

/// A user who would be kept out, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeniedUser {
    /// The id.
    pub id: String,
    /// The login.
    pub login: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// Their latest sign-in.
    pub last: Option<ReplayedSignIn>,
}

impl fmt::Display for DeniedUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.login.as_deref().unwrap_or(&self.id))?;
        match &self.last {
            Some(last) => write!(f, " ({})", last.predicted),
            None => Ok(()),
        }
    }
}

/// How many users are let in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// How many would be let in.
    pub covered: usize,
    /// How many signed in, without those who are expected to be kept out.
    pub users: usize,
    /// Who would be kept out unexpectedly.
    pub denied: Vec<DeniedUser>,
    /// Who would be kept out as expected.
    pub expected: Vec<DeniedUser>,
}

impl Coverage {
    /// Whether at least `percent` of the users are let in. Nobody at all is not enough.
    pub fn reaches(&self, percent: u8) -> bool {
        self.users > 0 && self.covered * 100 >= usize::from(percent) * self.users
    }
}

/// The sign-ins of a window, folded to the latest of each user and device, so that memory does not grow with events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// The start of the window.
    pub from: jiff::Timestamp,
    /// The end of the window.
    pub to: jiff::Timestamp,
    /// What decides.
    pub rules: ReplayRules,
    /// The users by id.
    pub users: BTreeMap<String, ReplayedUser>,
}

impl Replay {
    /// A replay of nothing yet.
    pub fn new(rules: ReplayRules, from: jiff::Timestamp, to: jiff::Timestamp) -> Self {
        Self {
            from,
            to,
            rules,
            users: BTreeMap::new(),
        }
    }

    /// Folds one event: a decision on a user's sign-in to one of the apps. Any other is passed over, and so is a denial
    /// by another policy, which is no access to lose.
    pub fn add(&mut self, event: &LogEvent) {
        let Some(at) = event.published.as_ref().and_then(Time::timestamp) else {
            return;
        };
        if event.event_type != "policy.evaluate_sign_on" || at < self.from || at > self.to {
            return;
        }
        let app = event.target_of("AppInstance");
        let Some(app) = app.and_then(|app| self.rules.apps.get(app.id.as_deref()?)) else {
            return;
        };
        let Some(actor) = event.actor.as_ref() else {
            return;
        };
        let is_user = actor.kind.as_deref().is_none_or(|kind| kind == "User");
        let Some(user) = actor.id.clone().filter(|_| is_user) else {
            return;
        };
        let ids = &self.rules.ids;
        let ours = event.rule_id() == Some(ids.catch_all.as_str());
        match event.result() {
            Some(LogResult::Allow) => {}
            Some(LogResult::Deny) if ours => {}
            _ => return,
        }
        let device = event.device();
        let sign_in = ReplayedSignIn {
            device: device
                .and_then(|device| device.name.text().or(device.id.as_deref()))
                .map(str::to_owned),
            app: app.clone(),
            at,
            predicted: self.rules.predict(event, &user, at),
        };
        let entry = self.users.entry(user).or_default();
        entry.login = actor
            .alternate_id
            .value()
            .cloned()
            .or_else(|| entry.login.take());
        entry.name = actor
            .display_name
            .value()
            .cloned()
            .or_else(|| entry.name.take());
        let key = device
            .and_then(|device| device.id.clone())
            .unwrap_or_default();
        match entry.sign_ins.get(&key) {
            Some(later) if later.at > at => {}
            _ => drop(entry.sign_ins.insert(key, sign_in)),
        }
    }

    /// Who is covered. `expected` are logins of people who are known to be kept out.
    pub fn coverage(&self, expected: &[String]) -> Coverage {
        let mut coverage = Coverage::default();
        for (id, user) in &self.users {
            if user.is_let_in() {
                coverage.covered += 1;
                coverage.users += 1;
                continue;
            }
            let denied = DeniedUser {
                id: id.clone(),
                login: user.login.clone(),
                name: user.name.clone(),
                last: user.sign_ins.values().max_by_key(|one| one.at).cloned(),
            };
            let known = |login: &String| expected.iter().any(|one| one.eq_ignore_ascii_case(login));
            if user.login.as_ref().is_some_and(known) {
                coverage.expected.push(denied);
            } else {
                coverage.users += 1;
                coverage.denied.push(denied);
            }
        }
        coverage
    }
}

impl ReplayRules {
    /// How a sign-in would end now. What the rules in force decided stands; everything else is asked again, and a device
    /// that the log says nothing of is kept out.
    fn predict(&self, event: &LogEvent, user: &str, at: jiff::Timestamp) -> Predicted {
        let allowed = event.result() == Some(&LogResult::Allow);
        let rule = event.rule_id().unwrap_or_default();
        let is_current = self.changed.is_none_or(|changed| at >= changed);
        if allowed && rule == self.ids.managed && is_current {
            return Predicted::Managed;
        }
        if allowed && self.others.contains(rule) {
            return Predicted::OtherRule;
        }
        if self.break_glass.contains(user) {
            return Predicted::BreakGlass;
        }
        let Some(device) = event.device() else {
            return Predicted::NoDevice;
        };
        if device.managed.value() != Some(&true) || device.registered.value() != Some(&true) {
            return Predicted::NotManaged;
        }
        if rule == self.ids.catch_all {
            return Predicted::Broken;
        }
        if self
            .managed
            .as_ref()
            .is_some_and(|users| !users.contains(user))
        {
            return Predicted::NotInGroup;
        }
        if device.os_platform.text() != Some("OSX") || self.assurance {
            return Predicted::NotManaged;
        }
        Predicted::Managed
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn replay(events: &[Value]) -> Replay {
        let rules = ReplayRules {
            ids: RuleIds {
                policy: "rst".into(),
                managed: "managed".into(),
                break_glass: "glass".into(),
                catch_all: "catch".into(),
            },
            others: ["contractors".to_owned()].into(),
            changed: "2026-11-20T00:00:00Z".parse().ok(),
            apps: [("0oa1".to_owned(), "Wiki".to_owned())].into(),
            managed: Some(["ada".to_owned()].into()),
            break_glass: ["root".to_owned()].into(),
            assurance: false,
        };
        let at = |text: &str| text.parse().unwrap();
        let mut replay = Replay::new(
            rules,
            at("2026-11-17T00:00:00Z"),
            at("2026-11-24T00:00:00Z"),
        );
        for event in events {
            replay.add(&serde_json::from_value(event.clone()).unwrap());
        }
        replay
    }

    fn event(user: &str, result: &str, rule: &str, device: &Value, day: u32) -> Value {
        json!({
            "eventType": "policy.evaluate_sign_on", "published": format!("2026-11-{day}T12:00:00.000Z"),
            "actor": {"id": user, "type": "User", "alternateId": format!("{user}@acme.example")},
            "outcome": {"result": result}, "device": device,
            "target": [{"type": "Rule", "id": rule}, {"type": "AppInstance", "id": "0oa1"}]
        })
    }

    fn mac(id: &str, managed: bool) -> Value {
        json!({"id": id, "name": id, "os_platform": "OSX", "registered": true, "managed": managed})
    }

    fn predicted(event: Value) -> Predicted {
        let replay = replay(&[event]);
        let user = replay.users.values().next().unwrap();
        user.sign_ins.values().next().unwrap().predicted
    }

    #[test]
    fn what_the_rules_in_force_decided_stands() {
        let by = |rule, device: &Value| predicted(event("eve", "ALLOW", rule, device, 21));
        assert_eq!(by("managed", &mac("m", true)), Predicted::Managed);
        assert_eq!(by("contractors", &json!(null)), Predicted::OtherRule);
        assert_eq!(by("catch", &mac("m", true)), Predicted::Broken);
        assert_eq!(by("catch", &mac("m", false)), Predicted::NotManaged);
        assert_eq!(by("catch", &json!(null)), Predicted::NoDevice);
    }

    #[test]
    fn what_other_rules_decided_is_asked_again() {
        let by = |user, device: &Value| predicted(event(user, "ALLOW", "old", device, 21));
        assert_eq!(by("ada", &mac("m", true)), Predicted::Managed);
        assert_eq!(by("eve", &mac("m", true)), Predicted::NotInGroup);
        assert_eq!(by("root", &json!(null)), Predicted::BreakGlass);
        let phone = json!({"id": "p", "os_platform": "IOS", "registered": true, "managed": true});
        assert_eq!(by("ada", &phone), Predicted::NotManaged);
    }

    #[test]
    fn a_decision_of_the_managed_rule_before_it_was_changed_is_asked_again() {
        let event = event("eve", "ALLOW", "managed", &mac("m", true), 18);
        assert_eq!(predicted(event), Predicted::NotInGroup);
    }

    #[test]
    fn a_user_is_covered_by_one_device_and_the_latest_sign_in_of_each_counts() {
        let seen = replay(&[
            event("ada", "ALLOW", "managed", &mac("one", true), 21),
            event("ada", "ALLOW", "catch", &mac("two", false), 22),
            event("bob", "ALLOW", "managed", &mac("three", true), 21),
            event("bob", "ALLOW", "catch", &mac("three", true), 22),
            event("bob", "ALLOW", "managed", &mac("three", true), 20),
        ]);
        let coverage = seen.coverage(&[]);
        assert_eq!((coverage.covered, coverage.users), (1, 2));
        assert_eq!(
            coverage.denied[0].to_string(),
            "bob@acme.example (managed, and yet at the catch-all)"
        );
    }

    #[test]
    fn who_is_expected_to_be_kept_out_counts_neither_way() {
        let seen = replay(&[
            event("ada", "ALLOW", "managed", &mac("one", true), 21),
            event("eve", "ALLOW", "catch", &json!(null), 21),
        ]);
        assert!(!seen.coverage(&[]).reaches(95));
        let coverage = seen.coverage(&["Eve@acme.example".into(), "ada@acme.example".into()]);
        assert!(coverage.reaches(100));
        assert_eq!(
            (coverage.covered, coverage.users, coverage.expected.len()),
            (1, 1, 1)
        );
    }

    #[test]
    fn nobody_at_all_is_not_enough() {
        assert!(!Coverage::default().reaches(1));
    }

    #[test]
    fn other_apps_other_people_and_other_denials_do_not_count() {
        let mut other_app = event("ada", "ALLOW", "managed", &mac("m", true), 21);
        other_app["target"][1]["id"] = json!("0oa2");
        let mut service = event("ada", "ALLOW", "managed", &mac("m", true), 21);
        service["actor"]["type"] = json!("SystemPrincipal");
        let old = event("ada", "ALLOW", "managed", &mac("m", true), 16);
        let denied = event("ada", "DENY", "old", &json!(null), 21);
        let challenged = event("ada", "CHALLENGE", "managed", &mac("m", true), 21);
        let seen = replay(&[other_app, service, old, denied, challenged]);
        assert_eq!(seen.users, BTreeMap::new());
    }
}

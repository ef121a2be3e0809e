//! One event more.

use super::{
    AppSeen, Counts, DeviceEvidence, DeviceFacts, Evidence, Latest, RuleIds, UserSeen, Verdict,
};
use crate::{
    Time,
    logs::{EventType, LogEvent, LogResult},
};

impl Evidence {
    /// Folds one event. Events published outside the window are passed over. Give events of one sign-in in the order
    /// of the log: those that name no device are told by the ids they share with one that did.
    pub fn add(&mut self, event: &LogEvent) {
        let Some(at) = event.published.as_ref().and_then(Time::timestamp) else {
            return;
        };
        if at < self.from || at > self.to {
            return;
        }
        self.events += 1;
        let Some(key) = self.subject(event) else {
            return;
        };
        let verdict = verdict(&self.rules, event);
        let keys: Vec<String> = event
            .sign_in_keys()
            .into_iter()
            .map(str::to_owned)
            .collect();
        let entry = self.devices.entry(key.clone()).or_default();
        if let Some(device) = event.device() {
            entry.device = Some(DeviceFacts {
                id: device.id.clone().unwrap_or_default(),
                name: device.name.value().cloned(),
                os: device.os_platform.value().cloned(),
                os_version: device.os_version.value().cloned(),
                managed: device.managed.value().copied(),
                registered: device.registered.value().copied(),
            });
            for old in std::mem::replace(&mut entry.keys, keys.clone()) {
                self.sign_ins.remove(&old);
            }
            for new in keys {
                self.sign_ins.insert(new, key.clone());
            }
        }
        let user = user(event);
        if user.is_some() {
            entry.user.clone_from(&user);
        }
        entry.last = entry.last.max(Some(at));
        note_use(
            entry,
            user,
            event,
            at,
            verdict,
            Verdict::of(&self.rules, event),
        );
        let before = (entry.counts.managed_success, entry.counts.at_catch_all());
        *verdict(&mut entry.counts) += 1;
        if entry.counts.managed_success > before.0 {
            entry.last_managed = entry.last_managed.max(Some(at));
        }
        if entry.counts.at_catch_all() > before.1 {
            entry.last_at_catch_all = entry.last_at_catch_all.max(Some(at));
        }
    }

    /// Whose event it is: the device's, the device's of the same sign-in, else the user's.
    fn subject(&self, event: &LogEvent) -> Option<String> {
        if let Some(id) = event.device().and_then(|device| device.id.as_deref()) {
            return Some(format!("device {id}"));
        }
        let keys = event.sign_in_keys();
        if let Some(key) = keys.iter().find_map(|key| self.sign_ins.get(*key)) {
            return Some(key.clone());
        }
        let actor = event.actor.as_ref()?;
        Some(format!("user {}", actor.id.as_deref()?))
    }
}

fn user(event: &LogEvent) -> Option<UserSeen> {
    let actor = event.actor.as_ref()?;
    if actor.kind.as_deref().is_some_and(|kind| kind != "User") {
        return None;
    }
    Some(UserSeen {
        id: actor.id.clone()?,
        login: actor.alternate_id.value().cloned(),
    })
}

fn note_use(
    entry: &mut DeviceEvidence,
    user: Option<UserSeen>,
    event: &LogEvent,
    at: jiff::Timestamp,
    count: fn(&mut Counts) -> &mut u64,
    verdict: Option<Verdict>,
) {
    let app = event.app().and_then(|app| {
        Some(AppSeen {
            id: app.id.clone()?,
            label: app.display_name.value().cloned(),
        })
    });
    let id_of_user = user.as_ref().map_or("-", |user| user.id.as_str());
    let id_of_app = app.as_ref().map_or("-", |app| app.id.as_str());
    let used = entry
        .uses
        .entry(format!("{id_of_user} {id_of_app}"))
        .or_default();
    *count(&mut used.counts) += 1;
    used.user = user.or(used.user.take());
    used.app = app.or(used.app.take());
    used.last = used.last.max(Some(at));
    // The sign-in to the app fails because access was denied: that is no other fault.
    let follows_denial = event.kind() == EventType::Sso
        && used
            .latest
            .as_ref()
            .is_some_and(|latest| latest.verdict == Verdict::Denied);
    if let Some(verdict) = verdict
        && !follows_denial
        && used.latest.as_ref().is_none_or(|latest| latest.at <= at)
    {
        used.latest = Some(Latest { at, verdict });
    }
}

/// Which count an event adds to.
fn verdict(rules: &RuleIds, event: &LogEvent) -> fn(&mut Counts) -> &mut u64 {
    let result = event.result();
    let managed = event.device().and_then(|device| device.managed.value()) == Some(&true);
    if event.event_type == "policy.evaluate_sign_on" {
        let rule = event.rule_id();
        let is = |id: &str| rule == Some(id);
        return match result {
            Some(LogResult::Allow) if is(&rules.managed) && managed => |c| &mut c.managed_success,
            Some(LogResult::Allow) if is(&rules.managed) => |c| &mut c.managed_unproven,
            Some(LogResult::Allow) if is(&rules.break_glass) => |c| &mut c.break_glass,
            Some(LogResult::Allow | LogResult::Deny) if is(&rules.catch_all) && managed => {
                |c| &mut c.managed_at_catch_all
            }
            Some(LogResult::Allow) if is(&rules.catch_all) => |c| &mut c.predicted_denial,
            Some(LogResult::Deny) if is(&rules.catch_all) => |c| &mut c.denied,
            _ => |c| &mut c.other,
        };
    }
    let sso = event.event_type == "user.authentication.sso";
    match result {
        Some(LogResult::Success) if sso => |c| &mut c.sso_success,
        Some(LogResult::Failure) if sso => |c| &mut c.sso_failure,
        Some(LogResult::Failure) => |c| &mut c.failure,
        _ => |c| &mut c.other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn rules() -> RuleIds {
        RuleIds {
            policy: "rst".into(),
            managed: "rul-managed".into(),
            break_glass: "rul-glass".into(),
            catch_all: "rul-catch".into(),
        }
    }

    fn evidence(events: &[Value]) -> Evidence {
        let mut evidence = Evidence::new(
            rules(),
            "2026-11-24T12:00:00Z".parse().unwrap(),
            "2026-11-24T13:00:00Z".parse().unwrap(),
        );
        for event in events {
            evidence.add(&serde_json::from_value(event.clone()).unwrap());
        }
        evidence
    }

    fn decision(result: &str, rule: &str, device: &Value) -> Value {
        json!({
            "eventType": "policy.evaluate_sign_on", "published": "2026-11-24T12:30:00.000Z",
            "actor": {"id": "00u1", "type": "User", "alternateId": "ada@acme.example"},
            "outcome": {"result": result, "reason": "any text"},
            "target": [{"type": "AppUser", "id": rule}, {"type": "Rule", "id": rule}],
            "device": device, "transaction": {"id": "t1"}
        })
    }

    fn mac(managed: Option<bool>) -> Value {
        json!({"id": "guo1", "name": "Mac", "os_platform": "OSX", "managed": managed, "registered": true})
    }

    fn only(evidence: &Evidence) -> &DeviceEvidence {
        assert_eq!(evidence.devices().count(), 1);
        evidence.devices().next().unwrap()
    }

    #[test]
    fn a_managed_success_needs_our_rule_and_a_managed_device() {
        let seen = evidence(&[
            decision("ALLOW", "rul-managed", &mac(Some(true))),
            decision("ALLOW", "rul-managed", &mac(None)),
            decision("CHALLENGE", "rul-managed", &mac(Some(true))),
            decision("ALLOW", "rul-other", &mac(Some(true))),
        ]);
        let counts = &only(&seen).counts;
        assert_eq!(
            (
                counts.managed_success,
                counts.managed_unproven,
                counts.other
            ),
            (1, 1, 2)
        );
    }

    #[test]
    fn an_unmanaged_device_at_the_open_catch_all_is_a_predicted_denial() {
        let seen = evidence(&[
            decision("ALLOW", "rul-catch", &mac(Some(false))),
            decision("ALLOW", "rul-catch", &mac(None)),
            decision("DENY", "rul-catch", &mac(Some(false))),
            decision("ALLOW", "rul-catch", &mac(Some(true))),
        ]);
        let counts = &only(&seen).counts;
        assert_eq!(
            (
                counts.predicted_denial,
                counts.denied,
                counts.managed_at_catch_all
            ),
            (2, 1, 1)
        );
        assert_eq!(seen.unmanaged_at_catch_all(), 3);
    }

    #[test]
    fn an_sso_event_without_a_device_belongs_to_the_device_of_its_sign_in() {
        let seen = evidence(&[
            decision("ALLOW", "rul-managed", &mac(Some(true))),
            json!({"eventType": "user.authentication.sso", "published": "2026-11-24T12:30:01.000Z", "device": null,
                   "actor": {"id": "00u1", "type": "User"}, "outcome": {"result": "SUCCESS"},
                   "transaction": {"id": "t1"}}),
        ]);
        let device = only(&seen);
        assert_eq!(device.counts.sso_success, 1);
        assert_eq!(device.device.as_ref().unwrap().id, "guo1");
        assert_eq!(device.last, "2026-11-24T12:30:01Z".parse().ok());
    }

    #[test]
    fn a_sign_in_without_any_device_is_kept_per_user() {
        let seen = evidence(&[
            decision("ALLOW", "rul-catch", &json!(null)),
            json!({"eventType": "user.authentication.sso", "published": "2026-11-24T12:31:00.000Z",
                   "actor": {"id": "00u1", "type": "User"}, "outcome": {"result": "FAILURE"}}),
        ]);
        let user = only(&seen);
        assert_eq!(user.device, None);
        assert_eq!(
            (user.counts.predicted_denial, user.counts.sso_failure),
            (1, 1)
        );
        assert_eq!(user.user.as_ref().unwrap().id, "00u1");
    }

    #[test]
    fn events_outside_the_window_do_not_count() {
        let mut early = decision("ALLOW", "rul-managed", &mac(Some(true)));
        early["published"] = json!("2026-11-24T11:59:59.999Z");
        let seen = evidence(&[early]);
        assert_eq!((seen.events, seen.devices().count()), (0, 0));
    }

    #[test]
    fn memory_grows_with_devices_and_not_with_events() {
        let mut seen = evidence(&[]);
        for n in 0..500 {
            let mut event = decision("ALLOW", "rul-managed", &mac(Some(true)));
            event["transaction"]["id"] = json!(format!("t{n}"));
            seen.add(&serde_json::from_value(event).unwrap());
        }
        assert_eq!(
            (seen.events, seen.devices.len(), seen.sign_ins.len()),
            (500, 1, 1)
        );
    }

    #[test]
    fn users_and_apps_on_one_mac_are_told_apart_and_the_latest_event_decides() {
        let on = |minute: u32, user: &str, app: &str, rule: &str| {
            let mut event = decision("ALLOW", rule, &mac(Some(true)));
            event["published"] = json!(format!("2026-11-24T12:{minute}:00.000Z"));
            event["actor"]["id"] = json!(user);
            event["target"][0] = json!({"type": "AppInstance", "id": app, "displayName": app});
            event
        };
        let seen = evidence(&[
            on(10, "00u1", "wiki", "rul-managed"),
            on(20, "00u1", "payroll", "rul-managed"),
            on(30, "00u2", "wiki", "rul-managed"),
            on(40, "00u2", "wiki", "rul-catch"),
            // Arrives late, and does not outdo what came after it.
            on(35, "00u2", "wiki", "rul-managed"),
        ]);
        let mac = only(&seen);
        let verdicts: Vec<String> = mac
            .uses()
            .map(|used| {
                let (user, app) = (used.user.as_ref().unwrap(), used.app.as_ref().unwrap());
                let latest = used.latest.as_ref().unwrap();
                format!("{} {}: {}", user.id, app.id, latest.verdict)
            })
            .collect();
        assert_eq!(
            verdicts,
            [
                "00u1 payroll: managed",
                "00u1 wiki: managed",
                "00u2 wiki: broken: it is managed, and the catch-all decided"
            ]
        );
        assert!(matches!(mac.verdict(), Some(Verdict::Broken { .. })));
        assert_eq!(mac.counts.managed_success, 4);
    }

    #[test]
    fn a_sign_in_that_fails_is_broken_unless_access_was_denied() {
        let failed = |minute: u32| {
            json!({"eventType": "user.authentication.sso", "device": mac(None),
                   "published": format!("2026-11-24T12:{minute}:00.000Z"), "actor": {"id": "00u1", "type": "User"},
                   "outcome": {"result": "FAILURE", "reason": "no assertion"}})
        };
        let mut denial = decision("DENY", "rul-catch", &mac(Some(false)));
        denial["published"] = json!("2026-11-24T12:20:00.000Z");
        let broken = Verdict::Broken {
            why: "no assertion".into(),
        };
        assert_eq!(only(&evidence(&[failed(10)])).verdict(), Some(&broken));
        let seen = evidence(&[failed(10), denial, failed(21)]);
        assert_eq!(only(&seen).verdict(), Some(&Verdict::Denied));
    }

    #[test]
    fn evidence_survives_its_json() {
        let seen = evidence(&[decision("ALLOW", "rul-managed", &mac(Some(true)))]);
        let again: Evidence = serde_json::from_str(&serde_json::to_string(&seen).unwrap()).unwrap();
        assert_eq!(again.devices().next().unwrap().counts, only(&seen).counts);
        assert_eq!(again.rules, seen.rules);
    }
}

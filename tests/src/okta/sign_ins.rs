//! Who signs in before the catch-all is to be closed, as the System Log tells it.

use device_trust_sandbox::Shared;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::stored;

/// Sign-ins that are decided by the rules that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignIns {
    /// Users with a managed Mac, let in by the managed rule.
    pub managed: usize,
    /// Users without, let in by the catch-all.
    pub unmanaged: usize,
    /// Whether one of them tries the pilot app and is kept out.
    pub pilot_denial: bool,
    /// How long ago that was.
    pub hours_ago: i64,
}

impl SignIns {
    /// Everything that closing the catch-all asks of the log.
    pub const ENOUGH: Self = Self {
        managed: 3,
        unmanaged: 0,
        pilot_denial: true,
        hours_ago: 0,
    };

    /// Writes them to the log.
    ///
    /// # Panics
    /// When the sandbox's state has no log.
    pub fn write(self, shared: &Shared) {
        let at = shared.now() - SignedDuration::from_hours(self.hours_ago);
        stored::change(shared, |okta, _| self.add(okta, &format!("{at:.3}")));
    }

    fn add(self, okta: &mut Value, now: &str) {
        let id = |policy, name| {
            stored::rule(okta, policy, name).map_or(Value::Null, |rule| rule["id"].clone())
        };
        let app =
            |label| stored::app(okta, label).map_or(Value::Null, |app| app["body"]["id"].clone());
        let (managed, catch_all) = (
            id(stored::ACCESS, stored::MANAGED),
            id(stored::ACCESS, stored::CATCH_ALL),
        );
        let mut events = Vec::new();
        for n in 0..self.managed {
            let user = format!("managed-{n}");
            events.push(event(now, &user, "ALLOW", &managed, &app("Payroll"), true));
        }
        for n in 0..self.unmanaged {
            let user = format!("other-{n}");
            events.push(event(
                now,
                &user,
                "ALLOW",
                &catch_all,
                &app("Payroll"),
                false,
            ));
        }
        if self.pilot_denial {
            let rule = id(stored::PILOT, stored::CATCH_ALL);
            let app = app(stored::PILOT);
            events.push(event(now, "someone", "DENY", &rule, &app, false));
        }
        let log = okta["log"].as_array_mut().expect("the log is a list");
        log.extend(events);
    }
}

fn event(now: &str, user: &str, result: &str, rule: &Value, app: &Value, managed: bool) -> Value {
    json!({
        "uuid": format!("{user}-{now}"), "eventType": "policy.evaluate_sign_on", "published": now,
        "actor": {"id": user, "type": "User", "alternateId": format!("{user}@acme.example")},
        "outcome": {"result": result}, "transaction": {"id": user},
        "target": [{"type": "Rule", "id": rule}, {"type": "AppInstance", "id": app}],
        "device": {"id": format!("guo-{user}"), "name": user, "os_platform": "OSX", "registered": true,
                   "managed": managed}
    })
}

//! A System Log event. `device` is missing from Okta's schema of events and present in the events themselves; its keys
//! are in snake_case there.
//!
//! Okta writes `null` for most of what it has nothing to say of, so nearly every field has three states.

use serde_json::{Map, Value};

use super::{EventType, LogClient, LogRequest, LogSecurityContext};
use crate::{
    Field, Time,
    lossless::{lossless, open_enum},
};

open_enum! {
    /// How an event ended.
    LogResult {
        Success = "SUCCESS",
        Failure = "FAILURE",
        Skipped = "SKIPPED",
        Allow = "ALLOW",
        Deny = "DENY",
        Challenge = "CHALLENGE",
        Unknown = "UNKNOWN",
        RateLimit = "RATE_LIMIT",
        Deferred = "DEFERRED",
        Scheduled = "SCHEDULED",
        Abandoned = "ABANDONED",
        Unanswered = "UNANSWERED",
    }
}

open_enum! {
    /// How severe an event is.
    LogSeverity {
        Debug = "DEBUG",
        Info = "INFO",
        Warn = "WARN",
        Error = "ERROR",
    }
}

lossless! {
    /// An event (schema `LogEvent`, and `device`).
    LogEvent {
        /// Its id.
        uuid: String,
        /// Its type, such as `policy.evaluate_sign_on`.
        event_type: String,
        /// When it was published.
        published: Option<Time>,
        /// Its severity.
        severity: Option<LogSeverity>,
        /// Its text.
        display_message: Field<String>,
        /// Its type in the former API.
        legacy_event_type: Field<String>,
        /// The version of its shape.
        version: Option<String>,
        /// Who did it.
        actor: Option<LogActor>,
        /// How it ended.
        outcome: Field<LogOutcome>,
        /// What it was done to. Find an item by its type, never by its index.
        target: Field<Vec<LogTarget>>,
        /// The device; filled when FastPass answered, `null` otherwise.
        device: Field<LogDevice>,
        /// The browser or app.
        client: Field<LogClient>,
        /// What it belongs to: the steps of one sign-in share its id.
        transaction: Field<LogTransaction>,
        /// How the actor is signed in.
        authentication_context: Field<LogAuthenticationContext>,
        /// Free-form detail.
        debug_context: Field<LogDebugContext>,
        /// What is known of where the request came from.
        security_context: Field<LogSecurityContext>,
        /// The request.
        request: Field<LogRequest>,
    }
}

impl LogEvent {
    /// Its type, as one of those that device trust is about.
    pub fn kind(&self) -> EventType {
        EventType::from(self.event_type.as_str())
    }

    /// How it ended.
    pub fn result(&self) -> Option<&LogResult> {
        self.outcome.value()?.result.value()
    }

    /// Why it ended so, for people. The wording is not stable.
    pub fn reason(&self) -> Option<&str> {
        self.outcome.value()?.reason.text()
    }

    /// The targets.
    pub fn targets(&self) -> &[LogTarget] {
        self.target.value().map_or(&[], Vec::as_slice)
    }

    /// The first target of a type, such as `Rule` or `AppInstance`.
    pub fn target_of(&self, kind: &str) -> Option<&LogTarget> {
        self.targets()
            .iter()
            .find(|target| target.kind.as_deref() == Some(kind))
    }

    /// The app that it is about.
    pub fn app(&self) -> Option<&LogTarget> {
        self.target_of("AppInstance")
    }

    /// The id of the rule that decided: the target of type `Rule`, or `PolicyRule` in older events.
    pub fn rule_id(&self) -> Option<&str> {
        let rule = self
            .target_of("Rule")
            .or_else(|| self.target_of("PolicyRule"))?;
        rule.id.as_deref()
    }

    /// The device, if the event names one.
    pub fn device(&self) -> Option<&LogDevice> {
        self.device.value()
    }

    /// What ties the steps of one sign-in together: transaction, session and authentication request ids.
    pub(crate) fn sign_in_keys(&self) -> Vec<&str> {
        let context = self.authentication_context.value();
        let debug = self
            .debug_context
            .value()
            .and_then(|debug| debug.debug_data.value());
        [
            self.transaction
                .value()
                .and_then(|transaction| transaction.id.as_deref()),
            context.and_then(|context| context.root_session_id.text()),
            context.and_then(|context| context.external_session_id.text()),
            debug.and_then(|data| data.get("authnRequestId")?.as_str()),
        ]
        .into_iter()
        .flatten()
        .filter(|key| !key.is_empty() && !key.eq_ignore_ascii_case("unknown"))
        .collect()
    }
}

lossless! {
    /// Who did something.
    LogActor {
        /// The id.
        id: Option<String>,
        /// The type, such as `User`.
        #[serde(rename = "type")]
        kind: Option<String>,
        /// The login of a user.
        alternate_id: Field<String>,
        /// The name.
        display_name: Field<String>,
        /// More.
        detail_entry: Field<Map<String, Value>>,
    }
}

impl LogActor {
    /// The login, if it is a user.
    pub fn login(&self) -> Option<&str> {
        let is_user = self.kind.as_deref().is_none_or(|kind| kind == "User");
        self.alternate_id.text().filter(|_| is_user)
    }
}

lossless! {
    /// How an event ended.
    LogOutcome {
        /// The result.
        result: Field<LogResult>,
        /// Why, for people: its wording is not stable.
        reason: Field<String>,
    }
}

lossless! {
    /// What something was done to.
    LogTarget {
        /// The id.
        id: Option<String>,
        /// The type, such as `AppInstance`, `Rule`, `AppUser`.
        #[serde(rename = "type")]
        kind: Option<String>,
        /// Another id.
        alternate_id: Field<String>,
        /// The name.
        display_name: Field<String>,
        /// More.
        detail_entry: Field<Map<String, Value>>,
        /// What was changed.
        change_details: Field<LogChange>,
    }
}

lossless! {
    /// What was changed of a target.
    LogChange {
        /// Before.
        from: Field<Map<String, Value>>,
        /// After.
        to: Field<Map<String, Value>>,
    }
}

lossless! {
    /// The device of an event. The keys are in snake_case on the wire.
    LogDevice {
        /// Its id.
        id: Option<String>,
        /// Its name.
        name: Field<String>,
        /// Its platform; `OSX` for Macs.
        #[serde(rename = "os_platform")]
        os_platform: Field<String>,
        /// The version of its system.
        #[serde(rename = "os_version")]
        os_version: Field<String>,
        /// Whether it is managed; absent is not `false`.
        managed: Field<bool>,
        /// Whether it is registered.
        registered: Field<bool>,
        /// Where its signals come from.
        #[serde(rename = "device_integrator")]
        device_integrator: Field<Value>,
        /// How its disk is encrypted.
        #[serde(rename = "disk_encryption_type")]
        disk_encryption_type: Field<String>,
        /// How its screen is locked.
        #[serde(rename = "screen_lock_type")]
        screen_lock_type: Field<String>,
        /// Whether it is jailbroken.
        jailbreak: Field<bool>,
        /// Whether it keeps keys in hardware.
        #[serde(rename = "secure_hardware_present")]
        secure_hardware_present: Field<bool>,
    }
}

lossless! {
    /// What an event belongs to.
    LogTransaction {
        /// The id.
        id: Option<String>,
        /// `WEB` or `JOB`.
        #[serde(rename = "type")]
        kind: Field<String>,
        /// More.
        detail: Field<Map<String, Value>>,
    }
}

lossless! {
    /// How the actor of an event is signed in.
    LogAuthenticationContext {
        /// Who authenticated.
        authentication_provider: Field<String>,
        /// The step.
        authentication_step: Field<i64>,
        /// Who gave the credential.
        credential_provider: Field<String>,
        /// What kind of credential.
        credential_type: Field<String>,
        /// The session's id.
        external_session_id: Field<String>,
        /// The id of the session that this one came from. Seen on the wire, not documented.
        root_session_id: Field<String>,
        /// The interface.
        interface: Field<String>,
        /// The issuer of the credential.
        issuer: Field<LogIssuer>,
    }
}

lossless! {
    /// The issuer of a credential.
    LogIssuer {
        /// The id.
        id: Field<String>,
        /// The type.
        #[serde(rename = "type")]
        kind: Field<String>,
    }
}

lossless! {
    /// Free-form detail of an event.
    LogDebugContext {
        /// Keys and values, not stable.
        debug_data: Field<Map<String, Value>>,
    }
}
#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_device_is_read_though_the_schema_lacks_it() {
        let text = json!({
            "uuid": "u", "eventType": "policy.evaluate_sign_on", "published": "2026-11-24T12:00:00.123Z",
            "outcome": {"result": "ALLOW", "reason": "whatever"},
            "target": [{"type": "AppInstance", "id": "0oa1"}, {"type": "Rule", "id": "rul1"}],
            "device": {"id": "guo1", "os_platform": "OSX", "managed": true, "registered": true,
                       "disk_encryption_type": "ALL_INTERNAL_VOLUMES", "new_key": null},
            "authenticationContext": {"externalSessionId": "unknown", "rootSessionId": "idx1"},
            "transaction": {"id": "t1"}, "debugContext": {"debugData": {"authnRequestId": "a1"}}
        });
        let event: LogEvent = serde_json::from_value(text.clone()).unwrap();
        let device = event.device().unwrap();
        assert_eq!(
            (device.os_platform.text(), device.managed.value()),
            (Some("OSX"), Some(&true))
        );
        assert_eq!(event.rule_id(), Some("rul1"));
        assert_eq!(event.sign_in_keys(), ["t1", "idx1", "a1"]);
        assert_eq!(serde_json::to_value(&event).unwrap(), text);
    }

    #[test]
    fn a_null_device_stays_null() {
        let event: LogEvent = serde_json::from_str(r#"{"device": null}"#).unwrap();
        assert_eq!(event.device, Field::Null);
        assert_eq!(serde_json::to_string(&event).unwrap(), r#"{"device":null}"#);
    }
}

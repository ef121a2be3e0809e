//! A System Log event. `device` is missing from Okta's schema of events and present in the events themselves; its keys
//! are in snake_case there.

use serde_json::{Map, Value};

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
        display_message: Option<String>,
        /// Its type in the former API.
        legacy_event_type: Option<String>,
        /// The version of its shape.
        version: Option<String>,
        /// Who did it.
        actor: Option<LogActor>,
        /// How it ended.
        outcome: Option<LogOutcome>,
        /// What it was done to. Find an item by its type, never by its index.
        target: Option<Vec<LogTarget>>,
        /// The device; filled when FastPass answered, `null` otherwise.
        device: Field<LogDevice>,
        /// The browser or app.
        client: Option<LogClient>,
        /// What it belongs to: the steps of one sign-in share its id.
        transaction: Option<LogTransaction>,
        /// How the actor is signed in.
        authentication_context: Option<LogAuthenticationContext>,
        /// Free-form detail.
        debug_context: Option<LogDebugContext>,
        /// Where the request came from.
        security_context: Option<Value>,
        /// The request.
        request: Option<Value>,
    }
}

impl LogEvent {
    /// How it ended.
    pub fn result(&self) -> Option<&LogResult> {
        self.outcome.as_ref()?.result.as_ref()
    }

    /// The first target of a type, such as `Rule` or `AppInstance`.
    pub fn target_of(&self, kind: &str) -> Option<&LogTarget> {
        self.target
            .iter()
            .flatten()
            .find(|target| target.kind.as_deref() == Some(kind))
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
        let context = self.authentication_context.as_ref();
        let debug = self
            .debug_context
            .as_ref()
            .and_then(|d| d.debug_data.as_ref());
        [
            self.transaction.as_ref().and_then(|t| t.id.as_deref()),
            context.and_then(|c| c.root_session_id.as_deref()),
            context.and_then(|c| c.external_session_id.as_deref()),
            debug.and_then(|d| d.get("authnRequestId")?.as_str()),
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
        alternate_id: Option<String>,
        /// The name.
        display_name: Option<String>,
        /// More.
        detail_entry: Option<Map<String, Value>>,
    }
}

lossless! {
    /// How an event ended.
    LogOutcome {
        /// The result.
        result: Option<LogResult>,
        /// Why, for people: its wording is not stable.
        reason: Option<String>,
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
        alternate_id: Option<String>,
        /// The name.
        display_name: Option<String>,
        /// More.
        detail_entry: Option<Map<String, Value>>,
        /// What was changed.
        change_details: Option<Value>,
    }
}

lossless! {
    /// The device of an event. The keys are in snake_case on the wire.
    LogDevice {
        /// Its id.
        id: Option<String>,
        /// Its name.
        name: Option<String>,
        /// Its platform; `OSX` for Macs.
        #[serde(rename = "os_platform")]
        os_platform: Option<String>,
        /// The version of its system.
        #[serde(rename = "os_version")]
        os_version: Option<String>,
        /// Whether it is managed; absent is not `false`.
        managed: Option<bool>,
        /// Whether it is registered.
        registered: Option<bool>,
        /// Where its signals come from.
        #[serde(rename = "device_integrator")]
        device_integrator: Option<Value>,
        /// How its disk is encrypted.
        #[serde(rename = "disk_encryption_type")]
        disk_encryption_type: Option<String>,
        /// How its screen is locked.
        #[serde(rename = "screen_lock_type")]
        screen_lock_type: Option<String>,
        /// Whether it is jailbroken.
        jailbreak: Option<bool>,
        /// Whether it keeps keys in hardware.
        #[serde(rename = "secure_hardware_present")]
        secure_hardware_present: Option<bool>,
    }
}

lossless! {
    /// The browser or app of an event.
    LogClient {
        /// Its id.
        id: Option<String>,
        /// The kind of device, such as `Computer`.
        device: Option<String>,
        /// Its IP address.
        ip_address: Option<String>,
        /// Its network zone.
        zone: Option<String>,
        /// Its user agent.
        user_agent: Option<Value>,
        /// Where it is.
        geographical_context: Option<Value>,
    }
}

lossless! {
    /// What an event belongs to.
    LogTransaction {
        /// The id.
        id: Option<String>,
        /// `WEB` or `JOB`.
        #[serde(rename = "type")]
        kind: Option<String>,
        /// More.
        detail: Option<Map<String, Value>>,
    }
}

lossless! {
    /// How the actor of an event is signed in.
    LogAuthenticationContext {
        /// Who authenticated.
        authentication_provider: Option<String>,
        /// The step.
        authentication_step: Option<i64>,
        /// Who gave the credential.
        credential_provider: Option<String>,
        /// What kind of credential.
        credential_type: Option<String>,
        /// The session's id.
        external_session_id: Option<String>,
        /// The id of the session that this one came from.
        root_session_id: Option<String>,
        /// The interface.
        interface: Option<String>,
        /// The issuer of the credential.
        issuer: Option<Value>,
    }
}

lossless! {
    /// Free-form detail of an event.
    LogDebugContext {
        /// Keys and values, not stable.
        debug_data: Option<Map<String, Value>>,
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
            (device.os_platform.as_deref(), device.managed),
            (Some("OSX"), Some(true))
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

//! The System Log events of one sign-in, tied by transaction and session.
//!
//! The shape of the events on a denial (`application.policy.sign_on.deny_access`, the FAILURE of
//! `user.authentication.sso`) and of `pki.cert.bind` is not confirmed by any recording.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    apps::App,
    devices::Device,
    fields::{Object, text},
    log::{self, Event, Log},
    policy::{Policy, priority},
};
use crate::random;

/// What the simulated Macs call themselves.
pub(crate) const USER_AGENT: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) \
    AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15";

/// One event on the way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) kind: &'static str,
    pub(crate) display: &'static str,
    pub(crate) result: &'static str,
    pub(crate) reason: Option<&'static str>,
}

impl Step {
    pub(crate) fn new(kind: &'static str, display: &'static str, result: &'static str) -> Self {
        Self {
            kind,
            display,
            result,
            reason: None,
        }
    }

    fn because(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason);
        self
    }
}

/// One user's way through a sign-in.
#[derive(Clone, Debug)]
pub(crate) struct Journey {
    actor: Value,
    device: Value,
    pub(crate) transaction: String,
    session: String,
    debug: Value,
}

impl Journey {
    /// `device` is the context FastPass gave, or null.
    pub(crate) fn new(user: &Object, device: Value) -> Self {
        let transaction = random::alphanumeric(27);
        let debug = json!({
            "authnRequestId": transaction, "requestId": transaction,
            "dtHash": hex::encode(random::bytes::<32>()),
        });
        Self {
            actor: log::user(user),
            device,
            session: format!("idx{}", random::alphanumeric(22)),
            transaction,
            debug,
        }
    }

    pub(crate) fn store(&self, log: &mut Log, at: Timestamp, step: Step, targets: Vec<Value>) {
        let Step {
            kind,
            display,
            result,
            reason,
        } = step;
        let mut debug = self.debug.clone();
        let fastpass = kind == "user.authentication.auth_via_mfa";
        if fastpass {
            debug["factor"] = json!("SIGNED_NONCE");
            debug["keyTypeUsedForAuthentication"] = json!("USER_VERIFYING_BIO_OR_PIN");
        }
        let with_device = matches!(
            kind,
            "policy.evaluate_sign_on"
                | "user.authentication.auth_via_mfa"
                | "user.authentication.verify"
                | "user.session.start"
        );
        let event = Event {
            kind: kind.to_owned(),
            display: display.to_owned(),
            result,
            reason: reason.map(str::to_owned),
            actor: self.actor.clone(),
            targets,
            device: if with_device {
                self.device.clone()
            } else {
                Value::Null
            },
            debug,
            transaction: self.transaction.clone(),
            session: Some(self.session.clone()),
            user_agent: USER_AGENT.to_owned(),
            credential: if fastpass {
                json!("SIGNED_NONCE")
            } else {
                Value::Null
            },
        };
        log.store(at, event);
    }

    /// The decision of a policy about an app.
    pub(crate) fn evaluated(
        &self,
        log: &mut Log,
        result: &'static str,
        app: Value,
        rule: Value,
        at: Timestamp,
    ) {
        let reason = match result {
            "ALLOW" => "Sign-on policy evaluation resulted in AUTHENTICATED",
            "DENY" => DENIED,
            _ => "Sign-on policy evaluation resulted in CHALLENGE",
        };
        let step = Step::new(
            "policy.evaluate_sign_on",
            "Evaluation of sign-on policy",
            result,
        );
        self.store(log, at, step.because(reason), vec![app, rule]);
    }

    /// The three events of a denial.
    pub(crate) fn deny(&self, log: &mut Log, app: Value, rule: Value, at: Timestamp) {
        self.evaluated(log, "DENY", app.clone(), rule.clone(), at);
        let kind = "application.policy.sign_on.deny_access";
        let step = Step::new(
            kind,
            "Deny user access due to app sign on policy",
            "FAILURE",
        );
        self.store(log, at, step.because(DENIED), vec![app.clone(), rule]);
        let step = Step::new(
            "user.authentication.sso",
            "User single sign on to app",
            "FAILURE",
        );
        let step = step.because("Access denied by sign-on policy");
        self.store(log, at, step, vec![app, self.actor.clone()]);
    }
}

const DENIED: &str = "Sign-on policy evaluation resulted in DENIED";

/// The `detailEntry` of an `AppInstance` target.
pub(crate) fn app_detail(app: &App, result: &str) -> Value {
    json!({
        "signOnModeEvaluationResult": result,
        "signOnModeType": text(&app.body, "signOnMode"),
    })
}

/// The `Rule` target.
pub(crate) fn rule_target(policy: &Policy, rule: &Object) -> Value {
    let actions = rule.get("actions").cloned().unwrap_or_default();
    let factor_mode = actions
        .pointer("/appSignOn/verificationMethod/factorMode")
        .cloned();
    let detail = json!({
        "policyRuleFactorMode": factor_mode.unwrap_or_default(),
        "policy_id": policy.id(),
        "policy_name": policy.name(),
        "policy_rule_priority": priority(rule).to_string(),
    });
    log::target("Rule", text(rule, "id"), text(rule, "name"), &detail)
}

/// `event.device`, as FastPass fills it. The log says `OSX` where rules say `MACOS`.
pub(crate) fn device_context(device: &Device, managed: bool) -> Value {
    json!({
        "id": device.id(),
        "name": device.profile("displayName"),
        "os_platform": "OSX",
        "os_version": device.profile("osVersion"),
        "managed": managed,
        "registered": true,
        "device_integrator": null,
        "disk_encryption_type": device.profile("diskEncryptionType"),
        "screen_lock_type": device.users.first().map(|tie| tie.screen_lock.clone()),
        "jailbreak": null,
        "secure_hardware_present": device.profile("secureHardwarePresent"),
    })
}

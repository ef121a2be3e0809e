//! What the Okta suites share: the device trust that is wanted, a sandbox without Macs, and the org's state without ids.
//! The program `okta-client` does one [`Job`] of it.

mod job;
mod sign_ins;
pub mod stored;

use std::{collections::BTreeMap, time::Duration};

use device_trust_sandbox::{
    BREAK_GLASS_GROUP, Options, PILOT_USER_GROUP, Ports, RateLimits, Sandbox, World,
};
use okta_devtrust::{
    Okta, Retry,
    policies::{EnrollPrompt, EnrollSelf, PolicyType},
    ssws,
    trust::{
        AccessDesired, BookmarkDesired, BreakGlass, Desired, EnrollmentDesired, ManagedRule,
        SessionDesired,
    },
};
use serde_json::{Value, json};

pub use job::{Job, closing, run, unfinished};
pub use sign_ins::SignIns;

/// Everything that can be wanted, of a fresh sandbox.
#[must_use]
pub fn desired() -> Desired {
    let mut desired = Desired::new(AccessDesired {
        name: "Managed Macs".into(),
        break_glass: BreakGlass::new(BREAK_GLASS_GROUP),
        managed: ManagedRule::new([PILOT_USER_GROUP]),
    });
    desired.apps = vec!["Wiki".into(), "Payroll".into()];
    desired.enrollment = Some(EnrollmentDesired::Own {
        name: "Okta Verify".into(),
        groups: vec![PILOT_USER_GROUP.into()],
        okta_verify: EnrollSelf::Optional,
        prompt: EnrollPrompt::Login,
    });
    desired.enrollment_app = Some(BookmarkDesired::new("Enrol", "https://acme.example/enrol"));
    desired.pilot = Some(BookmarkDesired::new("Pilot", "https://acme.example/pilot"));
    desired.session = Some(SessionDesired::new("Pilot sessions", [PILOT_USER_GROUP]));
    desired
}

/// A client of an org that does not wait between its attempts.
///
/// # Errors
/// When URL or token cannot be used.
pub fn client(url: &str, token: &str) -> Result<Okta, okta_devtrust::Error> {
    Okta::with(url, ssws(&token.to_owned().into())?, quick())
}

/// Retries without waiting.
#[must_use]
pub fn quick() -> Retry {
    Retry {
        base: Duration::from_millis(1),
        ..Retry::default()
    }
}

/// A sandbox without Macs and without rate limits: from `world`, at free ports and with an empty request log, or fresh.
///
/// # Errors
/// When it cannot be started.
pub async fn start(world: Option<&World>) -> Result<Sandbox, device_trust_sandbox::Error> {
    let world = world.cloned().map(|mut world| {
        world.ports = Ports::default();
        world.requests.clear();
        world
    });
    Sandbox::start(Options {
        world,
        fleet: false,
        rate_limits: RateLimits::unlimited(),
        ..Options::default()
    })
    .await
}

/// The org without ids and times: policies, their rules, apps with policy and groups, and FastPass.
///
/// # Errors
/// When it cannot be read.
pub async fn state(okta: &Okta) -> Result<Value, okta_devtrust::Error> {
    let mut shown = Vec::new();
    let mut names = BTreeMap::new();
    for kind in [
        PolicyType::AccessPolicy,
        PolicyType::MfaEnroll,
        PolicyType::OktaSignOn,
    ] {
        for policy in okta.policies(&kind).await? {
            names.insert(policy.id.clone(), policy.name.clone());
            let rules = okta.rules(&policy.id).await?;
            shown.push(without_ids(&json!({"policy": policy, "rules": rules})));
        }
    }
    let groups = okta.groups_by_name(PILOT_USER_GROUP).await?;
    for label in ["Wiki", "Payroll", "Enrol", "Pilot"] {
        for app in okta.apps_by_label(label).await? {
            let under = app.access_policy().and_then(|id| names.get(id));
            let assigned = okta.is_group_assigned(&app.id, &groups[0].id).await?;
            shown.push(json!([label, app.status, under, assigned]));
        }
    }
    for one in okta.authenticators().await? {
        if one.key.as_deref() == Some("okta_verify") {
            let methods = okta.authenticator_methods(&one.id).await?;
            shown.push(without_ids(&json!([one, methods])));
        }
    }
    // Policies come in the order in which they were made, which is no part of the state.
    shown.sort_by_key(ToString::to_string);
    Ok(shown.into())
}

fn without_ids(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(key, _)| {
                !matches!(
                    key.as_str(),
                    "id" | "created" | "lastUpdated" | "_links" | "_embedded"
                )
            })
            .map(|(key, value)| (key.clone(), without_ids(value)))
            .collect(),
        // Okta does not keep the order of such lists.
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let mut items = items.clone();
            items.sort_by_key(|item| item.as_str().map(str::to_owned));
            items.into()
        }
        Value::Array(items) => items.iter().map(without_ids).collect(),
        other => other.clone(),
    }
}

//! Rules of global session policies.

use serde_json::{Value, json};

use super::{Failure, Object, fill, one_of};
use crate::okta::fields::object;

/// The default rule of a fresh org: a password first, sessions of one day.
///
/// That a new org asks for the password first is not confirmed; it is the state the job changes.
pub(crate) fn default_rule() -> Object {
    let mut rule = object(json!({ "type": "SIGN_ON", "name": "Default Rule" }));
    rule.insert("conditions".into(), conditions(&Object::new()));
    rule.insert(
        "actions".into(),
        json!({ "signon": {
            "access": "ALLOW",
            "primaryFactor": "PASSWORD_IDP",
            "requireFactor": false,
            "rememberDeviceByDefault": false,
            "session": {
                "maxSessionIdleMinutes": 120,
                "maxSessionLifetimeMinutes": 1440,
                "usePersistentCookie": false,
            },
        }}),
    );
    rule
}

pub(super) fn conditions(sent: &Object) -> Value {
    let mut conditions = sent.get("conditions").cloned().unwrap_or_default();
    fill(&mut conditions, "/people/users/exclude", json!([]));
    fill(&mut conditions, "/network/connection", json!("ANYWHERE"));
    fill(&mut conditions, "/authContext/authType", json!("ANY"));
    fill(&mut conditions, "/identityProvider/provider", json!("ANY"));
    fill(&mut conditions, "/riskScore/level", json!("ANY"));
    conditions
}

pub(super) fn actions(sent: &Object) -> Result<Value, Failure> {
    let mut actions = sent.get("actions").cloned().unwrap_or_default();
    fill(&mut actions, "/signon/access", json!("ALLOW"));
    one_of(&actions, "/signon/access", &["ALLOW", "DENY"])?;
    one_of(
        &actions,
        "/signon/primaryFactor",
        &["PASSWORD_IDP_ANY_FACTOR", "PASSWORD_IDP"],
    )?;
    fill(&mut actions, "/signon/requireFactor", json!(false));
    let second_factor = actions.pointer("/signon/requireFactor") == Some(&Value::Bool(true));
    let prompt = one_of(
        &actions,
        "/signon/factorPromptMode",
        &["ALWAYS", "DEVICE", "SESSION"],
    )?;
    if prompt.is_some() && !second_factor {
        let path = "actions.signon.factorPromptMode";
        return Err(Failure::validation(
            path,
            "factorPromptMode: only with requireFactor true",
        ));
    }
    if actions["signon"]["access"] == "ALLOW" {
        fill(
            &mut actions,
            "/signon/primaryFactor",
            json!("PASSWORD_IDP_ANY_FACTOR"),
        );
        fill(
            &mut actions,
            "/signon/rememberDeviceByDefault",
            json!(false),
        );
        fill(
            &mut actions,
            "/signon/session/maxSessionIdleMinutes",
            json!(120),
        );
        fill(
            &mut actions,
            "/signon/session/maxSessionLifetimeMinutes",
            json!(0),
        );
        fill(
            &mut actions,
            "/signon/session/usePersistentCookie",
            json!(false),
        );
    }
    Ok(actions)
}

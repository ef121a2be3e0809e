//! Whether what a user showed meets what a rule asks for.

use serde_json::Value;

use super::{
    authenticators::{OKTA_VERIFY, SIGNED_NONCE},
    fields::{Object, strings},
};

/// What a user showed in one sign-in.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Factors {
    pub(crate) password: bool,
    /// FastPass: device bound and phishing resistant by nature.
    pub(crate) fastpass: bool,
    pub(crate) user_presence: bool,
    /// Touch ID or the Mac's password.
    pub(crate) user_verification: bool,
    pub(crate) hardware_protected: bool,
}

impl Factors {
    /// One of 1FA or 2FA, before constraints.
    fn count(self) -> usize {
        usize::from(self.password)
            + usize::from(self.fastpass)
            + usize::from(self.fastpass && self.user_verification)
    }
}

/// Whether an ALLOW rule of an app sign-in policy is met.
///
/// Authentication method chains are not evaluated: a rule with them is not met.
pub(crate) fn met(rule: &Object, factors: Factors) -> bool {
    let actions = rule.get("actions").cloned().unwrap_or_default();
    let Some(method) = actions.pointer("/appSignOn/verificationMethod") else {
        return true;
    };
    if method.get("type").and_then(Value::as_str) != Some("ASSURANCE") {
        return false;
    }
    let needed = if method.get("factorMode") == Some(&Value::String("2FA".into())) {
        2
    } else {
        1
    };
    let constraints = method.get("constraints").and_then(Value::as_array);
    factors.count() >= needed
        && constraints.is_none_or(|constraints| {
            constraints.is_empty() || constraints.iter().any(|one| satisfied(one, factors))
        })
}

fn satisfied(constraint: &Value, factors: Factors) -> bool {
    let knowledge = constraint.get("knowledge").is_none() || factors.password;
    let possession = constraint
        .get("possession")
        .is_none_or(|possession| possessed(possession, factors));
    knowledge && possession
}

fn possessed(possession: &Value, factors: Factors) -> bool {
    let asks = |key: &str, default: bool| {
        possession
            .get(key)
            .and_then(Value::as_str)
            .map_or(default, |level| level == "REQUIRED")
    };
    let is_fastpass = |entry: &Value| {
        entry.get("key").and_then(Value::as_str) == Some(OKTA_VERIFY)
            && entry
                .get("method")
                .and_then(Value::as_str)
                .is_none_or(|name| name == SIGNED_NONCE)
    };
    let listed = |key: &str| possession.get(key).and_then(Value::as_array);
    let named = listed("authenticationMethods")
        .is_none_or(|methods| methods.is_empty() || methods.iter().any(is_fastpass));
    let excluded =
        listed("excludedAuthenticationMethods").is_some_and(|m| m.iter().any(is_fastpass));
    let methods = strings(possession, "/methods");
    let of_method = methods.is_empty() || methods.contains(&"SIGNED_NONCE");
    factors.fastpass
        && named
        && !excluded
        && of_method
        && (factors.hardware_protected || !asks("hardwareProtection", false))
        // The default of this one is REQUIRED.
        && (factors.user_presence || !asks("userPresence", true))
        && (factors.user_verification || !asks("userVerification", false))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::okta::fields::object;

    fn rule(factor_mode: &str, constraints: &Value) -> Object {
        object(
            json!({"actions": {"appSignOn": {"access": "ALLOW", "verificationMethod":
            {"type": "ASSURANCE", "factorMode": factor_mode, "constraints": constraints}}}}),
        )
    }

    #[test]
    fn a_password_alone_meets_no_possession_constraint() {
        let possession = rule("1FA", &json!([{"possession": {"deviceBound": "REQUIRED"}}]));
        let password = Factors {
            password: true,
            ..Factors::default()
        };
        assert!(!met(&possession, password));
        assert!(met(&rule("1FA", &json!([])), password));
        assert!(!met(&rule("2FA", &json!([])), password));
    }

    #[test]
    fn user_presence_is_asked_for_unless_the_rule_says_otherwise() {
        let silent = Factors {
            fastpass: true,
            ..Factors::default()
        };
        assert!(!met(&rule("1FA", &json!([{"possession": {}}])), silent));
        assert!(met(
            &rule(
                "1FA",
                &json!([{"possession": {"userPresence": "OPTIONAL"}}])
            ),
            silent
        ));
    }

    #[test]
    fn fastpass_with_touch_id_counts_as_two_factors() {
        let verified = Factors {
            fastpass: true,
            user_verification: true,
            ..Factors::default()
        };
        assert!(met(&rule("2FA", &json!([])), verified));
    }
}

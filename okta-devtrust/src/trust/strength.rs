//! Whether an app sign-in rule asks for at least as much as the password that the global session policy lifts.

use serde::{Deserialize, Serialize};

use crate::policies::{
    Access, AuthenticationMethod, Chain, ChainMethod, Constraint, Constraints, FactorMode,
    Requirement, Rule, VerificationMethod, VerificationType,
};

/// A rule that lets people in with less than a password, in a policy that apps are under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeakRule {
    /// The policy's name.
    pub policy: String,
    /// The policy's id.
    pub id: String,
    /// The rule's name.
    pub rule: String,
    /// What is weak about it.
    pub why: String,
    /// The ids of the apps that are under the policy.
    pub apps: Vec<String>,
}

/// What makes a rule weaker than a password; `None` when nothing does. What this crate does not know counts as weak.
pub(crate) fn weakness(rule: &Rule) -> Option<&'static str> {
    if !rule.is_active() || rule.access() == Some(&Access::Deny) {
        return None;
    }
    let action = rule.actions.as_ref()?.app_sign_on.as_ref()?;
    let Some(method) = &action.verification_method else {
        return Some("it does not say how people prove who they are");
    };
    match &method.kind {
        None | Some(VerificationType::Assurance) => by_assurance(method),
        Some(VerificationType::AuthMethodChain) => by_chain(method),
        Some(_) => Some("its kind of verification is not known to be as strong as a password"),
    }
}

fn by_assurance(method: &VerificationMethod) -> Option<&'static str> {
    if method.factor_mode == Some(FactorMode::TwoFactors) {
        return None;
    }
    let alternatives = method.constraints.as_deref().unwrap_or_default();
    if alternatives.is_empty() {
        return Some("any one factor will do");
    }
    let weak = alternatives.iter().any(|one| !is_strong(one));
    weak.then_some("one factor will do that may be weaker than a password")
}

fn is_strong(one: &Constraints) -> bool {
    one.possession.as_ref().is_some_and(is_strong_possession)
        || one.knowledge.as_ref().is_some_and(is_password)
}

/// Phishing-resistant, or bound to a device that asks for biometrics or PIN.
fn is_strong_possession(factor: &Constraint) -> bool {
    let required = |one: &Option<Requirement>| *one == Some(Requirement::Required);
    required(&factor.phishing_resistant)
        || (required(&factor.device_bound) && required(&factor.user_verification))
}

fn is_password(factor: &Constraint) -> bool {
    let of_type = factor
        .types
        .as_deref()
        .is_some_and(|types| !types.is_empty() && types.iter().all(|one| is_named_password(one)));
    let of_method = factor
        .authentication_methods
        .as_deref()
        .is_some_and(|all| !all.is_empty() && all.iter().all(is_password_method));
    of_type || of_method
}

fn is_password_method(method: &AuthenticationMethod) -> bool {
    method.key.as_deref() == Some("okta_password")
}

fn is_named_password(name: &str) -> bool {
    name.eq_ignore_ascii_case("password")
}

fn by_chain(method: &VerificationMethod) -> Option<&'static str> {
    let chains = method.chains.as_deref().unwrap_or_default();
    let weak = chains.is_empty() || chains.iter().any(|chain| !is_strong_chain(chain));
    weak.then_some("a chain of its methods may be weaker than a password")
}

/// Two steps, or one whose every method is strong.
fn is_strong_chain(chain: &Chain) -> bool {
    let has_next = chain.next.as_deref().is_some_and(|next| !next.is_empty());
    let methods = chain.authentication_methods.as_deref().unwrap_or_default();
    has_next || (!methods.is_empty() && methods.iter().all(is_strong_method))
}

fn is_strong_method(method: &ChainMethod) -> bool {
    method.key.as_deref() == Some("okta_password")
        || method.phishing_resistant == Some(Requirement::Required)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn weak(method: &Value) -> bool {
        let rule = json!({"status": "ACTIVE", "actions": {"appSignOn": {
            "access": "ALLOW", "verificationMethod": method}}});
        weakness(&serde_json::from_value(rule).unwrap()).is_some()
    }

    fn one_factor(constraints: &Value) -> Value {
        json!({"type": "ASSURANCE", "factorMode": "1FA", "constraints": constraints})
    }

    #[test]
    fn two_factors_a_password_or_a_bound_key_are_not_weaker_than_a_password() {
        for method in [
            json!({"type": "ASSURANCE", "factorMode": "2FA"}),
            one_factor(&json!([{"possession": {"phishingResistant": "REQUIRED"}}])),
            one_factor(
                &json!([{"possession": {"deviceBound": "REQUIRED", "userVerification": "REQUIRED"}}]),
            ),
            one_factor(&json!([{"knowledge": {"types": ["password"]}}])),
            one_factor(
                &json!([{"knowledge": {"authenticationMethods": [{"key": "okta_password", "method": "password"}]}}]),
            ),
            json!({"type": "AUTH_METHOD_CHAIN", "chains": [
                {"authenticationMethods": [{"key": "okta_email", "method": "email"}], "next": [{}]}]}),
        ] {
            assert!(!weak(&method), "{method}");
        }
    }

    #[test]
    fn one_factor_of_any_kind_is_weaker() {
        for method in [
            json!({"type": "ASSURANCE", "factorMode": "1FA"}),
            json!({"type": "ASSURANCE", "factorMode": "1FA", "constraints": []}),
            one_factor(&json!([{"possession": {"userPresence": "REQUIRED"}}])),
            one_factor(&json!([{"possession": {"deviceBound": "REQUIRED"}}])),
            // Either of them will do, so the weaker one counts.
            one_factor(
                &json!([{"possession": {"phishingResistant": "REQUIRED"}}, {"possession": {}}]),
            ),
            one_factor(&json!([{"knowledge": {"types": ["security_question"]}}])),
            json!({"type": "AUTH_METHOD_CHAIN", "chains": [
                {"authenticationMethods": [{"key": "okta_email", "method": "email"}]}]}),
            json!({"type": "ID_PROOFING"}),
            json!(null),
        ] {
            assert!(weak(&method), "{method}");
        }
    }

    #[test]
    fn a_rule_that_keeps_out_or_is_not_in_use_is_never_weak() {
        for (status, access) in [("ACTIVE", "DENY"), ("INACTIVE", "ALLOW")] {
            let rule = json!({"status": status, "actions": {"appSignOn": {"access": access,
                "verificationMethod": {"factorMode": "1FA"}}}});
            assert_eq!(weakness(&serde_json::from_value(rule).unwrap()), None);
        }
    }
}

//! Policies and their rules: `OKTA_SIGN_ON`, `ACCESS_POLICY` and `MFA_ENROLL`, and any other type losslessly.
//!
//! PUT replaces the whole object: read it, edit it, write it back. The fields that only the server writes (`id`,
//! `created`, `lastUpdated`, `_links`, `_embedded`) are left out of every body.

mod conditions;
mod policy;
mod rule;
mod verification;

use serde::Serialize;
use serde_json::Value;

pub use conditions::{
    AppCondition, AppSelector, Assurance, AuthContextCondition, AuthType, Conditions,
    DeviceCondition, ElCondition, IdentityProviderCondition, NetworkCondition, NetworkConnection,
    Os, OsType, OsVersion, PeopleCondition, Platform, PlatformCondition, PlatformType,
    RiskCondition, RiskLevel, Selection,
};
pub use policy::{
    AuthenticatorConstraints, AuthenticatorEnroll, AuthenticatorSetting, EnrollSelf,
    EnrollmentSettings, GracePeriod, Policy, PolicyEmbedded, PolicyMapping, PolicyType,
    SettingsType,
};
pub use rule::{
    Access, Actions, AppSignOn, EnrollAction, EnrollPrompt, FactorPromptMode, KeepMeSignedIn,
    PostAuth, PrimaryFactor, Rule, RuleType, Session, SignOn,
};
pub use verification::{
    AuthenticationMethod, Chain, ChainMethod, Constraint, Constraints, FactorMode, Requirement,
    VerificationMethod, VerificationType,
};

use crate::{Error, Okta, Request, request::json_of};

/// `GET /api/v1/policies?type={kind}`
pub fn list(kind: &PolicyType) -> Request {
    Request::get(["api", "v1", "policies"]).query("type", kind.as_str())
}

/// `GET /api/v1/policies/{id}`
pub fn get(id: &str) -> Request {
    Request::get(["api", "v1", "policies", id])
}

/// `POST /api/v1/policies`
pub fn create(policy: &Policy) -> Request {
    Request::post(["api", "v1", "policies"]).body(writable(policy))
}

/// `PUT /api/v1/policies/{id}`: replaces the whole policy.
pub fn replace(id: &str, policy: &Policy) -> Request {
    Request::put(["api", "v1", "policies", id]).body(writable(policy))
}

/// `POST /api/v1/policies/{id}/lifecycle/activate`
pub fn activate(id: &str) -> Request {
    Request::post(["api", "v1", "policies", id, "lifecycle", "activate"])
}

/// `GET /api/v1/policies/{id}/mappings`: the apps that an app sign-in policy decides for.
pub fn mappings(id: &str) -> Request {
    Request::get(["api", "v1", "policies", id, "mappings"])
}

/// `GET /api/v1/policies/{id}/rules`
pub fn rules(policy: &str) -> Request {
    Request::get(["api", "v1", "policies", policy, "rules"])
}

/// `GET /api/v1/policies/{policy}/rules/{id}`
pub fn get_rule(policy: &str, id: &str) -> Request {
    Request::get(["api", "v1", "policies", policy, "rules", id])
}

/// `POST /api/v1/policies/{policy}/rules`
///
/// ```
/// use okta_devtrust::policies::{self, Rule, RuleType};
///
/// let rule = Rule::new(RuleType::AccessPolicy, "Managed macOS");
/// let request = policies::create_rule("rst1", &rule);
/// assert_eq!(request.to_string(), "POST /api/v1/policies/rst1/rules");
/// ```
pub fn create_rule(policy: &str, rule: &Rule) -> Request {
    Request::post(["api", "v1", "policies", policy, "rules"]).body(writable(rule))
}

/// `PUT /api/v1/policies/{policy}/rules/{id}`: replaces the whole rule.
pub fn replace_rule(policy: &str, id: &str, rule: &Rule) -> Request {
    Request::put(["api", "v1", "policies", policy, "rules", id]).body(writable(rule))
}

/// `POST /api/v1/policies/{policy}/rules/{id}/lifecycle/activate`
pub fn activate_rule(policy: &str, id: &str) -> Request {
    Request::post([
        "api",
        "v1",
        "policies",
        policy,
        "rules",
        id,
        "lifecycle",
        "activate",
    ])
}

/// `DELETE /api/v1/policies/{id}`. Okta moves the policy's apps to the default policy without a word: list its
/// mappings first.
pub fn delete(id: &str) -> Request {
    Request::delete(["api", "v1", "policies", id])
}

/// `POST /api/v1/policies/{id}/lifecycle/deactivate`
pub fn deactivate(id: &str) -> Request {
    Request::post(["api", "v1", "policies", id, "lifecycle", "deactivate"])
}

/// `DELETE /api/v1/policies/{policy}/rules/{id}`
pub fn delete_rule(policy: &str, id: &str) -> Request {
    Request::delete(["api", "v1", "policies", policy, "rules", id])
}

/// `POST /api/v1/policies/{policy}/rules/{id}/lifecycle/deactivate`
pub fn deactivate_rule(policy: &str, id: &str) -> Request {
    Request::post([
        "api",
        "v1",
        "policies",
        policy,
        "rules",
        id,
        "lifecycle",
        "deactivate",
    ])
}

/// An object without the fields that only the server writes.
fn writable(object: &impl Serialize) -> Value {
    let mut body = json_of(object);
    if let Some(map) = body.as_object_mut() {
        for key in ["id", "created", "lastUpdated", "_links", "_embedded"] {
            map.remove(key);
        }
    }
    body
}

impl Okta {
    /// All policies of one type.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn policies(&self, kind: &PolicyType) -> Result<Vec<Policy>, Error> {
        self.list(list(kind)).await
    }

    /// A policy.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn policy(&self, id: &str) -> Result<Policy, Error> {
        self.read(&get(id)).await
    }

    /// Creates a policy and returns it as Okta stored it.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn create_policy(&self, policy: &Policy) -> Result<Policy, Error> {
        self.read(&create(policy)).await
    }

    /// Replaces a policy and returns it as Okta stored it.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn replace_policy(&self, id: &str, policy: &Policy) -> Result<Policy, Error> {
        self.read(&replace(id, policy)).await
    }

    /// Activates a policy.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn activate_policy(&self, id: &str) -> Result<(), Error> {
        self.send(&activate(id)).await.map(drop)
    }

    /// The apps that an app sign-in policy decides for.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn policy_mappings(&self, id: &str) -> Result<Vec<PolicyMapping>, Error> {
        self.list(mappings(id)).await
    }

    /// All rules of a policy.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn rules(&self, policy: &str) -> Result<Vec<Rule>, Error> {
        self.list(rules(policy)).await
    }

    /// A rule.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn rule(&self, policy: &str, id: &str) -> Result<Rule, Error> {
        self.read(&get_rule(policy, id)).await
    }

    /// Creates a rule and returns it as Okta stored it.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn create_rule(&self, policy: &str, rule: &Rule) -> Result<Rule, Error> {
        self.read(&create_rule(policy, rule)).await
    }

    /// Replaces a rule and returns it as Okta stored it.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn replace_rule(&self, policy: &str, id: &str, rule: &Rule) -> Result<Rule, Error> {
        self.read(&replace_rule(policy, id, rule)).await
    }

    /// Activates a rule.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn activate_rule(&self, policy: &str, id: &str) -> Result<(), Error> {
        self.send(&activate_rule(policy, id)).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_names_the_type() {
        let request = list(&PolicyType::AccessPolicy);
        assert_eq!(request.to_string(), "GET /api/v1/policies");
        assert_eq!(
            request.query_pairs(),
            [("type".into(), "ACCESS_POLICY".into())]
        );
    }

    #[test]
    fn paths_name_policy_and_rule() {
        let policy = Policy::new(PolicyType::AccessPolicy, "P");
        let rule = Rule::new(RuleType::AccessPolicy, "R");
        for (request, text) in [
            (get("p"), "GET /api/v1/policies/p"),
            (create(&policy), "POST /api/v1/policies"),
            (replace("p", &policy), "PUT /api/v1/policies/p"),
            (activate("p"), "POST /api/v1/policies/p/lifecycle/activate"),
            (mappings("p"), "GET /api/v1/policies/p/mappings"),
            (rules("p"), "GET /api/v1/policies/p/rules"),
            (get_rule("p", "r"), "GET /api/v1/policies/p/rules/r"),
            (create_rule("p", &rule), "POST /api/v1/policies/p/rules"),
            (
                replace_rule("p", "r", &rule),
                "PUT /api/v1/policies/p/rules/r",
            ),
            (
                activate_rule("p", "r"),
                "POST /api/v1/policies/p/rules/r/lifecycle/activate",
            ),
        ] {
            assert_eq!(request.to_string(), text);
        }
    }

    #[test]
    fn a_replaced_catch_all_keeps_everything_but_the_servers_own_fields() {
        let stored = json!({
            "id": "rul1", "name": "Catch-all Rule", "type": "ACCESS_POLICY", "priority": 99, "status": "ACTIVE",
            "system": true, "created": "2026-01-01T00:00:00.000Z", "lastUpdated": null, "conditions": null,
            "actions": {"appSignOn": {"access": "ALLOW", "newKey": 1, "verificationMethod": {
                "factorMode": "2FA", "type": "ASSURANCE", "reauthenticateIn": "PT12H"}}},
            "_links": {"self": {"href": "https://x/r", "hints": {"allow": ["GET", "PUT"]}}},
            "somethingNew": [1, 2]
        });
        let mut rule: Rule = serde_json::from_value(stored.clone()).unwrap();
        rule.app_sign_on_mut().access = Some(Access::Deny);
        let request = replace_rule("rst1", "rul1", &rule);

        let mut expected = stored;
        expected["actions"]["appSignOn"]["access"] = json!("DENY");
        for key in ["id", "created", "lastUpdated", "_links"] {
            expected.as_object_mut().unwrap().remove(key);
        }
        assert_eq!(request.json_body(), Some(&expected));
    }
}

//! Opening a catch-all again that was closed a moment ago: what somebody changed since stays.

use serde_json::Value;

use crate::{
    Error, Okta,
    policies::{Access, Rule},
    request::json_of,
    trust,
};

/// How a catch-all came to be open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reopened {
    /// By a write.
    Written,
    /// It was open; nothing was written.
    WasOpen,
    /// It is not: Okta took the write, and it denies all the same.
    StillDenies,
}

/// Opens the catch-all, unless it was seen open and still is. The answer to the write says whether it is open now, and is
/// never out of date. `open` and `kept`: as in [`reopened`].
pub(super) async fn reopen(
    okta: &Okta,
    policy: &str,
    (open, kept): (&Rule, Option<&Rule>),
    was_closed: bool,
) -> Result<Reopened, Error> {
    let now = okta.rule(policy, &open.id).await?;
    if !was_closed && now.access() != Some(&Access::Deny) {
        return Ok(Reopened::WasOpen);
    }
    let allowing = reopened(open, kept, &now);
    let answer = okta.replace_rule(policy, &open.id, &allowing).await?;
    Ok(match answer.access() {
        Some(Access::Deny) => Reopened::StillDenies,
        _ => Reopened::Written,
    })
}

/// The catch-all as it is `now`, allowing. What somebody changed or took out since it was closed stays so; only what Okta
/// left out of the rule when it began to deny comes back, from the rule before that (`open`). That is told from the rule as
/// Okta `kept` it then. Where that is not known, only the verification method comes back, which a rule that denies can be
/// without and one that allows cannot.
fn reopened(open: &Rule, kept: Option<&Rule>, now: &Rule) -> Rule {
    let mut merged = json_of(now);
    if let Some(kept) = kept {
        bring_back(&json_of(open), &json_of(kept), &mut merged);
    }
    let merged = serde_json::from_value(merged).unwrap_or_else(|_| now.clone());
    let mut rule = trust::catch_all(&merged, Access::Allow);
    let method = &mut rule.app_sign_on_mut().verification_method;
    if method.as_ref().is_none_or(|method| method.kind.is_none()) {
        let mut open = open.clone();
        method.clone_from(&open.app_sign_on_mut().verification_method);
    }
    rule
}

/// Adds to `now` what `open` had and `kept` had not.
fn bring_back(open: &Value, kept: &Value, now: &mut Value) {
    let (Value::Object(open), Value::Object(kept), Value::Object(now)) = (open, kept, now) else {
        return;
    };
    for (key, value) in open {
        match (kept.get(key), now.get_mut(key)) {
            (None, None) => drop(now.insert(key.clone(), value.clone())),
            (Some(kept), Some(now)) => bring_back(value, kept, now),
            // Taken out or put in since.
            (Some(_), None) | (None, Some(_)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rule(app_sign_on: &Value) -> Rule {
        let rule =
            json!({"id": "rul1", "name": "Catch-all Rule", "actions": {"appSignOn": app_sign_on}});
        serde_json::from_value(rule).unwrap()
    }

    fn open() -> Rule {
        rule(&json!({
            "access": "ALLOW", "keepMeSignedIn": {"postAuth": "ALLOWED"},
            "verificationMethod": {"type": "ASSURANCE", "factorMode": "2FA", "inactivityPeriod": "PT1H"}}))
    }

    fn again(kept: Option<&Value>, now: &Value) -> Value {
        let kept = kept.map(rule);
        let rule = json_of(&reopened(&open(), kept.as_ref(), &rule(now)));
        rule["actions"]["appSignOn"].clone()
    }

    #[test]
    fn what_somebody_took_out_or_changed_since_stays_so() {
        let kept = json!({
            "access": "DENY", "keepMeSignedIn": {"postAuth": "ALLOWED"},
            "verificationMethod": {"type": "ASSURANCE", "factorMode": "2FA", "inactivityPeriod": "PT1H"}});
        let now = json!({
            "access": "DENY", "verificationMethod": {"type": "ASSURANCE", "factorMode": "1FA"}});
        let wanted = json!({
            "access": "ALLOW", "verificationMethod": {"type": "ASSURANCE", "factorMode": "1FA"}});
        assert_eq!(again(Some(&kept), &now), wanted);
        assert_eq!(again(None, &now), wanted);
    }

    #[test]
    fn what_okta_left_out_when_it_began_to_deny_comes_back() {
        let kept = json!({"access": "DENY", "verificationMethod": {"reauthenticateIn": "PT12H"}});
        let mut wanted = json_of(&open())["actions"]["appSignOn"].clone();
        wanted["verificationMethod"]["reauthenticateIn"] = json!("PT12H");
        assert_eq!(again(Some(&kept), &kept), wanted);
        // What somebody put there since is theirs.
        let mut now = kept.clone();
        now["keepMeSignedIn"] = json!({"postAuth": "NOT_ALLOWED"});
        wanted["keepMeSignedIn"] = now["keepMeSignedIn"].clone();
        assert_eq!(again(Some(&kept), &now), wanted);
    }

    #[test]
    fn a_rule_that_allows_has_a_verification_method_also_where_nothing_is_known_of_the_closing() {
        let method = json_of(&open())["actions"]["appSignOn"]["verificationMethod"].clone();
        for now in [
            json!({"access": "DENY"}),
            json!({"access": "DENY", "verificationMethod": {"reauthenticateIn": "PT12H"}}),
        ] {
            assert_eq!(
                again(None, &now),
                json!({"access": "ALLOW", "verificationMethod": method})
            );
        }
    }
}

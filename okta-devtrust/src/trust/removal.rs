//! The writes of a teardown: each object is read again and deleted only if it is still what was observed. One that is
//! gone is done.

use serde_json::Value;

use super::{
    ObservedApp, Reason, StepState,
    write::{Done, stale, unchanged},
};
use crate::{
    Error, Okta, Request,
    apps::AppStatus,
    bookmark,
    enforcement::guarded,
    policies::{self, Access, Policy, Rule},
    request::json_of,
};

/// Deletes a rule, unless the catch-all denies and the policy still decides for an app: nobody would get in.
pub(super) async fn delete_rule(okta: &Okta, policy: &str, observed: &Rule) -> Result<Done, Error> {
    let id = &observed.id;
    let rules = there(okta.rules(policy).await)?.unwrap_or_default();
    let Some(now) = rules.iter().find(|rule| rule.id == *id) else {
        return Ok((id.clone(), StepState::AlreadySo));
    };
    let object = format!("the rule `{}`", observed.name);
    let closed = |rule: &Rule| rule.is_system() && rule.access() == Some(&Access::Deny);
    if rules.iter().any(closed) && !okta.policy_mappings(policy).await?.is_empty() {
        let reason = Reason::CatchAllClosed {
            policy: okta.policy(policy).await?.name,
            changes: vec![format!("delete {object}")],
        };
        return Err(guarded(vec![reason], None));
    }
    unchanged(&object, &json_of(observed), &json_of(now))?;
    delete(okta, id, &policies::delete_rule(policy, id)).await
}

/// Deletes a policy that decides for no app and has no rule but its system rule: Okta would move the apps to the default
/// policy and take the rules with it, both without a word.
pub(super) async fn delete_policy(okta: &Okta, observed: &Policy) -> Result<Done, Error> {
    let id = &observed.id;
    let Some(now) = there(okta.policy(id).await)? else {
        return Ok((id.clone(), StepState::AlreadySo));
    };
    let object = format!("the policy `{}`", observed.name);
    unchanged(&object, &json_of(observed), &json_of(&now))?;
    let rules = okta.rules(id).await?;
    if let Some(rule) = rules.iter().find(|rule| !rule.is_system()) {
        return Err(stale(object, "rules", &Value::Null, &rule.name));
    }
    if now.kind == Some(policies::PolicyType::AccessPolicy)
        && let Some(mapping) = okta.policy_mappings(id).await?.first()
    {
        return Err(stale(object, "mappings", &Value::Null, &mapping.app_id()));
    }
    delete(okta, id, &policies::delete(id)).await
}

/// Deletes a bookmark app, which has to be inactive first.
pub(super) async fn delete_app(okta: &Okta, observed: &ObservedApp) -> Result<Done, Error> {
    let id = &observed.id;
    let Some(now) = there(okta.app(id).await)? else {
        return Ok((id.clone(), StepState::AlreadySo));
    };
    let now = ObservedApp::from(now);
    let same = |app: &ObservedApp| (app.label.clone(), app.owner.clone());
    if same(&now) != same(observed) {
        let object = format!("the app `{}`", observed.label);
        return Err(stale(object, "label", &same(observed), &same(&now)));
    }
    if now.status == Some(AppStatus::Active) {
        // An answer that is lost is found out by the deletion, which an active app refuses.
        match okta.send(&bookmark::deactivate(id)).await {
            Ok(_) | Err(Error::Ambiguous { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    delete(okta, id, &bookmark::delete(id)).await
}

async fn delete(okta: &Okta, id: &str, request: &Request) -> Result<Done, Error> {
    let done = Ok((id.to_owned(), StepState::Written));
    match okta.send(request).await {
        Ok(_) => done,
        Err(error @ Error::Ambiguous { .. }) => {
            let path: Vec<String> = request
                .path()
                .split('/')
                .skip(1)
                .map(str::to_owned)
                .collect();
            match there(okta.send(&Request::get(path)).await)? {
                None => done,
                Some(_) => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

/// `None` for what is not there.
fn there<T>(found: Result<T, Error>) -> Result<Option<T>, Error> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

//! One change: what is read before it, the write, and what is checked after it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{
    Action, Change, Difference, Made, Plan, Reason, Ref, StepState, closing,
    echo::{compared, holds, id_of, send},
    lifting, removal, semantic, write_app,
};
use crate::{
    Error, Okta, Request, Status, apps,
    authenticators::{self, Authenticator, Method, MethodType, OKTA_VERIFY},
    enforcement::{Waive, guarded},
    policies::{self, Access, Policy, PolicyType, Rule, RuleType},
    request::json_of,
};

/// The id of the object, and whether it was written.
pub(super) type Done = (String, StepState);

/// Makes one change of a plan. `resumed`: an earlier run of the same plan was stopped.
pub(super) async fn make(
    okta: &Okta,
    plan: &Plan,
    change: &Change,
    made: &mut BTreeMap<Made, String>,
    resumed: bool,
) -> Result<Done, Error> {
    match &change.action {
        Action::CreateOktaVerify => {
            let done = create_okta_verify(okta).await?;
            made.insert(Made::OktaVerify, done.0.clone());
            Ok(done)
        }
        Action::ActivateAuthenticator { id } => activate_authenticator(okta, id).await,
        Action::ActivateMethod {
            authenticator,
            method,
        } => activate_method(okta, &resolve(authenticator, made)?, method).await,
        Action::CreatePolicy { made: name, policy } => {
            strong(okta, plan, is_session(policy)).await?;
            let done = create_policy(okta, policy).await?;
            made.insert(*name, done.0.clone());
            Ok(done)
        }
        Action::ReplacePolicy { policy, observed } => {
            strong(okta, plan, is_session(observed)).await?;
            replace_policy(okta, policy, observed).await
        }
        Action::ActivatePolicy { id, name } => {
            let now = okta.policy(id).await?;
            if now.is_active() {
                return Ok((id.clone(), StepState::AlreadySo));
            }
            strong(okta, plan, is_session(&now)).await?;
            let request = policies::activate(id);
            let sent = okta.send(&request).await;
            let now = okta.policy(id).await?.status;
            active(
                format!("the policy `{name}`"),
                id,
                now.as_ref(),
                &request,
                sent,
            )
        }
        Action::CreateRule { policy, rule } => {
            strong(okta, plan, is_of_session(rule)).await?;
            create_rule(okta, &resolve(policy, made)?, rule).await
        }
        Action::ReplaceRule {
            policy,
            rule,
            observed,
            closed,
        } => {
            if !closed {
                open(okta, policy, &change.action).await?;
            }
            strong(okta, plan, is_of_session(observed)).await?;
            replace_rule(okta, policy, rule, observed).await
        }
        Action::ActivateRule { policy, id, name } => {
            let now = okta.rule(policy, id).await?;
            if now.is_active() {
                return Ok((id.clone(), StepState::AlreadySo));
            }
            strong(okta, plan, is_of_session(&now)).await?;
            let request = policies::activate_rule(policy, id);
            let sent = okta.send(&request).await;
            let now = okta.rule(policy, id).await?.status;
            active(
                format!("the rule `{name}`"),
                id,
                now.as_ref(),
                &request,
                sent,
            )
        }
        Action::AssignApp {
            app,
            label,
            policy,
            observed,
            closed,
            ..
        } => {
            let (app, policy) = (resolve(app, made)?, resolve(policy, made)?);
            if !closed {
                open(okta, &policy, &change.action).await?;
            }
            assign(okta, &app, label, &policy, observed.as_deref()).await
        }
        Action::CreateApp { made: name, app } => {
            let done = write_app::create(okta, app).await?;
            made.insert(*name, done.0.clone());
            Ok(done)
        }
        Action::AssignGroup {
            app, label, group, ..
        } => write_app::assign_group(okta, &resolve(app, made)?, label, group).await,
        Action::DenyPilot {
            policy,
            app,
            observed,
            ..
        } => {
            let policy = resolve(policy, made)?;
            write_app::deny_pilot(okta, &policy, app.as_deref(), observed.as_deref()).await
        }
        Action::CloseCatchAll {
            policy,
            rule,
            observed,
            guard,
        } => Box::pin(closing::close(okta, policy, rule, observed, guard, resumed)).await,
        Action::OpenCatchAll {
            policy,
            rule,
            observed,
        } => replace_rule(okta, policy, rule, observed).await,
        Action::DeleteRule {
            policy, observed, ..
        } => removal::delete_rule(okta, policy, observed).await,
        Action::DeletePolicy { observed } => removal::delete_policy(okta, observed).await,
        Action::DeleteApp { observed } => removal::delete_app(okta, observed).await,
    }
}

/// Refuses a change that would be made under a catch-all that someone has closed since the plan.
async fn open(okta: &Okta, policy: &str, action: &Action) -> Result<(), Error> {
    let rules = okta.rules(policy).await?;
    let closed = rules
        .iter()
        .any(|rule| rule.is_system() && rule.access() == Some(&Access::Deny));
    if !closed {
        return Ok(());
    }
    let reason = Reason::CatchAllClosed {
        policy: okta.policy(policy).await?.name,
        changes: vec![action.to_string()],
    };
    Err(guarded(vec![reason], None))
}

/// Refuses a change that lifts the password from an app whose policy has become weaker than it since the plan.
async fn strong(okta: &Okta, plan: &Plan, lifts: bool) -> Result<(), Error> {
    if lifts && !plan.waived.contains(&Waive::SessionStrength) {
        return Box::pin(lifting::refuse(okta)).await;
    }
    Ok(())
}

fn is_session(policy: &Policy) -> bool {
    policy.kind == Some(PolicyType::OktaSignOn)
}

fn is_of_session(rule: &Rule) -> bool {
    rule.kind == Some(RuleType::SignOn)
}

fn resolve(reference: &Ref, made: &BTreeMap<Made, String>) -> Result<String, Error> {
    match reference {
        Ref::Id(id) => Ok(id.clone()),
        Ref::Made(name) => made.get(name).cloned().ok_or_else(|| Error::Setup {
            problem: format!(
                "the plan refers to {name:?}, which no earlier change makes; make a new plan"
            ),
        }),
    }
}

async fn create_okta_verify(okta: &Okta) -> Result<Done, Error> {
    let find = |all: Vec<Authenticator>| {
        all.into_iter()
            .find(|found| found.key.as_deref() == Some(OKTA_VERIFY))
    };
    if let Some(found) = find(okta.authenticators().await?) {
        return Ok((found.id, StepState::AlreadySo));
    }
    let created: Result<Authenticator, Error> =
        okta.read(&authenticators::create_okta_verify()).await;
    match created {
        Ok(created) => Ok((created.id, StepState::Written)),
        Err(error @ (Error::Ambiguous { .. } | Error::Conflict { .. })) => {
            let found = find(okta.authenticators().await?).ok_or(error)?;
            Ok((found.id, StepState::Written))
        }
        Err(error) => Err(error),
    }
}

async fn activate_authenticator(okta: &Okta, id: &str) -> Result<Done, Error> {
    if okta.authenticator(id).await?.is_active() {
        return Ok((id.to_owned(), StepState::AlreadySo));
    }
    let request = authenticators::activate(id);
    let sent = okta.send(&request).await;
    let now = okta.authenticator(id).await?.status;
    active(
        "the authenticator Okta Verify".into(),
        id,
        now.as_ref(),
        &request,
        sent,
    )
}

async fn activate_method(okta: &Okta, id: &str, method: &MethodType) -> Result<Done, Error> {
    let done = |state| Ok((format!("{id}/{method}"), state));
    let now: Method = okta.authenticator_method(id, method).await?;
    if now.is_active() {
        return done(StepState::AlreadySo);
    }
    let request = authenticators::activate_method(id, method);
    let sent = okta.send(&request).await;
    let now = okta.authenticator_method(id, method).await?.status;
    active(
        format!("Okta Verify's method {method}"),
        id,
        now.as_ref(),
        &request,
        sent,
    )?;
    done(StepState::Written)
}

/// Checks, by reading back, that an activation took effect. If it did, an error counts for nothing: Okta has answered
/// 403 to lifecycle calls that had worked.
fn active(
    object: String,
    id: &str,
    now: Option<&Status>,
    request: &Request,
    sent: Result<crate::Response, Error>,
) -> Result<Done, Error> {
    if now == Some(&Status::Active) {
        return Ok((id.to_owned(), StepState::Written));
    }
    let response = sent?;
    let difference = Difference {
        path: "status".into(),
        wanted: "ACTIVE".into(),
        found: json_of(&now),
    };
    Err(Error::echo(object, vec![difference], request, &response))
}

async fn create_policy(okta: &Okta, policy: &Policy) -> Result<Done, Error> {
    let object = format!("the policy `{}`", policy.name);
    let kind = policy.kind.clone().ok_or_else(|| Error::Setup {
        problem: format!("{object} has no type; make a new plan"),
    })?;
    let named = |all: Vec<Policy>| all.into_iter().find(|found| found.name == policy.name);
    if let Some(found) = named(okta.policies(&kind).await?) {
        return Err(stale(object, "id", &Value::Null, &found.id));
    }
    let request = policies::create(policy);
    match send(okta, &request, &object, &compared(policy)).await {
        Ok(answer) => Ok((id_of(&answer), StepState::Written)),
        Err(error @ Error::Ambiguous { .. }) => {
            let found = named(okta.policies(&kind).await?)
                .filter(|found| holds(policy, found))
                .ok_or(error)?;
            Ok((found.id, StepState::Written))
        }
        Err(error) => Err(error),
    }
}

async fn replace_policy(okta: &Okta, policy: &Policy, observed: &Policy) -> Result<Done, Error> {
    let id = &observed.id;
    let object = format!("the policy `{}`", observed.name);
    let now = okta.policy(id).await?;
    let wanted = compared(policy);
    if semantic::drift(&wanted, &compared(&now)).is_empty() {
        return Ok((id.clone(), StepState::AlreadySo));
    }
    unchanged(&object, &json_of(observed), &json_of(&now))?;
    let mut policy = policy.clone();
    policy.priority = now.priority;
    let request = policies::replace(id, &policy);
    match send(okta, &request, &object, &wanted).await {
        Ok(_) => {}
        Err(error @ Error::Ambiguous { .. }) => {
            let now = okta.policy(id).await?;
            if !semantic::lacking(&wanted, &compared(&now)).is_empty() {
                return Err(error);
            }
        }
        Err(error) => return Err(error),
    }
    Ok((id.clone(), StepState::Written))
}

async fn create_rule(okta: &Okta, policy: &str, rule: &Rule) -> Result<Done, Error> {
    let object = format!("the rule `{}`", rule.name);
    let named = |all: Vec<Rule>| all.into_iter().find(|found| found.name == rule.name);
    if let Some(found) = named(okta.rules(policy).await?) {
        return Err(stale(object, "id", &Value::Null, &found.id));
    }
    let request = policies::create_rule(policy, rule);
    match send(okta, &request, &object, &compared(rule)).await {
        Ok(answer) => Ok((id_of(&answer), StepState::Written)),
        Err(error @ Error::Ambiguous { .. }) => {
            let found = named(okta.rules(policy).await?)
                .filter(|found| holds(rule, found))
                .ok_or(error)?;
            Ok((found.id, StepState::Written))
        }
        Err(error) => Err(error),
    }
}

pub(super) async fn replace_rule(
    okta: &Okta,
    policy: &str,
    rule: &Rule,
    observed: &Rule,
) -> Result<Done, Error> {
    let (done, _) = replace_rule_kept(okta, policy, rule, observed).await?;
    Ok(done)
}

/// As [`replace_rule`], with the rule as Okta keeps it now.
pub(super) async fn replace_rule_kept(
    okta: &Okta,
    policy: &str,
    rule: &Rule,
    observed: &Rule,
) -> Result<(Done, Rule), Error> {
    let id = &observed.id;
    let object = format!("the rule `{}`", observed.name);
    let now = okta.rule(policy, id).await?;
    let wanted = compared(rule);
    let moves = rule.priority != observed.priority;
    let as_wanted = semantic::drift(&wanted, &compared(&now)).is_empty();
    if as_wanted && (!moves || now.priority == rule.priority) {
        return Ok(((id.clone(), StepState::AlreadySo), now));
    }
    unchanged(&object, &json_of(observed), &json_of(&now))?;
    let mut rule = rule.clone();
    if !moves {
        // Its neighbours may have pushed it since: writing the old number back would push them.
        rule.priority = now.priority;
    }
    let request = policies::replace_rule(policy, id, &rule);
    let kept = match send(okta, &request, &object, &wanted).await {
        Ok(answer) => serde_json::from_value(answer).unwrap_or(rule),
        Err(error @ Error::Ambiguous { .. }) => {
            let now = okta.rule(policy, id).await?;
            let placed = !moves || now.priority == rule.priority;
            if !placed || !semantic::lacking(&wanted, &compared(&now)).is_empty() {
                return Err(error);
            }
            now
        }
        Err(error) => return Err(error),
    };
    Ok(((id.clone(), StepState::Written), kept))
}

pub(super) async fn assign(
    okta: &Okta,
    app: &str,
    label: &str,
    policy: &str,
    observed: Option<&str>,
) -> Result<Done, Error> {
    let object = format!("the app `{label}`");
    let done = |state| Ok((app.to_owned(), state));
    let now = okta.app(app).await?;
    if now.access_policy() == Some(policy) {
        return done(StepState::AlreadySo);
    }
    if now.access_policy() != observed {
        let path = "_links.accessPolicy";
        return Err(stale(object, path, &observed, &now.access_policy()));
    }
    let request = apps::assign_policy(app, policy);
    let sent = okta.send(&request).await;
    if let Err(error) = &sent
        && !matches!(error, Error::Ambiguous { .. })
    {
        return Err(error.clone());
    }
    let now = okta.app(app).await?;
    if now.access_policy() == Some(policy) {
        return done(StepState::Written);
    }
    let difference = Difference {
        path: "_links.accessPolicy".into(),
        wanted: policy.into(),
        found: json_of(&now.access_policy()),
    };
    Err(Error::echo(object, vec![difference], &request, &sent?))
}

pub(super) fn unchanged(object: &str, observed: &Value, now: &Value) -> Result<(), Error> {
    let differences = semantic::changes(observed, now);
    if differences.is_empty() {
        return Ok(());
    }
    Err(Error::Stale {
        object: object.into(),
        differences,
    })
}

/// An object is no longer what was observed.
pub(super) fn stale(
    object: String,
    path: &str,
    observed: &impl Serialize,
    now: &impl Serialize,
) -> Error {
    Error::Stale {
        object,
        differences: vec![Difference {
            path: path.into(),
            wanted: json_of(observed),
            found: json_of(now),
        }],
    }
}

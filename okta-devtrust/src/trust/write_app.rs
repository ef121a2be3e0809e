//! The writes around bookmark apps: the app, its groups, and the pilot policy that denies from the start.

use serde_json::Value;

use super::{
    StepState,
    bodies::catch_all,
    echo::{compared, id_of, send},
    observed::owner_in,
    write::{Done, replace_rule, stale},
};
use crate::{
    Error, Okta,
    apps::App,
    bookmark,
    policies::{Access, Rule},
};

/// Creates the app. An app of the label that came up since the plan was made is somebody's, and stays alone.
pub(super) async fn create(okta: &Okta, app: &App) -> Result<Done, Error> {
    let object = format!("the app `{}`", app.label);
    if let Some(found) = okta.apps_by_label(&app.label).await?.first() {
        return Err(stale(object, "id", &Value::Null, &found.id));
    }
    // Without the note that names its owner it would be a stranger's to every later run.
    let id = match send(okta, &bookmark::create(app), &object, &compared(app)).await {
        Ok(created) => id_of(&created),
        Err(error @ Error::Ambiguous { .. }) => {
            let mut found = okta.apps_by_label(&app.label).await?.into_iter();
            let found = found.find(|found| owner(found) == owner(app));
            found.ok_or(error)?.id
        }
        Err(error) => return Err(error),
    };
    Ok((id, StepState::Written))
}

fn owner(app: &App) -> Option<&str> {
    app.admin_note().and_then(owner_in)
}

/// Assigns a group and reads back that it is.
pub(super) async fn assign_group(
    okta: &Okta,
    app: &str,
    label: &str,
    group: &str,
) -> Result<Done, Error> {
    if okta.is_group_assigned(app, group).await? {
        return Ok((app.to_owned(), StepState::AlreadySo));
    }
    let sent = okta.send(&bookmark::assign_group(app, group)).await;
    match sent {
        Ok(_) | Err(Error::Ambiguous { .. }) => {}
        Err(error) => return Err(error),
    }
    if okta.is_group_assigned(app, group).await? {
        return Ok((app.to_owned(), StepState::Written));
    }
    sent?;
    let object = format!("the app `{label}`");
    Err(stale(object, "groups", &group, &Value::Null))
}

/// Closes the pilot policy, which may decide for the pilot app and no other.
pub(super) async fn deny_pilot(
    okta: &Okta,
    policy: &str,
    app: Option<&str>,
    observed: Option<&Rule>,
) -> Result<Done, Error> {
    let mappings = okta.policy_mappings(policy).await?;
    let other = mappings
        .iter()
        .filter_map(|mapping| mapping.app_id())
        .find(|id| Some(*id) != app);
    if let Some(other) = other {
        let object = format!("the policy {policy}");
        return Err(stale(object, "mappings", &app, &other));
    }
    let found;
    let observed = match observed {
        Some(observed) => observed,
        None => {
            let mut rules = okta.rules(policy).await?.into_iter();
            found = rules.find(Rule::is_system).ok_or_else(|| {
                Error::setup("the pilot policy has no catch-all; make a new plan")
            })?;
            &found
        }
    };
    replace_rule(okta, policy, &catch_all(observed, Access::Deny), observed).await
}

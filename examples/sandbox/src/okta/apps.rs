//! `/api/v1/apps`: apps, the groups they are assigned to, and the link to their sign-in policy.

use axum::{
    Router,
    extract::{Path, State},
    routing::{get, post},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    State as Org,
    answer::{Answer, Document, Failure, Reply},
    fields::{Object, link, object, text, with_links},
    filter::Filter,
    log,
    params::Params,
    policy::ACCESS_POLICY,
};
use crate::{clock, random, shared::Shared};

/// An app, its groups and its policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct App {
    pub(crate) body: Object,
    pub(crate) groups: Vec<String>,
    /// API service apps have none.
    pub(crate) policy: Option<String>,
}

impl App {
    pub(crate) fn new(
        name: &str,
        label: &str,
        mode: &str,
        settings: &Value,
        policy: Option<String>,
        now: Timestamp,
    ) -> Self {
        let body = object(json!({
            "id": random::okta_id("0oa"),
            "name": name,
            "label": label,
            "status": "ACTIVE",
            "created": clock::okta(now),
            "lastUpdated": clock::okta(now),
            "accessibility": { "selfService": false, "errorRedirectUrl": null, "loginRedirectUrl": null },
            "visibility": {
                "autoLaunch": false, "autoSubmitToolbar": false,
                "hide": { "iOS": false, "web": false }, "appLinks": { "login": true },
            },
            "features": [],
            "signOnMode": mode,
            "credentials": { "userNameTemplate": { "template": "${source.login}", "type": "BUILT_IN" }, "signing": {} },
            "settings": settings,
        }));
        Self {
            body,
            groups: Vec::new(),
            policy,
        }
    }

    pub(crate) fn id(&self) -> &str {
        text(&self.body, "id")
    }

    pub(crate) fn is_active(&self) -> bool {
        text(&self.body, "status") == "ACTIVE"
    }

    pub(crate) fn answer(&self, base: &str) -> Value {
        let url = format!("{base}/api/v1/apps/{}", self.id());
        let verb = if self.is_active() {
            "deactivate"
        } else {
            "activate"
        };
        let mut links = json!({
            "self": { "href": url },
            "groups": { "href": format!("{url}/groups") },
            "users": { "href": format!("{url}/users") },
        });
        links[verb] = json!({ "href": format!("{url}/lifecycle/{verb}") });
        if let Some(policy) = &self.policy {
            links["accessPolicy"] = json!({ "href": format!("{base}/api/v1/policies/{policy}") });
        }
        with_links(&self.body, links)
    }
}

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/api/v1/apps", get(list).post(create))
        .route("/api/v1/apps/{app}", get(read).put(replace).delete(delete))
        .route("/api/v1/apps/{app}/lifecycle/{verb}", post(lifecycle))
        .route("/api/v1/apps/{app}/users", get(users))
        .route("/api/v1/apps/{app}/groups", get(groups))
        .route(
            "/api/v1/apps/{app}/groups/{group}",
            get(group).put(assign_group).delete(unassign_group),
        )
}

impl Org {
    pub(crate) fn app(&self, id: &str) -> Result<&App, Failure> {
        self.apps
            .iter()
            .find(|app| app.id() == id)
            .ok_or_else(|| Failure::not_found(id, "AppInstance"))
    }

    pub(crate) fn app_mut(&mut self, id: &str) -> Result<&mut App, Failure> {
        self.apps
            .iter_mut()
            .find(|app| app.id() == id)
            .ok_or_else(|| Failure::not_found(id, "AppInstance"))
    }

    /// The active apps a user is assigned to by a group.
    pub(crate) fn apps_of(&self, user: &str) -> Vec<&App> {
        let groups = self.groups_of(user);
        self.apps
            .iter()
            .filter(|app| app.is_active() && app.groups.iter().any(|group| groups.contains(group)))
            .collect()
    }
}

async fn list(State(shared): State<Shared>, params: Params) -> Answer {
    let world = shared.world();
    let org = &world.okta;
    let filter = params.get("filter").map(Filter::parse).transpose();
    let filter = filter.map_err(Failure::invalid_filter)?;
    let query = params.get("q").map(str::to_lowercase);
    let apps = org
        .apps
        .iter()
        .filter(|app| {
            query.as_ref().is_none_or(|query| {
                ["name", "label"]
                    .iter()
                    .any(|key| text(&app.body, key).to_lowercase().starts_with(query))
            })
        })
        .filter(|app| {
            filter.as_ref().is_none_or(|filter| {
                let mut seen = app.body.clone();
                let groups: Vec<Value> = app
                    .groups
                    .iter()
                    .map(|group| json!({ "id": group }))
                    .collect();
                seen.insert("group".into(), groups.into());
                filter.matches(&Value::Object(seen))
            })
        })
        .map(|app| app.answer(shared.okta_url()))
        .collect();
    params.page(shared.okta_url(), apps, 20, 200)
}

/// Makes a bookmark, OIDC or other app under the default sign-in policy.
async fn create(State(shared): State<Shared>, Document(sent): Document) -> Answer {
    let mut world = shared.world();
    let now = world.now();
    let org = &mut world.okta;
    let label = text(&sent, "label");
    if label.is_empty() {
        return Err(Failure::validation(
            "label",
            "label: The field cannot be left blank",
        ));
    }
    let mode = text(&sent, "signOnMode");
    let name = match (text(&sent, "name"), mode) {
        ("", "BOOKMARK") => "bookmark",
        ("", "OPENID_CONNECT") => "oidc_client",
        ("", _) => {
            return Err(Failure::validation(
                "name",
                "name: The field cannot be left blank",
            ));
        }
        (name, _) => name,
    };
    let policy = org
        .default_policy(ACCESS_POLICY)
        .map(|policy| policy.id().to_owned());
    let settings = sent.get("settings").cloned().unwrap_or_else(|| json!({}));
    let app = App::new(name, label, mode, &settings, policy, now);
    let (answer, target) = (
        app.answer(shared.okta_url()),
        log::app_target(&app, &Value::Null),
    );
    org.apps.push(app);
    org.note(
        now,
        "application.lifecycle.create",
        "Create application",
        vec![target],
    );
    Ok(Reply::ok(answer))
}

async fn read(State(shared): State<Shared>, Path(id): Path<String>) -> Answer {
    Ok(Reply::ok(
        shared.world().okta.app(&id)?.answer(shared.okta_url()),
    ))
}

async fn replace(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Document(sent): Document,
) -> Answer {
    let mut world = shared.world();
    let now = world.now();
    let app = world.okta.app_mut(&id)?;
    for (key, value) in sent {
        if !matches!(
            key.as_str(),
            "id" | "name" | "status" | "created" | "_links" | "_embedded"
        ) {
            app.body.insert(key, value);
        }
    }
    app.body
        .insert("lastUpdated".into(), clock::okta(now).into());
    Ok(Reply::ok(app.answer(shared.okta_url())))
}

/// Only an inactive app can be deleted.
async fn delete(State(shared): State<Shared>, Path(id): Path<String>) -> Answer {
    let mut world = shared.world();
    if world.okta.app(&id)?.is_active() {
        return Err(Failure::forbidden());
    }
    world.okta.apps.retain(|app| app.id() != id);
    Ok(Reply::no_content())
}

async fn lifecycle(
    State(shared): State<Shared>,
    Path((id, verb)): Path<(String, String)>,
) -> Answer {
    let status = match verb.as_str() {
        "activate" => "ACTIVE",
        "deactivate" => "INACTIVE",
        _ => return Err(Failure::not_found(&verb, "Lifecycle")),
    };
    let mut world = shared.world();
    let now = world.now();
    let app = world.okta.app_mut(&id)?;
    app.body.insert("status".into(), status.into());
    app.body
        .insert("lastUpdated".into(), clock::okta(now).into());
    Ok(Reply::ok(json!({})))
}

async fn groups(State(shared): State<Shared>, Path(id): Path<String>, params: Params) -> Answer {
    let world = shared.world();
    let app = world.okta.app(&id)?;
    let groups = app
        .groups
        .iter()
        .map(|group| assigned(app, group, shared.okta_url()))
        .collect();
    params.page(shared.okta_url(), groups, 20, 200)
}

async fn group(State(shared): State<Shared>, Path((id, group)): Path<(String, String)>) -> Answer {
    let world = shared.world();
    let app = world.okta.app(&id)?;
    if !app.groups.contains(&group) {
        return Err(Failure::not_found(&group, "AppGroupAssignment"));
    }
    Ok(Reply::ok(assigned(app, &group, shared.okta_url())))
}

async fn assign_group(
    State(shared): State<Shared>,
    Path((id, group)): Path<(String, String)>,
) -> Answer {
    let mut world = shared.world();
    world.okta.group(&group)?;
    let app = world.okta.app_mut(&id)?;
    if !app.groups.contains(&group) {
        app.groups.push(group.clone());
    }
    Ok(Reply::ok(assigned(app, &group, shared.okta_url())))
}

async fn unassign_group(
    State(shared): State<Shared>,
    Path((id, group)): Path<(String, String)>,
) -> Answer {
    let mut world = shared.world();
    let app = world.okta.app_mut(&id)?;
    if !app.groups.contains(&group) {
        return Err(Failure::not_found(&group, "AppGroupAssignment"));
    }
    app.groups.retain(|have| *have != group);
    Ok(Reply::no_content())
}

/// The users an app is assigned to, all by group.
async fn users(State(shared): State<Shared>, Path(id): Path<String>, params: Params) -> Answer {
    let world = shared.world();
    let org = &world.okta;
    let app = org.app(&id)?;
    let users = org
        .users
        .iter()
        .filter(|user| {
            org.groups_of(text(user, "id"))
                .iter()
                .any(|group| app.groups.contains(group))
        })
        .map(|user| {
            json!({
                "id": text(user, "id"), "scope": "GROUP", "status": "ACTIVE",
                "created": user.get("created"), "lastUpdated": user.get("lastUpdated"),
                "credentials": { "userName": user["profile"]["login"] },
                "profile": {},
            })
        })
        .collect();
    params.page(shared.okta_url(), users, 50, 500)
}

fn assigned(app: &App, group: &str, base: &str) -> Value {
    let url = format!("{base}/api/v1/apps/{}/groups/{group}", app.id());
    json!({
        "id": group,
        "lastUpdated": text(&app.body, "lastUpdated"),
        "priority": app.groups.iter().position(|have| have == group).unwrap_or_default(),
        "profile": {},
        "_links": {
            "app": { "href": format!("{base}/api/v1/apps/{}", app.id()) },
            "group": { "href": format!("{base}/api/v1/groups/{group}") },
            "self": link(&url, &["GET", "PUT", "DELETE"]),
        },
    })
}

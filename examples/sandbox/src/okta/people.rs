//! `/api/v1/groups` and `/api/v1/users`: as much as finding a pilot group and its people needs.

use axum::{
    Router,
    extract::{Path, State},
    routing::get,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    State as Org,
    answer::{Answer, Document, Failure, Reply},
    fields::{Object, object, text, with_links},
    filter::Filter,
    params::Params,
};
use crate::{clock, random, shared::Shared};

/// A group and its members.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) body: Object,
    pub(crate) members: Vec<String>,
}

impl Group {
    pub(crate) fn new(kind: &str, name: &str, description: &str, now: Timestamp) -> Self {
        let body = object(json!({
            "id": random::okta_id("00g"),
            "created": clock::okta(now),
            "lastUpdated": clock::okta(now),
            "lastMembershipUpdated": clock::okta(now),
            "objectClass": ["okta:user_group"],
            "type": kind,
            "profile": { "name": name, "description": description },
        }));
        Self {
            body,
            members: Vec::new(),
        }
    }

    pub(crate) fn id(&self) -> &str {
        text(&self.body, "id")
    }

    fn name(&self) -> &str {
        self.body["profile"]["name"].as_str().unwrap_or_default()
    }

    fn answer(&self, base: &str) -> Value {
        let url = format!("{base}/api/v1/groups/{}", self.id());
        with_links(
            &self.body,
            json!({
                "logo": [],
                "users": { "href": format!("{url}/users") },
                "apps": { "href": format!("{url}/apps") },
            }),
        )
    }
}

/// A user as answered, but for links.
pub(crate) fn new_user(login: &str, first_name: &str, last_name: &str, now: Timestamp) -> Object {
    object(json!({
        "id": random::okta_id("00u"),
        "status": "ACTIVE",
        "created": clock::okta(now),
        "activated": clock::okta(now),
        "statusChanged": clock::okta(now),
        "lastLogin": null,
        "lastUpdated": clock::okta(now),
        "passwordChanged": clock::okta(now),
        "type": { "id": random::okta_id("oty") },
        "profile": {
            "firstName": first_name, "lastName": last_name, "login": login, "email": login,
            "mobilePhone": null, "secondEmail": null,
        },
        "credentials": { "password": {}, "provider": { "type": "OKTA", "name": "OKTA" } },
    }))
}

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/api/v1/groups", get(groups).post(create_group))
        .route("/api/v1/groups/{group}", get(group))
        .route("/api/v1/groups/{group}/users", get(members))
        .route(
            "/api/v1/groups/{group}/users/{user}",
            axum::routing::put(add_member).delete(remove_member),
        )
        .route("/api/v1/groups/{group}/apps", get(group_apps))
        .route("/api/v1/users", get(users))
        .route("/api/v1/users/{user}", get(user))
        .route("/api/v1/users/{user}/groups", get(user_groups))
        .route("/api/v1/users/{user}/devices", get(user_devices))
}

impl Org {
    pub(crate) fn group(&self, id: &str) -> Result<&Group, Failure> {
        self.groups
            .iter()
            .find(|group| group.id() == id)
            .ok_or_else(|| Failure::not_found(id, "UserGroup"))
    }

    /// The id of the group Everyone.
    pub(crate) fn everyone(&self) -> &str {
        self.groups
            .iter()
            .find(|group| text(&group.body, "type") == "BUILT_IN" && group.name() == "Everyone")
            .map_or("", Group::id)
    }

    /// A user by id or login.
    pub(crate) fn user(&self, id_or_login: &str) -> Result<&Object, Failure> {
        self.users
            .iter()
            .find(|user| {
                text(user, "id") == id_or_login || user["profile"]["login"] == *id_or_login
            })
            .ok_or_else(|| Failure::not_found(id_or_login, "User"))
    }

    /// The ids of a user's groups.
    pub(crate) fn groups_of(&self, user: &str) -> Vec<String> {
        self.groups
            .iter()
            .filter(|group| group.members.iter().any(|member| member == user))
            .map(|group| group.id().to_owned())
            .collect()
    }
}

/// `search` and `filter`, which are one language with two errors.
fn filters(params: &Params) -> Result<Vec<Filter>, Failure> {
    let mut filters = Vec::new();
    if let Some(search) = params.get("search") {
        filters.push(Filter::parse(search).map_err(Failure::invalid_search)?);
    }
    if let Some(filter) = params.get("filter") {
        filters.push(Filter::parse(filter).map_err(Failure::invalid_filter)?);
    }
    Ok(filters)
}

async fn groups(State(shared): State<Shared>, params: Params) -> Answer {
    let world = shared.world();
    let query = params.get("q").map(str::to_lowercase);
    let filters = filters(&params)?;
    let groups = world
        .okta
        .groups
        .iter()
        .filter(|group| {
            query
                .as_ref()
                .is_none_or(|query| group.name().to_lowercase().starts_with(query))
        })
        .map(|group| group.answer(shared.okta_url()))
        .filter(|group| filters.iter().all(|filter| filter.matches(group)))
        .collect();
    params.page(shared.okta_url(), groups, 10_000, 10_000)
}

async fn create_group(State(shared): State<Shared>, Document(sent): Document) -> Answer {
    let mut world = shared.world();
    let now = world.now();
    let profile = sent.get("profile").cloned().unwrap_or_default();
    let name = profile["name"].as_str().unwrap_or_default();
    if name.is_empty() {
        return Err(Failure::validation(
            "name",
            "name: The field cannot be left blank",
        ));
    }
    let description = profile["description"].as_str().unwrap_or_default();
    let group = Group::new("OKTA_GROUP", name, description, now);
    let answer = group.answer(shared.okta_url());
    world.okta.groups.push(group);
    Ok(Reply::ok(answer))
}

async fn group(State(shared): State<Shared>, Path(id): Path<String>) -> Answer {
    Ok(Reply::ok(
        shared.world().okta.group(&id)?.answer(shared.okta_url()),
    ))
}

async fn members(State(shared): State<Shared>, Path(id): Path<String>, params: Params) -> Answer {
    let world = shared.world();
    let group = world.okta.group(&id)?;
    let users = world
        .okta
        .users
        .iter()
        .filter(|user| {
            group
                .members
                .iter()
                .any(|member| member == text(user, "id"))
        })
        .map(|user| user_answer(user, shared.okta_url()))
        .collect();
    params.page(shared.okta_url(), users, 1000, 1000)
}

async fn add_member(
    State(shared): State<Shared>,
    Path((id, user)): Path<(String, String)>,
) -> Answer {
    change_members(&shared, &id, &user, |members, user| {
        if !members.contains(&user) {
            members.push(user);
        }
    })
}

async fn remove_member(
    State(shared): State<Shared>,
    Path((id, user)): Path<(String, String)>,
) -> Answer {
    change_members(&shared, &id, &user, |members, user| {
        members.retain(|have| *have != user);
    })
}

fn change_members(
    shared: &Shared,
    group: &str,
    user: &str,
    change: impl FnOnce(&mut Vec<String>, String),
) -> Answer {
    let mut world = shared.world();
    let now = world.now();
    let org = &mut world.okta;
    let user = text(org.user(user)?, "id").to_owned();
    let group = org
        .groups
        .iter_mut()
        .find(|have| have.id() == group)
        .ok_or_else(|| Failure::not_found(group, "UserGroup"))?;
    change(&mut group.members, user);
    group
        .body
        .insert("lastMembershipUpdated".into(), clock::okta(now).into());
    Ok(Reply::no_content())
}

async fn group_apps(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    params: Params,
) -> Answer {
    let world = shared.world();
    world.okta.group(&id)?;
    let apps = world
        .okta
        .apps
        .iter()
        .filter(|app| app.groups.contains(&id))
        .map(|app| app.answer(shared.okta_url()))
        .collect();
    params.page(shared.okta_url(), apps, 20, 200)
}

async fn users(State(shared): State<Shared>, params: Params) -> Answer {
    let world = shared.world();
    let query = params.get("q").map(str::to_lowercase);
    let filters = filters(&params)?;
    let users = world
        .okta
        .users
        .iter()
        .filter(|user| {
            query.as_ref().is_none_or(|query| {
                ["firstName", "lastName", "email"].iter().any(|key| {
                    let value = user["profile"][key].as_str().unwrap_or_default();
                    value.to_lowercase().starts_with(query)
                })
            })
        })
        .map(|user| user_answer(user, shared.okta_url()))
        .filter(|user| filters.iter().all(|filter| filter.matches(user)))
        .collect();
    params.page(shared.okta_url(), users, 200, 200)
}

async fn user(State(shared): State<Shared>, Path(id): Path<String>) -> Answer {
    Ok(Reply::ok(user_answer(
        shared.world().okta.user(&id)?,
        shared.okta_url(),
    )))
}

async fn user_groups(State(shared): State<Shared>, Path(id): Path<String>) -> Answer {
    let world = shared.world();
    let user = text(world.okta.user(&id)?, "id");
    let groups: Vec<Value> = world
        .okta
        .groups
        .iter()
        .filter(|group| group.members.iter().any(|member| member == user))
        .map(|group| group.answer(shared.okta_url()))
        .collect();
    Ok(Reply::ok(groups))
}

async fn user_devices(State(shared): State<Shared>, Path(id): Path<String>) -> Answer {
    let world = shared.world();
    let user = text(world.okta.user(&id)?, "id");
    let devices: Vec<Value> = world
        .okta
        .devices
        .iter()
        .filter_map(|device| {
            let tie = device.users.iter().find(|tie| tie.user == user)?;
            Some(json!({
                "created": tie.created,
                "deviceUserId": tie.id,
                "device": device.answer(shared.okta_url()),
            }))
        })
        .collect();
    Ok(Reply::ok(devices))
}

pub(crate) fn user_answer(user: &Object, base: &str) -> Value {
    let url = format!("{base}/api/v1/users/{}", text(user, "id"));
    with_links(user, json!({ "self": { "href": url } }))
}

//! Organisations, device groups by hand and by rule, and their members.

use futures::TryStreamExt as _;
use jumpcloud_mdm::{ListOptions, NewDeviceGroup, Operation};
use serde_json::{Value, json};

use crate::exchange::{Exchange, delete, get, post, put};

fn rule() -> Value {
    json!({"queryType": "FilterQuery", "filters": [{"field": "os", "operator": "eq", "value": "Mac OS X"}]})
}

/// A dynamic group as the service keeps it.
fn dynamic(description: &str) -> Value {
    json!({"name": "every Mac", "description": description, "email": "", "membershipMethod": "DYNAMIC_AUTOMATED",
        "memberQuery": rule(), "memberQueryExemptions": [{"type": "system", "id": "{system}"}],
        "memberSuggestionsNotify": false})
}

fn whole(mut group: Value) -> Value {
    group["id"] = json!("{dynamic}");
    group["type"] = json!("system_group");
    group["organizationObjectId"] = json!("{org}");
    group
}

pub fn all() -> Vec<Exchange> {
    let org = || json!({"_id": "{org}", "id": "{org}", "displayName": "Acme"});
    let pilot = || json!({"id": "{group}", "name": "macOS pilot", "type": "system_group"});
    let ring =
        || json!({"id": "{ring}", "name": "ring 1", "description": "10 %", "type": "system_group"});
    vec![
        Exchange::of("organisations", |client, _| async move {
            client.organizations().try_collect::<Vec<_>>().await
        })
        .sends(
            get("/api/organizations?limit=100&skip=0&sort=_id", json!({"totalCount": 1, "results": [org()]}))
                .without_organization(),
        )
        .becomes(json!([{"_id": "{org}"}])),
        Exchange::of("an organisation", |client, ids| async move { client.organization(&ids["org"]).await })
            .sends(get("/api/organizations/{org}", org()).without_organization())
            .becomes(json!({"_id": "{org}"})),
        Exchange::of("device groups", |client, _| async move {
            client.device_groups(ListOptions::default()).try_collect::<Vec<_>>().await
        })
        .sends(get("/api/v2/systemgroups?limit=100&skip=0&sort=_id", json!([pilot()])))
        .becomes(json!([{"name": "macOS pilot", "type": "system_group"}])),
        Exchange::of("a device group by name", |client, _| async move {
            client.device_group_named("macOS pilot").await
        })
        .sends(get("/api/v2/systemgroups?limit=100&skip=0&sort=_id&filter=name:eq:macOS pilot", json!([pilot()])))
        .learns("group", "/id")
        .becomes(json!({"name": "macOS pilot"})),
        Exchange::of("who is in a device group", |client, ids| async move {
            client.device_group_membership(&ids["group"]).try_collect::<Vec<_>>().await
        })
        .sends(get(
            "/api/v2/systemgroups/{group}/membership?limit=100&skip=0&sort=_id",
            json!([{"id": "{system}", "type": "system", "paths": []}]),
        ))
        .becomes(json!([{"id": "{system}", "type": "system"}])),
        Exchange::of("a static device group is made", |client, _| async move {
            client.create_device_group(&NewDeviceGroup::new("ring 1").description("10 %")).await
        })
        .sends(post("/api/v2/systemgroups", json!({"name": "ring 1", "description": "10 %"}), 201).answers(ring()))
        .learns("ring", "/id")
        .becomes(json!({"name": "ring 1", "description": "10 %"})),
        Exchange::of("a Mac comes into it", |client, ids| async move {
            client.change_device_group_member(&ids["ring"], Operation::Add, &ids["system"]).await
        })
        .sends(post(
            "/api/v2/systemgroups/{ring}/members",
            json!({"op": "add", "type": "system", "id": "{system}"}),
            204,
        )),
        Exchange::of("its members", |client, ids| async move {
            client.device_group_members(&ids["ring"]).try_collect::<Vec<_>>().await
        })
        .sends(get(
            "/api/v2/systemgroups/{ring}/members?limit=100&skip=0",
            json!([{"to": {"id": "{system}", "type": "system"}}]),
        ))
        .becomes(json!([{"to": {"id": "{system}", "type": "system"}}])),
        Exchange::of("the Mac goes", |client, ids| async move {
            client.change_device_group_member(&ids["ring"], Operation::Remove, &ids["system"]).await
        })
        .sends(post(
            "/api/v2/systemgroups/{ring}/members",
            json!({"op": "remove", "type": "system", "id": "{system}"}),
            204,
        )),
        Exchange::of("a dynamic device group is made", |client, ids| async move {
            let group = NewDeviceGroup::new("every Mac").dynamic(rule()).exempt([&ids["system"]]);
            client.create_device_group(&group).await
        })
        .sends(
            post(
                "/api/v2/systemgroups",
                json!({"name": "every Mac", "membershipMethod": "DYNAMIC_AUTOMATED", "memberQuery": rule(),
                    "memberQueryExemptions": [{"type": "system", "id": "{system}"}]}),
                201,
            )
            .answers(whole(dynamic(""))),
        )
        .learns("dynamic", "/id")
        .becomes(json!({"membershipMethod": "DYNAMIC_AUTOMATED", "memberQuery": rule()})),
        Exchange::of("it is changed, and keeps its rule", |client, ids| async move {
            let mut group = client.device_group(&ids["dynamic"]).await?;
            group.description = Some("by rule".into());
            client.update_device_group(&group).await
        })
        .sends(get("/api/v2/systemgroups/{dynamic}", whole(dynamic(""))))
        .sends(put("/api/v2/systemgroups/{dynamic}", dynamic("by rule")).answers(whole(dynamic("by rule"))))
        .becomes(json!({"description": "by rule", "memberQuery": rule()})),
        Exchange::of("it goes", |client, ids| async move { client.delete_device_group(&ids["dynamic"]).await })
            .sends(delete("/api/v2/systemgroups/{dynamic}")),
    ]
}

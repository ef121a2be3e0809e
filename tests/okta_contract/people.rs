//! The org, groups and their members.

use futures::{FutureExt as _, TryStreamExt as _};
use serde_json::json;

use crate::{
    GROUP,
    exchange::{Exchange, Ids},
};

pub(crate) fn exchanges(ids: &Ids) -> Vec<Exchange> {
    let Ids { group, user, .. } = ids;
    let body =
        json!({"id": group, "type": "OKTA_GROUP", "profile": {"name": GROUP, "description": null}});
    let member = json!({"id": user, "status": "ACTIVE", "profile": {"login": "ada@acme.example"}});
    let mut org = Exchange::new("the org", "GET", "", |okta, _| {
        async { Ok(json!(okta.org().await?.pipeline)) }.boxed()
    });
    org.sends.path = "/.well-known/okta-organization".into();
    vec![
        org.answers(200, json!({"id": "00o1", "pipeline": "idx"}))
            .becomes(json!("idx")),
        Exchange::new("groups of a name", "GET", "/groups", |okta, _| {
            async {
                let groups = okta.groups_by_name(GROUP).await?;
                Ok(json!(
                    groups
                        .iter()
                        .map(|one| (&one.id, one.name()))
                        .collect::<Vec<_>>()
                ))
            }
            .boxed()
        })
        .query("q", GROUP)
        .answers(
            200,
            json!([body, {"id": "00g2", "profile": {"name": format!("{GROUP} of old")}}]),
        )
        .becomes(json!([[group, GROUP]])),
        Exchange::new(
            "a group",
            "GET",
            &format!("/groups/{group}"),
            |okta, ids| async { Ok(json!(okta.group(&ids.group).await?.name())) }.boxed(),
        )
        .answers(200, body)
        .becomes(json!(GROUP)),
        Exchange::new(
            "members of a group",
            "GET",
            &format!("/groups/{group}/users"),
            |okta, ids| {
                async {
                    let members: Vec<_> = okta.group_members(&ids.group).try_collect().await?;
                    let first = &members[0];
                    Ok(json!([first.id, first.login().is_some()]))
                }
                .boxed()
            },
        )
        .query("limit", "200")
        .answers(200, json!([member]))
        .becomes(json!([user, true])),
        Exchange::new(
            "whether a group has an active member",
            "GET",
            &format!("/groups/{group}/users"),
            |okta, ids| {
                async { Ok(json!(okta.group_has_active_members(&ids.group).await?)) }.boxed()
            },
        )
        .query("limit", "200")
        .answers(200, json!([member]))
        .becomes(json!(true)),
        Exchange::new(
            "a group that is not there",
            "GET",
            "/groups/00gnone",
            |okta, _| async { Ok(json!(okta.group("00gnone").await?.id)) }.boxed(),
        )
        .refuses(404, "E0000007")
        .becomes(crate::exchange::error("NotFound")),
    ]
}

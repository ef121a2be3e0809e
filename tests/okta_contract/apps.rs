//! Apps: a bookmark app made, found, put under a policy and assigned; what is taken away comes last.

use futures::FutureExt as _;
use okta_devtrust::{Okta, Request, apps::App, bookmark};
use serde_json::{Value, json};

use crate::{
    LABEL,
    exchange::{Exchange, Ids},
};

fn made() -> App {
    App::bookmark(LABEL, "https://acme.example/contract", "a contract")
}

async fn send(okta: &Okta, request: Request) -> Result<Value, okta_devtrust::Error> {
    okta.send(&request).await.map(|_| Value::Null)
}

pub(crate) fn exchanges(ids: &Ids) -> Vec<Exchange> {
    let Ids { app, group, .. } = ids;
    let policy = ids.policy("ACCESS_POLICY");
    let stored = json!({"id": app, "name": "bookmark", "label": LABEL, "status": "ACTIVE", "signOnMode": "BOOKMARK"});
    let at = |rest: &str| format!("/apps/{app}{rest}");
    vec![
        Exchange::new("a bookmark app made", "POST", "/apps", |okta, _| {
            async {
                let answer = okta.send(&bookmark::create(&made())).await?;
                let made: App = answer.json()?;
                Ok(json!([made.label, made.admin_note()]))
            }
            .boxed()
        })
        .body(json!({
            "name": "bookmark", "label": LABEL, "signOnMode": "BOOKMARK",
            "settings": {"app": {"url": "https://acme.example/contract", "requestIntegration": false},
                         "notes": {"admin": "a contract"}}}))
        .answers(
            200,
            json!({"id": app, "label": LABEL, "settings": {"notes": {"admin": "a contract"}}}),
        )
        .becomes(json!([LABEL, "a contract"])),
        Exchange::new("apps of a label", "GET", "/apps", |okta, _| {
            async {
                let all = okta.apps_by_label(LABEL).await?;
                Ok(json!(all.iter().map(|one| &one.id).collect::<Vec<_>>()))
            }
            .boxed()
        })
        .query("q", LABEL)
        .query("limit", "200")
        .answers(200, json!([stored, {"id": "0oa2", "label": format!("{LABEL} of old")}]))
        .becomes(json!([app])),
        Exchange::new("an app put under a policy", "PUT", &at(&format!("/policies/{policy}")), |okta, ids| {
            async {
                let done = okta.assign_policy(&ids.app, ids.policy("ACCESS_POLICY")).await;
                done.map(|()| Value::Null)
            }
            .boxed()
        })
        .answers(204, Value::Null),
        Exchange::new("an app", "GET", &at(""), |okta, ids| {
            async { Ok(json!(okta.app(&ids.app).await?.access_policy())) }.boxed()
        })
        .answers(
            200,
            json!({"id": app, "label": LABEL,
                   "_links": {"accessPolicy": {"href": format!("https://acme.okta.com/api/v1/policies/{policy}")}}}),
        )
        .becomes(json!(policy)),
        Exchange::new("a group that is not assigned", "GET", &at(&format!("/groups/{group}")), |okta, ids| {
            async { Ok(json!(okta.is_group_assigned(&ids.app, &ids.group).await?)) }.boxed()
        })
        .refuses(404, "E0000007")
        .becomes(json!(false)),
        Exchange::new("a group assigned", "PUT", &at(&format!("/groups/{group}")), |okta, ids| {
            send(okta, bookmark::assign_group(&ids.app, &ids.group)).boxed()
        })
        .answers(200, json!({"id": group, "priority": 0})),
        Exchange::new("a group that is assigned", "GET", &at(&format!("/groups/{group}")), |okta, ids| {
            async { Ok(json!(okta.is_group_assigned(&ids.app, &ids.group).await?)) }.boxed()
        })
        .answers(200, json!({"id": group, "priority": 0}))
        .becomes(json!(true)),
    ]
}

/// What takes the app away again.
pub(crate) fn removals(ids: &Ids) -> Vec<Exchange> {
    let Ids { app, group, .. } = ids;
    vec![
        Exchange::new(
            "a group taken off an app",
            "DELETE",
            &format!("/apps/{app}/groups/{group}"),
            |okta, ids| send(okta, bookmark::unassign_group(&ids.app, &ids.group)).boxed(),
        )
        .answers(204, Value::Null),
        Exchange::new(
            "an app switched off",
            "POST",
            &format!("/apps/{app}/lifecycle/deactivate"),
            |okta, ids| send(okta, bookmark::deactivate(&ids.app)).boxed(),
        )
        .answers(200, json!({})),
        Exchange::new(
            "an app deleted",
            "DELETE",
            &format!("/apps/{app}"),
            |okta, ids| send(okta, bookmark::delete(&ids.app)).boxed(),
        )
        .answers(204, Value::Null),
    ]
}

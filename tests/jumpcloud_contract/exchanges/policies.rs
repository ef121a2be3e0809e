//! Templates, policies, policy groups, bindings, and what the Macs report.

use device_trust_sandbox::Sandbox;
use futures::TryStreamExt as _;
use jumpcloud_mdm::{
    Bindable, CUSTOM_MDM_PROFILE_DARWIN, ListOptions, NewPolicy, ObjectType, Operation,
    PolicyUpdate, PolicyValue,
};
use serde_json::{Value, json};

use crate::exchange::{Exchange, Ids, delete, get, post, put};

/// `<plist/>` in base64.
const PAYLOAD: &str = "PHBsaXN0Lz4=";

fn values(redispatch: bool) -> Value {
    json!([{"configFieldID": "{payload}", "configFieldName": "payload", "value": PAYLOAD, "sensitive": false},
        {"configFieldID": "{redispatch}", "configFieldName": "redispatchPolicy", "value": redispatch,
            "sensitive": false}])
}

fn typed(values: &Value, ids: &Ids) -> Vec<PolicyValue> {
    serde_json::from_value(crate::exchange::filled_in(values, ids)).unwrap()
}

fn whole(redispatch: bool) -> Value {
    json!({"id": "{policy}", "name": "Trust", "notes": "by hand", "template": {"id": "{template}"},
        "configFields": [], "values": values(redispatch)})
}

fn template() -> Value {
    json!({"id": "{template}", "name": CUSTOM_MDM_PROFILE_DARWIN, "configFields": [
        {"id": "{payload}", "name": "payload", "displayType": "file"},
        {"id": "{redispatch}", "name": "redispatchPolicy", "displayType": "checkbox", "defaultValue": true}]})
}

fn member(op: &str, kind: &str, id: &str) -> Value {
    json!({"op": op, "type": kind, "id": id})
}

/// A Mac takes the profile and says so.
fn reported(sandbox: &Sandbox, ids: &Ids) {
    let mut world = sandbox.shared().world();
    let now = world.now();
    let (system, policy) = (&ids["system"], &ids["policy"]);
    world.jumpcloud.profile_sent(system, policy, now);
    world
        .jumpcloud
        .profile_answered(system, policy, Ok(()), now);
}

pub fn all() -> Vec<Exchange> {
    let short = || json!({"id": "{policy}", "name": "Trust", "template": {"id": "{template}"}});
    let edge = || json!([{"to": {"id": "{group}", "type": "system_group"}}]);
    let result = || json!([{"id": "r", "policyID": "{policy}", "systemID": "{system}", "state": "success", "success": true}]);
    let reports = || json!([{"policyID": "{policy}", "systemID": "{system}", "state": "success", "success": true}]);
    let group = || json!({"id": "{policies}", "name": "All of it", "description": "both"});
    vec![
        Exchange::of("policy templates", |client, _| async move {
            client.policy_templates(ListOptions::default()).try_collect::<Vec<_>>().await
        })
        .sends(get(
            "/api/v2/policytemplates?limit=100&skip=0&sort=_id",
            json!([{"id": "{template}", "name": CUSTOM_MDM_PROFILE_DARWIN}]),
        ))
        .becomes(json!([{"name": CUSTOM_MDM_PROFILE_DARWIN}])),
        Exchange::of("a template by name, with its config fields", |client, _| async move {
            client.policy_template_named(CUSTOM_MDM_PROFILE_DARWIN).await
        })
        .sends(get(
            "/api/v2/policytemplates?limit=100&skip=0&sort=_id&filter=name:eq:custom_mdm_profile_darwin",
            json!([{"id": "5f21c4d3b544067fd53ba0af", "name": CUSTOM_MDM_PROFILE_DARWIN}]),
        ))
        .sends(get("/api/v2/policytemplates/5f21c4d3b544067fd53ba0af", template()))
        .learns("template", "/id")
        .learns("payload", "/configFields/0/id")
        .learns("redispatch", "/configFields/1/id")
        .becomes(json!({"configFields": [{"name": "payload"}, {"name": "redispatchPolicy"}]})),
        Exchange::of("a policy template", |client, ids| async move {
            client.policy_template(&ids["template"]).await
        })
        .sends(get("/api/v2/policytemplates/{template}", template()))
        .becomes(json!({"name": CUSTOM_MDM_PROFILE_DARWIN, "configFields": [{"name": "payload"}]})),
        Exchange::of("a policy is made", |client, ids| async move {
            let policy = NewPolicy {
                name: "Trust".into(),
                template_id: ids["template"].clone(),
                values: typed(&values(false), &ids),
                notes: Some("by hand".into()),
            };
            client.create_policy(&policy).await
        })
        .sends(
            post(
                "/api/v2/policies",
                json!({"name": "Trust", "template": {"id": "{template}"}, "values": values(false), "notes": "by hand"}),
                201,
            )
            .answers(whole(false)),
        )
        .learns("policy", "/id")
        .becomes(json!({"name": "Trust", "values": values(false), "notes": "by hand"})),
        Exchange::of("policies, which are shallow", |client, _| async move {
            client.policies(ListOptions::default()).try_collect::<Vec<_>>().await
        })
        .sends(get("/api/v2/policies?limit=100&skip=0&sort=_id", json!([short()])))
        .becomes(json!([short()])),
        Exchange::of("a policy by name, with its values", |client, _| async move {
            client.policy_named("Trust").await
        })
        .sends(get("/api/v2/policies?limit=100&skip=0&sort=_id&filter=name:eq:Trust", json!([short()])))
        .sends(get("/api/v2/policies/{policy}", whole(false)))
        .becomes(json!({"id": "{policy}", "values": values(false)})),
        Exchange::of("it is set to something else", |client, ids| async move {
            let update = PolicyUpdate {
                name: "Trust".into(),
                values: typed(&values(true), &ids),
                notes: Some("by hand".into()),
            };
            client.update_policy(&ids["policy"], &update).await
        })
        .sends(
            put(
                "/api/v2/policies/{policy}",
                json!({"name": "Trust", "values": values(true), "notes": "by hand"}),
            )
            .answers(short()),
        ),
        Exchange::of("a policy", |client, ids| async move { client.policy(&ids["policy"]).await })
            .sends(get("/api/v2/policies/{policy}", whole(true)))
            .becomes(json!({"values": values(true)})),
        Exchange::of("it is bound", |client, ids| async move {
            let from = Bindable::Policy(ids["policy"].clone());
            client.associate(&from, Operation::Add, &ObjectType::SystemGroup, &ids["group"]).await
        })
        .sends(post("/api/v2/policies/{policy}/associations", member("add", "system_group", "{group}"), 204)),
        Exchange::of("what it is bound to", |client, ids| async move {
            let from = Bindable::Policy(ids["policy"].clone());
            client.associations(&from, &ObjectType::SystemGroup).try_collect::<Vec<_>>().await
        })
        .sends(get("/api/v2/policies/{policy}/associations?targets=system_group&limit=100&skip=0", edge()))
        .becomes(edge()),
        Exchange::of("the latest result on each Mac", |client, ids| async move {
            client.policy_statuses(&ids["policy"]).try_collect::<Vec<_>>().await
        })
        .after(reported)
        .sends(get("/api/v2/policies/{policy}/policystatuses?limit=100&skip=0&sort=_id", result()))
        .becomes(reports()),
        Exchange::of("all results of a policy", |client, ids| async move {
            client.policy_results(&ids["policy"], ListOptions::default()).try_collect::<Vec<_>>().await
        })
        .sends(get("/api/v2/policies/{policy}/policyresults?limit=100&skip=0&sort=_id", result()))
        .becomes(reports()),
        Exchange::of("all results", |client, _| async move {
            client.all_policy_results(ListOptions::default()).try_collect::<Vec<_>>().await
        })
        .sends(get("/api/v2/policyresults?limit=100&skip=0&sort=_id", result()))
        .becomes(reports()),
        Exchange::of("the latest results on a Mac", |client, ids| async move {
            client.system_policy_statuses(&ids["system"]).try_collect::<Vec<_>>().await
        })
        .sends(get("/api/v2/systems/{system}/policystatuses?limit=100&skip=0&sort=_id", result()))
        .becomes(reports()),
        Exchange::of("a policy group is made", |client, _| async move {
            client.create_policy_group("All", None).await
        })
        .sends(
            post("/api/v2/policygroups", json!({"name": "All"}), 201)
                .answers(json!({"id": "{policies}", "name": "All"})),
        )
        .learns("policies", "/id")
        .becomes(json!({"name": "All"})),
        Exchange::of("it is changed", |client, ids| async move {
            client.update_policy_group(&ids["policies"], "All of it", Some("both")).await
        })
        .sends(
            put("/api/v2/policygroups/{policies}", json!({"name": "All of it", "description": "both"}))
                .answers(group()),
        )
        .becomes(group()),
        Exchange::of("policy groups", |client, _| async move {
            client.policy_groups(ListOptions::default()).try_collect::<Vec<_>>().await
        })
        .sends(get("/api/v2/policygroups?limit=100&skip=0&sort=_id", json!([group()])))
        .becomes(json!([group()])),
        Exchange::of("a policy group by name", |client, _| async move {
            client.policy_group_named("All of it").await
        })
        .sends(get("/api/v2/policygroups?limit=100&skip=0&sort=_id&filter=name:eq:All of it", json!([group()])))
        .becomes(group()),
        Exchange::of("a policy group", |client, ids| async move { client.policy_group(&ids["policies"]).await })
            .sends(get("/api/v2/policygroups/{policies}", group()))
            .becomes(group()),
        Exchange::of("a policy comes into it", |client, ids| async move {
            client.change_policy_group_member(&ids["policies"], Operation::Add, &ids["policy"]).await
        })
        .sends(post("/api/v2/policygroups/{policies}/members", member("add", "policy", "{policy}"), 204)),
        Exchange::of("its policies", |client, ids| async move {
            client.policy_group_members(&ids["policies"]).try_collect::<Vec<_>>().await
        })
        .sends(get(
            "/api/v2/policygroups/{policies}/members?limit=100&skip=0",
            json!([{"to": {"id": "{policy}", "type": "policy"}}]),
        ))
        .becomes(json!([{"to": {"id": "{policy}", "type": "policy"}}])),
        Exchange::of("it is bound", |client, ids| async move {
            let from = Bindable::PolicyGroup(ids["policies"].clone());
            client.associate(&from, Operation::Add, &ObjectType::SystemGroup, &ids["group"]).await
        })
        .sends(post("/api/v2/policygroups/{policies}/associations", member("add", "system_group", "{group}"), 204)),
        Exchange::of("what it is bound to", |client, ids| async move {
            let from = Bindable::PolicyGroup(ids["policies"].clone());
            client.associations(&from, &ObjectType::SystemGroup).try_collect::<Vec<_>>().await
        })
        .sends(get("/api/v2/policygroups/{policies}/associations?targets=system_group&limit=100&skip=0", edge()))
        .becomes(edge()),
    ]
}

/// The way back.
pub fn undone() -> Vec<Exchange> {
    vec![
        Exchange::of("a policy leaves its group", |client, ids| async move {
            let (group, policy) = (&ids["policies"], &ids["policy"]);
            client
                .change_policy_group_member(group, Operation::Remove, policy)
                .await
        })
        .sends(post(
            "/api/v2/policygroups/{policies}/members",
            member("remove", "policy", "{policy}"),
            204,
        )),
        Exchange::of("a policy group goes", |client, ids| async move {
            client.delete_policy_group(&ids["policies"]).await
        })
        .sends(delete("/api/v2/policygroups/{policies}")),
        Exchange::of("a policy is unbound", |client, ids| async move {
            let from = Bindable::Policy(ids["policy"].clone());
            client
                .associate(
                    &from,
                    Operation::Remove,
                    &ObjectType::SystemGroup,
                    &ids["group"],
                )
                .await
        })
        .sends(post(
            "/api/v2/policies/{policy}/associations",
            member("remove", "system_group", "{group}"),
            204,
        )),
        Exchange::of("a policy goes", |client, ids| async move {
            client.delete_policy(&ids["policy"]).await
        })
        .sends(delete("/api/v2/policies/{policy}")),
    ]
}

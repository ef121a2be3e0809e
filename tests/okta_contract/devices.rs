//! Devices and their users, device assurance, device integrations, and another route by the escape hatch.

use futures::{FutureExt as _, TryStreamExt as _};
use okta_devtrust::{Okta, Request, assurances::DeviceAssurance, devices};
use serde_json::{Value, json};

use crate::{
    ASSURANCE,
    exchange::{Exchange, Ids, error},
};

const MACS: &str = "profile.platform eq \"MACOS\"";

async fn send(okta: &Okta, request: Request) -> Result<Value, okta_devtrust::Error> {
    okta.send(&request).await.map(|_| Value::Null)
}

pub(crate) fn exchanges(ids: &Ids) -> Vec<Exchange> {
    let Ids { device, user, .. } = ids;
    let at = |rest: &str| format!("/devices/{device}{rest}");
    let stored = json!({"id": device, "status": "ACTIVE", "profile": {"serialNumber": "C02CONTRACT", "udid": "U1"}});
    vec![
        Exchange::new("devices that are found", "GET", "/devices", |okta, _| {
            async {
                let all: Vec<_> = okta.devices(Some(MACS)).try_collect().await?;
                Ok(json!(
                    all.iter()
                        .map(|one| (&one.id, one.join_key().serial_number))
                        .collect::<Vec<_>>()
                ))
            }
            .boxed()
        })
        .query("limit", "200")
        .query("search", MACS)
        .answers(200, json!([stored]))
        .becomes(json!([[device, "C02CONTRACT"]])),
        Exchange::new("a device", "GET", &at(""), |okta, ids| {
            async {
                Ok(json!(
                    okta.device(&ids.device).await?.join_key().serial_number
                ))
            }
            .boxed()
        })
        .answers(200, stored)
        .becomes(json!("C02CONTRACT")),
        Exchange::new(
            "the users of a device",
            "GET",
            &at("/users"),
            |okta, ids| {
                async {
                    let all = okta.device_users(&ids.device).await?;
                    let of = |one: &devices::DeviceUser| {
                        let id = one.user.as_ref().map(|user| user.id.clone());
                        let status = one.management_status.as_ref();
                        (id, status.map(|status| status.as_str().to_owned()))
                    };
                    Ok(json!(all.iter().map(of).collect::<Vec<_>>()))
                }
                .boxed()
            },
        )
        .answers(
            200,
            json!([{"managementStatus": "NOT_MANAGED", "user": {"id": user}}]),
        )
        .becomes(json!([[user, "NOT_MANAGED"]])),
        Exchange::new(
            "a device suspended",
            "POST",
            &at("/lifecycle/suspend"),
            |okta, ids| send(okta, devices::suspend(&ids.device)).boxed(),
        )
        .answers(204, Value::Null),
        Exchange::new(
            "a device no longer suspended",
            "POST",
            &at("/lifecycle/unsuspend"),
            |okta, ids| send(okta, devices::unsuspend(&ids.device)).boxed(),
        )
        .answers(204, Value::Null),
        Exchange::new(
            "a device switched off",
            "POST",
            &at("/lifecycle/deactivate"),
            |okta, ids| send(okta, devices::deactivate(&ids.device)).boxed(),
        )
        .answers(204, Value::Null),
        Exchange::new(
            "a device switched on",
            "POST",
            &at("/lifecycle/activate"),
            |okta, ids| send(okta, devices::activate(&ids.device)).boxed(),
        )
        .answers(204, Value::Null),
        Exchange::new(
            "a device switched off again",
            "POST",
            &at("/lifecycle/deactivate"),
            |okta, ids| send(okta, devices::deactivate(&ids.device)).boxed(),
        )
        .answers(204, Value::Null),
        Exchange::new("a device deleted", "DELETE", &at(""), |okta, ids| {
            send(okta, devices::delete(&ids.device)).boxed()
        })
        .answers(204, Value::Null),
    ]
    .into_iter()
    .chain(assurances(ids))
    .chain(integrations(ids))
    .collect()
}

fn assurances(ids: &Ids) -> Vec<Exchange> {
    let id = &ids.assurance;
    let at = format!("/device-assurances/{id}");
    let wanted = json!({"name": ASSURANCE, "platform": "MACOS"});
    let stored = json!({"id": id, "name": ASSURANCE, "platform": "MACOS", "createdBy": "00u1",
                        "lastUpdate": "2026-11-24T12:00:00.000Z"});
    vec![
        Exchange::new("a device assurance made", "POST", "/device-assurances", |okta, _| {
            async {
                let made = okta.create_device_assurance(&DeviceAssurance::macos(ASSURANCE)).await?;
                Ok(json!([made.name, made.id.is_empty()]))
            }
            .boxed()
        })
        .body(wanted.clone())
        .answers(200, stored.clone())
        .becomes(json!([ASSURANCE, false])),
        Exchange::new("all device assurances", "GET", "/device-assurances", |okta, _| {
            async {
                let all = okta.device_assurances().await?;
                Ok(json!(all.iter().map(|one| &one.id).collect::<Vec<_>>()))
            }
            .boxed()
        })
        .answers(200, json!([stored]))
        .becomes(json!([id])),
        Exchange::new("a device assurance", "GET", &at, |okta, ids| {
            async { Ok(json!(okta.device_assurance(&ids.assurance).await?.name)) }.boxed()
        })
        .answers(200, stored.clone())
        .becomes(json!(ASSURANCE)),
        Exchange::new("a device assurance replaced", "PUT", &at, |okta, ids| {
            async {
                // What the server alone writes is not sent back.
                let read: DeviceAssurance = serde_json::from_value(json!({
                    "id": ids.assurance, "name": ASSURANCE, "platform": "MACOS", "createdBy": "00u1"}))
                .unwrap();
                Ok(json!(okta.replace_device_assurance(&ids.assurance, &read).await?.name))
            }
            .boxed()
        })
        .body(wanted)
        .answers(200, stored)
        .becomes(json!(ASSURANCE)),
        Exchange::new("a device assurance deleted", "DELETE", &at, |okta, ids| {
            async {
                let done = okta.delete_device_assurance(&ids.assurance).await;
                done.map(|()| Value::Null)
            }
            .boxed()
        })
        .answers(204, Value::Null),
    ]
}

fn integrations(ids: &Ids) -> Vec<Exchange> {
    let id = &ids.integration;
    let stored = json!({"id": id, "status": "ACTIVE"});
    vec![
        Exchange::new(
            "all device integrations",
            "GET",
            "/device-integrations",
            |okta, ids| {
                async {
                    let all = okta.device_integrations().await?;
                    Ok(json!(all.iter().any(|one| one.id == ids.integration)))
                }
                .boxed()
            },
        )
        .answers(200, json!([stored]))
        .becomes(json!(true)),
        Exchange::new(
            "a device integration",
            "GET",
            &format!("/device-integrations/{id}"),
            |okta, ids| {
                async { Ok(json!(okta.device_integration(&ids.integration).await?.id)) }.boxed()
            },
        )
        .answers(200, stored)
        .becomes(json!(id)),
        Exchange::new(
            "another route, switched off",
            "GET",
            "/device-posture-checks",
            |okta, _| send(okta, Request::get(["api", "v1", "device-posture-checks"])).boxed(),
        )
        .refuses(401, "E0000015")
        .becomes(error("FeatureDisabled")),
    ]
}

//! Systems, Apple MDM, System Insights, Directory Insights, and a service account.

use device_trust_sandbox::Sandbox;
use futures::TryStreamExt as _;
use jumpcloud_mdm::{
    EventQuery, ListOptions, MDM_COMMAND_RESULT, SystemFilter, SystemOperator, SystemSearch,
};
use serde_json::{Value, json};

use crate::{
    both::TOKEN,
    exchange::{Credentials, Exchange, Ids, get, post},
};

const SERIAL: &str = "SBX0000001";

fn collected(sandbox: &Sandbox, ids: &Ids) {
    let mut world = sandbox.shared().world();
    let now = world.now();
    let (certificates, apps) = (vec![certificate()], vec![app()]);
    world
        .jumpcloud
        .insights_collected(&ids["system"], certificates, apps, now);
}

fn certificate() -> Value {
    json!({"common_name": "cert", "issuer": "/CN=Okta", "serial": "01", "not_valid_after": "1795694400", "ca": 0})
}

fn app() -> Value {
    json!({"bundle_identifier": "com.okta.mobile", "bundle_short_version": "9.50.0", "name": "Okta Verify.app"})
}

fn with_system(mut row: Value) -> Value {
    row["system_id"] = json!("{system}");
    row
}

pub fn all() -> Vec<Exchange> {
    let system = || json!({"_id": "{system}", "serialNumber": SERIAL, "osFamily": "darwin", "mdm": {"vendor": "internal"}});
    let found = || json!({"totalCount": 1, "results": [system()]});
    let time = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let insights = |table: &str| {
        format!("/api/v2/systeminsights/{table}?limit=10000&skip=0&filter=system_id:eq:{{system}}")
    };
    vec![
        Exchange::of("systems", |client, _| async move { client.systems().try_collect::<Vec<_>>().await })
            .sends(get("/api/systems?limit=100&skip=0&sort=_id", found()))
            .becomes(json!([system()])),
        Exchange::of("systems by filters", |client, _| async move {
            let family = SystemFilter::eq("osFamily", "darwin")?;
            let serial = SystemFilter::eq("serialNumber", SERIAL)?;
            client.systems_where([family, serial]).try_collect::<Vec<_>>().await
        })
        .sends(get(
            "/api/systems?filter[0]=osFamily:$eq:darwin&filter[1]=serialNumber:$eq:SBX0000001&limit=100&skip=0&sort=_id",
            found(),
        ))
        .becomes(json!([system()])),
        Exchange::of("systems by a search", |client, _| async move {
            let search = SystemSearch::all_of().condition("serialNumber", SystemOperator::Eq, SERIAL).text(["mac"], ["displayName"]);
            client.search_systems(&search).try_collect::<Vec<_>>().await
        })
        .sends(
            post(
                "/api/search/systems",
                json!({"filter": {"and": [{"serialNumber": SERIAL}]}, "limit": 100, "skip": 0, "sort": "_id",
                    "searchFilter": {"searchTerm": ["mac"], "fields": ["displayName"]}}),
                200,
            )
            .answers(found()),
        )
        .becomes(json!([system()])),
        Exchange::of("a system", |client, ids| async move { client.system(&ids["system"]).await })
            .sends(get("/api/systems/{system}", system()))
            .becomes(system()),
        Exchange::of("Apple MDM", |client, _| async move { client.apple_mdms().try_collect::<Vec<_>>().await })
            .sends(get(
                "/api/v2/applemdms?limit=100&skip=0",
                json!([{"id": "{mdm}", "depServerTokenState": "missing", "apnsCertExpiry": "2027-11-24T12:00:00Z"}]),
            ))
            .learns("mdm", "/0/id")
            .becomes(json!([{"depServerTokenState": "missing"}])),
        Exchange::of("the devices in it", |client, ids| async move {
            client.apple_mdm_devices(&ids["mdm"], ListOptions::default()).try_collect::<Vec<_>>().await
        })
        .sends(get(
            "/api/v2/applemdms/{mdm}/devices?limit=100&skip=0&sort=id",
            json!([{"id": "d", "serialNumber": SERIAL, "enrolled": true}]),
        ))
        .becomes(json!([{"serialNumber": SERIAL, "enrolled": true}])),
        Exchange::of("the certificates on a Mac", |client, ids| async move {
            client.insights_certificates(&ids["system"])?.try_collect::<Vec<_>>().await
        })
        .after(collected)
        .sends(get(&insights("certificates"), json!([with_system(certificate())])))
        .becomes(json!([with_system(certificate())])),
        Exchange::of("the apps on a Mac", |client, ids| async move {
            client.insights_apps(&ids["system"])?.try_collect::<Vec<_>>().await
        })
        .sends(get(&insights("apps"), json!([with_system(app())])))
        .becomes(json!([with_system(app())])),
        Exchange::of("what Macs answered to MDM commands", move |client, _| async move {
            let query = EventQuery::of("mdm", time("2026-01-01T00:00:00Z"))
                .until(time("2099-01-01T00:00:00Z"))
                .event_type(MDM_COMMAND_RESULT);
            client.events(&query).try_collect::<Vec<_>>().await
        })
        .sends(
            post(
                "/insights/directory/v1/events",
                json!({"service": ["mdm"], "start_time": "2026-01-01T00:00:00Z", "end_time": "2099-01-01T00:00:00Z",
                    "limit": 1000, "sort": "ASC", "search_term": {"and": [{"event_type": MDM_COMMAND_RESULT}]}}),
                200,
            )
            .answers(json!([{"id": "e", "service": "mdm", "event_type": MDM_COMMAND_RESULT, "success": true,
                "request_type": "InstallProfile", "status": "Acknowledged"}])),
        )
        .becomes(json!([{"event_type": MDM_COMMAND_RESULT, "request_type": "InstallProfile", "status": "Acknowledged"}])),
        Exchange::of("a service account gets a token, and reads by it", |client, _| async move {
            client.policies(ListOptions::default()).try_collect::<Vec<_>>().await
        })
        .by_account()
        .sends(
            post("/oauth2/token", json!({"grant_type": "client_credentials", "scope": "api"}), 200)
                .answers(json!({"access_token": TOKEN, "token_type": "bearer", "expires_in": 3599, "scope": "api"}))
                .without_organization()
                .by(Credentials::Basic),
        )
        .sends(
            get("/api/v2/policies?limit=100&skip=0&sort=_id", json!([{"id": "{policy}", "name": "Trust"}]))
                .by(Credentials::Bearer),
        )
        .becomes(json!([{"id": "{policy}", "name": "Trust"}])),
    ]
}

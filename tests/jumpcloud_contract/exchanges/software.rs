//! Software by URL, by upload and from the App Store.

use std::time::Duration;

use device_trust_sandbox::Sandbox;
use futures::TryStreamExt as _;
use jumpcloud_mdm::{Bindable, ListOptions, ObjectType, Operation, PackageUpload, UploadRecord};
use serde_json::{Value, json};

use crate::exchange::{Credentials, Exchange, Ids, delete, get, post, put};

fn by_url(version: u8) -> Value {
    json!({"displayName": "Okta Verify", "settings": [{"packageManager": "APPLE_CUSTOM", "packageId": "okta-verify",
        "desiredState": "INSTALL", "location": format!("https://example.com/{version}.pkg"), "autoUpdate": false,
        "allowUpdateDelay": false}]})
}

fn licensed() -> Value {
    json!({"displayName": "From the App Store", "settings": [{"packageManager": "APPLE_VPP", "packageId": "490179405",
        "appleVpp": {"assignedLicenses": 2, "availableLicenses": 3, "totalLicenses": 5}}]})
}

fn named(mut app: Value, id: &str) -> Value {
    app["id"] = json!(id);
    app
}

/// SHA-256 of `a package`.
const SUM: &str = "c0cd5ccfdb563a59366e33e73001b78fdb8cca5a6c48e2f90fffcde44b81f1f6";

fn version() -> Value {
    json!({"name": "Agent.pkg", "version": 1, "size": 9, "sha256sum": SUM})
}

fn stored(version: &Value) -> Value {
    json!({"displayName": "Agent", "settings": [{"packageManager": "APPLE_CUSTOM", "desiredState": "INSTALL",
        "description": "upload: contract", "storedPackage": {"versions": [version]}}]})
}

fn stored_as(status: &str) -> Value {
    let mut version = version();
    version["status"] = json!(status);
    named(stored(&version), "{stored}")
}

fn installed(sandbox: &Sandbox, ids: &Ids) {
    let mut world = sandbox.shared().world();
    let now = world.now();
    let system = &ids["system"];
    for software in world.jumpcloud.assignments(system).software {
        world.jumpcloud.software_installed(system, &software, now);
    }
}

pub fn all() -> Vec<Exchange> {
    let app = |version| named(by_url(version), "{app}");
    let from = |ids: &Ids| Bindable::SoftwareApp(ids["app"].clone());
    let edge = || json!([{"to": {"id": "{group}", "type": "system_group"}}]);
    let uploaded = || {
        let mut app = stored_as("PENDING");
        app["uploadUrl"] = json!("{service}/object-storage/0123456789");
        app
    };
    vec![
        Exchange::of("a software app by URL is made", |client, _| async move {
            client.create_software_app(&by_url(1)).await
        })
        .sends(post("/api/v2/softwareapps", by_url(1), 201).answers(app(1)))
        .learns("app", "/id")
        .becomes(by_url(1)),
        Exchange::of("software apps by name", |client, _| async move { client.software_apps_named("Okta Verify").await })
            .sends(get("/api/v2/softwareapps?limit=100&skip=0&sort=_id&filter=displayName:eq:Okta Verify", json!([app(1)])))
            .becomes(json!([app(1)])),
        Exchange::of("it is set to another package", |client, ids| async move {
            client.update_software_app(&ids["app"], &by_url(2)).await
        })
        .sends(put("/api/v2/softwareapps/{app}", by_url(2)).answers(app(2))),
        Exchange::of("a software app", |client, ids| async move { client.software_app(&ids["app"]).await })
            .sends(get("/api/v2/softwareapps/{app}", app(2)))
            .becomes(app(2)),
        Exchange::of("it is bound", move |client, ids| async move {
            client.associate(&from(&ids), Operation::Add, &ObjectType::SystemGroup, &ids["group"]).await
        })
        .sends(post(
            "/api/v2/softwareapps/{app}/associations",
            json!({"op": "add", "type": "system_group", "id": "{group}"}),
            204,
        )),
        Exchange::of("what it is bound to", move |client, ids| async move {
            client.associations(&from(&ids), &ObjectType::SystemGroup).try_collect::<Vec<_>>().await
        })
        .sends(get("/api/v2/softwareapps/{app}/associations?targets=system_group&limit=100&skip=0", edge()))
        .becomes(edge()),
        Exchange::of("how it stands on the Macs", |client, ids| async move {
            client.software_statuses(&ids["app"]).try_collect::<Vec<_>>().await
        })
        .after(installed)
        .sends(get(
            "/api/v2/softwareapps/{app}/statuses?limit=100&skip=0&sort=_id",
            json!([{"id": "s", "softwareAppId": "{app}", "systemId": "{system}", "state": "INSTALLED"}]),
        ))
        .becomes(json!([{"softwareAppId": "{app}", "systemId": "{system}"}])),
        Exchange::of("a package is uploaded, without the key", |client, _| async move {
            let package = PackageUpload::new("Agent", "Agent.pkg", b"a package".to_vec())?;
            let mut record = UploadRecord::new(&package);
            record.mark = "contract".into();
            let keep = |_: &UploadRecord| Ok(());
            client.upload_package_recorded(&package, Duration::from_secs(60), Some(record), keep).await
        })
        .sends(get("/api/v2/softwareapps?limit=100&skip=0&sort=_id&filter=displayName:eq:Agent", json!([])))
        .sends(get("/api/v2/softwareapps?limit=100&skip=0&sort=_id&filter=displayName:eq:Agent", json!([])))
        .sends(post("/api/v2/softwareapps", stored(&version()), 201).answers(uploaded()))
        .sends(
            put("/object-storage/*", json!("a package")).answers(Value::Null).without_organization().by(Credentials::Nothing),
        )
        .sends(get("/api/v2/softwareapps/*", stored_as("PENDING")))
        .sends(get("/api/v2/softwareapps/*", stored_as("VALIDATING")))
        .sends(get("/api/v2/softwareapps/*", stored_as("AVAILABLE")))
        .learns("stored", "/id")
        .becomes(json!({"displayName": "Agent", "settings": [{"storedPackage": {"versions": [{"sha256sum": SUM, "status": "AVAILABLE"}]}}]})),
        Exchange::of("a package that is there is not uploaded again", |client, _| async move {
            let package = PackageUpload::new("Agent", "Agent.pkg", b"a package".to_vec())?;
            client.upload_package(&package, Duration::from_secs(60)).await
        })
        .sends(get(
            "/api/v2/softwareapps?limit=100&skip=0&sort=_id&filter=displayName:eq:Agent",
            json!([stored_as("AVAILABLE")]),
        ))
        .sends(get("/api/v2/softwareapps/{stored}", stored_as("AVAILABLE")))
        .becomes(json!({"id": "{stored}"})),
        Exchange::of("software apps", |client, _| async move {
            client.software_apps(ListOptions::default()).try_collect::<Vec<_>>().await
        })
        .sends(get("/api/v2/softwareapps?limit=100&skip=0&sort=_id", json!([app(2), stored_as("AVAILABLE")])))
        .becomes(json!([app(2), {"id": "{stored}"}])),
        Exchange::of("an app of the App Store", |client, _| async move {
            client.create_software_app(&licensed()).await
        })
        .sends(post("/api/v2/softwareapps", licensed(), 201).answers(named(licensed(), "{licensed}")))
        .learns("licensed", "/id")
        .becomes(licensed()),
        Exchange::of("it is installed again", |client, ids| async move {
            client.retry_installation(&ids["licensed"], std::slice::from_ref(&ids["system"])).await
        })
        .sends(
            post("/api/v2/softwareapps/{licensed}/retry-installation", json!({"system_ids": ["{system}"]}), 204)
                .without_organization(),
        ),
        Exchange::of("its licences are taken back", |client, ids| async move {
            client.reclaim_licenses(&ids["licensed"]).await
        })
        .sends(
            post("/api/v2/softwareapps/{licensed}/reclaim-licenses", json!({}), 200)
                .answers(json!({"assignedLicenses": 2, "availableLicenses": 3, "reclaimedLicenses": 0, "totalLicenses": 5}))
                .without_organization(),
        )
        .becomes(json!({"totalLicenses": 5})),
        Exchange::of("a software app goes", |client, ids| async move { client.delete_software_app(&ids["app"]).await })
            .sends(delete("/api/v2/softwareapps/{app}")),
    ]
}

//! The Macs: what an administrator does at JumpCloud shows on them, and what they do shows at JumpCloud.

#![allow(clippy::unwrap_used, missing_docs, reason = "an integration test")]

mod console;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use console::trust::{Trust, payload, profile};
use console::{Console, PACE, policy, text};
use device_trust_sandbox::fleet::Mac;
use device_trust_sandbox::{Options, Ports};
use reqwest::{Method, StatusCode};
use serde_json::json;

const GROUP: [&str; 3] = ["SBX0000001", "SBX0000002", "SBX0000003"];
const OUTSIDE: &str = "SBX0000004";

async fn open() -> Console {
    Console::open(Options {
        pace: PACE,
        ..Options::default()
    })
    .await
}

/// The first check-in may have looked before the call; the second begins after all that the first led to.
async fn check_in_twice(console: &Console) {
    let path = format!("/api/systems/{}", console.system(GROUP[0]).await);
    for _ in 0..2 {
        let before = console.get(&path).await.body;
        console
            .until(async || {
                let now = console.get(&path).await.body;
                (now["lastContact"] != before["lastContact"]).then_some(())
            })
            .await;
    }
}

#[tokio::test]
async fn every_mac_of_the_group_ends_with_a_certificate_and_a_success() {
    let console = open().await;
    let policy = console.deploy(&Trust::of(&console.shared).profile()).await;
    for result in console.results(&policy, 3).await {
        assert_eq!(result["state"], "success", "{result}");
        assert_eq!(
            (&result["success"], &result["exitStatus"]),
            (&json!(true), &json!(0))
        );
        assert!(text(&result["startedAt"]) <= text(&result["endedAt"]));
    }
    for serial_number in GROUP {
        let mac = console.mac(serial_number);
        let identity = mac.identities().next().unwrap();
        assert!(identity.all_apps_access && !identity.extractable);
        let system = console.system(serial_number).await;
        let rows = console
            .until(async || {
                let path =
                    format!("/api/v2/systeminsights/certificates?filter=system_id:eq:{system}");
                let rows = console.get(&path).await.body;
                (rows.as_array().unwrap().len() == 2).then_some(rows)
            })
            .await;
        assert!(
            rows.as_array()
                .unwrap()
                .iter()
                .any(|row| row["common_name"] == "cert"),
            "{rows}"
        );
        let stats = console.get(&format!("/api/systems/{system}")).await.body;
        assert_eq!(
            (&stats["policyStats"]["success"], &stats["isPolicyBound"]),
            (&json!(1), &json!(true))
        );
    }
}

#[tokio::test]
async fn the_mac_outside_the_group_gets_nothing() {
    let console = open().await;
    let policy = console.deploy(&Trust::of(&console.shared).profile()).await;
    let results = console.results(&policy, 3).await;
    let outside = console.system(OUTSIDE).await;
    assert!(
        results
            .iter()
            .all(|result| result["systemID"] != outside.as_str())
    );
    let mac = console.mac(OUTSIDE);
    assert!(mac.profiles.is_empty() && mac.commands.is_empty());
    assert!(mac.has_okta_verify(), "its user installed it by hand");
}

#[tokio::test]
async fn a_wrong_challenge_fails_with_the_generic_scep_error() {
    let console = open().await;
    let trust = Trust {
        challenge: "wrong".to_owned(),
        ..Trust::of(&console.shared)
    };
    let policy = console.deploy(&trust.profile()).await;
    for result in console.results(&policy, 3).await {
        assert_eq!(
            (&result["state"], &result["success"]),
            (&json!("failed"), &json!(false))
        );
        assert!(
            text(&result["detail"]).contains("MDM-SCEP 15002"),
            "{result}"
        );
    }
    assert!(console.mac(GROUP[0]).profiles.is_empty());
    let events = json!({
        "service": ["mdm"], "start_time": "2020-01-01T00:00:00Z",
        "search_term": { "and": [{ "event_type": "mdm_command_result" }] },
    });
    let events = console
        .post("/insights/directory/v1/events", events)
        .await
        .body;
    assert_eq!(events[0]["request_type"], "InstallProfile");
    assert_eq!(events[0]["error_chain"][0]["error_code"], 15002);
}

#[tokio::test]
async fn a_fingerprint_of_another_certificate_fails_before_any_enrolment() {
    let console = open().await;
    let trust = Trust {
        fingerprint: Some(vec![7; 32]),
        ..Trust::of(&console.shared)
    };
    let policy = console.deploy(&trust.profile()).await;
    let results = console.results(&policy, 3).await;
    assert!(results.iter().all(|result| result["state"] == "failed"));
    assert_eq!(console.enrolments(), 0);
}

#[tokio::test]
async fn a_payload_that_is_no_profile_fails_and_a_right_one_heals_it() {
    let console = open().await;
    let broken = console.deploy(b"<plist><dict></plist>").await;
    let results = console.results(&broken, 3).await;
    assert!(results.iter().all(|result| result["state"] == "failed"));
    let path = format!("/api/v2/policies/{broken}");
    let mended = policy("Okta device trust", &Trust::of(&console.shared).profile());
    assert_eq!(
        console.send(Method::PUT, &path, &mended).await.status,
        StatusCode::OK
    );
    console
        .until(async || {
            let results = console.results(&broken, 3).await;
            results
                .iter()
                .all(|result| result["state"] == "success")
                .then_some(())
        })
        .await;
    let history = console.get(&format!("{path}/policyresults")).await.body;
    assert_eq!(history.as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn two_payloads_with_one_identifier_are_refused() {
    let console = open().await;
    let twin = |uuid| payload("com.apple.dock", "dock", uuid, "");
    let twins = profile(&[
        twin("33333333-3333-5333-8333-333333333333"),
        twin("44444444-4444-5444-8444-444444444444"),
    ]);
    let policy = console.deploy(&twins).await;
    let results = console.results(&policy, 3).await;
    assert!(text(&results[0]["detail"]).contains("org.example.trust.dock"));
}

#[tokio::test]
async fn scep_keys_beside_the_payload_type_are_refused() {
    let console = open().await;
    let flat = format!(
        "<key>URL</key><string>{}</string>",
        console.shared.scep_url()
    );
    let flat = payload(
        "com.apple.security.scep",
        "scep",
        "33333333-3333-5333-8333-333333333333",
        &flat,
    );
    let policy = console.deploy(&profile(&[flat])).await;
    let results = console.results(&policy, 3).await;
    assert!(text(&results[0]["detail"]).contains("PayloadContent"));
}

#[tokio::test]
async fn changed_bytes_enrol_anew_and_the_same_bytes_do_not() {
    let console = open().await;
    let trust = Trust::of(&console.shared);
    let id = console.deploy(&trust.profile()).await;
    console.results(&id, 3).await;
    let before = console.mac(GROUP[0]);
    let path = format!("/api/v2/policies/{id}");
    let history = async || {
        console
            .get(&format!("{path}/policyresults"))
            .await
            .body
            .as_array()
            .unwrap()
            .len()
    };

    let same = policy("Okta device trust", &trust.profile());
    console.send(Method::PUT, &path, &same).await;
    let next = Trust {
        payload_uuid: "55555555-5555-5555-8555-555555555555",
        ..trust
    };
    check_in_twice(&console).await;
    assert_eq!(history().await, 3, "the same bytes are not installed again");

    let changed = policy("Okta device trust", &next.profile());
    console.send(Method::PUT, &path, &changed).await;
    console
        .until(async || (history().await == 6).then_some(()))
        .await;
    console.results(&id, 3).await;
    let certificate = |mac: &Mac| mac.identities().next().unwrap().certificate.clone();
    assert_ne!(certificate(&before), certificate(&console.mac(GROUP[0])));
}

#[tokio::test]
async fn unbinding_removes_the_profile_and_its_identity() {
    let console = open().await;
    let policy = console.deploy(&Trust::of(&console.shared).profile()).await;
    console.results(&policy, 3).await;
    let path = format!("/api/v2/policies/{policy}/associations");
    console
        .edge(
            "remove",
            &path,
            "system_group",
            &console.pilot_group().await,
        )
        .await;
    console
        .until(async || {
            let gone = |serial: &&str| console.mac(serial).profiles.is_empty();
            GROUP.iter().all(gone).then_some(())
        })
        .await;
    assert_eq!(console.mac(GROUP[0]).identities().count(), 0);
}

#[tokio::test]
async fn a_policy_reaches_a_mac_through_a_policy_group() {
    let console = open().await;
    let certificate = format!(
        "<key>PayloadContent</key><data>{}</data>",
        STANDARD.encode(&Trust::of(&console.shared).ca)
    );
    let ca = payload(
        "com.apple.security.root",
        "ca",
        "22222222-2222-5222-8222-222222222222",
        &certificate,
    );
    let policy = console.policy("CA only", &profile(&[ca])).await;
    let group = console
        .post("/api/v2/policygroups", json!({ "name": "trust" }))
        .await
        .body;
    let group = format!("/api/v2/policygroups/{}", text(&group["id"]));
    console
        .edge("add", &format!("{group}/members"), "policy", &policy)
        .await;
    let outside = console.system(OUTSIDE).await;
    console
        .edge("add", &format!("{group}/associations"), "system", &outside)
        .await;
    let results = console.results(&policy, 1).await;
    assert_eq!(
        (&results[0]["state"], &results[0]["systemID"]),
        (&json!("success"), &json!(outside))
    );
}

#[tokio::test]
async fn bound_software_is_installed_and_tells_its_status() {
    let console = open().await;
    let body = json!({ "displayName": "Okta Verify", "settings": [{
        "packageManager": "APPLE_CUSTOM", "desiredState": "INSTALL",
        "location": "https://sandbox.example/artifacts/OktaVerify.pkg",
    }] });
    let app = text(&console.post("/api/v2/softwareapps", body).await.body["id"]);
    let app = format!("/api/v2/softwareapps/{app}");
    console
        .edge(
            "add",
            &format!("{app}/associations"),
            "system_group",
            &console.pilot_group().await,
        )
        .await;
    console
        .until(async || {
            let statuses = console.get(&format!("{app}/statuses")).await.body;
            (statuses.as_array().unwrap().len() == 3).then_some(())
        })
        .await;
    assert!(console.mac(GROUP[0]).has_okta_verify());
    let system = console.system(GROUP[0]).await;
    let path = format!("/api/v2/systeminsights/apps?filter=system_id:eq:{system}");
    let rows = console
        .until(async || {
            let rows = console.get(&path).await.body;
            (!rows.as_array().unwrap().is_empty()).then_some(rows)
        })
        .await;
    assert_eq!(rows[0]["bundle_identifier"], "com.okta.mobile");
}

#[tokio::test]
async fn macs_of_a_saved_world_go_on_without_a_new_enrolment() {
    let console = open().await;
    let policy = console.deploy(&Trust::of(&console.shared).profile()).await;
    console.results(&policy, 3).await;
    let mut world = console.shared.world().clone();
    world.ports = Ports::default();
    let before = console
        .mac(GROUP[0])
        .attestation_identity()
        .cloned()
        .unwrap();
    let again = Console::open(Options {
        world: Some(world),
        pace: PACE,
        ..Options::default()
    })
    .await;
    check_in_twice(&again).await;
    assert_eq!(again.results(&policy, 3).await.len(), 3);
    let after = again.mac(GROUP[0]).attestation_identity().cloned().unwrap();
    assert_eq!(after.certificate, before.certificate);
}

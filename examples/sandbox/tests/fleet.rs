//! The Macs: what an administrator does at JumpCloud shows on them, and what they do shows at JumpCloud.

#![allow(clippy::unwrap_used, missing_docs, reason = "an integration test")]

mod console;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use console::{Console, policy, text};
use device_trust_sandbox::fleet::{Mac, Pace};
use device_trust_sandbox::{Options, Side};
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

const GROUP: [&str; 3] = ["SBX0000001", "SBX0000002", "SBX0000003"];
const OUTSIDE: &str = "SBX0000004";

async fn open() -> Console {
    let pace = Pace {
        check_in: Duration::from_millis(20),
        sign_in: Duration::from_millis(50),
    };
    Console::open(Options {
        pace,
        ..Options::default()
    })
    .await
}

impl Console {
    /// Creates the policy and binds it to the pilot group.
    async fn deploy(&self, profile: &[u8]) -> String {
        let policy = self.policy("Okta device trust", profile).await;
        let path = format!("/api/v2/policies/{policy}/associations");
        self.edge("add", &path, "system_group", &self.pilot_group().await)
            .await;
        policy
    }

    /// The latest result of each Mac, once `count` of them have one that is not pending.
    async fn results(&self, policy: &str, count: usize) -> Vec<Value> {
        let path = format!("/api/v2/policies/{policy}/policystatuses");
        self.until(async || {
            let results = self.get(&path).await.body.as_array().unwrap().clone();
            let done = results.iter().filter(|result| result["state"] != "pending");
            (done.count() >= count).then_some(results)
        })
        .await
    }

    async fn until<T>(&self, mut seen: impl AsyncFnMut() -> Option<T>) -> T {
        // Only a guard against hanging: nothing is measured.
        for _ in 0..3000 {
            if let Some(value) = seen().await {
                return value;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!(
            "the Macs did not get there: {:?}",
            self.sandbox.shared().world().fleet
        );
    }

    fn mac(&self, serial_number: &str) -> Mac {
        let world = self.sandbox.shared().world();
        world.fleet.mac(serial_number).unwrap().clone()
    }

    fn enrolments(&self) -> usize {
        let requests = self.sandbox.requests();
        let posts = requests
            .iter()
            .filter(|it| it.side == Side::Scep && it.method == "POST");
        posts.count()
    }

    fn trust(&self) -> Trust {
        Trust {
            url: self.sandbox.scep_url(),
            challenge: self
                .sandbox
                .secrets()
                .scep_challenge
                .expose_secret()
                .to_owned(),
            ca: self.sandbox.ca_certificates()[0].clone(),
            fingerprint: None,
            payload_uuid: "11111111-1111-5111-8111-111111111111",
        }
    }
}

/// A trust profile by hand, so that no crate of the workspace vouches for itself.
struct Trust {
    url: String,
    challenge: String,
    ca: Vec<u8>,
    fingerprint: Option<Vec<u8>>,
    payload_uuid: &'static str,
}

impl Trust {
    fn profile(&self) -> Vec<u8> {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &self.ca);
        let fingerprint = STANDARD.encode(self.fingerprint.as_deref().unwrap_or(digest.as_ref()));
        let scep = format!(
            "<key>PayloadContent</key><dict>
            <key>URL</key><string>{}</string><key>Challenge</key><string>{}</string>
            <key>Subject</key><array><array><array><string>CN</string><string>cert</string></array></array></array>
            <key>Keysize</key><integer>2048</integer><key>Key Usage</key><integer>1</integer>
            <key>CAFingerprint</key><data>{fingerprint}</data>
            <key>KeyIsExtractable</key><false/><key>AllowAllAppsAccess</key><true/></dict>",
            self.url, self.challenge
        );
        let ca = format!(
            "<key>PayloadContent</key><data>{}</data>",
            STANDARD.encode(&self.ca)
        );
        profile(&[
            payload(
                "com.apple.security.pkcs1",
                "ca",
                "22222222-2222-5222-8222-222222222222",
                &ca,
            ),
            payload("com.apple.security.scep", "scep", self.payload_uuid, &scep),
        ])
    }
}

fn profile(payloads: &[String]) -> Vec<u8> {
    let payloads = payloads.concat();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict><key>PayloadContent</key><array>{payloads}</array>
<key>PayloadIdentifier</key><string>org.example.trust</string><key>PayloadType</key><string>Configuration</string>
<key>PayloadUUID</key><string>00000000-0000-5000-8000-000000000000</string>
<key>PayloadVersion</key><integer>1</integer></dict></plist>
"#
    )
    .into_bytes()
}

fn payload(kind: &str, role: &str, uuid: &str, content: &str) -> String {
    format!(
        "<dict><key>PayloadType</key><string>{kind}</string><key>PayloadVersion</key><integer>1</integer>
        <key>PayloadIdentifier</key><string>org.example.trust.{role}</string>
        <key>PayloadUUID</key><string>{uuid}</string>{content}</dict>"
    )
}

#[tokio::test]
async fn every_mac_of_the_group_ends_with_a_certificate_and_a_success() {
    let console = open().await;
    let policy = console.deploy(&console.trust().profile()).await;
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
    let policy = console.deploy(&console.trust().profile()).await;
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
        ..console.trust()
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
        ..console.trust()
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
    let mended = policy("Okta device trust", &console.trust().profile());
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
        console.sandbox.scep_url()
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
    let trust = console.trust();
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
    let checked_in = console
        .get(&format!("/api/systems/{}", console.system(GROUP[0]).await))
        .await
        .body;
    console
        .until(async || {
            let now = console
                .get(&format!("/api/systems/{}", text(&checked_in["_id"])))
                .await
                .body;
            (now["lastContact"] != checked_in["lastContact"]).then_some(())
        })
        .await;
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
    let policy = console.deploy(&console.trust().profile()).await;
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
        STANDARD.encode(&console.trust().ca)
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

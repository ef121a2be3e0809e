//! From the profile at JumpCloud to the verdict at Okta, by the Macs alone.

#![allow(clippy::unwrap_used, missing_docs, reason = "an integration test")]

mod console;
#[path = "recorded_okta/org.rs"]
#[expect(dead_code, reason = "these tests need only some of the client")]
mod org;

use console::trust::Trust;
use console::{Console, PACE, text};
use device_trust_sandbox::Options;
use device_trust_sandbox::fleet::SignIn;
use org::{Org, id};
use serde_json::json;

const ADA: &str = "SBX0000001";
const MARY: &str = "SBX0000004";

async fn start() -> (Org, Console) {
    let options = Options {
        pace: PACE,
        ..Options::default()
    };
    let org = Org::started(options).await;
    let console = Console::over(org.sandbox.shared());
    (org, console)
}

/// Binds Okta Verify to the pilot group.
async fn ship_okta_verify(console: &Console) {
    let body = json!({ "displayName": "Okta Verify", "settings": [{
        "packageManager": "APPLE_CUSTOM", "packageId": "com.okta.mobile", "desiredState": "INSTALL",
        "location": "https://sandbox.example/OktaVerify.pkg",
    }] });
    let app = text(&console.post("/api/v2/softwareapps", body).await.body["id"]);
    let path = format!("/api/v2/softwareapps/{app}/associations");
    let group = console.pilot_group().await;
    console.edge("add", &path, "system_group", &group).await;
}

/// Gives an app a rule for managed Macs above its catch-all.
async fn ask_for_management(org: &Org, app: &str) {
    let policy = id(&org.access_policy("Device trust").await);
    let rule = json!({ "type": "ACCESS_POLICY", "name": "Managed", "priority": 0,
        "conditions": { "device": { "registered": true, "managed": true } },
        "actions": { "appSignOn": { "access": "ALLOW",
            "verificationMethod": { "type": "ASSURANCE", "factorMode": "1FA" } } } });
    let rules = format!("/api/v1/policies/{policy}/rules");
    assert_eq!(org.post(&rules, rule).await.status, 200);
    let path = format!("/api/v1/apps/{app}/policies/{policy}");
    assert!(org.put_nothing(&path).await.status.is_success());
}

/// The Mac's sign-in to the app, once it is one that `wanted` accepts.
async fn sign_in(
    console: &Console,
    serial_number: &str,
    app: &str,
    wanted: impl Fn(&SignIn) -> bool,
) -> SignIn {
    console
        .until(async || {
            let registration = console.mac(serial_number).okta_verify?;
            let sign_in = registration.sign_ins.get(app)?;
            wanted(sign_in).then(|| sign_in.clone())
        })
        .await
}

fn decided_by(rule: &str) -> impl Fn(&SignIn) -> bool {
    move |sign_in| sign_in.rule.as_deref() == Some(rule)
}

#[tokio::test]
async fn a_mac_with_the_certificate_is_managed_and_the_one_outside_falls_to_the_catch_all() {
    let (org, console) = start().await;
    org.offer_fastpass().await;
    let app = org.app("Payroll").await;
    ask_for_management(&org, &app).await;
    ship_okta_verify(&console).await;
    console.deploy(&Trust::of(&console.shared).profile()).await;

    let managed = sign_in(&console, ADA, &app, decided_by("Managed")).await;
    assert_eq!((managed.outcome.as_str(), managed.managed), ("ALLOW", true));
    let outside = sign_in(&console, MARY, &app, decided_by("Catch-all Rule")).await;
    assert!(!outside.managed);
}

#[tokio::test]
async fn an_identity_that_not_every_app_may_use_leaves_the_mac_unmanaged() {
    let (org, console) = start().await;
    org.offer_fastpass().await;
    let app = org.app("Payroll").await;
    ask_for_management(&org, &app).await;
    let trust = Trust {
        all_apps: false,
        ..Trust::of(&console.shared)
    };
    let policy = console.deploy(&trust.profile()).await;
    console.results(&policy, 3).await;
    assert_eq!(console.mac(ADA).identities().count(), 1);
    ship_okta_verify(&console).await;
    let barred = sign_in(&console, ADA, &app, |_| true).await;
    assert!(!barred.managed, "Okta Verify cannot sign with it");
}

#[tokio::test]
async fn unbinding_the_profile_ends_management() {
    let (org, console) = start().await;
    org.offer_fastpass().await;
    let app = org.app("Payroll").await;
    ask_for_management(&org, &app).await;
    ship_okta_verify(&console).await;
    let policy = console.deploy(&Trust::of(&console.shared).profile()).await;
    sign_in(&console, ADA, &app, decided_by("Managed")).await;
    let path = format!("/api/v2/policies/{policy}/associations");
    let group = console.pilot_group().await;
    console.edge("remove", &path, "system_group", &group).await;
    let after = sign_in(&console, ADA, &app, decided_by("Catch-all Rule")).await;
    assert!(!after.managed);
}

#[tokio::test]
async fn the_registration_is_tried_again_until_okta_allows_it() {
    let (org, console) = start().await;
    console
        .until(async || {
            let requests = console.shared.world().requests.clone();
            let refused = |path: &str| path == "/sandbox/okta-verify/enroll";
            let mut refusals = requests
                .iter()
                .filter(|it| refused(&it.path) && it.status == 403);
            refusals.nth(1).map(|_| ())
        })
        .await;
    assert!(console.mac(MARY).okta_verify.is_none());
    org.offer_fastpass().await;
    console.until(async || console.mac(MARY).okta_verify).await;
    assert!(
        console.mac(ADA).okta_verify.is_none(),
        "it has no Okta Verify"
    );
}

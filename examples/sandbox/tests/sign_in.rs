//! Sign-ins over the device endpoints: decided by the stored policies, written to the System Log.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it is"
)]

#[path = "recorded_okta/org.rs"]
#[expect(dead_code, reason = "these tests need only some of the client")]
mod org;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use device_trust_sandbox::Side;
use org::{ADA, Org, id};
use reqwest::Method;
use scep_profile::{
    Fingerprint, KeySize, ScepPayload, ScepUrl, client::Client, message::EnrollmentKey,
};
use secrecy::SecretString;
use serde_json::{Value, json};

const UDID: &str = "5A4DB0C5-0000-4000-8000-000000000001";

async fn sign_in(org: &Org, mut body: Value) -> Value {
    let begin = org
        .bare(Method::POST, "/sandbox/sign-in/begin")
        .json(&json!({}));
    let begin = Org::send(begin).await.body;
    body["transaction"] = begin["transaction"].clone();
    let answer = org
        .bare(Method::POST, "/sandbox/sign-in/answer")
        .json(&body);
    Org::send(answer).await.body
}

/// Enrols by real SCEP with a challenge; gives the certificate and its key.
async fn enrol(org: &Org, challenge: SecretString) -> Result<(Vec<u8>, EnrollmentKey), String> {
    let url = ScepUrl::parse(&org.sandbox.scep_url()).unwrap();
    let root = org.sandbox.ca_certificates().pop().unwrap();
    let payload =
        ScepPayload::new(url, challenge).ca_fingerprint(Fingerprint::sha256_of_der(&root).unwrap());
    let key = EnrollmentKey::generate(KeySize::Rsa2048).unwrap();
    let issued = Client::enroll_payload(&payload, &key)
        .await
        .map_err(|error| error.to_string())?;
    Ok((issued.certificate, key))
}

/// Signs in with a proof of management.
async fn sign_in_managed(
    org: &Org,
    mut body: Value,
    certificate: &[u8],
    key: &EnrollmentKey,
) -> Value {
    let begin = org
        .bare(Method::POST, "/sandbox/sign-in/begin")
        .json(&json!({}));
    let begin = Org::send(begin).await.body;
    let signature = key
        .sign(begin["nonce"].as_str().unwrap().as_bytes())
        .unwrap();
    body["transaction"] = begin["transaction"].clone();
    body["certificate"] = json!(STANDARD.encode(certificate));
    body["signature"] = json!(STANDARD.encode(signature));
    Org::send(
        org.bare(Method::POST, "/sandbox/sign-in/answer")
            .json(&body),
    )
    .await
    .body
}

async fn deny_unless_managed(org: &Org, app: &str) -> (String, String) {
    let policy = id(&org.access_policy("Device trust").await);
    let rules = format!("/api/v1/policies/{policy}/rules");
    let managed = json!({"type": "ACCESS_POLICY", "name": "Managed", "priority": 0,
        "conditions": {"device": {"registered": true, "managed": true}},
        "actions": {"appSignOn": {"access": "ALLOW", "verificationMethod": {"type": "ASSURANCE", "factorMode": "1FA"}}}});
    org.post(&rules, managed).await;
    let mut catch_all = org.find(&rules, "name", "Catch-all Rule").await;
    catch_all["actions"]["appSignOn"]["access"] = json!("DENY");
    let path = format!("{rules}/{}", id(&catch_all));
    org.put(&path, catch_all.clone()).await;
    org.put_nothing(&format!("/api/v1/apps/{app}/policies/{policy}"))
        .await;
    (policy, id(&catch_all))
}

async fn events(org: &Org, kind: &str) -> Vec<Value> {
    let filter: String =
        url::form_urlencoded::byte_serialize(format!("eventType eq \"{kind}\"").as_bytes())
            .collect();
    org.get(&format!("/api/v1/logs?filter={filter}"))
        .await
        .body
        .as_array()
        .unwrap()
        .clone()
}

fn target<'a>(event: &'a Value, kind: &str) -> &'a Value {
    event["target"]
        .as_array()
        .unwrap()
        .iter()
        .find(|target| target["type"] == kind)
        .unwrap()
}

#[tokio::test]
async fn a_registered_but_unmanaged_mac_falls_to_the_catch_all_and_the_log_says_so() {
    let org = Org::fresh().await;
    org.offer_fastpass().await;
    let device = org.register(ADA, UDID).await;
    let app = org.app("Payroll").await;
    let (_, catch_all) = deny_unless_managed(&org, &app).await;
    let body = json!({"user": ADA, "app": app, "deviceId": device, "password": true});
    let decision = sign_in(&org, body).await;
    assert_eq!(decision["outcome"], "DENY");
    assert_eq!(decision["ruleId"], catch_all.as_str());
    assert_eq!(
        (&decision["registered"], &decision["managed"]),
        (&json!(true), &json!(false))
    );

    let evaluated = events(&org, "policy.evaluate_sign_on").await;
    assert_eq!(evaluated[0]["outcome"]["result"], "DENY");
    assert_eq!(target(&evaluated[0], "Rule")["id"], catch_all.as_str());
    let detail = &target(&evaluated[0], "AppInstance")["detailEntry"];
    assert_eq!(detail["signOnModeEvaluationResult"], "DENIED");
    assert_eq!(evaluated[0]["device"]["managed"], false);
    assert_eq!(evaluated[0]["device"]["os_platform"], "OSX");
    let sso = events(&org, "user.authentication.sso").await;
    assert_eq!(sso[0]["outcome"]["result"], "FAILURE");
    assert_eq!(
        sso[0]["transaction"]["id"],
        evaluated[0]["transaction"]["id"]
    );
    assert_eq!(
        events(&org, "application.policy.sign_on.deny_access")
            .await
            .len(),
        1
    );
    assert!(events(&org, "pki.cert.bind").await.is_empty());
}

#[tokio::test]
async fn a_mac_that_proves_its_certificates_key_is_managed_and_bound_once() {
    let org = Org::fresh().await;
    org.offer_fastpass().await;
    let device = org.register(ADA, UDID).await;
    let app = org.app("Payroll").await;
    deny_unless_managed(&org, &app).await;
    let (certificate, key) = enrol(&org, org.sandbox.secrets().scep_challenge)
        .await
        .unwrap();
    let body = json!({"user": ADA, "app": app, "deviceId": device, "password": true});

    let decision = sign_in_managed(&org, body.clone(), &certificate, &key).await;
    assert_eq!(decision["outcome"], "ALLOW", "{decision}");
    assert_eq!(decision["ruleName"], "Managed");
    let users = org
        .get(&format!("/api/v1/devices/{device}/users"))
        .await
        .body;
    assert_eq!(users[0]["managementStatus"], "MANAGED");
    sign_in_managed(&org, body.clone(), &certificate, &key).await;
    assert_eq!(events(&org, "pki.cert.bind").await.len(), 1);
    let evaluated = events(&org, "policy.evaluate_sign_on").await;
    assert_eq!(evaluated[0]["device"]["managed"], true);
    assert_eq!(
        events(&org, "user.authentication.sso").await[0]["outcome"]["result"],
        "SUCCESS"
    );

    // The same certificate is worth nothing with another key, on another device, or after its year.
    let other = EnrollmentKey::generate(KeySize::Rsa2048).unwrap();
    let decision = sign_in_managed(&org, body.clone(), &certificate, &other).await;
    assert_eq!(
        decision["attestation"],
        "the signature is not of the certificate's key"
    );
    let second = org
        .register(ADA, "5A4DB0C5-0000-4000-8000-0000000000FF")
        .await;
    let mut stolen = body.clone();
    stolen["deviceId"] = json!(second);
    let decision = sign_in_managed(&org, stolen, &certificate, &key).await;
    assert_eq!(decision["attestation"], "bound to another device");
    org.sandbox
        .advance(std::time::Duration::from_secs(366 * 86_400));
    let decision = sign_in_managed(&org, body, &certificate, &key).await;
    assert_eq!(decision["outcome"], "DENY");
    assert!(
        decision["attestation"]
            .as_str()
            .unwrap()
            .contains("expired"),
        "{decision}"
    );
}

#[tokio::test]
async fn a_wrong_challenge_gets_no_certificate() {
    let org = Org::fresh().await;
    assert!(enrol(&org, "wrong".to_owned().into()).await.is_err());
    assert!(org.sandbox.shared().world().scep.issued().is_empty());
    let requests = org.sandbox.requests();
    assert!(
        requests
            .iter()
            .all(|request| request.side == Side::Scep && !request.is_write())
    );
}

#[tokio::test]
async fn a_certificate_of_nobody_does_not_make_a_mac_managed() {
    let org = Org::fresh().await;
    org.offer_fastpass().await;
    let device = org.register(ADA, UDID).await;
    let app = org.app("Payroll").await;
    let body = json!({"user": ADA, "app": app, "deviceId": device, "password": true,
        "certificate": "MIIB", "signature": "AAAA"});
    let decision = sign_in(&org, body).await;
    assert_eq!(decision["managed"], false);
    assert_eq!(decision["attestation"], "it is no X.509 certificate");
}

#[tokio::test]
async fn a_password_alone_does_not_meet_any_two_factors() {
    let org = Org::fresh().await;
    let app = org.app("Wiki").await;
    let body = json!({"user": ADA, "app": app, "password": true});
    let decision = sign_in(&org, body).await;
    assert_eq!(decision["outcome"], "CHALLENGE");
    assert_eq!(
        events(&org, "policy.evaluate_sign_on").await[0]["device"],
        Value::Null
    );
    assert!(events(&org, "user.authentication.sso").await.is_empty());
}

#[tokio::test]
async fn fastpass_needs_the_password_until_the_session_policy_lifts_it() {
    let org = Org::fresh().await;
    org.offer_fastpass().await;
    let device = org.register(ADA, UDID).await;
    let app = org.app("Wiki").await;
    let body = json!({"user": ADA, "app": app, "deviceId": device});
    assert_eq!(sign_in(&org, body.clone()).await["outcome"], "CHALLENGE");
    let sent = json!({"type": "OKTA_SIGN_ON", "name": "Any factor", "priority": 1});
    let policy = id(&org.post("/api/v1/policies", sent).await.body);
    let rule = json!({"type": "SIGN_ON", "name": "Any factor",
        "actions": {"signon": {"access": "ALLOW", "primaryFactor": "PASSWORD_IDP_ANY_FACTOR"}}});
    org.post(&format!("/api/v1/policies/{policy}/rules"), rule)
        .await;
    assert_eq!(sign_in(&org, body).await["outcome"], "ALLOW");
}

#[tokio::test]
async fn a_deny_catch_all_on_every_app_blocks_the_first_enrolment_too() {
    let org = Org::fresh().await;
    org.offer_fastpass().await;
    for app in ["Payroll", "Wiki"] {
        deny_unless_managed(&org, &org.app(app).await).await;
    }
    let body = json!({"user": ADA, "profile": {"displayName": "A Mac", "udid": UDID}});
    let request = org
        .bare(Method::POST, "/sandbox/okta-verify/enroll")
        .json(&body);
    let answer = Org::send(request).await;
    assert_eq!(answer.status, 403);
    assert!(
        answer.causes()[0].contains("not registered"),
        "{:?}",
        answer.causes()
    );
    assert_eq!(
        events(&org, "user.authentication.sso").await[0]["outcome"]["result"],
        "FAILURE"
    );
}

#[tokio::test]
async fn polling_always_has_a_next_link_and_bounded_queries_end() {
    let org = Org::fresh().await;
    let first = org.get("/api/v1/logs").await;
    let next = first.link("next").unwrap();
    assert_eq!(first.body, json!([]));
    org.access_policy("Device trust").await;
    let second = org.get(&next).await;
    assert_eq!(second.body[0]["eventType"], "policy.lifecycle.create");
    let third = org.get(&second.link("next").unwrap()).await;
    assert_eq!(third.body, json!([]));
    assert!(third.link("next").is_some());
    let bounded = org
        .get("/api/v1/logs?since=2026-01-01T00:00:00.000Z&until=2126-01-01T00:00:00.000Z")
        .await;
    assert_eq!(bounded.link("next"), None);
}

#[tokio::test]
async fn targets_stand_in_no_order_to_rely_on() {
    let org = Org::fresh().await;
    for n in 0..3 {
        let policy = id(&org.access_policy(&format!("Policy {n}")).await);
        let rule = json!({"type": "ACCESS_POLICY", "name": "R",
            "actions": {"appSignOn": {"access": "DENY"}}});
        org.post(&format!("/api/v1/policies/{policy}/rules"), rule.clone())
            .await;
        org.post(&format!("/api/v1/policies/{policy}/rules"), rule)
            .await;
    }
    let added = events(&org, "policy.rule.add").await;
    let firsts: std::collections::BTreeSet<&str> = added
        .iter()
        .map(|event| event["target"][0]["type"].as_str().unwrap())
        .collect();
    assert_eq!(firsts.len(), 2);
}

#[tokio::test]
async fn log_queries_refuse_what_okta_refuses() {
    let org = Org::fresh().await;
    org.get("/api/v1/logs?filter=published%20gt%20%222026%22")
        .await
        .assert_error(400, "E0000053");
    org.get("/api/v1/logs?filter=eventType%20eq%20user")
        .await
        .assert_error(400, "E0000053");
    org.get("/api/v1/logs?since=yesterday")
        .await
        .assert_error(400, "E0000001");
    org.get("/api/v1/logs?limit=1001")
        .await
        .assert_error(400, "E0000001");
    org.get("/api/v1/logs?since=2020-01-01T00:00:00Z")
        .await
        .assert_error(400, "E0000053");
}

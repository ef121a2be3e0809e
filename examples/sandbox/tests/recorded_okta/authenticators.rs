//! Okta Verify and its methods.

use serde_json::{Value, json};

use crate::org::{Org, id};

#[tokio::test]
async fn a_fresh_org_has_the_recorded_methods_and_fastpass_is_off() {
    let org = Org::fresh().await;
    let verify = id(&org.okta_verify().await);
    let path = format!("/api/v1/authenticators/{verify}/methods");
    let methods = org.get(&path).await.body;
    let method = |kind: &str| {
        methods
            .as_array()
            .unwrap()
            .iter()
            .find(|method| method["type"] == kind)
            .unwrap()
    };
    assert_eq!(method("totp")["status"], "ACTIVE");
    assert_eq!(
        method("totp")["settings"],
        json!({"timeIntervalInSeconds": 30, "encoding": "Base32", "algorithm": "HMACSHA1", "passCodeLength": 6})
    );
    assert_eq!(method("push")["status"], "INACTIVE");
    assert_eq!(
        method("push")["settings"],
        json!({"algorithms": ["ES256", "RS256"], "keyProtection": "ANY", "transactionTypes": ["LOGIN"]})
    );
    assert_eq!(method("signed_nonce")["status"], "INACTIVE");
    assert_eq!(
        method("signed_nonce")["settings"],
        json!({"algorithms": ["ES256", "RS256"], "keyProtection": "ANY", "showSignInWithOV": "NEVER"})
    );
    let activate = &method("signed_nonce")["_links"]["activate"];
    let href = activate["href"].as_str().unwrap();
    assert!(
        href.ends_with(&format!("{path}/signed_nonce/lifecycle/activate")),
        "{href}"
    );
    assert_eq!(activate["hints"]["allow"], json!(["POST"]));
}

#[tokio::test]
async fn okta_verifys_settings_carry_verification_methods_in_no_stable_order() {
    let org = Org::fresh().await;
    let security = &org.okta_verify().await["settings"]["enrollmentSecurityLevel"];
    assert!(security.is_string());
    let methods = |verify: Value| verify["settings"]["userVerificationMethods"].clone();
    let (one, two) = (
        methods(org.okta_verify().await),
        methods(org.okta_verify().await),
    );
    assert_ne!(one, two);
    let mut sorted = vec![one[0].as_str().unwrap(), one[1].as_str().unwrap()];
    sorted.sort_unstable();
    assert_eq!(sorted, ["BIOMETRICS", "PIN"]);
}

#[tokio::test]
async fn okta_verify_in_use_cannot_be_deactivated_and_the_policies_are_named() {
    let org = Org::fresh().await;
    org.offer_fastpass().await;
    let policy = id(&org.access_policy("Device trust").await);
    let rule = json!({"type": "ACCESS_POLICY", "name": "Registered",
        "conditions": {"device": {"registered": true}},
        "actions": {"appSignOn": {"access": "ALLOW", "verificationMethod": {"type": "ASSURANCE", "factorMode": "1FA"}}}});
    org.post(&format!("/api/v1/policies/{policy}/rules"), rule)
        .await;
    let verify = id(&org.okta_verify().await);
    for path in [
        "lifecycle/deactivate",
        "methods/signed_nonce/lifecycle/deactivate",
    ] {
        let answer = org
            .act(&format!("/api/v1/authenticators/{verify}/{path}"))
            .await;
        answer.assert_error(403, "E0000148");
        let causes = answer.causes().join("\n");
        assert!(causes.contains("Okta Verify for pilots"), "{causes}");
        assert!(
            causes.contains("Device trust") && causes.contains("registered"),
            "{causes}"
        );
    }
}

//! Okta Verify on a Mac: it registers the device, then answers each sign-in of the user.
//!
//! The registration is tried again until Okta allows it, and carries no management state. A sign-in is made to every
//! app of the user's: with FastPass, and with a signature of the certificate's key over the server's nonce where the
//! Mac holds an identity that Okta Verify may use. Where Okta asks for more, the user types the password.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use reqwest::StatusCode;
use scep_profile::message::EnrollmentKey;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::shared::Shared;

use super::mac::{Identity, Mac};

/// Okta Verify's registration of one Mac and its user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Okta's id of the device.
    pub device_id: String,
    /// Okta's id of the user.
    pub user_id: String,
    /// When the device was registered.
    pub registered_at: Timestamp,
    /// The last sign-in to each app by the app's id.
    pub sign_ins: BTreeMap<String, SignIn>,
}

/// How a sign-in ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// When it was answered.
    pub at: Timestamp,
    /// `ALLOW`, `DENY` or `CHALLENGE`.
    pub outcome: String,
    /// The name of the rule that decided, where one did.
    pub rule: Option<String>,
    /// Whether the proof of management was accepted.
    pub managed: bool,
}

/// Registers, or signs in to each app once. Whatever fails is tried again at the next turn.
pub(crate) async fn turn(shared: &Shared, serial: &str, http: &reqwest::Client) {
    let Some(mac) = shared.world().fleet.mac(serial).cloned() else {
        return;
    };
    if !mac.has_okta_verify() {
        return;
    }
    let verify = Verify {
        shared,
        http,
        mac: &mac,
    };
    let registration = match &mac.okta_verify {
        None => verify.register().await,
        Some(known) => verify.sign_in_everywhere(known.clone()).await,
    };
    if let Some(mac) = shared.world().fleet.mac_mut(serial) {
        mac.okta_verify = registration;
    }
}

struct Verify<'a> {
    shared: &'a Shared,
    http: &'a reqwest::Client,
    mac: &'a Mac,
}

impl Verify<'_> {
    async fn register(&self) -> Option<Registration> {
        let profile = json!({
            "displayName": self.mac.name,
            "platform": "MACOS",
            "manufacturer": "APPLE",
            "model": self.mac.model,
            "osVersion": self.mac.os_version,
            "serialNumber": self.mac.serial_number,
            "udid": self.mac.udid,
            "secureHardwarePresent": true,
            "diskEncryptionType": "ALL_INTERNAL_VOLUMES",
        });
        let body = json!({ "user": self.mac.user, "profile": profile });
        let (status, answer) = self.post("/sandbox/okta-verify/enroll", &body).await?;
        let id = |key: &str| answer[key].as_str().map(str::to_owned);
        (status == StatusCode::OK).then_some(Registration {
            device_id: id("deviceId")?,
            user_id: id("userId")?,
            registered_at: self.shared.now(),
            sign_ins: BTreeMap::new(),
        })
    }

    /// `None` when Okta no longer knows the device: it was deleted, and has to be registered anew.
    async fn sign_in_everywhere(&self, mut registration: Registration) -> Option<Registration> {
        let path = format!("/sandbox/users/{}/apps", registration.user_id);
        let apps = self.get(&path).await.unwrap_or_default();
        for app in apps
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|app| app["id"].as_str())
        {
            for password in [false, true] {
                let Some((status, answer)) = self.sign_in(&registration, app, password).await
                else {
                    break;
                };
                let unknown = answer["errorSummary"].as_str().unwrap_or_default();
                if status == StatusCode::NOT_FOUND && unknown.contains(&registration.device_id) {
                    return None;
                }
                let Some(outcome) = answer["outcome"].as_str() else {
                    break;
                };
                let sign_in = SignIn {
                    at: self.shared.now(),
                    outcome: outcome.to_owned(),
                    rule: answer["ruleName"].as_str().map(str::to_owned),
                    managed: answer["managed"] == true,
                };
                registration.sign_ins.insert(app.to_owned(), sign_in);
                if outcome != "CHALLENGE" {
                    break;
                }
            }
        }
        Some(registration)
    }

    async fn sign_in(
        &self,
        registration: &Registration,
        app: &str,
        password: bool,
    ) -> Option<(StatusCode, Value)> {
        let (_, begun) = self.post("/sandbox/sign-in/begin", &json!({})).await?;
        let mut body = Map::from_iter([
            ("transaction".to_owned(), begun["transaction"].clone()),
            ("user".to_owned(), json!(registration.user_id)),
            ("app".to_owned(), json!(app)),
            ("password".to_owned(), json!(password)),
            ("deviceId".to_owned(), json!(registration.device_id)),
            ("userVerification".to_owned(), json!(true)),
        ]);
        if let Some(identity) = self.mac.attestation_identity()
            && let Some((certificate, signature)) = proof(identity, begun["nonce"].as_str()?)
        {
            body.insert("certificate".to_owned(), json!(certificate));
            body.insert("signature".to_owned(), json!(signature));
        }
        self.post("/sandbox/sign-in/answer", &body.into()).await
    }

    async fn post(&self, path: &str, body: &Value) -> Option<(StatusCode, Value)> {
        let url = format!("{}{path}", self.shared.okta_url());
        let response = self.http.post(url).json(body).send().await.ok()?;
        let status = response.status();
        Some((status, response.json().await.unwrap_or_default()))
    }

    async fn get(&self, path: &str) -> Option<Value> {
        let url = format!("{}{path}", self.shared.okta_url());
        self.http.get(url).send().await.ok()?.json().await.ok()
    }
}

/// The certificate and a signature of its key over the nonce, both in base64.
fn proof(identity: &Identity, nonce: &str) -> Option<(String, String)> {
    let pem = SecretString::from(identity.private_key.as_str());
    let signature = EnrollmentKey::from_pkcs8_pem(&pem)
        .ok()?
        .sign(nonce.as_bytes())
        .ok()?;
    let certificate = hex::decode(&identity.certificate).ok()?;
    Some((STANDARD.encode(certificate), STANDARD.encode(signature)))
}

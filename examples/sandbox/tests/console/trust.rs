//! The trust profile by hand, so that no crate of the workspace vouches for itself.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use device_trust_sandbox::Shared;
use secrecy::ExposeSecret as _;

/// What varies of it.
pub struct Trust {
    pub url: String,
    pub challenge: String,
    pub ca: Vec<u8>,
    pub fingerprint: Option<Vec<u8>>,
    pub payload_uuid: &'static str,
    /// `AllowAllAppsAccess`.
    pub all_apps: bool,
}

impl Trust {
    /// Right in every point, for the sandbox that is running.
    pub fn of(shared: &Shared) -> Self {
        let url = shared.scep_url();
        let world = shared.world();
        Self {
            url,
            challenge: world.secrets.scep_challenge.expose_secret().to_owned(),
            ca: world.scep.ca_certificates()[0].clone(),
            fingerprint: None,
            payload_uuid: "11111111-1111-5111-8111-111111111111",
            all_apps: true,
        }
    }

    pub fn profile(&self) -> Vec<u8> {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &self.ca);
        let fingerprint = STANDARD.encode(self.fingerprint.as_deref().unwrap_or(digest.as_ref()));
        let scep = format!(
            "<key>PayloadContent</key><dict>
            <key>URL</key><string>{}</string><key>Challenge</key><string>{}</string>
            <key>Subject</key><array><array><array><string>CN</string><string>cert</string></array></array></array>
            <key>Keysize</key><integer>2048</integer><key>Key Usage</key><integer>1</integer>
            <key>CAFingerprint</key><data>{fingerprint}</data>
            <key>KeyIsExtractable</key><false/><key>AllowAllAppsAccess</key><{}/></dict>",
            self.url, self.challenge, self.all_apps
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

pub fn profile(payloads: &[String]) -> Vec<u8> {
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

pub fn payload(kind: &str, role: &str, uuid: &str, content: &str) -> String {
    format!(
        "<dict><key>PayloadType</key><string>{kind}</string><key>PayloadVersion</key><integer>1</integer>
        <key>PayloadIdentifier</key><string>org.example.trust.{role}</string>
        <key>PayloadUUID</key><string>{uuid}</string>{content}</dict>"
    )
}

//! References between payloads: certificates and identities by their `PayloadUUID`.

use plist::Value;

use super::{Code, Finding, Findings, Rule, Subject, SubjectPayload, codes, codes_of};
use crate::keys::{self, UUID};

pub(super) struct References;

impl Rule for References {
    fn codes(&self) -> Vec<Code> {
        codes_of![DANGLING_REFERENCE, REFERENCE_KIND]
    }

    fn check(&self, subject: &Subject<'_>, findings: &mut Findings) {
        for payload in subject
            .payloads()
            .iter()
            .filter(|payload| payload.schema().is_some())
        {
            for (key, value) in payload.keys() {
                if !keys::OF_EVERY_PAYLOAD.contains(&key.as_str()) {
                    let found = Found {
                        subject,
                        payload,
                        key,
                    };
                    found.search(key, value, payload.path_to(key), findings);
                }
            }
        }
    }
}

/// A value within a payload.
#[derive(Clone, Copy)]
struct Found<'a> {
    subject: &'a Subject<'a>,
    payload: &'a SubjectPayload<'a>,
    /// The nearest key.
    key: &'a str,
}

impl<'a> Found<'a> {
    fn search(self, key: &'a str, value: &'a Value, path: String, findings: &mut Findings) {
        match value {
            Value::Dictionary(dictionary) => {
                for (key, value) in dictionary {
                    self.search(key, value, format!("{path}.{key}"), findings);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.search(key, item, format!("{path}[{index}]"), findings);
                }
            }
            Value::String(uuid) if is_reference(key) && !findings.is_reported(&path) => {
                Self { key, ..self }.check(uuid, path, findings);
            }
            _ => {}
        }
    }

    fn check(self, uuid: &str, path: String, findings: &mut Findings) {
        let same = |payload: &&SubjectPayload<'_>| {
            let own = payload.keys().get(UUID).and_then(Value::as_string);
            own.is_some_and(|own| own.eq_ignore_ascii_case(uuid))
        };
        let Some(meant) = self.subject.payloads().iter().find(same) else {
            findings.add(Finding::new(
                codes::DANGLING_REFERENCE,
                path,
                format!("{} refers to a payload by its PayloadUUID, and no payload of this profile has it", self.key),
                "put the certificate's payload into this profile, or write its PayloadUUID here",
            ));
            return;
        };
        let kind = meant.payload_type().unwrap_or_default();
        let (fitting, what) =
            if needs_identity(self.payload.payload_type().unwrap_or_default(), self.key) {
                (
                    IDENTITIES.contains(&kind),
                    "an identity (a certificate with its key)",
                )
            } else {
                (
                    IDENTITIES.contains(&kind) || CERTIFICATES.contains(&kind),
                    "a certificate",
                )
            };
        if !fitting {
            findings.add(Finding::new(
                codes::REFERENCE_KIND,
                path,
                format!(
                    "{} must refer to {what}; {} is {kind}",
                    self.key,
                    meant.path()
                ),
                format!("write the PayloadUUID of a payload with {what}"),
            ));
        }
    }
}

/// Ends of the names, in lower case, of keys that hold the `PayloadUUID` of a certificate or identity. Keys such as
/// `VPNUUID` are not among them: they refer to a key of another payload, or to another profile.
const REFERENCES: [&str; 5] = [
    "certificateuuid",
    "certificateuuids",
    "certificateanchoruuid",
    "certpayloaduuid",
    "terminalidentityuuid",
];

const IDENTITIES: [&str; 5] = [
    "com.apple.ADCertificate.managed",
    "com.apple.security.acme",
    "com.apple.security.pkcs12",
    "com.apple.security.scep",
    "com.apple.security.wapi-identity",
];

const CERTIFICATES: [&str; 3] = [
    "com.apple.security.root",
    "com.apple.security.pkcs1",
    "com.apple.security.pem",
];

fn is_reference(key: &str) -> bool {
    let key = key.to_lowercase();
    REFERENCES.iter().any(|end| key.ends_with(end))
}

/// Certain only for these: many other keys take either, depending on what stands beside them.
fn needs_identity(payload_type: &str, key: &str) -> bool {
    matches!(
        (payload_type, key),
        (
            "com.apple.security.identitypreference",
            "PayloadCertificateUUID"
        ) | ("com.apple.mdm", "IdentityCertificateUUID")
    )
}

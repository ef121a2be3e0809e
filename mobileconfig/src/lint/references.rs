//! References between payloads: certificates and identities by their `PayloadUUID`.

use std::collections::HashMap;

use plist::Value;

use super::{Code, Finding, Findings, Rule, Subject, SubjectPayload, codes, codes_of};
use crate::keys::UUID;
use crate::schema::{Key, Part};

pub(super) struct References;

impl Rule for References {
    fn codes(&self) -> Vec<Code> {
        codes_of![DANGLING_REFERENCE, REFERENCE_KIND]
    }

    fn check(&self, subject: &Subject<'_>, findings: &mut Findings) {
        let mut by_uuid = HashMap::new();
        for payload in subject.payloads() {
            if let Some(uuid) = payload.keys().get(UUID).and_then(Value::as_string) {
                by_uuid.entry(uuid.to_lowercase()).or_insert(payload);
            }
        }
        for payload in subject.payloads() {
            let search = Search {
                by_uuid: &by_uuid,
                payload,
            };
            for key in payload.parts().iter().flat_map(Part::keys) {
                if let Some(value) = payload.keys().get(key.name()) {
                    search.value(
                        key,
                        key.name(),
                        value,
                        payload.path_to(key.name()),
                        findings,
                    );
                }
            }
        }
    }
}

/// The search for references in one payload, along the keys of the schema: what stands in a dictionary for anything is not Apple's
/// reference.
#[derive(Clone, Copy)]
struct Search<'a> {
    by_uuid: &'a HashMap<String, &'a SubjectPayload<'a>>,
    payload: &'a SubjectPayload<'a>,
}

impl Search<'_> {
    /// `name` is that of the nearest key, for an item of an array that of the array.
    fn value(self, key: Key, name: &str, value: &Value, path: String, findings: &mut Findings) {
        match value {
            Value::Dictionary(dictionary) => {
                for key in key.keys() {
                    if let Some(value) = dictionary.get(key.name()) {
                        let path = format!("{path}.{}", key.name());
                        self.value(key, key.name(), value, path, findings);
                    }
                }
            }
            Value::Array(items) => {
                let Some(item_key) = key.keys().next() else {
                    return;
                };
                for (index, item) in items.iter().enumerate() {
                    self.value(item_key, name, item, format!("{path}[{index}]"), findings);
                }
            }
            Value::String(uuid) if is_reference(name) && !findings.is_reported(&path) => {
                self.reference(name, uuid, path, findings);
            }
            _ => {}
        }
    }

    fn reference(self, name: &str, uuid: &str, path: String, findings: &mut Findings) {
        let Some(meant) = self.by_uuid.get(&uuid.to_lowercase()) else {
            findings.add(Finding::new(
                codes::DANGLING_REFERENCE,
                path,
                format!("{name} refers to a payload by its PayloadUUID, and no payload of this profile has it"),
                "put the certificate's payload into this profile, or write its PayloadUUID here",
            ));
            return;
        };
        let kind = meant.payload_type().unwrap_or_default();
        let (fitting, what) =
            if needs_identity(self.payload.payload_type().unwrap_or_default(), name) {
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
                format!("{} must refer to {what}; {} is {kind}", name, meant.path()),
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
            | ("com.apple.extensiblesso", "AccessKeyTerminalIdentityUUID")
    )
}

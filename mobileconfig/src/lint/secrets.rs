//! Secrets that everyone who has the file can read, and variables that a signature keeps from being filled in.

use std::sync::OnceLock;

use plist::Value;
use regex_lite::Regex;

use super::path::{join, shown};
use super::{Code, Finding, Findings, Rule, Subject, codes, codes_of};
use crate::keys;
use crate::secret::{Exposure, Place};

pub(super) struct Secrets;

impl Rule for Secrets {
    fn codes(&self) -> Vec<Code> {
        codes_of![SECRET_IN_CLEAR, VARIABLE_IN_SIGNED]
    }

    fn check(&self, subject: &Subject<'_>, findings: &mut Findings) {
        let signed = subject.target().signed;
        for payload in subject.payloads() {
            let place = payload
                .payload_type()
                .map_or_else(Place::outside, Place::payload);
            let mut search = Search { signed, findings };
            for (key, value) in payload.keys() {
                search.value(place.key(key), key, value, &payload.path_to(key));
            }
        }
        if signed {
            for (key, value) in subject.profile() {
                if key != keys::CONTENT {
                    variables(value, &join("", key), findings);
                }
            }
        }
    }
}

struct Search<'f> {
    signed: bool,
    findings: &'f mut Findings,
}

impl Search<'_> {
    /// `key` is that of the nearest dictionary.
    fn value(&mut self, place: Place<'_>, key: &str, value: &Value, path: &str) {
        match value {
            Value::Dictionary(dictionary) => {
                for (key, value) in dictionary {
                    self.value(place.key(key), key, value, &join(path, key));
                }
            }
            Value::Array(items) => {
                let item = place.item();
                for (index, value) in items.iter().enumerate() {
                    self.value(item, key, value, &format!("{path}[{index}]"));
                }
            }
            Value::String(text) => {
                let fills_in = || has_server_variable(text);
                match place.exposure(value) {
                    Exposure::Whole if !text.is_empty() && !fills_in() => {
                        secret(&format!("{} can", shown(key)), path, self.findings);
                    }
                    Exposure::Url {
                        credentials: true, ..
                    } if !fills_in() => {
                        secret(
                            &format!("the credentials in {} can", shown(key)),
                            path,
                            self.findings,
                        );
                    }
                    _ if self.signed => variable(text, path.to_owned(), self.findings),
                    _ => {}
                }
            }
            Value::Data(bytes) if place.exposure(value) == Exposure::Whole && !bytes.is_empty() => {
                secret(&format!("{} can", shown(key)), path, self.findings);
            }
            _ => {}
        }
    }
}

/// `what` begins the sentence.
fn secret(what: &str, path: &str, findings: &mut Findings) {
    if findings.is_reported(path) {
        return;
    }
    findings.add(Finding::new(
        codes::SECRET_IN_CLEAR,
        path,
        format!("{what} be read by everyone who has the file, or may read it on the MDM server; a signature does not hide it"),
        "keep the file from others and out of version control, encrypt the payloads for the device, or let the MDM \
         server fill the secret in",
    ));
}

/// Those in a value of the profile itself, such as the languages of `ConsentText`.
fn variables(value: &Value, path: &str, findings: &mut Findings) {
    match value {
        Value::Dictionary(dictionary) => {
            for (key, value) in dictionary {
                variables(value, &join(path, key), findings);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                variables(value, &format!("{path}[{index}]"), findings);
            }
        }
        Value::String(text) => variable(text, path.to_owned(), findings),
        _ => {}
    }
}

fn variable(text: &str, path: String, findings: &mut Findings) {
    if has_server_variable(text) {
        findings.add(Finding::new(
            codes::VARIABLE_IN_SIGNED,
            path,
            "a server that fills in the variable in this text breaks the signature, and one that does not, sends the variable itself",
            "leave the signing to the MDM server, or write the value",
        ));
    }
}

/// True if a text has a variable in it that an MDM server fills in: `$NAME`, `${NAME}`, `%Name%`, `{{name}}`. The
/// variables that the device itself fills in ([`DEVICE_VARIABLES`]) are not meant.
///
/// ```
/// use mobileconfig::lint::has_server_variable;
///
/// assert!(has_server_variable("CN=$SERIALNUMBER") && has_server_variable("%JumpCloudSystemID%"));
/// assert!(!has_server_variable("CN=%SerialNumber%") && !has_server_variable("100 %"));
/// ```
#[must_use]
pub fn has_server_variable(text: &str) -> bool {
    static VARIABLE: OnceLock<Option<Regex>> = OnceLock::new();
    let pattern = r"\$\{?[A-Z][A-Z0-9_]{2,}\}?|%([A-Za-z][A-Za-z_]*)%|\{\{[^{}]+\}\}";
    let Some(variable) = VARIABLE.get_or_init(|| Regex::new(pattern).ok()) else {
        return false;
    };
    variable.captures_iter(text).any(|found| {
        found
            .get(1)
            .is_none_or(|name| !DEVICE_VARIABLES.contains(&name.as_str()))
    })
}

/// What macOS fills in itself in subjects and alternative names, between per cent signs (ProfileManifests, SCEP).
pub const DEVICE_VARIABLES: [&str; 12] = [
    "SerialNumber",
    "ComputerName",
    "HostName",
    "LocalHostName",
    "HardwareUUID",
    "MACAddress",
    "AD_ComputerID",
    "AD_Domain",
    "AD_DomainForestName",
    "AD_DomainGuid",
    "AD_DomainNameDNS",
    "AD_KerberosID",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_of_the_server_is_told_from_one_of_the_device() {
        for text in [
            "$UDID",
            "a-${SERIAL}-b",
            "CN=%JumpCloudSystemID%",
            "{{deviceid}}",
            "$FLEET_VAR_NDES_SCEP_CHALLENGE",
        ] {
            assert!(has_server_variable(text), "{text}");
        }
        for text in [
            "",
            "100%",
            "%SerialNumber%",
            "a$b",
            "$5",
            "%AD_ComputerID%",
            "50% off, 20% on",
        ] {
            assert!(!has_server_variable(text), "{text}");
        }
    }
}

//! Alternative names, and variables in names.

use super::{Found, Mdm, Place, codes};
use mobileconfig::lint::{DEVICE_VARIABLES, Finding, has_server_variable, join};
use plist::Value;

/// Those that macOS's open source understands, whatever their case; the last is not in Apple's schema.
const KINDS: [&str; 5] = [
    "rfc822Name",
    "dNSName",
    "uniformResourceIdentifier",
    "ntPrincipalName",
    "iPAddress",
];

pub(super) fn check(place: &Place<'_>, mdm: Mdm, findings: &mut Found) {
    for key in ["Name", "Challenge"] {
        if let Some(text) = place.text(key) {
            check_variables(text, mdm, place.path(key), findings);
        }
    }
    let names = place
        .keys
        .get("SubjectAltName")
        .and_then(Value::as_dictionary);
    for (name, value) in names.into_iter().flatten() {
        let path = join(&place.path("SubjectAltName"), name);
        check_kind(name, value, &path, findings);
        match value {
            Value::String(text) => check_variables(text, mdm, path, findings),
            Value::Array(texts) => {
                for (index, text) in texts.iter().enumerate() {
                    if let Some(text) = text.as_string() {
                        check_variables(text, mdm, format!("{path}[{index}]"), findings);
                    }
                }
            }
            _ => {}
        }
    }
}

fn check_kind(name: &str, value: &Value, path: &str, findings: &mut Found) {
    let known = KINDS
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(name));
    let finding = match (known, value) {
        (None, _) => Finding::new(
            codes::SKIPPED_NAME,
            path,
            "macOS does not know this kind of name, and leaves it out without a word",
            "use rfc822Name, dNSName, uniformResourceIdentifier or ntPrincipalName",
        ),
        (Some("ntPrincipalName"), Value::Array(_)) => Finding::new(
            codes::PRINCIPAL_NAMES,
            path,
            "macOS takes one ntPrincipalName, and refuses an array of them",
            "write one <string>",
        ),
        (Some(known), _) if known != name => Finding::new(
            codes::NAME_CASE,
            path,
            "Apple's schema spells this kind of name otherwise; macOS takes it in any case",
            format!("write {known}"),
        ),
        _ => return,
    };
    findings.supersede(path);
    findings.add(finding);
}

pub(super) fn check_variables(text: &str, mdm: Mdm, path: String, findings: &mut Found) {
    if mdm != Mdm::JumpCloud {
        return;
    }
    let of_device = |name: &&str| text.contains(&format!("%{name}%"));
    findings.add(if has_server_variable(text) {
        Finding::new(
            codes::VARIABLE,
            path,
            "no public source shows that JumpCloud fills in variables of a custom profile: the text would go out as it is",
            "write the value, or use the same subject for all Macs, such as CN=cert",
        )
    } else if DEVICE_VARIABLES.iter().any(of_device) {
        Finding::new(
            codes::DEVICE_VARIABLE,
            path,
            "macOS fills in this variable itself, and JumpCloud does not: no public source shows the two together",
            "look at the first certificate, or use the same subject for all Macs, such as CN=cert",
        )
    } else {
        return;
    });
}

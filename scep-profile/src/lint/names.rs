//! Alternative names, and variables in names.

use super::{Mdm, Place, codes};
use crate::subject::VARIABLES;
use mobileconfig::lint::{Finding, Findings};
use plist::Value;

/// Those that macOS's open source understands, whatever their case.
const KINDS: [&str; 5] = [
    "rfc822name",
    "dnsname",
    "uniformresourceidentifier",
    "ntprincipalname",
    "ipaddress",
];

pub(super) fn check(place: &Place<'_>, mdm: Mdm, findings: &mut Findings) {
    let names = place
        .keys
        .get("SubjectAltName")
        .and_then(Value::as_dictionary);
    for (kind, value) in names.into_iter().flatten() {
        let path = place.path(&format!("SubjectAltName.{kind}"));
        if !KINDS.contains(&kind.to_ascii_lowercase().as_str()) {
            findings.add(Finding::new(
                codes::SKIPPED_NAME,
                &*path,
                "macOS does not know this kind of name, and leaves it out without a word",
                "use rfc822Name, dNSName, uniformResourceIdentifier or ntPrincipalName",
            ));
        }
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

pub(super) fn check_variables(text: &str, mdm: Mdm, path: String, findings: &mut Findings) {
    if mdm != Mdm::JumpCloud {
        return;
    }
    let mut rest = text.to_owned();
    for variable in VARIABLES {
        rest = rest.replace(variable, "");
    }
    if has_variable(&rest) {
        findings.add(Finding::new(
            codes::VARIABLE,
            path,
            "no public source shows that JumpCloud fills in variables of a custom profile: the text would go into the \
             certificate as it is",
            "use the same subject for all Macs, such as CN=cert",
        ));
    } else if rest != text {
        findings.add(Finding::new(
            codes::DEVICE_VARIABLE,
            path,
            "macOS fills in this variable itself, and JumpCloud does not: no public source shows the two together",
            "look at the first certificate, or use the same subject for all Macs, such as CN=cert",
        ));
    }
}

/// `$NAME`, `${NAME}`, `%Name%`, `{{name}}`.
fn has_variable(text: &str) -> bool {
    let name = |text: &str| {
        text.chars()
            .take_while(|character| character.is_ascii_alphanumeric() || *character == '_')
            .count()
    };
    let dollar = text.split('$').skip(1).any(|after| {
        let after = after.strip_prefix('{').unwrap_or(after);
        after.starts_with(|first: char| first.is_ascii_uppercase()) && name(after) >= 3
    });
    // The pieces between two signs: all but the first and the last.
    let pieces: Vec<_> = text.split('%').collect();
    let between = pieces.get(1..pieces.len() - 1).unwrap_or_default();
    let percent = between
        .iter()
        .any(|piece| !piece.is_empty() && name(piece) == piece.len());
    dollar || percent || text.contains("{{") && text.contains("}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_told_from_a_sign() {
        for text in [
            "$UDID",
            "x-${SERIAL}",
            "%JumpCloudSystemID%",
            "a %b% c",
            "{{deviceid}}",
        ] {
            assert!(has_variable(text), "{text}");
        }
        for text in ["", "100%", "5$", "a$b", "50% off, 20% on", "cert"] {
            assert!(!has_variable(text), "{text}");
        }
    }
}

//! The subject: nesting, types, variables.

use super::{Mdm, Place, codes, names};
use const_oid::ObjectIdentifier;
use mobileconfig::lint::{Finding, Findings, Target};
use mobileconfig::schema::Os;
use plist::Value;

pub(super) fn check(place: &Place<'_>, target: &Target, mdm: Mdm, findings: &mut Findings) {
    let rdns = place.keys.get("Subject").and_then(Value::as_array);
    for (index, rdn) in rdns.into_iter().flatten().enumerate() {
        let path = place.path(&format!("Subject[{index}]"));
        // What is no array here or below has been reported as such.
        let pairs: Vec<_> = rdn
            .as_array()
            .into_iter()
            .flatten()
            .map(|pair| match pair.as_array().map(Vec::as_slice) {
                Some([Value::String(kind), Value::String(value)]) => Some((kind, value)),
                _ => None,
            })
            .collect();
        if pairs.len() > 1 && pairs.iter().all(Option::is_some) {
            findings.add(Finding::new(
                codes::SHARED_RDN,
                &*path,
                format!("{} pairs share one array, and become one name of several values", pairs.len()),
                "give each pair an array of its own, like [[[\"O\", \"Acme\"]], [[\"CN\", \"cert\"]]]",
            ));
        }
        for (position, pair) in pairs.into_iter().enumerate() {
            let Some((kind, value)) = pair else { continue };
            let path = format!("{path}[{position}]");
            check_type(kind, target, &path, findings);
            names::check_variables(value, mdm, format!("{path}[1]"), findings);
        }
    }
}

fn check_type(kind: &str, target: &Target, path: &str, findings: &mut Findings) {
    let known = ["C", "ST", "L", "O", "OU", "CN"].contains(&kind)
        || kind.contains('.') && ObjectIdentifier::new(kind).is_ok();
    // The shortcut came with macOS 13 and iOS 16.
    let email = match (target.os, "13".parse(), "16".parse()) {
        (Os::MacOs, Ok(since), _) | (_, _, Ok(since)) => kind == "EMAIL" && target.version >= since,
        _ => false,
    };
    if known || email {
        return;
    }
    let mend = match kind.to_ascii_uppercase().as_str() {
        "E" | "EMAIL" | "EMAILADDRESS" => "write 1.2.840.113549.1.9.1",
        "DC" => "write 0.9.2342.19200300.100.1.25",
        "UID" => "write 0.9.2342.19200300.100.1.1",
        "SERIALNUMBER" => "write 2.5.4.5",
        "C" | "ST" | "L" | "O" | "OU" | "CN" => "write it in capital letters",
        _ => "write C, ST, L, O, OU, CN or a dotted object identifier",
    };
    findings.add(Finding::new(
        codes::SUBJECT_TYPE,
        format!("{path}[0]"),
        "this type is neither C, ST, L, O, OU, CN (in capital letters) nor a dotted object identifier",
        mend,
    ));
}

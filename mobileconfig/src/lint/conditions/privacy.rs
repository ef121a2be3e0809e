//! `com.apple.TCC.configuration-profile-policy`: what a rule of a service needs, and what a profile cannot grant.

use super::At;
use crate::lint::{Code, Finding, Findings, Target, codes};
use crate::privacy::{NEVER_GRANTED, STANDARD_USER_SERVICES};
use crate::schema::{Os, OsVersion};

pub(super) fn check(at: &At<'_>, target: &Target, findings: &mut Findings) {
    let Some(services) = at.below("Services") else {
        return;
    };
    for service in services.keys.keys() {
        for (path, identity) in services.items(service) {
            if let Some(keys) = identity.as_dictionary() {
                rule(&At { keys, path }, service, target, findings);
            }
        }
    }
}

fn rule(at: &At<'_>, service: &str, target: &Target, findings: &mut Findings) {
    match (at.has("Authorization"), at.has("Allowed")) {
        (false, false) => {
            let key = if target.version < OsVersion::new(11, 0, 0) {
                "Allowed"
            } else {
                "Authorization"
            };
            at.need(key, "each rule says Authorization or Allowed", findings);
        }
        (true, true) => at.conflict(
            "Allowed",
            "a rule says Authorization or Allowed, and not both",
            "remove Allowed, the older of the two",
            findings,
        ),
        _ => {}
    }
    granted(at, service, target, findings);
    receiver(at, service, findings);
    identifier(at, findings);
}

fn granted(at: &At<'_>, service: &str, target: &Target, findings: &mut Findings) {
    let authorization = at.text("Authorization");
    if authorization == Some("AllowStandardUserToSetSystemService")
        && !STANDARD_USER_SERVICES.contains(&service)
    {
        at.conflict(
            "Authorization",
            &format!(
                "AllowStandardUserToSetSystemService is for {} only",
                STANDARD_USER_SERVICES.join(" and ")
            ),
            "write Allow or Deny",
            findings,
        );
    }
    let key = if authorization == Some("Allow") {
        "Authorization"
    } else if at.truth("Allowed") == Some(true) {
        "Allowed"
    } else {
        return;
    };
    if NEVER_GRANTED.contains(&service) {
        at.conflict(
            key,
            &format!("a profile can only deny {service}"),
            "deny it, or let the user decide",
            findings,
        );
    }
    let (deprecated, removed) = (OsVersion::new(26, 2, 0), OsVersion::new(27, 0, 0));
    if service == "Accessibility" && target.os == Os::MacOs && target.version >= deprecated {
        let (code, message): (Code, _) = if target.version >= removed {
            (
                codes::REMOVED,
                format!("macOS {removed} takes no grant of Accessibility from a profile"),
            )
        } else {
            (
                codes::DEPRECATED,
                format!(
                    "to grant Accessibility by a profile is deprecated since macOS {deprecated}"
                ),
            )
        };
        let mend = "let the user decide";
        findings.add(Finding::new(code, at.path_to(key), message, mend));
    }
}

const RECEIVER: [&str; 3] = [
    "AEReceiverIdentifier",
    "AEReceiverIdentifierType",
    "AEReceiverCodeRequirement",
];

fn receiver(at: &At<'_>, service: &str, findings: &mut Findings) {
    for key in RECEIVER {
        if service == "AppleEvents" {
            at.need(key, "a rule of AppleEvents names the receiver", findings);
        } else {
            at.without_effect(key, "only rules of AppleEvents have a receiver", findings);
        }
    }
}

/// Bundles go by their identifier, other binaries by their path.
fn identifier(at: &At<'_>, findings: &mut Findings) {
    let (Some(identifier), Some(kind)) = (at.text("Identifier"), at.text("IdentifierType")) else {
        return;
    };
    let is_path = identifier.starts_with('/');
    if kind == "bundleID" && is_path {
        at.conflict(
            "Identifier",
            "this is a path, and IdentifierType says bundleID",
            "write path as IdentifierType, or the identifier of the bundle here",
            findings,
        );
    } else if kind == "path" && !is_path && !identifier.starts_with(['$', '%', '{', '~']) {
        at.conflict(
            "Identifier",
            "this is no path, and IdentifierType says path",
            "write bundleID as IdentifierType, or the path of the binary here",
            findings,
        );
    }
}

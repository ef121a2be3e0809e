//! `com.apple.extensiblesso`: what each `Type` needs, and what keys of Platform SSO need of each other.

use std::collections::HashMap;

use super::{At, wrong_form};
use crate::extensible_sso::url_form;
use crate::lint::{Finding, Findings, Severity, Subject, SubjectPayload, Target, codes};
use crate::schema::{Os, OsVersion};

pub(super) const TYPE: &str = "com.apple.extensiblesso";

pub(super) fn check(payload: &SubjectPayload<'_>, target: &Target, findings: &mut Findings) {
    let at = At::payload(payload);
    if !is_general(payload) {
        kerberos(&at, findings);
        return;
    }
    if target.os == Os::MacOs {
        at.need("TeamIdentifier", "macOS needs it", findings);
    }
    match at.text("Type") {
        Some("Redirect") => {
            at.need(
                "URLs",
                "an extension of type Redirect takes over URLs",
                findings,
            );
            for key in ["Realm", "Hosts"] {
                at.without_effect(key, "it is for an extension of type Credential", findings);
            }
            for (path, url) in at.texts("URLs") {
                if let Some(problem) = url_form(url) {
                    wrong_form(path, problem, findings);
                }
            }
        }
        Some("Credential") => {
            at.need(
                "Hosts",
                "an extension of type Credential answers hosts",
                findings,
            );
            // Apple calls it the realm of such extensions without saying that they need one.
            at.need_with(
                Severity::Warning,
                "Realm",
                "an extension of type Credential answers for a realm",
                findings,
            );
            at.without_effect("URLs", "it is for an extension of type Redirect", findings);
            if at.has("PlatformSSO") {
                at.conflict(
                    "PlatformSSO",
                    "only an extension of type Redirect has it",
                    "write Redirect as Type, or remove PlatformSSO",
                    findings,
                );
            }
        }
        _ => {}
    }
    let platform = at.below("PlatformSSO");
    if let Some(platform) = &platform {
        platform_sso(platform, target, findings);
    }
    if at.has("RegistrationToken") && !at.has("AuthenticationMethod") {
        let because = "RegistrationToken has no effect without it";
        match platform {
            Some(platform) => platform.need("AuthenticationMethod", because, findings),
            None => at.need("PlatformSSO", because, findings),
        }
    }
}

/// Apple describes its Kerberos extension in a file of its own, with other rules.
fn is_general(payload: &SubjectPayload<'_>) -> bool {
    payload.parts().iter().any(|part| part.name() == TYPE)
}

fn kerberos(at: &At<'_>, findings: &mut Findings) {
    let Some(data) = at.below("ExtensionData") else {
        return;
    };
    if data.has("pwReqComplexity") || data.has("pwReqLength") {
        for key in ["pwReqText", "pwReqRTFData"] {
            let because = "it is shown where neither pwReqComplexity nor pwReqLength is set";
            data.without_effect(key, because, findings);
        }
    }
}

fn platform_sso(at: &At<'_>, target: &Target, findings: &mut Findings) {
    for key in ["EnableCreateUserAtLogin", "EnableAuthorization"] {
        if at.truth(key) == Some(true) && at.truth("UseSharedDeviceKeys") != Some(true) {
            at.conflict(
                key,
                "it takes UseSharedDeviceKeys to be true",
                "write true as UseSharedDeviceKeys, or false here",
                findings,
            );
        }
    }
    let with_access_key = at
        .texts("NewUserAuthenticationMethods")
        .any(|(_, method)| method == "AccessKey");
    if with_access_key {
        for (key, since) in [
            ("AccessKeyReaderGroupIdentifier", OsVersion::new(26, 0, 0)),
            ("AccessKeyTerminalIdentityUUID", OsVersion::new(26, 0, 0)),
            (
                "AccessKeyReaderIssuerCertificateUUID",
                OsVersion::new(26, 2, 0),
            ),
        ] {
            if target.version >= since {
                let because = "NewUserAuthenticationMethods has AccessKey";
                at.need(key, because, findings);
            }
        }
    }
    for policy in POLICIES {
        for (item, period) in [
            ("AllowOfflineGracePeriod", "OfflineGracePeriod"),
            (
                "AllowAuthenticationGracePeriod",
                "AuthenticationGracePeriod",
            ),
        ] {
            if at.texts(policy).any(|(_, said)| said == item) {
                at.need(period, &format!("{policy} has {item}"), findings);
            }
        }
        if at
            .text("AuthenticationMethod")
            .is_some_and(|method| method != "Password")
        {
            at.without_effect(
                policy,
                "it applies where AuthenticationMethod is Password",
                findings,
            );
        }
    }
}

const POLICIES: [&str; 3] = ["FileVaultPolicy", "LoginPolicy", "UnlockPolicy"];

/// URLs, and hosts, of all extensions differ; upper and lower case count the same in hosts.
pub(super) fn unique(subject: &Subject<'_>, findings: &mut Findings) {
    let mut seen: HashMap<(&str, String), String> = HashMap::new();
    for payload in subject.payloads_of_type(TYPE) {
        let at = At::payload(payload);
        let key = match at.text("Type") {
            Some("Redirect") => "URLs",
            Some("Credential") => "Hosts",
            _ => continue,
        };
        for (path, text) in at.texts(key) {
            let folded = match text.split_once("://") {
                Some((scheme, rest)) => {
                    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                    format!("{}://{}{path}", scheme.to_lowercase(), host.to_lowercase())
                }
                None => text.to_lowercase(),
            };
            if let Some(first) = seen.get(&(key, folded.clone())) {
                findings.add(Finding::new(
                    codes::CONFLICTING_KEYS,
                    path,
                    format!("{first} is the same, and only one extension can have it"),
                    "remove one of the two",
                ));
            } else {
                seen.insert((key, folded), path);
            }
        }
    }
}

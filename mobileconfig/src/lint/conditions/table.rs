//! Requirements of the simplest kind: one value of a key asks for another key beside it.

use super::At;
use crate::lint::{Findings, SubjectPayload, Target};
use crate::schema::Part;

/// If `key` has `value` (any, if it is empty), the keys in `needed` stand beside it. `within` is the dictionary of the
/// payload in which they are; empty for the payload itself.
struct Requirement {
    payload_type: &'static str,
    within: &'static str,
    key: &'static str,
    value: &'static str,
    needed: &'static [&'static str],
}

const fn of(
    payload_type: &'static str,
    within: &'static str,
    key: &'static str,
    value: &'static str,
    needed: &'static [&'static str],
) -> Requirement {
    Requirement {
        payload_type,
        within,
        key,
        value,
        needed,
    }
}

const FILTER: &str = "com.apple.webcontent-filter";
const VPN: &str = "com.apple.vpn.managed";
const DNS: &str = "com.apple.dnsSettings.managed";

/// From the texts of the keys in `needed`.
const REQUIREMENTS: [Requirement; 9] = [
    of(
        "com.apple.airplay.security",
        "",
        "SecurityType",
        "PASSWORD",
        &["Password"],
    ),
    of(DNS, "DNSSettings", "DNSProtocol", "HTTPS", &["ServerURL"]),
    of(DNS, "DNSSettings", "DNSProtocol", "TLS", &["ServerName"]),
    of(
        "com.apple.proxy.http.global",
        "",
        "ProxyType",
        "Manual",
        &["ProxyServer", "ProxyServerPort"],
    ),
    of(VPN, "DNS", "DNSProtocol", "HTTPS", &["ServerURL"]),
    of(VPN, "DNS", "DNSProtocol", "TLS", &["ServerName"]),
    of(VPN, "Proxies", "HTTPProxy", "", &["HTTPPort"]),
    of(VPN, "Proxies", "HTTPSProxy", "", &["HTTPSPort"]),
    of(
        FILTER,
        "",
        "FilterType",
        "Plugin",
        &["UserDefinedName", "PluginBundleID"],
    ),
];

pub(super) fn check(payload: &SubjectPayload<'_>, target: &Target, findings: &mut Findings) {
    let payload_type = payload.payload_type().unwrap_or_default();
    for requirement in REQUIREMENTS
        .iter()
        .filter(|requirement| requirement.payload_type == payload_type)
    {
        let at = At::payload(payload);
        let Some(at) = (match requirement.within {
            "" => Some(at),
            within => at.below(within),
        }) else {
            continue;
        };
        if !requirement.applies(&at) {
            continue;
        }
        let because = match requirement.value {
            "" => format!("{} is set", requirement.key),
            value => format!("{} is {value}", requirement.key),
        };
        for key in requirement.needed {
            if is_on(target, &payload.parts(), requirement.within, key) {
                at.need(key, &because, findings);
            }
        }
    }
}

impl Requirement {
    fn applies(&self, at: &At<'_>) -> bool {
        match (at.keys.get(self.key), self.value) {
            (None, _) => false,
            (Some(value), "") => !super::is_empty(value),
            (Some(found), value) => found.as_string() == Some(value),
        }
    }
}

/// Whether the system of the target has the key at all.
fn is_on(target: &Target, parts: &[Part], within: &str, key: &str) -> bool {
    let path = match within {
        "" => key.to_owned(),
        within => format!("{within}/{key}"),
    };
    parts
        .iter()
        .find_map(|part| part.key(&path))
        .is_some_and(|key| {
            let on = key.availability(target.os);
            on.exists && on.introduced.is_none_or(|first| first <= target.version)
        })
}

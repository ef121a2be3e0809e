//! Whether payloads and keys have an effect on the target: system, version, channel, supervision, way of delivery.

use std::collections::HashSet;

use plist::Value;

use super::{
    Channel, Code, Delivery, Finding, Findings, Rule, Subject, SubjectPayload, Target, codes,
    codes_of,
};
use crate::keys;
use crate::schema::{Availability, Key, Os, Part};

pub(super) struct Place;

impl Rule for Place {
    fn codes(&self) -> Vec<Code> {
        codes_of![
            PAYLOAD_NOT_ON_OS,
            NOT_YET_ON_OS,
            DEPRECATED,
            REMOVED,
            WRONG_CHANNEL,
            SCOPE_AGAINST_CHANNEL,
            NEEDS_SUPERVISION,
            NEEDS_USER_APPROVED_MDM,
            NEEDS_MDM,
            ONLY_ONE_ALLOWED,
            WRONG_DEVICE_TYPE,
        ]
    }

    fn check(&self, subject: &Subject<'_>, findings: &mut Findings) {
        scope(subject, findings);
        device_type(subject, findings);
        let channel = channel(subject);
        let mut seen = HashSet::new();
        for payload in subject.payloads() {
            for part in parts_in_use(payload) {
                let on = part.availability(subject.target().os);
                let again = !seen.insert(part.name());
                if on.multiple == Some(false) && again {
                    findings.add(Finding::new(
                        codes::ONLY_ONE_ALLOWED,
                        payload.path(),
                        format!(
                            "a device takes one payload of {}, and this is another",
                            part.name()
                        ),
                        "put the keys into one payload",
                    ));
                }
                check_payload(payload, part, on, subject.target(), channel, findings);
            }
        }
    }
}

/// The parts of the schema that the payload has keys of: several only for a type that Apple describes in several files.
fn parts_in_use(payload: &SubjectPayload<'_>) -> Vec<Part> {
    let parts = payload.parts();
    if parts.len() < 2 {
        return parts;
    }
    let mut used: Vec<Part> = Vec::new();
    for name in payload.keys().keys() {
        let part = parts
            .iter()
            .find(|part| part.keys().any(|key| key.name() == name));
        used.extend(part.filter(|part| used.iter().all(|other| other.name() != part.name())));
    }
    used
}

fn check_payload(
    payload: &SubjectPayload<'_>,
    part: Part,
    on: Availability,
    target: &Target,
    channel: Option<Channel>,
    findings: &mut Findings,
) {
    let (what, path) = (part.name(), payload.path());
    if !age(on, target, what, &path, codes::PAYLOAD_NOT_ON_OS, findings) {
        return;
    }
    if on.supervised == Some(true) && !target.supervised {
        findings.add(Finding::new(
            codes::NEEDS_SUPERVISION,
            path.as_str(),
            format!("{what} takes a supervised device"),
            "send it to supervised devices only",
        ));
    }
    if on.manual_install == Some(false) && target.delivery == Delivery::Manual {
        findings.add(Finding::new(
            codes::NEEDS_MDM,
            path.as_str(),
            format!("{what} cannot be installed by hand"),
            "let an MDM server send it",
        ));
    } else if on.user_approved_mdm == Some(true) && target.delivery != Delivery::UserApprovedMdm {
        findings.add(Finding::new(
            codes::NEEDS_USER_APPROVED_MDM,
            path.as_str(),
            format!("{what} takes an MDM enrolment that the user approved, or an automated one"),
            "have the enrolment approved first",
        ));
    }
    let (refused, name, other) = match channel {
        Some(Channel::Device) => (on.device_channel, "device", "user"),
        Some(Channel::User) => (on.user_channel, "user", "device"),
        None => return,
    };
    if refused == Some(false) {
        findings.add(Finding::new(
            codes::WRONG_CHANNEL,
            path,
            format!("{what} has no effect for the {name} (the {name} channel, or the PayloadScope of a profile installed by hand)"),
            format!("put it into a profile for the {other}"),
        ));
    }
}

/// What a key's surroundings have settled already.
#[derive(Clone, Copy)]
pub(super) struct Here<'a> {
    target: &'a Target,
    /// The payload or a key above is not on the system.
    absent: bool,
    /// The payload as a whole takes a supervised device.
    supervised: bool,
}

impl<'a> Here<'a> {
    pub(super) fn new(target: &'a Target) -> Self {
        Self {
            target,
            absent: false,
            supervised: false,
        }
    }

    pub(super) fn in_payload(target: &'a Target, payload: &SubjectPayload<'_>) -> Self {
        let parts: Vec<_> = payload
            .parts()
            .iter()
            .map(|part| part.availability(target.os))
            .collect();
        Self {
            target,
            absent: !parts.is_empty() && parts.iter().all(|on| !is_there(*on, target)),
            supervised: parts.iter().any(|on| on.supervised == Some(true)),
        }
    }
}

impl Here<'_> {
    /// Whether the system has a key of a payload that it has; a key that it lacks is not due either.
    pub(super) fn has(&self, key: Key) -> bool {
        let stated = key.stated(self.target.os);
        self.absent || stated.is_none_or(|on| is_there(on, self.target))
    }
}

/// Whether a key has an effect; false if its value does not matter.
pub(super) fn key(key: Key, here: &mut Here<'_>, path: &str, findings: &mut Findings) -> bool {
    let target = here.target;
    let Some(on) = key.stated(target.os).filter(|_| !here.absent) else {
        return true;
    };
    let name = key.name();
    if !age(on, target, name, path, codes::KEY_NOT_ON_OS, findings) {
        return false;
    }
    if on.supervised == Some(true) && !target.supervised && !here.supervised {
        findings.add(Finding::new(
            codes::KEY_NEEDS_SUPERVISION,
            path,
            format!("{name} takes a supervised device; others ignore it"),
            "send it to supervised devices only",
        ));
        here.supervised = true;
    }
    if on.manual_install == Some(false) && target.delivery == Delivery::Manual {
        findings.add(Finding::new(
            codes::KEY_NEEDS_MDM,
            path,
            format!("{name} has no effect in a profile that is installed by hand"),
            "let an MDM server send it",
        ));
    }
    let (effect, channel) = match target.channel {
        Channel::Device => (on.device_channel, "device"),
        Channel::User => (on.user_channel, "user"),
    };
    if effect == Some(false) && target.delivery != Delivery::Manual {
        findings.add(Finding::new(
            codes::KEY_WRONG_CHANNEL,
            path,
            format!("{name} has no effect over the {channel} channel"),
            "send it over the other channel",
        ));
    }
    true
}

/// Compares versions; false if the system does not have it.
fn age(
    on: Availability,
    target: &Target,
    what: &str,
    path: &str,
    never: Code,
    findings: &mut Findings,
) -> bool {
    let (os, version) = (target.os, target.version);
    let finding = if !on.exists {
        Finding::new(
            never,
            path,
            format!("{os} does not have {what} and ignores it"),
            "leave it out for this system",
        )
    } else if let Some(introduced) = on.introduced.filter(|introduced| *introduced > version) {
        Finding::new(
            codes::NOT_YET_ON_OS,
            path,
            format!("{what} came with {os} {introduced}; {version} ignores it"),
            format!("send it to {os} {introduced} and later"),
        )
    } else if let Some(removed) = on.removed.filter(|removed| *removed <= version) {
        Finding::new(
            codes::REMOVED,
            path,
            format!("{os} {removed} removed {what}; {version} ignores it"),
            "leave it out for this version",
        )
    } else {
        if let Some(deprecated) = on.deprecated.filter(|deprecated| *deprecated <= version) {
            findings.add(Finding::new(
                codes::DEPRECATED,
                path,
                format!("{what} is deprecated since {os} {deprecated}"),
                "look for what replaces it, before it is removed",
            ));
        }
        return true;
    };
    findings.add(finding);
    false
}

fn is_there(on: Availability, target: &Target) -> bool {
    on.exists
        && on
            .introduced
            .is_none_or(|introduced| introduced <= target.version)
        && on.removed.is_none_or(|removed| removed > target.version)
}

/// Whom the payloads are for: the channel of MDM; by hand what `PayloadScope` says. Nothing is known of a profile by hand
/// without `PayloadScope`.
fn channel(subject: &Subject<'_>) -> Option<Channel> {
    match subject.target().delivery {
        _ if subject.target().os != Os::MacOs => None,
        Delivery::Manual => scope_of(subject),
        _ => Some(subject.target().channel),
    }
}

fn scope_of(subject: &Subject<'_>) -> Option<Channel> {
    match subject.profile().get(keys::SCOPE)?.as_string()? {
        "System" => Some(Channel::Device),
        "User" => Some(Channel::User),
        _ => None,
    }
}

fn scope(subject: &Subject<'_>, findings: &mut Findings) {
    let (Some(scope), Some(channel)) = (scope_of(subject), channel(subject)) else {
        return;
    };
    let (said, fitting, channel_name) = match channel {
        Channel::Device => ("User", "System", "device"),
        Channel::User => ("System", "User", "user"),
    };
    if scope != channel {
        findings.add(Finding::new(
            codes::SCOPE_AGAINST_CHANNEL,
            keys::SCOPE,
            format!("the profile says {said} and is meant for the {channel_name} channel"),
            format!("write {fitting}, or send it over the other channel"),
        ));
    }
}

/// `TargetDeviceType`: 0 is any.
fn device_type(subject: &Subject<'_>, findings: &mut Findings) {
    const KEY: &str = "TargetDeviceType";
    let fitting = match subject.target().os {
        Os::Ios => [1, 1],
        Os::WatchOs => [2, 2],
        // A HomePod runs a form of tvOS.
        Os::TvOs => [3, 4],
        Os::MacOs => [5, 5],
        Os::VisionOs => [6, 6],
    };
    let named = subject
        .profile()
        .get(KEY)
        .and_then(Value::as_signed_integer);
    let is_device = |number: &i64| (1..=6).contains(number) && !fitting.contains(number);
    if let Some(number) = named.filter(is_device) {
        findings.add(Finding::new(
            codes::WRONG_DEVICE_TYPE,
            KEY,
            format!(
                "{number} is another kind of device than one with {}",
                subject.target().os
            ),
            format!("write {}, or leave it out", fitting[1]),
        ));
    }
}

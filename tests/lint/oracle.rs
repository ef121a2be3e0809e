//! Every payload type, every key and every mistake that Apple's schema lets one make, as an oracle reads it.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use device_trust_tests::{oracle, reference, run};
use mobileconfig::lint::{Channel, Finding, Linter, Severity, Target, codes};
use serde_json::Value;

use crate::{read, year};

/// What is found in a profile that is right, and why that cannot be otherwise: file, key, code, reason.
const UNAVOIDABLE: &[(&str, &str, &str, &str)] = &[
    (
        "TopLevel",
        "EncryptedPayloadContent",
        "payloads-encrypted",
        ENCRYPTED,
    ),
    (
        PRIVACY,
        "AEReceiverIdentifier",
        "key-without-effect",
        RECEIVER,
    ),
    (
        PRIVACY,
        "AEReceiverIdentifierType",
        "key-without-effect",
        RECEIVER,
    ),
    (
        PRIVACY,
        "AEReceiverCodeRequirement",
        "key-without-effect",
        RECEIVER,
    ),
    ("com.apple.airplay", "DeviceID", "deprecated", DEVICE_ID),
    ("com.apple.airplay", "Whitelist", "deprecated", WHITELIST),
    (
        "com.apple.systempreferences",
        "PayloadContent[0]",
        "deprecated",
        SETTINGS,
    ),
    (
        "com.apple.apn.managed",
        "password",
        "secret-in-clear",
        BYTES,
    ),
    (
        "com.apple.vpn.managed",
        "SharedSecret",
        "secret-in-clear",
        BYTES,
    ),
    (
        "com.apple.system.logging",
        "Processes",
        "key-not-on-os",
        NOWHERE,
    ),
    (
        "com.apple.system.logging",
        "Subsystems",
        "key-not-on-os",
        NOWHERE,
    ),
    (
        "com.apple.system.logging",
        "System",
        "key-not-on-os",
        NOWHERE,
    ),
];

/// How many mistakes of each kind the schema allows at least, so that no kind stops being made unnoticed.
const MISTAKES: &[(&str, usize)] = &[
    ("above range", 38),
    ("array", 1928),
    ("array of integers", 6),
    ("below range", 39),
    ("boolean", 1590),
    ("count", 8),
    ("data", 2183),
    ("date", 2205),
    ("dictionary", 2037),
    ("format", 19),
    ("integer", 1996),
    ("needed", 37),
    ("not allowed", 312),
    ("number 0", 618),
    ("number 1", 618),
    ("real", 2198),
    ("removed", 324),
    ("string", 1303),
    ("whole real", 202),
];

const PRIVACY: &str = "com.apple.TCC.configuration-profile-policy";
const ENCRYPTED: &str = "encrypted payloads are the point of the key";
const RECEIVER: &str = "the schema has the key in every service, and its text only for AppleEvents";
const DEVICE_ID: &str =
    "the key beside it that is required came with the version that deprecated this";
const WHITELIST: &str = "the key in it came with macOS 15, when the list had long been deprecated";
const SETTINGS: &str = "the key came with macOS 13, which deprecated the payload";
const BYTES: &str = "the secret is data, which no server fills in";
const NOWHERE: &str = "the schema has the key on no system";

/// A profile without a mistake, what is found in it all the same, and where it is at home.
struct Good {
    part: String,
    known: Vec<Place>,
    target: Target,
}

/// Code and path.
type Place = (String, String);

#[test]
fn each_mistake_that_the_schema_allows_to_make_gives_exactly_its_finding() {
    let (Some(reference), Some(mut oracle)) = (reference(), oracle("schema_instances.py")) else {
        return;
    };
    let certificate =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../mobileconfig/tests/data/ca.pem");
    let made = run(oracle.arg(reference.join("apple")).arg(certificate));
    let linter = Linter::new();
    let mut tally = Tally::default();
    let mut good = None;
    for line in made.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().unwrap_or_default();
        let lint = |name: &str, target: &Target| {
            linter.lint_plist(&read(&STANDARD.decode(text(name)).unwrap()), target)
        };
        if line.get("good").is_some() {
            let target = target(&line["target"]);
            let known: Vec<_> = lint("good", &target).iter().map(place).collect();
            tally.good(text("type"), text("part"), text("path"), &known);
            good = Some(Good {
                part: text("part").to_owned(),
                known,
                target,
            });
            continue;
        }
        let good = good.as_ref().unwrap();
        let due = Due {
            code: text("code"),
            path: text("path"),
            severity: text("severity"),
        };
        tally.bad(text("what"), good, &due, &lint("bad", &good.target));
    }
    tally.end();
}

/// What one mistake must give.
struct Due<'a> {
    code: &'a str,
    path: &'a str,
    /// Empty for that of the code.
    severity: &'a str,
}

#[derive(Default)]
struct Tally {
    types: BTreeSet<String>,
    parts: BTreeSet<String>,
    keys: usize,
    mistakes: BTreeMap<String, usize>,
    used: BTreeSet<usize>,
    wrong: Vec<String>,
}

impl Tally {
    fn good(&mut self, payload_type: &str, part: &str, path: &str, found: &[Place]) {
        self.types.insert(payload_type.to_owned());
        // The first line of a file is the minimal instance, the others have a key more each.
        if !self.parts.insert(part.to_owned()) {
            self.keys += 1;
        }
        for (code, place) in found {
            let known = UNAVOIDABLE.iter().position(|(file, key, known, _)| {
                (*file, *known) == (part, code) && place.rsplit('.').next() == Some(key)
            });
            match known {
                Some(index) => {
                    self.used.insert(index);
                }
                None => self.wrong.push(format!(
                    "{part}: right with {path}, found {code} at {place}"
                )),
            }
        }
    }

    fn bad(&mut self, what: &str, good: &Good, due: &Due<'_>, found: &[Finding]) {
        *self.mistakes.entry(what.to_owned()).or_default() += 1;
        // What is known of this very place gives way to the mistake, but for the age of the key; where the system does not
        // have the key, nobody looks at its value.
        let never = ("key-not-on-os".to_owned(), due.path.to_owned());
        let mut expected: Vec<Place> = if good.known.contains(&never) {
            good.known.clone()
        } else {
            let stays = |(code, path): &&Place| path != due.path || code == "deprecated";
            good.known
                .iter()
                .filter(stays)
                .cloned()
                .chain([(due.code.to_owned(), due.path.to_owned())])
                .collect()
        };
        let mut places: Vec<_> = found.iter().map(place).collect();
        expected.sort();
        places.sort();
        let severity = found
            .iter()
            .find(|finding| finding.code == due.code)
            .map(|finding| finding.severity);
        if places != expected || severity.is_some_and(|severity| severity != due.severity()) {
            let Good { part, .. } = good;
            self.wrong.push(format!(
                "{part}, {what}: {expected:?} is due, found {places:?}"
            ));
        }
    }

    #[track_caller]
    fn end(self) {
        let total: usize = self.mistakes.values().sum();
        let said = format!(
            "{} files on {} types, {} keys, {total} mistakes: {:#?}\n",
            self.parts.len(),
            self.types.len(),
            self.keys,
            self.mistakes
        );
        std::io::stderr().write_all(said.as_bytes()).unwrap();
        assert!(
            self.wrong.is_empty(),
            "{} are wrong:\n{}",
            self.wrong.len(),
            self.wrong[..self.wrong.len().min(25)].join("\n")
        );
        let stale = (0..UNAVOIDABLE.len()).find(|index| !self.used.contains(index));
        assert_eq!(stale.map(|index| UNAVOIDABLE[index]), None);
        // 120 payload types in 126 files, the keys of the profile and those that all payloads share.
        assert_eq!((self.types.len(), self.parts.len()), (122, 128));
        assert!(self.keys > 2_200, "{said}");
        for (kind, least) in MISTAKES {
            let made = self.mistakes.get(*kind).copied().unwrap_or_default();
            assert!(made >= *least, "{kind}: {made} of at least {least}");
        }
        let kinds: Vec<_> = self.mistakes.keys().map(String::as_str).collect();
        let known: Vec<_> = MISTAKES.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, known, "each kind has its least number");
    }
}

impl Due<'_> {
    fn severity(&self) -> Severity {
        match self.severity {
            "warning" => Severity::Warning,
            "error" => Severity::Error,
            _ => {
                let mut all = codes::ALL.iter();
                all.find(|code| code.id == self.code).unwrap().severity
            }
        }
    }
}

fn target(described: &Value) -> Target {
    let text = |name: &str| described[name].as_str().unwrap();
    let target: Target = format!("{}-{}", text("os"), text("version"))
        .parse()
        .unwrap();
    let channel = if text("channel") == "user" {
        Channel::User
    } else {
        Channel::Device
    };
    target.channel(channel).supervised(true).at(year(2030))
}

fn place(finding: &Finding) -> Place {
    (finding.code.to_owned(), finding.path.clone())
}

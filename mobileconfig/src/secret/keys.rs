//! Apple's keys that hold secrets, and those that only sound like it.
//!
//! Apple's schema has no flag for secrets, so the list is ours. A test walks the schema: each key here exists in it, and each text, data,
//! dictionary or array in it whose name sounds like a secret is here, so that a new version of the schema asks for a
//! decision.

use std::sync::OnceLock;

use Decision::{Open, Sealed, Secret};

use super::name;
use crate::spelling::nearest;

/// What is known of a key of Apple's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It holds a secret, and so does all below it.
    Secret,
    /// It holds a secret that a password protects, which stands under another key or in none.
    Sealed,
    /// It sounds like a secret and is none.
    Open,
}

/// By payload type: key paths below the payload, with `/` between the names and `*` for any name and for the items of an
/// array.
const DECIDED: &[(&str, Decision, &[&str])] = &[
    ("com.apple.AIM.account", Secret, &["AIMPassword"]),
    ("com.apple.DirectoryService.managed", Secret, &["Password"]),
    ("com.apple.MCX.FileVault2", Secret, &["Password"]),
    (
        "com.apple.TCC.configuration-profile-policy",
        Open,
        &["Services/*/*/Authorization"],
    ),
    ("com.apple.airplay", Secret, &["Passwords/*/Password"]),
    ("com.apple.airplay", Open, &["Passwords", "Passwords/*"]),
    ("com.apple.airplay.security", Secret, &["Password"]),
    (
        "com.apple.apn.managed",
        Secret,
        &["DefaultsData/apns/*/password"],
    ),
    ("com.apple.caldav.account", Secret, &["CalDAVPassword"]),
    ("com.apple.carddav.account", Secret, &["CardDAVPassword"]),
    (
        "com.apple.cellular",
        Secret,
        &["AttachAPN/Password", "APNs/*/Password"],
    ),
    (
        "com.apple.configurationprofile.identification",
        Secret,
        &["PayloadIdentification/Password"],
    ),
    (
        "com.apple.domains",
        Open,
        &[
            "SafariPasswordAutoFillDomains",
            "SafariPasswordAutoFillDomains/*",
        ],
    ),
    (
        "com.apple.eas.account",
        Secret,
        &["Password", "CertificatePassword"],
    ),
    ("com.apple.eas.account", Sealed, &["Certificate"]),
    ("com.apple.eas.account", Open, &["OAuthTokenRequestURL"]),
    ("com.apple.education", Open, &["Users/*/PasscodeType"]),
    ("com.apple.ews.account", Secret, &["Password"]),
    ("com.apple.extensiblesso", Secret, &["RegistrationToken"]),
    (
        "com.apple.extensiblesso",
        Open,
        &[
            "ExtensionData/credentialBundleIdACL",
            "ExtensionData/credentialBundleIdACL/*",
            "ExtensionData/credentialUseMode",
            "PlatformSSO/AccessKeyReaderGroupIdentifier",
            "PlatformSSO/AccessKeyReaderIssuerCertificateUUID",
            "PlatformSSO/AccessKeyTerminalIdentityUUID",
            "PlatformSSO/TokenToUserMapping",
        ],
    ),
    ("com.apple.jabber.account", Secret, &["JabberPassword"]),
    ("com.apple.ldap.account", Secret, &["LDAPAccountPassword"]),
    ("com.apple.loginwindow", Secret, &["AutologinPassword"]),
    (
        "com.apple.mail.managed",
        Secret,
        &["IncomingPassword", "OutgoingPassword"],
    ),
    (
        "com.apple.mobiledevice.passwordpolicy",
        Open,
        &[
            "customRegex/passwordContentRegex",
            "customRegex/passwordContentDescription",
        ],
    ),
    ("com.apple.osxserver.account", Secret, &["Password"]),
    (
        "com.apple.profileRemovalPassword",
        Secret,
        &["RemovalPassword"],
    ),
    ("com.apple.proxy.http.global", Secret, &["ProxyPassword"]),
    (
        "com.apple.relay.managed",
        Secret,
        &["Relays/*/AdditionalHTTPHeaderFields"],
    ),
    ("com.apple.security.acme", Secret, &["ClientIdentifier"]),
    ("com.apple.security.pkcs12", Secret, &["Password"]),
    ("com.apple.security.pkcs12", Sealed, &["PayloadContent"]),
    (
        "com.apple.security.scep",
        Secret,
        &["PayloadContent/Challenge"],
    ),
    (
        "com.apple.subscribedcalendar.account",
        Secret,
        &["SubCalAccountPassword"],
    ),
    (
        "com.apple.vpn.managed",
        Secret,
        &[
            "IKEv2/AuthPassword",
            "IKEv2/Password",
            "IKEv2/SharedSecret",
            "IPSec/SharedSecret",
            "IPSec/XAuthPassword",
            "PPP/AuthPassword",
            "Proxies/HTTPProxyPassword",
            "TransparentProxy/Password",
            "VPN/Password",
        ],
    ),
    (
        "com.apple.vpn.managed",
        Open,
        &["IPSec/XAuthPasswordEncryption"],
    ),
    ("com.apple.webcontent-filter", Secret, &["Password"]),
    (
        "com.apple.wifi.managed",
        Secret,
        &[
            "EAPClientConfiguration/UserPassword",
            "Password",
            "ProxyPassword",
        ],
    ),
    (
        "com.apple.wifi.managed",
        Open,
        &["EAPClientConfiguration/SystemModeCredentialsSource"],
    ),
    ("com.apple.xsan", Secret, &["sharedSecret"]),
];

/// What is decided of the key of this payload type whose path `is_at` knows.
pub(super) fn decision(payload_type: &str, is_at: impl Fn(&str) -> bool) -> Option<Decision> {
    DECIDED
        .iter()
        .filter(|(of, ..)| of.eq_ignore_ascii_case(payload_type))
        .find(|(_, _, paths)| paths.iter().any(|path| is_at(path)))
        .map(|(_, decision, _)| *decision)
}

/// What is decided of keys of this name wherever they stand, for places whose payload type is not known: a secret if one type
/// has it as a secret, open if all that decide have it as open.
pub(super) fn decision_anywhere(name: &str) -> Option<Decision> {
    let has_name = |path: &&str| path.rsplit('/').next() == Some(name);
    let of_name = |wanted: Decision| {
        DECIDED
            .iter()
            .filter(|(_, _, paths)| paths.iter().any(has_name))
            .any(|(_, decision, _)| *decision == wanted)
    };
    // An item of an array has no name of its own.
    if name != "*" && of_name(Secret) {
        Some(Secret)
    } else if of_name(Open) && !of_name(Sealed) && !of_name(Secret) {
        Some(Open)
    } else {
        None
    }
}

/// True if a key that nothing is decided of is probably a slip of one that holds a secret: of the payload type, of the type that
/// this one is [`meant`] for, or, where its name says so or no payload type is known, of any.
pub(super) fn is_slip_of_secret(
    payload_type: Option<&str>,
    meant: Option<&str>,
    key: &str,
) -> bool {
    // No slip is that long.
    if key.len() > 64 {
        return false;
    }
    let any = &secret_names()[usize::from(payload_type.is_some())];
    nearest(key, any.iter().copied()).is_some() || nearest(key, names_in(meant)).is_some()
}

/// True if the key of a payload type that is a slip of one in the list has the very name of a secret of that type.
pub(super) fn is_secret_of_slipped_type(
    payload_type: &str,
    meant: Option<&str>,
    key: &str,
) -> bool {
    meant.is_some_and(|meant| !meant.eq_ignore_ascii_case(payload_type))
        && names_in(meant).any(|name| name == key)
}

/// The payload type of the list that is written so, or nearly so.
pub(super) fn meant(payload_type: &str) -> Option<&'static str> {
    let types = || DECIDED.iter().map(|(of, ..)| *of);
    types()
        .find(|of| of.eq_ignore_ascii_case(payload_type))
        .or_else(|| {
            (payload_type.len() <= 128)
                .then(|| nearest(payload_type, types()))
                .flatten()
        })
}

/// The names of the secrets of a payload type.
fn names_in(payload_type: Option<&str>) -> impl Iterator<Item = &'static str> {
    static OF_TYPES: OnceLock<Vec<(&str, &str)>> = OnceLock::new();
    let all = OF_TYPES.get_or_init(|| {
        DECIDED
            .iter()
            .filter(|(_, decision, _)| *decision == Secret)
            .flat_map(|(of, _, paths)| paths.iter().map(|path| (*of, last(path))))
            .collect()
    });
    all.iter()
        .filter(move |(of, _)| Some(*of) == payload_type)
        .map(|(_, name)| *name)
}

/// The names of all secrets, each once, and those of them that say so.
fn secret_names() -> &'static [Vec<&'static str>; 2] {
    static NAMES: OnceLock<[Vec<&str>; 2]> = OnceLock::new();
    NAMES.get_or_init(|| {
        let mut names: Vec<_> = DECIDED
            .iter()
            .filter(|(_, decision, _)| *decision == Secret)
            .flat_map(|(_, _, paths)| paths.iter().map(|path| last(path)))
            .collect();
        names.sort_unstable();
        names.dedup();
        let telling = names
            .iter()
            .copied()
            .filter(|known| name::is_secret(known))
            .collect();
        [names, telling]
    })
}

fn last(path: &'static str) -> &'static str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(all(test, feature = "lint"))]
mod tests {
    use super::*;
    use crate::schema::{Key, Kind, PayloadType, Schema};

    /// Every key of a payload type, once.
    fn all_keys(payload: PayloadType) -> Vec<Key> {
        fn below(key: Key, keys: &mut Vec<Key>) {
            if key.recursion().is_none() {
                key.keys().for_each(|key| below(key, keys));
            }
            keys.push(key);
        }
        let mut keys = Vec::new();
        payload.keys().for_each(|key| below(key, &mut keys));
        keys
    }

    fn is_at(path: &str, pattern: &str) -> bool {
        let (names, pattern): (Vec<_>, Vec<_>) =
            (path.split('/').collect(), pattern.split('/').collect());
        names.len() == pattern.len()
            && names
                .iter()
                .zip(pattern)
                .all(|(name, part)| part == "*" || *name == part)
    }

    #[test]
    fn each_key_in_the_list_exists_and_can_hold_a_secret() {
        for (payload_type, decision, paths) in DECIDED {
            let payload = Schema::apple().payload(payload_type);
            let keys = all_keys(payload.unwrap_or_else(|| panic!("{payload_type}")));
            for path in *paths {
                let found: Vec<_> = keys.iter().filter(|key| is_at(&key.path(), path)).collect();
                assert!(!found.is_empty(), "{payload_type} {path}");
                for key in found {
                    assert!(can_hold_a_text(key), "{payload_type} {path}");
                    // Keys that do not sound like secrets need no entry to say so.
                    assert!(
                        *decision != Open || name::is_secret(key.name()) || path.ends_with("/*"),
                        "{payload_type} {path}"
                    );
                }
            }
        }
    }

    #[test]
    fn each_key_of_apples_that_sounds_like_a_secret_is_decided() {
        let mut undecided = Vec::new();
        for payload in Schema::apple().payloads() {
            for key in all_keys(payload) {
                let path = key.path();
                let decided = || decision(payload.name(), |pattern| is_at(&path, pattern));
                if can_hold_a_text(&key) && name::is_secret(key.name()) && decided().is_none() {
                    undecided.push(format!("{} {path}", payload.name()));
                }
            }
        }
        assert!(
            undecided.is_empty(),
            "say in DECIDED whether these are secrets: {undecided:#?}"
        );
        for key in Schema::apple().top_level().chain(Schema::apple().common()) {
            assert!(!name::is_secret(key.name()), "{key:?}");
        }
    }

    #[test]
    fn no_key_of_apples_passes_for_a_slip_of_a_secret() {
        let mut mistaken = Vec::new();
        for payload in Schema::apple().payloads() {
            for key in all_keys(payload) {
                let (of, path) = (payload.name(), key.path());
                let decided = decision(of, |pattern| is_at(&path, pattern)).is_some();
                let slip = is_slip_of_secret(Some(of), meant(of), key.name())
                    || is_secret_of_slipped_type(of, meant(of), key.name());
                if can_hold_a_text(&key) && !decided && slip {
                    mistaken.push(format!("{of} {path}"));
                }
            }
        }
        assert!(mistaken.is_empty(), "{mistaken:#?}");
        for key in Schema::apple().top_level().chain(Schema::apple().common()) {
            assert!(!is_slip_of_secret(None, None, key.name()), "{key:?}");
        }
    }

    fn can_hold_a_text(key: &Key) -> bool {
        !matches!(
            key.kind(),
            Kind::Integer | Kind::Real | Kind::Boolean | Kind::Date
        )
    }

    #[test]
    fn a_name_is_innocent_everywhere_only_if_it_never_holds_a_secret() {
        assert_eq!(decision_anywhere("TokenToUserMapping"), Some(Open));
        assert_eq!(decision_anywhere("Password"), Some(Secret));
        assert_eq!(decision_anywhere("ClientIdentifier"), Some(Secret));
        assert_eq!(decision_anywhere("PayloadContent"), None);
        assert_eq!(decision_anywhere("Elsewhere"), None);
    }
}

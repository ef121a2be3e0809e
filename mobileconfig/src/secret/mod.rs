//! Which values of a profile are secrets: the one answer that redaction, diff and lint share.
//!
//! For Apple's keys the list in [`keys`] decides, by payload type and key path. For other keys, which the schema does not
//! have, the name does, as a heuristic: it sounds like a secret, or is a slip of a key in the list. A text under an innocent key is a secret if it is what an `Authorization` header
//! holds, and in part if it is a URL with credentials. Numbers are secrets only under the keys of the list; booleans and dates
//! never are.

mod keys;
mod name;
mod text;

use plist::Value;

use keys::Decision;

/// Where a value stands in a profile.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    payload_type: Option<&'a str>,
    /// The type in the list that this is, or is a slip of.
    meant: Option<&'a str>,
    /// The key above; the chain of them is the key path.
    above: Option<&'a Self>,
    name: &'a str,
    secret: bool,
    /// A secret by the list, whatever kind of value it is.
    listed: bool,
    sealed: bool,
}

/// What a value gives away.
#[derive(Debug, PartialEq)]
pub(crate) enum Exposure {
    /// Nothing.
    None,
    /// All of it is a secret.
    Whole,
    /// All of it, but it is under a password of its own.
    Sealed,
    /// It holds URLs, here without their user part and query; `credentials` if these certainly hold a password or key.
    Url { shown: String, credentials: bool },
}

/// What is shown in place of a secret.
pub(crate) const MASK: &str = "[redacted]";

/// Stands for an item of an array, whatever the schema calls it.
const ITEM: &str = "*";

impl<'a> Place<'a> {
    /// The keys of a payload of this type.
    pub(crate) fn payload(payload_type: &'a str) -> Self {
        Self {
            payload_type: Some(payload_type),
            meant: keys::meant(payload_type),
            ..Self::outside()
        }
    }

    /// Keys of no payload type in particular, where names decide.
    pub(crate) fn outside() -> Self {
        Self {
            payload_type: None,
            meant: None,
            above: None,
            name: "",
            secret: false,
            listed: false,
            sealed: false,
        }
    }

    /// A key of the dictionary that stands here.
    pub(crate) fn key(&'a self, key: &'a str) -> Self {
        let mut place = Self {
            above: Some(self),
            name: key,
            ..*self
        };
        match place.decision() {
            Some(Decision::Secret) => (place.secret, place.listed) = (true, true),
            Some(Decision::Sealed) => place.sealed = true,
            Some(Decision::Open) => {}
            None => place.secret = place.secret || name::is_secret(key) || place.is_slip(),
        }
        place
    }

    /// An item of the array that stands here.
    pub(crate) fn item(&'a self) -> Self {
        let mut place = Self {
            above: Some(self),
            name: ITEM,
            ..*self
        };
        let listed = place.decision() == Some(Decision::Secret);
        place.secret |= listed;
        place.listed |= listed;
        place
    }

    /// Here, where the type of a field says that it is a secret.
    pub(crate) fn declared(self, secret: bool) -> Self {
        Self {
            secret: self.secret || secret,
            ..self
        }
    }

    /// What `value`, which stands here, gives away. For a dictionary or an array that is to be asked of what is in it.
    pub(crate) fn exposure(&self, value: &Value) -> Exposure {
        match value {
            Value::String(_) | Value::Data(_) if self.secret => Exposure::Whole,
            Value::String(_) | Value::Data(_) if self.sealed => Exposure::Sealed,
            Value::Integer(_) | Value::Real(_) if self.listed => Exposure::Whole,
            Value::String(text) if text::is_authorization(text) => Exposure::Whole,
            Value::String(text) => text::without_credentials(text),
            _ => Exposure::None,
        }
    }

    fn decision(&self) -> Option<Decision> {
        match self.payload_type {
            Some(payload_type) => keys::decision(payload_type, |path| self.is_at(path)),
            None => keys::decision_anywhere(self.name),
        }
    }

    /// Whether the key, or the payload type, is a slip of one of the list. A slip must not bring a secret to light.
    fn is_slip(&self) -> bool {
        keys::is_slip_of_secret(self.payload_type, self.meant, self.name)
            || self
                .payload_type
                .is_some_and(|of| keys::is_secret_of_slipped_type(of, self.meant, self.name))
    }

    /// Whether the key path is this one. In `path` too, `*` stands for any name.
    fn is_at(&self, path: &str) -> bool {
        let mut place = Some(self);
        for name in path.rsplit('/') {
            match place {
                Some(at) if at.above.is_some() && (name == ITEM || at.name == name) => {
                    place = at.above;
                }
                _ => return false,
            }
        }
        place.is_some_and(|root| root.above.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exposure(payload_type: &str, path: &[&str], value: impl Into<Value>) -> Exposure {
        fn below(place: Place<'_>, path: &[&str], value: &Value) -> Exposure {
            match path {
                [] => place.exposure(value),
                [ITEM, rest @ ..] => below(place.item(), rest, value),
                [key, rest @ ..] => below(place.key(key), rest, value),
            }
        }
        let place = if payload_type.is_empty() {
            Place::outside()
        } else {
            Place::payload(payload_type)
        };
        below(place, path, &value.into())
    }

    #[test]
    fn a_key_of_apples_is_a_secret_by_its_path() {
        let acme = "com.apple.security.acme";
        assert_eq!(exposure(acme, &["ClientIdentifier"], "x"), Exposure::Whole);
        assert_eq!(
            exposure(acme, &["Attributes", "ClientIdentifier"], "x"),
            Exposure::None
        );
        let header = ["Relays", ITEM, "AdditionalHTTPHeaderFields", "X-Any"];
        assert_eq!(
            exposure("com.apple.relay.managed", &header, "x"),
            Exposure::Whole
        );
        assert_eq!(
            exposure(
                "com.apple.airplay",
                &["Passwords", ITEM, "DeviceName"],
                "Hall"
            ),
            Exposure::None
        );
        assert_eq!(
            exposure("com.apple.airplay", &["Passwords", ITEM, "Password"], "x"),
            Exposure::Whole
        );
        let identity = Value::Data(vec![0x30]);
        assert_eq!(
            exposure("com.apple.security.pkcs12", &["PayloadContent"], identity),
            Exposure::Sealed
        );
    }

    #[test]
    fn a_key_of_nobodys_is_a_secret_by_its_name_and_so_is_all_below_it() {
        for (payload_type, path) in [
            ("org.example.app", &["auth_key"][..]),
            ("org.example.app", &["Credentials", "user"]),
            ("org.example.app", &["Secrets", ITEM]),
            (
                "com.apple.extensiblesso",
                &["ExtensionData", "client_secret"],
            ),
            ("", &["header"]),
        ] {
            assert_eq!(
                exposure(payload_type, path, "x"),
                Exposure::Whole,
                "{path:?}"
            );
        }
        assert_eq!(
            exposure("com.apple.extensiblesso", &["ExtensionData", "Color"], "x"),
            Exposure::None
        );
    }

    #[test]
    fn a_slip_does_not_unmask() {
        for (payload_type, path) in [
            (
                "com.apple.security.scep",
                &["PayloadContent", "Chalenge"][..],
            ),
            ("com.apple.security.scep", &["Challeneg"]),
            ("com.apple.security.acme", &["ClientIdentifer"]),
            ("com.apple.security.acme", &["clientIdentifier"]),
            ("com.apple.security.ACME", &["ClientIdentifier"]),
            ("com.apple.security.acmee", &["ClientIdentifier"]),
            ("com.apple.security.acmee", &["ClientIdentifer"]),
            ("com.apple.wifi.managed", &["Pasword"]),
            ("com.apple.security.pkcs12", &["Passowrd"]),
            ("com.apple.vpn.managed", &["IPSec", "SharedSecert"]),
            (
                "com.apple.relay.managed",
                &["Relays", ITEM, "AdditionalHTTPHeaderFeilds", "X-Any"],
            ),
            ("org.example.app", &["Pasword"]),
            ("", &["ClientIdentifer"]),
        ] {
            assert_eq!(
                exposure(payload_type, path, "x"),
                Exposure::Whole,
                "{payload_type} {path:?}"
            );
        }
    }

    #[test]
    fn what_is_only_near_to_a_secret_elsewhere_is_left_alone() {
        for (payload_type, key) in [
            ("org.example.app", "clientIdentifier"),
            ("com.apple.security.acme", "PayloadIdentifier"),
            ("com.apple.security.scep", "Change"),
            ("", "PayloadIdentifier"),
            ("", "Passport"),
        ] {
            assert_eq!(
                exposure(payload_type, &[key], "x"),
                Exposure::None,
                "{payload_type} {key}"
            );
        }
    }

    #[test]
    fn a_number_is_a_secret_under_a_key_of_the_list() {
        let scep = "com.apple.security.scep";
        for path in [
            &["PayloadContent", "Challenge"][..],
            &["PayloadContent", "Challenge", ITEM],
        ] {
            assert_eq!(exposure(scep, path, 4711), Exposure::Whole);
            assert_eq!(exposure(scep, path, 47.11), Exposure::Whole);
            assert_eq!(exposure(scep, path, true), Exposure::None);
        }
        assert_eq!(
            exposure(scep, &["PayloadContent", "Retries"], 3),
            Exposure::None
        );
    }

    #[test]
    fn numbers_booleans_and_dates_are_no_secrets_by_their_name() {
        for value in [Value::from(3), true.into(), 0.5.into()] {
            assert_eq!(
                exposure("", &["askForPasswordDelay"], value),
                Exposure::None
            );
        }
    }

    #[test]
    fn a_text_can_be_a_secret_under_any_key() {
        assert_eq!(exposure("", &["Value"], "Bearer abc.def"), Exposure::Whole);
        assert!(matches!(
            exposure("", &["Value"], "https://u:p@example.org"),
            Exposure::Url {
                credentials: true,
                ..
            }
        ));
    }
}

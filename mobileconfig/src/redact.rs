//! Rendering a profile without its secrets, for logs and tickets.

use std::fmt;

use plist::{Dictionary, Value};

use crate::secret::{Exposure, MASK, Place};
use crate::{Profile, keys};

/// A profile with its secrets masked; `Display` gives XML.
///
/// | masked | by |
/// |---|---|
/// | secrets under Apple's keys: `Challenge` of SCEP, `ClientIdentifier` of ACME, the identity in a PKCS#12 payload… | a list of payload types and key paths |
/// | texts and data under other keys whose name says secret, and all below them: `auth_key`, `ClientSecret`, `headers`, `psk`… | the name, which is a heuristic |
/// | the same under keys that are a slip of one of Apple's: `Chalenge`, `Passowrd` | the spelling |
/// | `Bearer` and `Basic` with their token | the text |
/// | user part and query of URLs, and a fragment with values | the text |
///
/// Numbers are masked under Apple's keys only, booleans and dates never. Other data is shown by its length. A secret under an innocent key that
/// Apple's schema does not have is not found.
///
/// ```
/// use mobileconfig::{Profile, pkcs12::Pkcs12};
///
/// let identity = Pkcs12::new(vec![0x30; 900]).password("hunter2");
/// let profile = Profile::builder("Example Org", "org.example.identity").add("identity", &identity).build()?;
/// let text = profile.redacted().to_string();
/// assert!(text.contains("<key>Password</key>\n\t\t\t<string>[redacted]</string>"));
/// assert!(!text.contains("hunter2"));
/// # Ok::<(), mobileconfig::Error>(())
/// ```
#[derive(Clone)]
pub struct Redacted {
    value: Value,
}

impl Profile {
    /// The profile for people to read, without its secrets.
    #[must_use]
    pub fn redacted(&self) -> Redacted {
        Redacted::of_value(&self.to_value())
    }
}

impl Redacted {
    /// Any property list, masked as a profile is: also one that is no whole profile.
    ///
    /// ```
    /// let (value, _) = mobileconfig::read_plist(
    ///     "<plist><dict><key>Password</key><string>hunter2</string></dict></plist>",
    ///     &mobileconfig::Limits::default(),
    /// )?;
    /// assert!(!mobileconfig::Redacted::of_value(&value).to_string().contains("hunter2"));
    /// # Ok::<(), mobileconfig::Error>(())
    /// ```
    #[must_use]
    pub fn of_value(value: &Value) -> Self {
        Self {
            value: mask_profile(value),
        }
    }

    /// The masked property list; masked and shortened values are strings.
    #[must_use]
    pub fn to_value(&self) -> &Value {
        &self.value
    }

    pub(crate) fn into_value(self) -> Value {
        self.value
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match crate::to_xml(self.value.clone()) {
            Ok(xml) => f.write_str(&String::from_utf8_lossy(&xml)),
            Err(error) => write!(f, "[not writable as XML: {error}]"),
        }
    }
}

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redacted({self})")
    }
}

/// `Debug` of a typed dictionary; `is_secret` knows the keys whose secrecy the type tells.
pub(crate) fn debug(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    keys: &Dictionary,
    is_secret: impl Fn(&str) -> bool,
) -> fmt::Result {
    let mut shown = f.debug_struct(name);
    let root = Place::outside();
    for (key, value) in keys {
        let place = root.key(key).declared(is_secret(key));
        shown.field(key, &Shown(&mask(value, place)));
    }
    shown.finish()
}

/// A value that has been masked, in the shape of Rust's own `Debug`.
struct Shown<'a>(&'a Value);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Array(items) => f.debug_list().entries(items.iter().map(Shown)).finish(),
            Value::Dictionary(keys) => f
                .debug_map()
                .entries(keys.iter().map(|(key, value)| (key, Shown(value))))
                .finish(),
            Value::Boolean(value) => value.fmt(f),
            Value::Integer(value) => fmt::Debug::fmt(value, f),
            Value::Real(value) => value.fmt(f),
            Value::String(text) => text.fmt(f),
            Value::Date(date) => f.write_str(&format!("{date:?}")),
            other => f.write_str(crate::error::type_name(other)),
        }
    }
}

fn mask_profile(profile: &Value) -> Value {
    let Value::Dictionary(keys) = profile else {
        return mask(profile, Place::outside());
    };
    let root = Place::outside();
    let entry = |(key, value): (&String, &Value)| {
        let masked = match value {
            Value::Array(payloads) if key == keys::CONTENT => {
                Value::Array(payloads.iter().map(mask_payload).collect())
            }
            value => mask(value, root.key(key)),
        };
        (key.clone(), masked)
    };
    Value::Dictionary(keys.iter().map(entry).collect())
}

fn mask_payload(payload: &Value) -> Value {
    let payload_type = payload
        .as_dictionary()
        .and_then(|keys| keys.get(keys::TYPE))
        .and_then(Value::as_string);
    mask(
        payload,
        payload_type.map_or_else(Place::outside, Place::payload),
    )
}

fn mask(value: &Value, place: Place<'_>) -> Value {
    match value {
        Value::Dictionary(keys) => keys
            .iter()
            .map(|(key, value)| (key.clone(), mask(value, place.key(key))))
            .collect::<Dictionary>()
            .into(),
        Value::Array(items) => {
            let item = place.item();
            Value::Array(items.iter().map(|value| mask(value, item)).collect())
        }
        value => match (place.exposure(value), value) {
            (Exposure::Whole | Exposure::Sealed, _) => MASK.into(),
            (Exposure::Url { shown, .. }, _) => shown.into(),
            (Exposure::None, Value::Data(bytes)) => format!("[{} bytes]", bytes.len()).into(),
            (Exposure::None, other) => other.clone(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Payload;

    /// A profile whose only payload has these keys, masked.
    fn masked(payload_type: &str, keys: &[(&str, Value)]) -> Dictionary {
        let mut profile = Profile::builder("Example Org", "org.example")
            .build()
            .unwrap();
        let content = keys
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect();
        profile.payloads = vec![Payload::new(payload_type, "id", "uuid", content)];
        let masked = profile.redacted();
        let payloads = masked.to_value().as_dictionary().unwrap()["PayloadContent"]
            .as_array()
            .unwrap();
        payloads[0].as_dictionary().unwrap().clone()
    }

    fn below(name: &str, value: impl Into<Value>) -> Value {
        let mut keys = Dictionary::new();
        keys.insert(name.to_owned(), value.into());
        keys.into()
    }

    #[test]
    fn everything_below_a_secret_key_is_masked_but_numbers() {
        let list = Value::Array(vec!["hunter2".into(), Value::Data(vec![1, 2]), 3.into()]);
        let keys = masked("org.example.app", &[("Secrets", list)]);
        assert_eq!(
            keys["Secrets"],
            Value::Array(vec![MASK.into(), MASK.into(), 3.into()])
        );
        let headers = below(
            "Relays",
            Value::Array(vec![below(
                "AdditionalHTTPHeaderFields",
                below("X-Any", "hunter2"),
            )]),
        );
        let masked = masked(
            "com.apple.relay.managed",
            &[("Relays", headers.as_dictionary().unwrap()["Relays"].clone())],
        );
        assert!(!format!("{masked:?}").contains("hunter2"));
    }

    #[test]
    fn what_only_sounds_like_a_secret_is_shown() {
        for (payload_type, key, value) in [
            ("com.apple.screensaver", "askForPasswordDelay", 5.into()),
            (
                "com.apple.security.smartcard",
                "tokenRemovalAction",
                1.into(),
            ),
            ("com.apple.vpn.managed", "PPP", below("TokenCard", 1)),
            (
                "com.apple.eas.account",
                "OAuthTokenRequestURL",
                "https://example.org/token".into(),
            ),
            ("com.apple.wifi.managed", "Hidden", true.into()),
        ] {
            let keys = masked(payload_type, &[(key, value.clone())]);
            assert_eq!(keys[key], value, "{payload_type}");
        }
    }

    #[test]
    fn names_and_texts_decide_outside_of_the_schema() {
        for (key, text, shown) in [
            ("header", "hunter2", MASK),
            ("passwd", "hunter2", MASK),
            ("pwd", "hunter2", MASK),
            ("psk", "hunter2", MASK),
            ("credential", "hunter2", MASK),
            ("auth_key", "hunter2", MASK),
            ("Value", "Bearer hunter2", MASK),
            ("Value", "Basic aHVudGVyMg==", MASK),
            (
                "URL",
                "https://user:hunter2@example.org/?key=hunter2",
                "https://[redacted]@example.org/?[redacted]",
            ),
            ("Greeting", "hello", "hello"),
        ] {
            let keys = masked("org.example.app", &[(key, text.into())]);
            assert_eq!(keys[key], shown.into(), "{key}");
        }
    }

    #[test]
    fn data_is_shown_by_its_length_and_an_identity_not_at_all() {
        let data = Value::Data(vec![0; 3]);
        let root = masked(
            "com.apple.security.root",
            &[("PayloadContent", data.clone())],
        );
        assert_eq!(root["PayloadContent"], "[3 bytes]".into());
        let identity = masked("com.apple.security.pkcs12", &[("PayloadContent", data)]);
        assert_eq!(identity["PayloadContent"], MASK.into());
    }

    #[test]
    fn a_payload_type_below_a_payload_changes_nothing() {
        let mut inner = Dictionary::new();
        inner.insert("PayloadType".into(), "com.apple.airplay".into());
        inner.insert("Challenge".into(), "hunter2".into());
        let keys = masked(
            "com.apple.security.scep",
            &[("PayloadContent", inner.into())],
        );
        assert!(!format!("{keys:?}").contains("hunter2"));
    }
}

//! Rendering a profile without its secrets, for logs and tickets.

use std::fmt;

use plist::{Dictionary, Value};

use crate::{Profile, keys};

/// A profile with its secrets masked; `Display` gives XML.
///
/// Masked are the values under keys whose name says secret (`Challenge`, `Password`, `SharedSecret`,
/// `RegistrationToken`…, in any spelling), the identity of a `com.apple.security.pkcs12` payload, the
/// `ClientIdentifier` of an ACME payload, and the query and user part of URLs. Other data is shown by its length.
/// Names are a heuristic: a secret under an innocent key is not found.
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
        Redacted {
            value: mask(&self.to_value(), Around::default()),
        }
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
            value: mask(value, Around::default()),
        }
    }

    /// The masked property list; masked and shortened values are strings.
    #[must_use]
    pub fn to_value(&self) -> &Value {
        &self.value
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
    for (key, value) in keys {
        let around = Around {
            key,
            secret: is_secret(key),
            payload_type: "",
        };
        shown.field(key, &Shown(&mask(value, around)));
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

const MASK: &str = "[redacted]";

/// Parts of key names, in lower case, whose values are secrets.
const SECRET_NAMES: [&str; 8] = [
    "password",
    "passphrase",
    "passcode",
    "secret",
    "challenge",
    "token",
    "privatekey",
    "apikey",
];

/// Keys whose name holds one of [`SECRET_NAMES`] and whose value is no secret.
const INNOCENT: [&str; 8] = [
    "OAuthTokenRequestURL",
    "PasscodeType",
    "SafariPasswordAutoFillDomains",
    "SafariPasswordAutoFillDomainsItem",
    "TokenToUserMapping",
    "XAuthPasswordEncryption",
    "passwordContentDescription",
    "passwordContentRegex",
];

/// Secrets whose key name does not tell: `PayloadType` and key.
const SECRET_KEYS: [(&str, &str); 4] = [
    ("com.apple.security.pkcs12", keys::CONTENT),
    ("com.apple.security.acme", "ClientIdentifier"),
    // In a payload that lacks its type.
    ("Configuration", "ClientIdentifier"),
    ("", "ClientIdentifier"),
];

/// Where a value stands.
#[derive(Clone, Copy, Default)]
struct Around<'a> {
    payload_type: &'a str,
    key: &'a str,
    secret: bool,
}

impl Around<'_> {
    fn is_secret(self) -> bool {
        self.secret
            || SECRET_KEYS.contains(&(self.payload_type, self.key))
            || has_secret_name(self.key)
    }
}

/// True if a key's name says that its value is a secret.
pub(crate) fn has_secret_name(key: &str) -> bool {
    let name = key.to_lowercase();
    !INNOCENT.contains(&key) && SECRET_NAMES.iter().any(|part| name.contains(part))
}

fn mask(value: &Value, around: Around<'_>) -> Value {
    let secret = around.is_secret();
    match value {
        Value::Dictionary(keys) => {
            let own_type = keys.get(keys::TYPE).and_then(Value::as_string);
            let payload_type = own_type.unwrap_or(around.payload_type);
            let entry = |(key, value): (&String, &Value)| {
                (
                    key.clone(),
                    mask(
                        value,
                        Around {
                            payload_type,
                            key,
                            secret,
                        },
                    ),
                )
            };
            Value::Dictionary(keys.iter().map(entry).collect())
        }
        Value::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| mask(item, Around { secret, ..around }))
                .collect(),
        ),
        Value::Boolean(_) => value.clone(),
        _ if secret => MASK.into(),
        Value::Data(bytes) => format!("[{} bytes]", bytes.len()).into(),
        Value::String(text) => mask_url(text).into(),
        other => other.clone(),
    }
}

/// Hides the user part and the query of a URL; leaves other texts alone.
fn mask_url(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let (address, query) = rest
        .split_once('?')
        .map_or((rest, ""), |(address, _)| (address, "?[redacted]"));
    let (authority, path) = address.split_at(address.find('/').unwrap_or(address.len()));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://[redacted]@{host}{path}{query}"),
        None => format!("{scheme}://{authority}{path}{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(key: &str, value: impl Into<Value>) -> Value {
        mask(
            &value.into(),
            Around {
                key,
                ..Around::default()
            },
        )
    }

    #[test]
    fn names_decide_in_any_spelling() {
        for key in [
            "Challenge",
            "Password",
            "XAuthPassword",
            "SharedSecret",
            "RegistrationToken",
            "client_secret",
        ] {
            assert_eq!(masked(key, "hunter2"), MASK.into(), "{key}");
        }
        assert_eq!(
            masked("PayloadIdentifier", "org.example"),
            "org.example".into()
        );
    }

    #[test]
    fn everything_below_a_secret_key_is_masked() {
        let list = Value::Array(vec!["hunter2".into(), Value::Data(vec![1, 2])]);
        assert_eq!(
            masked("Secrets", list),
            Value::Array(vec![MASK.into(), MASK.into()])
        );
    }

    #[test]
    fn a_url_keeps_host_and_path_alone() {
        let masked = masked(
            "URL",
            "https://user:hunter2@ca.example.org/scep?challenge=hunter2",
        );
        assert_eq!(
            masked,
            "https://[redacted]@ca.example.org/scep?[redacted]".into()
        );
    }

    #[test]
    fn data_is_shown_by_its_length() {
        assert_eq!(
            masked("PayloadContent", Value::Data(vec![0; 3])),
            "[3 bytes]".into()
        );
    }
}

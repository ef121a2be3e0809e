//! The keys of the inner dictionary, written and read.

use super::{ScepPayload, SubjectAltName};
use crate::error::Error as ValueError;
use crate::{Fingerprint, KeySize, KeyUsage, ScepUrl, Subject};
use mobileconfig::Error;
use plist::{Dictionary, Value};
use secrecy::{ExposeSecret, SecretString};

pub(super) fn write(payload: &ScepPayload) -> Dictionary {
    let mut keys = Dictionary::new();
    let mut put = |key: &str, value: Value| keys.insert(key.to_owned(), value);
    put("URL", payload.url.as_str().into());
    if let Some(name) = &payload.name {
        put("Name", name.as_str().into());
    }
    if let Some(subject) = &payload.subject {
        put("Subject", subject.to_plist());
    }
    if let Some(challenge) = &payload.challenge {
        put("Challenge", challenge.expose_secret().into());
    }
    put("Keysize", payload.key_size.bits().into());
    put("Key Type", "RSA".into());
    put("Key Usage", payload.key_usage.bits().into());
    if let Some(fingerprint) = &payload.ca_fingerprint {
        put(
            "CAFingerprint",
            Value::Data(fingerprint.as_bytes().to_vec()),
        );
    }
    put("Retries", payload.retries.into());
    put("RetryDelay", payload.retry_delay.into());
    if !payload.alt_name.is_empty() {
        put(
            "SubjectAltName",
            Value::Dictionary(write_alt_name(&payload.alt_name)),
        );
    }
    put("KeyIsExtractable", payload.extractable.into());
    put("AllowAllAppsAccess", payload.all_apps_access.into());
    if let Some(days) = payload.expiry_notification_days {
        put("CertificateRenewalTimeInterval", days.into());
    }
    for (key, value) in &payload.extra {
        if !KNOWN.contains(&key.as_str()) {
            put(key, value.clone());
        }
    }
    keys
}

/// All keys of the inner dictionary.
pub(crate) const KNOWN: [&str; 14] = [
    "URL",
    "Name",
    "Subject",
    "Challenge",
    "Keysize",
    "Key Type",
    "Key Usage",
    "CAFingerprint",
    "Retries",
    "RetryDelay",
    "SubjectAltName",
    "KeyIsExtractable",
    "AllowAllAppsAccess",
    "CertificateRenewalTimeInterval",
];

/// One name is written as a string, which every editor and macOS version reads, several as an array.
fn write_alt_name(alt_name: &SubjectAltName) -> Dictionary {
    let mut keys = Dictionary::new();
    for (key, names) in [
        ("rfc822Name", &alt_name.rfc822_names),
        ("dNSName", &alt_name.dns_names),
        ("uniformResourceIdentifier", &alt_name.uris),
    ] {
        let value = match names.as_slice() {
            [] => continue,
            [name] => name.as_str().into(),
            names => Value::Array(names.iter().map(|name| name.as_str().into()).collect()),
        };
        keys.insert(key.to_owned(), value);
    }
    if let Some(name) = &alt_name.nt_principal_name {
        keys.insert("ntPrincipalName".to_owned(), name.as_str().into());
    }
    for (key, value) in &alt_name.extra {
        if !ALT_NAMES
            .iter()
            .any(|known| known.eq_ignore_ascii_case(key))
        {
            keys.insert(key.clone(), value.clone());
        }
    }
    keys
}

/// The kinds of names that have a field of their own.
const ALT_NAMES: [&str; 4] = [
    "rfc822Name",
    "dNSName",
    "uniformResourceIdentifier",
    "ntPrincipalName",
];

pub(super) fn read(keys: &Dictionary) -> Result<ScepPayload, Error> {
    let keys = Keys(keys);
    let url = keys
        .string("URL")?
        .ok_or_else(|| Error::missing_key("URL"))?;
    if let Some(kind) = keys.string("Key Type")?
        && kind != "RSA"
    {
        return Err(Error::invalid_value(
            "Key Type",
            "macOS makes RSA keys only: write RSA",
        ));
    }
    let key_size = match keys.integer("Keysize")? {
        None => KeySize::Legacy1024,
        Some(bits) => KeySize::from_bits(bits).ok_or_else(|| {
            Error::invalid_value("Keysize", format!("{bits} bits: use 2048 (or 4096)"))
        })?,
    };
    let key_usage = match keys.integer("Key Usage")? {
        None => KeyUsage::NONE,
        Some(bits) => KeyUsage::from_bits(bits)
            .ok_or_else(|| Error::invalid_value("Key Usage", format!("{bits}: use 1, 4 or 5")))?,
    };
    let ca_fingerprint = match keys.0.get("CAFingerprint") {
        None => None,
        Some(Value::Data(bytes)) => Some(Fingerprint::from_bytes(bytes).map_err(at_its_key)?),
        Some(other) => return Err(Error::wrong_type("CAFingerprint", "data", other)),
    };
    Ok(ScepPayload {
        // A Mac takes http as well; whether that is wanted is for the reader of the payload to say.
        url: ScepUrl::parse_allowing_http(url).map_err(at_its_key)?,
        name: keys.string("Name")?.map(str::to_owned),
        subject: keys
            .0
            .get("Subject")
            .map(Subject::from_plist)
            .transpose()
            .map_err(at_its_key)?,
        challenge: keys.string("Challenge")?.map(SecretString::from),
        key_size,
        key_usage,
        ca_fingerprint,
        retries: keys.count("Retries")?.unwrap_or(3),
        retry_delay: keys.count("RetryDelay")?.unwrap_or(10),
        alt_name: read_alt_name(keys.0.get("SubjectAltName"))
            .map_err(|error| error.within("SubjectAltName"))?,
        extractable: keys.boolean("KeyIsExtractable")?.unwrap_or(true),
        all_apps_access: keys.boolean("AllowAllAppsAccess")?.unwrap_or(false),
        expiry_notification_days: keys.count("CertificateRenewalTimeInterval")?,
        extra: keys
            .0
            .iter()
            .filter(|(key, _)| !KNOWN.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
    })
}

fn read_alt_name(value: Option<&Value>) -> Result<SubjectAltName, Error> {
    let mut alt_name = SubjectAltName::default();
    let keys = match value {
        None => return Ok(alt_name),
        Some(Value::Dictionary(keys)) => keys,
        Some(other) => return Err(Error::wrong_type("", "dict", other)),
    };
    for (key, value) in keys {
        let names = match key.to_ascii_lowercase().as_str() {
            "rfc822name" => &mut alt_name.rfc822_names,
            "dnsname" => &mut alt_name.dns_names,
            "uniformresourceidentifier" => &mut alt_name.uris,
            "ntprincipalname" => match value {
                Value::String(name) => {
                    alt_name.nt_principal_name = Some(name.clone());
                    continue;
                }
                other => return Err(Error::wrong_type(key.as_str(), "string", other)),
            },
            _ => {
                alt_name.extra.insert(key.clone(), value.clone());
                continue;
            }
        };
        match value {
            Value::String(name) => names.push(name.clone()),
            Value::Array(array) => {
                for name in array {
                    match name {
                        Value::String(name) => names.push(name.clone()),
                        other => return Err(Error::wrong_type(key.as_str(), "string", other)),
                    }
                }
            }
            other => return Err(Error::wrong_type(key.as_str(), "string", other)),
        }
    }
    Ok(alt_name)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn at_its_key(error: ValueError) -> Error {
    let key = error.fields().next().unwrap_or_default();
    let text = error.to_string();
    let message = text
        .strip_prefix(key)
        .and_then(|rest| rest.strip_prefix(": "))
        .unwrap_or(&text);
    Error::invalid_value(key, message)
}

struct Keys<'a>(&'a Dictionary);

impl<'a> Keys<'a> {
    fn string(&self, key: &str) -> Result<Option<&'a str>, Error> {
        self.typed(key, "string", Value::as_string)
    }

    fn boolean(&self, key: &str) -> Result<Option<bool>, Error> {
        self.typed(key, "boolean", Value::as_boolean)
    }

    fn integer(&self, key: &str) -> Result<Option<u64>, Error> {
        let number = self.typed(key, "integer", |value| match value {
            Value::Integer(number) => Some(number.as_unsigned()),
            _ => None,
        })?;
        match number {
            Some(None) => Err(Error::invalid_value(key, "a negative number")),
            number => Ok(number.flatten()),
        }
    }

    fn count(&self, key: &str) -> Result<Option<u32>, Error> {
        self.integer(key)?
            .map(|number| {
                u32::try_from(number)
                    .map_err(|_| Error::invalid_value(key, "the number is too large"))
            })
            .transpose()
    }

    fn typed<T>(
        &self,
        key: &str,
        element: &str,
        get: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        match self.0.get(key) {
            None => Ok(None),
            Some(value) => match get(value) {
                Some(typed) => Ok(Some(typed)),
                None => Err(Error::wrong_type(key, element, value)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mobileconfig::PayloadContent;

    fn url() -> ScepUrl {
        ScepUrl::parse("https://scep.example.com/scep").unwrap()
    }

    fn full() -> ScepPayload {
        let mut payload = ScepPayload::new(url(), "hunter2".into())
            .name("RA 1")
            .subject(Subject::from_pairs([("O", "Acme"), ("CN", "cert")]).unwrap())
            .retries(5)
            .retry_delay(20)
            .key_size(KeySize::Rsa4096)
            .key_usage(KeyUsage::BOTH)
            .ca_fingerprint(Fingerprint::from_bytes(&[7; 32]).unwrap())
            .rfc822_name("a@example.com")
            .rfc822_name("b@example.com")
            .expiry_notification_days(14)
            .all_apps_access(true);
        payload
            .alt_name
            .dns_names
            .push("mac.example.com".to_owned());
        payload.alt_name.nt_principal_name = Some("a@corp".to_owned());
        payload
            .alt_name
            .extra
            .insert("iPAddress".to_owned(), "192.0.2.7".into());
        payload
            .extra
            .insert("CACaps".to_owned(), Value::Array(vec![]));
        payload
    }

    #[test]
    fn what_is_written_is_read_back_with_unknown_keys() {
        for payload in [full(), ScepPayload::new(url(), "x".into())] {
            let written = payload.to_dictionary().unwrap();
            assert_eq!(
                ScepPayload::from_dictionary(&written)
                    .unwrap()
                    .to_dictionary()
                    .unwrap(),
                written
            );
        }
    }

    #[test]
    fn every_key_whose_default_hurts_is_written() {
        let written = ScepPayload::new(url(), "x".into()).to_dictionary().unwrap();
        let keys = written["PayloadContent"].as_dictionary().unwrap();
        assert_eq!(keys["Keysize"], 2048.into());
        assert_eq!(keys["Key Usage"], 1.into());
        assert_eq!(keys["KeyIsExtractable"], false.into());
        assert_eq!(keys["AllowAllAppsAccess"], false.into());
        assert_eq!(
            (&keys["Retries"], &keys["RetryDelay"]),
            (&3.into(), &10.into())
        );
    }

    #[test]
    fn absent_keys_are_read_as_macos_takes_them() {
        let mut keys = Dictionary::new();
        keys.insert("URL".to_owned(), "http://scep.example.com/scep".into());
        let payload = read(&keys).unwrap();
        assert_eq!(
            (payload.key_size, payload.key_usage),
            (KeySize::Legacy1024, KeyUsage::NONE)
        );
        assert!(payload.extractable && !payload.all_apps_access);
        assert!(payload.challenge.is_none() && payload.subject.is_none());
    }

    #[test]
    fn one_rfc822_name_is_a_string_and_several_are_an_array() {
        let one = write(&ScepPayload::new(url(), "x".into()).rfc822_name("a@example.com"));
        assert_eq!(
            one["SubjectAltName"].as_dictionary().unwrap()["rfc822Name"],
            "a@example.com".into()
        );
        let two = write(&full());
        assert!(
            two["SubjectAltName"].as_dictionary().unwrap()["rfc822Name"]
                .as_array()
                .is_some()
        );
    }

    #[test]
    fn wrong_values_are_named_by_their_path() {
        for (key, value, text) in [
            (
                "CAFingerprint",
                Value::from("AA:BB"),
                "PayloadContent.CAFingerprint: expected <data>",
            ),
            (
                "CAFingerprint",
                Value::Data(vec![0; 31]),
                "PayloadContent.CAFingerprint: 31 bytes; a SHA-256",
            ),
            ("Keysize", 0.into(), "PayloadContent.Keysize: 0 bits"),
            (
                "Key Type",
                "EC".into(),
                "PayloadContent.Key Type: macOS makes RSA",
            ),
            (
                "URL",
                "scep.example.com".into(),
                "PayloadContent.URL: no absolute URL",
            ),
            (
                "Subject",
                "CN=x".into(),
                "PayloadContent.Subject: it is not an array",
            ),
            (
                "Retries",
                (-1).into(),
                "PayloadContent.Retries: a negative number",
            ),
        ] {
            let mut written = full().to_dictionary().unwrap();
            let keys = written
                .get_mut("PayloadContent")
                .unwrap()
                .as_dictionary_mut()
                .unwrap();
            keys.insert(key.to_owned(), value);
            let error = ScepPayload::from_dictionary(&written)
                .unwrap_err()
                .to_string();
            assert!(error.starts_with(text), "{error}");
        }
    }

    #[test]
    fn the_challenge_is_in_no_debug_and_no_error() {
        let mut payload = full();
        payload
            .extra
            .insert("challenge".to_owned(), "hunter2".into());
        payload.alt_name.rfc822_names.push("no address".to_owned());
        let error = payload.to_dictionary().unwrap_err();
        assert!(error.to_string().contains("no e-mail address"), "{error}");
        for text in [
            format!("{payload:?}"),
            format!("{error:?}"),
            error.to_string(),
        ] {
            assert!(!text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn an_empty_or_blank_challenge_is_refused() {
        for blank in ["", " \n"] {
            let error = ScepPayload::new(url(), blank.into())
                .to_dictionary()
                .unwrap_err();
            assert!(
                error.to_string().contains("Challenge: it is empty"),
                "{error}"
            );
        }
    }
}

//! `com.apple.security.scep` as macOS reads it, with macOS's defaults.
//!
//! Read from the bare dictionary on purpose, not with the typed payload that wrote it: a wrong key or nesting
//! must hurt here as it would on a Mac. The keys stand in an inner `PayloadContent` dictionary. A key size that is
//! left out is 1024 bits, a key extractable, and no app but the system may use it.

use std::time::Duration;

use mobileconfig::Payload;
use plist::{Dictionary, Value};
use secrecy::SecretString;

use super::failure::Failure;
use super::mac::Mac;

/// The digest lengths that macOS 13 and later know: MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512.
const FINGERPRINTS: [usize; 6] = [16, 20, 28, 32, 48, 64];

/// What a Mac needs for one enrolment.
#[derive(Debug)]
pub(crate) struct ScepPayload {
    pub(crate) url: String,
    pub(crate) name: Option<String>,
    pub(crate) challenge: Option<SecretString>,
    /// Attribute and value, in order; empty when the nesting was wrong, which macOS ignores.
    pub(crate) subject: Vec<(String, String)>,
    pub(crate) key_size: i64,
    /// 1 signing, 4 encryption, 5 both, 0 none stated.
    pub(crate) key_usage: i64,
    pub(crate) ca_fingerprint: Option<Vec<u8>>,
    pub(crate) retries: u32,
    pub(crate) retry_delay: Duration,
    pub(crate) rfc822_names: Vec<String>,
    pub(crate) extractable: bool,
    pub(crate) all_apps_access: bool,
}

impl ScepPayload {
    pub(crate) fn read(payload: &Payload, mac: &Mac) -> Result<Self, Failure> {
        let keys = payload
            .content
            .get("PayloadContent")
            .and_then(Value::as_dictionary)
            .map(Keys)
            .ok_or_else(|| {
                Failure::profile("SCEP: the keys must stand in a PayloadContent <dict>")
            })?;
        let key_size = keys.integer("Keysize", 1024)?;
        if ![1024, 2048, 4096].contains(&key_size) {
            return Err(Failure::profile("SCEP: Keysize must be 1024, 2048 or 4096"));
        }
        if keys.text("Key Type")?.is_some_and(|kind| kind != "RSA") {
            return Err(Failure::profile("SCEP: Key Type must be RSA"));
        }
        Ok(Self {
            url: keys
                .text("URL")?
                .ok_or_else(|| Failure::profile("SCEP: URL is missing"))?
                .to_owned(),
            name: keys.text("Name")?.map(str::to_owned),
            challenge: keys.text("Challenge")?.map(SecretString::from),
            subject: subject(keys.0.get("Subject"), mac),
            key_size,
            key_usage: keys.integer("Key Usage", 0)?,
            ca_fingerprint: keys.fingerprint()?,
            retries: u32::try_from(keys.integer("Retries", 3)?).unwrap_or(0),
            retry_delay: Duration::from_secs(keys.integer("RetryDelay", 10)?.unsigned_abs()),
            rfc822_names: keys.rfc822_names(mac)?,
            extractable: keys.flag("KeyIsExtractable", true)?,
            all_apps_access: keys.flag("AllowAllAppsAccess", false)?,
        })
    }
}

struct Keys<'a>(&'a Dictionary);

impl Keys<'_> {
    fn text(&self, key: &str) -> Result<Option<&str>, Failure> {
        self.typed(key, "string", Value::as_string)
    }

    fn integer(&self, key: &str, default: i64) -> Result<i64, Failure> {
        Ok(self
            .typed(key, "integer", Value::as_signed_integer)?
            .unwrap_or(default))
    }

    fn flag(&self, key: &str, default: bool) -> Result<bool, Failure> {
        Ok(self
            .typed(key, "boolean", Value::as_boolean)?
            .unwrap_or(default))
    }

    fn fingerprint(&self) -> Result<Option<Vec<u8>>, Failure> {
        let digest = self.typed("CAFingerprint", "data", Value::as_data)?;
        match digest {
            Some(digest) if !FINGERPRINTS.contains(&digest.len()) => Err(Failure::scep(format!(
                "CAFingerprint has {} bytes: no digest has that length",
                digest.len()
            ))),
            digest => Ok(digest.map(<[u8]>::to_vec)),
        }
    }

    fn rfc822_names(&self, mac: &Mac) -> Result<Vec<String>, Failure> {
        let Some(names) = self.typed("SubjectAltName", "dict", Value::as_dictionary)? else {
            return Ok(Vec::new());
        };
        let name = names
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case("rfc822Name"));
        Ok(match name.map(|(_, value)| value) {
            Some(Value::String(name)) => vec![expanded(name, mac)],
            Some(Value::Array(names)) => names
                .iter()
                .filter_map(Value::as_string)
                .map(|name| expanded(name, mac))
                .collect(),
            _ => Vec::new(),
        })
    }

    fn typed<'a, T>(
        &'a self,
        key: &str,
        kind: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        self.0
            .get(key)
            .map(|value| {
                read(value).ok_or_else(|| Failure::profile(format!("SCEP: {key} must be <{kind}>")))
            })
            .transpose()
    }
}

/// An array of RDNs, each an array of pairs. macOS ignores a subject of any other nesting and just enrols.
fn subject(value: Option<&Value>, mac: &Mac) -> Vec<(String, String)> {
    let pair = |pair: &Value| match pair.as_array().map(Vec::as_slice) {
        Some([Value::String(kind), Value::String(value)]) => {
            Some((kind.clone(), expanded(value, mac)))
        }
        _ => None,
    };
    let names = || {
        let sequence = value?.as_array()?.iter();
        let rdns = sequence.map(|rdn| rdn.as_array()?.iter().map(pair).collect::<Option<Vec<_>>>());
        rdns.collect::<Option<Vec<_>>>()
    };
    names().unwrap_or_default().concat()
}

/// Apple's variables, which the Mac fills in.
fn expanded(text: &str, mac: &Mac) -> String {
    text.replace("%SerialNumber%", &mac.serial_number)
        .replace("%HardwareUUID%", &mac.udid)
        .replace("%ComputerName%", &mac.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    fn read(keys: &str) -> Result<ScepPayload, Failure> {
        let xml = format!(
            "<plist version=\"1.0\"><dict><key>PayloadContent</key><dict>{keys}</dict></dict></plist>"
        );
        let value: Value = plist::from_bytes(xml.as_bytes()).unwrap();
        let content = value.into_dictionary().unwrap();
        let payload = Payload::new("com.apple.security.scep", "id", "UUID", content);
        ScepPayload::read(&payload, &Mac::fresh(&Seed::default().macs[0]))
    }

    const URL: &str = "<key>URL</key><string>http://127.0.0.1/scep</string>";

    #[test]
    fn keys_left_out_take_the_defaults_that_hurt() {
        let scep = read(URL).unwrap();
        assert_eq!((scep.key_size, scep.key_usage), (1024, 0));
        assert!(scep.extractable && !scep.all_apps_access);
        assert_eq!(
            (scep.retries, scep.retry_delay),
            (3, Duration::from_secs(10))
        );
    }

    #[test]
    fn a_subject_of_the_wrong_nesting_is_ignored() {
        let nested = |subject: &str| {
            read(&format!("{URL}<key>Subject</key>{subject}"))
                .unwrap()
                .subject
        };
        let pair = "<array><string>CN</string><string>%SerialNumber%</string></array>";
        let right = nested(&format!("<array><array>{pair}</array></array>"));
        assert_eq!(right, [("CN".to_owned(), "SBX0000001".to_owned())]);
        assert!(nested(&format!("<array>{pair}</array>")).is_empty());
    }

    #[test]
    fn a_fingerprint_must_be_data_of_a_digest_length() {
        let with = |value: &str| read(&format!("{URL}<key>CAFingerprint</key>{value}"));
        assert!(with("<string>aabb</string>").is_err());
        assert_eq!(
            with("<data>AAAA</data>").unwrap_err().reported.domain,
            "MDM-SCEP"
        );
        let sha1 = "<data>AAAAAAAAAAAAAAAAAAAAAAAAAAA=</data>";
        assert_eq!(with(sha1).unwrap().ca_fingerprint.unwrap().len(), 20);
    }

    #[test]
    fn a_missing_url_and_a_wrong_type_are_failures() {
        assert!(read("").is_err());
        assert!(read(&format!("{URL}<key>Keysize</key><string>2048</string>")).is_err());
    }

    #[test]
    fn debug_shows_no_challenge() {
        let scep = read(&format!("{URL}<key>Challenge</key><string>s3cret</string>")).unwrap();
        assert!(!format!("{scep:?}").contains("s3cret"));
    }
}

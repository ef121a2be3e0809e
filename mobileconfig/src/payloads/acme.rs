//! Certificates by ACME: `com.apple.security.acme`.

use plist::{Dictionary, Value};
use secrecy::{ExposeSecret, SecretString};

use crate::Error;
use crate::fields::{Field, keys, payload, texts};

/// `com.apple.security.acme` (macOS 13.1): a certificate from an ACME server, with a key the device makes itself.
///
/// ```
/// use mobileconfig::acme::{Acme, Key};
///
/// let acme = Acme::new("https://acme.example.org/directory", "one-time-4711", Key::SecureEnclaveP384)
///     .subject([("O", "Example Org"), ("CN", "cert")])
///     .attest(true);
/// assert!(acme.hardware_bound);
/// assert!(!format!("{acme:?}").contains("4711"));
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Acme {
    /// `DirectoryURL` of the server; https.
    pub directory_url: String,
    /// `ClientIdentifier`: tells the server which device asks; the server may take it as proof, so it is kept secret.
    pub client_identifier: SecretString,
    /// `KeySize` in bits.
    pub key_size: i64,
    /// `KeyType`.
    pub key_type: KeyType,
    /// `HardwareBound`: the Secure Enclave makes the key (macOS 14 on Apple silicon or T2).
    pub hardware_bound: bool,
    /// `Subject`: a list of relative distinguished names, each a list of pairs of type and value.
    pub subject: Vec<Vec<Vec<String>>>,
    /// `SubjectAltName`: `rfc822Name`, `dNSName`, `uniformResourceIdentifier`, `ntPrincipalName`.
    pub subject_alt_name: Option<Dictionary>,
    /// `UsageFlags`: 1 signature, 4 encryption, 5 both.
    pub usage_flags: Option<i64>,
    /// `ExtendedKeyUsage`: object identifiers in dotted form.
    pub extended_key_usage: Option<Vec<String>>,
    /// `Attest` (macOS 14), default false: the device vouches for the key and for itself.
    pub attest: Option<bool>,
    /// `KeyIsExtractable` (macOS), default **true**.
    pub extractable: Option<bool>,
    /// `AllowAllAppsAccess` (macOS), default false.
    pub all_apps_access: Option<bool>,
    /// Other keys.
    pub extra: Dictionary,
}

keys!(Acme {
    directory_url: "DirectoryURL",
    client_identifier: "ClientIdentifier",
    key_size: "KeySize",
    key_type: "KeyType",
    hardware_bound: "HardwareBound",
    subject: "Subject",
    subject_alt_name: "SubjectAltName",
    usage_flags: "UsageFlags",
    extended_key_usage: "ExtendedKeyUsage",
    attest: "Attest",
    extractable: "KeyIsExtractable",
    all_apps_access: "AllowAllAppsAccess",
});
payload!(Acme = "com.apple.security.acme", check = Self::check);

texts! {
    /// `KeyType`.
    pub enum KeyType {
        /// RSA.
        Rsa = "RSA",
        /// An elliptic curve of NIST.
        EcSecPrimeRandom = "ECSECPrimeRandom",
    }
}

/// The combinations of `KeyType`, `KeySize` and `HardwareBound` that make sense today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Key {
    /// RSA with 2048 bits, in software.
    Rsa2048,
    /// RSA with 4096 bits, in software.
    Rsa4096,
    /// P-256, in software.
    P256,
    /// P-384, in software.
    P384,
    /// P-256, bound to the device.
    SecureEnclaveP256,
    /// P-384, bound to the device.
    SecureEnclaveP384,
}

impl Acme {
    /// A request with the required keys. The subject is empty: the server decides.
    pub fn new(
        directory_url: impl Into<String>,
        client_identifier: impl Into<String>,
        key: Key,
    ) -> Self {
        let (key_type, key_size, hardware_bound) = match key {
            Key::Rsa2048 => (KeyType::Rsa, 2048, false),
            Key::Rsa4096 => (KeyType::Rsa, 4096, false),
            Key::P256 => (KeyType::EcSecPrimeRandom, 256, false),
            Key::P384 => (KeyType::EcSecPrimeRandom, 384, false),
            Key::SecureEnclaveP256 => (KeyType::EcSecPrimeRandom, 256, true),
            Key::SecureEnclaveP384 => (KeyType::EcSecPrimeRandom, 384, true),
        };
        Self {
            directory_url: directory_url.into(),
            client_identifier: SecretString::from(client_identifier.into()),
            key_size,
            key_type,
            hardware_bound,
            subject: Vec::new(),
            subject_alt_name: None,
            usage_flags: None,
            extended_key_usage: None,
            attest: None,
            extractable: None,
            all_apps_access: None,
            extra: Dictionary::new(),
        }
    }

    /// Sets `Subject`: one relative distinguished name a pair. Types are C, ST, L, O, OU, CN or a dotted object
    /// identifier.
    #[must_use]
    pub fn subject<'a>(mut self, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        self.subject = pairs
            .into_iter()
            .map(|(kind, value)| vec![vec![kind.to_owned(), value.to_owned()]])
            .collect();
        self
    }

    /// Sets one entry of `SubjectAltName`, such as `rfc822Name`.
    #[must_use]
    pub fn subject_alt_name(mut self, kind: &str, value: impl Into<Value>) -> Self {
        self.subject_alt_name
            .get_or_insert_default()
            .insert(kind.to_owned(), value.into());
        self
    }

    /// Sets `UsageFlags`: 1 signature, 4 encryption, 5 both.
    #[must_use]
    pub fn usage_flags(mut self, flags: i64) -> Self {
        self.usage_flags = Some(flags);
        self
    }

    /// Sets `ExtendedKeyUsage`.
    #[must_use]
    pub fn extended_key_usage<O: Into<String>>(
        mut self,
        oids: impl IntoIterator<Item = O>,
    ) -> Self {
        self.extended_key_usage = Some(oids.into_iter().map(Into::into).collect());
        self
    }

    /// Sets `Attest`.
    #[must_use]
    pub fn attest(mut self, attest: bool) -> Self {
        self.attest = Some(attest);
        self
    }

    /// Sets `KeyIsExtractable`.
    #[must_use]
    pub fn extractable(mut self, extractable: bool) -> Self {
        self.extractable = Some(extractable);
        self
    }

    /// Sets `AllowAllAppsAccess`.
    #[must_use]
    pub fn all_apps_access(mut self, allowed: bool) -> Self {
        self.all_apps_access = Some(allowed);
        self
    }

    fn check(&self) -> Result<(), Error> {
        if !self.directory_url.starts_with("https://") {
            return Err(Error::invalid_value(
                "DirectoryURL",
                "the URL must start with https://",
            ));
        }
        if self.client_identifier.expose_secret().is_empty() {
            return Err(Error::invalid_value(
                "ClientIdentifier",
                "the text is empty",
            ));
        }
        if self.key_type == KeyType::Rsa && self.hardware_bound {
            return Err(Error::invalid_value(
                "HardwareBound",
                "the Secure Enclave makes no RSA keys; use ECSECPrimeRandom",
            ));
        }
        if let Some(sizes) = size_problem(&self.key_type, self.hardware_bound, self.key_size) {
            return Err(Error::invalid_value(
                "KeySize",
                format!("the size of a {} key is {sizes}", self.key_type.as_str()),
            ));
        }
        if self.attest == Some(true) && !self.hardware_bound {
            return Err(Error::invalid_value(
                "Attest",
                "only a key with HardwareBound can be attested",
            ));
        }
        match self
            .subject
            .iter()
            .position(|name| name.iter().any(|pair| pair.len() != 2))
        {
            Some(index) => Err(Error::invalid_value(
                format!("Subject[{index}]"),
                "a pair has a type and a value",
            )),
            None => Ok(()),
        }
    }
}

/// The sizes that a key of this type has, unless `size` is one of them.
pub(crate) fn size_problem(
    key_type: &KeyType,
    hardware_bound: bool,
    size: i64,
) -> Option<&'static str> {
    let (fits, sizes) = match key_type {
        KeyType::EcSecPrimeRandom if hardware_bound => {
            ([256, 384].contains(&size), "256 or 384 with HardwareBound")
        }
        KeyType::EcSecPrimeRandom => ([192, 256, 384, 521].contains(&size), "192, 256, 384 or 521"),
        KeyType::Rsa => (
            (1024..=4096).contains(&size) && size % 8 == 0,
            "1024 to 4096, a multiple of 8",
        ),
        KeyType::Other(_) => (true, ""),
    };
    (!fits).then_some(sizes)
}

impl PartialEq for Acme {
    fn eq(&self, other: &Self) -> bool {
        self.write() == other.write()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PayloadContent;

    fn acme(key: Key) -> Acme {
        Acme::new("https://acme.example.org/directory", "device-4711", key)
    }

    #[test]
    fn keys_that_no_device_can_make_are_refused() {
        let path = |acme: &Acme| acme.to_dictionary().unwrap_err().path().to_owned();
        let mut rsa_in_hardware = acme(Key::Rsa2048);
        rsa_in_hardware.hardware_bound = true;
        assert_eq!(path(&rsa_in_hardware), "HardwareBound");
        let mut odd_curve = acme(Key::SecureEnclaveP256);
        odd_curve.key_size = 521;
        assert_eq!(path(&odd_curve), "KeySize");
        assert_eq!(path(&acme(Key::P256).attest(true)), "Attest");
    }

    #[test]
    fn each_pair_of_the_subject_is_a_relative_distinguished_name() {
        let keys = acme(Key::P256)
            .subject([("C", "US"), ("CN", "x")])
            .to_dictionary()
            .unwrap();
        let pair = |kind: &str, value: &str| {
            Value::Array(vec![Value::Array(vec![kind.into(), value.into()])])
        };
        assert_eq!(
            keys.get("Subject"),
            Some(&Value::Array(vec![pair("C", "US"), pair("CN", "x")]))
        );
        assert_eq!(
            Acme::from_dictionary(&keys).unwrap(),
            acme(Key::P256).subject([("C", "US"), ("CN", "x")])
        );
    }
}

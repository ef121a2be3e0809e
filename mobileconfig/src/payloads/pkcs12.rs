//! Identities: `com.apple.security.pkcs12`.

use plist::Dictionary;
use secrecy::SecretString;

use crate::fields::{Field, keys, payload};

/// `com.apple.security.pkcs12`: a certificate with its private key.
///
/// Whoever reads the profile has the key: a profile is not encrypted, and the password stands beside the data it protects.
///
/// ```
/// use mobileconfig::pkcs12::Pkcs12;
///
/// let identity = Pkcs12::new(vec![0x30, 0x00]).password("hunter2").extractable(false);
/// assert!(!format!("{identity:?}").contains("hunter2"));
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Pkcs12 {
    /// `PayloadContent`: the PKCS #12 file.
    pub data: Vec<u8>,
    /// `Password` of the file.
    pub password: Option<SecretString>,
    /// `PayloadCertificateFileName`, only shown to people.
    pub file_name: Option<String>,
    /// `AllowAllAppsAccess` (macOS), default false.
    pub all_apps_access: Option<bool>,
    /// `KeyIsExtractable` (macOS 10.15), default **true**.
    pub extractable: Option<bool>,
    /// Other keys.
    pub extra: Dictionary,
}

keys!(Pkcs12 {
    data: "PayloadContent",
    password: "Password",
    file_name: "PayloadCertificateFileName",
    all_apps_access: "AllowAllAppsAccess",
    extractable: "KeyIsExtractable",
});
payload!(Pkcs12 = "com.apple.security.pkcs12");

impl Pkcs12 {
    /// An identity from the bytes of a PKCS #12 file.
    pub fn new(data: impl Into<Vec<u8>>) -> Self {
        Self {
            data: data.into(),
            password: None,
            file_name: None,
            all_apps_access: None,
            extractable: None,
            extra: Dictionary::new(),
        }
    }

    /// Sets `Password`.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(SecretString::from(password.into()));
        self
    }

    /// Sets `PayloadCertificateFileName`.
    #[must_use]
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    /// Sets `AllowAllAppsAccess`: every app may use the key without asking the user.
    #[must_use]
    pub fn all_apps_access(mut self, allowed: bool) -> Self {
        self.all_apps_access = Some(allowed);
        self
    }

    /// Sets `KeyIsExtractable`.
    #[must_use]
    pub fn extractable(mut self, extractable: bool) -> Self {
        self.extractable = Some(extractable);
        self
    }
}

impl PartialEq for Pkcs12 {
    fn eq(&self, other: &Self) -> bool {
        self.write() == other.write()
    }
}

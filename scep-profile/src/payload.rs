mod alt_name;
mod keys;

pub use alt_name::SubjectAltName;
pub(crate) use keys::KNOWN;

use crate::error::{Error, Field};
use crate::{Fingerprint, KeySize, KeyUsage, ScepUrl, Subject};
use mobileconfig::PayloadContent;
use plist::{Dictionary, Value};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// The content of a `com.apple.security.scep` payload: where and how a Mac gets its certificate.
///
/// | method | key | from [`ScepPayload::new`] | Apple's default |
/// |---|---|---|---|
/// | (required) | `URL` | | |
/// | (required) | `Challenge` | | none |
/// | [`name`](Self::name) | `Name` | left out | none |
/// | [`subject`](Self::subject) | `Subject` | `CN=cert` | none |
/// | [`key_size`](Self::key_size) | `Keysize` | 2048 | 1024 |
/// | – | `Key Type` | `RSA` | `RSA` |
/// | [`key_usage`](Self::key_usage) | `Key Usage` | 1, signing | 0 |
/// | [`ca_fingerprint`](Self::ca_fingerprint) | `CAFingerprint` | left out | none: any CA is trusted |
/// | [`retries`](Self::retries) | `Retries` | 3 | 3 |
/// | [`retry_delay`](Self::retry_delay) | `RetryDelay` | 10 seconds | 10 |
/// | [`extractable`](Self::extractable) | `KeyIsExtractable` | false | true |
/// | [`all_apps_access`](Self::all_apps_access) | `AllowAllAppsAccess` | false | false |
/// | [`rfc822_name`](Self::rfc822_name), [`alt_name`](Self::alt_name) | `SubjectAltName` | left out | none |
/// | [`expiry_notification_days`](Self::expiry_notification_days) | `CertificateRenewalTimeInterval` | left out | see there |
///
/// Every key with a default is written all the same, so that a profile says what it means. Reading gives what macOS
/// would use: Apple's default where a key is absent. What this type cannot say is refused by the name of its key: a URL
/// without a scheme, with a login, query or fragment, a key size that Apple does not list, a fingerprint that is none of the
/// SHA family, a subject of another nesting. The [`Payload`](mobileconfig::Payload) around it keeps such a payload as it is,
/// and [`lint`](crate::lint) says what a Mac makes of it.
///
/// ```
/// use scep_profile::{Fingerprint, ScepPayload, ScepUrl};
///
/// let payload = ScepPayload::new(
///     ScepUrl::parse("https://acme.okta.com/pki/0A1B/scep/rac1")?,
///     "the secret from the admin console".into(),
/// )
/// .subject("CN=%SerialNumber%".parse()?)
/// .ca_fingerprint(Fingerprint::parse("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")?);
/// assert!(!format!("{payload:?}").contains("secret from"));
/// # Ok::<(), scep_profile::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct ScepPayload {
    /// `URL`: the server.
    pub url: ScepUrl,
    /// `Name`: an instance of the server, sent as `message` of GetCACert and GetCACaps.
    pub name: Option<String>,
    /// `Subject`; `None` only when read from a profile without one.
    pub subject: Option<Subject>,
    /// `Challenge`: the secret that proves to the CA that the device may enrol.
    pub challenge: Option<SecretString>,
    /// `Keysize`.
    pub key_size: KeySize,
    /// `Key Usage`.
    pub key_usage: KeyUsage,
    /// `CAFingerprint`: the certificate, among those the server hands out, that has to be trusted.
    pub ca_fingerprint: Option<Fingerprint>,
    /// `Retries`: how often to ask again while the server answers PENDING.
    pub retries: u32,
    /// `RetryDelay`: seconds between those; the first comes without delay.
    pub retry_delay: u32,
    /// `SubjectAltName`.
    pub alt_name: SubjectAltName,
    /// `KeyIsExtractable`: whether the private key can be exported from the keychain.
    pub extractable: bool,
    /// `AllowAllAppsAccess`: whether every app may use the key without asking.
    pub all_apps_access: bool,
    /// `CertificateRenewalTimeInterval`, in days.
    pub expiry_notification_days: Option<u32>,
    /// Keys this type does not know, kept when a profile is read and written again.
    pub extra: Dictionary,
}

impl ScepPayload {
    /// A payload with the values of the table above.
    #[must_use]
    pub fn new(url: ScepUrl, challenge: SecretString) -> Self {
        Self {
            url,
            name: None,
            subject: Some(Subject::default()),
            challenge: Some(challenge),
            key_size: KeySize::Rsa2048,
            key_usage: KeyUsage::SIGNING,
            ca_fingerprint: None,
            retries: 3,
            retry_delay: 10,
            alt_name: SubjectAltName::default(),
            extractable: false,
            all_apps_access: false,
            expiry_notification_days: None,
            extra: Dictionary::new(),
        }
    }

    /// Sets `Name`.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets `Subject`.
    #[must_use]
    pub fn subject(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }

    /// Sets `Keysize`.
    #[must_use]
    pub fn key_size(mut self, size: KeySize) -> Self {
        self.key_size = size;
        self
    }

    /// Sets `Key Usage`.
    #[must_use]
    pub fn key_usage(mut self, usage: KeyUsage) -> Self {
        self.key_usage = usage;
        self
    }

    /// Sets `CAFingerprint`.
    #[must_use]
    pub fn ca_fingerprint(mut self, fingerprint: Fingerprint) -> Self {
        self.ca_fingerprint = Some(fingerprint);
        self
    }

    /// Sets `Retries`.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Sets `RetryDelay`, in seconds.
    #[must_use]
    pub fn retry_delay(mut self, seconds: u32) -> Self {
        self.retry_delay = seconds;
        self
    }

    /// Adds an e-mail address to `SubjectAltName`; several become an array.
    #[must_use]
    pub fn rfc822_name(mut self, address: impl Into<String>) -> Self {
        self.alt_name.rfc822_names.push(address.into());
        self
    }

    /// Sets `SubjectAltName` as a whole.
    #[must_use]
    pub fn alt_name(mut self, alt_name: SubjectAltName) -> Self {
        self.alt_name = alt_name;
        self
    }

    /// Sets `KeyIsExtractable`.
    #[must_use]
    pub fn extractable(mut self, extractable: bool) -> Self {
        self.extractable = extractable;
        self
    }

    /// Sets `AllowAllAppsAccess`.
    #[must_use]
    pub fn all_apps_access(mut self, allowed: bool) -> Self {
        self.all_apps_access = allowed;
        self
    }

    /// Sets `CertificateRenewalTimeInterval`: days before expiry at which macOS tells the user.
    ///
    /// Profile editors write this key into SCEP payloads; Apple's schema lists it for
    /// `com.apple.ADCertificate.managed` only, so whether macOS heeds it here is not confirmed. It never renews the
    /// certificate.
    #[must_use]
    pub fn expiry_notification_days(mut self, days: u32) -> Self {
        self.expiry_notification_days = Some(days);
        self
    }

    /// What would keep a Mac from enrolling, all of it at once.
    ///
    /// # Errors
    ///
    /// [`Error`] naming each field: an empty challenge, an alternative name that is empty or not what it should be,
    /// retries that take more than a day.
    pub fn validate(&self) -> Result<(), Error> {
        let mut errors = Vec::new();
        if self
            .challenge
            .as_ref()
            .is_some_and(|challenge| challenge.expose_secret().trim().is_empty())
        {
            errors.push(Error::new(
                Field::Challenge,
                "it is empty, or white space",
                "give the secret key that the admin console showed when the SCEP URL was generated",
            ));
        }
        // Without a delay each try takes its time all the same.
        if u64::from(self.retries) * u64::from(self.retry_delay.max(1)) > 86_400 {
            errors.push(Error::new(
                Field::Retry,
                format!(
                    "{} tries of {} seconds take more than a day",
                    self.retries, self.retry_delay
                ),
                "use 3 tries of 10 seconds unless someone approves requests by hand",
            ));
        }
        errors.extend(self.alt_name.validate().err());
        Error::all(errors).map_or(Ok(()), Err)
    }
}

impl PayloadContent for ScepPayload {
    const PAYLOAD_TYPE: &'static str = "com.apple.security.scep";

    fn to_dictionary(&self) -> Result<Dictionary, mobileconfig::Error> {
        self.validate().map_err(Error::into_profile_error)?;
        let mut beside = Dictionary::new();
        beside.insert(
            "PayloadContent".to_owned(),
            Value::Dictionary(keys::write(self)),
        );
        Ok(beside)
    }

    fn from_dictionary(beside: &Dictionary) -> Result<Self, mobileconfig::Error> {
        match beside.get("PayloadContent") {
            Some(Value::Dictionary(content)) => {
                keys::read(content).map_err(|error| error.within("PayloadContent"))
            }
            Some(other) => Err(mobileconfig::Error::wrong_type(
                "PayloadContent",
                "dict",
                other,
            )),
            None => Err(mobileconfig::Error::missing_key("PayloadContent")),
        }
    }
}

// The challenge masks itself; of unknown keys only the names are shown, since one may be a misspelt `Challenge`.
impl fmt::Debug for ScepPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScepPayload")
            .field("url", &self.url.as_str())
            .field("name", &self.name)
            .field("subject", &self.subject.as_ref().map(ToString::to_string))
            .field("challenge", &self.challenge)
            .field("key_size", &self.key_size)
            .field("key_usage", &self.key_usage)
            .field("ca_fingerprint", &self.ca_fingerprint)
            .field("retries", &self.retries)
            .field("retry_delay", &self.retry_delay)
            .field("alt_name", &self.alt_name)
            .field("extractable", &self.extractable)
            .field("all_apps_access", &self.all_apps_access)
            .field("expiry_notification_days", &self.expiry_notification_days)
            .field("extra", &self.extra.keys().collect::<Vec<_>>())
            .finish()
    }
}

//! Managed preferences of apps, in both forms that exist.
//!
//! | form | type | in the profile |
//! |---|---|---|
//! | the domain is the payload type | [`DomainPreferences`] | `PayloadType` `com.okta.mobile`, the settings beside it |
//! | one payload for many domains | [`ManagedPreferences`] | `com.apple.ManagedClient.preferences`, the settings nested in it |

use std::borrow::Cow;

use plist::{Dictionary, Value};

use crate::fields::{Field, keys, payload};
use crate::{Error, Payload, PayloadContent, keys as common};

/// A payload whose `PayloadType` is the preference domain itself. The settings are always enforced.
///
/// ```
/// use mobileconfig::{Profile, managed_preferences::DomainPreferences};
///
/// let okta_verify = DomainPreferences::new("com.okta.mobile")
///     .set("OktaVerify.OrgUrl", "https://example.okta.com")
///     .set("OktaVerify.EnrollmentOptions", "SilentEnrollmentEnabled");
/// let profile = Profile::builder("Example Org", "org.example.companions").add("okta-verify", &okta_verify).build()?;
/// assert_eq!(profile.payloads[0].payload_type, "com.okta.mobile");
/// assert_eq!(profile.payloads[0].decode::<DomainPreferences>()?, okta_verify);
/// # Ok::<(), mobileconfig::Error>(())
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct DomainPreferences {
    /// The preference domain.
    pub domain: String,
    /// The settings.
    pub settings: Dictionary,
}

impl DomainPreferences {
    /// No settings yet for this domain.
    pub fn new(domain: impl Into<String>) -> Self {
        Self {
            domain: domain.into(),
            settings: Dictionary::new(),
        }
    }

    /// Sets one key.
    #[must_use]
    pub fn set(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.settings.insert(key.into(), value.into());
        self
    }
}

impl PayloadContent for DomainPreferences {
    /// Empty: the domain is the type.
    const PAYLOAD_TYPE: &'static str = "";

    fn to_dictionary(&self) -> Result<Dictionary, Error> {
        if self.domain.is_empty() {
            return Err(Error::invalid_value(
                common::TYPE,
                "the preference domain is empty",
            ));
        }
        Ok(self.settings.clone())
    }

    /// The settings, without a domain: the dictionary does not tell it.
    fn from_dictionary(keys: &Dictionary) -> Result<Self, Error> {
        Ok(Self {
            domain: String::new(),
            settings: keys.clone(),
        })
    }

    fn payload_type(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.domain)
    }

    fn from_payload(payload: &Payload) -> Result<Self, Error> {
        Ok(Self {
            domain: payload.payload_type.clone(),
            settings: payload.content.clone(),
        })
    }
}

impl std::fmt::Debug for DomainPreferences {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        crate::redact::debug(f, &self.domain, &self.settings, |_| false)
    }
}

/// `com.apple.ManagedClient.preferences`: settings of any number of domains.
///
/// ```
/// use mobileconfig::managed_preferences::ManagedPreferences;
///
/// let preferences = ManagedPreferences::new()
///     .force("com.okta.mobile", "OktaVerify.ReportDiagnostics", false)
///     .set_once("com.example.app", "ShowTips", true);
/// let forced = preferences.forced("com.okta.mobile")?;
/// assert_eq!(forced.get("OktaVerify.ReportDiagnostics").and_then(|value| value.as_boolean()), Some(false));
/// # Ok::<(), mobileconfig::Error>(())
/// ```
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ManagedPreferences {
    /// `PayloadContent`: for each domain `Forced` and `Set-Once`, each an array of dictionaries with
    /// `mcx_preference_settings`.
    pub domains: Dictionary,
    /// Other keys.
    pub extra: Dictionary,
}

keys!(ManagedPreferences {
    domains: "PayloadContent"
});
payload!(ManagedPreferences = "com.apple.ManagedClient.preferences");

const FORCED: &str = "Forced";
const SET_ONCE: &str = "Set-Once";
const SETTINGS: &str = "mcx_preference_settings";

impl ManagedPreferences {
    /// No settings yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A setting the user cannot change (`Forced`).
    #[must_use]
    pub fn force(self, domain: &str, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.insert(domain, FORCED, key.into(), value.into())
    }

    /// A setting that is written once and that the user may change (`Set-Once`).
    #[must_use]
    pub fn set_once(self, domain: &str, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.insert(domain, SET_ONCE, key.into(), value.into())
    }

    /// The forced settings of a domain; of several dictionaries that set one key, the last counts here.
    ///
    /// # Errors
    /// [`Error::is_wrong_type`] if the payload was read and does not have Apple's nesting.
    pub fn forced(&self, domain: &str) -> Result<Dictionary, Error> {
        self.settings(domain, FORCED)
    }

    /// The set-once settings of a domain; of several dictionaries that set one key, the last counts here.
    ///
    /// # Errors
    /// [`Error::is_wrong_type`] if the payload was read and does not have Apple's nesting.
    pub fn once(&self, domain: &str) -> Result<Dictionary, Error> {
        self.settings(domain, SET_ONCE)
    }

    fn settings(&self, domain: &str, manner: &str) -> Result<Dictionary, Error> {
        let mut all = Dictionary::new();
        let Some(of_domain) = self.domains.get(domain) else {
            return Ok(all);
        };
        let of_domain = Dictionary::read(of_domain).map_err(|error| error.within(domain))?;
        if let Some(list) = of_domain.get(manner) {
            for entry in
                Vec::<Settings>::read(list).map_err(|error| error.within(manner).within(domain))?
            {
                all.extend(entry.settings);
            }
        }
        Ok(all)
    }

    fn insert(mut self, domain: &str, manner: &str, key: String, value: Value) -> Self {
        let mut of_domain = take(&mut self.domains, domain, Value::into_dictionary);
        let mut list = take(&mut of_domain, manner, Value::into_array);
        let mut last = list
            .pop()
            .and_then(Value::into_dictionary)
            .unwrap_or_default();
        let mut settings = take(&mut last, SETTINGS, Value::into_dictionary);
        settings.insert(key, value);
        last.insert(SETTINGS.to_owned(), settings.into());
        list.push(last.into());
        of_domain.insert(manner.to_owned(), list.into());
        self.domains.insert(domain.to_owned(), of_domain.into());
        self
    }
}

/// Takes a container out of a dictionary; an empty one if there is none.
fn take<C: Default>(keys: &mut Dictionary, key: &str, into: fn(Value) -> Option<C>) -> C {
    keys.remove(key).and_then(into).unwrap_or_default()
}

/// One item of `Forced` or `Set-Once`.
struct Settings {
    settings: Dictionary,
    extra: Dictionary,
}

keys!(Settings {
    settings: "mcx_preference_settings"
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_the_nesting_of_apples_schema() {
        let preferences = ManagedPreferences::new()
            .force("com.example", "a", true)
            .force("com.example", "b", 2);
        let xml = crate::to_xml(preferences.to_dictionary().unwrap().into()).unwrap();
        let flat: String = String::from_utf8(xml).unwrap().split_whitespace().collect();
        assert!(flat.contains(
            "<key>PayloadContent</key><dict><key>com.example</key><dict><key>Forced</key><array><dict>\
             <key>mcx_preference_settings</key><dict><key>a</key><true/><key>b</key><integer>2</integer></dict>\
             </dict></array></dict></dict>"
        ), "{flat}");
    }

    #[test]
    fn a_forced_setting_is_not_a_set_once_setting() {
        let preferences = ManagedPreferences::new().force("com.example", "a", true);
        assert_eq!(preferences.forced("com.example").unwrap().len(), 1);
        assert!(preferences.once("com.example").unwrap().is_empty());
        assert!(preferences.forced("org.example").unwrap().is_empty());
    }

    #[test]
    fn another_nesting_is_named_and_not_ignored() {
        let mut preferences = ManagedPreferences::new();
        preferences
            .domains
            .insert("com.example".into(), "flat".into());
        let error = preferences.forced("com.example").unwrap_err();
        assert_eq!(
            error.to_string(),
            "com.example: expected <dict>, found <string>"
        );
    }
}

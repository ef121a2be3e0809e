//! The profile: top-level keys and payloads.

use std::fmt;

use plist::{Dictionary, Value};

use crate::fields::texts;
use crate::{Error, Payload, ProfileBuilder, keys};

/// A configuration profile.
///
/// Built with [`Profile::builder`], read with [`Profile::from_bytes`] or [`Profile::read`](crate::Profile::read),
/// written with [`Profile::to_xml`]. Top-level keys without a field here (`ConsentText`, `RemovalDate`,
/// `TargetDeviceType`…) ride in [`extra`](Self::extra) and are written back. `Debug` shows no value of `extra` and of
/// the payload contents.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Profile {
    /// `PayloadIdentifier`: a device replaces the installed profile that has the same one.
    pub identifier: String,
    /// `PayloadUUID` as written; devices also accept lower case and texts that are no UUID.
    pub uuid: String,
    /// `PayloadVersion`: 1, the only version there is.
    pub version: i64,
    /// `PayloadDisplayName`.
    pub display_name: Option<String>,
    /// `PayloadDescription`.
    pub description: Option<String>,
    /// `PayloadOrganization`.
    pub organization: Option<String>,
    /// `PayloadScope`; decides on macOS which keychain the payloads use.
    pub scope: Option<Scope>,
    /// `PayloadRemovalDisallowed`. On macOS 10.15 and later it matters only for profiles installed by hand.
    pub removal_disallowed: Option<bool>,
    /// The items of `PayloadContent`.
    pub payloads: Vec<Payload>,
    /// `EncryptedPayloadContent`: a CMS envelope that stands for `PayloadContent`.
    pub encrypted_content: Option<Vec<u8>>,
    /// Every other top-level key.
    pub extra: Dictionary,
}

texts! {
    /// `PayloadScope`: whom the profile is for. macOS only.
    pub enum Scope {
        /// The device and its System keychain.
        System = "System",
        /// The user who installs it.
        User = "User",
    }
}

impl Profile {
    /// Starts a profile of which every identifier and UUID follows from the arguments.
    ///
    /// `organization` becomes `PayloadOrganization`, `identifier` (reverse DNS, such as `org.example.trust`) becomes
    /// `PayloadIdentifier`.
    pub fn builder(
        organization: impl Into<String>,
        identifier: impl Into<String>,
    ) -> ProfileBuilder {
        ProfileBuilder::new(organization.into(), identifier.into())
    }

    /// The payloads of one `PayloadType`, in order.
    ///
    /// ```
    /// # use mobileconfig::{Profile, notifications::{AppNotifications, NotificationSettings}};
    /// # let settings = NotificationSettings::new([AppNotifications::new("com.okta.mobile")]);
    /// # let profile = Profile::builder("Example Org", "org.example.companions").add("notifications", &settings).build()?;
    /// assert_eq!(profile.payloads_of_type("com.apple.notificationsettings").count(), 1);
    /// assert_eq!(profile.payloads_of_type("com.apple.security.scep").count(), 0);
    /// # Ok::<(), mobileconfig::Error>(())
    /// ```
    pub fn payloads_of_type<'a>(
        &'a self,
        payload_type: &'a str,
    ) -> impl Iterator<Item = &'a Payload> {
        self.payloads
            .iter()
            .filter(move |payload| payload.payload_type == payload_type)
    }

    /// The profile as a property list value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut keys = self.extra.clone();
        keys.insert(keys::TYPE.into(), CONFIGURATION.into());
        keys.insert(keys::IDENTIFIER.into(), self.identifier.as_str().into());
        keys.insert(keys::UUID.into(), self.uuid.as_str().into());
        keys.insert(keys::VERSION.into(), self.version.into());
        keys::insert(&mut keys, keys::DISPLAY_NAME, self.display_name.as_deref());
        keys::insert(&mut keys, keys::DESCRIPTION, self.description.as_deref());
        keys::insert(&mut keys, keys::ORGANIZATION, self.organization.as_deref());
        keys::insert(
            &mut keys,
            keys::SCOPE,
            self.scope.as_ref().map(Scope::as_str),
        );
        keys::insert(&mut keys, keys::REMOVAL_DISALLOWED, self.removal_disallowed);
        if let Some(envelope) = &self.encrypted_content {
            keys.insert(
                keys::ENCRYPTED_CONTENT.into(),
                Value::Data(envelope.clone()),
            );
        }
        if self.encrypted_content.is_none() || !self.payloads.is_empty() {
            let payloads = self
                .payloads
                .iter()
                .map(|payload| Value::Dictionary(payload.to_dictionary()));
            keys.insert(keys::CONTENT.into(), Value::Array(payloads.collect()));
        }
        Value::Dictionary(keys)
    }

    /// A profile from a property list value that was decoded elsewhere.
    ///
    /// # Errors
    /// When the value is not a dictionary of `PayloadType` `Configuration`, or a required key is absent or of the
    /// wrong type.
    pub fn from_value(value: Value) -> Result<Self, Error> {
        let mut keys = match value {
            Value::Dictionary(keys) => keys,
            other => return Err(Error::wrong_type("", "dict", &other)),
        };
        if keys::required_string(&mut keys, keys::TYPE)? != CONFIGURATION {
            return Err(Error::invalid_value(
                keys::TYPE,
                "a profile has the type Configuration; this is another document",
            ));
        }
        let encrypted_content = match keys.remove(keys::ENCRYPTED_CONTENT) {
            None => None,
            Some(Value::Data(envelope)) => Some(envelope),
            Some(other) => return Err(Error::wrong_type(keys::ENCRYPTED_CONTENT, "data", &other)),
        };
        let payloads = match keys.remove(keys::CONTENT) {
            Some(Value::Array(items)) => payloads(items)?,
            Some(other) => return Err(Error::wrong_type(keys::CONTENT, "array", &other)),
            None if encrypted_content.is_some() => Vec::new(),
            None => return Err(Error::missing_key(keys::CONTENT)),
        };
        Ok(Self {
            identifier: keys::required_string(&mut keys, keys::IDENTIFIER)?,
            uuid: keys::required_string(&mut keys, keys::UUID)?,
            version: keys::version(&mut keys)?,
            display_name: keys::string(&mut keys, keys::DISPLAY_NAME)?,
            description: keys::string(&mut keys, keys::DESCRIPTION)?,
            organization: keys::string(&mut keys, keys::ORGANIZATION)?,
            scope: keys::string(&mut keys, keys::SCOPE)?.map(Scope::from),
            removal_disallowed: match keys.remove(keys::REMOVAL_DISALLOWED) {
                None => None,
                Some(Value::Boolean(disallowed)) => Some(disallowed),
                Some(other) => {
                    return Err(Error::wrong_type(
                        keys::REMOVAL_DISALLOWED,
                        "boolean",
                        &other,
                    ));
                }
            },
            payloads,
            encrypted_content,
            extra: keys,
        })
    }
}

const CONFIGURATION: &str = "Configuration";

fn payloads(items: Vec<Value>) -> Result<Vec<Payload>, Error> {
    let payload = |(index, item)| {
        Payload::from_value(item)
            .map_err(|error| error.within(&format!("{}[{index}]", keys::CONTENT)))
    };
    items.into_iter().enumerate().map(payload).collect()
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile")
            .field("identifier", &self.identifier)
            .field("uuid", &self.uuid)
            .field("display_name", &self.display_name)
            .field("organization", &self.organization)
            .field("scope", &self.scope)
            .field("payloads", &self.payloads)
            .field("extra_keys", &self.extra.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

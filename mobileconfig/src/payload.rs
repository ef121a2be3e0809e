//! One payload: the keys every payload has, and a content.

use std::fmt;

use plist::{Dictionary, Value};

use crate::{Error, PayloadContent, keys};

/// One item of a profile's `PayloadContent` array.
///
/// Keys the crate has no field for stay in [`content`](Self::content), so that nothing is lost between reading and
/// writing. `Debug` names keys, never values.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Payload {
    /// `PayloadType`, such as `com.apple.security.root`.
    pub payload_type: String,
    /// `PayloadIdentifier`, unique within the profile.
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
    /// Every other key of the payload.
    pub content: Dictionary,
}

impl Payload {
    /// A payload of version 1 without display name, description and organisation.
    pub fn new(
        payload_type: impl Into<String>,
        identifier: impl Into<String>,
        uuid: impl Into<String>,
        content: Dictionary,
    ) -> Self {
        Self {
            payload_type: payload_type.into(),
            identifier: identifier.into(),
            uuid: uuid.into(),
            version: 1,
            display_name: None,
            description: None,
            organization: None,
            content,
        }
    }

    /// The typed content.
    ///
    /// ```
    /// use mobileconfig::{Profile, notifications::{AppNotifications, NotificationSettings}};
    ///
    /// let settings = NotificationSettings::new([AppNotifications::new("com.okta.mobile")]);
    /// let profile = Profile::builder("Example Org", "org.example.companions").add("notifications", &settings).build()?;
    /// assert_eq!(profile.payloads[0].decode::<NotificationSettings>()?, settings);
    /// # Ok::<(), mobileconfig::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the payload has another type or its keys do not fit `C`.
    pub fn decode<C: PayloadContent>(&self) -> Result<C, Error> {
        C::from_payload(self)
    }

    pub(crate) fn from_value(value: Value) -> Result<Self, Error> {
        let mut keys = match value {
            Value::Dictionary(keys) => keys,
            other => return Err(Error::wrong_type("", "dict", &other)),
        };
        Ok(Self {
            payload_type: keys::required_string(&mut keys, keys::TYPE)?,
            identifier: keys::required_string(&mut keys, keys::IDENTIFIER)?,
            uuid: keys::required_string(&mut keys, keys::UUID)?,
            version: keys::version(&mut keys)?,
            display_name: keys::string(&mut keys, keys::DISPLAY_NAME)?,
            description: keys::string(&mut keys, keys::DESCRIPTION)?,
            organization: keys::string(&mut keys, keys::ORGANIZATION)?,
            content: keys,
        })
    }

    pub(crate) fn to_dictionary(&self) -> Dictionary {
        let mut keys = self.content.clone();
        keys.insert(keys::TYPE.into(), self.payload_type.as_str().into());
        keys.insert(keys::IDENTIFIER.into(), self.identifier.as_str().into());
        keys.insert(keys::UUID.into(), self.uuid.as_str().into());
        keys.insert(keys::VERSION.into(), self.version.into());
        keys::insert(&mut keys, keys::DISPLAY_NAME, self.display_name.as_deref());
        keys::insert(&mut keys, keys::DESCRIPTION, self.description.as_deref());
        keys::insert(&mut keys, keys::ORGANIZATION, self.organization.as_deref());
        keys
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payload")
            .field("payload_type", &self.payload_type)
            .field("identifier", &self.identifier)
            .field("uuid", &self.uuid)
            .field("content_keys", &self.content.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

//! The contract between a typed payload content and the dictionary it is stored in.

use std::borrow::Cow;

use plist::Dictionary;

use crate::{Error, Payload};

/// A typed payload content: the keys that stand beside `PayloadType` in one payload.
///
/// A content whose keys Apple nests in an inner dictionary (`com.apple.security.scep`) gives a dictionary with
/// the single key `PayloadContent`. The keys that every payload has (`PayloadIdentifier`, `PayloadUUID`…) are not
/// part of the content; [`ProfileBuilder`](crate::ProfileBuilder) adds them.
///
/// ```
/// use mobileconfig::{Error, PayloadContent, Profile};
/// use plist::{Dictionary, Value};
///
/// /// `com.apple.screensaver`, one key of it.
/// struct ScreenSaver { ask_for_password: bool }
///
/// impl PayloadContent for ScreenSaver {
///     const PAYLOAD_TYPE: &'static str = "com.apple.screensaver";
///
///     fn to_dictionary(&self) -> Result<Dictionary, Error> {
///         let mut keys = Dictionary::new();
///         keys.insert("askForPassword".into(), self.ask_for_password.into());
///         Ok(keys)
///     }
///
///     fn from_dictionary(keys: &Dictionary) -> Result<Self, Error> {
///         match keys.get("askForPassword") {
///             Some(Value::Boolean(ask)) => Ok(Self { ask_for_password: *ask }),
///             Some(other) => Err(Error::wrong_type("askForPassword", "boolean", other)),
///             None => Err(Error::missing_key("askForPassword")),
///         }
///     }
/// }
///
/// let profile = Profile::builder("Example Org", "org.example.lock")
///     .add("screensaver", &ScreenSaver { ask_for_password: true })
///     .build()?;
/// assert!(profile.payloads[0].decode::<ScreenSaver>()?.ask_for_password);
/// # Ok::<(), Error>(())
/// ```
pub trait PayloadContent: Sized {
    /// The `PayloadType`, such as `com.apple.security.scep`.
    ///
    /// Empty for a content whose type is data of its own; such a content overrides
    /// [`payload_type`](Self::payload_type) and [`from_payload`](Self::from_payload).
    const PAYLOAD_TYPE: &'static str;

    /// The keys to write.
    ///
    /// # Errors
    /// When the content is not one a device could accept.
    fn to_dictionary(&self) -> Result<Dictionary, Error>;

    /// The content read from such keys.
    ///
    /// # Errors
    /// When a required key is absent ([`Error::is_missing_key`]), has the wrong type ([`Error::is_wrong_type`]) or a
    /// value that cannot be right ([`Error::is_invalid_value`]).
    fn from_dictionary(keys: &Dictionary) -> Result<Self, Error>;

    /// The `PayloadType` of this value; [`PAYLOAD_TYPE`](Self::PAYLOAD_TYPE) for nearly every content.
    fn payload_type(&self) -> Cow<'_, str> {
        Cow::Borrowed(Self::PAYLOAD_TYPE)
    }

    /// The content of a payload, after a look at its `PayloadType`.
    ///
    /// # Errors
    /// When the payload has another type, or as [`from_dictionary`](Self::from_dictionary).
    fn from_payload(payload: &Payload) -> Result<Self, Error> {
        if payload.payload_type == Self::PAYLOAD_TYPE {
            Self::from_dictionary(&payload.content)
        } else {
            let message = format!(
                "this payload is a {}, not a {}",
                payload.payload_type,
                Self::PAYLOAD_TYPE
            );
            Err(Error::invalid_value("PayloadType", message))
        }
    }
}

//! Objects that lose nothing between GET and PUT, and enums that lose nothing of a value they do not know.
//!
//! Okta's PUTs replace the whole object, so every field that is read must be written back: known fields are typed,
//! unknown ones ride in `extra`, unknown enum values in `Other`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A field with three states: not there, there as `null`, there with a value.
///
/// Used where Okta's schema lets a field be `null` and a PUT must tell the states apart, such as the `conditions` of
/// an app sign-in policy's catch-all rule.
///
/// ```
/// use okta_devtrust::{Field, policies::Rule};
///
/// let rule: Rule = serde_json::from_str(r#"{"name": "Catch-all Rule", "conditions": null}"#)?;
/// assert_eq!(rule.conditions, Field::Null);
/// assert_eq!(serde_json::to_string(&rule)?, r#"{"name":"Catch-all Rule","conditions":null}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Field<T> {
    /// The field is not there.
    #[default]
    Absent,
    /// The field is `null`.
    Null,
    /// The field has a value.
    Value(T),
}

impl<T> Field<T> {
    /// The value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }
}

impl Field<String> {
    /// The text, if there is one.
    pub fn text(&self) -> Option<&str> {
        self.value().map(String::as_str)
    }
}

impl<T> From<T> for Field<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

impl<T: Serialize> Serialize for Field<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

/// Whether a field is left out when its object is written.
pub(crate) trait Absent {
    fn is_absent(&self) -> bool;
}

impl<T> Absent for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T> Absent for Field<T> {
    fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

/// For ids and names, which the server never writes empty.
impl Absent for String {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

/// A JSON object in camelCase whose every field may be absent and whose unknown fields are kept in `extra`.
macro_rules! lossless {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[$field_meta])*
                #[serde(default, skip_serializing_if = "crate::lossless::Absent::is_absent")]
                pub $field: $type,
            )*
            /// Fields that this crate does not know, kept as the server wrote them.
            #[serde(flatten)]
            pub extra: serde_json::Map<String, serde_json::Value>,
        }
    };
}

/// An enum of strings that keeps a value it does not know.
macro_rules! open_enum {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(
                #[doc = concat!("`", $text, "`")]
                $variant,
            )+
            /// A value that this crate does not know, as the server wrote it.
            Other(String),
        }

        devtrust_transport::open_enum_codec!($name { $($variant = $text),+ });
    };
}

pub(crate) use {lossless, open_enum};

open_enum! {
    /// Whether an object is in use.
    Status {
        Active = "ACTIVE",
        Inactive = "INACTIVE",
    }
}

/// A time as the server wrote it, so that writing it back changes nothing.
///
/// ```
/// let time: okta_devtrust::Time = serde_json::from_str("\"2026-11-24T12:00:00.000Z\"")?;
/// assert_eq!(time.as_str(), "2026-11-24T12:00:00.000Z");
/// assert_eq!(time.timestamp(), "2026-11-24T12:00:00Z".parse().ok());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(String);

impl Time {
    /// The text of the server.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The instant, if the text is an RFC 3339 time.
    pub fn timestamp(&self) -> Option<jiff::Timestamp> {
        self.0.parse().ok()
    }
}

impl From<jiff::Timestamp> for Time {
    fn from(at: jiff::Timestamp) -> Self {
        Self(at.to_string())
    }
}

/// A text that is a secret: written as it is, never shown by `Debug`.
///
/// ```
/// let secret: okta_devtrust::Secret = serde_json::from_str("\"s3cret\"")?;
/// assert_eq!(secret.expose(), "s3cret");
/// assert_eq!(format!("{secret:?}"), "Secret");
/// assert_eq!(serde_json::to_string(&secret)?, "\"s3cret\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_enum_value_comes_back_as_it_was() {
        let status: Status = serde_json::from_str("\"STAGED\"").unwrap();
        assert_eq!(status, Status::Other("STAGED".into()));
        assert_eq!(serde_json::to_string(&status).unwrap(), "\"STAGED\"");
        assert_eq!(Status::from("ACTIVE"), Status::Active);
    }
}

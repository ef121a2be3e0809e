//! Enums over texts of an API, which keep the spelling of a value that they do not know.

/// Writes `as_str`, `From<&str>`, `Display` and serde's codec for an enum whose variants are texts of an API, and whose variant
/// `Other(String)` keeps every other text as it came. The crate that uses it needs serde.
///
/// ```
/// enum Status {
///     Active,
///     Other(String),
/// }
/// devtrust_transport::open_enum_codec!(Status { Active = "ACTIVE" });
///
/// for text in [r#""ACTIVE""#, r#""SOMETHING_NEW""#] {
///     let status: Status = serde_json::from_str(text)?;
///     assert_eq!(serde_json::to_string(&status)?, text);
/// }
/// # Ok::<(), serde_json::Error>(())
/// ```
#[macro_export]
macro_rules! open_enum_codec {
    ($name:ident { $($variant:ident = $text:literal),* $(,)? }) => {
        impl $name {
            /// The API's spelling.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )*
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $( $text => Self::$variant, )*
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                Ok(Self::from(text.as_ref()))
            }
        }
    };
}

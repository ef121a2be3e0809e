//! One table of keys per typed dictionary: how a Rust struct and a property list dictionary become each other.
//!
//! Written for property lists instead of going through serde, since that keeps dates in unknown keys, names the key path in
//! every error and never repeats a value in one.

use plist::{Dictionary, Value};
use secrecy::{ExposeSecret, SecretString};

use crate::Error;

/// A type that one property list value stands for.
pub(crate) trait Field: Sized {
    /// True for a value that `Debug` must not show, whatever its key is called.
    const SECRET: bool = false;

    fn read(value: &Value) -> Result<Self, Error>;
    fn write(&self) -> Value;
}

/// A struct that a dictionary stands for; implemented by [`keys!`](crate::fields::keys).
pub(crate) trait Keys: Sized {
    fn read_keys(keys: &Dictionary) -> Result<Self, Error>;
    fn write_keys(&self) -> Dictionary;
}

/// A key of a dictionary: required for a [`Field`], optional for an `Option` of one.
pub(crate) trait Slot: Sized {
    const SECRET: bool;

    fn get(keys: &Dictionary, key: &str) -> Result<Self, Error>;
    fn put(&self, keys: &mut Dictionary, key: &str);
}

impl<T: Field> Slot for T {
    const SECRET: bool = T::SECRET;

    fn get(keys: &Dictionary, key: &str) -> Result<Self, Error> {
        Option::get(keys, key)?.ok_or_else(|| Error::missing_key(key))
    }

    fn put(&self, keys: &mut Dictionary, key: &str) {
        keys.insert(key.to_owned(), self.write());
    }
}

impl<T: Field> Slot for Option<T> {
    const SECRET: bool = T::SECRET;

    fn get(keys: &Dictionary, key: &str) -> Result<Self, Error> {
        keys.get(key)
            .map(T::read)
            .transpose()
            .map_err(|error| error.within(key))
    }

    fn put(&self, keys: &mut Dictionary, key: &str) {
        if let Some(value) = self {
            value.put(keys, key);
        }
    }
}

impl<T: Keys> Field for T {
    fn read(value: &Value) -> Result<Self, Error> {
        match value {
            Value::Dictionary(keys) => T::read_keys(keys),
            other => Err(Error::wrong_type("", "dict", other)),
        }
    }

    fn write(&self) -> Value {
        Value::Dictionary(self.write_keys())
    }
}

impl<T: Field> Field for Vec<T> {
    fn read(value: &Value) -> Result<Self, Error> {
        let Value::Array(items) = value else {
            return Err(Error::wrong_type("", "array", value));
        };
        let item =
            |(index, item)| T::read(item).map_err(|error| error.within(&format!("[{index}]")));
        items.iter().enumerate().map(item).collect()
    }

    fn write(&self) -> Value {
        Value::Array(self.iter().map(T::write).collect())
    }
}

macro_rules! plain {
    ($type:ty, $name:literal, $value:ident => $read:expr, $this:ident => $write:expr) => {
        impl Field for $type {
            fn read($value: &Value) -> Result<Self, Error> {
                $read.ok_or_else(|| Error::wrong_type("", $name, $value))
            }

            fn write(&self) -> Value {
                let $this = self;
                $write
            }
        }
    };
}

plain!(String, "string", value => value.as_string().map(str::to_owned), this => this.as_str().into());
plain!(bool, "boolean", value => value.as_boolean(), this => (*this).into());
plain!(i64, "integer", value => value.as_signed_integer(), this => (*this).into());
plain!(Vec<u8>, "data", value => value.as_data().map(<[u8]>::to_vec), this => Value::Data(this.clone()));
plain!(Dictionary, "dict", value => value.as_dictionary().cloned(), this => Value::Dictionary(this.clone()));

impl Field for SecretString {
    const SECRET: bool = true;

    fn read(value: &Value) -> Result<Self, Error> {
        String::read(value).map(Self::from)
    }

    fn write(&self) -> Value {
        self.expose_secret().into()
    }
}

/// Whether the type of a field is that of a secret.
pub(crate) fn is_secret<T: Slot>(_: &T) -> bool {
    T::SECRET
}

/// The entries of `keys` that `known` does not name.
pub(crate) fn unknown(keys: &Dictionary, known: &[&str]) -> Dictionary {
    keys.iter()
        .filter(|(key, _)| !known.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// Ties the fields of a struct to Apple's keys. The struct has a further field `extra` for keys not named here.
/// `Debug` shows the dictionary with its secrets masked.
macro_rules! keys {
    ($type:ident { $($field:ident: $key:literal),* $(,)? }) => {
        impl $crate::fields::Keys for $type {
            fn read_keys(keys: &plist::Dictionary) -> Result<Self, $crate::Error> {
                Ok(Self {
                    $($field: $crate::fields::Slot::get(keys, $key)?,)*
                    extra: $crate::fields::unknown(keys, &[$($key),*]),
                })
            }

            fn write_keys(&self) -> plist::Dictionary {
                let mut keys = self.extra.clone();
                $($crate::fields::Slot::put(&self.$field, &mut keys, $key);)*
                keys
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let secrets: &[(&str, bool)] = &[$(($key, $crate::fields::is_secret(&self.$field))),*];
                let is_secret = |key: &str| secrets.contains(&(key, true));
                $crate::redact::debug(f, stringify!($type), &$crate::fields::Keys::write_keys(self), is_secret)
            }
        }
    };
}

/// Makes a struct with a table of keys the content of a `PayloadType`. `check` runs before writing and not after
/// reading: what a device holds already must stay readable.
macro_rules! payload {
    ($type:ident = $payload_type:literal) => {
        $crate::fields::payload!($type = $payload_type, check = |_| Ok(()));
    };
    ($type:ident = $payload_type:literal, check = $check:expr) => {
        impl $crate::PayloadContent for $type {
            const PAYLOAD_TYPE: &'static str = $payload_type;

            fn to_dictionary(&self) -> Result<plist::Dictionary, $crate::Error> {
                let check: fn(&Self) -> Result<(), $crate::Error> = $check;
                check(self)?;
                Ok($crate::fields::Keys::write_keys(self))
            }

            fn from_dictionary(keys: &plist::Dictionary) -> Result<Self, $crate::Error> {
                $crate::fields::Keys::read_keys(keys)
            }
        }
    };
}

/// An enumeration of texts that keeps a text it does not know.
macro_rules! texts {
    ($(#[$meta:meta])* pub enum $type:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $type {
            $($(#[$variant_meta])* $variant,)*
            /// A text this crate does not know, kept as it is.
            Other(String),
        }

        impl $type {
            /// The text in the profile.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(text) => text,
                }
            }
        }

        impl From<String> for $type {
            fn from(text: String) -> Self {
                match text.as_str() {
                    $($text => Self::$variant,)*
                    _ => Self::Other(text),
                }
            }
        }

        impl $crate::fields::Field for $type {
            fn read(value: &plist::Value) -> Result<Self, $crate::Error> {
                <String as $crate::fields::Field>::read(value).map(Self::from)
            }

            fn write(&self) -> plist::Value {
                self.as_str().into()
            }
        }
    };
}

pub(crate) use {keys, payload, texts};

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(PartialEq)]
    struct Outer {
        inner: Vec<Inner>,
        extra: Dictionary,
    }
    keys!(Outer { inner: "Inner" });

    #[derive(PartialEq)]
    struct Inner {
        name: String,
        count: Option<i64>,
        extra: Dictionary,
    }
    keys!(Inner {
        name: "Name",
        count: "Count"
    });

    fn dictionary(entries: &[(&str, Value)]) -> Dictionary {
        entries
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect()
    }

    #[test]
    fn unknown_keys_survive_at_every_level_with_their_types() {
        let date = Value::Date(plist::Date::from_xml_format("2030-01-02T03:04:05Z").unwrap());
        let inner = dictionary(&[("Name", "a".into()), ("Later", date.clone())]);
        let keys = dictionary(&[("Inner", Value::Array(vec![inner.into()])), ("Top", date)]);
        assert_eq!(Outer::read_keys(&keys).unwrap().write_keys(), keys);
    }

    #[test]
    fn an_error_names_the_whole_path() {
        let inner = dictionary(&[("Name", "a".into()), ("Count", "three".into())]);
        let keys = dictionary(&[("Inner", Value::Array(vec![inner.into()]))]);
        let error = Outer::read_keys(&keys).map(drop).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Inner[0].Count: expected <integer>, found <string>"
        );

        let keys = dictionary(&[("Inner", Value::Array(vec![Dictionary::new().into()]))]);
        let error = Outer::read_keys(&keys).map(drop).unwrap_err();
        assert!(error.is_missing_key());
        assert_eq!(error.path(), "Inner[0].Name");
    }
}

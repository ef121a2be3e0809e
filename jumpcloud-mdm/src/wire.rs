//! How resources are written down once: fields in the API's spelling, unknown fields kept, absent fields left out.

use serde_json::{Map, Value};

/// Fields that this version does not know, kept as they came.
pub type Extra = Map<String, Value>;

/// Whether a field is left out when the object is written.
pub(crate) trait Absent {
    fn is_absent(&self) -> bool {
        false
    }
}

impl<T> Absent for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl Absent for String {}

/// A resource: derives the codec and adds `extra`. Fields that are not `Option` are required, save an `id` that is
/// `String or empty`: the specification's examples of those objects leave it out.
macro_rules! resource {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $(#[$id_meta:meta])* pub id : String or empty,
            $( $(#[$field_meta:meta])* pub $field:ident : $type:ty ),* $(,)?
        }
    ) => {
        #[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        $(#[$meta])*
        pub struct $name {
            $(#[$id_meta])*
            ///
            /// Empty where JumpCloud left it out, as examples of its specification do; no call takes an empty id.
            #[serde(default, skip_serializing_if = "String::is_empty")]
            pub id: String,
            $(
                $(#[$field_meta])*
                #[serde(skip_serializing_if = "crate::wire::Absent::is_absent")]
                pub $field: $type,
            )*
            /// Fields that this version does not know, kept as they came.
            #[serde(flatten)]
            pub extra: crate::Extra,
        }
    };
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* pub $field:ident : $type:ty ),* $(,)?
        }
    ) => {
        #[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        $(#[$meta])*
        pub struct $name {
            $(
                $(#[$field_meta])*
                #[serde(skip_serializing_if = "crate::wire::Absent::is_absent")]
                pub $field: $type,
            )*
            /// Fields that this version does not know, kept as they came.
            #[serde(flatten)]
            pub extra: crate::Extra,
        }
    };
}

/// An enum over a field that the API spells as text; a value it does not know keeps its spelling in `Other`.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $text:literal ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )*
            /// A value that this version does not know, in the API's spelling.
            Other(String),
        }

        devtrust_transport::open_enum_codec!($name { $($variant = $text),* });
    };
}

pub(crate) use {open_enum, resource};

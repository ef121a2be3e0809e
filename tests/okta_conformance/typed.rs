//! Which keys of a value are typed: a serializer that writes nothing and notes every entry whose Rust type is a free
//! `serde_json::Value`. Those are the unknown fields that ride along, and the fields that were left untyped.

use std::fmt;

use serde::{
    Serialize,
    ser::{self, Serializer},
};

/// The paths, such as `/conditions/people/new`, of what is a free value in `value`. An item of a list is `/*`.
pub(crate) fn untyped<T: Serialize>(value: &T) -> Vec<String> {
    let mut found = Vec::new();
    let walk = Walk {
        at: String::new(),
        found: &mut found,
    };
    value.serialize(walk).unwrap();
    found
}

struct Walk<'a> {
    at: String,
    found: &'a mut Vec<String>,
}

/// A map, list or struct on the way, and the key that comes next.
struct Inside<'a> {
    at: String,
    key: String,
    found: &'a mut Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Impossible(String);

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Impossible {}

impl ser::Error for Impossible {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self(text.to_string())
    }
}

type Done = Result<(), Impossible>;

/// The name of the type is the only thing that tells a free value from a typed one here.
fn is_free<T: ?Sized>() -> bool {
    std::any::type_name::<T>().trim_start_matches('&') == std::any::type_name::<serde_json::Value>()
}

impl Inside<'_> {
    fn entry<T: ?Sized + Serialize>(&mut self, key: &str, value: &T) -> Done {
        let at = format!("{}/{key}", self.at);
        if is_free::<T>() {
            self.found.push(at.clone());
        }
        value.serialize(Walk {
            at,
            found: self.found,
        })
    }
}

macro_rules! scalars {
    ($($name:ident: $type:ty),* $(,)?) => {
        $(fn $name(self, _: $type) -> Done { Ok(()) })*
    };
}

impl<'a> Serializer for Walk<'a> {
    type Ok = ();
    type Error = Impossible;
    type SerializeSeq = Inside<'a>;
    type SerializeTuple = Inside<'a>;
    type SerializeTupleStruct = Inside<'a>;
    type SerializeTupleVariant = ser::Impossible<(), Impossible>;
    type SerializeMap = Inside<'a>;
    type SerializeStruct = Inside<'a>;
    type SerializeStructVariant = ser::Impossible<(), Impossible>;

    scalars! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_f32: f32,
        serialize_f64: f64, serialize_char: char, serialize_str: &str, serialize_bytes: &[u8],
    }

    fn serialize_none(self) -> Done {
        Ok(())
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Done {
        if is_free::<T>() {
            self.found.push(self.at.clone());
        }
        value.serialize(self)
    }

    fn serialize_unit(self) -> Done {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Done {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Done {
        Ok(())
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _: &'static str, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Done {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Inside<'a>, Impossible> {
        Ok(Inside {
            at: self.at,
            key: "*".to_owned(),
            found: self.found,
        })
    }

    fn serialize_tuple(self, length: usize) -> Result<Inside<'a>, Impossible> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        length: usize,
    ) -> Result<Inside<'a>, Impossible> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Impossible> {
        Err(ser::Error::custom("no type here has such a variant"))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Inside<'a>, Impossible> {
        self.serialize_seq(length)
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Inside<'a>, Impossible> {
        self.serialize_seq(Some(length))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Impossible> {
        Err(ser::Error::custom("no type here has such a variant"))
    }
}

macro_rules! lists {
    ($($trait:ident::$method:ident),*) => {
        $(impl ser::$trait for Inside<'_> {
            type Ok = ();
            type Error = Impossible;
            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Done {
                self.entry("*", value)
            }
            fn end(self) -> Done {
                Ok(())
            }
        })*
    };
}

lists! {
    SerializeSeq::serialize_element, SerializeTuple::serialize_element, SerializeTupleStruct::serialize_field
}

impl ser::SerializeMap for Inside<'_> {
    type Ok = ();
    type Error = Impossible;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Done {
        let key = serde_json::to_value(key).map_err(ser::Error::custom)?;
        self.key = key.as_str().unwrap_or_default().to_owned();
        Ok(())
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Done {
        let key = std::mem::take(&mut self.key);
        self.entry(&key, value)
    }

    fn end(self) -> Done {
        Ok(())
    }
}

impl ser::SerializeStruct for Inside<'_> {
    type Ok = ();
    type Error = Impossible;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, key: &'static str, value: &T) -> Done {
        self.entry(key, value)
    }

    fn end(self) -> Done {
        Ok(())
    }
}

#[test]
fn an_unknown_key_and_an_untyped_field_are_found_at_any_depth() {
    use okta_devtrust::{groups::Group, logs::LogDevice};
    let group: Group = serde_json::from_value(serde_json::json!({
        "id": "00g1", "new": 1, "profile": {"name": "Macs", "cost": {"centre": 7}},
        "_embedded": {"stats": {"usersCount": 3}},
    }))
    .unwrap();
    let mut found = untyped(&group);
    found.sort();
    assert_eq!(found, ["/new", "/profile/cost", "/profile/cost/centre"]);
    let device: LogDevice = serde_json::from_str(r#"{"device_integrator": null}"#).unwrap();
    assert!(untyped(&device).is_empty());
    let device: LogDevice = serde_json::from_str(r#"{"device_integrator": "x"}"#).unwrap();
    assert_eq!(untyped(&device), ["/device_integrator"]);
}

//! Properties: nothing is lost between reading and writing, and the plist crate agrees.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, UNIX_EPOCH};

use mobileconfig::{Limits, Payload, Profile, read_plist, to_xml};
use plist::{Date, Dictionary, Value};
use proptest::collection::vec;
use proptest::prelude::*;

/// Any text that XML can carry.
fn text() -> impl Strategy<Value = String> {
    "[\t\n\r -~äß€🍏&<>]{0,12}"
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        (0..4_000_000_000u64)
            .prop_map(|seconds| Value::Date(Date::from(UNIX_EPOCH + Duration::from_secs(seconds)))),
        vec(any::<u8>(), 0..120).prop_map(Value::Data),
        text().prop_map(Value::from),
    ]
}

fn dictionary(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Dictionary> {
    vec((text(), value), 0..5).prop_map(|entries| entries.into_iter().collect())
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::Array),
            dictionary(inner).prop_map(Value::Dictionary),
        ]
    })
}

prop_compose! {
    fn payload()(names in [text(), text(), text()], content in dictionary(value())) -> Payload {
        let [payload_type, identifier, uuid] = names;
        Payload::new(payload_type, identifier, uuid, content)
    }
}

prop_compose! {
    fn profile()(payloads in vec(payload(), 0..4), extra in dictionary(value()), removal in any::<Option<bool>>()) -> Profile {
        let mut profile = Profile::builder("Example Org", "org.example").build().unwrap();
        profile.payloads = payloads;
        profile.extra = extra;
        profile.removal_disallowed = removal;
        profile
    }
}

fn read(bytes: &[u8]) -> Value {
    read_plist(bytes, &Limits::default()).unwrap().0
}

proptest! {
    #[test]
    fn a_value_survives_xml(value in value()) {
        prop_assert_eq!(read(&to_xml(value.clone()).unwrap()), value);
    }

    #[test]
    fn a_value_survives_the_binary_form_of_the_plist_crate(value in value()) {
        let mut bytes = Vec::new();
        value.to_writer_binary(&mut bytes).unwrap();
        prop_assert_eq!(read(&bytes), value);
    }

    #[test]
    fn the_plist_crate_reads_the_same_from_what_is_written(value in value()) {
        let xml = to_xml(value.clone()).unwrap();
        prop_assert_eq!(Value::from_reader_xml(&xml[..]).unwrap(), value);
    }

    #[test]
    fn a_profile_survives_and_its_text_is_stable(profile in profile()) {
        let xml = profile.to_xml().unwrap();
        let again = Profile::from_bytes(&xml).unwrap();
        prop_assert_eq!(&again, &profile);
        prop_assert_eq!(again.to_xml().unwrap(), xml);
        prop_assert!(again.semantic_eq(&profile));
    }

    #[test]
    fn any_bytes_are_read_or_refused_without_panic(bytes in vec(any::<u8>(), 0..200), form in 0..3) {
        let start: &[u8] = [&b"bplist00"[..], b"<plist>", b"0\x82"][form as usize];
        let _ = read_plist([start, &bytes].concat(), &Limits::default());
    }

    #[test]
    fn damaged_binary_is_read_or_refused_without_panic(value in value(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = Vec::new();
        value.to_writer_binary(&mut bytes).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = read_plist(&bytes, &Limits::default());
    }

    #[test]
    fn damaged_xml_is_refused_or_its_reading_can_be_written(value in value(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut xml = to_xml(value).unwrap();
        let at = at.index(xml.len());
        xml[at] = byte;
        if let Ok((value, _)) = read_plist(&xml, &Limits::default()) {
            prop_assert!(to_xml(value).is_ok());
        }
    }
}

/// Valid documents as people write them: indented, with comments, empty elements and references.
#[test]
fn the_plist_crate_agrees_on_valid_documents() {
    for document in [
        "<?xml version='1.0' encoding='UTF-8'?>\n<!DOCTYPE plist PUBLIC '-//Apple//DTD PLIST 1.0//EN' \
         'http://www.apple.com/DTDs/PropertyList-1.0.dtd'>\n<plist version='1.0'>\n<dict>\n\t<key>a &amp; b</key>\n\t\
         <array>\n\t\t<string/>\n\t\t<string> x </string>\n\t\t<dict/>\n\t\t<array></array>\n\t</array>\n</dict>\n</plist>\n",
        "<plist><!-- one --><dict><key>n</key><!-- two --><integer>-1</integer><key>r</key><real>1e3</real></dict></plist>",
        "<plist><array><data>\n\tAAEC\n\t</data><data/><true></true><date>2030-01-02T03:04:05Z</date></array></plist>",
        "<plist><string>&#x1F34F;&#10;&quot;</string></plist>",
    ] {
        assert_eq!(
            read(document.as_bytes()),
            Value::from_reader_xml(document.as_bytes()).unwrap(),
            "{document}"
        );
    }
}

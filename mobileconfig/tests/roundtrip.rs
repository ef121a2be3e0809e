//! Properties: nothing is lost between reading and writing, and the plist crate agrees.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, UNIX_EPOCH};

use mobileconfig::{Limits, Note, Payload, Profile, Scope, read_plist, to_xml};
use plist::{Date, Dictionary, Value};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

/// Any text that XML 1.0 can carry (section 2.2, production Char), with the characters that need care more often; also
/// none at all.
fn text() -> impl Strategy<Value = String> {
    let any = any::<char>().prop_filter(
        "XML cannot carry it",
        |char| matches!(*char, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..),
    );
    let careful = prop::sample::select(
        "\t\n\r &<>\"']-\u{7f}\u{85}\u{a0}\u{2028}\u{feff}\u{fffd}\u{1fffe}\u{10ffff}äß€🍏"
            .chars()
            .collect::<Vec<_>>(),
    );
    vec(
        prop_oneof![any, careful, proptest::char::range(' ', '~')],
        0..12,
    )
    .prop_map(|chars| chars.into_iter().collect())
}

fn integer() -> impl Strategy<Value = Value> {
    let limits = [i64::MIN, -1, 0, 127, 128, 255, 256, 65_536, i64::MAX];
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (i64::MAX as u64..).prop_map(Value::from),
        prop::sample::select(limits.to_vec()).prop_map(Value::from),
    ]
}

fn real() -> impl Strategy<Value = Value> {
    use prop::num::f64::{ANY, INFINITE, NORMAL, QUIET_NAN, SUBNORMAL, ZERO};
    let whole = any::<i32>().prop_map(f64::from);
    prop_oneof![ANY, NORMAL, SUBNORMAL, ZERO, INFINITE, QUIET_NAN, whole].prop_map(Value::from)
}

/// From the year 1 to 9999, with a fraction that a binary property list can carry.
fn date() -> impl Strategy<Value = Value> {
    let seconds = prop_oneof![
        -62_135_596_800_i64..253_402_300_800,
        -1_000..1_000_i64,
        978_307_190..978_307_210_i64,
    ];
    let parts = prop_oneof![Just(0), 0..512_u32];
    (seconds, parts).prop_map(|(seconds, parts)| {
        let seconds_from_1970 = Duration::from_secs(seconds.unsigned_abs());
        let whole = if seconds < 0 {
            UNIX_EPOCH - seconds_from_1970
        } else {
            UNIX_EPOCH + seconds_from_1970
        };
        let fraction = Duration::from_nanos(u64::from(parts) * 1_000_000_000 / 512);
        Value::Date(Date::from(whole + fraction))
    })
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        integer(),
        real(),
        date(),
        vec(any::<u8>(), 0..120).prop_map(Value::Data),
        text().prop_map(Value::from),
    ]
}

/// What XML carries of a value: dates without their fraction.
fn in_xml(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(in_xml).collect()),
        Value::Dictionary(keys) => Value::Dictionary(keys_in_xml(keys)),
        Value::Date(date) => {
            // The end of the text, since the clock of the date is what is under test.
            let text = date.to_xml_format();
            let whole = text.split(['.', 'Z']).next().unwrap();
            Value::Date(Date::from_xml_format(&format!("{whole}Z")).unwrap())
        }
        other => other,
    }
}

fn keys_in_xml(keys: Dictionary) -> Dictionary {
    keys.into_iter()
        .map(|(key, value)| (key, in_xml(value)))
        .collect()
}

/// Equality in which a number that is none equals itself.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Dictionary(a), Value::Dictionary(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        (Value::Real(a), Value::Real(b)) => a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan(),
        _ => a == b,
    }
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
    fn payload()(
        names in [text(), text(), text()],
        version in any::<i64>(),
        texts in [of(text()), of(text()), of(text())],
        content in dictionary(value()),
    ) -> Payload {
        let [payload_type, identifier, uuid] = names;
        let mut payload = Payload::new(payload_type, identifier, uuid, content);
        payload.version = version;
        [payload.display_name, payload.description, payload.organization] = texts;
        payload
    }
}

prop_compose! {
    fn profile()(
        names in [text(), text()],
        version in any::<i64>(),
        texts in [of(text()), of(text()), of(text())],
        scope in of(text().prop_map(Scope::from)),
        removal_disallowed in any::<Option<bool>>(),
        payloads in vec(payload(), 0..4),
        encrypted_content in of(vec(any::<u8>(), 0..120)),
        extra in dictionary(value()),
    ) -> Profile {
        let mut profile = Profile::builder("Example Org", "org.example").build().unwrap();
        [profile.identifier, profile.uuid] = names;
        profile.version = version;
        [profile.display_name, profile.description, profile.organization] = texts;
        profile.scope = scope;
        profile.removal_disallowed = removal_disallowed;
        profile.payloads = payloads;
        profile.encrypted_content = encrypted_content;
        profile.extra = extra;
        profile
    }
}

/// Each field of two profiles, the payloads in their order.
fn assert_same_profile(a: &Profile, b: &Profile) {
    assert_eq!(
        (&a.identifier, &a.uuid, a.version, &a.scope),
        (&b.identifier, &b.uuid, b.version, &b.scope)
    );
    assert_eq!(
        (&a.display_name, &a.description, &a.organization),
        (&b.display_name, &b.description, &b.organization)
    );
    assert_eq!(
        (a.removal_disallowed, &a.encrypted_content),
        (b.removal_disallowed, &b.encrypted_content)
    );
    assert_same_keys(&a.extra, &b.extra);
    assert_eq!(a.payloads.len(), b.payloads.len());
    for (a, b) in a.payloads.iter().zip(&b.payloads) {
        assert_eq!(
            (&a.payload_type, &a.identifier, &a.uuid, a.version),
            (&b.payload_type, &b.identifier, &b.uuid, b.version)
        );
        assert_eq!(
            (&a.display_name, &a.description, &a.organization),
            (&b.display_name, &b.description, &b.organization)
        );
        assert_same_keys(&a.content, &b.content);
    }
}

fn assert_same_keys(a: &Dictionary, b: &Dictionary) {
    let [a, b] = [a, b].map(|keys| Value::Dictionary(keys.clone()));
    assert!(same(&a, &b), "{a:?} {b:?}");
}

fn read(bytes: &[u8]) -> Value {
    read_plist(bytes, &Limits::default()).unwrap().0
}

proptest! {
    #[test]
    fn a_value_survives_xml(value in value()) {
        let read = read(&to_xml(value.clone()).unwrap());
        prop_assert!(same(&read, &in_xml(value.clone())), "{read:?} {value:?}");
    }

    #[test]
    fn a_value_survives_the_binary_form_of_the_plist_crate(value in value()) {
        let mut bytes = Vec::new();
        value.to_writer_binary(&mut bytes).unwrap();
        let read = read(&bytes);
        prop_assert!(same(&read, &value), "{read:?} {value:?}");
    }

    #[test]
    fn the_plist_crate_reads_the_same_from_what_is_written(value in value()) {
        let xml = to_xml(value.clone()).unwrap();
        let read = Value::from_reader_xml(&xml[..]).unwrap();
        prop_assert!(same(&read, &in_xml(value.clone())), "{read:?} {value:?}");
    }

    #[test]
    fn a_profile_survives_and_its_text_is_stable(profile in profile()) {
        let xml = profile.to_xml().unwrap();
        let again = Profile::from_bytes(&xml).unwrap();
        prop_assert_eq!(again.to_xml().unwrap(), xml);
        let mut whole = profile;
        whole.extra = keys_in_xml(whole.extra);
        for payload in &mut whole.payloads {
            payload.content = keys_in_xml(std::mem::take(&mut payload.content));
        }
        assert_same_profile(&again, &whole);
    }

    #[test]
    fn a_profile_survives_the_binary_form_of_the_plist_crate(profile in profile()) {
        let mut bytes = Vec::new();
        profile.to_value().to_writer_binary(&mut bytes).unwrap();
        assert_same_profile(&Profile::from_bytes(&bytes).unwrap(), &profile);
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

#[test]
fn a_fraction_of_a_second_is_kept_in_the_value_noted_and_left_out_of_xml() {
    let binary = {
        let half = UNIX_EPOCH - Duration::from_millis(500);
        let mut bytes = Vec::new();
        let dates = Value::Array(vec![Value::Date(half.into()), Value::Date(half.into())]);
        dates.to_writer_binary(&mut bytes).unwrap();
        bytes
    };
    let xml = b"<?xml version='1.0'?><plist><array><date>1969-12-31T23:59:59.5Z</date><date>1969-12-31T23:59:59.5Z</date></array></plist>";
    for (bytes, notes) in [
        (&binary[..], &[Note::Binary, Note::FractionalSecond][..]),
        (xml, &[Note::FractionalSecond]),
    ] {
        let (value, found) = read_plist(bytes, &Limits::default()).unwrap();
        assert_eq!(found, notes);
        let written = to_xml(value).unwrap();
        let text = String::from_utf8(written.clone()).unwrap();
        assert_eq!(text.matches("<date>1969-12-31T23:59:59Z</date>").count(), 2);
        assert_eq!(read_plist(written, &Limits::default()).unwrap().1, []);
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

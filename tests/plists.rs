//! Property lists as Python's plistlib and libplist see them: they read all we write, and we read all they write.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, UNIX_EPOCH},
};

use device_trust_tests::{oracle, peer, run};
use mobileconfig::{
    Limits, Profile, certificate::Root, managed_preferences::DomainPreferences, read_plist, to_xml,
};
use plist::{Date, Dictionary, Value};
use serde_json::json;

/// One value of each kind, with what goes wrong in practice: escapes, white space, characters beyond the basic plane,
/// limits of integers, empty containers.
fn values() -> Vec<(&'static str, Value)> {
    let date = |text| Value::Date(Date::from_xml_format(text).unwrap());
    let empty = Value::Dictionary(Dictionary::new());
    vec![
        ("text", "a < b && c > \"d\" 'e' ]]>".into()),
        ("white space", "  two\tlines\nand spaces  ".into()),
        ("empty text", "".into()),
        ("unicode", "Zürich 東京 🔑 e\u{301}".into()),
        ("true", true.into()),
        ("false", false.into()),
        ("zero", 0.into()),
        ("small", 255.into()),
        ("two bytes", 256.into()),
        ("four bytes", 65_536.into()),
        ("largest signed", i64::MAX.into()),
        ("largest unsigned", u64::MAX.into()),
        ("negative", (-1).into()),
        ("smallest", i64::MIN.into()),
        ("real", 0.1.into()),
        ("large real", 1e300.into()),
        ("negative real", (-2.5).into()),
        ("no number", f64::NAN.into()),
        ("infinite", f64::INFINITY.into()),
        ("negative infinite", f64::NEG_INFINITY.into()),
        ("date", date("2026-11-24T12:34:56Z")),
        ("old date", date("1970-01-01T00:00:00Z")),
        ("older date", date("1969-12-31T23:59:59Z")),
        ("oldest date", date("1000-02-03T04:05:06Z")),
        ("last date", date("9999-12-31T23:59:59Z")),
        ("data", Value::Data((0..=255).collect())),
        ("one byte", Value::Data(vec![0])),
        ("empty data", Value::Data(Vec::new())),
        (
            "array",
            Value::Array(vec![1.into(), "two".into(), empty.clone()]),
        ),
        ("empty array", Value::Array(Vec::new())),
        ("dictionary", empty),
        (
            "long array",
            Value::Array((0..40).map(Value::from).collect()),
        ),
        ("key < & >", "value".into()),
        ("", "of an empty key".into()),
        ("every character", every_character().into()),
    ]
}

/// All that XML 1.0 can carry below U+10000 but the carriage return, and the ends of the planes above.
fn every_character() -> String {
    let basic = ('\t'..='\n').chain(' '..='\u{fffd}');
    let above = (1..=16).flat_map(|plane| [plane << 16, (plane << 16) + 0xffff]);
    basic.chain(above.filter_map(char::from_u32)).collect()
}

/// Values that the peers read and do not write well: libplist writes years, tiny numbers and the sign of zero wrong, and
/// both write a carriage return as it is, which readers of XML take for a line feed. Their binary form is right.
fn awkward() -> Value {
    let date = |text| Value::Date(Date::from_xml_format(text).unwrap());
    dictionary(vec![
        ("carriage return", "one\rtwo\r\nthree".into()),
        ("negative zero", (-0.0).into()),
        ("smallest real", f64::from_bits(1).into()),
        ("subnormal", (-1.5e-310).into()),
        ("year 1", date("0001-01-01T00:00:00Z")),
    ])
}

fn document() -> Value {
    dictionary(values())
}

fn dictionary(entries: Vec<(&str, Value)>) -> Value {
    let keys: Dictionary = entries
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    Value::Dictionary(keys)
}

fn profile() -> Profile {
    const CA: &str = include_str!("../mobileconfig/tests/data/ca.pem");
    Profile::builder("Example & Söhne", "org.example.plists")
        .display_name("Über <alles>")
        .add("root", &Root::from_pem(CA).unwrap())
        .add(
            "preferences",
            &DomainPreferences::new("com.okta.mobile")
                .set("OktaVerify.OrgUrl", "https://example.okta.com"),
        )
        .build()
        .unwrap()
}

/// What `plist_values.py` prints for a value.
fn as_python_sees_it(value: &Value) -> serde_json::Value {
    match value {
        Value::Array(items) => items.iter().map(as_python_sees_it).collect(),
        Value::Dictionary(keys) => keys
            .iter()
            .map(|(key, value)| (key.clone(), as_python_sees_it(value)))
            .collect(),
        Value::Boolean(value) => json!(value),
        Value::Integer(value) => match value.as_signed() {
            Some(value) => json!(value),
            None => json!(value.as_unsigned()),
        },
        Value::Real(value) => json!({ "real": format!("{:016x}", value.to_bits()) }),
        Value::String(text) => json!(text),
        Value::Data(bytes) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({ "data": hex })
        }
        Value::Date(date) => json!({ "date": date.to_xml_format().trim_end_matches('Z') }),
        other => panic!("{other:?}"),
    }
}

fn read(file: &Path) -> Value {
    read_plist(fs::read(file).unwrap(), &Limits::default())
        .unwrap()
        .0
}

/// Lets a peer turn what we wrote into XML and into binary, and reads both.
fn assert_reads_what_it_rewrites(value: &Value, rewrite: impl Fn(&Path, &Path, &str) -> Command) {
    let folder = tempfile::tempdir().unwrap();
    let [ours, xml, binary, back] =
        ["ours", "xml", "binary", "back"].map(|name| folder.path().join(name));
    fs::write(&ours, to_xml(value.clone()).unwrap()).unwrap();
    let _ = run(&mut rewrite(&ours, &xml, "xml"));
    let _ = run(&mut rewrite(&ours, &binary, "binary"));
    assert!(fs::read(&binary).unwrap().starts_with(b"bplist00"));
    assert_same(&read(&xml), value, "its XML");
    assert_same(&read(&binary), value, "its binary form");
    // The binary form that the plist crate writes is read by it as well.
    plist::to_file_binary(&ours, &value).unwrap();
    let _ = run(&mut rewrite(&ours, &back, "xml"));
    assert_same(&read(&back), value, "its XML of a binary form");
}

/// Lets a peer turn what we wrote into binary, and reads that.
fn assert_reads_what_it_makes_binary(
    value: &Value,
    rewrite: impl Fn(&Path, &Path, &str) -> Command,
) {
    let folder = tempfile::tempdir().unwrap();
    let [ours, binary] = ["ours", "binary"].map(|name| folder.path().join(name));
    fs::write(&ours, to_xml(value.clone()).unwrap()).unwrap();
    let _ = run(&mut rewrite(&ours, &binary, "binary"));
    assert_same(&read(&binary), value, "its binary form");
}

/// Equal to the bit, and a number that is none to itself. Names the entries that differ, since one of them is long.
fn assert_same(found: &Value, value: &Value, what: &str) {
    let (found, value) = (as_python_sees_it(found), as_python_sees_it(value));
    let differ = |key: &&String| found[key.as_str()] != value[key.as_str()];
    let keys = value.as_object().into_iter().flat_map(|keys| keys.keys());
    let keys: Vec<_> = keys.filter(differ).collect();
    assert!(found == value, "{what} differs: {keys:?}");
}

#[test]
fn plistlib_reads_what_we_write_value_for_value() {
    let Some(mut values) = oracle("plist_values.py") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ours");
    let value = Value::Array(vec![document(), awkward()]);
    fs::write(&file, to_xml(value.clone()).unwrap()).unwrap();
    let seen: serde_json::Value = serde_json::from_str(&run(values.arg(&file))).unwrap();
    assert_eq!(seen, as_python_sees_it(&value));
}

#[test]
fn plistlib_and_libplist_read_a_date_that_had_a_fraction() {
    let half = UNIX_EPOCH - Duration::from_millis(500);
    let folder = tempfile::tempdir().unwrap();
    let [ours, binary] = ["ours", "binary"].map(|name| folder.path().join(name));
    fs::write(&ours, to_xml(Value::Date(half.into())).unwrap()).unwrap();
    let whole = Value::Date((UNIX_EPOCH - Duration::from_secs(1)).into());
    if let Some(mut values) = oracle("plist_values.py") {
        let seen: serde_json::Value = serde_json::from_str(&run(values.arg(&ours))).unwrap();
        assert_eq!(seen, as_python_sees_it(&whole));
    }
    if peer("plistutil").is_some() {
        let _ = run(&mut plistutil(&ours, &binary, "binary"));
        assert_eq!(read(&binary), whole);
    }
}

#[test]
fn we_read_what_plistlib_writes() {
    if oracle("plist_rewrite.py").is_none() {
        return;
    }
    let rewrite = |from: &Path, to: &Path, form: &str| {
        let mut command = oracle("plist_rewrite.py").unwrap();
        command.arg(from).arg(to).arg(form);
        command
    };
    assert_reads_what_it_rewrites(&document(), rewrite);
    assert_reads_what_it_rewrites(&profile().to_value(), rewrite);
    assert_reads_what_it_makes_binary(&awkward(), rewrite);
}

fn plistutil(from: &Path, to: &Path, form: &str) -> Command {
    let mut command = peer("plistutil").unwrap();
    let form = if form == "xml" { "xml" } else { "bin" };
    command
        .arg("-i")
        .arg(from)
        .arg("-o")
        .arg(to)
        .args(["-f", form]);
    command
}

#[test]
fn libplist_reads_what_we_write_and_we_read_what_it_writes() {
    if peer("plistutil").is_none() {
        return;
    }
    assert_reads_what_it_rewrites(&document(), plistutil);
    assert_reads_what_it_rewrites(&profile().to_value(), plistutil);
    assert_reads_what_it_makes_binary(&awkward(), plistutil);
}

#[test]
fn plistlib_writes_our_bytes_but_for_white_space() {
    let Some(mut rewrite) = oracle("plist_rewrite.py") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let [ours, theirs] = ["ours", "theirs"].map(|name| folder.path().join(name));
    let xml = profile().to_xml().unwrap();
    fs::write(&ours, &xml).unwrap();
    let _ = run(rewrite.arg(&ours).arg(&theirs).arg("xml"));
    // It breaks the lines of data elsewhere.
    let joined = |bytes: Vec<u8>| -> String {
        String::from_utf8(bytes)
            .unwrap()
            .split_whitespace()
            .collect()
    };
    assert_eq!(joined(fs::read(&theirs).unwrap()), joined(xml));
}

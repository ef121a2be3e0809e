//! Property lists as Python's plistlib and libplist see them: they read all we write, and we read all they write.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{fs, path::Path, process::Command};

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
        ("real", 0.1.into()),
        ("large real", 1e300.into()),
        ("negative real", (-2.5).into()),
        ("date", date("2026-11-24T12:34:56Z")),
        ("old date", date("1970-01-01T00:00:00Z")),
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
    ]
}

fn document() -> Value {
    let keys: Dictionary = values()
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
        Value::Integer(value) => json!(value.as_signed()),
        Value::Real(value) => json!(value),
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
    assert_eq!(&read(&xml), value, "its XML");
    assert_eq!(&read(&binary), value, "its binary form");
    // The binary form that the plist crate writes is read by it as well.
    plist::to_file_binary(&ours, &value).unwrap();
    let _ = run(&mut rewrite(&ours, &back, "xml"));
    assert_eq!(&read(&back), value, "its XML of a binary form");
}

#[test]
fn plistlib_reads_what_we_write_value_for_value() {
    let Some(mut values) = oracle("plist_values.py") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ours");
    fs::write(&file, to_xml(document()).unwrap()).unwrap();
    let seen: serde_json::Value = serde_json::from_str(&run(values.arg(&file))).unwrap();
    assert_eq!(seen, as_python_sees_it(&document()));
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
    let negative = Value::Array(vec![(-1).into(), i64::MIN.into()]);
    assert_reads_what_it_rewrites(&negative, rewrite);
    assert_reads_what_it_rewrites(&u64::MAX.into(), rewrite);
}

#[test]
fn libplist_reads_what_we_write_and_we_read_what_it_writes() {
    if peer("plistutil").is_none() {
        return;
    }
    let rewrite = |from: &Path, to: &Path, form: &str| {
        let mut command = peer("plistutil").unwrap();
        let form = if form == "xml" { "xml" } else { "bin" };
        command
            .arg("-i")
            .arg(from)
            .arg("-o")
            .arg(to)
            .args(["-f", form]);
        command
    };
    assert_reads_what_it_rewrites(&document(), rewrite);
    assert_reads_what_it_rewrites(&profile().to_value(), rewrite);
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

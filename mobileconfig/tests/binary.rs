//! Binary property lists: what the plist crate writes is read, and what would exhaust memory or stack is refused.
#![allow(clippy::unwrap_used)]

use mobileconfig::{Error, Limits, read_plist};
use plist::{Date, Dictionary, Value};

fn read(bytes: &[u8]) -> Result<Value, Error> {
    read_plist(bytes, &Limits::default()).map(|(value, _)| value)
}

/// A binary property list of these objects with references of one byte; the first is the root.
fn document(objects: &[&[u8]]) -> Vec<u8> {
    let mut bytes = b"bplist00".to_vec();
    let mut offsets = Vec::new();
    for object in objects {
        offsets.extend_from_slice(&u16::try_from(bytes.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(object);
    }
    let table = bytes.len() as u64;
    bytes.extend_from_slice(&offsets);
    bytes.extend_from_slice(&[0, 0, 0, 0, 0, 0, 2, 1]);
    for number in [objects.len() as u64, 0, table] {
        bytes.extend_from_slice(&number.to_be_bytes());
    }
    bytes
}

#[test]
fn every_type_the_plist_crate_writes_is_read() {
    let mut keys = Dictionary::new();
    keys.insert(
        "array".into(),
        Value::Array(vec![true.into(), false.into(), Value::Array(Vec::new())]),
    );
    keys.insert(
        "integers".into(),
        Value::Array(
            [0i64, 255, 256, 65536, -1, i64::MIN, i64::MAX]
                .map(Value::from)
                .to_vec(),
        ),
    );
    keys.insert("unsigned".into(), u64::MAX.into());
    keys.insert("real".into(), (-1.25).into());
    keys.insert(
        "date".into(),
        Value::Date(Date::from_xml_format("1999-12-31T23:59:59Z").unwrap()),
    );
    keys.insert("data".into(), Value::Data((0..=255).collect()));
    keys.insert("text".into(), "plain".into());
    keys.insert("Schlüssel €".into(), "Wert 🍏".repeat(20).into());
    let value = Value::Dictionary(keys);
    let mut bytes = Vec::new();
    value.to_writer_binary(&mut bytes).unwrap();
    assert_eq!(read(&bytes).unwrap(), value);
}

#[test]
fn objects_shared_over_and_over_hit_the_limit_and_not_the_memory() {
    let mut objects: Vec<Vec<u8>> = (1..60).map(|next| vec![0xa2, next, next]).collect();
    objects.push(vec![0x09]);
    let objects: Vec<&[u8]> = objects.iter().map(Vec::as_slice).collect();
    assert!(read(&document(&objects)).unwrap_err().is_limit());
}

#[test]
fn a_long_text_shared_many_times_counts_each_time() {
    let text = [&[0x5f, 0x11, 0x03, 0xe8][..], &[b'x'; 1000]].concat();
    let list = [&[0xaf, 0x10, 200][..], &[1; 200]].concat();
    let bytes = document(&[&list, &text]);
    assert!(read(&bytes).is_ok());
    let limits = Limits::default().max_bytes(100_000);
    assert!(read_plist(&bytes, &limits).unwrap_err().is_limit());
}

#[test]
fn a_document_stands_for_no_more_than_its_size_allows() {
    // Sixteen lists of sixteen lists and so on: 65,536 values from less than 400 bytes.
    let mut objects: Vec<Vec<u8>> = (1..5)
        .map(|next| [&[0xaf, 0x10, 16][..], &[next; 16]].concat())
        .collect();
    objects.push(vec![0x09]);
    let objects: Vec<&[u8]> = objects.iter().map(Vec::as_slice).collect();
    let error = read(&document(&objects)).unwrap_err();
    assert!(error.is_limit());
    assert!(
        error
            .to_string()
            .contains("objects are shared over and over"),
        "{error}"
    );

    let text = [&[0x5f, 0x11, 0x27, 0x10][..], &[b'x'; 10_000]].concat();
    let list = [&[0xaf, 0x10, 200][..], &[1; 200]].concat();
    let error = read(&document(&[&list, &text])).unwrap_err();
    assert!(error.is_limit(), "{error}");
}

#[test]
fn what_real_writers_share_is_read() {
    // Keys shared by hundreds of dictionaries, which plistlib, libplist and Apple's tools write once.
    let mut keys = Dictionary::new();
    for name in [
        "PayloadIdentifier",
        "PayloadDescription",
        "PayloadOrganization",
    ] {
        keys.insert(name.into(), "org.example.the-same-text-everywhere".into());
    }
    let value = Value::Array(vec![keys.into(); 5000]);
    let mut bytes = Vec::new();
    value.to_writer_binary(&mut bytes).unwrap();
    assert_eq!(read(&bytes).unwrap(), value);
}

#[test]
fn an_array_within_itself_is_refused() {
    assert!(read(&document(&[&[0xa1, 0]])).unwrap_err().is_limit());
    assert!(
        read(&document(&[&[0xd1, 1, 0], b"\x51a"]))
            .unwrap_err()
            .is_limit()
    );
}

#[test]
fn a_key_that_occurs_twice_is_refused_here_too() {
    let error = read(&document(&[
        &[0xd2, 1, 2, 3, 3],
        b"\x51a",
        b"\x61\0a",
        &[0x09],
    ]))
    .unwrap_err();
    assert!(error.is_duplicate_key());
    assert_eq!(error.path(), "a");
}

#[test]
fn malformed_objects_are_errors_with_the_place_of_the_object() {
    let objects: [&[u8]; 10] = [
        &[0x00],                                           // null
        &[0x80, 1],                                        // UID
        &[0xc0],                                           // set
        &[0xa1, 9],                                        // reference to nowhere
        &[0xd1, 0, 0],                                     // key that is no text
        &[0x5f, 0x13, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], // longer than the document
        &[0x6f, 0x13, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0x5f, 0x55],                         // length that is no integer
        &[0x61, 0xd8, 0x00],                   // half a surrogate pair
        &[0x33, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0], // a date that is no number
    ];
    for object in objects {
        let error = read(&document(&[object])).unwrap_err();
        assert!(error.is_syntax() || error.is_limit(), "{object:?}: {error}");
        assert_eq!(error.position(), Some(8), "{object:?}: {error}");
    }
}

#[test]
fn a_cut_document_is_an_error() {
    let bytes = document(&[&[0xa1, 1], &[0x09]]);
    for length in 0..bytes.len() {
        assert!(read(&bytes[..length]).is_err(), "{length}");
    }
    assert!(
        read(b"bplist15")
            .unwrap_err()
            .to_string()
            .contains("version 00")
    );
}

//! What the reader refuses, with position and key path, and what it takes as devices do.
#![allow(clippy::unwrap_used)]

use mobileconfig::{Error, Limits, Note, Profile, read_plist};
use plist::Value;

fn read(text: &str) -> Result<Value, Error> {
    read_plist(text, &Limits::default()).map(|(value, _)| value)
}

/// The error of a document; `^` marks the byte it must point to and is no part of the document.
fn refused(marked: &str) -> Error {
    let position = marked.find('^').unwrap();
    let error = read(&marked.replacen('^', "", 1)).unwrap_err();
    assert_eq!(error.position(), Some(position as u64), "{error}");
    error
}

#[test]
fn a_key_that_occurs_twice_is_an_error_at_its_second_place() {
    let error = refused(
        "<plist><dict><key>a</key><dict><key>b</key><true/>^<key>b</key><false/></dict></dict></plist>",
    );
    assert!(error.is_duplicate_key() && error.is_syntax());
    assert_eq!(error.path(), "a.b");
}

#[test]
fn a_missing_value_is_an_error_under_its_key() {
    let next_key = refused("<plist><dict><key>a</key>^<key>b</key><true/></dict></plist>");
    assert_eq!(next_key.path(), "a");
    let end = refused(
        "<plist><dict><key>a</key><array><dict><key>b</key>^</dict></array></dict></plist>",
    );
    assert_eq!(end.path(), "a[0].b");
    refused(
        "<plist>^</plist>"
            .replace("^</plist>", "</plist>^")
            .as_str(),
    );
}

#[test]
fn entities_are_errors_and_not_dropped() {
    let error = refused("<plist><string>a^&e;b</string></plist>");
    assert!(error.to_string().contains("&amp;"), "{error}");
    refused("<plist><string>fish ^& chips</string></plist>");
    let subset =
        refused("^<!DOCTYPE plist [<!ENTITY e \"x\">]><plist><string>&e;</string></plist>");
    assert!(subset.to_string().contains("internal subset"));
}

#[test]
fn predefined_entities_character_references_and_cdata_are_text() {
    let value =
        read("<plist><string>&lt;&gt;&amp;&quot;&apos;&#65;&#x42;<![CDATA[<&>]]></string></plist>")
            .unwrap();
    assert_eq!(value.as_string(), Some("<>&\"'AB<&>"));
}

#[test]
fn characters_that_xml_forbids_are_errors() {
    assert!(
        read("<plist><string>\u{1}</string></plist>")
            .unwrap_err()
            .is_syntax()
    );
    assert!(
        read("<plist><string>&#1;</string></plist>")
            .unwrap_err()
            .is_syntax()
    );
    assert!(
        read("<plist><string>&#0;</string></plist>")
            .unwrap_err()
            .is_syntax()
    );
}

#[test]
fn line_ends_are_normalised_and_a_referenced_carriage_return_is_kept() {
    let value = read("<plist><string>a\r\nb\rc&#13;d</string></plist>").unwrap();
    assert_eq!(value.as_string(), Some("a\nb\nc\rd"));
}

#[test]
fn an_attribute_is_well_formed_or_an_error() {
    for attributes in [
        "a=\"&foo;\"",
        "a=\"&\"",
        "a=\"<\"",
        "a=\"\u{1}\"",
        "a=\"1\" a=\"2\"",
        "a=1",
        "a",
        "a=",
        "=\"1\"",
    ] {
        for element in [
            format!("<plist><dict>^<key {attributes}>a</key><true/></dict></plist>"),
            format!("<plist>^<true {attributes}/></plist>"),
            format!("^<plist {attributes}><true/></plist>"),
        ] {
            let error = refused(&element);
            assert!(
                error.is_syntax() && error.to_string().contains("attribute"),
                "{error}"
            );
        }
    }
    let sound = "<plist version=\"1.0\"><true a='1' b=\"&lt;&#65;>\"/></plist>";
    assert_eq!(read(sound).unwrap(), Value::Boolean(true));
}

#[test]
fn what_xml_forbids_in_texts_comments_and_instructions_is_an_error() {
    for (place, named) in [
        ("^<!-- a -- b -->", "comment"),
        ("^<!-- a --->", "comment"),
        ("^<!-- \u{1} -->", "control character"),
        ("^<? ?>", "instruction"),
        ("^<??>", "instruction"),
        ("^<? a?>", "instruction"),
        ("^<?XML a?>", "instruction"),
        ("^<?a \u{1}?>", "control character"),
    ] {
        for document in [
            format!("{place}<plist><true/></plist>"),
            format!("<plist>{place}<true/></plist>"),
            format!("<plist><string>a{place}</string></plist>"),
            format!("<plist><true/></plist>{place}"),
        ] {
            let error = refused(&document);
            assert!(
                error.is_syntax() && error.to_string().contains(named),
                "{error}"
            );
        }
    }
    let end = refused("<plist><string>^a]]>b</string></plist>");
    assert!(end.to_string().contains("&gt;"), "{end}");
    let sound = "<?a b?><!-- a - b --><plist><string>a]]&gt;b]>]]</string></plist><!---->";
    assert_eq!(read(sound).unwrap().as_string(), Some("a]]>b]>]]"));
}

#[test]
fn anything_after_the_end_is_an_error() {
    refused("<plist><true/></plist>\n^<plist><false/></plist>");
    refused("<plist><true/></plist>^junk");
    refused("<plist><true/>^<false/></plist>");
    refused("<true/>^<false/>");
    assert_eq!(
        read("<plist><true/></plist>\n<!-- end -->\n").unwrap(),
        Value::Boolean(true)
    );
}

#[test]
fn what_is_not_closed_is_an_error() {
    for text in [
        "<plist><dict>",
        "<plist><dict></plist>",
        "<plist><string>a",
        "<plist><true/",
        "<plist><!-- ",
        "",
    ] {
        assert!(read(text).unwrap_err().is_syntax(), "{text}");
    }
}

#[test]
fn numbers_that_are_none_are_errors() {
    for text in [
        "",
        "1.5",
        "one",
        "99999999999999999999",
        "-9223372036854775809",
        "0x1ffffffffffffffff",
        "0x+5",
        "0x-5",
        "0x",
    ] {
        let error = refused(&format!(
            "<plist><array>^<integer>{text}</integer></array></plist>"
        ));
        assert_eq!(error.path(), "[0]");
    }
    let over = read("<plist><integer>18446744073709551616</integer></plist>").unwrap_err();
    assert!(over.to_string().contains("64 bits"));
    assert!(read("<plist><real>x</real></plist>").is_err());
}

#[test]
fn the_whole_range_of_integers_is_read() {
    for (text, value) in [
        ("18446744073709551615", Value::from(u64::MAX)),
        ("-9223372036854775808", Value::from(i64::MIN)),
        (" 7\n", Value::from(7)),
        ("0xff", Value::from(255)),
    ] {
        assert_eq!(
            read(&format!("<plist><integer>{text}</integer></plist>")).unwrap(),
            value
        );
    }
}

#[test]
fn base64_and_dates_are_checked() {
    assert_eq!(
        read("<plist><data>\n\tAA\n\tEC\n</data></plist>").unwrap(),
        Value::Data(vec![0, 1, 2])
    );
    for data in ["A", "AAE", "AA*C", "AAEC!"] {
        refused(&format!("<plist>^<data>{data}</data></plist>"));
    }
    assert!(
        read("<plist><date>2030-01-02T03:04:05Z</date></plist>")
            .unwrap()
            .as_date()
            .is_some()
    );
    for date in [
        "2030-01-02",
        "2030-13-02T03:04:05Z",
        "9999-12-31T23:59:59-23:00",
        "soon",
    ] {
        refused(&format!("<plist>^<date>{date}</date></plist>"));
    }
}

#[test]
fn elements_that_do_not_belong_are_errors() {
    refused("<plist>^<set/></plist>");
    refused("<plist><dict>^<true/></dict></plist>");
    refused("<plist><array>^<key>a</key></array></plist>");
    refused("<plist><array>^text</array></plist>");
    refused("<plist><string>a^<b/></string></plist>");
    refused("<plist>^<true>yes</true></plist>");
    refused("^<html/>");
}

#[test]
fn positions_count_the_byte_order_mark_and_leading_white_space() {
    refused("\u{feff}\n  <plist>^<set/></plist>");
}

#[test]
fn errors_do_not_repeat_the_document() {
    for text in [
        "<plist><string>hunter2&hunter2;</string></plist>",
        "<plist><string>hunter2<hunter2></string></plist>",
        "<plist><string>hunter2</hunter2></plist>",
        "<plist><integer>hunter2</integer></plist>",
        "<plist><hunter2/></plist>",
        "<plist><data>hunter2*</data></plist>",
    ] {
        let error = read(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

#[test]
fn oddities_that_devices_accept_are_notes() {
    let notes = |text: &str| read_plist(text, &Limits::default()).unwrap().1;
    assert_eq!(
        notes("<?xml version=\"1.0\" encoding=\"UTF-8\"?><plist><true/></plist>"),
        []
    );
    assert_eq!(
        notes("\u{feff}\n<plist><true/></plist>"),
        [
            Note::ByteOrderMark,
            Note::LeadingWhitespace,
            Note::MissingDeclaration
        ]
    );
    assert_eq!(
        notes("<?xml version=\"1.0\" encoding=\"ascii\"?><plist><true/></plist>"),
        [Note::EncodingLabel]
    );
    assert_eq!(
        notes("<?xml version=\"1.0\"?><true/>"),
        [Note::MissingPlistElement]
    );
}

#[test]
fn other_encodings_are_named() {
    let utf16: Vec<u8> = "\u{feff}<plist/>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let error = read_plist(utf16, &Limits::default()).unwrap_err();
    assert!(error.is_syntax() && error.to_string().contains("UTF-8"));
}

#[test]
fn limits_hold_for_bytes_depth_and_values() {
    let limits = Limits::default().max_bytes(200).max_depth(3).max_values(4);
    let deep = |levels: usize| {
        format!(
            "<plist>{}{}</plist>",
            "<array>".repeat(levels),
            "</array>".repeat(levels)
        )
    };
    assert!(read_plist(deep(3), &limits).is_ok());
    assert!(read_plist(deep(4), &limits).unwrap_err().is_limit());
    let many =
        |values: usize| format!("<plist><array>{}</array></plist>", "<true/>".repeat(values));
    assert!(read_plist(many(3), &limits).is_ok());
    assert!(read_plist(many(4), &limits).unwrap_err().is_limit());
    assert!(read_plist(" ".repeat(201), &limits).unwrap_err().is_limit());
}

#[test]
fn a_property_list_that_is_no_profile_is_named_by_key() {
    let error = |text: &str| Profile::from_bytes(text).unwrap_err();
    assert!(error("<plist><array/></plist>").is_wrong_type());
    assert_eq!(
        error("<plist><dict/></plist>").to_string(),
        "PayloadType: this required key is missing"
    );
    let other = error("<plist><dict><key>PayloadType</key><string>Other</string></dict></plist>");
    assert!(other.is_invalid_value());
    let payload = error(
        "<plist><dict><key>PayloadType</key><string>Configuration</string><key>PayloadContent</key>\
         <array><dict><key>PayloadType</key><integer>1</integer></dict></array></dict></plist>",
    );
    assert_eq!(
        payload.to_string(),
        "PayloadContent[0].PayloadType: expected <string>, found <integer>"
    );
}

/// Oddities of real profiles: MDM servers add `PayloadEnabled`, older tools wrote `IsEncrypted`, editors write lower-case
/// UUIDs, and `<real>1</real>` occurs as version.
#[test]
fn what_real_devices_accept_is_read_and_written_back() {
    let xml = "<plist><dict>
        <key>PayloadType</key><string>Configuration</string>
        <key>PayloadVersion</key><real>1</real>
        <key>PayloadIdentifier</key><string>org.example</string>
        <key>PayloadUUID</key><string>Ignored</string>
        <key>IsEncrypted</key><false/>
        <key>PayloadEnabled</key><true/>
        <key>PayloadScope</key><string>Galaxy</string>
        <key>RemovalDate</key><date>2030-01-02T03:04:05Z</date>
        <key>PayloadContent</key><array><dict>
            <key>PayloadType</key><string>com.example.unknown</string>
            <key>PayloadIdentifier</key><string>org.example</string>
            <key>PayloadUUID</key><string>5d3ba154-4b1c-4b0e-9a3e-6a1e5a3c0a01</string>
            <key>PayloadEnabled</key><true/>
            <key>Nested</key><dict><key>a</key><array><real>1.5</real></array></dict>
        </dict></array>
    </dict></plist>";
    let profile = Profile::from_bytes(xml).unwrap();
    assert_eq!((profile.version, profile.payloads[0].version), (1, 1));
    assert_eq!(profile.scope.as_ref().unwrap().as_str(), "Galaxy");
    for key in ["IsEncrypted", "PayloadEnabled", "RemovalDate"] {
        assert!(profile.extra.contains_key(key), "{key}");
    }
    assert!(profile.payloads[0].content.contains_key("PayloadEnabled"));
    let written = profile.to_xml().unwrap();
    assert_eq!(Profile::from_bytes(&written).unwrap(), profile);
    assert_eq!(
        Profile::from_bytes(&written).unwrap().to_xml().unwrap(),
        written
    );
}

#[test]
fn an_encrypted_profile_has_an_envelope_for_its_payloads() {
    let xml = "<plist><dict>
        <key>PayloadType</key><string>Configuration</string>
        <key>PayloadIdentifier</key><string>org.example</string>
        <key>PayloadUUID</key><string>A</string>
        <key>EncryptedPayloadContent</key><data>AAEC</data>
    </dict></plist>";
    let profile = Profile::from_bytes(xml).unwrap();
    assert_eq!(profile.encrypted_content.as_deref(), Some(&[0, 1, 2][..]));
    let written = String::from_utf8(profile.to_xml().unwrap()).unwrap();
    assert!(!written.contains("<key>PayloadContent</key>"));
    assert_eq!(Profile::from_bytes(written).unwrap(), profile);
}

#[test]
fn signed_profiles_are_unwrapped_and_marked() {
    let plain = Profile::from_bytes(include_bytes!("data/plain.mobileconfig")).unwrap();
    for signed in [
        &include_bytes!("data/signed.der.mobileconfig")[..],
        include_bytes!("data/signed.ber.mobileconfig"),
        include_bytes!("data/signed.pem.mobileconfig"),
    ] {
        let (profile, notes) = Profile::read(signed).unwrap();
        assert_eq!(profile, plain);
        assert_eq!(notes, [Note::Signed]);
    }
    assert!(
        mobileconfig::semantic_eq(
            include_bytes!("data/signed.der.mobileconfig"),
            include_bytes!("data/plain.mobileconfig"),
        )
        .unwrap()
    );
}

#[test]
fn a_damaged_signed_message_is_an_error_of_the_envelope() {
    let signed = include_bytes!("data/signed.der.mobileconfig");
    let error = Profile::from_bytes(&signed[..signed.len() / 2]).unwrap_err();
    assert!(error.is_cms(), "{error}");
    assert!(
        Profile::from_bytes(include_bytes!("data/ca.pem"))
            .unwrap_err()
            .is_cms()
    );
}

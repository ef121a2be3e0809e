//! Whatever is read can be written, and reading that gives the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mobileconfig::{Limits, Profile, read_plist, to_xml};

fuzz_target!(|bytes: &[u8]| {
    let Ok((value, _)) = read_plist(bytes, &Limits::default()) else {
        return;
    };
    // Binary property lists carry control characters, XML does not.
    let Ok(xml) = to_xml(value.clone()) else {
        assert!(
            bytes.starts_with(b"bplist")
                || bytes.starts_with(b"0")
                || bytes.trim_ascii_start().starts_with(b"-")
        );
        return;
    };
    let (again, notes) = read_plist(&xml, &Limits::default()).expect("what was written is read");
    assert!(notes.is_empty());
    assert_eq!(to_xml(again).expect("written once, written again"), xml);

    if let Ok(profile) = Profile::from_value(value) {
        let again = Profile::from_bytes(profile.to_xml().expect("all of it was written above"))
            .expect("and read");
        assert!(again.semantic_eq(&profile));
        let _ = format!("{profile:?} {}", profile.redacted());
    }
});

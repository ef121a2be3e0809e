//! A text is a fingerprint or none; one that is has the same bytes in every spelling.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scep_profile::Fingerprint;

fuzz_target!(|text: &str| {
    let Ok(fingerprint) = Fingerprint::parse(text) else {
        return;
    };
    for spelling in [
        fingerprint.colon_hex(),
        fingerprint.hex(),
        format!("{}: {}", fingerprint.algorithm(), fingerprint.base64()),
        fingerprint.to_string(),
    ] {
        assert_eq!(Fingerprint::parse(&spelling).as_ref(), Ok(&fingerprint));
    }
    // Without a label, base64 that looks like hex is hex.
    let base64 = fingerprint.base64();
    if !base64.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        assert_eq!(Fingerprint::parse(&base64).as_ref(), Ok(&fingerprint));
    }
    assert_eq!(
        Fingerprint::from_bytes(fingerprint.as_bytes()).as_ref(),
        Ok(&fingerprint)
    );
});

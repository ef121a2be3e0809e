//! Whatever is read as a SCEP payload can be written, and reading that gives the same again; no secret is shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mobileconfig::{Limits, PayloadContent, read_plist};
use scep_profile::ScepPayload;

fuzz_target!(|bytes: &[u8]| {
    let Ok((value, _)) = read_plist(bytes, &Limits::default()) else {
        return;
    };
    let Some(keys) = value.as_dictionary() else {
        return;
    };
    // The bare inner dictionary is tried as well, and the payloads of a whole profile: most inputs would else stop at the
    // outer one.
    let mut beside = plist::Dictionary::new();
    beside.insert("PayloadContent".to_owned(), value.clone());
    let payloads = keys.get("PayloadContent").and_then(plist::Value::as_array);
    let payloads = payloads.into_iter().flatten();
    let payloads = payloads.filter_map(plist::Value::as_dictionary);
    for keys in [keys, &beside].into_iter().chain(payloads) {
        let Ok(payload) = ScepPayload::from_dictionary(keys) else {
            continue;
        };
        let _ = format!("{payload:?}");
        let Ok(written) = payload.to_dictionary() else {
            // Read is more than may be written: an empty challenge, for instance.
            assert!(payload.validate().is_err());
            continue;
        };
        let again = ScepPayload::from_dictionary(&written).expect("what was written is read");
        assert_eq!(again.to_dictionary().expect("and written again"), written);
    }
});

//! A signed message, enveloped data or key file is read or refused; nothing else happens, whoever wrote it.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mobileconfig::cms::{Identity, PrivateKey, Trust, open, verify};
use secrecy::SecretString;

static DEVICE: LazyLock<Identity> = LazyLock::new(|| {
    let pem = include_str!("../../mobileconfig/tests/data/identity-rsa.pem");
    Identity::from_file(pem, None).expect("the key of the examples")
});

fuzz_target!(|message: &[u8]| {
    let trust = Trust::new(DEVICE.certificates());
    if let Ok(verified) = verify(message, &trust) {
        for verdicts in &verified.signers {
            let _ = format!("{verdicts:?} {} {}", verdicts.chain, verdicts.time);
        }
    }
    let _ = open(message, DEVICE.key(), None);
    // What a file may ask of a key derivation is less when fuzzing, so that this costs no second.
    let password = SecretString::from("password");
    for password in [None, Some(&password)] {
        let _ = PrivateKey::from_file(message, password);
        let _ = Identity::from_file(message, password);
    }
});

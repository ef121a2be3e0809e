//! An answer to GetCACert gives certificates or an error; only what a pinned one vouches for is trusted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scep_profile::FingerprintAlgorithm;
use scep_profile::message::CaCertificates;
use std::time::SystemTime;

fuzz_target!(|body: &[u8]| {
    let Ok(certificates) = CaCertificates::parse(body) else {
        return;
    };
    assert!(!certificates.certificates().is_empty());
    for pin in certificates.fingerprints(FingerprintAlgorithm::Sha256) {
        let Ok(ca) = certificates.pin(&pin) else {
            continue;
        };
        assert!(pin.is_of(ca.anchor().der()));
        assert!(ca.certificates().contains(ca.recipient()));
        let _ = (
            ca.weaknesses(SystemTime::now()),
            ca.issuer().subject(),
            format!("{ca:?}"),
        );
        let _ = ca.next(body);
    }
});

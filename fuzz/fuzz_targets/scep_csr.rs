//! A PKCS#10 request is refused, or signed by the key it is about: as arbitrary bytes, and a genuine one with bytes
//! changed. An authority answers any message.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scep_profile::message::{CertificateRequest, EnrollmentKey, ReceivedRequest};
use scep_profile::server::{Authority, AuthorityOptions, Outcome};
use scep_profile::{KeySize, Subject};
use std::sync::{LazyLock, Mutex};
use std::time::SystemTime;

static GENUINE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let key = EnrollmentKey::generate(KeySize::Rsa2048).unwrap();
    let request = CertificateRequest::new(Subject::default())
        .challenge("right".into())
        .rfc822_name("a@example.com");
    request.to_der(&key).unwrap()
});

static AUTHORITY: LazyLock<Mutex<Authority>> = LazyLock::new(|| {
    let options = AuthorityOptions::new("Acme", "right".into()).legacy(true);
    Mutex::new(Authority::generate(options, SystemTime::now()).unwrap())
});

fuzz_target!(|bytes: &[u8]| {
    let Some((mode, rest)) = bytes.split_first() else {
        return;
    };
    if mode % 3 == 2 {
        let handled = AUTHORITY.lock().unwrap().handle(rest, SystemTime::now());
        assert!(matches!(handled.outcome, Outcome::Refused(_)));
        assert!(!handled.reply.is_empty());
        return;
    }
    let mut der = rest.to_vec();
    if mode % 3 == 1 {
        der = GENUINE.clone();
        for change in rest.chunks_exact(3) {
            let place = usize::from(u16::from_be_bytes([change[0], change[1]])) % der.len();
            der[place] ^= change[2];
        }
    }
    let Ok(request) = ReceivedRequest::from_der(&der) else {
        return;
    };
    if mode % 3 == 1 {
        let genuine = ReceivedRequest::from_der(&GENUINE).unwrap();
        assert_eq!(request.subject(), genuine.subject());
        assert_eq!(request.public_key(), genuine.public_key());
        assert_eq!(request.extensions(), genuine.extensions());
    }
    let _ = format!("{request:?}");
});

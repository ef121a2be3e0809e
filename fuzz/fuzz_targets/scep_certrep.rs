//! A CertRep is refused, or gives the certificate that was issued: as arbitrary bytes, as a genuine reply with bytes
//! changed, and with arbitrary certificates in a reply that is rightly signed and encrypted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scep_profile::message::{
    Answer, CaCertificates, Capabilities, CertificateRequest, EnrollmentKey, Issued, Reply,
    Request, Transaction,
};
use scep_profile::server::{Authority, AuthorityOptions};
use scep_profile::{CaCertificate, Fingerprint, KeySize, Subject};
use std::sync::LazyLock;
use std::time::SystemTime;

struct Bench {
    transaction: Transaction,
    request: Request,
    ca: Vec<u8>,
    ca_key: EnrollmentKey,
    reply: Vec<u8>,
    genuine: Issued,
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let now = SystemTime::now();
    let mut authority =
        Authority::generate(AuthorityOptions::new("Acme", "right".into()), now).unwrap();
    let pin = Fingerprint::sha256_of_der(authority.root_certificate()).unwrap();
    let trusted = CaCertificates::parse(&authority.get_ca_cert().1)
        .unwrap()
        .pin(&pin)
        .unwrap();
    let caps = Capabilities::parse(&authority.get_ca_caps());
    let key = EnrollmentKey::generate(KeySize::Rsa2048).unwrap();
    let asked = CertificateRequest::new(Subject::default()).challenge("right".into());
    let (transaction, message) = Transaction::enroll(&key, &asked, &trusted, &caps).unwrap();
    let ca_key = EnrollmentKey::from_pkcs8_pem(&authority.state().unwrap().issuer_key).unwrap();
    let ca = authority.root_certificate().to_vec();
    let request = Request::open(
        &message,
        CaCertificate::from_der(&ca).unwrap().x509(),
        &ca_key,
    )
    .unwrap();
    let reply = authority.pki_operation(&message, now);
    let Ok(Reply::Issued(genuine)) = transaction.read(&reply) else {
        panic!()
    };
    Bench {
        transaction,
        request,
        ca,
        ca_key,
        reply,
        genuine,
    }
});

fuzz_target!(|bytes: &[u8]| {
    let bench = &*BENCH;
    let Some((mode, rest)) = bytes.split_first() else {
        return;
    };
    let reply = match mode % 3 {
        0 => rest.to_vec(),
        1 => {
            let mut reply = bench.reply.clone();
            for change in rest.chunks_exact(3) {
                let place = usize::from(u16::from_be_bytes([change[0], change[1]])) % reply.len();
                reply[place] ^= change[2];
            }
            reply
        }
        _ => {
            let answer = Answer::issued(&bench.request, vec![rest.to_vec()]);
            let Ok(reply) = answer.sign(&bench.ca, &bench.ca_key) else {
                return;
            };
            reply
        }
    };
    match bench.transaction.read(&reply) {
        Err(error) => drop(error.to_string()),
        Ok(Reply::Pending) => panic!("nobody said PENDING"),
        Ok(Reply::Issued(issued)) if mode % 3 == 2 => {
            // The CA itself may issue what it likes, for our key.
            let certificate = CaCertificate::from_der(&issued.certificate).unwrap();
            let ours = CaCertificate::from_der(&bench.genuine.certificate).unwrap();
            let key = |certificate: &CaCertificate| {
                certificate
                    .x509()
                    .tbs_certificate()
                    .subject_public_key_info()
                    .clone()
            };
            assert_eq!(key(&certificate), key(&ours));
        }
        Ok(Reply::Issued(issued)) => assert_eq!(issued.certificate, bench.genuine.certificate),
    }
});

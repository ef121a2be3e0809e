//! What a CA keeps and hands out beside messages, with OpenSSL as the oracle: revocation lists, keys, and the fingerprints
//! of the authorities that the system trusts.
#![allow(clippy::unwrap_used, missing_docs)]

use device_trust_tests::{left_out, openssl, peer};
use scep_profile::message::{
    CaCertificates, Capabilities, CertificateRequest, EnrollmentKey, Reply, Transaction,
};
use scep_profile::server::{Authority, AuthorityOptions};
use scep_profile::{CaCertificate, Fingerprint, FingerprintAlgorithm, KeySize, Subject};
use secrecy::ExposeSecret;
use std::process::Command;
use std::time::SystemTime;

#[test]
fn openssl_takes_our_revocation_list_and_refuses_the_revoked() {
    if peer("openssl").is_none() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let now = SystemTime::now();
    let options = AuthorityOptions::new("Acme", "right".into()).intermediate(true);
    let mut authority = Authority::generate(options, now).unwrap();
    let pin = Fingerprint::sha256_of_der(authority.root_certificate()).unwrap();
    let ca = CaCertificates::parse(&authority.get_ca_cert().1)
        .unwrap()
        .pin(&pin)
        .unwrap();
    let caps = Capabilities::parse(&authority.get_ca_caps());
    let mut leaves = Vec::new();
    for name in ["kept", "revoked"] {
        let key = EnrollmentKey::generate(KeySize::Rsa2048).unwrap();
        let request =
            CertificateRequest::new(Subject::common_name(name).unwrap()).challenge("right".into());
        let (transaction, message) = Transaction::enroll(&key, &request, &ca, &caps).unwrap();
        let Ok(Reply::Issued(issued)) = transaction.read(&authority.pki_operation(&message, now))
        else {
            panic!()
        };
        let leaf = CaCertificate::from_der(&issued.certificate).unwrap();
        std::fs::write(at.join(format!("{name}.pem")), leaf.pem()).unwrap();
        leaves.push(leaf);
    }
    let pem = |der: &[u8]| CaCertificate::from_der(der).unwrap().pem();
    std::fs::write(at.join("root.pem"), pem(authority.root_certificate())).unwrap();
    std::fs::write(at.join("issuer.pem"), pem(authority.issuer_certificate())).unwrap();
    std::fs::write(at.join("none.crl"), authority.crl(now).unwrap()).unwrap();
    let serial = authority.issued()[1].serial.clone();
    assert!(authority.revoke_at(&serial, now));
    std::fs::write(at.join("one.crl"), authority.crl(now).unwrap()).unwrap();

    let text = openssl(
        at,
        "crl -inform DER -in none.crl -CAfile issuer.pem -noout -text",
    );
    assert!(text.contains("No Revoked Certificates"), "{text}");
    let text = openssl(
        at,
        "crl -inform DER -in one.crl -CAfile issuer.pem -noout -text",
    );
    assert!(
        text.contains(&serial) && text.contains("X509v3 CRL Number"),
        "{text}"
    );
    openssl(at, "crl -inform DER -in one.crl -out one.pem");
    let verify = |leaf: &str| {
        Command::new("openssl")
            .args([
                "verify",
                "-crl_check",
                "-CRLfile",
                "one.pem",
                "-CAfile",
                "root.pem",
            ])
            .args(["-untrusted", "issuer.pem", leaf])
            .current_dir(at)
            .output()
            .unwrap()
    };
    assert!(verify("kept.pem").status.success());
    let refused = verify("revoked.pem");
    let text = String::from_utf8_lossy(&refused.stderr).into_owned()
        + &String::from_utf8_lossy(&refused.stdout);
    assert!(
        !refused.status.success() && text.contains("certificate revoked"),
        "{text}"
    );
}

#[test]
fn fingerprints_of_every_authority_the_system_trusts_are_openssls() {
    if peer("openssl").is_none() {
        return;
    }
    let bundles = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/cert.pem",
    ];
    let Some(bundle) = bundles.iter().find_map(|path| std::fs::read(path).ok()) else {
        let _: Option<()> = left_out("ca-bundle");
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let certificates = CaCertificate::read_all(&bundle).unwrap();
    assert!(certificates.len() > 20, "{}", certificates.len());
    for certificate in certificates {
        std::fs::write(at.join("ca.der"), certificate.der()).unwrap();
        for (option, algorithm) in [
            ("-sha256", FingerprintAlgorithm::Sha256),
            ("-sha1", FingerprintAlgorithm::Sha1),
        ] {
            let printed = openssl(
                at,
                &format!("x509 -inform DER -in ca.der -noout -fingerprint {option}"),
            );
            let ours = certificate.fingerprint(algorithm);
            assert_eq!(printed.trim().split_once('=').unwrap().1, ours.colon_hex());
            assert_eq!(Fingerprint::parse(&printed).unwrap(), ours);
        }
    }
}

#[test]
fn the_saved_key_is_one_that_openssl_reads() {
    if peer("openssl").is_none() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let options = AuthorityOptions::new("Acme", "right".into()).registration_authority(true);
    let authority = Authority::generate(options, SystemTime::now()).unwrap();
    let state = authority.state().unwrap();
    let registration = state.registration.unwrap();
    std::fs::write(at.join("ra.key"), registration.key.expose_secret()).unwrap();
    std::fs::write(at.join("ra.pem"), registration.certificate).unwrap();
    std::fs::write(at.join("ca.pem"), state.root_certificate).unwrap();
    let of_key = openssl(at, "pkey -in ra.key -pubout");
    assert_eq!(openssl(at, "x509 -in ra.pem -noout -pubkey"), of_key);
    assert!(openssl(at, "verify -x509_strict -CAfile ca.pem ra.pem").contains("OK"));
}

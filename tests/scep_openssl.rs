//! SCEP messages, certificates and fingerprints, with OpenSSL as the oracle.
#![allow(clippy::unwrap_used, missing_docs)]

use device_trust_tests::peer;
use mobileconfig::PayloadContent as _;
use plist::{Dictionary, Value};
use scep_profile::message::{
    CaCertificates, Capabilities, CertificateRequest, EnrollmentKey, Reply, Transaction,
};
use scep_profile::server::{Authority, AuthorityOptions};
use scep_profile::{
    CaCertificate, Fingerprint, FingerprintAlgorithm, KeySize, ScepPayload, Subject,
};
use secrecy::ExposeSecret;
use std::path::Path;
use std::time::SystemTime;

fn openssl(directory: &Path, arguments: &[&str]) -> (bool, String) {
    let output = std::process::Command::new("openssl")
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

fn run(directory: &Path, arguments: &[&str]) -> String {
    let (success, text) = openssl(directory, arguments);
    assert!(success, "openssl {arguments:?}: {text}");
    text
}

#[test]
fn fingerprints_are_what_openssl_prints() {
    if peer("openssl").is_none() {
        return;
    }
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scep-profile/tests/data");
    for file in ["root.pem", "intermediate.pem", "leaf.pem"] {
        let pem = std::fs::read(data.join(file)).unwrap();
        for (option, algorithm) in [
            ("-sha1", FingerprintAlgorithm::Sha1),
            ("-sha224", FingerprintAlgorithm::Sha224),
            ("-sha256", FingerprintAlgorithm::Sha256),
            ("-sha384", FingerprintAlgorithm::Sha384),
            ("-sha512", FingerprintAlgorithm::Sha512),
        ] {
            let printed = run(
                &data,
                &["x509", "-noout", "-fingerprint", option, "-in", file],
            );
            let ours = Fingerprint::of_pem(algorithm, &pem).unwrap();
            assert_eq!(printed.trim().split_once('=').unwrap().1, ours.colon_hex());
            assert_eq!(Fingerprint::parse(&printed).unwrap(), ours);
        }
    }
}

#[test]
fn certificates_are_read_from_every_file_openssl_writes() {
    if peer("openssl").is_none() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scep-profile/tests/data");
    for file in ["root.pem", "intermediate.pem"] {
        std::fs::copy(data.join(file), at.join(file)).unwrap();
    }
    run(
        at,
        &["x509", "-in", "root.pem", "-text", "-out", "text.pem"],
    );
    run(
        at,
        &[
            "x509", "-in", "root.pem", "-outform", "DER", "-out", "root.der",
        ],
    );
    let both = ["-certfile", "root.pem", "-certfile", "intermediate.pem"];
    run(
        at,
        &[&["crl2pkcs7", "-nocrl", "-out", "both.p7b"], &both[..]].concat(),
    );
    run(
        at,
        &[
            &["crl2pkcs7", "-nocrl", "-outform", "DER", "-out", "both.p7c"],
            &both[..],
        ]
        .concat(),
    );
    let count = |file: &str| {
        CaCertificate::read_all(&std::fs::read(at.join(file)).unwrap())
            .unwrap()
            .len()
    };
    assert_eq!(
        ["text.pem", "root.der", "both.p7b", "both.p7c"].map(count),
        [1, 1, 2, 2]
    );
}

#[test]
fn openssl_verifies_our_request_and_the_certificate_issued() {
    if peer("openssl").is_none() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let now = SystemTime::now();
    let options = AuthorityOptions::new("Acme", "hunter2".into()).intermediate(true);
    let mut authority = Authority::generate(options, now).unwrap();
    let key = EnrollmentKey::generate(KeySize::Rsa2048).unwrap();
    let subject =
        Subject::from_pairs([("C", "DE"), ("O", "Müller & Söhne"), ("CN", "cert")]).unwrap();
    let request = CertificateRequest::new(subject)
        .challenge("hunter2".into())
        .rfc822_name("a@example.com");

    std::fs::write(at.join("csr.der"), request.to_der(&key).unwrap()).unwrap();
    let text = run(
        at,
        &[
            "req", "-inform", "DER", "-in", "csr.der", "-verify", "-noout", "-text", "-nameopt",
            "utf8",
        ],
    );
    for part in [
        "verify OK",
        "Müller & Söhne",
        "challengePassword",
        "email:a@example.com",
        "Digital Signature",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }

    let pin = Fingerprint::sha256_of_der(authority.root_certificate()).unwrap();
    let ca = CaCertificates::parse(&authority.get_ca_cert().1)
        .unwrap()
        .pin(&pin)
        .unwrap();
    let caps = Capabilities::parse(&authority.get_ca_caps());
    let (transaction, message) = Transaction::enroll(&key, &request, &ca, &caps).unwrap();
    // OpenSSL takes our message apart: the signature holds, and the envelope opens with the authority's key.
    std::fs::write(at.join("message.der"), &message).unwrap();
    std::fs::write(
        at.join("ca.pem"),
        CaCertificate::from_der(authority.issuer_certificate())
            .unwrap()
            .pem(),
    )
    .unwrap();
    std::fs::write(
        at.join("ca.key"),
        authority.state().unwrap().issuer_key.expose_secret(),
    )
    .unwrap();
    run(
        at,
        &[
            "cms",
            "-verify",
            "-noverify",
            "-inform",
            "DER",
            "-binary",
            "-in",
            "message.der",
            "-out",
            "envelope.der",
        ],
    );
    run(
        at,
        &[
            "cms",
            "-decrypt",
            "-inform",
            "DER",
            "-binary",
            "-in",
            "envelope.der",
            "-inkey",
            "ca.key",
            "-recip",
            "ca.pem",
            "-out",
            "opened.der",
        ],
    );
    run(
        at,
        &[
            "req",
            "-inform",
            "DER",
            "-in",
            "opened.der",
            "-verify",
            "-noout",
        ],
    );

    let reply = authority.pki_operation(&message, now);
    std::fs::write(at.join("reply.der"), &reply).unwrap();
    run(
        at,
        &[
            "cms",
            "-verify",
            "-noverify",
            "-inform",
            "DER",
            "-binary",
            "-in",
            "reply.der",
            "-out",
            "envelope.der",
        ],
    );
    let Reply::Issued(issued) = transaction.read(&reply).unwrap() else {
        panic!()
    };
    std::fs::write(
        at.join("leaf.pem"),
        CaCertificate::from_der(&issued.certificate).unwrap().pem(),
    )
    .unwrap();
    std::fs::write(
        at.join("root.pem"),
        CaCertificate::from_der(authority.root_certificate())
            .unwrap()
            .pem(),
    )
    .unwrap();
    let verified = run(
        at,
        &[
            "verify",
            "-x509_strict",
            "-purpose",
            "sslclient",
            "-CAfile",
            "root.pem",
            "-untrusted",
            "ca.pem",
            "leaf.pem",
        ],
    );
    assert!(verified.contains("leaf.pem: OK"), "{verified}");
}

#[test]
fn content_signed_by_openssl_is_read_in_every_form_it_writes() {
    if peer("openssl").is_none() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    run(
        at,
        &[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "k.pem",
            "-out",
            "c.pem",
            "-subj",
            "/CN=signer",
        ],
    );
    let content: Vec<u8> = (0..20_000_u32)
        .map(|number| number.to_le_bytes()[0])
        .collect();
    std::fs::write(at.join("content"), &content).unwrap();
    let sign = [
        "cms",
        "-sign",
        "-binary",
        "-nodetach",
        "-signer",
        "c.pem",
        "-inkey",
        "k.pem",
        "-in",
        "content",
    ];
    for (options, file) in [
        (&["-outform", "DER"][..], "definite"),
        (&["-outform", "DER", "-stream"][..], "indefinite"),
        (&["-outform", "PEM"][..], "armoured"),
        (&["-outform", "PEM", "-stream"][..], "armoured-indefinite"),
    ] {
        run(at, &[&sign[..], options, &["-out", file]].concat());
        let message = std::fs::read(at.join(file)).unwrap();
        assert_eq!(
            mobileconfig::cms::signed_content(&message).unwrap(),
            content,
            "{file}"
        );
    }
    run(
        at,
        &[
            "cms", "-sign", "-binary", "-signer", "c.pem", "-inkey", "k.pem", "-in", "content",
            "-outform", "DER", "-out", "detached",
        ],
    );
    let error = mobileconfig::cms::signed_content(&std::fs::read(at.join("detached")).unwrap())
        .unwrap_err();
    assert!(
        error.is_cms() && error.to_string().contains("detached"),
        "{error}"
    );
}

/// What other tools write and macOS takes: several pairs in one RDN, `EMAIL`, an address.
#[test]
fn openssl_reads_the_names_of_a_foreign_payload_in_our_request() {
    if peer("openssl").is_none() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let pair = |kind: &str, value: &str| Value::Array(vec![kind.into(), value.into()]);
    let mut names = Dictionary::new();
    names.insert("iPAddress".to_owned(), "192.0.2.7".into());
    names.insert(
        "IPADDRESS".to_owned(),
        Value::Array(vec!["2001:db8::7".into()]),
    );
    names.insert("ntPrincipalName".to_owned(), "a@corp".into());
    names.insert("directoryName".to_owned(), "CN=skipped".into());
    let mut keys = Dictionary::new();
    keys.insert("URL".to_owned(), "https://ca.example.org/scep".into());
    keys.insert(
        "Subject".to_owned(),
        Value::Array(vec![
            Value::Array(vec![pair("O", "Acme"), pair("CN", "cert")]),
            Value::Array(vec![pair("EMAIL", "a@example.org")]),
        ]),
    );
    keys.insert("SubjectAltName".to_owned(), Value::Dictionary(names));
    let mut beside = Dictionary::new();
    beside.insert("PayloadContent".to_owned(), Value::Dictionary(keys));
    let payload = ScepPayload::from_dictionary(&beside).unwrap();
    let key = EnrollmentKey::generate(KeySize::Rsa2048).unwrap();
    let request = CertificateRequest::from_payload(&payload);
    std::fs::write(at.join("csr.der"), request.to_der(&key).unwrap()).unwrap();
    let verify = [
        "req", "-inform", "DER", "-in", "csr.der", "-verify", "-noout", "-text",
    ];
    let text = run(at, &verify);
    for part in [
        "verify OK",
        "CN = cert + O = Acme, emailAddress = a@example.org",
        "IP Address:192.0.2.7",
        "IP Address:2001:DB8:0:0:0:0:0:7",
        "a@corp",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("skipped"), "{text}");
}

//! micromdm's `scepclient` against our authority. It encrypts with single DES and signs with SHA-1 whatever the server
//! announces.

use crate::namespace::directory;
use crate::process::said;
use crate::server::{SECRET, Server};
use device_trust_tests::peer;
use scep_profile::Fingerprint;
use scep_profile::server::Outcome;
use std::path::Path;
use std::process::{Command, Output};

fn enrol(server: &Server, directory: &Path, secret: &str, pin: &str) -> Output {
    Command::new("scepclient")
        .args(["-server-url", &server.url(), "-challenge", secret])
        .args(["-private-key", "key.pem", "-certificate", "cert.pem"])
        .args([
            "-cn",
            "dev1",
            "-organization",
            "Acme",
            "-ca-fingerprint",
            pin,
        ])
        .current_dir(directory)
        .output()
        .unwrap()
}

fn pin(server: &Server) -> String {
    server.with(|authority| {
        Fingerprint::sha256_of_der(authority.root_certificate())
            .unwrap()
            .hex()
    })
}

#[test]
fn scepclient_enrols_where_old_algorithms_are_taken() {
    if peer("scepclient").is_none() {
        return;
    }
    let (_keep, at) = directory();
    let server = Server::start(|options| options.legacy(true));
    let output = enrol(&server, &at, SECRET, &pin(&server));
    assert!(output.status.success(), "{}", said(&output));
    let certificate = server.check_issued(&at.join("cert.pem"));
    assert!(
        certificate.subject().contains("CN=dev1"),
        "{}",
        certificate.subject()
    );
}

#[test]
fn scepclient_is_refused_with_a_wrong_challenge_or_where_old_algorithms_are_not_taken() {
    if peer("scepclient").is_none() {
        return;
    }
    for (legacy, secret) in [(true, "wrong"), (false, SECRET)] {
        let (_keep, at) = directory();
        let server = Server::start(|options| options.legacy(legacy));
        let output = enrol(&server, &at, secret, &pin(&server));
        assert!(!output.status.success(), "{}", said(&output));
        assert!(!at.join("cert.pem").exists());
        let operations = server.operations();
        assert!(
            matches!(operations[..], [(_, Outcome::Refused(_))]),
            "{operations:?}"
        );
    }
}

//! strongSwan's `pki --scep` against our authority: enrolment, PENDING, renewal.

use crate::namespace::directory;
use crate::process::{Running, eventually, said};
use crate::server::{SECRET, Server};
use device_trust_tests::{peer, peer_answering, run};
use scep_profile::server::Outcome;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

struct Pki {
    _keep: tempfile::TempDir,
    at: PathBuf,
}

impl Pki {
    fn new(server: &Server) -> Option<Self> {
        peer_answering("pki", &["--help"])?;
        peer("openssl")?;
        let (keep, at) = directory();
        server.write_ca(&at);
        for key in ["key.pem", "new.pem"] {
            let mut generate = Command::new("openssl");
            run(generate
                .args(["genrsa", "-traditional", "-out", key, "2048"])
                .current_dir(&at));
        }
        Some(Self { _keep: keep, at })
    }

    fn scep(&self, server: &Server, key: &str) -> Command {
        let mut command = Command::new("pki");
        command
            .args(["--scep", "--url", &server.url(), "--in", key])
            .args(["--dn", "C=US, O=Acme, CN=d", "--san", "d.example.com"])
            .args(["--cacert-enc", "ca.der", "--cacert-sig", "ca.der"])
            .args(["--interval", "1", "--maxpolltime", "60", "--outform", "pem"])
            .current_dir(&self.at);
        command
    }

    fn save(&self, name: &str, certificate: &[u8]) -> PathBuf {
        let path = self.at.join(name);
        std::fs::write(&path, certificate).unwrap();
        path
    }
}

#[test]
fn strongswan_enrols_with_the_right_challenge_only() {
    let server = Server::start(|options| options);
    let Some(pki) = Pki::new(&server) else { return };
    let output = pki
        .scep(&server, "key.pem")
        .args(["--password", SECRET])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let certificate = server.check_issued(&pki.save("cert.pem", &output.stdout));
    assert_eq!(certificate.subject(), "CN=d,O=Acme,C=US");

    let output = pki
        .scep(&server, "new.pem")
        .args(["--password", "wrong"])
        .output()
        .unwrap();
    assert!(!output.status.success(), "{}", said(&output));
    assert_eq!(server.with(|authority| authority.issued().len()), 1);
}

#[test]
fn strongswan_polls_while_pending_and_gets_its_certificate_once_approved() {
    let server = Server::start(|options| options.manual_approval(true));
    let Some(pki) = Pki::new(&server) else { return };
    let certificate = pki.at.join("cert.pem");
    let mut command = pki.scep(&server, "key.pem");
    command
        .args(["--password", SECRET])
        .stdout(File::create(&certificate).unwrap());
    let mut polling = Running::start(&mut command);
    let polled = || {
        server
            .operations()
            .iter()
            .filter(|(_, outcome)| matches!(outcome, Outcome::Pending(_)))
            .count()
    };
    eventually("a second PENDING", || {
        (polled() >= 2 || polling.has_ended()).then_some(())
    });
    assert!(server.with(|authority| {
        let waiting = authority.pending().next().expect("a request waits");
        authority.approve(&waiting)
    }));
    eventually("the end of pki", || polling.has_ended().then_some(()));
    server.check_issued(&certificate);
}

#[test]
fn strongswan_renews_where_renewal_is_offered_and_is_refused_where_it_is_not() {
    for offered in [true, false] {
        let server = Server::start(|options| options.renewal(offered));
        let Some(pki) = Pki::new(&server) else { return };
        let output = pki
            .scep(&server, "key.pem")
            .args(["--password", SECRET])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
        pki.save("old.pem", &output.stdout);
        let renewal = pki
            .scep(&server, "new.pem")
            .args(["--cert", "old.pem", "--key", "key.pem"])
            .output()
            .unwrap();
        assert_eq!(renewal.status.success(), offered, "{}", said(&renewal));
        assert_eq!(
            server.with(|authority| authority.issued().len()),
            1 + usize::from(offered)
        );
        if offered {
            let renewed = server.check_issued(&pki.save("renewed.pem", &renewal.stdout));
            assert!(
                key_of(&renewed)
                    != key_of(&server.check_issued(Path::new(&pki.at).join("old.pem").as_path()))
            );
        }
    }
}

fn key_of(certificate: &scep_profile::CaCertificate) -> Vec<u8> {
    let tbs = certificate.x509().tbs_certificate();
    tbs.subject_public_key_info()
        .subject_public_key
        .raw_bytes()
        .to_vec()
}

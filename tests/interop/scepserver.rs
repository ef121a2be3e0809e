//! Our client against micromdm's `scepserver`, whose replies are as old as they come: single DES, SHA-1, algorithm
//! parameters left out, constructed content, the request's nonce given back.

use crate::namespace::{directory, inside};
use crate::process::{Running, eventually};
use device_trust_tests::{peer, run};
use scep_profile::client::{Client, Enrollment, Error};
use scep_profile::message::{self, CertificateRequest, EnrollmentKey, FailInfo, Weakness};
use scep_profile::preflight::{self, CheckSubject, Status};
use scep_profile::{Fingerprint, KeySize, ScepPayload, ScepUrl};
use std::path::Path;
use std::process::{Command, Stdio};

const PORT: &str = "18080";
const SECRET: &str = "s3cret";

fn start(directory: &Path) -> (Running, ScepUrl, Fingerprint) {
    let mut init = Command::new("scepserver");
    init.args(["ca", "-init", "-depot", "depot", "-keySize", "2048"])
        .args([
            "-organization",
            "Acme",
            "-organizational_unit",
            "Test",
            "-country",
            "US",
        ])
        .args(["-key-password", ""])
        .current_dir(directory);
    run(&mut init);
    let mut serve = Command::new("scepserver");
    serve
        .args([
            "-depot",
            "depot",
            "-port",
            PORT,
            "-challenge",
            SECRET,
            "-allowrenew",
            "0",
        ])
        .current_dir(directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let server = Running::start(&mut serve);
    eventually("scepserver", || {
        std::net::TcpStream::connect(format!("127.0.0.1:{PORT}")).ok()
    });
    let ca = std::fs::read(directory.join("depot/ca.pem")).unwrap();
    let url = ScepUrl::parse(&format!("http://127.0.0.1:{PORT}/scep")).unwrap();
    (server, url, Fingerprint::sha256_of_pem(ca).unwrap())
}

#[test]
fn our_client_enrols_at_scepserver_with_the_right_challenge_only() {
    if peer("scepserver").is_none()
        || !inside("scepserver::our_client_enrols_at_scepserver_with_the_right_challenge_only")
    {
        return;
    }
    let (_keep, at) = directory();
    let (_server, url, pin) = start(&at);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let client = Client::new(url.clone()).unwrap();
        let request = |secret: &str| {
            let subject = "CN=device 1,O=Acme,C=US".parse().unwrap();
            CertificateRequest::new(subject).challenge(secret.to_owned().into())
        };
        let key = EnrollmentKey::generate(KeySize::Rsa2048).unwrap();
        let enrolled = client.enroll(&key, &request(SECRET), &pin).await.unwrap();
        let Enrollment::Issued(issued) = enrolled else {
            panic!("pending")
        };
        // What is weak about it is put up with, and said.
        for weakness in [
            Weakness::Sha1Signature,
            Weakness::DesContent,
            Weakness::CaKeyUsage,
            Weakness::EchoedNonce,
        ] {
            assert!(
                issued.weaknesses.contains(&weakness),
                "{weakness:?}: {:?}",
                issued.weaknesses
            );
        }

        // Renewal: another key, under the certificate of the first.
        let next = EnrollmentKey::generate(KeySize::Rsa2048).unwrap();
        let renewed = client
            .renew(&next, &request(SECRET), &key, &issued.certificate, &pin)
            .await
            .unwrap();
        let Enrollment::Issued(renewed) = renewed else {
            panic!("pending")
        };
        assert!(renewed.certificate != issued.certificate);

        let key = EnrollmentKey::generate(KeySize::Rsa2048).unwrap();
        match client.enroll(&key, &request("wrong"), &pin).await {
            Err(Error::Message(message::Error::Refused { fail_info, .. })) => {
                assert_eq!(fail_info, FailInfo::BadRequest);
            }
            other => panic!("{other:?}"),
        }
        let other = Fingerprint::from_bytes(&[1; 32]).unwrap();
        let unpinned = client.enroll(&key, &request(SECRET), &other).await;
        assert!(matches!(
            unpinned,
            Err(Error::Message(message::Error::CaMismatch { .. }))
        ));

        let payload = ScepPayload::new(url, SECRET.into()).ca_fingerprint(pin);
        let report = preflight::check_and_enroll(&payload).await;
        assert!(report.passed(), "{report}");
        let certificate = report.check(CheckSubject::Certificate).unwrap();
        assert_eq!(certificate.status, Status::Warning, "{report}");
    });
}

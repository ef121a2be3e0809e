//! The profile that the job writes, as others read it: Apple's schema, Python's plistlib and libplist.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::PathBuf;

use device_trust::{Blueprint, Job, Output, Overrides, Silent, Tenants, embedded::Embedded};
use device_trust_tests::{oracle, peer, reference, run};
use mobileconfig::Profile;
use scep_profile::{ScepPayload, Subject};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The profile of a planned job: nothing is applied, so no Mac has to be waited for.
async fn planned() -> (TempDir, PathBuf) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/device-trust.toml");
    let text = std::fs::read_to_string(file).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let blueprint = folder.path().join("blueprint.toml");
    std::fs::write(&blueprint, text.replace("# rfc822_name", "rfc822_name")).unwrap();
    let (blueprint, secrets) = Blueprint::load(&blueprint, &Overrides::default(), |name| {
        (name == "SCEP_CHALLENGE").then(|| "a <secret> & \"more\"".to_owned())
    })
    .unwrap();
    let embedded = Embedded::start(&secrets, None).await.unwrap();
    let tenants = Tenants::sandbox(&blueprint, &embedded).unwrap();
    Job::new(blueprint, tenants, Output::new(folder.path()))
        .plan(&Silent)
        .await
        .unwrap();
    let profile = folder.path().join(Output::PROFILE);
    (folder, profile)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_passes_apples_schema() {
    let (Some(reference), Some(mut oracle)) = (reference(), oracle("apple_schema.py")) else {
        return;
    };
    let (_folder, profile) = planned().await;
    let said = run(oracle.arg(reference.join("apple")).arg(profile).args([
        "--beyond",
        "com.apple.security.scep:CertificateRenewalTimeInterval",
    ]));
    assert_eq!(said.trim(), "ok: 3 payloads");
}

#[tokio::test(flavor = "multi_thread")]
async fn apples_schema_check_refuses_a_broken_profile() {
    let (Some(reference), Some(mut oracle)) = (reference(), oracle("apple_schema.py")) else {
        return;
    };
    let (_folder, profile) = planned().await;
    let text = std::fs::read_to_string(&profile).unwrap();
    std::fs::write(
        &profile,
        text.replace("<key>Keysize</key>", "<key>KeySize</key>"),
    )
    .unwrap();
    let output = oracle
        .arg(reference.join("apple"))
        .arg(&profile)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("key KeySize is not in Apple's schema"),
        "{said}"
    );
    assert!(
        said.contains("key CertificateRenewalTimeInterval is not in Apple's schema"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn plistlib_gives_the_typed_values_back() {
    let Some(mut oracle) = oracle("plist_values.py") else {
        return;
    };
    let (_folder, profile) = planned().await;
    let values: Value = serde_json::from_str(&run(oracle.arg(&profile))).unwrap();
    let scep: ScepPayload = Profile::from_bytes(std::fs::read(&profile).unwrap())
        .unwrap()
        .payloads_of_type("com.apple.security.scep")
        .next()
        .unwrap()
        .decode()
        .unwrap();
    let fingerprint = scep.ca_fingerprint.as_ref().unwrap();
    let payload = values["PayloadContent"]
        .as_array()
        .unwrap()
        .iter()
        .find(|payload| payload["PayloadType"] == "com.apple.security.scep")
        .unwrap();
    assert_eq!(
        payload["PayloadContent"],
        json!({
            "URL": scep.url.as_str(),
            "Name": "Okta CA",
            "Subject": [[["CN", "cert"]]],
            "Challenge": "a <secret> & \"more\"",
            "Retries": 3,
            "RetryDelay": 10,
            "Keysize": 2048,
            "Key Type": "RSA",
            "Key Usage": 1,
            "KeyIsExtractable": false,
            "AllowAllAppsAccess": true,
            "CAFingerprint": {"data": fingerprint.hex().to_lowercase()},
            "SubjectAltName": {"rfc822Name": "mac@acme.example"},
            "CertificateRenewalTimeInterval": 14,
        })
    );
    assert_eq!(scep.subject, Some(Subject::default()));
    assert_eq!(
        scep.challenge.unwrap().expose_secret(),
        "a <secret> & \"more\""
    );
    assert_eq!(values["PayloadScope"], "System");
}

#[tokio::test(flavor = "multi_thread")]
async fn libplist_reads_it_and_its_binary_form_reads_the_same_here() {
    let Some(mut plistutil) = peer("plistutil") else {
        return;
    };
    let (folder, profile) = planned().await;
    let binary = folder.path().join("binary.plist");
    run(plistutil
        .arg("-i")
        .arg(&profile)
        .arg("-o")
        .arg(&binary)
        .args(["-f", "bin"]));
    let binary = std::fs::read(binary).unwrap();
    assert!(binary.starts_with(b"bplist00"));
    let ours = Profile::from_bytes(std::fs::read(profile).unwrap()).unwrap();
    assert!(Profile::from_bytes(binary).unwrap() == ours);
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_sees_the_fingerprint_that_the_profile_pins() {
    let Some(mut openssl) = peer("openssl") else {
        return;
    };
    let (folder, profile) = planned().await;
    let profile = Profile::from_bytes(std::fs::read(profile).unwrap()).unwrap();
    let root = profile
        .payloads_of_type("com.apple.security.root")
        .next()
        .unwrap();
    let root: mobileconfig::certificate::Root = root.decode().unwrap();
    let file = folder.path().join("root.der");
    std::fs::write(&file, root.der()).unwrap();
    let said = run(openssl
        .args([
            "x509",
            "-inform",
            "DER",
            "-noout",
            "-fingerprint",
            "-sha256",
            "-in",
        ])
        .arg(file));
    let scep: ScepPayload = profile
        .payloads_of_type("com.apple.security.scep")
        .next()
        .unwrap()
        .decode()
        .unwrap();
    let fingerprint = scep.ca_fingerprint.unwrap();
    assert_eq!(
        said.trim().split_once('=').unwrap().1,
        fingerprint.colon_hex()
    );
    assert_eq!(
        scep_profile::Fingerprint::parse(said.trim()).unwrap(),
        fingerprint
    );
}

//! `fingerprint` and `preflight` as an operator meets them.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use device_trust_sandbox::{Options, Sandbox, Secrets};
use scep_profile::{CaCertificate, FingerprintAlgorithm};
use secrecy::SecretString;
use serde_json::Value;

const CHALLENGE: &str = "canary-scep-challenge-4711";

#[derive(Debug)]
struct Run {
    exit_code: i32,
    stdout: String,
    stderr: String,
}

fn run(command: &mut Command) -> Run {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let run = Run {
        exit_code: status.code().unwrap(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    };
    assert!(
        !run.stdout.contains(CHALLENGE) && !run.stderr.contains(CHALLENGE),
        "{run:?}"
    );
    assert!(!run.stderr.contains("panicked"), "{run:?}");
    run
}

fn fingerprint(arguments: &[&str]) -> Run {
    run(Command::new(env!("CARGO_BIN_EXE_fingerprint")).args(arguments))
}

fn preflight(arguments: &[&str], challenge: Option<&str>) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_preflight"));
    command.args(arguments).env_remove("SCEP_CHALLENGE");
    if let Some(challenge) = challenge {
        command.env("SCEP_CHALLENGE", challenge);
    }
    run(&mut command)
}

struct Server {
    sandbox: Sandbox,
    /// The issuing one, then the root.
    certificates: Vec<CaCertificate>,
}

impl Server {
    async fn start() -> Self {
        let secrets = Secrets {
            scep_challenge: Some(SecretString::from(CHALLENGE)),
            ..Secrets::default()
        };
        let sandbox = Sandbox::start(Options {
            secrets,
            ..Options::default()
        })
        .await
        .unwrap();
        let certificates = sandbox.ca_certificates();
        let certificates = certificates
            .iter()
            .map(|der| CaCertificate::from_der(der).unwrap());
        Self {
            certificates: certificates.collect(),
            sandbox,
        }
    }

    fn url(&self) -> String {
        self.sandbox.scep_url()
    }

    fn pin(&self) -> String {
        self.certificates[1]
            .fingerprint(FingerprintAlgorithm::Sha256)
            .colon_hex()
    }

    fn write(&self, directory: &Path) -> String {
        let bundle: String = self.certificates.iter().map(CaCertificate::pem).collect();
        let path = directory.join("ca.pem");
        fs::write(&path, bundle).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// PKIOperations so far.
    fn operations(&self) -> usize {
        let operations = self.sandbox.requests();
        operations
            .iter()
            .filter(|request| request.query.contains("PKIOperation"))
            .count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fingerprint_prints_every_spelling_of_files_and_of_the_wire_alike() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = server.write(folder.path());
    let shown = fingerprint(&[&file, &server.url()]);
    assert_eq!(shown.exit_code, 0, "{shown:?}");
    for certificate in &server.certificates {
        let print = certificate.fingerprint(FingerprintAlgorithm::Sha256);
        for spelling in [
            print.colon_hex(),
            print.hex(),
            print.base64(),
            format!("sha256 Fingerprint={}", print.colon_hex()),
            certificate.subject(),
        ] {
            assert!(
                shown.stdout.matches(&spelling).count() >= 2,
                "{spelling}: {shown:?}"
            );
        }
    }
    let json = fingerprint(&["--json", "--sha1", &file]);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    let sha1 = server.certificates[0].fingerprint(FingerprintAlgorithm::Sha1);
    assert_eq!(json[0]["certificates"][0]["base64"], sha1.base64());
    assert_eq!(json[0]["certificates"][0]["algorithm"], "SHA-1");
}

#[tokio::test(flavor = "multi_thread")]
async fn fingerprint_fails_when_a_source_has_not_what_is_expected() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = server.write(folder.path());
    let expected = fingerprint(&["--expect", &server.pin(), &file, &server.url()]);
    assert_eq!(expected.exit_code, 0, "{expected:?}");
    let other = "ab".repeat(32);
    let wrong = fingerprint(&["--expect", &other, &file]);
    assert_eq!(wrong.exit_code, 1, "{wrong:?}");
    assert!(wrong.stdout.contains("NOT AS EXPECTED"), "{wrong:?}");
    let json = fingerprint(&["--json", "--expect", &other, &file]);
    let parsed: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(
        (json.exit_code, &parsed[0]["as_expected"]),
        (1, &Value::Bool(false))
    );
}

#[test]
fn fingerprint_tells_bad_input_from_a_server_that_is_not_there() {
    for (arguments, exit_code, text) in [
        (&["no-such-file.pem"][..], 2, "no-such-file.pem"),
        (&["ftp://example.com/ca"], 2, "scheme ftp"),
        (&["--expect", "AA:BB", "x"], 2, "2 bytes"),
        (&[], 2, "FILE|URL"),
        (&["http://127.0.0.1:1/scep"], 1, "GetCACert"),
    ] {
        let run = fingerprint(arguments);
        assert_eq!(run.exit_code, exit_code, "{arguments:?}: {run:?}");
        assert!(run.stderr.contains(text), "{arguments:?}: {run:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn preflight_proves_the_server_and_with_enroll_the_challenge() {
    let server = Server::start().await;
    let (url, pin) = (server.url(), server.pin());
    let read_only = preflight(&["--url", &url, "--fingerprint", &pin], None);
    assert_eq!(read_only.exit_code, 0, "{read_only:?}");
    assert_eq!(server.operations(), 0);

    let proven = preflight(
        &["--url", &url, "--fingerprint", &pin, "--enroll", "--json"],
        Some(CHALLENGE),
    );
    assert_eq!(proven.exit_code, 0, "{proven:?}");
    assert_eq!(server.operations(), 1);
    let report: Value = serde_json::from_str(&proven.stdout).unwrap();
    assert_eq!(report["certificates"][1]["role"], "root");
    assert_eq!(report["certificates"][1]["sha256"], pin);
    assert!(report["round_trip_ms"].is_u64(), "{report}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("challenge");
    fs::write(&file, format!("{CHALLENGE}\n")).unwrap();
    let from_file = preflight(
        &[
            "--url",
            &url,
            "--fingerprint",
            &pin,
            "--enroll",
            "--challenge-file",
            file.to_str().unwrap(),
        ],
        None,
    );
    assert_eq!(from_file.exit_code, 0, "{from_file:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn preflight_fails_on_a_wrong_challenge_and_before_it_is_sent_to_the_wrong_ca() {
    let server = Server::start().await;
    let (url, pin) = (server.url(), server.pin());
    let wrong = preflight(
        &["--url", &url, "--fingerprint", &pin, "--enroll"],
        Some("wrong"),
    );
    assert_eq!(wrong.exit_code, 1, "{wrong:?}");
    assert!(wrong.stdout.contains("compare the secret"), "{wrong:?}");

    let sent = server.operations();
    let other = "ab".repeat(32);
    for fingerprint in [&["--fingerprint", &other][..], &[]] {
        let arguments = [&["--url", &url, "--enroll"], fingerprint].concat();
        let refused = preflight(&arguments, Some(CHALLENGE));
        assert_eq!(refused.exit_code, 1, "{refused:?}");
        // What the server has, to compare.
        assert!(refused.stdout.contains(&pin), "{refused:?}");
    }
    assert_eq!(server.operations(), sent);
}

#[test]
fn preflight_wants_its_challenge_from_elsewhere_than_the_command_line() {
    let url = ["--url", "http://127.0.0.1:1/scep"];
    for (arguments, challenge, text) in [
        (&["--enroll"][..], None, "SCEP_CHALLENGE is not set"),
        (&["--enroll"], Some(" "), "the challenge is empty"),
        (
            &["--challenge", CHALLENGE][..1],
            None,
            "unexpected argument '--challenge'",
        ),
        (&["--subject", "E=a@b.c"], None, "1.2.840.113549.1.9.1"),
    ] {
        let run = preflight(&[&url, arguments].concat(), challenge);
        assert_eq!(run.exit_code, 2, "{arguments:?}: {run:?}");
        assert!(run.stderr.contains(text), "{arguments:?}: {run:?}");
    }
    let http = preflight(&["--url", "http://scep.example.com/scep"], None);
    assert_eq!(http.exit_code, 2, "{http:?}");
}

#[test]
fn profile_lint_says_what_a_mac_is_silent_about() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scep-profile/tests/lint");
    let lint = |name: &str, more: &[&str]| {
        let file = fixtures.join(format!("{name}.mobileconfig"));
        run(Command::new(env!("CARGO_BIN_EXE_profile"))
            .arg("lint")
            .arg(file)
            .args(more))
    };
    let nesting = lint("subject-of-two-levels", &[]);
    assert_eq!(nesting.exit_code, 1, "{nesting:?}");
    assert!(
        nesting.stdout.contains("error[scep-subject-nesting]"),
        "{nesting:?}"
    );
    for (name, code) in [
        ("variable-of-the-device", "warning[scep-device-variable]"),
        ("variable-of-a-server", "warning[scep-variable]"),
    ] {
        let (any, jumpcloud) = (lint(name, &[]), lint(name, &["--mdm", "jumpcloud"]));
        assert!(!any.stdout.contains("scep-"), "{any:?}");
        assert!(jumpcloud.stdout.contains(code), "{jumpcloud:?}");
        assert_eq!((any.exit_code, jumpcloud.exit_code), (0, 0));
    }
    let right = lint("right-payload", &["--mdm", "jumpcloud"]);
    assert!(!right.stdout.contains("scep-"), "{right:?}");
}

/// `/dev/full` takes nothing, `/dev/zero` never ends.
#[cfg(target_os = "linux")]
#[test]
fn an_output_that_takes_nothing_and_an_input_without_end_end_with_2() {
    let full = || {
        fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap()
    };
    let root = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../mobileconfig/tests/data/ca.pem"
    );
    for json in [&[][..], &["--json"]] {
        let mut fingerprint = Command::new(env!("CARGO_BIN_EXE_fingerprint"));
        let taken = run(fingerprint.arg(root).args(json).stdout(full()));
        assert_eq!(taken.exit_code, 2, "{taken:?}");
        assert!(taken.stderr.contains("standard output"), "{taken:?}");
        // Nothing listens there: the report says so, if it can be written.
        let mut preflight = Command::new(env!("CARGO_BIN_EXE_preflight"));
        preflight
            .args(["--url", "http://127.0.0.1:1/scep"])
            .args(json);
        let taken = run(preflight.stdout(full()));
        assert_eq!(taken.exit_code, 2, "{taken:?}");
        assert!(taken.stderr.contains("standard output"), "{taken:?}");
    }
    let endless = fingerprint(&["/dev/zero"]);
    assert_eq!(endless.exit_code, 2, "{endless:?}");
    assert!(endless.stderr.contains("limit"), "{endless:?}");
}

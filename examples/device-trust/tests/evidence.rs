//! The program `evidence`, and a service app in place of an API token, against sandboxes with a history.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use device_trust_sandbox::{Options, RateLimits, Sandbox, Secrets, okta::SERVICE_APP_CLIENT_ID};
use okta_devtrust::oauth::ClientKey;
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;

const EXAMPLE: &str = include_str!("../../device-trust.toml");
const KEY: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgQqixVF2V3NWArB/u
IAZAYUHnzaDPtRLcdouiQywaC82hRANCAASCs+gpna2QCJUxWUxve7pMjEDDna0R
uF9xe1V8slhVp7cPOyCuhtvx+HiGdEK3M4seWet68f7Z1hUkVk0b4BMc
-----END PRIVATE KEY-----
";

fn program(name: &str, folder: &Path) -> Command {
    let path = match name {
        "setup" => env!("CARGO_BIN_EXE_setup"),
        _ => env!("CARGO_BIN_EXE_evidence"),
    };
    let mut command = Command::new(path);
    command
        .arg("--blueprint")
        .arg(folder.join("blueprint.toml"))
        .env_remove("OKTA_API_TOKEN")
        .env_remove("OKTA_PRIVATE_KEY")
        .env("JUMPCLOUD_API_KEY", "jca-key")
        .env("SCEP_CHALLENGE", "challenge");
    command
}

fn evidence(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = program("evidence", folder)
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn rows(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A folder with a blueprint and the world that the job leaves.
fn set_up() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("blueprint.toml"), EXAMPLE).unwrap();
    let output = program("setup", folder.path())
        .arg("--out")
        .arg(folder.path().join("out"))
        .arg("--keep-world")
        .arg(folder.path().join("world.json"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    folder
}

/// `/dev/full` takes nothing.
#[cfg(target_os = "linux")]
#[test]
fn an_output_that_takes_nothing_is_an_error_and_a_reader_that_went_away_is_none() {
    use std::process::Stdio;

    let folder = set_up();
    let world = folder.path().join("world.json");
    for kind in [&["--format", "json"][..], &["--verdicts"]] {
        let mut listing = program("evidence", folder.path());
        listing.arg("--keep-world").arg(&world).args(kind);
        let full = fs::OpenOptions::new().write(true).open("/dev/full");
        let output = listing.stdout(full.unwrap()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{kind:?} {stderr}");
        assert!(
            stderr.contains("the standard output: cannot be written"),
            "{stderr}"
        );

        listing.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = listing.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{kind:?} {output:?}");
        assert!(output.stderr.is_empty(), "{kind:?} {output:?}");
    }
}

#[test]
fn after_the_job_the_log_shows_successes_failures_and_a_verdict_for_every_mac() {
    let folder = set_up();
    let world = folder.path().join("world.json");
    let world = world.to_str().unwrap();
    let list = |arguments: &[&str]| {
        let all = [&["--keep-world", world][..], arguments].concat();
        let (code, stdout, stderr) = evidence(folder.path(), &all);
        assert_eq!(code, 0, "{stderr}");
        stdout
    };

    let successes = rows(&list(&["--view", "sso-successes", "--format", "json"]));
    assert!(successes.len() >= 3, "{successes:?}");
    for row in &successes {
        assert_eq!(row["event"], "user.authentication.sso");
        assert_eq!(row["outcome"], "SUCCESS");
    }
    let failures = rows(&list(&["--view", "failures", "--format", "json"]));
    assert!(!failures.is_empty());
    assert!(failures.iter().all(|row| row["outcome"] == "FAILURE"));

    let user = successes[0]["user"].as_str().unwrap();
    let mine = rows(&list(&[
        "--view",
        "sso-successes",
        "--format",
        "json",
        "--user",
        user,
    ]));
    assert!(mine.len() < successes.len() && mine.iter().all(|row| row["user"] == user));
    let denied = rows(&list(&[
        "--outcome",
        "deny",
        "--format",
        "json",
        "--app",
        "Payroll",
    ]));
    assert!(!denied.is_empty());
    assert!(
        denied
            .iter()
            .all(|row| row["outcome"] == "DENY" && row["app"] == "Payroll")
    );

    let csv = list(&["--format", "csv", "--view", "failures"]);
    assert!(csv.starts_with("at,event,outcome,user,app,device,managed,rule,reason,uuid\r\n"));
    let nobody = list(&["--format", "csv", "--user", "nobody@acme.example"]);
    assert_eq!(nobody, csv.split_inclusive("\r\n").next().unwrap());
    let table = list(&["--view", "sso-successes"]);
    assert!(table.lines().count() > successes.len(), "{table}");

    let verdicts = rows(&list(&["--verdicts", "--format", "json"]));
    let managed: Vec<&Value> = verdicts
        .iter()
        .filter(|row| row["verdict"] == "managed")
        .collect();
    let serials: std::collections::BTreeSet<&str> = managed
        .iter()
        .map(|row| row["serial_number"].as_str().unwrap())
        .collect();
    assert_eq!(serials.len(), 3, "{verdicts:?}");
    assert!(!serials.contains(""));
    assert!(
        verdicts.iter().any(|row| row["verdict"] == "denied"),
        "{verdicts:?}"
    );
}

#[test]
fn following_goes_on_with_the_events_that_come() {
    let folder = set_up();
    let world = folder.path().join("world.json");
    // One after the other: a saved world names its ports.
    let (_, stored, _) = evidence(
        folder.path(),
        &["--format", "json", "--keep-world", world.to_str().unwrap()],
    );
    let mut child = program("evidence", folder.path())
        .args([
            "--follow",
            "--pause",
            "1",
            "--format",
            "json",
            "--keep-world",
        ])
        .arg(&world)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // More than the world held when it was started: the Macs go on signing in.
    let wanted = rows(&stored).len() + 5;
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < wanted {
        let row: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert!(seen.insert(row["uuid"].to_string()), "listed twice: {row}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn before_the_job_there_is_no_verdict_and_the_way_to_one_is_said() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("blueprint.toml"), EXAMPLE).unwrap();
    let (code, stdout, stderr) = evidence(folder.path(), &["--verdicts"]);
    assert_eq!(code, 1);
    assert!(stdout.is_empty());
    assert!(stderr.contains("run setup"), "{stderr}");
}

/// A sandbox of this process as a real org, whose API token nobody knows.
async fn org() -> (Sandbox, TempDir) {
    let key = ClientKey::parse(KEY).unwrap().id("key-1");
    let options = Options {
        secrets: Secrets {
            jumpcloud_api_key: Some(SecretString::from("jca-key")),
            scep_challenge: Some(SecretString::from("challenge")),
            ..Secrets::default()
        },
        rate_limits: RateLimits::unlimited(),
        service_app_key: Some(key.public_jwk()),
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut pem = String::new();
    for der in sandbox.ca_certificates() {
        pem += &scep_profile::CaCertificate::from_der(&der).unwrap().pem();
    }
    fs::write(folder.path().join("ca.pem"), pem).unwrap();
    fs::write(folder.path().join("key.pem"), KEY).unwrap();
    (sandbox, folder)
}

fn write_blueprint(sandbox: &Sandbox, folder: &TempDir, okta: &str) {
    let blueprint = EXAMPLE
        .replace(
            "[okta]\n",
            &format!("[okta]\nurl = \"{}\"\n{okta}", sandbox.okta_url()),
        )
        .replace(
            "[jumpcloud]\n",
            &format!("[jumpcloud]\nurl = \"{}\"\n", sandbox.jumpcloud_url()),
        )
        .replace(
            "[scep]\n",
            &format!(
                "[scep]\nurl = \"{}\"\nca_certificates = [\"ca.pem\"]\n",
                sandbox.scep_url()
            ),
        );
    fs::write(folder.path().join("blueprint.toml"), blueprint).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_app_does_the_whole_job_in_place_of_a_token() {
    let (sandbox, folder) = org().await;
    let app = format!(
        "client_id = \"{SERVICE_APP_CLIENT_ID}\"\nprivate_key_file = \"key.pem\"\nkey_id = \"key-1\"\n"
    );
    write_blueprint(&sandbox, &folder, &app);
    let output = program("setup", folder.path())
        .arg("--out")
        .arg(folder.path().join("out"))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let requests = sandbox.requests();
    let tokens = requests
        .iter()
        .filter(|request| request.path == "/oauth2/v1/token");
    assert_eq!(tokens.count(), 2);
    let (code, stdout, stderr) = evidence(
        folder.path(),
        &["--view", "sso-successes", "--format", "json"],
    );
    assert_eq!(code, 0, "{stderr}");
    assert!(rows(&stdout).len() >= 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_service_app_is_said_without_its_key() {
    let (sandbox, folder) = org().await;
    fs::write(
        folder.path().join("broken.pem"),
        KEY.replace("MIGH", "MIGHMIGH"),
    )
    .unwrap();
    let id = format!("client_id = \"{SERVICE_APP_CLIENT_ID}\"\n");
    for (okta, code, what) in [
        (
            id.clone(),
            2,
            "okta.private_key_file: is missing, and OKTA_PRIVATE_KEY is not set",
        ),
        (
            "key_id = \"key-1\"\n".to_owned(),
            2,
            "okta.client_id: is missing although key_id is given",
        ),
        (
            id.clone() + "private_key_file = \"broken.pem\"\n",
            2,
            "private key cannot be used",
        ),
        (
            "client_id = \"0oaother\"\nprivate_key_file = \"key.pem\"\n".to_owned(),
            1,
            "check the client id",
        ),
    ] {
        write_blueprint(&sandbox, &folder, &okta);
        let (exit, stdout, stderr) = evidence(folder.path(), &[]);
        assert_eq!(exit, code, "{stderr}");
        assert!(stderr.contains(what), "{what} is not in {stderr}");
        assert!(
            !stderr.contains("QqixVF2V") && !stderr.contains("MIGH"),
            "{stderr}"
        );
        assert!(stdout.is_empty());
    }
}

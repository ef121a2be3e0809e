//! The program as an operator meets it: exit codes, output, files, and that no secret gets out.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use device_trust_sandbox::{BREAK_GLASS_GROUP, Options, RateLimits, Sandbox, Secrets, Seed};
use secrecy::SecretString;
use tempfile::TempDir;

const EXAMPLE: &str = include_str!("../../device-trust.toml");
const OKTA_API_TOKEN: &str = "00canary-okta-token-4711";
const JUMPCLOUD_API_KEY: &str = "jca_canary-jumpcloud-key-4711";
const SCEP_CHALLENGE: &str = "canary-scep-challenge-4711";

/// A folder with a blueprint in it, and the program to run on it.
struct Case {
    folder: TempDir,
}

impl Case {
    fn new(blueprint: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("blueprint.toml"), blueprint).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn out(&self) -> PathBuf {
        self.path("out")
    }

    fn setup(&self, arguments: &[&str]) -> Run {
        let blueprint = self.path("blueprint.toml");
        let output = Command::new(env!("CARGO_BIN_EXE_setup"))
            .arg("--blueprint")
            .arg(blueprint)
            .arg("--out")
            .arg(self.out())
            .args(arguments)
            .env("OKTA_API_TOKEN", OKTA_API_TOKEN)
            .env("JUMPCLOUD_API_KEY", JUMPCLOUD_API_KEY)
            .env("SCEP_CHALLENGE", SCEP_CHALLENGE)
            // A proxy that answers nothing: what is on this machine is not asked for through it.
            .env("HTTP_PROXY", "http://127.0.0.1:9")
            .env("ALL_PROXY", "http://127.0.0.1:9")
            .output()
            .unwrap();
        Run::of(&output)
    }

    /// The run failed with one clear error, and left nothing behind.
    fn refuses(&self, run: &Run, exit_code: i32, what: &str) {
        assert_eq!(run.exit_code, exit_code, "{run:?}");
        assert!(run.stderr.contains(what), "{what} is not in {run:?}");
        assert!(!run.stderr.contains("panicked"), "{run:?}");
        assert!(!self.out().exists(), "something was written: {run:?}");
        no_secret_in(&run.stderr);
        no_secret_in(&run.stdout);
    }
}

#[derive(Debug)]
struct Run {
    exit_code: i32,
    stdout: String,
    stderr: String,
}

impl Run {
    fn of(output: &Output) -> Self {
        Self {
            exit_code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }
}

fn no_secret_in(text: &str) {
    use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
    for secret in [OKTA_API_TOKEN, JUMPCLOUD_API_KEY, SCEP_CHALLENGE] {
        assert!(!text.contains(secret), "a secret is in {text}");
        assert!(
            !text.contains(&hex::encode(secret)),
            "a secret in hex is in {text}"
        );
        // Base64 of the secret depends on where it starts; the middle of each of the three forms does not.
        for shift in 0..3 {
            let padded = format!("{}{secret}", "\0".repeat(shift));
            let encoded = STANDARD_NO_PAD.encode(padded);
            let middle = &encoded[4..encoded.len() - 4];
            assert!(!text.contains(middle), "a secret in base64 is in {text}");
        }
    }
}

/// A sandbox in this process, and a blueprint that names it as if it were real tenants.
struct Outside {
    sandbox: Sandbox,
    case: Case,
}

impl Outside {
    async fn start(options: Options) -> Self {
        let sandbox = Sandbox::start(options).await.unwrap();
        let mut pem = String::new();
        for der in sandbox.ca_certificates() {
            pem += &scep_profile::CaCertificate::from_der(&der).unwrap().pem();
        }
        let scep = format!(
            "[scep]\nurl = \"{}\"\nca_certificates = [\"ca.pem\"]\n",
            sandbox.scep_url()
        );
        let case = Case::new(&EXAMPLE.replace("[scep]\n", &scep));
        fs::write(case.path("ca.pem"), pem).unwrap();
        Self { sandbox, case }
    }

    fn setup(&self, more: &[&str]) -> Run {
        let mut arguments = vec![
            "--okta-url",
            self.sandbox.okta_url(),
            "--jumpcloud-url",
            self.sandbox.jumpcloud_url(),
        ];
        arguments.extend(more);
        self.case.setup(&arguments)
    }

    fn writes(&self) -> usize {
        self.sandbox
            .requests()
            .iter()
            .filter(|request| request.is_write())
            .count()
    }

    fn refuses_without_a_write(&self, what: &str) {
        let run = self.setup(&[]);
        self.case.refuses(&run, 1, what);
        assert_eq!(self.writes(), 0);
    }
}

fn secrets() -> Secrets {
    Secrets {
        okta_api_token: Some(SecretString::from(OKTA_API_TOKEN)),
        jumpcloud_api_key: Some(SecretString::from(JUMPCLOUD_API_KEY)),
        scep_challenge: Some(SecretString::from(SCEP_CHALLENGE)),
    }
}

fn options() -> Options {
    Options {
        secrets: secrets(),
        rate_limits: RateLimits::unlimited(),
        ..Options::default()
    }
}

#[test]
fn the_job_ends_well_and_a_second_process_in_the_same_world_changes_nothing() {
    let case = Case::new(EXAMPLE);
    let world = case.path("world.json");
    let first = case.setup(&["--keep-world", world.to_str().unwrap()]);
    assert_eq!(first.exit_code, 0, "{first:?}");
    for line in [
        "25 changes were made",
        "managed    matched the managed rule, then SUCCESS",
        "then FAILURE",
        ", 25 writes",
    ] {
        assert!(
            first.stdout.contains(line),
            "{line} is not in {}",
            first.stdout
        );
    }
    let profile = fs::read(case.out().join("device-trust.mobileconfig")).unwrap();
    let files = files_without_a_secret(&case);
    let undo = files
        .iter()
        .filter(|name| name.starts_with("undo-"))
        .count();
    assert_eq!(
        undo, 3,
        "one for Okta, one for JumpCloud, one for the catch-all: {files:?}"
    );
    let plan = fs::read_to_string(case.out().join("plan.json")).unwrap();
    assert!(
        plan.contains("scep_challenge = env:SCEP_CHALLENGE"),
        "{plan}"
    );

    fs::remove_dir_all(case.out()).unwrap();
    let second = case.setup(&["--keep-world", world.to_str().unwrap()]);
    assert_eq!(second.exit_code, 0, "{second:?}");
    assert!(
        second.stdout.contains("0 changes were made"),
        "{}",
        second.stdout
    );
    assert!(second.stdout.contains(", 0 writes"), "{}", second.stdout);
    let again = fs::read(case.out().join("device-trust.mobileconfig")).unwrap();
    assert!(
        profile == again,
        "two processes with the same input wrote different profiles"
    );

    for run in [&first, &second] {
        no_secret_in(&run.stdout);
        no_secret_in(&run.stderr);
    }
    assert_eq!(
        files_without_a_secret(&case),
        ["evidence.json", "plan.json", "report.html"]
    );
    assert!(String::from_utf8(profile).unwrap().contains(SCEP_CHALLENGE));
    for file in [case.out().join("device-trust.mobileconfig"), world] {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn a_catch_all_that_denies_is_looked_at_again_and_what_is_not_met_ends_with_1() {
    let case = Case::new(EXAMPLE);
    let world = case.path("world.json");
    let first = case.setup(&["--keep-world", world.to_str().unwrap()]);
    assert_eq!(first.exit_code, 0, "{first:?}");

    let mut kept: serde_json::Value = serde_json::from_slice(&fs::read(&world).unwrap()).unwrap();
    assert!(empty_group(&mut kept, BREAK_GLASS_GROUP));
    fs::write(&world, kept.to_string()).unwrap();
    let second = case.setup(&["--keep-world", world.to_str().unwrap()]);
    assert_eq!(second.exit_code, 1, "{second:?}");
    for line in [
        "denies now",
        "(condition `break_glass`)",
        "set the policy's catch-all rule to ALLOW",
    ] {
        assert!(
            second.stderr.contains(line),
            "{line} is not in {}",
            second.stderr
        );
    }
    assert!(!second.stderr.contains("panicked"), "{second:?}");

    let waived = EXAMPLE.replace(
        "coverage_percent = 95",
        "coverage_percent = 95\nwaive = [\"break_glass\"]",
    );
    fs::write(case.path("blueprint.toml"), waived).unwrap();
    let third = case.setup(&["--keep-world", world.to_str().unwrap()]);
    assert_eq!(third.exit_code, 0, "{third:?}");
    assert!(third.stdout.contains(", 0 writes"), "{third:?}");
}

/// Takes everyone out of a group of a kept world; says whether it was there.
fn empty_group(world: &mut serde_json::Value, name: &str) -> bool {
    use serde_json::Value;
    if world["body"]["profile"]["name"] == name {
        world["members"] = Value::Array(Vec::new());
        return true;
    }
    match world {
        Value::Object(fields) => fields.values_mut().any(|field| empty_group(field, name)),
        Value::Array(items) => items.iter_mut().any(|item| empty_group(item, name)),
        _ => false,
    }
}

/// The names of what a run left, besides the profile, which is the one file that may hold the challenge.
fn files_without_a_secret(case: &Case) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(case.out())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "device-trust.mobileconfig")
        .collect();
    names.sort();
    for name in &names {
        no_secret_in(&fs::read_to_string(case.out().join(name)).unwrap());
    }
    names
}

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

#[test]
fn bad_input_ends_with_2_and_sends_nothing() {
    let missing = Command::new(env!("CARGO_BIN_EXE_setup"))
        .args(["--blueprint", "absent.toml", "--out", "absent"])
        .output()
        .unwrap();
    let run = Run::of(&missing);
    assert_eq!(run.exit_code, 2, "{run:?}");
    assert!(
        run.stderr.contains("absent.toml: cannot be read"),
        "{run:?}"
    );
    assert!(!Path::new("absent").exists());

    let tenants = "[okta]\nurl = \"https://acme.okta.com\"";
    let real = |scep: &str| {
        EXAMPLE
            .replace("[okta]", tenants)
            .replace(
                "[jumpcloud]",
                "[jumpcloud]\nurl = \"https://console.jumpcloud.com\"",
            )
            .replace("[scep]\n", &format!("[scep]\n{scep}\n"))
    };
    let fingerprint = format!("ca_fingerprint = \"{}\"", "ab".repeat(31));
    for (blueprint, what) in [
        (
            EXAMPLE.replace("users_group", "user_group"),
            "okta.user_group: is not a known key",
        ),
        (
            real("url = \"http://acme.okta.com/pki/0/scep/rac0\""),
            "scep.url: ",
        ),
        (real(&fingerprint), "31 bytes"),
        (
            real("ca_certificates = [\"blueprint.toml\"]"),
            "scep.ca_certificates: names ",
        ),
        (
            EXAMPLE.replace("[okta]", tenants),
            "jumpcloud.url: is missing",
        ),
    ] {
        let case = Case::new(&blueprint);
        case.refuses(&case.setup(&[]), 2, what);
    }

    let case = Case::new(&real(
        "url = \"https://acme.okta.com/pki/0/scep/rac0\"\nca_certificates = [\"ca.pem\"]",
    ));
    fs::write(
        case.path("ca.pem"),
        "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    case.refuses(&case.setup(&[]), 2, "ca.pem: ");
}

#[test]
fn a_secret_in_the_place_of_its_file_name_is_not_shown() {
    let case = Case::new(&EXAMPLE.replace(
        "# challenge_file = \"scep-challenge\"",
        &format!("challenge_file = \"{SCEP_CHALLENGE}\""),
    ));
    case.refuses(
        &case.setup(&[]),
        2,
        "scep.challenge_file: names a file that cannot be read",
    );
}

#[test]
fn a_place_that_cannot_be_written_is_found_before_anything_is_sent() {
    let case = Case::new(EXAMPLE);
    let world = case.path("absent/world.json");
    let run = case.setup(&["--keep-world", world.to_str().unwrap()]);
    case.refuses(&run, 2, "absent: is not a folder");
}

#[test]
fn a_world_that_is_none_is_refused_by_its_name() {
    let case = Case::new(EXAMPLE);
    fs::write(case.path("world.json"), "{}").unwrap();
    let run = case.setup(&["--keep-world", case.path("world.json").to_str().unwrap()]);
    case.refuses(&run, 2, "world.json");
    assert_eq!(fs::read_to_string(case.path("world.json")).unwrap(), "{}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_challenge_is_refused_before_anything_is_written() {
    let mut options = options();
    options.secrets.scep_challenge = Some(SecretString::from("another-challenge"));
    Outside::start(options)
        .await
        .refuses_without_a_write("SCEP_CHALLENGE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_okta_token_names_the_request_and_the_mend() {
    let mut options = options();
    options.secrets.okta_api_token = Some(SecretString::from("another-token"));
    Outside::start(options)
        .await
        .refuses_without_a_write("request id");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_jumpcloud_template_says_that_apple_mdm_is_not_set_up() {
    let options = Options {
        seed: Seed {
            apple_mdm: false,
            ..Seed::default()
        },
        ..options()
    };
    Outside::start(options)
        .await
        .refuses_without_a_write("Apple MDM");
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_only_writes_the_plan_and_changes_nothing() {
    let outside = Outside::start(options()).await;
    let run = outside.setup(&["--plan-only"]);
    assert_eq!(run.exit_code, 0, "{run:?}");
    assert!(run.stdout.contains("24 changes"), "{run:?}");
    assert_eq!(outside.writes(), 0);
    no_secret_in(&fs::read_to_string(outside.case.out().join("plan.json")).unwrap());
}

#[test]
fn what_macs_of_jumpcloud_would_take_as_it_stands_is_told() {
    let blueprint = EXAMPLE.replace("CN=cert", "CN=%SerialNumber%");
    let run = Case::new(&blueprint).setup(&["--plan-only"]);
    assert_eq!(run.exit_code, 0, "{run:?}");
    let told = format!("{}{}", run.stdout, run.stderr);
    assert!(
        told.contains("warning[scep-device-variable]") || told.contains("warning[scep-variable]"),
        "{run:?}"
    );
    no_secret_in(&told);
}

//! `readiness`, `rotate` and `withdraw` as an operator meets them.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use device_trust_sandbox::{Options, RateLimits, Sandbox, Secrets};
use secrecy::SecretString;
use tempfile::TempDir;

const EXAMPLE: &str = include_str!("../../device-trust.toml");
const CHALLENGE: &str = "canary-scep-challenge-4711";

struct Case {
    folder: TempDir,
}

#[derive(Debug)]
struct Run {
    exit_code: i32,
    stdout: String,
    stderr: String,
}

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("b.toml"), EXAMPLE).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Run {
        let Output {
            status,
            stdout,
            stderr,
        } = Command::new(program)
            .arg("--blueprint")
            .arg(self.path("b.toml"))
            .arg("--keep-world")
            .arg(self.path("world.json"))
            .args(arguments)
            .env("SCEP_CHALLENGE", CHALLENGE)
            .env_remove("OKTA_API_TOKEN")
            .env_remove("JUMPCLOUD_API_KEY")
            .current_dir(self.folder.path())
            .output()
            .unwrap();
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
}

#[test]
fn the_programs_work_on_one_world_from_set_up_to_withdrawal() {
    let case = Case::new();
    let readiness = case.run(env!("CARGO_BIN_EXE_readiness"), &[]);
    assert_eq!(readiness.exit_code, 0, "{readiness:?}");
    assert_eq!(
        readiness.stdout.matches(" ready").count(),
        4,
        "{readiness:?}"
    );

    let rotate = env!("CARGO_BIN_EXE_rotate");
    let early = case.run(rotate, &["--generation", "1", "--apply"]);
    assert_eq!(early.exit_code, 1, "{early:?}");
    assert!(early.stderr.contains("deploy it first"), "{early:?}");

    let setup = case.run(env!("CARGO_BIN_EXE_setup"), &["--out", "out"]);
    assert_eq!(setup.exit_code, 0, "{setup:?}");
    let listed = case.run(rotate, &["--generation", "1"]);
    assert!(listed.stdout.contains("1 change"), "{listed:?}");
    let records = || {
        let files = fs::read_dir(case.path("out")).unwrap();
        files
            .filter(|file| {
                let name = file.as_ref().unwrap().file_name();
                name.to_string_lossy().starts_with("undo-")
            })
            .count()
    };
    let before = records();
    let applied = case.run(
        rotate,
        &["--generation", "1", "--apply", "--wait", "--out", "out"],
    );
    assert_eq!(applied.exit_code, 0, "{applied:?}");
    assert!(
        applied.stdout.contains("3 Macs have the profile"),
        "{applied:?}"
    );
    assert_eq!(records() - before, 1, "the undo record is kept");
    let older = case.run(rotate, &["--generation", "0", "--apply", "--out", "out"]);
    assert_eq!(older.exit_code, 1, "{older:?}");
    assert!(older.stderr.contains("carries generation 1"), "{older:?}");
    assert_eq!(records() - before, 1);

    let withdraw = env!("CARGO_BIN_EXE_withdraw");
    let listed = case.run(withdraw, &[]);
    assert!(listed.stdout.contains("2 changes"), "{listed:?}");
    let note = "Okta's catch-all denies";
    assert!(listed.stdout.contains(note), "{listed:?}");
    let before = records();
    let locked_out = case.run(withdraw, &["--apply", "--out", "out"]);
    assert_eq!(locked_out.exit_code, 1, "{locked_out:?}");
    for part in [note, "nothing was written", "--open", "--while-denied"] {
        assert!(locked_out.stderr.contains(part), "{locked_out:?}");
    }
    let unopened = case.run(withdraw, &["--open"]);
    assert!(unopened.stdout.contains("1 change\n"), "{unopened:?}");
    let blocked = case.run(withdraw, &["--apply", "--while-denied", "--out", "b.toml"]);
    assert_eq!(blocked.exit_code, 1, "{blocked:?}");
    assert!(blocked.stderr.contains("--out"), "{blocked:?}");
    let listed = case.run(withdraw, &[]);
    assert!(listed.stdout.contains("2 changes"), "{listed:?}");
    assert!(listed.stdout.contains(note), "{listed:?}");
    assert_eq!(records(), before);

    let world = fs::read(case.path("world.json")).unwrap();
    let forced = case.run(withdraw, &["--apply", "--while-denied", "--out", "out"]);
    assert!(forced.stdout.contains("2 changes"), "{forced:?}");
    assert_eq!(records() - before, 1, "the record is kept");
    fs::write(case.path("world.json"), &world).unwrap();
    let opened = case.run(withdraw, &["--apply", "--open-only", "--out", "out"]);
    assert!(opened.stdout.contains("1 change\n"), "{opened:?}");
    assert_eq!(records() - before, 2, "the record is kept");
    let listed = case.run(withdraw, &[]);
    assert!(listed.stdout.contains("2 changes"), "{listed:?}");
    assert!(!listed.stdout.contains(note), "{listed:?}");
    fs::write(case.path("world.json"), &world).unwrap();
    let gone = case.run(withdraw, &["--apply", "--open", "--out", "out"]);
    assert!(gone.stdout.contains("1 change\n"), "{gone:?}");
    assert!(gone.stdout.contains("2 changes"), "{gone:?}");
    assert_eq!(records() - before, 4, "a record for each tenant");
    let again = case.run(withdraw, &["--apply", "--out", "out"]);
    assert_eq!(again.exit_code, 0, "{again:?}");
    assert!(again.stdout.contains("0 changes"), "{again:?}");
    assert_eq!(records() - before, 4);
}

#[test]
fn bad_options_are_bad_input() {
    let case = Case::new();
    let rotate = env!("CARGO_BIN_EXE_rotate");
    for (arguments, part) in [
        (
            &["--generation", "1", "--ring", "pilot"][..],
            "the blueprint has no such ring",
        ),
        (&["--generation", "1", "--wait"], "--apply"),
        (
            &["--generation", "1", "--org", "acme"],
            "not 24 hexadecimal digits",
        ),
    ] {
        let run = case.run(rotate, arguments);
        assert_eq!(run.exit_code, 2, "{run:?}");
        assert!(run.stderr.contains(part), "{run:?}");
    }
    let unknown = case.run(
        rotate,
        &["--generation", "1", "--org", "5f00000000000000000000aa"],
    );
    assert_eq!(unknown.exit_code, 1, "{unknown:?}");
}

/// A sandbox in this process, which the blueprint names as if it were real tenants.
async fn outside() -> (Sandbox, Case) {
    let secret = |text: &str| Some(SecretString::from(text));
    let sandbox = Sandbox::start(Options {
        secrets: Secrets {
            okta_api_token: secret("canary-okta-api-token"),
            jumpcloud_api_key: secret("canary-jumpcloud-api-key"),
            scep_challenge: secret(CHALLENGE),
        },
        rate_limits: RateLimits::unlimited(),
        ..Options::default()
    })
    .await
    .unwrap();
    let case = Case::new();
    let mut pem = String::new();
    for der in sandbox.ca_certificates() {
        pem += &scep_profile::CaCertificate::from_der(&der).unwrap().pem();
    }
    fs::write(case.path("ca.pem"), pem).unwrap();
    let mut text = EXAMPLE.to_owned();
    for (section, url, more) in [
        ("[okta]\n", sandbox.okta_url(), ""),
        ("[jumpcloud]\n", sandbox.jumpcloud_url(), ""),
        (
            "[scep]\n",
            &sandbox.scep_url(),
            "ca_certificates = [\"ca.pem\"]\n",
        ),
    ] {
        text = text.replace(section, &format!("{section}url = \"{url}\"\n{more}"));
    }
    fs::write(case.path("b.toml"), text).unwrap();
    (sandbox, case)
}

impl Case {
    /// Runs a program on the tenants that the blueprint names, with these secrets and no other.
    fn run_outside(&self, program: &str, arguments: &[&str], secrets: &[(&str, &str)]) -> Run {
        let output = Command::new(program)
            .args(["--blueprint", "b.toml"])
            .args(arguments)
            .env_remove("SCEP_CHALLENGE")
            .env_remove("OKTA_API_TOKEN")
            .env_remove("JUMPCLOUD_API_KEY")
            .envs(secrets.iter().copied())
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        Run {
            exit_code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

const OKTA: (&str, &str) = ("OKTA_API_TOKEN", "canary-okta-api-token");
const JUMPCLOUD: (&str, &str) = ("JUMPCLOUD_API_KEY", "canary-jumpcloud-api-key");
const SCEP: (&str, &str) = ("SCEP_CHALLENGE", CHALLENGE);

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_with_a_wrong_challenge_is_refused_before_the_profile_is_sent() {
    let (sandbox, case) = outside().await;
    let setup = case.run_outside(
        env!("CARGO_BIN_EXE_setup"),
        &["--out", "out"],
        &[OKTA, JUMPCLOUD, SCEP],
    );
    assert_eq!(setup.exit_code, 0, "{setup:?}");
    let writes = || {
        let requests = sandbox.requests();
        requests.iter().filter(|request| request.is_write()).count()
    };
    let before = writes();
    let files = || fs::read_dir(case.path("out")).unwrap().count();
    let kept = files();
    let rotate = |challenge| {
        case.run_outside(
            env!("CARGO_BIN_EXE_rotate"),
            &["--generation", "1", "--apply", "--out", "out"],
            &[JUMPCLOUD, ("SCEP_CHALLENGE", challenge)],
        )
    };
    let wrong = rotate("canary-wrong-challenge");
    assert_eq!(wrong.exit_code, 1, "{wrong:?}");
    let what = "the challenge from env:SCEP_CHALLENGE is not proven";
    assert!(wrong.stderr.contains(what), "{wrong:?}");
    assert!(!wrong.stderr.contains("canary-wrong"), "{wrong:?}");
    assert_eq!((writes(), files()), (before, kept), "something was written");
    let right = rotate(CHALLENGE);
    assert_eq!(right.exit_code, 0, "{right:?}");
    assert_eq!((writes(), files()), (before + 1, kept + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_asks_only_for_the_secrets_that_it_uses() {
    let (_sandbox, case) = outside().await;
    let (readiness, rotate) = (
        env!("CARGO_BIN_EXE_readiness"),
        env!("CARGO_BIN_EXE_rotate"),
    );
    let (withdraw, evidence) = (
        env!("CARGO_BIN_EXE_withdraw"),
        env!("CARGO_BIN_EXE_evidence"),
    );
    for (program, arguments, secrets) in [
        (readiness, &[][..], &[JUMPCLOUD][..]),
        (withdraw, &[], &[JUMPCLOUD, OKTA]),
        (withdraw, &["--while-denied"], &[JUMPCLOUD]),
        (withdraw, &["--open-only"], &[OKTA]),
        (evidence, &[], &[OKTA]),
    ] {
        let run = case.run_outside(program, arguments, secrets);
        assert_eq!(run.exit_code, 0, "{program} {arguments:?}: {run:?}");
    }
    let renewal = &["--generation", "1"][..];
    for (program, arguments, secrets, lacking) in [
        (readiness, &[][..], &[OKTA, SCEP][..], "JUMPCLOUD_API_KEY"),
        (rotate, renewal, &[JUMPCLOUD], "SCEP_CHALLENGE"),
        (rotate, renewal, &[SCEP], "JUMPCLOUD_API_KEY"),
        (evidence, &[], &[JUMPCLOUD, SCEP], "OKTA_API_TOKEN"),
        (withdraw, &[], &[JUMPCLOUD], "a look at Okta's catch-all"),
    ] {
        let run = case.run_outside(program, arguments, secrets);
        assert_eq!(run.exit_code, 2, "{program} {arguments:?}: {run:?}");
        assert!(run.stderr.contains(lacking), "{run:?}");
    }
}

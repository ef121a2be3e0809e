//! `readiness`, `rotate` and `withdraw` as an operator meets them.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

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

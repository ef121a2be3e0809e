//! What the tests share: the oracles, which are programs and schemas that are not ours.
//!
//! A missing oracle is a failure, unless `scripts/test` listed it as left out: then the test says so and ends. With
//! `CI` set nothing may be left out.

pub mod child;
pub mod jumpcloud;
pub mod okta;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The folder with the vendors' schemas: `DEVTRUST_REFERENCE`, by default `../shared/reference` beside the repository.
///
/// # Panics
/// When it is not there and may not be left out.
#[must_use]
pub fn reference() -> Option<PathBuf> {
    let folder = std::env::var_os("DEVTRUST_REFERENCE").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/reference"),
        PathBuf::from,
    );
    if folder.join("apple/TopLevel.yaml").is_file() {
        Some(folder)
    } else {
        left_out("reference")
    }
}

/// A Python script of `tests/oracles`.
///
/// # Panics
/// When there is no Python and it may not be left out.
#[must_use]
pub fn oracle(script: &str) -> Option<Command> {
    let python = std::env::var("DEVTRUST_PYTHON").unwrap_or_else(|_| "python3".into());
    if !answers(Command::new(&python).args(["-c", "import plistlib, yaml"])) {
        return left_out("python");
    }
    let mut command = Command::new(python);
    command.arg(
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("oracles")
            .join(script),
    );
    Some(command)
}

/// A program that the tests compare with, such as `openssl` or `plistutil`.
///
/// # Panics
/// When it is not installed and may not be left out.
#[must_use]
pub fn peer(program: &str) -> Option<Command> {
    if answers(Command::new(program).arg("version"))
        || answers(Command::new(program).arg("--version"))
    {
        Some(Command::new(program))
    } else {
        left_out(program)
    }
}

/// A program that answers to neither `version` nor `--version`, found by arguments with which it ends well.
///
/// # Panics
/// When it is not installed and may not be left out.
#[must_use]
pub fn peer_answering(program: &str, arguments: &[&str]) -> Option<Command> {
    if answers(Command::new(program).args(arguments)) {
        Some(Command::new(program))
    } else {
        left_out(program)
    }
}

/// Runs `command` and gives its output as text.
///
/// # Panics
/// When it fails, with what it printed.
pub fn run(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("the program starts");
    let out = String::from_utf8_lossy(&stdout).into_owned();
    assert!(
        status.success(),
        "{command:?} ended with {status}\n{out}{}",
        String::from_utf8_lossy(&stderr)
    );
    out
}

/// Runs `openssl` in a folder, with arguments that have no blank in them, and gives its output as text.
///
/// # Panics
/// When it fails, with what it printed.
pub fn openssl(folder: &Path, arguments: &str) -> String {
    run(Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder))
}

fn answers(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// Says that something is left out.
///
/// # Panics
/// When it may not be.
#[must_use]
pub fn left_out<T>(what: &str) -> Option<T> {
    // A run outside of CI may leave out what scripts/test listed, by name, and nothing else.
    let listed = std::env::var("DEVTRUST_LEFT_OUT").unwrap_or_default();
    let ci = std::env::var("CI").is_ok_and(|value| !value.is_empty());
    let allowed = !ci && listed.split_whitespace().any(|name| name == what);
    assert!(
        allowed,
        "{what} is missing; run scripts/test, which installs it or lists it as left out"
    );
    writeln_left_out(what);
    None
}

#[expect(
    clippy::print_stderr,
    reason = "a test that leaves something out says so"
)]
fn writeln_left_out(what: &str) {
    eprintln!("left out: {what}");
}

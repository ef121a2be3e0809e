//! A network namespace of the test's own, for a server that binds every interface.

use device_trust_tests::{left_out, peer};
use std::path::PathBuf;
use std::process::Command;

const INSIDE: &str = "DEVTRUST_TEST_NAMESPACE";

/// True inside a namespace where nothing but loopback is up. Outside it runs the test of this name there, by running
/// this very program again, and gives false; also when there can be no namespace, which is then left out.
pub(crate) fn inside(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    if peer("unshare").is_none() {
        return false;
    }
    // The first form takes root, the second a kernel that lets users have namespaces.
    let forms = [&["-n"][..], &["-r", "-n"]];
    let works = |form: &&&[&str]| {
        enter(form, "true")
            .status()
            .is_ok_and(|status| status.success())
    };
    let Some(form) = forms.iter().find(works) else {
        let _: Option<()> = left_out("unshare");
        return false;
    };
    let inner = enter(form, r#"exec "$PROGRAM" --exact "$TEST" --nocapture"#)
        .env("PROGRAM", std::env::current_exe().unwrap())
        .env("TEST", test)
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&inner.stdout);
    let errors = String::from_utf8_lossy(&inner.stderr);
    assert!(
        inner.status.success(),
        "{test} failed in its namespace: {said}{errors}"
    );
    // No test of that name would be a success as well.
    assert!(
        said.contains("test result: ok. 1 passed"),
        "{test} did not run: {said}"
    );
    false
}

fn enter(form: &[&str], then: &str) -> Command {
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    // Where `ip` is, for users who do not look there.
    path.push(":/usr/sbin:/sbin");
    let mut command = Command::new("unshare");
    command
        .args(form)
        .args(["sh", "-c", &format!("ip link set lo up && {then}")])
        .env("PATH", path);
    command
}

/// A directory for a peer, and its path.
pub(crate) fn directory() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_path_buf();
    (directory, path)
}

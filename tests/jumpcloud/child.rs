//! The program `jumpcloud-client`, run to its end or killed in the middle.

use std::{
    process::{Command, ExitStatus, Output, Stdio},
    time::Duration,
};

use device_trust_sandbox::Sandbox;
use device_trust_tests::jumpcloud::Job;
use secrecy::ExposeSecret as _;

use crate::support::api_key;

fn command(sandbox: &Sandbox, job: &Job) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jumpcloud-client"));
    command
        .args([
            sandbox.jumpcloud_url(),
            &serde_json::to_string(job).unwrap(),
        ])
        .env("JUMPCLOUD_API_KEY", api_key(sandbox).expose_secret())
        .stdin(Stdio::null());
    command
}

/// Runs a job to its end.
pub async fn run(sandbox: &Sandbox, job: &Job) -> Output {
    let mut command = command(sandbox, job);
    let ended = tokio::task::spawn_blocking(move || command.output());
    ended.await.unwrap().unwrap()
}

/// Runs a job until the sandbox holds a request, and kills it there by SIGKILL. `None` when it ended before.
pub async fn kill_when_held(sandbox: &Sandbox, job: &Job) -> Option<ExitStatus> {
    let mut child = command(sandbox, job)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    loop {
        let held = sandbox
            .requests()
            .iter()
            .any(|one| one.fault.as_deref() == Some("held") && one.status != 0);
        if held {
            child.kill().unwrap();
            return Some(child.wait().unwrap());
        }
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

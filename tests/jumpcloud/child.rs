//! The program `jumpcloud-client`, run to its end or killed in the middle.

use std::process::{Command, ExitStatus, Output};

use device_trust_sandbox::Sandbox;
use device_trust_tests::{child, jumpcloud::Job};
use secrecy::ExposeSecret as _;

use crate::support::api_key;

fn command(sandbox: &Sandbox, job: &Job) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jumpcloud-client"));
    command
        .args([
            sandbox.jumpcloud_url(),
            &serde_json::to_string(job).unwrap(),
        ])
        .env("JUMPCLOUD_API_KEY", api_key(sandbox).expose_secret());
    command
}

/// Runs a job to its end.
pub async fn run(sandbox: &Sandbox, job: &Job) -> Output {
    child::run(command(sandbox, job)).await.unwrap()
}

/// Runs a job until the sandbox holds a request, and kills it there by SIGKILL. `None` when it ended before.
pub async fn kill_when_held(sandbox: &Sandbox, job: &Job) -> Option<ExitStatus> {
    child::kill_when_held(sandbox, command(sandbox, job))
        .await
        .unwrap()
}

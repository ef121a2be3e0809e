//! A program that works on a sandbox in a process of its own, so that a test can kill it in the middle of its work.

use std::{
    io,
    process::{Command, ExitStatus, Output, Stdio},
    time::Duration,
};

use device_trust_sandbox::{RecordedRequest, Sandbox};

/// Runs a program to its end.
///
/// # Errors
/// When it cannot be started.
pub async fn run(command: Command) -> io::Result<Output> {
    let mut command = tokio::process::Command::from(command);
    command.stdin(Stdio::null()).output().await
}

/// Whether the sandbox has handled a request under [`Effect::Hold`](device_trust_sandbox::Effect::Hold) and holds its
/// answer.
#[must_use]
pub fn is_held(request: &RecordedRequest) -> bool {
    request.fault.as_deref() == Some("held") && request.status != 0
}

/// Runs a program until the sandbox holds a request, and kills it there by SIGKILL. `None` when it ended before.
///
/// # Errors
/// When it cannot be started.
pub async fn kill_when_held(sandbox: &Sandbox, command: Command) -> io::Result<Option<ExitStatus>> {
    kill_when(command, || {
        let world = sandbox.shared().world();
        world.requests.iter().rev().any(is_held)
    })
    .await
}

/// Runs a program until it is time, and kills it then by SIGKILL. `None` when it ended before.
///
/// # Errors
/// When it cannot be started.
pub async fn kill_when(
    command: Command,
    is_time: impl Fn() -> bool,
) -> io::Result<Option<ExitStatus>> {
    let mut child = tokio::process::Command::from(command)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    loop {
        if is_time() {
            child.start_kill()?;
            return child.wait().await.map(Some);
        }
        if child.try_wait()?.is_some() {
            return Ok(None);
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

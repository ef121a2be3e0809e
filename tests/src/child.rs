//! A program that works on a sandbox in a process of its own, so that a test can kill it in the middle of its work.

use std::{
    io,
    process::{Command, ExitStatus, Output, Stdio},
    time::Duration,
};

use device_trust_sandbox::Sandbox;

/// Runs a program to its end.
///
/// # Errors
/// When it cannot be started.
pub async fn run(command: Command) -> io::Result<Output> {
    let mut command = tokio::process::Command::from(command);
    command.stdin(Stdio::null()).output().await
}

/// Runs a program until the sandbox has handled a request under [`Effect::Hold`](device_trust_sandbox::Effect::Hold) and
/// holds its answer, and kills it there by SIGKILL. `None` when it ended before.
///
/// # Errors
/// When it cannot be started.
pub async fn kill_when_held(sandbox: &Sandbox, command: Command) -> io::Result<Option<ExitStatus>> {
    let mut child = tokio::process::Command::from(command)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    loop {
        let held = {
            let world = sandbox.shared().world();
            let mut newest = world.requests.iter().rev();
            newest.any(|one| one.fault.as_deref() == Some("held") && one.status != 0)
        };
        if held {
            child.start_kill()?;
            return child.wait().await.map(Some);
        }
        if child.try_wait()?.is_some() {
            return Ok(None);
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

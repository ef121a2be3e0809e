//! SIGKILL after every request that the server has committed, and then a second run: it ends where a run without trouble
//! ends, and nothing is there twice. What a killed run did is undone by another process from the record it left.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]
#![cfg(unix)]

use std::{os::unix::process::ExitStatusExt as _, path::Path, process::Command};

use device_trust_sandbox::{Effect, Fault, Sandbox, Side, World};
use device_trust_tests::{
    child,
    okta::{self, Job},
};
use okta_devtrust::Okta;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tempfile::TempDir;

fn command(sandbox: &Sandbox, job: &Job) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_okta-client"));
    command
        .args([sandbox.okta_url(), &serde_json::to_string(job).unwrap()])
        .env(
            "OKTA_API_TOKEN",
            sandbox.secrets().okta_api_token.expose_secret(),
        );
    command
}

fn client(sandbox: &Sandbox) -> Okta {
    let token = sandbox.secrets().okta_api_token;
    okta::client(sandbox.okta_url(), token.expose_secret()).unwrap()
}

async fn state(sandbox: &Sandbox) -> Value {
    okta::state(&client(sandbox)).await.unwrap()
}

async fn succeed(sandbox: &Sandbox, job: &Job, case: &str) {
    let output = child::run(command(sandbox, job)).await.unwrap();
    assert!(output.status.success(), "{case}: {output:?}");
}

fn writes(sandbox: &Sandbox) -> usize {
    let requests = sandbox.requests_of_this_run();
    requests.iter().filter(|one| one.is_write()).count()
}

/// What a job does without trouble: its requests, its writes, and the state it ends in.
async fn untroubled(world: &World, job: impl Fn(&Path) -> Job) -> (u64, usize, Value) {
    let (sandbox, records) = (okta::start(Some(world)).await.unwrap(), folder());
    succeed(&sandbox, &job(records.path()), "without trouble").await;
    let requests = sandbox.requests_of_this_run().len() as u64;
    let made = writes(&sandbox);
    succeed(&sandbox, &job(records.path()), "a second time").await;
    assert_eq!(writes(&sandbox), made, "a second run writes nothing");
    (requests, made, state(&sandbox).await)
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Kills a job after each of its requests, then runs it again.
async fn kill_at_every_request(world: &World, what: &str, job: impl Fn(&Path) -> Job) {
    let (requests, made, whole) = untroubled(world, &job).await;
    for nth in 1..=requests {
        let case = format!("{what} killed at request {nth} of {requests}");
        let (sandbox, records) = (okta::start(Some(world)).await.unwrap(), folder());
        let job = job(records.path());
        sandbox.arm(Fault::on(Side::Okta, "*", "/**", Effect::Hold).nth(nth));
        let ended = child::kill_when_held(&sandbox, command(&sandbox, &job))
            .await
            .unwrap();
        let ended = ended.unwrap_or_else(|| panic!("{case}: it ended before"));
        assert_eq!(ended.signal(), Some(9), "{case}");
        sandbox.disarm();
        succeed(&sandbox, &job, &case).await;
        assert_eq!(state(&sandbox).await, whole, "{case}");
        assert_eq!(writes(&sandbox), made, "{case}: each write once");
    }
    println!("{what}: {requests} kills, one after each request ({made} of them writes)");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_killed_after_any_request_is_finished_by_the_next_run() {
    let fresh = okta::start(None).await.unwrap();
    let world = fresh.shared().world().clone();
    let job = |records: &Path| Job::Apply(records.to_owned());
    kill_at_every_request(&world, "apply", job).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_teardown_killed_after_any_request_is_finished_by_the_next_run() {
    let (sandbox, records) = (okta::start(None).await.unwrap(), folder());
    let apply = Job::Apply(records.path().to_owned());
    succeed(&sandbox, &apply, "apply").await;
    let world = sandbox.shared().world().clone();
    let job = |records: &Path| Job::Teardown(records.to_owned());
    kill_at_every_request(&world, "teardown", job).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_apply_wrote_is_undone_by_another_process_from_its_record() {
    let fresh = okta::start(None).await.unwrap();
    let before = state(&fresh).await;
    let world = fresh.shared().world().clone();
    let (_, made, _) = untroubled(&world, |records| Job::Apply(records.to_owned())).await;
    for nth in 1..=made as u64 {
        for method in ["POST", "PUT"] {
            let case = format!("killed at {method} {nth}");
            let (sandbox, records) = (okta::start(Some(&world)).await.unwrap(), folder());
            sandbox.arm(Fault::on(Side::Okta, method, "/**", Effect::Hold).nth(nth));
            let apply = Job::Apply(records.path().to_owned());
            let ended = child::kill_when_held(&sandbox, command(&sandbox, &apply)).await;
            if ended.unwrap().is_none() {
                // There are not so many of this method.
                continue;
            }
            sandbox.disarm();
            succeed(&sandbox, &Job::Rollback(records.path().to_owned()), &case).await;
            assert_eq!(state(&sandbox).await, before, "{case}");
        }
    }
}

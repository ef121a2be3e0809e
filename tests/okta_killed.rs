//! SIGKILL after every request that the server has committed, and then a second run: it ends where a run without trouble
//! ends, and nothing is there twice. What a killed run did is undone by another process from the record it left.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]
#![cfg(unix)]

use std::{os::unix::process::ExitStatusExt as _, path::Path, process::Command};

use device_trust_sandbox::{
    BREAK_GLASS_GROUP, Effect, Fault, RecordedRequest, Sandbox, Side, World,
};
use device_trust_tests::{
    child,
    okta::{self, Job, SignIns, stored, unfinished},
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

/// Starts a job on a sandbox, and kills it after a request.
async fn killed(world: &World, nth: u64, job: impl Fn(&Path) -> Job, case: &str) -> Killed {
    let (sandbox, records) = (okta::start(Some(world)).await.unwrap(), folder());
    let job = job(records.path());
    sandbox.arm(Fault::on(Side::Okta, "*", "/**", Effect::Hold).nth(nth));
    let ended = child::kill_when_held(&sandbox, command(&sandbox, &job)).await;
    let ended = ended
        .unwrap()
        .unwrap_or_else(|| panic!("{case}: it ended before"));
    assert_eq!(ended.signal(), Some(9), "{case}");
    sandbox.disarm();
    Killed {
        sandbox,
        records,
        job,
    }
}

/// What a killed job leaves.
struct Killed {
    sandbox: Sandbox,
    records: TempDir,
    job: Job,
}

/// Kills a job after each of its requests, then runs it again, after `between`.
async fn kill_at_every_request(
    world: &World,
    what: &str,
    job: impl Fn(&Path) -> Job,
    between: impl Fn(&Path),
) {
    let (requests, made, whole) = untroubled(world, &job).await;
    for nth in 1..=requests {
        let case = format!("{what} killed at request {nth} of {requests}");
        let Killed {
            sandbox,
            records,
            job,
        } = killed(world, nth, &job, &case).await;
        between(records.path());
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
    kill_at_every_request(&world, "apply", job, |_| {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_teardown_killed_after_any_request_is_finished_by_the_next_run() {
    let (sandbox, records) = (okta::start(None).await.unwrap(), folder());
    let apply = Job::Apply(records.path().to_owned());
    succeed(&sandbox, &apply, "apply").await;
    let world = sandbox.shared().world().clone();
    let job = |records: &Path| Job::Teardown(records.to_owned());
    kill_at_every_request(&world, "teardown", job, |_| {}).await;
}

/// A rollback from a copy of the records.
fn rollback_from(kept: &Path, records: &Path) -> Job {
    for record in std::fs::read_dir(kept).unwrap() {
        let record = record.unwrap();
        std::fs::copy(record.path(), records.join(record.file_name())).unwrap();
    }
    Job::Rollback(records.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_of_an_apply_killed_after_any_request_is_finished_by_the_next_run() {
    let (sandbox, kept) = (okta::start(None).await.unwrap(), folder());
    succeed(&sandbox, &Job::Apply(kept.path().to_owned()), "apply").await;
    let world = sandbox.shared().world().clone();
    let job = |records: &Path| rollback_from(kept.path(), records);
    kill_at_every_request(&world, "rollback of an apply", job, |_| {}).await;
}

/// Everything is made again, which is where something could be made twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_of_a_teardown_killed_after_any_request_is_finished_by_the_next_run() {
    let (sandbox, records) = (okta::start(None).await.unwrap(), folder());
    succeed(&sandbox, &Job::Apply(records.path().to_owned()), "apply").await;
    // Of the teardown alone.
    let kept = folder();
    succeed(&sandbox, &Job::Teardown(kept.path().to_owned()), "teardown").await;
    let world = sandbox.shared().world().clone();
    let job = |records: &Path| rollback_from(kept.path(), records);
    kill_at_every_request(&world, "rollback of a teardown", job, |_| {}).await;
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

/// An org with everything applied and proved: the catch-all may be closed.
async fn proved() -> World {
    let (sandbox, records) = (okta::start(None).await.unwrap(), folder());
    succeed(&sandbox, &Job::Apply(records.path().to_owned()), "apply").await;
    SignIns::ENOUGH.write(sandbox.shared());
    sandbox.shared().world().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enforce_killed_after_any_request_is_finished_by_the_next_run() {
    let world = proved().await;
    let job = |records: &Path| Job::Enforce(records.to_owned());
    kill_at_every_request(&world, "enforce", job, |_| {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enforce_killed_after_any_request_is_finished_by_a_run_that_knows_nothing_of_it() {
    let world = proved().await;
    let job = |records: &Path| Job::Enforce(records.to_owned());
    let forget = |records: &Path| drop(std::fs::remove_file(unfinished(records)));
    kill_at_every_request(&world, "enforce, its plan lost", job, forget).await;
}

/// The requests from the write that closes the catch-all to the end of an enforce, and the state before it.
async fn after_closing(world: &World) -> (std::ops::RangeInclusive<u64>, Value) {
    let (sandbox, records) = (okta::start(Some(world)).await.unwrap(), folder());
    let before = state(&sandbox).await;
    let earlier = sandbox.requests_of_this_run().len();
    succeed(
        &sandbox,
        &Job::Enforce(records.path().to_owned()),
        "enforce",
    )
    .await;
    let requests = sandbox.requests_of_this_run().split_off(earlier);
    let closing = requests.iter().position(RecordedRequest::is_write).unwrap() as u64 + 1;
    (closing..=requests.len() as u64, before)
}

/// The break-glass group loses its last active member after the write that closes the catch-all, and before anybody has
/// looked again: whoever could open it is locked out.
fn suspend_break_glass(sandbox: &Sandbox) {
    stored::change(sandbox.shared(), |okta, _| {
        stored::set_member_states(okta, BREAK_GLASS_GROUP, "SUSPENDED").unwrap();
    });
    assert!(
        stored::is_closed(&stored::org(sandbox.shared())),
        "it was killed after the write"
    );
}

/// What a job that must fail says.
async fn fail(sandbox: &Sandbox, job: &Job, case: &str) -> String {
    let output = child::run(command(sandbox, job)).await.unwrap();
    assert!(!output.status.success(), "{case}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stops_holding_after_the_closing_of_a_killed_enforce_opens_the_catch_all_in_the_next_run()
 {
    let world = proved().await;
    let (requests, before) = after_closing(&world).await;
    let job = |records: &Path| Job::Enforce(records.to_owned());
    let mut kills = 0;
    for nth in requests {
        let case = format!("enforce killed at request {nth}");
        let Killed {
            sandbox,
            records,
            job,
        } = killed(&world, nth, job, &case).await;
        assert!(unfinished(records.path()).exists(), "{case}");
        suspend_break_glass(&sandbox);
        let said = fail(&sandbox, &job, &case).await;
        assert!(said.contains("has no active member"), "{case}: {said}");
        assert!(said.contains("closed and opened again"), "{case}: {said}");
        assert_eq!(state(&sandbox).await, before, "{case}");
        // From there on it is an org like any other whose guard is not met.
        let again = fail(&sandbox, &job, &case).await;
        assert!(again.contains("BreakGlassEmpty"), "{case}: {again}");
        assert!(!again.contains("ClosedUnproven"), "{case}: {again}");
        assert_eq!(state(&sandbox).await, before, "{case}");
        kills += 1;
    }
    println!(
        "enforce, break-glass lost: {kills} kills, from the closing on; each time it was opened"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_knows_nothing_of_a_killed_enforce_names_the_closed_catch_all_and_its_record_opens_it()
 {
    let world = proved().await;
    let (requests, before) = after_closing(&world).await;
    let job = |records: &Path| Job::Enforce(records.to_owned());
    let mut kills = 0;
    for nth in requests {
        let case = format!("enforce killed at request {nth}, its plan lost");
        let Killed {
            sandbox,
            records,
            job,
        } = killed(&world, nth, job, &case).await;
        suspend_break_glass(&sandbox);
        std::fs::remove_file(unfinished(records.path())).unwrap();
        let made = writes(&sandbox);
        let said = fail(&sandbox, &job, &case).await;
        assert!(said.contains("ClosedUnproven"), "{case}: {said}");
        assert!(said.contains("BreakGlassEmpty"), "{case}: {said}");
        assert_eq!(writes(&sandbox), made, "{case}: a refusal writes nothing");
        let undo = Job::Rollback(records.path().to_owned());
        succeed(&sandbox, &undo, &case).await;
        assert_eq!(state(&sandbox).await, before, "{case}");
        kills += 1;
    }
    println!(
        "enforce, break-glass lost, its plan lost: {kills} kills; each time it was named, and rolled back"
    );
}

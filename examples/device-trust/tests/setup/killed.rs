//! The program killed around the write that closes the catch-all: what the next run makes of it.

use std::process::Command;

use device_trust_sandbox::{BREAK_GLASS_GROUP, Effect, Fault, Sandbox, Side};
use device_trust_tests::child;
use serde_json::Value;

use crate::case::{OKTA_API_TOKEN, Outside, Run, empty_group, mode, no_secret_in, options};

const A_RULE: &str = "/api/v1/policies/*/rules/*";

/// Runs the program until the server has handled a request that it then holds, and kills it there.
async fn kill_at(outside: &Outside, method: &str, path: &str) {
    let sandbox = &outside.sandbox;
    sandbox.arm(Fault::on(Side::Okta, method, path, Effect::Hold));
    // What was held in an earlier run is not taken for this one's.
    let earlier = held(sandbox);
    let ended = child::kill_when(outside.command(&[]), || held(sandbox) > earlier).await;
    assert!(ended.unwrap().is_some(), "it ended before {method} {path}");
    sandbox.disarm();
}

fn held(sandbox: &Sandbox) -> usize {
    let requests = sandbox.requests();
    let held = requests.iter().filter(|one| child::is_held(one));
    held.count()
}

/// What the catch-all of the real policy was set to, write by write.
fn catch_all_set_to(outside: &Outside) -> Vec<String> {
    let requests = outside.sandbox.requests().into_iter();
    let bodies = requests
        .filter(|one| one.method == "PUT" && (200..300).contains(&one.status))
        .filter(|one| !one.path.contains(&pilot_policy(outside)))
        .filter_map(|one| one.body);
    bodies
        .filter(|body| body["system"] == true && body["type"] == "ACCESS_POLICY")
        .map(|body| {
            body["actions"]["appSignOn"]["access"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect()
}

fn pilot_policy(outside: &Outside) -> String {
    let org = org(&outside.sandbox);
    let mut all = org["policies"].as_array().unwrap().iter();
    let pilot = all.find(|one| one["body"]["name"].as_str().unwrap().contains("ilot"));
    pilot.unwrap()["body"]["id"].as_str().unwrap().to_owned()
}

fn org(sandbox: &Sandbox) -> Value {
    serde_json::to_value(&sandbox.shared().world().okta).unwrap()
}

fn lose_break_glass(sandbox: &Sandbox) {
    let mut world = sandbox.shared().world();
    let mut okta = serde_json::to_value(&world.okta).unwrap();
    assert!(empty_group(&mut okta, BREAK_GLASS_GROUP));
    world.okta = serde_json::from_value(okta).unwrap();
}

/// The plans of closings that are not done.
fn unfinished(outside: &Outside) -> Vec<std::path::PathBuf> {
    let files = std::fs::read_dir(outside.case.out()).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    files
        .filter(|file| {
            file.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("closing-")
        })
        .collect()
}

fn says(run: &Run, exit_code: i32, what: &[&str]) {
    assert_eq!(run.exit_code, exit_code, "{run:?}");
    for what in what {
        assert!(run.stderr.contains(what), "{what} is not in {}", run.stderr);
    }
    assert!(!run.stderr.contains("panicked"), "{run:?}");
    no_secret_in(&run.stderr);
}

/// Everything applied and proved, and the program killed while it gathers the guard's proof: nothing is closed.
async fn proved() -> Outside {
    let outside = Outside::start(options()).await;
    kill_at(&outside, "POST", "/api/v1/policies/simulate").await;
    assert!(unfinished(&outside).is_empty());
    outside
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closing_that_was_stopped_is_gone_on_with_and_closes_once() {
    let outside = proved().await;

    kill_at(&outside, "GET", A_RULE).await;
    let files = unfinished(&outside);
    assert_eq!(files.len(), 1, "the plan is kept before the write");
    assert_eq!(mode(&files[0]), 0o600);
    no_secret_in(&std::fs::read_to_string(&files[0]).unwrap());
    assert!(catch_all_set_to(&outside).is_empty());

    // Still open: proved anew.
    kill_at(&outside, "PUT", A_RULE).await;
    assert_eq!(catch_all_set_to(&outside), ["DENY"]);
    assert_eq!(unfinished(&outside).len(), 1);
    let looks = outside.setup(&["--plan-only"]);
    says(&looks, 0, &["an earlier run may have been stopped"]);

    outside.sandbox.arm(
        Fault::on(
            Side::Okta,
            "GET",
            "/api/v1/policies/**",
            Effect::Status(500),
        )
        .from_nth_on(1),
    );
    let unknown = outside.setup(&[]);
    says(
        &unknown,
        1,
        &[
            "The catch-all may deny",
            "set the policy's catch-all rule to ALLOW",
        ],
    );
    outside.sandbox.disarm();
    assert_eq!(unfinished(&outside).len(), 1, "the plan stays");

    let last = outside.setup(&[]);
    says(
        &last,
        0,
        &["an earlier run was stopped while it closed the catch-all"],
    );
    assert_eq!(catch_all_set_to(&outside), ["DENY"]);
    assert!(unfinished(&outside).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closing_that_was_stopped_is_opened_by_the_next_run_when_a_condition_is_no_longer_met() {
    let outside = proved().await;
    kill_at(&outside, "PUT", A_RULE).await;
    assert_eq!(catch_all_set_to(&outside), ["DENY"]);
    lose_break_glass(&outside.sandbox);

    let next = outside.setup(&[]);
    says(
        &next,
        1,
        &["closed and opened again", "(condition `break_glass`)"],
    );
    assert_eq!(catch_all_set_to(&outside), ["DENY", "ALLOW"]);
    assert!(unfinished(&outside).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opens_the_catch_all_on_purpose_leaves_no_closing_to_go_on_with() {
    let outside = proved().await;
    kill_at(&outside, "PUT", A_RULE).await;
    assert_eq!(unfinished(&outside).len(), 1);

    let file = outside.case.path("blueprint.toml");
    let mut blueprint = std::fs::read_to_string(&file).unwrap();
    let sandbox = &outside.sandbox;
    for (section, url) in [
        ("[okta]", sandbox.okta_url()),
        ("[jumpcloud]", sandbox.jumpcloud_url()),
    ] {
        blueprint = blueprint.replace(section, &format!("{section}\nurl = \"{url}\""));
    }
    std::fs::write(&file, blueprint).unwrap();
    let opened = Command::new(env!("CARGO_BIN_EXE_withdraw"))
        .arg("--blueprint")
        .arg(&file)
        .arg("--out")
        .arg(outside.case.out())
        .args(["--open-only", "--apply"])
        .env("OKTA_API_TOKEN", OKTA_API_TOKEN)
        .output()
        .unwrap();
    says(&Run::of(&opened), 0, &[]);
    assert_eq!(catch_all_set_to(&outside), ["DENY", "ALLOW"]);
    assert!(unfinished(&outside).is_empty());
}

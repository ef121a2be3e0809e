//! `readiness`, `rotate` and `withdraw` as an operator meets them.
#![allow(clippy::unwrap_used)]

mod case;
mod tenants;

use std::fs;

use self::case::{CHALLENGE, Case, JUMPCLOUD, OKTA, SCEP, outside};

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

    for part in [
        "push certificate: 2",
        "enrollment token: missing\n",
        "! the Automated Device Enrollment token is missing",
    ] {
        assert!(readiness.stdout.contains(part), "{readiness:?}");
    }
    let seen = readiness.stdout.matches("Insights enabled ").count();
    assert_eq!(seen, 4, "{readiness:?}");

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

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_with_a_wrong_challenge_is_refused_before_the_profile_is_sent() {
    let (sandbox, case) = outside().await;
    let setup = case.run_outside(
        env!("CARGO_BIN_EXE_setup"),
        &["--out", "out"],
        &[OKTA, JUMPCLOUD, SCEP],
    );
    assert_eq!(setup.exit_code, 0, "{setup:?}");
    let writes = || {
        let requests = sandbox.requests();
        requests.iter().filter(|request| request.is_write()).count()
    };
    let before = writes();
    let files = || fs::read_dir(case.path("out")).unwrap().count();
    let kept = files();
    let rotate = |challenge| {
        case.run_outside(
            env!("CARGO_BIN_EXE_rotate"),
            &["--generation", "1", "--apply", "--out", "out"],
            &[JUMPCLOUD, ("SCEP_CHALLENGE", challenge)],
        )
    };
    let wrong = rotate("canary-wrong-challenge");
    assert_eq!(wrong.exit_code, 1, "{wrong:?}");
    let what = "the challenge from env:SCEP_CHALLENGE is not proven";
    assert!(wrong.stderr.contains(what), "{wrong:?}");
    assert!(!wrong.stderr.contains("canary-wrong"), "{wrong:?}");
    assert_eq!((writes(), files()), (before, kept), "something was written");
    let right = rotate(CHALLENGE);
    assert_eq!(right.exit_code, 0, "{right:?}");
    assert_eq!((writes(), files()), (before + 1, kept + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_asks_only_for_the_secrets_that_it_uses() {
    let (_sandbox, case) = outside().await;
    let (readiness, rotate) = (
        env!("CARGO_BIN_EXE_readiness"),
        env!("CARGO_BIN_EXE_rotate"),
    );
    let (withdraw, evidence) = (
        env!("CARGO_BIN_EXE_withdraw"),
        env!("CARGO_BIN_EXE_evidence"),
    );
    for (program, arguments, secrets) in [
        (readiness, &[][..], &[JUMPCLOUD][..]),
        (withdraw, &[], &[JUMPCLOUD, OKTA]),
        (withdraw, &["--while-denied"], &[JUMPCLOUD]),
        (withdraw, &["--open-only"], &[OKTA]),
        (evidence, &[], &[OKTA]),
    ] {
        let run = case.run_outside(program, arguments, secrets);
        assert_eq!(run.exit_code, 0, "{program} {arguments:?}: {run:?}");
    }
    let renewal = &["--generation", "1"][..];
    for (program, arguments, secrets, lacking) in [
        (readiness, &[][..], &[OKTA, SCEP][..], "JUMPCLOUD_API_KEY"),
        (rotate, renewal, &[JUMPCLOUD], "SCEP_CHALLENGE"),
        (rotate, renewal, &[SCEP], "JUMPCLOUD_API_KEY"),
        (evidence, &[], &[JUMPCLOUD, SCEP], "OKTA_API_TOKEN"),
        (withdraw, &[], &[JUMPCLOUD], "a look at Okta's catch-all"),
    ] {
        let run = case.run_outside(program, arguments, secrets);
        assert_eq!(run.exit_code, 2, "{program} {arguments:?}: {run:?}");
        assert!(run.stderr.contains(lacking), "{run:?}");
    }
}

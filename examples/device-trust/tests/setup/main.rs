//! The program as an operator meets it: exit codes, output, files, and that no secret gets out.
#![allow(clippy::unwrap_used)]

mod case;
mod killed;

use std::{fs, path::Path, process::Command};

use case::{Case, EXAMPLE, Outside, Run, SCEP_CHALLENGE, empty_group, mode, no_secret_in, options};
use device_trust_sandbox::{BREAK_GLASS_GROUP, Options, Seed};
use secrecy::SecretString;

#[test]
fn the_job_ends_well_and_a_second_process_in_the_same_world_changes_nothing() {
    let case = Case::new(EXAMPLE);
    let world = case.path("world.json");
    let first = case.setup(&["--keep-world", world.to_str().unwrap()]);
    assert_eq!(first.exit_code, 0, "{first:?}");
    for line in [
        "25 changes were made",
        "managed    matched the managed rule, then SUCCESS",
        "then FAILURE",
        ", 25 writes",
    ] {
        assert!(
            first.stdout.contains(line),
            "{line} is not in {}",
            first.stdout
        );
    }
    let profile = fs::read(case.out().join("device-trust.mobileconfig")).unwrap();
    let files = files_without_a_secret(&case);
    let undo = files
        .iter()
        .filter(|name| name.starts_with("undo-"))
        .count();
    assert_eq!(
        undo, 3,
        "one for Okta, one for JumpCloud, one for the catch-all: {files:?}"
    );
    let plan = fs::read_to_string(case.out().join("plan.json")).unwrap();
    assert!(
        plan.contains("scep_challenge = env:SCEP_CHALLENGE"),
        "{plan}"
    );

    fs::remove_dir_all(case.out()).unwrap();
    let second = case.setup(&["--keep-world", world.to_str().unwrap()]);
    assert_eq!(second.exit_code, 0, "{second:?}");
    assert!(
        second.stdout.contains("0 changes were made"),
        "{}",
        second.stdout
    );
    assert!(second.stdout.contains(", 0 writes"), "{}", second.stdout);
    let again = fs::read(case.out().join("device-trust.mobileconfig")).unwrap();
    assert!(
        profile == again,
        "two processes with the same input wrote different profiles"
    );

    for run in [&first, &second] {
        no_secret_in(&run.stdout);
        no_secret_in(&run.stderr);
    }
    assert_eq!(
        files_without_a_secret(&case),
        ["evidence.json", "plan.json", "report.html"]
    );
    assert!(String::from_utf8(profile).unwrap().contains(SCEP_CHALLENGE));
    for file in [case.out().join("device-trust.mobileconfig"), world] {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn a_catch_all_that_denies_is_looked_at_again_and_what_is_not_met_ends_with_1() {
    let case = Case::new(EXAMPLE);
    let world = case.path("world.json");
    let first = case.setup(&["--keep-world", world.to_str().unwrap()]);
    assert_eq!(first.exit_code, 0, "{first:?}");

    let mut kept: serde_json::Value = serde_json::from_slice(&fs::read(&world).unwrap()).unwrap();
    assert!(empty_group(&mut kept, BREAK_GLASS_GROUP));
    fs::write(&world, kept.to_string()).unwrap();
    let second = case.setup(&["--keep-world", world.to_str().unwrap()]);
    assert_eq!(second.exit_code, 1, "{second:?}");
    for line in [
        "denies now",
        "(condition `break_glass`)",
        "set the policy's catch-all rule to ALLOW",
    ] {
        assert!(
            second.stderr.contains(line),
            "{line} is not in {}",
            second.stderr
        );
    }
    assert!(!second.stderr.contains("panicked"), "{second:?}");

    let waived = EXAMPLE.replace(
        "coverage_percent = 95",
        "coverage_percent = 95\nwaive = [\"break_glass\"]",
    );
    fs::write(case.path("blueprint.toml"), waived).unwrap();
    let third = case.setup(&["--keep-world", world.to_str().unwrap()]);
    assert_eq!(third.exit_code, 0, "{third:?}");
    assert!(third.stdout.contains(", 0 writes"), "{third:?}");
}

/// The names of what a run left, besides the profile, which is the one file that may hold the challenge.
fn files_without_a_secret(case: &Case) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(case.out())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "device-trust.mobileconfig")
        .collect();
    names.sort();
    for name in &names {
        no_secret_in(&fs::read_to_string(case.out().join(name)).unwrap());
    }
    names
}

#[test]
fn bad_input_ends_with_2_and_sends_nothing() {
    let missing = Command::new(env!("CARGO_BIN_EXE_setup"))
        .args(["--blueprint", "absent.toml", "--out", "absent"])
        .output()
        .unwrap();
    let run = Run::of(&missing);
    assert_eq!(run.exit_code, 2, "{run:?}");
    assert!(
        run.stderr.contains("absent.toml: cannot be read"),
        "{run:?}"
    );
    assert!(!Path::new("absent").exists());

    let tenants = "[okta]\nurl = \"https://acme.okta.com\"";
    let real = |scep: &str| {
        EXAMPLE
            .replace("[okta]", tenants)
            .replace(
                "[jumpcloud]",
                "[jumpcloud]\nurl = \"https://console.jumpcloud.com\"",
            )
            .replace("[scep]\n", &format!("[scep]\n{scep}\n"))
    };
    let fingerprint = format!("ca_fingerprint = \"{}\"", "ab".repeat(31));
    for (blueprint, what) in [
        (
            EXAMPLE.replace("users_group", "user_group"),
            "okta.user_group: is not a known key",
        ),
        (
            real("url = \"http://acme.okta.com/pki/0/scep/rac0\""),
            "scep.url: ",
        ),
        (real(&fingerprint), "31 bytes"),
        (
            real("ca_certificates = [\"blueprint.toml\"]"),
            "scep.ca_certificates: names ",
        ),
        (
            EXAMPLE.replace("[okta]", tenants),
            "jumpcloud.url: is missing",
        ),
    ] {
        let case = Case::new(&blueprint);
        case.refuses(&case.setup(&[]), 2, what);
    }

    let case = Case::new(&real(
        "url = \"https://acme.okta.com/pki/0/scep/rac0\"\nca_certificates = [\"ca.pem\"]",
    ));
    fs::write(
        case.path("ca.pem"),
        "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    case.refuses(&case.setup(&[]), 2, "ca.pem: ");
}

#[test]
fn a_secret_in_the_place_of_its_file_name_is_not_shown() {
    let case = Case::new(&EXAMPLE.replace(
        "# challenge_file = \"scep-challenge\"",
        &format!("challenge_file = \"{SCEP_CHALLENGE}\""),
    ));
    case.refuses(
        &case.setup(&[]),
        2,
        "scep.challenge_file: names a file that cannot be read",
    );
}

#[test]
fn a_place_that_cannot_be_written_is_found_before_anything_is_sent() {
    let case = Case::new(EXAMPLE);
    let world = case.path("absent/world.json");
    let run = case.setup(&["--keep-world", world.to_str().unwrap()]);
    case.refuses(&run, 2, "absent: is not a folder");
}

#[test]
fn a_world_that_is_none_is_refused_by_its_name() {
    let case = Case::new(EXAMPLE);
    fs::write(case.path("world.json"), "{}").unwrap();
    let run = case.setup(&["--keep-world", case.path("world.json").to_str().unwrap()]);
    case.refuses(&run, 2, "world.json");
    assert_eq!(fs::read_to_string(case.path("world.json")).unwrap(), "{}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_challenge_is_refused_before_anything_is_written() {
    let mut options = options();
    options.secrets.scep_challenge = Some(SecretString::from("another-challenge"));
    Outside::start(options)
        .await
        .refuses_without_a_write("SCEP_CHALLENGE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_okta_token_names_the_request_and_the_mend() {
    let mut options = options();
    options.secrets.okta_api_token = Some(SecretString::from("another-token"));
    Outside::start(options)
        .await
        .refuses_without_a_write("request id");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_jumpcloud_template_says_that_apple_mdm_is_not_set_up() {
    let options = Options {
        seed: Seed {
            apple_mdm: false,
            ..Seed::default()
        },
        ..options()
    };
    Outside::start(options)
        .await
        .refuses_without_a_write("Apple MDM");
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_only_writes_the_plan_and_changes_nothing() {
    let outside = Outside::start(options()).await;
    let run = outside.setup(&["--plan-only"]);
    assert_eq!(run.exit_code, 0, "{run:?}");
    assert!(run.stdout.contains("24 changes"), "{run:?}");
    assert_eq!(outside.writes(), 0);
    no_secret_in(&fs::read_to_string(outside.case.out().join("plan.json")).unwrap());
}

#[test]
fn what_macs_of_jumpcloud_would_take_as_it_stands_is_told() {
    let blueprint = EXAMPLE.replace("CN=cert", "CN=%SerialNumber%");
    let run = Case::new(&blueprint).setup(&["--plan-only"]);
    assert_eq!(run.exit_code, 0, "{run:?}");
    let told = format!("{}{}", run.stdout, run.stderr);
    assert!(
        told.contains("warning[scep-device-variable]") || told.contains("warning[scep-variable]"),
        "{run:?}"
    );
    no_secret_in(&told);
}

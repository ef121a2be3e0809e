//! `profile build`: what it needs, and what it says when that is not there.

use std::{fs, process::Stdio};

use mobileconfig::Profile;

use crate::{Folder, Run};

/// A blueprint that names tenants, with a CA of the tests of `scep-profile`.
fn blueprint(folder: &Folder) {
    let text = include_str!("../../blueprint.toml")
        .replace(
            "# url = \"https://acme.okta.com\"",
            "url = \"https://acme.okta.com\"",
        )
        .replace("# url = \"https://console", "url = \"https://console")
        .replace(
            "# url = \"https://acme.okta.com/pki",
            "url = \"https://acme.okta.com/pki",
        )
        .replace(
            "# ca_certificates = [\"okta-ca.pem\"]",
            "ca_certificates = [\"root.pem\"]",
        )
        .replace("# challenge_file", "challenge_file");
    folder.write("blueprint.toml", text);
    folder.write(
        "root.pem",
        include_str!("../../../../scep-profile/tests/data/root.pem"),
    );
    folder.write("scep-challenge", "hunter2\n");
}

/// What the profile needs, and nothing else.
const ALONE: &str = r#"
organization = "Acme"
identifier = "com.acme.device-trust"

[scep]
url = "https://acme.okta.com/pki/0123456789ABCDEF0123456789ABCDEF01234567/scep/rac0123456789abcdefg"
ca_certificates = ["root.pem"]
challenge_file = "scep-challenge"
"#;

/// Without a secret in the environment.
fn build(folder: &Folder, arguments: &[&str]) -> Run {
    let mut command = folder.command(&[&["build"], arguments].concat());
    for variable in ["OKTA_API_TOKEN", "JUMPCLOUD_API_KEY", "SCEP_CHALLENGE"] {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null());
    Run::new(&command.output().unwrap())
}

#[cfg(unix)]
#[test]
fn build_writes_the_profile_for_its_owner_only_and_needs_no_token() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new();
    blueprint(&folder);
    let run = |out: &str| {
        let mut command = folder.command(&["build", "blueprint.toml", "-o", out]);
        for variable in ["OKTA_API_TOKEN", "JUMPCLOUD_API_KEY", "SCEP_CHALLENGE"] {
            command.env_remove(variable);
        }
        Run::new(&command.output().unwrap())
    };
    let built = run("built");
    assert_eq!((built.code, built.out.as_str()), (0, ""), "{built:?}");
    let mode = fs::metadata(folder.path("built"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(run("again").code, 0);
    assert_eq!(
        fs::read(folder.path("built")).unwrap(),
        fs::read(folder.path("again")).unwrap()
    );
    let profile = Profile::from_bytes(fs::read(folder.path("built")).unwrap()).unwrap();
    assert_eq!(
        profile.payloads_of_type("com.apple.security.scep").count(),
        1
    );
    assert_eq!(folder.run(&["lint", "built"]).code, 0);
}

#[test]
fn organization_identifier_and_scep_are_enough() {
    let folder = Folder::new();
    blueprint(&folder);
    assert_eq!(build(&folder, &["blueprint.toml", "-o", "whole"]).code, 0);
    folder.write("alone.toml", ALONE);
    let run = build(&folder, &["alone.toml", "-o", "alone"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    assert_eq!(
        fs::read(folder.path("alone")).unwrap(),
        fs::read(folder.path("whole")).unwrap()
    );
}

#[test]
fn a_dash_is_the_standard_input_and_output() {
    let folder = Folder::new();
    blueprint(&folder);
    let run = folder.run_with(ALONE, &["build", "-", "-o", "-"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    let profile = Profile::from_bytes(&run.out).unwrap();
    assert_eq!(profile.identifier, "com.acme.device-trust");
}

#[test]
fn what_is_missing_or_unknown_is_named_all_at_once_and_no_tenant_is_asked_for() {
    let folder = Folder::new();
    let text = "identifier = \"com.acme.trust\"\nnonsense = 1\n[scep]\nurll = \"https://a\"\n[okta]\ntoken = 1\napps = 7\n[jumpcloud.okta_verify]\nsize = 1\n";
    let run = folder.run_with(text, &["build", "-", "-o", "out"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{run:?}");
    for (key, what) in [
        ("organization", "is missing"),
        ("nonsense", "is not a known key"),
        ("scep.url", "is missing"),
        ("scep.urll", "is not a known key"),
        ("scep.ca_certificates", "is missing"),
        ("okta.token", "is not a known key"),
        ("okta.apps", "is a whole number, not a list of texts"),
        ("jumpcloud.okta_verify.size", "is not a known key"),
    ] {
        let line = format!("the standard input: {key}: {what}");
        assert!(run.err.contains(&line), "{line}: {}", run.err);
    }
    for key in ["okta.url", "okta.users_group", "jumpcloud.device_groups"] {
        assert!(!run.err.contains(&format!("{key}: ")), "{key}: {}", run.err);
    }
    assert!(!folder.path("out").exists());
}

#[test]
fn the_example_for_the_sandbox_is_told_what_it_lacks() {
    let folder = Folder::new();
    folder.write("blueprint.toml", include_str!("../../blueprint.toml"));
    let run = build(&folder, &["blueprint.toml", "-o", "none"]);
    assert_eq!(run.code, 2);
    for key in ["scep.url", "scep.ca_certificates", "scep.challenge_file"] {
        assert!(run.err.contains(&format!("{key}: is missing")), "{run:?}");
    }
    assert!(!run.err.contains("okta.url"), "{run:?}");
}

#[test]
fn an_unreadable_blueprint_ends_with_2() {
    let folder = Folder::new();
    folder.write("binary.toml", [0xff, 0xfe]);
    folder.write("broken.toml", "organization = ");
    for (file, what) in [
        ("absent.toml", "cannot be read"),
        ("binary.toml", "not UTF-8"),
        ("broken.toml", "is not TOML"),
    ] {
        let run = build(&folder, &[file]);
        assert!(
            run.code == 2 && run.err.contains(file) && run.err.contains(what),
            "{run:?}"
        );
        assert!(!run.err.contains("--blueprint"), "{run:?}");
    }
}

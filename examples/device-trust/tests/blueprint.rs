//! What a bad blueprint says: file, key, what is wrong and a right value, all of it at once.
#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

use device_trust::{Blueprint, Error, Overrides};
use tempfile::TempDir;

const GOOD: &str = include_str!("../../device-trust.toml");

fn no_environment(_: &str) -> Option<String> {
    None
}

struct Case {
    folder: TempDir,
}

impl Case {
    fn new(blueprint: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("b.toml"), blueprint).unwrap();
        Self { folder }
    }

    fn file(self, name: &str, content: &[u8]) -> Self {
        fs::write(self.folder.path().join(name), content).unwrap();
        self
    }

    fn problems(&self, overrides: &Overrides) -> String {
        let file = self.folder.path().join("b.toml");
        let problems = Blueprint::load(&file, overrides, no_environment).unwrap_err();
        let error = Error::from(problems);
        assert_eq!(error.exit_code(), 2);
        error
            .to_string()
            .replace(&format!("{}/", self.folder.path().display()), "")
    }
}

fn problems(blueprint: &str) -> String {
    Case::new(blueprint).problems(&Overrides::default())
}

fn real_tenants(scep: &str) -> String {
    GOOD.replace(
        "# url = \"https://acme.okta.com\"",
        "url = \"https://acme.okta.com\"",
    )
    .replace("# url = \"https://console", "url = \"https://console")
    .replace("[scep]\n", &format!("[scep]\n{scep}\n"))
}

#[test]
fn the_example_is_good_and_means_the_sandbox() {
    let case = Case::new(GOOD);
    let (blueprint, secrets) = Blueprint::load(
        &case.folder.path().join("b.toml"),
        &Overrides::default(),
        no_environment,
    )
    .unwrap();
    assert!(blueprint.uses_sandbox());
    assert_eq!(blueprint.okta.apps, ["Payroll"]);
    assert!(secrets.scep_challenge.is_none());
}

#[test]
fn an_absent_blueprint_is_named_with_the_way_to_give_one() {
    let problems = Blueprint::load(
        Path::new("absent.toml"),
        &Overrides::default(),
        no_environment,
    )
    .unwrap_err()
    .to_string();
    assert!(
        problems.starts_with("absent.toml: cannot be read"),
        "{problems}"
    );
    assert!(problems.contains("--blueprint"), "{problems}");
}

#[test]
fn everything_wrong_is_reported_at_once() {
    insta::assert_snapshot!(problems(
        r#"
organisation = "Acme"
identifier = "device trust"
generation = -1

[okta]
users_group = "Users"
break_glass_group = "Users"
apps = []
enrollment = "maybe"
reauthenticate_in = "12 h"

[jumpcloud]
policy = 7
device_group = ["macOS pilot"]
org_id = "acme"

[jumpcloud.okta_verify]
package_id = "com.okta.mobile"
package_url = "http://acme.okta.com/OktaVerify.pkg"

[scep]
ca_fingerprint = "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEE"
subject = "UID=mac"
key_size = 1024
retries = "3"

[wait]
poll_seconds = 0
"#
    ));
}

#[test]
fn an_unknown_key_names_the_nearest_known_one() {
    let text = problems(&GOOD.replace("users_group =", "user_group ="));
    assert!(
        text.contains("okta.user_group: is not a known key\n    right: users_group = …"),
        "{text}"
    );
    assert!(text.contains("okta.users_group: is missing"), "{text}");
}

#[test]
fn an_http_scep_url_is_refused_with_a_right_one() {
    let text = problems(&real_tenants(
        "url = \"http://acme.okta.com/pki/0/scep/rac0\"",
    ));
    assert!(text.contains("b.toml: scep.url: "), "{text}");
    assert!(
        text.contains("right: url = \"https://acme.okta.com/pki/"),
        "{text}"
    );
}

#[test]
fn a_fingerprint_of_31_bytes_is_counted() {
    let text = problems(&real_tenants(&format!(
        "ca_fingerprint = \"{}\"",
        "AB:".repeat(31).trim_end_matches(':')
    )));
    assert!(text.contains("b.toml: scep.ca_fingerprint: "), "{text}");
    assert!(text.contains("31"), "{text}");
}

#[test]
fn a_pem_that_is_no_certificate_is_named_with_its_file() {
    let blueprint = real_tenants("ca_certificates = [\"ca.pem\"]");
    let text = Case::new(&blueprint)
        .file(
            "ca.pem",
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        )
        .problems(&Overrides::default());
    assert!(
        text.contains("b.toml: scep.ca_certificates: names ca.pem: "),
        "{text}"
    );
}

#[test]
fn real_tenants_need_every_secret_and_both_urls() {
    let text = problems(&real_tenants(""));
    for key in [
        "okta.api_token_file",
        "jumpcloud.api_key_file",
        "scep.challenge_file",
        "scep.url",
        "scep.ca_certificates",
    ] {
        assert!(
            text.contains(&format!("b.toml: {key}: is missing")),
            "{key}: {text}"
        );
    }
    let one = Overrides {
        okta_url: Some("https://acme.okta.com".into()),
        jumpcloud_url: None,
    };
    let text = Case::new(GOOD).problems(&one);
    assert!(
        text.contains("b.toml: jumpcloud.url: is missing although the other tenant is named"),
        "{text}"
    );
}

#[test]
fn a_tenant_over_plain_http_is_refused() {
    let overrides = Overrides {
        okta_url: Some("http://acme.okta.com".into()),
        jumpcloud_url: Some("https://console.jumpcloud.com".into()),
    };
    let text = Case::new(GOOD).problems(&overrides);
    assert!(
        text.contains("okta.url (command line): `http://acme.okta.com` uses http"),
        "{text}"
    );
    assert!(!text.contains("okta.url: is missing"), "{text}");
}

#[test]
fn a_secret_file_is_read_and_never_shown() {
    let blueprint = GOOD.replace("# challenge_file", "challenge_file");
    let case = Case::new(&blueprint).file("scep-challenge", b"canary-challenge\n");
    let file = case.folder.path().join("b.toml");
    let (blueprint, secrets) =
        Blueprint::load(&file, &Overrides::default(), no_environment).unwrap();
    assert!(secrets.scep_challenge.is_some());
    assert!(!format!("{blueprint:?} {secrets:?}").contains("canary"));
}

#[test]
fn bad_toml_is_placed_without_quoting_the_line() {
    let text = problems("organization = \"Acme\"\nsecret = canary-secret\n");
    assert!(text.contains("line 2"), "{text}");
    assert!(!text.contains("canary"), "{text}");
}

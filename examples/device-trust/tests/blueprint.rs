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
        ..Overrides::default()
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
        ..Overrides::default()
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

const REAL: &str = "url = \"https://console.jumpcloud.com\"";

#[test]
fn a_region_stands_in_place_of_a_url_and_an_unknown_one_is_refused() {
    let with = |line: &str| real_tenants("").replace(REAL, line);
    let text = problems(&with(r#"region = "mars""#));
    assert!(
        text.contains("jumpcloud.region: is `mars`, none of us, eu, in"),
        "{text}"
    );
    assert!(!text.contains("jumpcloud.url: is missing"), "{text}");
    let text = problems(&with(&format!("{REAL}\nregion = \"eu\"")));
    assert!(
        text.contains("jumpcloud.region: is given beside url"),
        "{text}"
    );
    let text = problems(&with(r#"region = "IN""#));
    assert!(!text.contains("jumpcloud.region"), "{text}");
    assert!(!text.contains("jumpcloud.url"), "{text}");
}

#[test]
fn a_service_account_needs_its_secret_and_no_key() {
    let account = real_tenants("").replace(REAL, &format!("{REAL}\nclient_id = \"acme\""));
    let text = problems(&account);
    assert!(
        text.contains(
            "jumpcloud.client_secret_file: is missing, and JUMPCLOUD_CLIENT_SECRET is not set"
        ),
        "{text}"
    );
    assert!(!text.contains("jumpcloud.api_key_file"), "{text}");
}

#[test]
fn rings_name_the_device_groups_and_when_to_stop() {
    let groups = r#"device_groups = ["macOS pilot"]"#;
    let rings = r#"rings = [{ name = "pilot", device_groups = ["a"], generation = 2 }, { name = "all", device_groups = ["b"] }]"#;
    let stop = "[jumpcloud.stop]\nmax_failed_percent = 20\n\n[jumpcloud.okta_verify]";
    let good = GOOD
        .replace(groups, rings)
        .replace("[jumpcloud.okta_verify]", stop);
    let case = Case::new(&good);
    let file = case.folder.path().join("b.toml");
    let overrides = Overrides {
        jumpcloud_org: Some("5f00000000000000000000aa".into()),
        ..Overrides::default()
    };
    let (blueprint, _) = Blueprint::load(&file, &overrides, no_environment).unwrap();
    let part = blueprint.jumpcloud;
    assert_eq!(part.device_groups, ["a", "b"]);
    assert_eq!(part.rings[0].generation, Some(2));
    assert_eq!(part.stop.max_failed_percent, 20);
    assert_eq!(part.org_id.as_deref(), Some("5f00000000000000000000aa"));

    let both = GOOD.replace(groups, &format!("{groups}\n{rings}"));
    let text = problems(&both);
    assert!(
        text.contains("jumpcloud.device_groups: is given beside rings"),
        "{text}"
    );
    let bad = good.replace("generation = 2", "generations = 2");
    let text = problems(&bad);
    assert!(
        text.contains("jumpcloud.rings: has a ring 1 whose key `generations`"),
        "{text}"
    );
    let overrides = Overrides {
        jumpcloud_org: Some("acme".into()),
        ..Overrides::default()
    };
    let text = Case::new(GOOD).problems(&overrides);
    assert!(
        text.contains("jumpcloud.org_id (command line): is `acme`, not 24"),
        "{text}"
    );
}

//! A blueprint with tenants: what stands in a tenant's table goes before the rest, and no secret goes where it does not
//! belong.
#![allow(clippy::unwrap_used)]

use std::fs;

use device_trust::{
    Blueprint, Overrides,
    blueprint::{Needs, Problems, TenantBlueprint},
};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

const GOOD: &str = include_str!("../../device-trust.toml");

struct Case {
    folder: TempDir,
}

impl Case {
    /// The example with real URLs and these tenants.
    fn new(tenants: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = GOOD
            .replace(
                "# url = \"https://acme.okta.com\"",
                "url = \"https://acme.okta.com\"",
            )
            .replace("# url = \"https://console", "url = \"https://console")
            .replace(
                "# url = \"https://acme.okta.com/pki",
                "url = \"https://acme.okta.com/pki",
            )
            .replace("# ca_certificates", "ca_certificates");
        fs::write(folder.path().join("b.toml"), format!("{text}\n{tenants}")).unwrap();
        let root = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../scep-profile/tests/data/root.pem"
        );
        for name in ["okta-ca.pem", "globex-ca.pem"] {
            fs::copy(root, folder.path().join(name)).unwrap();
        }
        for name in ["globex-token", "globex-challenge"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        Self { folder }
    }

    fn load(&self) -> Result<Vec<TenantBlueprint>, Problems> {
        let file = self.folder.path().join("b.toml");
        Blueprint::load_tenants(Needs::ALL, &file, &Overrides::default(), environment)
    }

    fn problems(&self) -> Vec<String> {
        let problems = self.load().unwrap_err();
        problems
            .list
            .into_iter()
            .map(|one| format!("{}: {}", one.key, one.what))
            .collect()
    }
}

fn environment(name: &str) -> Option<String> {
    ["OKTA_API_TOKEN", "JUMPCLOUD_API_KEY", "SCEP_CHALLENGE"]
        .contains(&name)
        .then(|| format!("environment {name}"))
}

const ACME: &str = r#"
[[tenants]]
name = "Acme"
jumpcloud.org_id = "5f00000000000000000000aa"
"#;
const GLOBEX: &str = r#"
[[tenants]]
name = "Globex"
generation = 4
[tenants.jumpcloud]
org_id = "5f00000000000000000000bb"
device_groups = ["All Macs"]
okta_verify.package_url = "https://globex.okta.com/OktaVerify.pkg"
[tenants.okta]
url = "https://globex.okta.com"
api_token_file = "globex-token"
[tenants.scep]
url = "https://globex.okta.com/pki/0123456789ABCDEF0123456789ABCDEF01234567/scep/rac0123456789abcdefg"
ca_certificates = ["globex-ca.pem"]
challenge_file = "globex-challenge"
"#;

#[test]
fn a_tenant_has_what_it_says_and_else_what_the_blueprint_says() {
    let found = Case::new(&format!("{ACME}{GLOBEX}")).load().unwrap();
    let [acme, globex] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(acme.organization, "5f00000000000000000000aa");
    assert_eq!(
        acme.blueprint.jumpcloud.org_id.as_ref(),
        Some(&acme.organization)
    );
    assert_eq!(acme.blueprint.generation, 0);
    assert_eq!(acme.blueprint.jumpcloud.device_groups, ["macOS pilot"]);
    let part = &globex.blueprint.jumpcloud;
    assert_eq!(
        (globex.name.as_str(), globex.blueprint.generation),
        ("Globex", 4)
    );
    assert_eq!(part.device_groups, ["All Macs"]);
    assert_eq!(
        part.okta_verify.package_url,
        "https://globex.okta.com/OktaVerify.pkg"
    );
    assert_eq!(
        part.okta_verify.package_id, "com.okta.mobile",
        "not named, so as it is"
    );
    assert_eq!(
        globex.blueprint.okta.url.as_deref(),
        Some("https://globex.okta.com")
    );
    // A tenant's own secret goes before the environment's, which is another org's.
    let token = |tenant: &TenantBlueprint| {
        let source = tenant.secrets.okta_api_token.clone().unwrap();
        source.secret.expose_secret().to_owned()
    };
    assert_eq!(token(acme), "environment OKTA_API_TOKEN");
    assert_eq!(token(globex), "globex-token");
    let challenge = globex.secrets.scep_challenge.clone().unwrap();
    assert_eq!(challenge.secret.expose_secret(), "globex-challenge");
    assert!(Case::new("").load().unwrap().is_empty());
}

#[test]
fn a_tenants_own_address_needs_its_own_secret() {
    for (line, expected) in [
        (
            "api_token_file = \"globex-token\"\n",
            "okta.url: is the tenant's own, and the token is that of another org",
        ),
        (
            "challenge_file = \"globex-challenge\"\n",
            "scep.url: is the tenant's own, and challenge_file is not",
        ),
        (
            "ca_certificates = [\"globex-ca.pem\"]\n",
            "scep.url: is the tenant's own, and ca_certificates is not",
        ),
    ] {
        assert!(GLOBEX.contains(line));
        let problems = Case::new(&GLOBEX.replace(line, "")).problems();
        assert_eq!(problems, [format!("tenant Globex: {expected}")]);
    }
}

#[test]
fn what_stands_instead_of_something_takes_its_place() {
    let service_app = r#"client_id = "0oa1"
private_key_file = "okta-key""#;
    let case = Case::new(GLOBEX);
    let file = case.folder.path().join("b.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        text.replacen("[okta]\n", &format!("[okta]\n{service_app}\n"), 1),
    )
    .unwrap();
    let found = case.load().unwrap();
    assert!(
        found[0].blueprint.okta.service_app.is_none(),
        "the tenant has a token"
    );

    let ringed = GLOBEX.replace(
        r#"device_groups = ["All Macs"]"#,
        r#"rings = [{ name = "first", device_groups = ["a"] }]"#,
    );
    let found = Case::new(&ringed).load().unwrap();
    assert_eq!(found[0].blueprint.jumpcloud.device_groups, ["a"]);
}

#[test]
fn what_is_wrong_is_told_with_the_tenant_and_what_is_wrong_for_all_once() {
    for (tenants, expected) in [
        ("tenants = 1", "tenants: is no list of tables"),
        ("tenants = []", "tenants: is an empty list"),
        (
            "tenants = [1]",
            "tenants[1]: is a whole number, not a table",
        ),
        (
            "[[tenants]]\njumpcloud.org_id = \"5f00000000000000000000aa\"",
            "tenants[1].name: is missing",
        ),
        (
            "[[tenants]]\nname = \"Acme\"",
            "tenants[1].jumpcloud.org_id: is missing",
        ),
    ] {
        // A key of the root has to stand before the sections.
        let case = Case::new("");
        let file = case.folder.path().join("b.toml");
        let text = fs::read_to_string(&file).unwrap();
        let text = match tenants.starts_with('[') {
            true => format!("{text}\n{tenants}\n"),
            false => format!("{tenants}\n{text}"),
        };
        fs::write(&file, text).unwrap();
        assert_eq!(case.problems(), [expected], "{tenants}");
    }
    let twice = Case::new(&format!("{ACME}{ACME}")).problems();
    assert_eq!(
        twice,
        [
            "tenants[2].name: is that of `Acme` too",
            "tenants[2].jumpcloud.org_id: is that of `Acme` too"
        ]
    );
    let of_the_account = GLOBEX.replace("org_id", "api_key_file = \"k\"\norg_id");
    let problems = Case::new(&of_the_account).problems();
    assert_eq!(
        problems,
        ["tenant Globex: jumpcloud.api_key_file: is of the account that all tenants share"]
    );

    let slip = GLOBEX.replace("generation", "generatoin");
    let problems = Case::new(&format!("{ACME}{slip}")).problems();
    assert_eq!(problems, ["tenant Globex: generatoin: is not a known key"]);
    let case = Case::new(&format!("{ACME}{GLOBEX}"));
    let file = case.folder.path().join("b.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("retries = 3", "retries = \"3\"")).unwrap();
    assert_eq!(
        case.problems(),
        ["scep.retries: is a text, not a whole number"]
    );
}

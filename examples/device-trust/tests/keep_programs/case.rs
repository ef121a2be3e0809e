//! What runs a program on a blueprint: in a folder of its own, on the embedded sandbox or on one in this process.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use device_trust_sandbox::{Options, RateLimits, Sandbox, Secrets};
use secrecy::SecretString;
use tempfile::TempDir;

const EXAMPLE: &str = include_str!("../../../device-trust.toml");
pub(crate) const CHALLENGE: &str = "canary-scep-challenge-4711";

pub(crate) struct Case {
    folder: TempDir,
}

#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) exit_code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Case {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("b.toml"), EXAMPLE).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Run {
        let Output {
            status,
            stdout,
            stderr,
        } = Command::new(program)
            .arg("--blueprint")
            .arg(self.path("b.toml"))
            .arg("--keep-world")
            .arg(self.path("world.json"))
            .args(arguments)
            .env("SCEP_CHALLENGE", CHALLENGE)
            .env_remove("OKTA_API_TOKEN")
            .env_remove("JUMPCLOUD_API_KEY")
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let run = Run {
            exit_code: status.code().unwrap(),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
        };
        assert!(
            !run.stdout.contains(CHALLENGE) && !run.stderr.contains(CHALLENGE),
            "{run:?}"
        );
        assert!(!run.stderr.contains("panicked"), "{run:?}");
        run
    }
}

/// A sandbox in this process, which the blueprint names as if it were real tenants.
pub(crate) async fn outside() -> (Sandbox, Case) {
    let secret = |text: &str| Some(SecretString::from(text));
    let sandbox = Sandbox::start(Options {
        secrets: Secrets {
            okta_api_token: secret("canary-okta-api-token"),
            jumpcloud_api_key: secret("canary-jumpcloud-api-key"),
            scep_challenge: secret(CHALLENGE),
        },
        rate_limits: RateLimits::unlimited(),
        ..Options::default()
    })
    .await
    .unwrap();
    let case = Case::new();
    let mut pem = String::new();
    for der in sandbox.ca_certificates() {
        pem += &scep_profile::CaCertificate::from_der(&der).unwrap().pem();
    }
    fs::write(case.path("ca.pem"), pem).unwrap();
    let mut text = EXAMPLE.to_owned();
    for (section, url, more) in [
        ("[okta]\n", sandbox.okta_url(), ""),
        ("[jumpcloud]\n", sandbox.jumpcloud_url(), ""),
        (
            "[scep]\n",
            &sandbox.scep_url(),
            "ca_certificates = [\"ca.pem\"]\n",
        ),
    ] {
        text = text.replace(section, &format!("{section}url = \"{url}\"\n{more}"));
    }
    fs::write(case.path("b.toml"), text).unwrap();
    (sandbox, case)
}

impl Case {
    /// Runs a program on the tenants that the blueprint names, with these secrets and no other.
    pub(crate) fn run_outside(
        &self,
        program: &str,
        arguments: &[&str],
        secrets: &[(&str, &str)],
    ) -> Run {
        let output = Command::new(program)
            .args(["--blueprint", "b.toml"])
            .args(arguments)
            .env_remove("SCEP_CHALLENGE")
            .env_remove("OKTA_API_TOKEN")
            .env_remove("JUMPCLOUD_API_KEY")
            .envs(secrets.iter().copied())
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        Run {
            exit_code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

pub(crate) const OKTA: (&str, &str) = ("OKTA_API_TOKEN", "canary-okta-api-token");
pub(crate) const JUMPCLOUD: (&str, &str) = ("JUMPCLOUD_API_KEY", "canary-jumpcloud-api-key");
pub(crate) const SCEP: (&str, &str) = ("SCEP_CHALLENGE", CHALLENGE);

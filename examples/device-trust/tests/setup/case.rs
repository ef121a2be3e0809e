//! A folder with a blueprint and the program to run on it; and a sandbox outside of the program, as real tenants are.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use device_trust_sandbox::{Options, RateLimits, Sandbox, Secrets};
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const EXAMPLE: &str = include_str!("../../../device-trust.toml");
pub(crate) const OKTA_API_TOKEN: &str = "00canary-okta-token-4711";
pub(crate) const JUMPCLOUD_API_KEY: &str = "jca_canary-jumpcloud-key-4711";
pub(crate) const SCEP_CHALLENGE: &str = "canary-scep-challenge-4711";

/// A folder with a blueprint in it, and the program to run on it.
pub(crate) struct Case {
    folder: TempDir,
}

impl Case {
    pub(crate) fn new(blueprint: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("blueprint.toml"), blueprint).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.path("out")
    }

    pub(crate) fn setup(&self, arguments: &[&str]) -> Run {
        Run::of(&self.command(arguments).output().unwrap())
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_setup"));
        command
            .arg("--blueprint")
            .arg(self.path("blueprint.toml"))
            .arg("--out")
            .arg(self.out())
            .args(arguments)
            .env("OKTA_API_TOKEN", OKTA_API_TOKEN)
            .env("JUMPCLOUD_API_KEY", JUMPCLOUD_API_KEY)
            .env("SCEP_CHALLENGE", SCEP_CHALLENGE)
            // A proxy that answers nothing: what is on this machine is not asked for through it.
            .env("HTTP_PROXY", "http://127.0.0.1:9")
            .env("ALL_PROXY", "http://127.0.0.1:9");
        command
    }

    /// The run failed with one clear error, and left nothing behind.
    pub(crate) fn refuses(&self, run: &Run, exit_code: i32, what: &str) {
        assert_eq!(run.exit_code, exit_code, "{run:?}");
        assert!(run.stderr.contains(what), "{what} is not in {run:?}");
        assert!(!run.stderr.contains("panicked"), "{run:?}");
        assert!(!self.out().exists(), "something was written: {run:?}");
        no_secret_in(&run.stderr);
        no_secret_in(&run.stdout);
    }
}

#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) exit_code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            exit_code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }
}

pub(crate) fn no_secret_in(text: &str) {
    use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
    for secret in [OKTA_API_TOKEN, JUMPCLOUD_API_KEY, SCEP_CHALLENGE] {
        assert!(!text.contains(secret), "a secret is in {text}");
        assert!(
            !text.contains(&hex::encode(secret)),
            "a secret in hex is in {text}"
        );
        // Base64 of the secret depends on where it starts; the middle of each of the three forms does not.
        for shift in 0..3 {
            let padded = format!("{}{secret}", "\0".repeat(shift));
            let encoded = STANDARD_NO_PAD.encode(padded);
            let middle = &encoded[4..encoded.len() - 4];
            assert!(!text.contains(middle), "a secret in base64 is in {text}");
        }
    }
}

/// A sandbox in this process, and a blueprint that names it as if it were real tenants.
pub(crate) struct Outside {
    pub(crate) sandbox: Sandbox,
    pub(crate) case: Case,
}

impl Outside {
    pub(crate) async fn start(options: Options) -> Self {
        let sandbox = Sandbox::start(options).await.unwrap();
        let mut pem = String::new();
        for der in sandbox.ca_certificates() {
            pem += &scep_profile::CaCertificate::from_der(&der).unwrap().pem();
        }
        let scep = format!(
            "[scep]\nurl = \"{}\"\nca_certificates = [\"ca.pem\"]\n",
            sandbox.scep_url()
        );
        let case = Case::new(&EXAMPLE.replace("[scep]\n", &scep));
        fs::write(case.path("ca.pem"), pem).unwrap();
        Self { sandbox, case }
    }

    pub(crate) fn setup(&self, more: &[&str]) -> Run {
        Run::of(&self.command(more).output().unwrap())
    }

    pub(crate) fn command(&self, more: &[&str]) -> Command {
        let mut arguments = vec![
            "--okta-url",
            self.sandbox.okta_url(),
            "--jumpcloud-url",
            self.sandbox.jumpcloud_url(),
        ];
        arguments.extend(more);
        self.case.command(&arguments)
    }

    pub(crate) fn writes(&self) -> usize {
        self.sandbox
            .requests()
            .iter()
            .filter(|request| request.is_write())
            .count()
    }

    pub(crate) fn refuses_without_a_write(&self, what: &str) {
        let run = self.setup(&[]);
        self.case.refuses(&run, 1, what);
        assert_eq!(self.writes(), 0);
    }
}

pub(crate) fn secrets() -> Secrets {
    Secrets {
        okta_api_token: Some(SecretString::from(OKTA_API_TOKEN)),
        jumpcloud_api_key: Some(SecretString::from(JUMPCLOUD_API_KEY)),
        scep_challenge: Some(SecretString::from(SCEP_CHALLENGE)),
    }
}

pub(crate) fn options() -> Options {
    Options {
        secrets: secrets(),
        rate_limits: RateLimits::unlimited(),
        ..Options::default()
    }
}

/// Takes everyone out of a group of a world; says whether it was there.
pub(crate) fn empty_group(world: &mut Value, name: &str) -> bool {
    if world["body"]["profile"]["name"] == name {
        world["members"] = Value::Array(Vec::new());
        return true;
    }
    match world {
        Value::Object(fields) => fields.values_mut().any(|field| empty_group(field, name)),
        Value::Array(items) => items.iter_mut().any(|item| empty_group(item, name)),
        _ => false,
    }
}

pub(crate) fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

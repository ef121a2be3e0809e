//! The sandbox inside the program: started with the operator's secrets or random ones, its world loaded and saved.

use std::path::{Path, PathBuf};

use device_trust_sandbox::{Actor, Options, Sandbox, Secrets as SandboxSecrets, World};

use crate::{Error, Secrets, blueprint::SecretSource};

/// A running sandbox, and the file that its world is kept in.
#[derive(Debug)]
pub struct Embedded {
    sandbox: Sandbox,
    given: Secrets,
    keep: Option<PathBuf>,
}

/// How many requests the job sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    /// Requests that change nothing.
    pub reads: usize,
    /// Requests that change something.
    pub writes: usize,
}

impl Embedded {
    /// Starts a sandbox: from the world in `keep` if that file is there, else a fresh one.
    ///
    /// # Errors
    /// [`Error::Input`] when the file is no world, [`Error::Refused`] when the sandbox cannot start.
    pub async fn start(secrets: &Secrets, keep: Option<&Path>) -> Result<Self, Error> {
        let refused = |error: device_trust_sandbox::Error| Error::refused("sandbox", error);
        let world = match keep {
            Some(path) if path.exists() => Some(World::load(path).map_err(|error| {
                Error::input(
                    path,
                    error.to_string(),
                    "a file that an earlier --keep-world wrote, or a new name",
                )
            })?),
            _ => None,
        };
        let secret =
            |source: &Option<SecretSource>| source.as_ref().map(|source| source.secret.clone());
        let options = Options {
            secrets: SandboxSecrets {
                okta_api_token: secret(&secrets.okta_api_token),
                jumpcloud_api_key: secret(&secrets.jumpcloud_api_key),
                scep_challenge: secret(&secrets.scep_challenge),
            },
            world,
            ..Options::default()
        };
        Ok(Self {
            sandbox: Sandbox::start(options).await.map_err(refused)?,
            given: secrets.clone(),
            keep: keep.map(Path::to_owned),
        })
    }

    /// The sandbox.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// The secrets that the operator gave; the sandbox made the others.
    pub(crate) fn given(&self) -> &Secrets {
        &self.given
    }

    /// What the job has sent since the start; what the Macs sent is not counted.
    pub fn traffic(&self) -> Traffic {
        let requests = self.sandbox.requests_of_this_run();
        let admin = requests
            .iter()
            .filter(|request| request.actor == Actor::Admin);
        let writes = admin.clone().filter(|request| request.is_write()).count();
        Traffic {
            reads: admin.count() - writes,
            writes,
        }
    }

    /// Stops the sandbox and saves its world, if it is kept.
    ///
    /// # Errors
    /// [`Error::Refused`] when the world cannot be saved.
    pub async fn stop(self) -> Result<(), Error> {
        let world = self.sandbox.stop().await;
        match self.keep {
            Some(path) => world
                .save(path)
                .map_err(|error| Error::refused("sandbox", error)),
            None => Ok(()),
        }
    }
}

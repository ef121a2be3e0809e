//! All state of a sandbox as one serialisable value.

use std::{fs, io, path::Path};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    error::Error, fleet, jumpcloud, okta, options::Options, private_file,
    recorded::RecordedRequest, scep, secrets::SecretsInUse, seed::Seed,
};

/// The state of both services, the SCEP authority and the Macs, with the secrets and the ports.
///
/// A loaded world goes on where it was saved: same ids, same URLs (the ports are kept, since the
/// SCEP URL stands in the profile), same secrets, same request log.
#[derive(Clone, Serialize, Deserialize)]
pub struct World {
    /// The Okta org.
    pub okta: okta::State,
    /// The JumpCloud organisation.
    pub jumpcloud: jumpcloud::State,
    /// Further organisations of the same JumpCloud administrator, by id; [`World::add_organization`] adds one.
    #[serde(default)]
    pub more_organizations: jumpcloud::Others,
    /// The SCEP certification authority.
    pub scep: scep::State,
    /// The Macs.
    pub fleet: fleet::State,
    /// The secrets in use.
    pub secrets: SecretsInUse,
    /// The listeners' ports; 0 takes a free one.
    pub ports: Ports,
    /// Seconds by which this world's clock is ahead of the real one.
    #[serde(default)]
    pub clock_ahead: i64,
    /// The request log.
    pub requests: Vec<RecordedRequest>,
}

/// The ports of the two listeners.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    /// Okta and SCEP.
    pub okta: u16,
    /// JumpCloud.
    pub jumpcloud: u16,
}

impl World {
    /// A fresh world after the options' seed, secrets and service-app key.
    ///
    /// # Errors
    ///
    /// [`Error::Seed`] when the certification authority cannot be generated.
    pub fn seeded(options: &Options) -> Result<Self, Error> {
        let secrets = SecretsInUse::new(&options.secrets);
        Ok(Self {
            okta: okta::State::seeded(&options.seed, options.service_app_key.clone()),
            jumpcloud: jumpcloud::State::seeded(&options.seed),
            more_organizations: jumpcloud::Others::new(),
            scep: scep::State::generate(
                &options.seed.org,
                &secrets.scep_challenge,
                Timestamp::now(),
            )?,
            fleet: fleet::State::seeded(&options.seed),
            secrets,
            ports: Ports::default(),
            clock_ahead: 0,
            requests: Vec::new(),
        })
    }

    /// Adds an organisation to JumpCloud and gives its id. From now on its administrator has several, so that
    /// `x-org-id` must be sent. Its Macs are records only: no simulated Mac runs for them.
    pub fn add_organization(&mut self, seed: &Seed) -> String {
        let state = jumpcloud::State::seeded(seed);
        let id = state.organization_id().to_owned();
        self.jumpcloud.multi_tenant = true;
        self.more_organizations.insert(id.clone(), state);
        id
    }

    /// The world's time: the real one plus [`World::clock_ahead`].
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        now.checked_add(SignedDuration::from_secs(self.clock_ahead))
            .unwrap_or(now)
    }

    /// Reads a saved world.
    ///
    /// # Errors
    ///
    /// [`Error::File`] when the file cannot be read, [`Error::WorldContent`] when it is not a world.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|source| Error::File {
            path: path.to_owned(),
            source,
        })?;
        serde_json::from_slice(&bytes).map_err(|error| Error::WorldContent {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
        })
    }

    /// Writes the world with mode 0600: a temporary file beside `path`, then a rename, so that a
    /// reader never sees half a world.
    ///
    /// # Errors
    ///
    /// [`Error::File`] when the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        self.write(path).map_err(|source| Error::File {
            path: path.to_owned(),
            source,
        })
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        private_file::write(path, &serde_json::to_vec_pretty(self)?)
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The states hold keys, profiles and bodies: only what is safe to print.
        f.debug_struct("World")
            .field("ports", &self.ports)
            .field("requests", &self.requests.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_world_comes_back_and_only_its_owner_can_read_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("world.json");
        let mut world = World::seeded(&Options::default()).unwrap();
        world.ports = Ports {
            okta: 1,
            jumpcloud: 2,
        };
        world.save(&path).unwrap();
        world.save(&path).unwrap();
        assert_eq!(World::load(&path).unwrap().ports, world.ports);
        assert_eq!(
            fs::read_dir(directory.path()).unwrap().count(),
            1,
            "no temporary file stays"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_file_that_is_no_world_is_named_with_its_position_but_not_quoted() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("world.json");
        fs::write(&path, "{\n  \"secrets\": \"hush\"\n}").unwrap();
        let error = World::load(&path).unwrap_err().to_string();
        assert!(
            error.contains("world.json") && error.contains("line"),
            "{error}"
        );
        assert!(!error.contains("hush"), "{error}");
    }
}

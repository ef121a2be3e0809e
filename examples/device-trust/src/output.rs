//! The files the job leaves behind. Each appears whole or not at all: written beside its place, then renamed.

use std::{
    fs::{self, Permissions},
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use crate::Error;

/// The folder that the files go to, by default `target/device-trust`.
#[derive(Debug, Clone)]
pub struct Output {
    folder: PathBuf,
}

impl Output {
    /// The profile: the one file that holds the challenge, so its mode is 0600.
    pub const PROFILE: &str = "device-trust.mobileconfig";
    /// The plan, without a secret.
    pub const PLAN: &str = "plan.json";
    /// What the logs and results prove.
    pub const EVIDENCE: &str = "evidence.json";
    /// The same for people.
    pub const REPORT: &str = "report.html";

    /// What the names of [`closing`](Self::closing) begin with.
    const CLOSING: &str = "closing-";

    /// The plan that closes the catch-all of an Okta org, there only while it is not known how its write ended. It names
    /// who signed in, so its mode is 0600.
    pub fn closing(org: &str) -> String {
        let id: String = org.chars().filter(char::is_ascii_alphanumeric).collect();
        format!("{}{id}.json", Self::CLOSING)
    }

    /// Files in `folder`, which is made when the first one is written.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// The path of a file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Keeps a record of how to undo what is about to be written to `tenant`, under a name of its own: an earlier
    /// record is never overwritten, since only all of them together lead back to the start.
    ///
    /// # Errors
    /// As for [`write`](Self::write), in words: that is what the clients of both tenants take.
    pub fn keep_undo(&self, tenant: &str, record: &impl serde::Serialize) -> Result<(), String> {
        let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S%.3fZ");
        self.write(
            &format!("undo-{now}-{tenant}.json"),
            &crate::report::json(record),
        )
        .map(drop)
        .map_err(|error| error.to_string())
    }

    /// Writes a file that anyone may read.
    ///
    /// # Errors
    /// [`Error::File`] when the folder or the file cannot be written; an earlier file of that name is then untouched.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<PathBuf, Error> {
        self.write_with_mode(name, content, 0o644)
    }

    /// Writes a file that only its owner may read.
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    pub fn write_secret(&self, name: &str, content: &[u8]) -> Result<PathBuf, Error> {
        self.write_with_mode(name, content, 0o600)
    }

    /// The content of a file, if it is there.
    ///
    /// # Errors
    /// [`Error::File`] when it is there and cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = self.path(name);
        match fs::read(&path) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::File {
                problem: format!("cannot be read: {error}; let this user read it"),
                path,
            }),
        }
    }

    /// Takes a file away, if it is there.
    ///
    /// # Errors
    /// [`Error::File`] when it is there and stays.
    pub fn remove(&self, name: &str) -> Result<(), Error> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::File {
                problem: format!("cannot be removed: {error}; remove it by hand"),
                path,
            }),
            _ => Ok(()),
        }
    }

    /// Whether there is a [`closing`](Self::closing), of any org.
    pub(crate) fn has_closing(&self) -> bool {
        let names = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        names.map(|entry| entry.file_name()).any(|name| {
            name.to_str()
                .is_some_and(|name| name.starts_with(Self::CLOSING))
        })
    }

    fn write_with_mode(&self, name: &str, content: &[u8], mode: u32) -> Result<PathBuf, Error> {
        let path = self.path(name);
        let written = fs::create_dir_all(&self.folder)
            // A temporary file is made with mode 0600, so that a secret is never readable on the way.
            .and_then(|()| tempfile::NamedTempFile::new_in(&self.folder))
            .and_then(|mut file| {
                file.write_all(content)?;
                set_mode(file.path(), mode)?;
                file.persist(&path).map_err(|error| error.error)
            });
        match written {
            Ok(_) => Ok(path),
            Err(error) => Err(Error::File {
                problem: format!("cannot be written: {error}; choose another folder with --out"),
                path,
            }),
        }
    }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(path: &Path, _mode: u32) -> std::io::Result<()> {
    let _: Permissions = fs::metadata(path)?.permissions();
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_profile_is_for_its_owner_only_and_replaces_an_earlier_one_whole() {
        let folder = tempfile::tempdir().unwrap();
        let output = Output::new(folder.path().join("new"));
        output
            .write_secret(Output::PROFILE, b"first and longer")
            .unwrap();
        let path = output.write_secret(Output::PROFILE, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(fs::read_dir(folder.path().join("new")).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, b"").unwrap();
        let error = Output::new(&file).write(Output::PLAN, b"{}").unwrap_err();
        assert!(error.to_string().contains("plan.json"), "{error}");
    }
}

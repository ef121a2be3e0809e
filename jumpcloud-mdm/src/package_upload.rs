//! A package for JumpCloud's storage, and what is there of it. The rule: only a software app that an [`UploadRecord`] shows
//! to be ours, and never sent, is deleted to begin anew.
//!
//! The address to send it to is told once, in the answer to the announcement, and dies with the run that got it.
//!
//! | a software app of that name holds this file | and is | then |
//! |---|---|---|
//! | `AVAILABLE`, `VALIDATING`, `REJECTED` | anyone's | it is used, or waited for, or its rejection told |
//! | `PENDING`, or it does not say | of our record, and never sent | it is deleted, and the package announced anew |
//! | the same | of our record, and perhaps sent | it is waited for |
//! | the same | another's | it is waited for, and told of, and not touched |

mod sending;

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Error, PackageManager, PackageStatus, SoftwareApp, SoftwareSettings, StoredVersion};

/// The line of a software app's description that tells which upload announced it.
const MARK: &str = "upload: ";

/// A package to put into JumpCloud's storage: a signed `.pkg` of at most 5 GB. It is held in memory,
/// once, also while it is sent; `Debug` shows its length.
#[derive(Clone)]
pub struct PackageUpload {
    display_name: String,
    file_name: String,
    description: Option<String>,
    bytes: Bytes,
    sha256: String,
}

/// Which software app an upload announced, and whether its bytes may have been sent. It holds no secret: the address is
/// not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UploadRecord {
    /// The software app's name.
    pub display_name: String,
    /// SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
    /// What the software app's description says in the line `upload: `, and that of no other does.
    pub mark: String,
    /// Whether the bytes may have reached the storage.
    pub sent: bool,
}

impl UploadRecord {
    /// The record of an upload that has not begun, with a mark of its own.
    pub fn new(upload: &PackageUpload) -> Self {
        Self {
            display_name: upload.display_name.clone(),
            sha256: upload.sha256.clone(),
            mark: Uuid::new_v4().simple().to_string(),
            sent: false,
        }
    }

    fn check(&self, upload: &PackageUpload) -> Result<(), Error> {
        if self.display_name == upload.display_name && self.sha256 == upload.sha256 {
            return Ok(());
        }
        Err(Error::input(
            "upload record",
            format!(
                "it is of the package `{}` with SHA-256 {}, not of `{}` with {}; give the record of this package, or none",
                self.display_name, self.sha256, upload.display_name, upload.sha256
            ),
        ))
    }

    /// Whether this upload announced a software app.
    fn announced(&self, app: &SoftwareApp) -> bool {
        let text = app
            .package(&PackageManager::AppleCustom)
            .and_then(|settings| settings.description.as_deref())
            .unwrap_or_default();
        let mut marks = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix(MARK));
        marks.any(|mark| mark == self.mark)
    }
}

/// What JumpCloud has of a package.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// Nothing: it is to be announced.
    Nothing,
    /// A software app to use, to wait for, or to tell of: its id.
    There(String),
    /// Software apps that this upload announced and never sent: their ids.
    Unsent(Vec<String>),
}

impl PackageUpload {
    /// A package by its bytes.
    ///
    /// # Errors
    /// [`Error::Input`] when it is empty, or its file's name does not end as JumpCloud takes it.
    pub fn new(
        display_name: impl Into<String>,
        file_name: impl Into<String>,
        bytes: impl Into<Bytes>,
    ) -> Result<Self, Error> {
        let (file_name, bytes) = (file_name.into(), bytes.into());
        if ![".pkg", ".msi", ".ipa"]
            .iter()
            .any(|ending| file_name.ends_with(ending))
        {
            return Err(Error::input(
                "package",
                format!("`{file_name}` is no .pkg, .msi or .ipa; JumpCloud takes no other"),
            ));
        }
        if bytes.is_empty() {
            return Err(Error::input("package", format!("`{file_name}` is empty")));
        }
        Ok(Self {
            display_name: display_name.into(),
            file_name,
            description: None,
            sha256: hex::encode(Sha256::digest(&bytes)),
            bytes,
        })
    }

    /// Sets the software app's free text. A line that tells the upload is added to it.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// SHA-256 of the file, in hexadecimal digits: how a deployment names it,
    /// [`Package::stored`](crate::deploy::Package::stored).
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    fn body(&self, record: &UploadRecord) -> Value {
        let mut lines: Vec<&str> = self
            .description
            .iter()
            .flat_map(|text| text.lines())
            .collect();
        let mark = format!("{MARK}{}", record.mark);
        lines.push(&mark);
        json!({"displayName": self.display_name, "settings": [{
            "packageManager": PackageManager::AppleCustom,
            "desiredState": "INSTALL",
            "description": lines.join("\n"),
            "storedPackage": {"versions": [{
                "name": self.file_name,
                "version": 1,
                "size": self.bytes.len(),
                "sha256sum": self.sha256,
            }]},
        }]})
    }

    /// Whether a software app holds this very file, or was announced for it.
    fn is_in(&self, record: &UploadRecord, app: &SoftwareApp) -> bool {
        let sum = stored_version(app).and_then(|version| version.sha256sum.as_deref());
        match sum {
            Some(sum) => sum.eq_ignore_ascii_case(&self.sha256),
            None => record.announced(app),
        }
    }

    fn found(&self, record: &UploadRecord, apps: &[SoftwareApp]) -> Found {
        let status = |app: &SoftwareApp| stored_version(app)?.status.clone();
        let rank = |app: &SoftwareApp| match status(app) {
            Some(PackageStatus::Available) => 0,
            Some(PackageStatus::Pending) | None if record.sent || !record.announced(app) => 2,
            Some(PackageStatus::Pending) | None => 3,
            Some(_) => 1,
        };
        let mut holding: Vec<(u8, &SoftwareApp)> = apps
            .iter()
            .filter(|app| self.is_in(record, app))
            .map(|app| (rank(app), app))
            .collect();
        holding.sort_by_key(|(rank, _)| *rank);
        match holding.first() {
            None => Found::Nothing,
            Some((3, _)) => Found::Unsent(holding.iter().map(|(_, app)| app.id.clone()).collect()),
            Some((_, app)) => Found::There(app.id.clone()),
        }
    }
}

fn stored_version(app: &SoftwareApp) -> Option<&StoredVersion> {
    app.package(&PackageManager::AppleCustom)
        .and_then(SoftwareSettings::stored_version)
}

impl fmt::Debug for PackageUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PackageUpload")
            .field("display_name", &self.display_name)
            .field("file_name", &self.file_name)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload() -> PackageUpload {
        PackageUpload::new("Okta Verify", "OktaVerify.pkg", &b"abc"[..]).unwrap()
    }

    fn record(mark: &str, sent: bool) -> UploadRecord {
        UploadRecord {
            mark: mark.into(),
            sent,
            ..UploadRecord::new(&upload())
        }
    }

    /// A software app by the description that it has, and the sum and the status of its newest version.
    fn app(id: &str, description: &str, sum: Option<&str>, status: Option<&str>) -> SoftwareApp {
        serde_json::from_value(json!({"id": id, "settings": [{"packageManager": "APPLE_CUSTOM",
            "description": description, "storedPackage": {"versions": [{"version": 1, "status": "REJECTED"},
                {"version": 2, "sha256sum": sum, "status": status}]}}]}))
        .unwrap()
    }

    #[test]
    fn a_package_is_announced_with_its_size_its_sum_and_the_mark_of_its_upload() {
        let upload = upload().description("for all\ndeployed-by: device-trust");
        insta::assert_snapshot!(upload.body(&record("m1", false)), @r#"{"displayName":"Okta Verify","settings":[{"description":"for all\ndeployed-by: device-trust\nupload: m1","desiredState":"INSTALL","packageManager":"APPLE_CUSTOM","storedPackage":{"versions":[{"name":"OktaVerify.pkg","sha256sum":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","size":3,"version":1}]}}]}"#);
        assert!(PackageUpload::new("x", "x.dmg", &b"abc"[..]).is_err());
        assert!(PackageUpload::new("x", "x.pkg", &b""[..]).is_err());
        assert!(!format!("{upload:?}").contains("97"));
    }

    #[test]
    fn only_what_the_record_shows_as_ours_and_never_sent_is_begun_anew() {
        let upload = upload();
        let (ours, sum) = ("by Ann\nupload: m1", upload.sha256.to_uppercase());
        let found = |record: &UploadRecord, description: &str, status: Option<&str>| {
            upload.found(record, &[app("a", description, Some(&sum), status)])
        };
        let there = || Found::There("a".into());
        for status in [Some("PENDING"), None] {
            let unsent = Found::Unsent(vec!["a".into()]);
            assert_eq!(found(&record("m1", false), ours, status), unsent);
            assert_eq!(found(&record("m1", true), ours, status), there());
            assert_eq!(found(&record("m2", false), ours, status), there());
            assert_eq!(found(&record("m1", false), "by hand", status), there());
        }
        for status in ["AVAILABLE", "VALIDATING", "REJECTED", "future"] {
            assert_eq!(found(&record("m1", false), ours, Some(status)), there());
        }
    }

    #[test]
    fn only_this_very_file_counts_as_there() {
        let (upload, record) = (upload(), record("m1", false));
        let found = |app| upload.found(&record, &[app]);
        let other = app("a", "upload: m1", Some("00"), Some("AVAILABLE"));
        assert_eq!(found(other), Found::Nothing);
        // A sum that is not told: what we announced is ours all the same.
        let there = Found::There("a".into());
        assert_eq!(
            found(app("a", "upload: m1", None, Some("AVAILABLE"))),
            there
        );
        assert_eq!(
            found(app("a", "by hand", None, Some("AVAILABLE"))),
            Found::Nothing
        );
    }

    #[test]
    fn of_several_the_one_that_is_furthest_is_used_and_none_is_deleted() {
        let upload = upload();
        let sum = Some(upload.sha256.as_str());
        let apps = [
            app("ours", "upload: m1", sum, Some("PENDING")),
            app("hand", "", sum, Some("PENDING")),
            app("checked", "", sum, Some("VALIDATING")),
            app("good", "", sum, Some("AVAILABLE")),
        ];
        let record = record("m1", false);
        for (count, wanted) in [(4, "good"), (3, "checked"), (2, "hand")] {
            let found = upload.found(&record, &apps[..count]);
            assert_eq!(found, Found::There(wanted.into()));
        }
    }

    #[test]
    fn the_record_of_another_package_is_refused() {
        let other = PackageUpload::new("Okta Verify", "OktaVerify.pkg", &b"abd"[..]).unwrap();
        let error = UploadRecord::new(&other).check(&upload()).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("give the record of this package, or none"),
            "{error}"
        );
        assert_ne!(
            UploadRecord::new(&other).mark,
            UploadRecord::new(&other).mark
        );
    }
}

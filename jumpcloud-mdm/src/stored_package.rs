//! Packages in JumpCloud's own storage: created as a software app, sent to a presigned address, then checked by
//! JumpCloud. The rule: that address gets the bytes and nothing else, above all no key.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::{
    Error, JumpCloud, PackageManager, SoftwareApp, SoftwareSettings,
    wire::{open_enum, resource},
};

open_enum! {
    /// How far JumpCloud is with a stored package.
    pub enum PackageStatus {
        /// `PENDING`: its bytes have not arrived
        Pending = "PENDING",
        /// `VALIDATING`: its signature is checked
        Validating = "VALIDATING",
        /// `AVAILABLE`
        Available = "AVAILABLE",
        /// `REJECTED`
        Rejected = "REJECTED",
    }
}

resource! {
    /// A package in JumpCloud's storage (`object-storage-item`).
    #[derive(Debug)]
    #[serde(rename_all = "camelCase")]
    pub struct StoredPackage {
        /// The id.
        pub object_id: Option<String>,
        /// Its versions.
        pub versions: Option<Vec<StoredVersion>>,
    }
}

resource! {
    /// A version of a stored package (`object-storage-version`).
    #[derive(Debug)]
    #[serde(rename_all = "camelCase")]
    pub struct StoredVersion {
        /// The file's name.
        pub name: Option<String>,
        /// The version's number.
        pub version: Option<i64>,
        /// The size in bytes.
        pub size: Option<i64>,
        /// SHA-256 of the file, in hexadecimal digits.
        pub sha256sum: Option<String>,
        /// How far it is.
        pub status: Option<PackageStatus>,
        /// Why it was rejected.
        pub rejected_reason: Option<String>,
        /// Facts about the file, as they came.
        pub metadata: Option<Value>,
    }
}

impl SoftwareSettings {
    /// The version of the stored package that was sent last.
    pub fn stored_version(&self) -> Option<&StoredVersion> {
        let versions = self.stored_package.as_ref()?.versions.as_deref()?;
        versions
            .iter()
            .max_by_key(|version| version.version.unwrap_or_default())
    }
}

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

    /// Sets the software app's free text.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    fn body(&self) -> Value {
        let mut settings = json!({
            "packageManager": PackageManager::AppleCustom,
            "desiredState": "INSTALL",
            "storedPackage": {"versions": [{
                "name": self.file_name,
                "version": 1,
                "size": self.bytes.len(),
                "sha256sum": self.sha256,
            }]},
        });
        if let Some(description) = &self.description {
            settings["description"] = json!(description);
        }
        json!({"displayName": self.display_name, "settings": [settings]})
    }

    /// Whether a software app of this name holds this very file.
    fn is_in(&self, app: &SoftwareApp) -> Option<PackageStatus> {
        let version = app
            .package(&PackageManager::AppleCustom)?
            .stored_version()?;
        (version.sha256sum.as_deref() == Some(&self.sha256))
            .then(|| version.status.clone())
            .flatten()
    }
}

impl std::fmt::Debug for PackageUpload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PackageUpload")
            .field("display_name", &self.display_name)
            .field("file_name", &self.file_name)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

impl JumpCloud {
    /// Puts a package into JumpCloud's storage as a software app, and waits until it is available.
    ///
    /// `POST /api/v2/softwareapps` gives a presigned address; it gets a `PUT` of the bytes, without key; then
    /// `GET /api/v2/softwareapps/{id}` is read until the check has ended.
    ///
    /// It can be repeated: a software app of that name that holds this very file is used. One that was never sent,
    /// because an earlier run was killed, is deleted first, since its address is known to that run only.
    ///
    /// # Errors
    /// [`Error::UploadRejected`] with JumpCloud's reason; [`Error::Upload`] when the storage refuses the bytes, or it or the
    /// check does not end within `timeout`; else an [`Error`] by the answer's meaning.
    pub async fn upload_package(
        &self,
        upload: &PackageUpload,
        timeout: Duration,
    ) -> Result<SoftwareApp, Error> {
        let deadline = Instant::now() + timeout;
        for app in self.software_apps_named(&upload.display_name).await? {
            match upload.is_in(&app) {
                Some(PackageStatus::Pending) => self.delete_software_app(&app.id).await?,
                Some(_) => return self.checked_package(&app.id, deadline).await,
                None => {}
            }
        }
        let created = self.create_software_app(&upload.body()).await?;
        let address = created
            .extra
            .get("uploadUrl")
            .and_then(Value::as_str)
            .unwrap_or_default();
        self.send_package(address, upload, deadline).await?;
        self.checked_package(&created.id, deadline).await
    }

    /// Sends the bytes. The storage is another host: no key, no header of ours, no redirect.
    async fn send_package(
        &self,
        address: &str,
        upload: &PackageUpload,
        deadline: Instant,
    ) -> Result<(), Error> {
        let failed = |reason: String| Error::Upload {
            package: upload.display_name.clone(),
            reason,
        };
        let base = address.split(['?', '#']).next().unwrap_or_default();
        let origin = devtrust_transport::Origin::parse(base)
            .map_err(|_| failed("JumpCloud gave no https address to send it to".into()))?;
        let mut builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        if origin.url().scheme() == "http" {
            builder = builder.no_proxy();
        }
        // The address carries a signature, so no text of an error may hold it.
        let plain = |error: reqwest::Error| failed(error.without_url().to_string());
        let http = builder.build().map_err(plain)?;
        let mut attempt = 1;
        loop {
            let sending = http.put(address).body(upload.bytes.clone()).send();
            let Ok(sent) = tokio::time::timeout_at(deadline, sending).await else {
                return Err(failed(
                    "the storage has not taken it in time; run again, with more time".into(),
                ));
            };
            let reason = match sent {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                Ok(answer) if answer.status().is_client_error() => {
                    let status = answer.status().as_u16();
                    return Err(failed(format!(
                        "the storage answers {status}; its addresses live for a quarter of an hour, so run again"
                    )));
                }
                Ok(answer) => format!("the storage answers {}", answer.status().as_u16()),
                Err(error) => error.without_url().to_string(),
            };
            // The same bytes to the same address: sending them again does no harm.
            if attempt == ATTEMPTS {
                return Err(failed(reason));
            }
            attempt += 1;
            tokio::time::sleep(self.settle()).await;
        }
    }

    /// Reads the software app until JumpCloud has checked its package.
    async fn checked_package(&self, id: &str, deadline: Instant) -> Result<SoftwareApp, Error> {
        loop {
            let app = self.software_app(id).await?;
            let package = app.display_name.clone().unwrap_or_default();
            let version = app
                .package(&PackageManager::AppleCustom)
                .and_then(SoftwareSettings::stored_version);
            match version.map(|version| (version.status.clone(), &version.rejected_reason)) {
                Some((Some(PackageStatus::Available), _)) => return Ok(app),
                Some((Some(PackageStatus::Rejected), reason)) => {
                    return Err(Error::UploadRejected {
                        package,
                        reason: reason.clone().unwrap_or_default(),
                    });
                }
                None => {
                    return Err(Error::Upload {
                        package,
                        reason: "the software app has no stored package".into(),
                    });
                }
                Some(_) if Instant::now() >= deadline => {
                    return Err(Error::Upload {
                        package,
                        reason: "JumpCloud has not checked it in time; run again later".into(),
                    });
                }
                Some(_) => tokio::time::sleep(self.settle()).await,
            }
        }
    }
}

/// How often the bytes are sent.
const ATTEMPTS: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_announced_with_its_size_and_sum() {
        let upload = PackageUpload::new("Okta Verify", "OktaVerify.pkg", &b"abc"[..]).unwrap();
        insta::assert_snapshot!(upload.body(), @r#"{"displayName":"Okta Verify","settings":[{"desiredState":"INSTALL","packageManager":"APPLE_CUSTOM","storedPackage":{"versions":[{"name":"OktaVerify.pkg","sha256sum":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","size":3,"version":1}]}}]}"#);
        assert!(PackageUpload::new("x", "x.dmg", &b"abc"[..]).is_err());
        assert!(PackageUpload::new("x", "x.pkg", &b""[..]).is_err());
        assert!(!format!("{upload:?}").contains("97"));
    }

    #[test]
    fn only_this_very_file_counts_as_there() {
        let upload = PackageUpload::new("Okta Verify", "OktaVerify.pkg", &b"abc"[..]).unwrap();
        let app = |sum: &str| -> SoftwareApp {
            serde_json::from_value(
                json!({"id": "a", "settings": [{"packageManager": "APPLE_CUSTOM",
                "storedPackage": {"versions": [{"version": 1, "status": "REJECTED"},
                    {"version": 2, "sha256sum": sum, "status": "AVAILABLE"}]}}]}),
            )
            .unwrap()
        };
        assert_eq!(
            upload.is_in(&app(&upload.sha256)),
            Some(PackageStatus::Available)
        );
        assert_eq!(upload.is_in(&app("00")), None);
    }
}

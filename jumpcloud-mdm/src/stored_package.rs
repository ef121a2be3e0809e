//! Packages in JumpCloud's own storage, and how far JumpCloud is with each.

use serde_json::Value;

use crate::{
    SoftwareSettings,
    wire::{open_enum, resource},
};

open_enum! {
    /// How far JumpCloud is with a stored package.
    pub enum PackageStatus {
        /// `PENDING`: its bytes have not arrived, or JumpCloud has not looked at them yet
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

//! Device assurance policies: what a device must be like. A rule of an app sign-in policy names them by id.
//!
//! PUT replaces the whole object. DELETE is refused (409) while a rule uses it.

mod signals;

use crate::{
    Error, Links, Okta, Request,
    lossless::{lossless, open_enum},
    request::json_of,
};

pub use crate::devices::DevicePlatform;
pub use signals::{
    AndroidDeviceTrust, BrowserVersion, ChromeDeviceTrust, DevicePostureIdp, SignalProviders,
};

lossless! {
    /// A device assurance policy (schema `DeviceAssurance` and its variants). Which fields are allowed depends on the
    /// platform.
    DeviceAssurance {
        /// Its id.
        id: String,
        /// Its name.
        name: Option<String>,
        /// The platform that it is for.
        platform: Option<DevicePlatform>,
        /// The version of the system.
        os_version: Option<OsVersionRule>,
        /// The versions of Windows, one item for each major version.
        os_version_constraints: Option<Vec<OsVersionConstraint>>,
        /// How the disk must be encrypted.
        disk_encryption_type: Option<DiskEncryption>,
        /// How the screen must be locked.
        screen_lock_type: Option<ScreenLock>,
        /// Whether keys must be kept in hardware.
        secure_hardware_present: Option<bool>,
        /// Whether the device must be jailbroken or rooted, or must not.
        jailbreak: Option<bool>,
        /// What other providers must say of it.
        third_party_signal_providers: Option<SignalProviders>,
        /// Custom checks.
        device_posture_checks: Option<PostureChecks>,
        /// Whether people are told how to mend their device.
        display_remediation_mode: Option<RemediationMode>,
        /// How long a device that does not meet it still gets in.
        grace_period: Option<AssuranceGracePeriod>,
        /// Who made it.
        created_by: Option<String>,
        /// When it was made.
        created_date: Option<String>,
        /// Who changed it last.
        last_updated_by: Option<String>,
        /// When it was last changed.
        last_update: Option<String>,
        /// Related URLs.
        #[serde(rename = "_links")]
        links: Option<Links>,
    }
}

impl DeviceAssurance {
    /// What a Mac must be like, with a name and nothing else.
    pub fn macos(name: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            platform: Some(DevicePlatform::Macos),
            ..Self::default()
        }
    }
}

lossless! {
    /// The version that a system must have.
    OsVersionRule {
        /// The lowest, such as `15.6.1`.
        minimum: Option<String>,
        /// The lowest, counted from the newest.
        dynamic_version_requirement: Option<DynamicVersion>,
    }
}

lossless! {
    /// The version that a major version of Windows must have.
    OsVersionConstraint {
        /// `WINDOWS_11` or `WINDOWS_10`.
        major_version_constraint: Option<String>,
        /// The lowest.
        minimum: Option<String>,
        /// The lowest, counted from the newest.
        dynamic_version_requirement: Option<DynamicVersion>,
    }
}

lossless! {
    /// A version counted from the newest.
    DynamicVersion {
        /// How it is counted.
        #[serde(rename = "type")]
        kind: Option<DynamicVersionType>,
        /// How many major versions behind the newest.
        distance_from_latest_major: Option<u32>,
        /// Whether it must have the newest security patch.
        latest_security_patch: Option<bool>,
    }
}

open_enum! {
    /// How a version is counted from the newest.
    DynamicVersionType {
        Minimum = "MINIMUM",
        Exact = "EXACT",
        ExactAnySupported = "EXACT_ANY_SUPPORTED",
        NotAllowed = "NOT_ALLOWED",
    }
}

lossless! {
    /// How a disk may be encrypted.
    DiskEncryption {
        /// One of these: `ALL_INTERNAL_VOLUMES`, or `FULL` and `USER` for Android.
        include: Option<Vec<String>>,
    }
}

lossless! {
    /// How a screen may be locked.
    ScreenLock {
        /// One of these.
        include: Option<Vec<ScreenLockType>>,
    }
}

open_enum! {
    /// How a screen is locked.
    ScreenLockType {
        Biometric = "BIOMETRIC",
        Passcode = "PASSCODE",
        None = "NONE",
    }
}

lossless! {
    /// Custom checks.
    PostureChecks {
        /// The checks, all of which must hold.
        include: Option<Vec<PostureCheck>>,
    }
}

lossless! {
    /// The value that a custom check must have.
    PostureCheck {
        /// The check's variable.
        variable_name: Option<String>,
        /// The value.
        value: Option<String>,
    }
}

open_enum! {
    /// Whether people are told how to mend their device.
    RemediationMode {
        Show = "SHOW",
        Hide = "HIDE",
    }
}

lossless! {
    /// How long a device that does not meet a policy still gets in.
    AssuranceGracePeriod {
        /// How it ends.
        #[serde(rename = "type")]
        kind: Option<AssuranceGracePeriodType>,
        /// A time, or an ISO 8601 duration.
        expiry: Option<String>,
    }
}

open_enum! {
    /// How a grace period ends.
    AssuranceGracePeriodType {
        ByDateTime = "BY_DATE_TIME",
        ByDuration = "BY_DURATION",
    }
}

/// `GET /api/v1/device-assurances`
pub fn list() -> Request {
    Request::get(["api", "v1", "device-assurances"])
}

/// `GET /api/v1/device-assurances/{id}`
pub fn get(id: &str) -> Request {
    Request::get(["api", "v1", "device-assurances", id])
}

/// `POST /api/v1/device-assurances`
pub fn create(assurance: &DeviceAssurance) -> Request {
    Request::post(["api", "v1", "device-assurances"]).body(writable(assurance))
}

/// `PUT /api/v1/device-assurances/{id}`: replaces the whole policy.
pub fn replace(id: &str, assurance: &DeviceAssurance) -> Request {
    Request::put(["api", "v1", "device-assurances", id]).body(writable(assurance))
}

/// `DELETE /api/v1/device-assurances/{id}`: refused (409) while a rule uses it.
pub fn delete(id: &str) -> Request {
    Request::delete(["api", "v1", "device-assurances", id])
}

fn writable(assurance: &DeviceAssurance) -> serde_json::Value {
    let mut body = json_of(assurance);
    if let Some(map) = body.as_object_mut() {
        for key in [
            "id",
            "createdBy",
            "createdDate",
            "lastUpdatedBy",
            "lastUpdate",
            "_links",
        ] {
            map.remove(key);
        }
    }
    body
}

impl Okta {
    /// All device assurance policies.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn device_assurances(&self) -> Result<Vec<DeviceAssurance>, Error> {
        self.list(list()).await
    }

    /// A device assurance policy.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn device_assurance(&self, id: &str) -> Result<DeviceAssurance, Error> {
        self.read(&get(id)).await
    }

    /// Creates a device assurance policy and returns it as Okta stored it.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn create_device_assurance(
        &self,
        assurance: &DeviceAssurance,
    ) -> Result<DeviceAssurance, Error> {
        self.read(&create(assurance)).await
    }

    /// Replaces a device assurance policy and returns it as Okta stored it.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn replace_device_assurance(
        &self,
        id: &str,
        assurance: &DeviceAssurance,
    ) -> Result<DeviceAssurance, Error> {
        self.read(&replace(id, assurance)).await
    }

    /// Deletes a device assurance policy.
    ///
    /// # Errors
    /// As [`Okta::send`]; [`Error::Conflict`] while a rule uses it.
    pub async fn delete_device_assurance(&self, id: &str) -> Result<(), Error> {
        self.send(&delete(id)).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_holds_nothing_that_only_the_server_writes() {
        let mut assurance = DeviceAssurance::macos("Macs with FileVault");
        assurance.id = "dae1".into();
        assurance.created_by = Some("00u1".into());
        assurance.disk_encryption_type = Some(DiskEncryption {
            include: Some(vec!["ALL_INTERNAL_VOLUMES".into()]),
            ..DiskEncryption::default()
        });
        let request = replace("dae1", &assurance);
        assert_eq!(request.to_string(), "PUT /api/v1/device-assurances/dae1");
        assert_eq!(
            request.json_body(),
            Some(&json!({"name": "Macs with FileVault", "platform": "MACOS",
                         "diskEncryptionType": {"include": ["ALL_INTERNAL_VOLUMES"]}}))
        );
        assert_eq!(
            create(&assurance).to_string(),
            "POST /api/v1/device-assurances"
        );
        assert_eq!(
            delete("dae1").to_string(),
            "DELETE /api/v1/device-assurances/dae1"
        );
        assert_eq!(
            get("dae1").to_string(),
            "GET /api/v1/device-assurances/dae1"
        );
        assert_eq!(list().to_string(), "GET /api/v1/device-assurances");
    }
}

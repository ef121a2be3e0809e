//! Devices and who uses them. The per-user `managementStatus` is the dependable sign of management; a device's own
//! `managed` can be absent.

use futures::Stream;

use crate::{
    Error, Links, Okta, Request, Time,
    lossless::{lossless, open_enum},
};

open_enum! {
    /// The state of a device.
    DeviceStatus {
        Active = "ACTIVE",
        Suspended = "SUSPENDED",
        Deactivated = "DEACTIVATED",
        Unsuspended = "UNSUSPENDED",
        Created = "CREATED",
    }
}

open_enum! {
    /// The platform of a device.
    DevicePlatform {
        Macos = "MACOS",
        Windows = "WINDOWS",
        Ios = "IOS",
        Android = "ANDROID",
    }
}

lossless! {
    /// A device registered with Okta Verify (schema `Device`).
    Device {
        /// Its id.
        id: String,
        /// Its state.
        status: Option<DeviceStatus>,
        /// What it is.
        profile: Option<DeviceProfile>,
        /// `UDDevice`.
        resource_type: Option<String>,
        /// Its name for people.
        resource_display_name: Option<DeviceDisplayName>,
        /// The same as `id`.
        resource_id: Option<String>,
        /// Another id.
        resource_alternate_id: Option<String>,
        /// When it was made.
        created: Option<Time>,
        /// When it was last changed. The index that lists are served from lags behind.
        last_updated: Option<Time>,
        /// Related URLs.
        #[serde(rename = "_links")]
        links: Option<Links>,
    }
}

lossless! {
    /// What a device is (schema `DeviceProfile`). `serial_number` and `udid` match it with an MDM server's device.
    DeviceProfile {
        /// Its name.
        display_name: Option<String>,
        /// Its platform.
        platform: Option<DevicePlatform>,
        /// Its maker.
        manufacturer: Option<String>,
        /// Its model, such as `Mac15,9`.
        model: Option<String>,
        /// The version of its system.
        os_version: Option<String>,
        /// Its serial number.
        serial_number: Option<String>,
        /// Its hardware UUID (macOS).
        udid: Option<String>,
        /// Its security identifier (Windows).
        sid: Option<String>,
        /// Its IMEI.
        imei: Option<String>,
        /// Its MEID.
        meid: Option<String>,
        /// Whether it is registered.
        registered: Option<bool>,
        /// Whether it is managed; absent is not `false`.
        managed: Option<bool>,
        /// Whether it keeps keys in hardware.
        secure_hardware_present: Option<bool>,
        /// Whether it is jailbroken or rooted.
        integrity_jailbreak: Option<bool>,
        /// How its disk is encrypted, such as `ALL_INTERNAL_VOLUMES`.
        disk_encryption_type: Option<String>,
        /// A hash of its TPM's public key (Windows).
        tpm_public_key_hash: Option<String>,
    }
}

lossless! {
    /// The name of a device for people.
    DeviceDisplayName {
        /// The name.
        value: Option<String>,
        /// Whether it is sensitive.
        sensitive: Option<bool>,
    }
}

open_enum! {
    /// Whether a device is managed for a user.
    ManagementStatus {
        Managed = "MANAGED",
        NotManaged = "NOT_MANAGED",
    }
}

lossless! {
    /// A user of a device (schema `DeviceUser`).
    DeviceUser {
        /// Whether the device is managed for this user.
        management_status: Option<ManagementStatus>,
        /// `NONE`, `PASSCODE` or `BIOMETRIC`.
        screen_lock_type: Option<String>,
        /// When the user was added.
        created: Option<Time>,
        /// Who.
        user: Option<UserRef>,
    }
}

lossless! {
    /// A user, as far as device trust needs it.
    UserRef {
        /// The user's id.
        id: String,
        /// The user's profile.
        profile: Option<UserProfile>,
    }
}

lossless! {
    /// A user's profile, as far as device trust needs it.
    UserProfile {
        /// The name to sign in with.
        login: Option<String>,
    }
}

/// `GET /api/v1/devices`, with a SCIM search such as `profile.platform eq "MACOS"`.
pub fn list(search: Option<&str>) -> Request {
    let request = Request::get(["api", "v1", "devices"]).query("limit", "200");
    match search {
        Some(search) => request.query("search", search),
        None => request,
    }
}

/// `GET /api/v1/devices/{id}`
pub fn get(id: &str) -> Request {
    Request::get(["api", "v1", "devices", id])
}

/// `GET /api/v1/devices/{id}/users`
pub fn users(id: &str) -> Request {
    Request::get(["api", "v1", "devices", id, "users"])
}

impl Okta {
    /// The devices that match a SCIM search, page by page.
    pub fn devices(
        &self,
        search: Option<&str>,
    ) -> impl Stream<Item = Result<Device, Error>> + use<> {
        self.pages(list(search))
    }

    /// A device.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn device(&self, id: &str) -> Result<Device, Error> {
        self.read(&get(id)).await
    }

    /// The users of a device, each with the state of its management.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn device_users(&self, id: &str) -> Result<Vec<DeviceUser>, Error> {
        self.list(users(id)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_may_search() {
        assert_eq!(list(None).query_pairs().len(), 1);
        let request = list(Some("profile.platform eq \"MACOS\""));
        assert_eq!(
            request.query_pairs()[1],
            ("search".into(), "profile.platform eq \"MACOS\"".into())
        );
        assert_eq!(users("guo1").to_string(), "GET /api/v1/devices/guo1/users");
        assert_eq!(get("guo1").to_string(), "GET /api/v1/devices/guo1");
    }

    #[test]
    fn an_absent_managed_is_not_false() {
        let device: Device = serde_json::from_str(
            r#"{"id": "guo1", "profile": {"platform": "MACOS", "registered": true}}"#,
        )
        .unwrap();
        assert_eq!(device.profile.unwrap().managed, None);
    }
}

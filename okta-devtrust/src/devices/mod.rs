//! Devices and who uses them. The per-user `managementStatus` is the dependable sign of management; a device's own
//! `managed` can be absent.

use futures::Stream;

use crate::{
    Error, Links, Okta, Request, Time,
    lossless::{lossless, open_enum},
    users::User,
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
        /// What else is known of it.
        #[serde(rename = "_embedded")]
        embedded: Option<DeviceEmbedded>,
        /// Related URLs.
        #[serde(rename = "_links")]
        links: Option<Links>,
    }
}

impl Device {
    /// What an MDM server knows the same device by.
    pub fn join_key(&self) -> JoinKey {
        let profile = self.profile.as_ref();
        JoinKey {
            serial_number: profile.and_then(|profile| profile.serial_number.clone()),
            udid: profile.and_then(|profile| profile.udid.clone()),
        }
    }
}

/// What an MDM server knows a Mac by: its serial number and its hardware UUID. Either may be missing.
///
/// ```
/// use okta_devtrust::devices::JoinKey;
///
/// let okta = JoinKey::new(Some("C02XK1ZGJGH5"), Some("4C4C4544-0036-3010-8058-B4C04F4B3432"));
/// assert!(okta.is_same_mac(&JoinKey::new(Some("c02xk1zgjgh5"), None)));
/// assert!(!okta.is_same_mac(&JoinKey::new(Some("C02OTHER"), Some("4C4C4544-0036-3010-8058-B4C04F4B3432"))));
/// assert!(!okta.is_same_mac(&JoinKey::default()));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct JoinKey {
    /// The serial number.
    pub serial_number: Option<String>,
    /// The hardware UUID.
    pub udid: Option<String>,
}

impl JoinKey {
    /// The key of a serial number and a hardware UUID.
    pub fn new(serial_number: Option<&str>, udid: Option<&str>) -> Self {
        Self {
            serial_number: serial_number.map(str::to_owned),
            udid: udid.map(str::to_owned),
        }
    }

    /// Whether both are of one Mac, without regard to case: the serial numbers where both have one, else the UUIDs.
    pub fn is_same_mac(&self, other: &Self) -> bool {
        let same = |mine: &Option<String>, theirs: &Option<String>| match (mine, theirs) {
            (Some(mine), Some(theirs)) => Some(mine.trim().eq_ignore_ascii_case(theirs.trim())),
            _ => None,
        };
        same(&self.serial_number, &other.serial_number)
            .or_else(|| same(&self.udid, &other.udid))
            .unwrap_or(false)
    }
}

lossless! {
    /// What else is known of a device.
    DeviceEmbedded {
        /// Its users, when the list was asked to `expand` them.
        users: Option<Vec<DeviceUser>>,
        /// Where it comes from; seen when a device is read by its id, not documented.
        originated_from: Option<Vec<DeviceOrigin>>,
    }
}

lossless! {
    /// Where a device comes from.
    DeviceOrigin {
        /// The id.
        id: Option<String>,
        /// The name.
        name: Option<String>,
        /// The key, such as `okta_verify`.
        key: Option<String>,
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
        user: Option<User>,
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

/// `POST /api/v1/devices/{id}/lifecycle/suspend`: it cannot attest until it is unsuspended.
pub fn suspend(id: &str) -> Request {
    Request::post(["api", "v1", "devices", id, "lifecycle", "suspend"])
}

/// `POST /api/v1/devices/{id}/lifecycle/unsuspend`
pub fn unsuspend(id: &str) -> Request {
    Request::post(["api", "v1", "devices", id, "lifecycle", "unsuspend"])
}

/// `POST /api/v1/devices/{id}/lifecycle/activate`
pub fn activate(id: &str) -> Request {
    Request::post(["api", "v1", "devices", id, "lifecycle", "activate"])
}

/// `POST /api/v1/devices/{id}/lifecycle/deactivate`: its certificate is suspended and its users are taken off.
pub fn deactivate(id: &str) -> Request {
    Request::post(["api", "v1", "devices", id, "lifecycle", "deactivate"])
}

/// `DELETE /api/v1/devices/{id}`: allowed when deactivated. Its certificate is revoked.
pub fn delete(id: &str) -> Request {
    Request::delete(["api", "v1", "devices", id])
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
        for (request, verb) in [
            (suspend("guo1"), "suspend"),
            (unsuspend("guo1"), "unsuspend"),
            (activate("guo1"), "activate"),
            (deactivate("guo1"), "deactivate"),
        ] {
            let text = format!("POST /api/v1/devices/guo1/lifecycle/{verb}");
            assert_eq!(request.to_string(), text);
        }
        assert_eq!(delete("guo1").to_string(), "DELETE /api/v1/devices/guo1");
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

//! Apple MDM: whether it is set up, and the devices in it.

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    Items, JumpCloud, ListOptions,
    list::ListRoute,
    wire::{open_enum, resource},
};

open_enum! {
    /// The state of the Automated Device Enrollment token.
    pub enum TokenState {
        /// `unknown`
        Unknown = "unknown",
        /// `missing`
        Missing = "missing",
        /// `valid`
        Valid = "valid",
        /// `expired`
        Expired = "expired",
    }
}

resource! {
    /// The Apple MDM of an organisation (`/api/v2/applemdms`); there is one, or none.
    #[derive(Debug)]
    #[serde(rename_all = "camelCase")]
    pub struct AppleMdm {
        /// The id.
        pub id: String,
        /// The name.
        pub name: Option<String>,
        /// The organisation's id.
        pub organization: Option<String>,
        /// The push topic; empty while the push certificate is missing.
        pub apns_push_topic: Option<String>,
        /// When the push certificate expires, RFC 3339.
        pub apns_cert_expiry: Option<String>,
        /// The Apple account that made the push certificate.
        #[serde(rename = "appleCertCreatorAppleID")]
        pub apple_cert_creator_apple_id: Option<String>,
        /// The push certificate's serial number.
        pub apple_cert_serial_number: Option<String>,
        /// The state of the Automated Device Enrollment token.
        pub dep_server_token_state: Option<TokenState>,
        /// When that token expires, RFC 3339.
        pub dep_access_token_expiry: Option<String>,
        /// Whether users may enrol mobile devices.
        pub allow_mobile_user_enrollment: Option<bool>,
        /// Deprecated by JumpCloud.
        #[serde(rename = "defaultSystemGroupID")]
        pub default_system_group_id: Option<String>,
        /// The device group of user-enrolled iOS devices.
        #[serde(rename = "defaultIosUserEnrollmentDeviceGroupID")]
        pub default_ios_user_enrollment_device_group_id: Option<String>,
        /// Automated Device Enrollment, as it came.
        pub ades: Option<Value>,
        /// Automated Device Enrollment of old, as it came.
        pub dep: Option<Value>,
        /// Whether service discovery is on.
        pub service_discovery_enabled: Option<bool>,
    }
}

resource! {
    /// A device in Apple MDM (`/api/v2/applemdms/{id}/devices`).
    #[derive(Debug)]
    #[serde(rename_all = "camelCase")]
    pub struct AppleMdmDevice {
        /// The id.
        pub id: String,
        /// The Apple MDM's id.
        pub apple_mdm_id: Option<String>,
        /// The serial number, which joins it to a [`System`](crate::System).
        pub serial_number: Option<String>,
        /// Apple's device id.
        pub udid: Option<String>,
        /// The operating system's version.
        pub os_version: Option<String>,
        /// The operating system family.
        pub mdm_os_family: Option<String>,
        /// The model family.
        pub model_family: Option<String>,
        /// Whether Apple knows it for Automated Device Enrollment.
        pub dep_registered: Option<bool>,
        /// Whether it is enrolled.
        pub enrolled: Option<bool>,
        /// When it was added, RFC 3339.
        pub created_at: Option<String>,
        /// Whether activation lock bypass codes are kept.
        pub has_activation_lock_bypass_codes: Option<bool>,
        /// Security facts, as they came; may be empty.
        pub security_info: Option<Value>,
        /// Device facts, as they came.
        pub device_information: Option<Value>,
    }
}

impl AppleMdm {
    /// Whether a push certificate is there, without which nothing reaches a device.
    pub fn is_set_up(&self) -> bool {
        self.apns_push_topic
            .as_deref()
            .is_some_and(|topic| !topic.is_empty())
    }

    /// When the push certificate expires.
    pub fn push_certificate_expires_at(&self) -> Option<Timestamp> {
        self.apns_cert_expiry.as_deref()?.parse().ok()
    }

    /// When the Automated Device Enrollment token expires; `None` also for the first day of year 1, which stands for no
    /// token.
    pub fn enrollment_token_expires_at(&self) -> Option<Timestamp> {
        let text = self.dep_access_token_expiry.as_deref()?;
        let end: Timestamp = text.parse().ok()?;
        (end > Timestamp::UNIX_EPOCH).then_some(end)
    }
}

impl JumpCloud {
    /// The Apple MDM of the organisation; empty when it is not set up. `GET /api/v2/applemdms`
    pub fn apple_mdms(&self) -> Items<AppleMdm> {
        self.list(
            ListRoute::v2(["applemdms"]).unsorted(),
            ListOptions::default(),
        )
    }

    /// The devices in Apple MDM. `GET /api/v2/applemdms/{id}/devices`
    pub fn apple_mdm_devices(&self, mdm_id: &str, options: ListOptions) -> Items<AppleMdmDevice> {
        // `_id` is not among the fields that this route documents for sorting.
        self.list(
            ListRoute::v2(["applemdms", mdm_id, "devices"]).sorted_by("id"),
            options,
        )
    }
}

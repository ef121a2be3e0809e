//! Systems: the devices, as the v1 API tells them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Error, Items, JumpCloud, ListOptions, Method, Request,
    list::ListRoute,
    wire::{Absent, open_enum, resource},
};

open_enum! {
    /// Who manages a device by MDM.
    pub enum MdmVendor {
        /// `internal`: JumpCloud
        Internal = "internal",
        /// `external`: another MDM
        External = "external",
        /// `none`
        None = "none",
        /// `unknown`
        Unknown = "unknown",
    }
}

open_enum! {
    /// Whether System Insights collects from a device.
    pub enum InsightsState {
        /// `enabled`
        Enabled = "enabled",
        /// `disabled`
        Disabled = "disabled",
        /// `deferred`
        Deferred = "deferred",
    }
}

resource! {
    /// A device (`/api/systems`, v1).
    #[derive(Debug)]
    #[serde(rename_all = "camelCase")]
    pub struct System {
        /// The id.
        #[serde(rename = "_id")]
        pub id: String,
        /// The name that the console shows.
        pub display_name: Option<String>,
        /// The host name.
        pub hostname: Option<String>,
        /// The serial number, which joins it to other inventories.
        pub serial_number: Option<String>,
        /// The operating system, `Mac OS X`.
        pub os: Option<String>,
        /// The operating system family, `darwin`.
        pub os_family: Option<String>,
        /// The operating system's version.
        pub version: Option<String>,
        /// The version in parts, as it came.
        pub os_version_detail: Option<Value>,
        /// The architecture.
        pub arch: Option<String>,
        /// Whether it is connected.
        pub active: Option<bool>,
        /// The agent's version.
        pub agent_version: Option<String>,
        /// The last contact, RFC 3339.
        pub last_contact: Option<String>,
        /// When it was added, RFC 3339.
        pub created: Option<String>,
        /// The organisation's id.
        pub organization: Option<String>,
        /// Its MDM enrolment.
        pub mdm: Option<SystemMdm>,
        /// Whether System Insights collects from it.
        pub system_insights: Option<SystemInsights>,
        /// Counts of policy states, as they came.
        pub policy_stats: Option<Value>,
        /// Whether a policy is bound to it.
        pub is_policy_bound: Option<bool>,
        /// The main user, as it came.
        pub primary_system_user: Option<Value>,
        /// Whether the agent has full disk access.
        pub agent_has_full_disk_access: Option<bool>,
        /// Whether a second factor may be asked for at sign-in.
        pub allow_multi_factor_authentication: Option<bool>,
        /// Whether SSH takes public keys.
        pub allow_public_key_authentication: Option<bool>,
        /// Whether SSH takes passwords.
        pub allow_ssh_password_authentication: Option<bool>,
        /// Whether root may sign in by SSH.
        pub allow_ssh_root_login: Option<bool>,
        /// The Amazon instance id.
        #[serde(rename = "amazonInstanceID")]
        pub amazon_instance_id: Option<String>,
        /// The architecture family.
        pub arch_family: Option<String>,
        /// Attributes, as they came.
        pub attributes: Option<Value>,
        /// Whether it is joined to Azure AD.
        pub azure_ad_joined: Option<bool>,
        /// Built-in commands, as they came.
        pub built_in_commands: Option<Value>,
        /// Connections, as they came.
        pub connection_history: Option<Value>,
        /// Free text.
        pub description: Option<String>,
        /// Whether it has a desktop.
        pub desktop_capable: Option<bool>,
        /// The display manager.
        pub display_manager: Option<String>,
        /// The domain, as it came.
        pub domain_info: Option<Value>,
        /// Full disk encryption, as it came.
        pub fde: Option<Value>,
        /// The file system.
        pub file_system: Option<String>,
        /// Whether the agent's service account exists.
        pub has_service_account: Option<bool>,
        /// The hardware vendor.
        pub hw_vendor: Option<String>,
        /// Whether JumpCloud writes the SSH configuration.
        #[serde(rename = "modifySSHDConfig")]
        pub modify_sshdconfig: Option<bool>,
        /// Network interfaces, as they came.
        pub network_interfaces: Option<Value>,
        /// How it was provisioned, as it came.
        pub provision_metadata: Option<Value>,
        /// The version of the Remote Assist agent.
        pub remote_assist_agent_version: Option<String>,
        /// The address that it was last seen from.
        #[serde(rename = "remoteIP")]
        pub remote_ip: Option<String>,
        /// Secure login, as it came.
        pub secure_login: Option<Value>,
        /// The state of the service account, as it came.
        pub service_account_state: Option<Value>,
        /// Whether root is enabled for SSH.
        pub ssh_root_enabled: Option<bool>,
        /// Parameters of the SSH server, as they came.
        pub sshd_params: Option<Value>,
        /// The time zone, as it came.
        pub system_timezone: Option<Value>,
        /// The template's name.
        pub template_name: Option<String>,
        /// Users and how they sign in, as they came.
        pub user_metrics: Option<Value>,
        /// Ids of its device groups; in the answers to searches only.
        pub memberof: Option<Vec<String>>,
        /// The main user; in the answers to searches only.
        #[serde(flatten)]
        pub main_user: MainUser,
    }
}

/// The main user of a device, as [`JumpCloud::search_systems`] tells: keys with a dot beside those of the device.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MainUser {
    /// The user's id.
    #[serde(
        rename = "primarySystemUser._id",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<String>,
    /// Attributes, as they came.
    #[serde(
        rename = "primarySystemUser.attributes",
        skip_serializing_if = "Option::is_none"
    )]
    pub attributes: Option<Value>,
    /// The company.
    #[serde(
        rename = "primarySystemUser.company",
        skip_serializing_if = "Option::is_none"
    )]
    pub company: Option<String>,
    /// The cost centre.
    #[serde(
        rename = "primarySystemUser.costCenter",
        skip_serializing_if = "Option::is_none"
    )]
    pub cost_center: Option<String>,
    /// The department.
    #[serde(
        rename = "primarySystemUser.department",
        skip_serializing_if = "Option::is_none"
    )]
    pub department: Option<String>,
    /// Free text.
    #[serde(
        rename = "primarySystemUser.description",
        skip_serializing_if = "Option::is_none"
    )]
    pub description: Option<String>,
    /// The mail address, which joins the Mac to a user elsewhere.
    #[serde(
        rename = "primarySystemUser.email",
        skip_serializing_if = "Option::is_none"
    )]
    pub email: Option<String>,
    /// The kind of employment.
    #[serde(
        rename = "primarySystemUser.employeeType",
        skip_serializing_if = "Option::is_none"
    )]
    pub employee_type: Option<String>,
    /// The job title.
    #[serde(
        rename = "primarySystemUser.jobTitle",
        skip_serializing_if = "Option::is_none"
    )]
    pub job_title: Option<String>,
    /// The location.
    #[serde(
        rename = "primarySystemUser.location",
        skip_serializing_if = "Option::is_none"
    )]
    pub location: Option<String>,
    /// The manager's id.
    #[serde(
        rename = "primarySystemUser.manager",
        skip_serializing_if = "Option::is_none"
    )]
    pub manager: Option<String>,
    /// Ids of the user's groups, as they came.
    #[serde(
        rename = "primarySystemUser.memberof",
        skip_serializing_if = "Option::is_none"
    )]
    pub memberof: Option<Value>,
    /// `STAGED`, `ACTIVATED` or `SUSPENDED`.
    #[serde(
        rename = "primarySystemUser.state",
        skip_serializing_if = "Option::is_none"
    )]
    pub state: Option<String>,
}

impl Absent for MainUser {}

resource! {
    /// The MDM enrolment of a device.
    #[derive(Debug)]
    #[serde(rename_all = "camelCase")]
    pub struct SystemMdm {
        /// Who manages it.
        pub vendor: Option<MdmVendor>,
        /// The enrolment profile's identifier.
        pub profile_identifier: Option<String>,
        /// The provider's id.
        pub provider_id: Option<String>,
        /// Whether the user approved the enrolment.
        pub user_approved: Option<bool>,
        /// Whether it came by Automated Device Enrollment.
        pub dep: Option<bool>,
        /// Lost mode.
        pub lost_mode_status: Option<String>,
        /// `automated device`, `device`, `user` or `unknown`.
        pub enrollment_type: Option<String>,
        /// Ids inside JumpCloud's MDM, as they came; `deviceId` joins it to an Apple MDM device.
        pub internal: Option<Value>,
        /// Windows MDM, as it came.
        pub windows: Option<Value>,
    }
}

resource! {
    /// System Insights on a device.
    #[derive(Debug)]
    pub struct SystemInsights {
        /// Whether it collects.
        pub state: Option<InsightsState>,
    }
}

impl System {
    /// The name for people: display name, else host name, else id.
    pub fn label(&self) -> &str {
        [&self.display_name, &self.hostname]
            .into_iter()
            .find_map(|name| name.as_deref().filter(|name| !name.is_empty()))
            .unwrap_or(&self.id)
    }

    /// The last contact.
    pub fn last_contact_at(&self) -> Option<Timestamp> {
        self.last_contact.as_deref()?.parse().ok()
    }

    /// The id of the Apple MDM device that this system is.
    pub fn mdm_device_id(&self) -> Option<&str> {
        let internal = self.mdm.as_ref()?.internal.as_ref()?;
        internal["deviceId"].as_str().filter(|id| !id.is_empty())
    }

    /// Why a profile cannot reach this device by JumpCloud's MDM; `None` when it can, as far as the record tells. An
    /// absent field speaks neither way.
    pub fn out_of_reach(&self) -> Option<String> {
        if let Some(family) = self
            .os_family
            .as_deref()
            .filter(|family| *family != "darwin")
        {
            return Some(format!("it is not a Mac ({family})"));
        }
        let mdm = self.mdm.as_ref()?;
        match mdm.vendor.as_ref()? {
            MdmVendor::Internal => {}
            other => {
                return Some(format!(
                    "JumpCloud's MDM does not manage it (vendor {other}); enrol it"
                ));
            }
        }
        (mdm.user_approved == Some(false) && mdm.dep != Some(true))
            .then(|| "its MDM enrolment is not approved by the user".into())
    }
}

fn get_request(id: &str) -> Request {
    Request::v1(Method::GET, ["systems", id])
}

impl JumpCloud {
    /// The devices of the organisation. `GET /api/systems` (v1, which has another filter syntax: none is sent)
    pub fn systems(&self) -> Items<System> {
        self.list(ListRoute::v1(["systems"]), ListOptions::default())
    }

    /// A device. `GET /api/systems/{id}`
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning.
    pub async fn system(&self, id: &str) -> Result<System, Error> {
        self.send_as(&get_request(id)).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::test_support::shown;

    fn system(extra: &Value) -> System {
        let mut json = json!({"_id": "s1", "hostname": "mac-1", "displayName": ""});
        for (key, value) in extra.as_object().unwrap() {
            json[key] = value.clone();
        }
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn systems_are_read_by_v1() {
        insta::assert_snapshot!(shown(&get_request("s1")), @"GET /api/systems/s1");
        insta::assert_snapshot!(
            shown(&ListRoute::v1(["systems"]).page(&ListOptions::default(), 0)),
            @"GET /api/systems?limit=100&skip=0&sort=_id"
        );
    }

    #[test]
    fn an_unmanaged_mac_is_out_of_reach_and_an_unknown_one_is_not() {
        assert_eq!(system(&json!({})).out_of_reach(), None);
        assert_eq!(system(&json!({})).label(), "mac-1");
        let reason = |json: Value| system(&json).out_of_reach().unwrap_or_default();
        assert!(reason(json!({"osFamily": "linux"})).contains("not a Mac"));
        assert!(reason(json!({"mdm": {"vendor": "external"}})).contains("external"));
        assert!(
            reason(json!({"mdm": {"vendor": "internal", "userApproved": false}}))
                .contains("approved")
        );
        assert_eq!(
            reason(json!({"mdm": {"vendor": "internal", "userApproved": false, "dep": true}})),
            ""
        );
    }
}

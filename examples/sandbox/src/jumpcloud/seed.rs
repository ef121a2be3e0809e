//! The organisation a fresh world starts with: the Macs, their device group, one Apple MDM; no policy, no software.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::clock;
use crate::seed::{PILOT_DEVICE_GROUP, Seed, SeedMac};

use super::graph::{Node, Relation};
use super::service_account::ServiceAccount;
use super::state::State;
use super::{groups, object_id};

impl State {
    /// A fresh organisation with the seed's Macs, three of them in the device group `macOS pilot`.
    ///
    /// With [`Seed::apple_mdm`] off, the organisation has no Apple MDM: no server, no enrolled device, and no
    /// template for configuration profiles.
    ///
    /// ```
    /// use device_trust_sandbox::{Seed, jumpcloud};
    ///
    /// let state = jumpcloud::State::seeded(&Seed::default());
    /// assert_eq!(state.system_ids().len(), 4);
    /// ```
    #[must_use]
    pub fn seeded(seed: &Seed) -> Self {
        let now = Timestamp::now();
        let organization = object_id::new();
        let mut state = Self {
            organization: json!({
                "_id": organization, "id": organization, "displayName": seed.org, "logoUrl": null,
                "created": clock::jumpcloud(now),
            }),
            multi_tenant: seed.multi_tenant,
            organization_is_hidden: !seed.reads_organization,
            service_account: ServiceAccount::fresh(),
            ..Self::default()
        };
        let group = object_id::new();
        let settings = json!({ "name": PILOT_DEVICE_GROUP });
        state
            .system_groups
            .push(groups::device_group(&group, &organization, &settings));
        let server = seed.apple_mdm.then(|| apple_mdm(&organization, now));
        for mac in &seed.macs {
            let id = object_id::new();
            let device = server.as_ref().map(|server| mdm_device(server, mac, now));
            state
                .systems
                .push(system(&id, &organization, mac, device.as_ref(), now));
            state.mdm_devices.extend(device);
            if mac.in_pilot_group {
                let (group, member) = (Node::new("system_group", &group), Node::new("system", &id));
                state.graph.add(Relation::Member, group, member);
            }
        }
        state.apple_mdms.extend(server);
        state
    }
}

fn apple_mdm(organization: &str, now: Timestamp) -> Value {
    let expiry = now + SignedDuration::from_hours(24 * 300);
    json!({
        "id": object_id::new(),
        "name": "JumpCloud MDM",
        "organization": organization,
        "apnsPushTopic": "com.apple.mgmt.External.00000000-0000-4000-8000-000000000001",
        "apnsCertExpiry": clock::jumpcloud(expiry),
        "appleCertCreatorAppleID": "it@sandbox.example",
        "appleCertSerialNumber": "1A2B3C4D5E6F",
        "depServerTokenState": "missing",
        "depAccessTokenExpiry": "0001-01-01T00:00:00Z",
        "allowMobileUserEnrollment": false,
        "defaultSystemGroupID": "",
    })
}

fn mdm_device(server: &Value, mac: &SeedMac, now: Timestamp) -> Value {
    json!({
        "id": object_id::new(),
        "appleMdmId": server["id"],
        "serialNumber": mac.serial_number,
        "udid": mac.udid,
        "osVersion": mac.os_version,
        "mdmOsFamily": "MAC_OS",
        "modelFamily": "MAC",
        "depRegistered": false,
        "enrolled": true,
        "createdAt": clock::jumpcloud(now),
        "hasActivationLockBypassCodes": false,
        "securityInfo": {
            "userApprovedEnrollment": true, "enrolledViaDep": false, "isUserEnrollment": false,
            "filevaultEnabled": true,
        },
        "deviceInformation": {
            "isSupervised": true, "deviceName": mac.name, "modelName": "MacBook Pro", "modelNumber": mac.model,
            "isAppleSilicon": true,
        },
    })
}

fn system(
    id: &str,
    organization: &str,
    mac: &SeedMac,
    device: Option<&Value>,
    now: Timestamp,
) -> Value {
    let mdm = match device {
        Some(device) => json!({
            "vendor": "internal", "profileIdentifier": "com.jumpcloud.mdm.enroll",
            "providerId": device["appleMdmId"], "userApproved": true, "dep": false, "lostModeStatus": "",
            "enrollmentType": "device", "internal": { "deviceId": device["id"] },
        }),
        None => json!({ "vendor": "none", "userApproved": false, "dep": false }),
    };
    let mut version = mac.os_version.split('.');
    let (major, minor) = (
        version.next().unwrap_or_default(),
        version.next().unwrap_or("0"),
    );
    json!({
        "_id": id, "id": id,
        "organization": organization,
        "active": true,
        "displayName": mac.name,
        "hostname": format!("{}.local", mac.name.replace("'s ", "s-").replace(' ', "-")),
        "serialNumber": mac.serial_number,
        "os": "Mac OS X", "osFamily": "darwin", "version": mac.os_version,
        "osVersionDetail": {
            "distributionName": "", "osName": "macOS", "releaseName": "", "revision": "", "version": mac.os_version,
            "major": major, "minor": minor, "patch": version.next().unwrap_or("0"),
            "majorNumber": major.parse::<u32>().unwrap_or_default(),
            "minorNumber": minor.parse::<u32>().unwrap_or_default(),
        },
        "arch": "arm64", "archFamily": "arm64",
        "agentVersion": "2.2.0", "agentHasFullDiskAccess": true,
        "created": clock::jumpcloud(now), "lastContact": clock::jumpcloud(now),
        "hwVendor": "apple",
        "mdm": mdm,
        "systemInsights": { "state": "enabled" },
        "serviceAccountState": { "hasSecureToken": true, "passwordAPFSValid": true, "passwordODValid": true },
        "primarySystemUser": { "id": null },
        "userMetrics": [],
        "attributes": [],
        "provisionMetadata": { "provisioner": { "provisionerId": "", "type": "user" } },
    })
}

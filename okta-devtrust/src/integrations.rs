//! Device integrations, read: the endpoint security and signal providers of the org. The SCEP configuration of the
//! device management platform is not among them: no public API has it.

use crate::{
    Error, Links, Okta, Request,
    lossless::{lossless, open_enum},
};

open_enum! {
    /// Whether an integration is in use.
    IntegrationStatus {
        Active = "ACTIVE",
        Deactivated = "DEACTIVATED",
    }
}

lossless! {
    /// A device integration (schema `DeviceIntegrations`).
    DeviceIntegration {
        /// Its id.
        id: String,
        /// Its name, such as `com.okta.device.osquery`.
        name: Option<String>,
        /// What people see.
        display_name: Option<String>,
        /// The platform that it is for.
        platform: Option<String>,
        /// Whether it is in use.
        status: Option<IntegrationStatus>,
        /// How it is set up; the fields depend on the integration.
        metadata: Option<IntegrationMetadata>,
        /// Related URLs.
        #[serde(rename = "_links")]
        links: Option<Links>,
    }
}

impl DeviceIntegration {
    /// Whether it is in use.
    pub fn is_active(&self) -> bool {
        self.status == Some(IntegrationStatus::Active)
    }
}

lossless! {
    /// How a device integration is set up (schema `DeviceIntegrationsMetadata`).
    IntegrationMetadata {
        /// The kind.
        #[serde(rename = "type")]
        kind: Option<String>,
        /// The name of the service account, for Chrome Device Trust.
        service_account_name: Option<String>,
        /// The mail address of the service account, for Chrome Device Trust.
        service_account_email: Option<String>,
        /// The provider.
        provider: Option<String>,
        /// Where devices enrol.
        enrollment_url: Option<String>,
        /// The identity provider's id.
        idp_id: Option<String>,
    }
}

/// `GET /api/v1/device-integrations`
pub fn list() -> Request {
    Request::get(["api", "v1", "device-integrations"])
}

/// `GET /api/v1/device-integrations/{id}`
pub fn get(id: &str) -> Request {
    Request::get(["api", "v1", "device-integrations", id])
}

impl Okta {
    /// All device integrations.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn device_integrations(&self) -> Result<Vec<DeviceIntegration>, Error> {
        self.list(list()).await
    }

    /// A device integration.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn device_integration(&self, id: &str) -> Result<DeviceIntegration, Error> {
        self.read(&get(id)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrations_are_read_only() {
        assert_eq!(list().to_string(), "GET /api/v1/device-integrations");
        assert_eq!(
            get("dvi1").to_string(),
            "GET /api/v1/device-integrations/dvi1"
        );
    }
}

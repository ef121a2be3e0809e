//! A policy of any type: who it is for, and for `MFA_ENROLL` which authenticators they may enrol.

use crate::{
    Field, Links, Status, Time,
    lossless::{lossless, open_enum},
    policies::Conditions,
};

open_enum! {
    /// The type of a policy.
    PolicyType {
        OktaSignOn = "OKTA_SIGN_ON",
        AccessPolicy = "ACCESS_POLICY",
        MfaEnroll = "MFA_ENROLL",
        Password = "PASSWORD",
        IdpDiscovery = "IDP_DISCOVERY",
        ProfileEnrollment = "PROFILE_ENROLLMENT",
        PostAuthSession = "POST_AUTH_SESSION",
        EntityRisk = "ENTITY_RISK",
        DeviceSignalCollection = "DEVICE_SIGNAL_COLLECTION",
    }
}

lossless! {
    /// A policy (schema `Policy` and its variants).
    Policy {
        /// Its id.
        id: String,
        /// Its type.
        #[serde(rename = "type")]
        kind: Option<PolicyType>,
        /// Its name.
        name: String,
        /// Its description.
        description: Option<String>,
        /// Its place among the policies of its type. Without meaning for `ACCESS_POLICY`.
        priority: Option<i64>,
        /// Whether it is in use.
        status: Option<Status>,
        /// Whether Okta made it: the default policy of its type.
        system: Option<bool>,
        /// Who it is for. `null` for `ACCESS_POLICY`, whose conditions are on its rules.
        conditions: Field<Conditions>,
        /// What `MFA_ENROLL` lets people enrol; of other types the fields are kept in `extra`.
        settings: Option<EnrollmentSettings>,
        /// When it was made.
        created: Field<Time>,
        /// When it was last changed.
        last_updated: Field<Time>,
        /// Embedded data.
        #[serde(rename = "_embedded")]
        embedded: Option<PolicyEmbedded>,
        /// Related URLs.
        #[serde(rename = "_links")]
        links: Option<Links>,
    }
}

impl Policy {
    /// A policy of a type, with a name and nothing else.
    pub fn new(kind: PolicyType, name: impl Into<String>) -> Self {
        Self {
            kind: Some(kind),
            name: name.into(),
            ..Self::default()
        }
    }

    /// Whether Okta made it.
    pub fn is_system(&self) -> bool {
        self.system == Some(true)
    }

    /// Whether it is in use.
    pub fn is_active(&self) -> bool {
        self.status == Some(Status::Active)
    }
}

lossless! {
    /// Embedded data of a policy.
    PolicyEmbedded {
        /// What an `ACCESS_POLICY` may be put on; `APP` for apps.
        resource_type: Option<String>,
    }
}

open_enum! {
    /// The kind of settings of an `MFA_ENROLL` policy.
    SettingsType {
        Authenticators = "AUTHENTICATORS",
        Factors = "FACTORS",
    }
}

lossless! {
    /// What an `MFA_ENROLL` policy lets people enrol (schema `AuthenticatorEnrollmentPolicySettings`).
    EnrollmentSettings {
        /// The kind of settings; the Identity Engine has `AUTHENTICATORS`.
        #[serde(rename = "type")]
        kind: Option<SettingsType>,
        /// One entry per authenticator. Okta adds those that were left out as `NOT_ALLOWED`.
        authenticators: Option<Vec<AuthenticatorSetting>>,
    }
}

lossless! {
    /// Whether one authenticator may be enrolled.
    AuthenticatorSetting {
        /// The authenticator's key, such as `okta_verify`.
        key: Option<String>,
        /// The authenticator's id, where several share a key.
        id: Option<String>,
        /// Whether it may or must be enrolled.
        enroll: Option<AuthenticatorEnroll>,
        /// Limits on it.
        constraints: Field<AuthenticatorConstraints>,
    }
}

lossless! {
    /// Whether an authenticator may or must be enrolled.
    AuthenticatorEnroll {
        /// By the user.
        #[serde(rename = "self")]
        own: Option<EnrollSelf>,
        /// How long a required one may be put off.
        grace_period: Option<GracePeriod>,
    }
}

lossless! {
    /// How long the enrolment of a required authenticator may be put off.
    GracePeriod {
        /// `BY_DATE_TIME` or `BY_SKIP_COUNT`.
        #[serde(rename = "type")]
        kind: Option<String>,
        /// The end, for `BY_DATE_TIME`.
        expiry: Option<Time>,
        /// How often, for `BY_SKIP_COUNT`; 1 to 10.
        skip_count: Option<u32>,
    }
}

lossless! {
    /// Limits on an authenticator that may be enrolled.
    AuthenticatorConstraints {
        /// Groups of FIDO2 authenticator models.
        aaguid_groups: Option<Vec<String>>,
    }
}

open_enum! {
    /// Whether a user may or must enrol an authenticator.
    EnrollSelf {
        Optional = "OPTIONAL",
        Required = "REQUIRED",
        NotAllowed = "NOT_ALLOWED",
    }
}

lossless! {
    /// The tie between an app sign-in policy and an app (schema `PolicyMapping`).
    PolicyMapping {
        /// The mapping's id.
        id: String,
        /// Links to the `application` and the `policy`.
        #[serde(rename = "_links")]
        links: Option<Links>,
    }
}

impl PolicyMapping {
    /// The app's id.
    pub fn app_id(&self) -> Option<&str> {
        self.links.as_ref()?.id("application")
    }
}

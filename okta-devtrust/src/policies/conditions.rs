//! When a policy or rule applies. Absent means "whatever": for a device, absent is not `false`.

use crate::lossless::{lossless, open_enum};

lossless! {
    /// The conditions of a policy or rule, all of which must hold. Which are allowed depends on the type.
    Conditions {
        /// Who.
        people: Option<PeopleCondition>,
        /// From where.
        network: Option<NetworkCondition>,
        /// With which device (`ACCESS_POLICY`).
        device: Option<DeviceCondition>,
        /// On which platform (`ACCESS_POLICY`). Read from the user agent, which can be forged.
        platform: Option<PlatformCondition>,
        /// At which risk. Refused on orgs without risk scoring.
        risk_score: Option<RiskCondition>,
        /// Of which user type (`ACCESS_POLICY`).
        user_type: Option<Selection>,
        /// An Okta expression (`ACCESS_POLICY`).
        el_condition: Option<ElCondition>,
        /// By which protocol (`SIGN_ON`).
        auth_context: Option<AuthContextCondition>,
        /// By which identity provider (`SIGN_ON`). Refused on orgs without the feature.
        identity_provider: Option<IdentityProviderCondition>,
        /// To which app (`MFA_ENROLL`).
        app: Option<AppCondition>,
    }
}

lossless! {
    /// Groups and users.
    PeopleCondition {
        /// By group id.
        groups: Option<Selection>,
        /// By user id.
        users: Option<Selection>,
    }
}

impl PeopleCondition {
    /// The members of these groups.
    pub fn groups<S: Into<String>>(ids: impl IntoIterator<Item = S>) -> Self {
        let include = Some(ids.into_iter().map(Into::into).collect());
        Self {
            groups: Some(Selection {
                include,
                ..Selection::default()
            }),
            ..Self::default()
        }
    }
}

lossless! {
    /// Ids that are in and ids that are out.
    Selection {
        /// Those that are in.
        include: Option<Vec<String>>,
        /// Those that are out.
        exclude: Option<Vec<String>>,
    }
}

lossless! {
    /// A network condition.
    NetworkCondition {
        /// From anywhere or from zones.
        connection: Option<NetworkConnection>,
        /// Zone ids that are in.
        include: Option<Vec<String>>,
        /// Zone ids that are out.
        exclude: Option<Vec<String>>,
    }
}

impl NetworkCondition {
    /// From anywhere.
    pub fn anywhere() -> Self {
        Self {
            connection: Some(NetworkConnection::Anywhere),
            ..Self::default()
        }
    }
}

open_enum! {
    /// From where.
    NetworkConnection {
        Anywhere = "ANYWHERE",
        Zone = "ZONE",
    }
}

lossless! {
    /// The state of the device, exact and with three states: `managed: false` matches devices that are *not* managed,
    /// absent matches both (schema `DeviceAccessPolicyRuleCondition`).
    DeviceCondition {
        /// Registered with Okta Verify. Okta takes `true` or nothing.
        registered: Option<bool>,
        /// Managed, by the certificate. Needs `registered: true`.
        managed: Option<bool>,
        /// One of these device assurance policies.
        assurance: Option<Assurance>,
    }
}

lossless! {
    /// Device assurance policies.
    Assurance {
        /// Their ids; one of them must hold.
        include: Option<Vec<String>>,
    }
}

lossless! {
    /// Platforms that are in and out.
    PlatformCondition {
        /// Those that are in.
        include: Option<Vec<Platform>>,
        /// Those that are out.
        exclude: Option<Vec<Platform>>,
    }
}

lossless! {
    /// A platform.
    Platform {
        /// The kind of device.
        #[serde(rename = "type")]
        kind: Option<PlatformType>,
        /// The operating system.
        os: Option<Os>,
    }
}

impl Platform {
    /// Desktop Macs. Rules say `MACOS`; only the System Log says `OSX`.
    pub fn macos() -> Self {
        Self {
            kind: Some(PlatformType::Desktop),
            os: Some(Os {
                kind: Some(OsType::Macos),
                ..Os::default()
            }),
            ..Self::default()
        }
    }
}

open_enum! {
    /// The kind of device.
    PlatformType {
        Any = "ANY",
        Desktop = "DESKTOP",
        Mobile = "MOBILE",
        Unlisted = "OTHER",
    }
}

lossless! {
    /// An operating system.
    Os {
        /// Which.
        #[serde(rename = "type")]
        kind: Option<OsType>,
        /// An expression; only with the type `OTHER`.
        expression: Option<String>,
        /// Its version.
        version: Option<OsVersion>,
    }
}

open_enum! {
    /// An operating system.
    OsType {
        Any = "ANY",
        Macos = "MACOS",
        Windows = "WINDOWS",
        Ios = "IOS",
        Android = "ANDROID",
        Chromeos = "CHROMEOS",
        Linux = "LINUX",
        Unlisted = "OTHER",
    }
}

lossless! {
    /// The version of an operating system.
    OsVersion {
        /// `EXPRESSION` or `SEMVER`.
        match_type: Option<String>,
        /// The version.
        value: Option<String>,
    }
}

lossless! {
    /// A risk condition.
    RiskCondition {
        /// The level.
        level: Option<RiskLevel>,
        /// The lowest level.
        min_risk_level: Option<RiskLevel>,
    }
}

open_enum! {
    /// A level of risk.
    RiskLevel {
        Any = "ANY",
        Low = "LOW",
        Medium = "MEDIUM",
        High = "HIGH",
    }
}

lossless! {
    /// A condition in Okta's expression language.
    ElCondition {
        /// The expression, such as `device.profile.managed == true`.
        condition: Option<String>,
    }
}

lossless! {
    /// A protocol condition.
    AuthContextCondition {
        /// Which.
        auth_type: Option<AuthType>,
    }
}

open_enum! {
    /// A protocol.
    AuthType {
        Any = "ANY",
        LdapInterface = "LDAP_INTERFACE",
        Radius = "RADIUS",
    }
}

lossless! {
    /// An identity provider condition.
    IdentityProviderCondition {
        /// `ANY`, `OKTA` or `SPECIFIC_IDP`.
        provider: Option<String>,
        /// The identity providers' ids, for `SPECIFIC_IDP`.
        idp_ids: Option<Vec<String>>,
    }
}

lossless! {
    /// Apps that are in and out.
    AppCondition {
        /// Those that are in.
        include: Option<Vec<AppSelector>>,
        /// Those that are out.
        exclude: Option<Vec<AppSelector>>,
    }
}

lossless! {
    /// An app or a kind of apps.
    AppSelector {
        /// The app's id.
        id: Option<String>,
        /// The kind's name.
        name: Option<String>,
        /// `APP` or `APP_TYPE`.
        #[serde(rename = "type")]
        kind: Option<String>,
    }
}

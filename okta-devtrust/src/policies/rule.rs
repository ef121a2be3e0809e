//! A rule of any policy: when it applies and what it does.

use crate::{
    Field, Links, Status, Time,
    lossless::{lossless, open_enum},
    policies::{Conditions, VerificationMethod},
};

open_enum! {
    /// The type of a rule.
    RuleType {
        SignOn = "SIGN_ON",
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
    /// A rule (schema `PolicyRule` and its variants). Rules have no description.
    Rule {
        /// Its id.
        id: String,
        /// Its type.
        #[serde(rename = "type")]
        kind: Option<RuleType>,
        /// Its name.
        name: String,
        /// Its place: the lowest number is tried first. From 0 for `ACCESS_POLICY`, whose catch-all has 99; from 1
        /// for `SIGN_ON` and `MFA_ENROLL`. The answer's number may differ from the request's.
        priority: Field<i64>,
        /// Whether it is in use. Ignored by Okta in the body of a create.
        status: Option<Status>,
        /// Whether Okta made it: the catch-all of an app sign-in policy, or a default rule.
        system: Option<bool>,
        /// When it applies; `null` for always.
        conditions: Field<Conditions>,
        /// What it does.
        actions: Option<Actions>,
        /// When it was made.
        created: Field<Time>,
        /// When it was last changed.
        last_updated: Field<Time>,
        /// Related URLs.
        #[serde(rename = "_links")]
        links: Option<Links>,
    }
}

impl Rule {
    /// A rule of a type, with a name and nothing else.
    pub fn new(kind: RuleType, name: impl Into<String>) -> Self {
        Self {
            kind: Some(kind),
            name: name.into(),
            ..Self::default()
        }
    }

    /// Whether Okta made it. In an app sign-in policy that is the catch-all.
    pub fn is_system(&self) -> bool {
        self.system == Some(true)
    }

    /// Whether it is in use.
    pub fn is_active(&self) -> bool {
        self.status == Some(Status::Active)
    }

    /// Its place; the catch-all's where it has none.
    pub fn place(&self) -> i64 {
        self.priority.value().copied().unwrap_or(i64::MAX)
    }

    /// What an app sign-in rule grants, if it is one.
    pub fn access(&self) -> Option<&Access> {
        self.actions.as_ref()?.app_sign_on.as_ref()?.access.as_ref()
    }

    /// The app sign-in action, made empty if there is none.
    pub fn app_sign_on_mut(&mut self) -> &mut AppSignOn {
        self.actions
            .get_or_insert_default()
            .app_sign_on
            .get_or_insert_default()
    }
}

lossless! {
    /// What a rule does; one field per rule type.
    Actions {
        /// Of an `ACCESS_POLICY` rule.
        app_sign_on: Option<AppSignOn>,
        /// Of a `SIGN_ON` rule.
        signon: Option<SignOn>,
        /// Of an `MFA_ENROLL` rule.
        enroll: Option<EnrollAction>,
    }
}

open_enum! {
    /// Whether a rule lets people in.
    Access {
        Allow = "ALLOW",
        Deny = "DENY",
    }
}

lossless! {
    /// What an `ACCESS_POLICY` rule does (schema `AccessPolicyRuleApplicationSignOn`).
    AppSignOn {
        /// Whether it lets people in.
        access: Option<Access>,
        /// How they prove who they are.
        verification_method: Option<VerificationMethod>,
        /// Whether they may stay signed in.
        keep_me_signed_in: Option<KeepMeSignedIn>,
    }
}

lossless! {
    /// Whether people may stay signed in.
    KeepMeSignedIn {
        /// After authentication.
        post_auth: Option<PostAuth>,
        /// How often they are asked, as an ISO 8601 duration.
        post_auth_prompt_frequency: Option<String>,
    }
}

open_enum! {
    /// Whether people may stay signed in after authentication.
    PostAuth {
        Allowed = "ALLOWED",
        NotAllowed = "NOT_ALLOWED",
    }
}

lossless! {
    /// What a `SIGN_ON` rule of the global session policy does (schema `OktaSignOnPolicyRuleSignonActions`).
    SignOn {
        /// Whether it lets people in.
        access: Option<Access>,
        /// What establishes a session. `PASSWORD_IDP_ANY_FACTOR` lets FastPass do it.
        primary_factor: Option<PrimaryFactor>,
        /// Whether the org asks for a second factor of its own.
        require_factor: Option<bool>,
        /// How often the second factor is asked for; only with `require_factor`.
        factor_prompt_mode: Option<FactorPromptMode>,
        /// How long a second factor lasts, in minutes; only with `require_factor`.
        factor_lifetime: Option<i64>,
        /// Whether the device is remembered unasked.
        remember_device_by_default: Option<bool>,
        /// How long a session lasts.
        session: Option<Session>,
    }
}

open_enum! {
    /// What establishes a session.
    PrimaryFactor {
        PasswordIdpAnyFactor = "PASSWORD_IDP_ANY_FACTOR",
        PasswordIdp = "PASSWORD_IDP",
    }
}

open_enum! {
    /// How often a second factor is asked for.
    FactorPromptMode {
        Always = "ALWAYS",
        Device = "DEVICE",
        Session = "SESSION",
    }
}

lossless! {
    /// How long a session lasts.
    Session {
        /// Minutes without use until it ends.
        max_session_idle_minutes: Option<i64>,
        /// Minutes from sign-in until it ends; 0 for no limit.
        max_session_lifetime_minutes: Option<i64>,
        /// Whether it outlives the browser.
        use_persistent_cookie: Option<bool>,
    }
}

lossless! {
    /// What an `MFA_ENROLL` rule does.
    EnrollAction {
        /// When people are asked to enrol.
        #[serde(rename = "self")]
        own: Option<EnrollPrompt>,
    }
}

open_enum! {
    /// When people are asked to enrol.
    EnrollPrompt {
        Login = "LOGIN",
        Challenge = "CHALLENGE",
        Never = "NEVER",
    }
}

//! What an authenticator is set up with: settings, and the provider behind it.

use crate::{
    Secret,
    lossless::{lossless, open_enum},
};

open_enum! {
    /// Whether an authenticator proves who the user is.
    UserVerification {
        Discouraged = "DISCOURAGED",
        Preferred = "PREFERRED",
        Required = "REQUIRED",
    }
}

lossless! {
    /// The settings of an authenticator; which fields are allowed depends on its key.
    AuthenticatorSettings {
        /// How push is bound to the browser (Okta Verify).
        channel_binding: Option<ChannelBinding>,
        /// Compliance (Okta Verify).
        compliance: Option<Compliance>,
        /// Whether it proves who the user is (Okta Verify, custom apps).
        user_verification: Option<UserVerification>,
        /// By what it proves it: `BIOMETRICS`, `PIN`, in any order. Seen on the wire, not documented.
        user_verification_methods: Option<Vec<String>>,
        /// How secure the device must be at enrolment. Seen on the wire, not documented.
        enrollment_security_level: Option<String>,
        /// The app's id (Okta Verify, custom apps).
        app_instance_id: Option<String>,
        /// What it may be used for: `any`, `none`, `recovery`, `sso` (email, phone).
        allowed_for: Option<String>,
        /// How long its token is good, in minutes (email).
        token_lifetime_in_minutes: Option<f64>,
    }
}

lossless! {
    /// How push is bound to the browser.
    ChannelBinding {
        /// `ALWAYS`, `HIGH_RISK_ONLY` or `NEVER`.
        required: Option<String>,
        /// `NUMBER_CHALLENGE`.
        style: Option<String>,
    }
}

lossless! {
    /// Compliance.
    Compliance {
        /// `OPTIONAL` or `REQUIRED`.
        fips: Option<String>,
    }
}

lossless! {
    /// The provider behind an authenticator (custom apps, Duo, temporary access codes).
    AuthenticatorProvider {
        /// The kind, such as `PUSH`, `DUO`, `tac`.
        #[serde(rename = "type")]
        kind: Option<String>,
        /// How it is set up.
        configuration: Option<ProviderConfiguration>,
    }
}

lossless! {
    /// How a provider is set up; which fields are allowed depends on its kind.
    ProviderConfiguration {
        /// Apple's push service (custom apps).
        apns: Option<ApnsConfiguration>,
        /// Google's push service (custom apps).
        fcm: Option<FcmConfiguration>,
        /// The API's host (Duo).
        host: Option<String>,
        /// The integration key (Duo).
        integration_key: Option<String>,
        /// The secret key (Duo).
        secret_key: Option<Secret>,
        /// How the user's name is made (Duo).
        user_name_template: Option<ProviderUserName>,
        /// The shortest life of a code, in minutes (temporary access codes).
        min_ttl: Option<f64>,
        /// The longest life of a code, in minutes (temporary access codes).
        max_ttl: Option<f64>,
        /// The life of a code when nothing is said, in minutes (temporary access codes).
        default_ttl: Option<f64>,
        /// How many characters a code has (temporary access codes).
        length: Option<f64>,
        /// Which characters a code has (temporary access codes).
        complexity: Option<CodeComplexity>,
        /// Whether a code may be used more than once (temporary access codes).
        multi_use_allowed: Option<bool>,
    }
}

lossless! {
    /// Apple's push service.
    ApnsConfiguration {
        /// The push credentials' id.
        id: Option<String>,
        /// The app's bundle id.
        app_bundle_id: Option<String>,
        /// The bundle id of the app's debug build.
        debug_app_bundle_id: Option<String>,
    }
}

lossless! {
    /// Google's push service.
    FcmConfiguration {
        /// The push credentials' id.
        id: Option<String>,
    }
}

lossless! {
    /// How the user's name at a provider is made.
    ProviderUserName {
        /// The template, such as `oktaId`.
        template: Option<String>,
    }
}

lossless! {
    /// Which characters a code has.
    CodeComplexity {
        /// Digits.
        numbers: Option<bool>,
        /// Letters.
        letters: Option<bool>,
        /// Others.
        special_characters: Option<bool>,
    }
}

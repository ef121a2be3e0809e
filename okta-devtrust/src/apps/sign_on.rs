//! How people sign in to an app: the settings of SAML, WS-Federation, password and form apps.

use crate::{Secret, lossless::lossless};

lossless! {
    /// How an app is signed in to: of SAML apps, and of apps that Okta posts a form to. Which fields are allowed depends
    /// on `sign_on_mode`.
    AppSignOnSettings {
        /// The sign-in page (`AUTO_LOGIN`).
        login_url: Option<String>,
        /// Where people are sent after it (`AUTO_LOGIN`).
        redirect_url: Option<String>,
        /// More places that assertions may be sent to.
        acs_endpoints: Option<Vec<AcsEndpoint>>,
        /// Whether there may be more such places.
        allow_multiple_acs_endpoints: Option<bool>,
        /// How assertions are encrypted.
        assertion_encryption: Option<AssertionEncryption>,
        /// Whether assertions are signed.
        assertion_signed: Option<bool>,
        /// What assertions say of the user.
        attribute_statements: Option<Vec<AttributeStatement>>,
        /// The same as the app's template has them.
        configured_attribute_statements: Option<Vec<AttributeStatement>>,
        /// Whom assertions are for.
        audience: Option<String>,
        /// In place of the template's audience.
        audience_override: Option<String>,
        /// How the user is said to have authenticated.
        authn_context_class_ref: Option<String>,
        /// Where people land in the app.
        default_relay_state: Option<String>,
        /// Where responses go.
        destination: Option<String>,
        /// In place of the template's destination.
        destination_override: Option<String>,
        /// `SHA256` or `SHA1`.
        digest_algorithm: Option<String>,
        /// Whether the app can make people sign in again.
        honor_force_authn: Option<bool>,
        /// Who issues assertions.
        idp_issuer: Option<String>,
        /// Hooks that change assertions.
        inline_hooks: Option<Vec<SignOnHook>>,
        /// Whether it takes part in single logout.
        participate_slo: Option<SloParticipation>,
        /// Who receives assertions.
        recipient: Option<String>,
        /// In place of the template's recipient.
        recipient_override: Option<String>,
        /// Whether requests are compressed.
        request_compressed: Option<bool>,
        /// Whether responses are signed.
        response_signed: Option<bool>,
        /// How long assertions are good, in seconds.
        saml_assertion_lifetime_seconds: Option<u64>,
        /// `RSA_SHA256` or `RSA_SHA1`.
        signature_algorithm: Option<String>,
        /// Single logout.
        slo: Option<SingleLogout>,
        /// The app's certificates.
        sp_certificate: Option<CertificateChain>,
        /// The app's own name.
        sp_issuer: Option<String>,
        /// Where assertions are sent to.
        sso_acs_url: Option<String>,
        /// In place of the template's place.
        sso_acs_url_override: Option<String>,
        /// The format of the subject's name.
        subject_name_id_format: Option<String>,
        /// How the subject's name is made.
        subject_name_id_template: Option<String>,
    }
}

lossless! {
    /// A place that assertions may be sent to.
    AcsEndpoint {
        /// Its number.
        index: Option<u32>,
        /// Its URL.
        url: Option<String>,
    }
}

lossless! {
    /// How assertions are encrypted.
    AssertionEncryption {
        /// Whether they are.
        enabled: Option<bool>,
        /// Such as `AES256_GCM`.
        encryption_algorithm: Option<String>,
        /// Such as `RSA_OAEP`.
        key_transport_algorithm: Option<String>,
        /// The certificates, base64 of DER.
        x5c: Option<Vec<String>>,
    }
}

lossless! {
    /// What assertions say of the user.
    AttributeStatement {
        /// `EXPRESSION` or `GROUP`.
        #[serde(rename = "type")]
        kind: Option<String>,
        /// The attribute's name.
        name: Option<String>,
        /// The format of the name.
        namespace: Option<String>,
        /// The values, for `EXPRESSION`.
        values: Option<Vec<String>>,
        /// How groups are picked, for `GROUP`.
        filter_type: Option<String>,
        /// Which groups are picked, for `GROUP`.
        filter_value: Option<String>,
    }
}

lossless! {
    /// A hook that changes assertions.
    SignOnHook {
        /// Its id.
        id: Option<String>,
    }
}

lossless! {
    /// Whether an app takes part in single logout.
    SloParticipation {
        /// Whether it does.
        enabled: Option<bool>,
        /// `POST` or `REDIRECT`.
        binding_type: Option<String>,
        /// Where requests go.
        logout_request_url: Option<String>,
        /// Whether requests name the session.
        session_index_required: Option<bool>,
    }
}

lossless! {
    /// Single logout that the app starts.
    SingleLogout {
        /// Whether it is on.
        enabled: Option<bool>,
        /// Who issues requests.
        issuer: Option<String>,
        /// Where answers go.
        logout_url: Option<String>,
    }
}

lossless! {
    /// Certificates.
    CertificateChain {
        /// Base64 of DER.
        x5c: Option<Vec<String>>,
    }
}

lossless! {
    /// The settings that a kind of app has of its own. Those of bookmarks, of password apps and of WS-Federation are
    /// typed; what an app of the catalogue has beside that is in `extra`.
    AppOwnSettings {
        /// Where it leads.
        url: Option<String>,
        /// Whether Okta is asked for an integration (bookmarks).
        request_integration: Option<bool>,
        /// The page that asks for name and password (`BASIC_AUTH`).
        #[serde(rename = "authURL")]
        auth_url: Option<String>,
        /// The sign-in page (`BROWSER_PLUGIN`).
        #[serde(rename = "targetURL")]
        target_url: Option<String>,
        /// Which pages are the sign-in page (`BROWSER_PLUGIN`).
        login_url_regex: Option<String>,
        /// The button (`BROWSER_PLUGIN`).
        button_field: Option<String>,
        /// How the button is found (`BROWSER_PLUGIN`).
        button_selector: Option<String>,
        /// The field of the name.
        username_field: Option<String>,
        /// How that field is found (`BROWSER_PLUGIN`).
        user_name_selector: Option<String>,
        /// The field of the password.
        password_field: Option<String>,
        /// How that field is found (`BROWSER_PLUGIN`).
        password_selector: Option<String>,
        /// How a third field is found (`BROWSER_PLUGIN`).
        extra_field_selector: Option<String>,
        /// What is filled in there (`BROWSER_PLUGIN`).
        extra_field_value: Option<Secret>,
        /// A field more (`SECURE_PASSWORD_STORE`).
        optional_field1: Option<String>,
        /// What is filled in there.
        optional_field1_value: Option<Secret>,
        /// A field more (`SECURE_PASSWORD_STORE`).
        optional_field2: Option<String>,
        /// What is filled in there.
        optional_field2_value: Option<Secret>,
        /// A field more (`SECURE_PASSWORD_STORE`).
        optional_field3: Option<String>,
        /// What is filled in there.
        optional_field3_value: Option<Secret>,
        /// What assertions say of the user (`WS_FEDERATION`).
        attribute_statements: Option<String>,
        /// Whom assertions are for (`WS_FEDERATION`).
        audience_restriction: Option<String>,
        /// How the user is said to have authenticated (`WS_FEDERATION`).
        authn_context_class_ref: Option<String>,
        /// Which groups are named (`WS_FEDERATION`).
        group_filter: Option<String>,
        /// The attribute of the groups (`WS_FEDERATION`).
        group_name: Option<String>,
        /// How groups are named (`WS_FEDERATION`).
        group_value_format: Option<String>,
        /// The format of the subject's name (`WS_FEDERATION`).
        #[serde(rename = "nameIDFormat")]
        name_id_format: Option<String>,
        /// The realm (`WS_FEDERATION`).
        realm: Option<String>,
        /// The app's page (`WS_FEDERATION`).
        #[serde(rename = "siteURL")]
        site_url: Option<String>,
        /// The attribute of the user's name (`WS_FEDERATION`).
        username_attribute: Option<String>,
        /// Whether the app may say where answers go (`WS_FEDERATION`).
        w_reply_override: Option<bool>,
        /// Where answers go (`WS_FEDERATION`).
        #[serde(rename = "wReplyURL")]
        w_reply_url: Option<String>,
    }
}

//! Authenticators and their methods. FastPass is the method `signed_nonce` of the authenticator `okta_verify`; in a
//! fresh org it is inactive.

use serde_json::json;

use crate::{
    Error, Links, Okta, Request, Status, Time,
    lossless::{lossless, open_enum},
};

/// The key of Okta Verify.
pub const OKTA_VERIFY: &str = "okta_verify";

lossless! {
    /// An authenticator (schema `AuthenticatorBase`). Its settings are typed for Okta Verify.
    Authenticator {
        /// Its id.
        id: String,
        /// Its key, such as `okta_verify`.
        key: Option<String>,
        /// Its type, such as `app`.
        #[serde(rename = "type")]
        kind: Option<String>,
        /// Its name.
        name: Option<String>,
        /// Its description.
        description: Option<String>,
        /// Whether it is in use.
        status: Option<Status>,
        /// Its settings.
        settings: Option<AuthenticatorSettings>,
        /// When it was made.
        created: Option<Time>,
        /// When it was last changed.
        last_updated: Option<Time>,
        /// Related URLs.
        #[serde(rename = "_links")]
        links: Option<Links>,
    }
}

impl Authenticator {
    /// Whether it is in use.
    pub fn is_active(&self) -> bool {
        self.status == Some(Status::Active)
    }
}

lossless! {
    /// The settings of Okta Verify (schema `AuthenticatorKeyOktaVerify`); of others they are in `extra`.
    AuthenticatorSettings {
        /// How push is bound to the browser.
        channel_binding: Option<ChannelBinding>,
        /// Compliance.
        compliance: Option<Compliance>,
        /// `DISCOURAGED`, `PREFERRED` or `REQUIRED`.
        user_verification: Option<String>,
        /// The app's id.
        app_instance_id: Option<String>,
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

open_enum! {
    /// The method of an authenticator.
    MethodType {
        SignedNonce = "signed_nonce",
        Push = "push",
        Totp = "totp",
        Webauthn = "webauthn",
        Password = "password",
        Email = "email",
        Sms = "sms",
        Voice = "voice",
        Otp = "otp",
        Cert = "cert",
        Duo = "duo",
        Idp = "idp",
        SecurityQuestion = "security_question",
        Tac = "tac",
    }
}

lossless! {
    /// A method of an authenticator (schema `AuthenticatorMethodBase`).
    Method {
        /// Which.
        #[serde(rename = "type")]
        kind: Option<MethodType>,
        /// Whether it is in use.
        status: Option<Status>,
        /// Its settings.
        settings: Option<MethodSettings>,
        /// Related URLs.
        #[serde(rename = "_links")]
        links: Option<Links>,
    }
}

impl Method {
    /// Whether it is in use.
    pub fn is_active(&self) -> bool {
        self.status == Some(Status::Active)
    }
}

lossless! {
    /// The settings of `signed_nonce` and `push`; of others they are in `extra`.
    MethodSettings {
        /// Signature algorithms, such as `ES256`.
        algorithms: Option<Vec<String>>,
        /// `ANY` or `HARDWARE`.
        key_protection: Option<String>,
        /// Whether the sign-in page shows the FastPass button: `ALWAYS` or `NEVER`.
        #[serde(rename = "showSignInWithOV")]
        show_sign_in_with_ov: Option<String>,
        /// Transactions, for `push`.
        transaction_types: Option<Vec<String>>,
    }
}

/// `GET /api/v1/authenticators`
pub fn list() -> Request {
    Request::get(["api", "v1", "authenticators"])
}

/// `GET /api/v1/authenticators/{id}`
pub fn get(id: &str) -> Request {
    Request::get(["api", "v1", "authenticators", id])
}

/// `POST /api/v1/authenticators?activate=true` for Okta Verify with Okta's default settings.
pub fn create_okta_verify() -> Request {
    Request::post(["api", "v1", "authenticators"])
        .query("activate", "true")
        .body(json!({"key": OKTA_VERIFY, "name": "Okta Verify"}))
}

/// `POST /api/v1/authenticators/{id}/lifecycle/activate`
pub fn activate(id: &str) -> Request {
    Request::post(["api", "v1", "authenticators", id, "lifecycle", "activate"])
}

/// `GET /api/v1/authenticators/{id}/methods`
pub fn methods(id: &str) -> Request {
    Request::get(["api", "v1", "authenticators", id, "methods"])
}

/// `GET /api/v1/authenticators/{id}/methods/{method}`
pub fn method(id: &str, method: &MethodType) -> Request {
    Request::get([
        "api",
        "v1",
        "authenticators",
        id,
        "methods",
        method.as_str(),
    ])
}

/// `POST /api/v1/authenticators/{id}/methods/{method}/lifecycle/activate`
pub fn activate_method(id: &str, method: &MethodType) -> Request {
    let method = method.as_str();
    Request::post([
        "api",
        "v1",
        "authenticators",
        id,
        "methods",
        method,
        "lifecycle",
        "activate",
    ])
}

/// `POST /api/v1/authenticators/{id}/lifecycle/deactivate`
pub fn deactivate(id: &str) -> Request {
    Request::post(["api", "v1", "authenticators", id, "lifecycle", "deactivate"])
}

/// `POST /api/v1/authenticators/{id}/methods/{method}/lifecycle/deactivate`. Okta refuses it (403 `E0000148`) while
/// policies use the method.
pub fn deactivate_method(id: &str, method: &MethodType) -> Request {
    Request::post([
        "api",
        "v1",
        "authenticators",
        id,
        "methods",
        method.as_str(),
        "lifecycle",
        "deactivate",
    ])
}

impl Okta {
    /// All authenticators.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn authenticators(&self) -> Result<Vec<Authenticator>, Error> {
        self.list(list()).await
    }

    /// An authenticator.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn authenticator(&self, id: &str) -> Result<Authenticator, Error> {
        self.read(&get(id)).await
    }

    /// Activates an authenticator and returns it.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn activate_authenticator(&self, id: &str) -> Result<Authenticator, Error> {
        self.read(&activate(id)).await
    }

    /// All methods of an authenticator.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn authenticator_methods(&self, id: &str) -> Result<Vec<Method>, Error> {
        self.list(methods(id)).await
    }

    /// A method of an authenticator.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn authenticator_method(&self, id: &str, kind: &MethodType) -> Result<Method, Error> {
        self.read(&method(id, kind)).await
    }

    /// Activates a method of an authenticator and returns it.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn activate_method(&self, id: &str, kind: &MethodType) -> Result<Method, Error> {
        self.read(&activate_method(id, kind)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fastpass_is_a_method_of_okta_verify() {
        assert_eq!(
            activate_method("aut1", &MethodType::SignedNonce).to_string(),
            "POST /api/v1/authenticators/aut1/methods/signed_nonce/lifecycle/activate"
        );
        assert_eq!(
            method("aut1", &MethodType::SignedNonce).to_string(),
            "GET /api/v1/authenticators/aut1/methods/signed_nonce"
        );
        assert_eq!(
            methods("aut1").to_string(),
            "GET /api/v1/authenticators/aut1/methods"
        );
    }

    #[test]
    fn okta_verify_is_created_active() {
        let request = create_okta_verify();
        assert_eq!(request.query_pairs(), [("activate".into(), "true".into())]);
        assert_eq!(request.json_body().unwrap()["key"], "okta_verify");
        assert_eq!(
            activate("aut1").to_string(),
            "POST /api/v1/authenticators/aut1/lifecycle/activate"
        );
    }
}

//! Authenticators and their methods. FastPass is the method `signed_nonce` of the authenticator `okta_verify`; in a
//! fresh org it is inactive.

mod method;
mod settings;

use serde_json::json;

pub use method::{
    AaguidGroup, DnsRecord, Method, MethodSettings, MethodType, RelyingParty, RelyingPartyDomain,
};
pub use settings::{
    ApnsConfiguration, AuthenticatorProvider, AuthenticatorSettings, ChannelBinding,
    CodeComplexity, Compliance, FcmConfiguration, ProviderConfiguration, ProviderUserName,
    UserVerification,
};

use crate::{Error, Links, Okta, Request, Status, Time, lossless::lossless, request::json_of};

/// The key of Okta Verify.
pub const OKTA_VERIFY: &str = "okta_verify";

lossless! {
    /// An authenticator (schema `AuthenticatorBase` and its variants).
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
        /// The provider behind it.
        provider: Option<AuthenticatorProvider>,
        /// Whether the provider's terms are agreed to (custom apps).
        agree_to_terms: Option<bool>,
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

/// `PUT /api/v1/authenticators/{id}`: replaces the whole authenticator, its settings included.
pub fn replace(id: &str, authenticator: &Authenticator) -> Request {
    let mut body = json_of(authenticator);
    if let Some(map) = body.as_object_mut() {
        for key in ["id", "created", "lastUpdated", "_links"] {
            map.remove(key);
        }
    }
    Request::put(["api", "v1", "authenticators", id]).body(body)
}

/// `PUT /api/v1/authenticators/{id}/methods/{method}`: replaces the whole method, its settings included.
pub fn replace_method(id: &str, kind: &MethodType, method: &Method) -> Request {
    let mut body = json_of(method);
    if let Some(map) = body.as_object_mut() {
        map.remove("_links");
    }
    Request::put(["api", "v1", "authenticators", id, "methods", kind.as_str()]).body(body)
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

    /// Replaces an authenticator and returns it as Okta stored it.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn replace_authenticator(
        &self,
        id: &str,
        authenticator: &Authenticator,
    ) -> Result<Authenticator, Error> {
        self.read(&replace(id, authenticator)).await
    }

    /// Replaces a method of an authenticator and returns it as Okta stored it.
    ///
    /// # Errors
    /// As [`Okta::send`].
    pub async fn replace_method(
        &self,
        id: &str,
        kind: &MethodType,
        method: &Method,
    ) -> Result<Method, Error> {
        self.read(&replace_method(id, kind, method)).await
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
    fn a_method_is_written_back_with_what_is_not_known_and_without_links() {
        let method: Method = serde_json::from_value(json!({
            "type": "signed_nonce", "status": "ACTIVE", "_links": {"self": {"href": "x"}},
            "settings": {"algorithms": ["ES256"], "showSignInWithOV": "NEVER", "new": 1}}))
        .unwrap();
        let request = replace_method("aut1", &MethodType::SignedNonce, &method);
        assert_eq!(
            request.to_string(),
            "PUT /api/v1/authenticators/aut1/methods/signed_nonce"
        );
        assert_eq!(
            request.json_body(),
            Some(&json!({"type": "signed_nonce", "status": "ACTIVE",
                "settings": {"algorithms": ["ES256"], "showSignInWithOV": "NEVER", "new": 1}}))
        );
        let verify: Authenticator =
            serde_json::from_value(json!({"id": "aut1", "key": "okta_verify", "created": "t"}))
                .unwrap();
        let request = replace("aut1", &verify);
        assert_eq!(request.to_string(), "PUT /api/v1/authenticators/aut1");
        assert_eq!(request.json_body(), Some(&json!({"key": "okta_verify"})));
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

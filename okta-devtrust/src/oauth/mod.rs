//! A service app instead of an API token: OAuth 2.0 client credentials with `private_key_jwt`, and DPoP.
//!
//! | step | what is sent |
//! |---|---|
//! | token | `POST /oauth2/v1/token` with an assertion signed by the app's key, and a DPoP proof |
//! | nonce | the first proof is refused with `use_dpop_nonce`; the second carries the nonce that the refusal brought |
//! | use | `Authorization: DPoP …` and a proof of its own for each attempt, retries included |
//!
//! A token lives an hour. It is kept, renewed a minute before its end, once however many requests wait for it, and
//! renewed early when Okta refuses it. The DPoP key is made anew in each process and never leaves it. Times are the
//! server's: the `Date` of each answer corrects the local clock.
//!
//! An app needs two things for each route: the scope, granted to the app, and an admin role that allows the action.
//! [`Error::Forbidden`] says which of the two is missing.
//!
//! Source: Okta's guides "Implement OAuth for Okta with a service app" and "Configure OAuth 2.0 Demonstrating
//! Proof-of-Possession"; RFC 7523 (assertion), RFC 9449 (DPoP).

mod bearer;
mod clock;
mod jwk;
mod jwt;
mod key;
mod proof;
mod token;

use std::sync::Arc;

use devtrust_transport::{Credentials, Origin};

pub use key::{Algorithm, ClientKey};

use crate::{Error, Okta};

/// The scopes that reading everything takes that this crate reads.
pub const READ_SCOPES: [&str; 7] = [
    "okta.policies.read",
    "okta.apps.read",
    "okta.authenticators.read",
    "okta.devices.read",
    "okta.deviceAssurance.read",
    "okta.groups.read",
    "okta.logs.read",
];

/// The scopes that carrying out a plan takes beside [`READ_SCOPES`].
pub const ROLLOUT_SCOPES: [&str; 3] = [
    "okta.policies.manage",
    "okta.apps.manage",
    "okta.authenticators.manage",
];

/// An OAuth service app of the org: its client id, its private key, and the scopes to ask for.
///
/// ```
/// use okta_devtrust::{Okta, oauth::{ClientKey, READ_SCOPES, ServiceApp}};
///
/// # let pem = concat!("-----BEGIN PRIVATE KEY-----\n",
/// #     "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgQqixVF2V3NWArB/u\n",
/// #     "IAZAYUHnzaDPtRLcdouiQywaC82hRANCAASCs+gpna2QCJUxWUxve7pMjEDDna0R\n",
/// #     "uF9xe1V8slhVp7cPOyCuhtvx+HiGdEK3M4seWet68f7Z1hUkVk0b4BMc\n",
/// #     "-----END PRIVATE KEY-----\n");
/// // `pem` is the text of the key file.
/// let key = ClientKey::parse(pem)?.id("key-2026");
/// let app = ServiceApp::new("0oa1service", key).scopes(READ_SCOPES);
/// let okta = Okta::service_app("https://acme.okta.com", app)?;
/// # assert!(!format!("{okta:?}").contains("MIGH"));
/// # Ok::<(), okta_devtrust::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ServiceApp {
    client_id: String,
    key: Arc<ClientKey>,
    scopes: Vec<String>,
    bound: bool,
}

impl ServiceApp {
    /// A service app that asks for [`READ_SCOPES`] and [`ROLLOUT_SCOPES`], and for tokens bound by DPoP.
    pub fn new(client_id: impl Into<String>, key: ClientKey) -> Self {
        Self {
            client_id: client_id.into(),
            key: Arc::new(key),
            scopes: READ_SCOPES
                .into_iter()
                .chain(ROLLOUT_SCOPES)
                .map(str::to_owned)
                .collect(),
            bound: true,
        }
    }

    /// Asks for these scopes instead. Okta grants none of them when one is not granted to the app.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Sends no DPoP proof: for an app whose `dpop_bound_access_tokens` is off. Its tokens are worth something to
    /// whoever gets hold of one.
    #[must_use]
    pub fn bearer(mut self) -> Self {
        self.bound = false;
        self
    }

    /// The credentials of this app at the org of `url`, for [`Okta::with`].
    ///
    /// # Errors
    /// [`Error::Setup`] when the URL is not `https` (or `http` on loopback), the client id is empty, no scope is
    /// asked for, or TLS cannot be set up. Whether Okta knows the app shows with the first request.
    pub fn credentials(self, url: &str) -> Result<Arc<dyn Credentials>, Error> {
        let origin = Origin::parse(url).map_err(Error::setup)?;
        if self.client_id.trim().is_empty() || self.scopes.is_empty() {
            return Err(Error::setup(
                "a service app needs its client id and at least one scope",
            ));
        }
        Ok(Arc::new(bearer::Bearer::new(self, origin)?))
    }
}

impl Okta {
    /// A client of the org at `url` with a service app's credentials.
    ///
    /// # Errors
    /// As [`ServiceApp::credentials`].
    pub fn service_app(url: &str, app: ServiceApp) -> Result<Self, Error> {
        Self::with(url, app.credentials(url)?, crate::Retry::default())
    }
}

//! The client: one console, one key, at most one organisation.

use std::{sync::Arc, time::Duration};

use devtrust_transport::{Dialect, HeaderCredentials, Limits, Origin, Response, Transport};
use http::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    Credentials, Error, Region, Request, Retry, request::Service, scrub::Scrubber,
    service_account::ServiceAccount,
};

/// A JumpCloud client. Cloning is cheap and shares the connections.
///
/// The key travels in `x-api-key`, as a sensitive header, to the configured console only; redirects are not followed.
///
/// ```
/// use jumpcloud_mdm::{JumpCloud, Region};
///
/// let client = JumpCloud::new(Region::Eu, "jca_example".into())?;
/// assert!(!format!("{client:?}").contains("jca_example"));
/// # Ok::<(), jumpcloud_mdm::Error>(())
/// ```
#[derive(Clone)]
pub struct JumpCloud {
    transport: Transport,
    insights: Transport,
    org_id: Option<HeaderValue>,
    known_secrets: Scrubber,
    settle: Duration,
}

impl JumpCloud {
    /// A client for the one organisation of an API key.
    ///
    /// # Errors
    /// As [`JumpCloudBuilder::build`].
    pub fn new(region: Region, api_key: SecretString) -> Result<Self, Error> {
        Self::builder(region, api_key).build()
    }

    /// A client with more settings.
    pub fn builder(region: Region, api_key: SecretString) -> JumpCloudBuilder {
        JumpCloudBuilder::new(region, Authorization::ApiKey(api_key))
    }

    /// A client for a service account, by OAuth client credentials. Its tokens come from the region's token host, are
    /// kept for as long as they are good, and are replaced when they are refused.
    ///
    /// That a token works together with [`org_id`](JumpCloudBuilder::org_id) is not confirmed by JumpCloud.
    ///
    /// ```
    /// use jumpcloud_mdm::{JumpCloud, Region};
    ///
    /// let client = JumpCloud::service_account(Region::Us, "my-client", "secret".into()).build()?;
    /// assert!(!format!("{client:?}").contains("secret"));
    /// # Ok::<(), jumpcloud_mdm::Error>(())
    /// ```
    pub fn service_account(
        region: Region,
        client_id: impl Into<String>,
        secret: SecretString,
    ) -> JumpCloudBuilder {
        let client_id = client_id.into();
        JumpCloudBuilder::new(region, Authorization::Account { client_id, secret })
    }

    /// The organisation that calls go to, if one was chosen.
    pub fn org_id(&self) -> Option<&str> {
        self.org_id.as_ref()?.to_str().ok()
    }

    /// The same client for another organisation of the same administrator, with the same connections.
    ///
    /// # Errors
    /// [`Error::Input`] when the id is none.
    pub fn for_organization(&self, id: &str) -> Result<Self, Error> {
        Ok(Self {
            org_id: Some(org_header(id)?),
            ..self.clone()
        })
    }

    /// How long to wait before an object is read a second time after a write with unknown outcome.
    pub(crate) fn settle(&self) -> Duration {
        self.settle
    }

    /// Sends any request, with this client's key, retries and errors, and returns the JSON body: the way to routes
    /// that have no call of their own. An empty body is [`Value::Null`].
    ///
    /// # Errors
    /// An [`Error`] by the answer's meaning.
    pub async fn send(&self, request: &Request) -> Result<Value, Error> {
        let response = self.exchange(request).await?;
        if response.bytes().is_empty() {
            return Ok(Value::Null);
        }
        self.decode(request, &response)
    }

    /// As [`send`](Self::send), decoded as `T`.
    ///
    /// # Errors
    /// As [`send`](Self::send); [`Error::Decode`] names the key path.
    pub async fn send_as<T: DeserializeOwned>(&self, request: &Request) -> Result<T, Error> {
        let response = self.exchange(request).await?;
        self.decode(request, &response)
    }

    /// Sends a request whose answer holds nothing of use.
    pub(crate) async fn send_unit(&self, request: &Request) -> Result<(), Error> {
        self.exchange(request).await.map(drop)
    }

    pub(crate) async fn exchange(&self, request: &Request) -> Result<Response, Error> {
        let path = request.path();
        // A path without its id is another route: that of all objects.
        if path.split('/').skip(1).any(str::is_empty) {
            let problem = format!(
                "an id in `{} {path}` is empty; read the object again",
                request.method()
            );
            return Err(Error::input("id", problem));
        }
        let sent = request.for_organization(self.org_id.as_ref());
        let transport = match request.service() {
            Service::Console => &self.transport,
            Service::Insights => &self.insights,
        };
        transport
            .send(&sent)
            .await
            .map_err(|failure| Error::from_failure(&failure, request, &self.scrubber(request)))
    }

    pub(crate) fn decode<T: DeserializeOwned>(
        &self,
        request: &Request,
        response: &Response,
    ) -> Result<T, Error> {
        response
            .json()
            .map_err(|failure| Error::from_failure(&failure, request, &self.scrubber(request)))
    }

    pub(crate) fn scrubber(&self, request: &Request) -> Scrubber {
        self.known_secrets.with_request(request)
    }
}

impl std::fmt::Debug for JumpCloud {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JumpCloud")
            .field("transport", &self.transport)
            .field("org_id", &self.org_id)
            .finish_non_exhaustive()
    }
}

/// The `User-Agent`.
const AGENT: &str = concat!("jumpcloud-mdm/", env!("CARGO_PKG_VERSION"));

enum Authorization {
    ApiKey(SecretString),
    Account {
        client_id: String,
        secret: SecretString,
    },
    Other(Arc<dyn Credentials>),
}

/// Settings of a [`JumpCloud`] client.
pub struct JumpCloudBuilder {
    region: Region,
    authorization: Authorization,
    insights_url: Option<String>,
    token_url: Option<String>,
    org_id: Option<String>,
    retry: Retry,
    limits: Limits,
    settle: Duration,
}

impl JumpCloudBuilder {
    fn new(region: Region, authorization: Authorization) -> Self {
        Self {
            region,
            authorization,
            insights_url: None,
            token_url: None,
            org_id: None,
            retry: Retry::default(),
            limits: Limits::default(),
            settle: Duration::from_secs(2),
        }
    }

    /// The base URL of the host that gives a service account its tokens, without `/oauth2`. By default it is the
    /// region's, and with [`Region::Url`] that very URL.
    #[must_use]
    pub fn token_url(mut self, url: impl Into<String>) -> Self {
        self.token_url = Some(url.into());
        self
    }

    /// The base URL of Directory Insights, without `/insights`. By default it is the region's, and with
    /// [`Region::Url`] that very URL.
    #[must_use]
    pub fn insights_url(mut self, url: impl Into<String>) -> Self {
        self.insights_url = Some(url.into());
        self
    }

    /// The organisation to work on, for an administrator of several: 24 hexadecimal digits. It is sent as `x-org-id`
    /// on the routes that take it, and on no other.
    #[must_use]
    pub fn org_id(mut self, id: impl Into<String>) -> Self {
        self.org_id = Some(id.into());
        self
    }

    /// How often and how long to retry.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// How long one attempt of a request may take, to the last byte of its answer. Default 60 s.
    #[must_use]
    pub fn timeout(mut self, attempt: Duration) -> Self {
        self.limits.attempt_timeout = attempt;
        self
    }

    /// How long to wait before an object is read a second time after a write with unknown outcome. Default 2 s.
    #[must_use]
    pub fn settle(mut self, wait: Duration) -> Self {
        self.settle = wait;
        self
    }

    /// Authorises with something else than the API key, such as the bearer token of a service account.
    #[must_use]
    pub fn credentials(mut self, credentials: Arc<dyn Credentials>) -> Self {
        self.authorization = Authorization::Other(credentials);
        self
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Input`] when the URL, the key or the organisation id cannot be used.
    pub fn build(self) -> Result<JumpCloud, Error> {
        let origin = |field: &str, url: &str| {
            Origin::parse(url).map_err(|error| Error::input(field, error.to_string()))
        };
        let console = origin("region", self.region.console_url())?;
        let insights = match &self.insights_url {
            Some(url) => origin("insights_url", url)?,
            None => origin("region", self.region.insights_url())?,
        };
        let org_id = self.org_id.as_deref().map(org_header).transpose()?;
        let mut known_secrets = Scrubber::default();
        let credentials: Arc<dyn Credentials> = match self.authorization {
            Authorization::Other(credentials) => credentials,
            Authorization::Account { client_id, secret } => {
                known_secrets.add(secret.expose_secret().trim().to_owned());
                let url = self.token_url.as_deref();
                let url = url.unwrap_or_else(|| self.region.token_url());
                ServiceAccount::new(url, &client_id, &secret, self.retry.clone(), AGENT)?
            }
            Authorization::ApiKey(key) => {
                known_secrets.add(key.expose_secret().trim().to_owned());
                let name = HeaderName::from_static("x-api-key");
                let credentials = HeaderCredentials::new(name, "", &key)
                    .map_err(|error| Error::input("api_key", error.to_string()))?;
                Arc::new(credentials)
            }
        };
        let connect = |origin: Origin| {
            Transport::new(
                origin,
                Arc::clone(&credentials),
                Dialect::plain(AGENT),
                self.retry.clone(),
                self.limits.clone(),
            )
            .map_err(|error| Error::input("tls", error.to_string()))
        };
        let transport = connect(console.clone())?;
        let insights = if console == insights {
            transport.clone()
        } else {
            connect(insights)?
        };
        Ok(JumpCloud {
            transport,
            insights,
            org_id,
            known_secrets,
            settle: self.settle,
        })
    }
}

impl std::fmt::Debug for JumpCloudBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JumpCloudBuilder")
            .field("region", &self.region)
            .field("org_id", &self.org_id)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

/// JumpCloud answers 400 to a malformed id; refusing it here names the field.
fn org_header(id: &str) -> Result<HeaderValue, Error> {
    let id = id.trim();
    if id.len() == 24
        && id.bytes().all(|byte| byte.is_ascii_hexdigit())
        && let Ok(value) = HeaderValue::from_str(id)
    {
        return Ok(value);
    }
    Err(Error::input(
        "org_id",
        format!(
            "`{id}` is not an organisation id: 24 hexadecimal digits, as the console shows under Settings"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_is_refused_before_anything_is_sent() {
        let field = |built: Result<JumpCloud, Error>| match built {
            Err(Error::Input { field, .. }) => field,
            other => format!("{other:?}"),
        };
        let key = || SecretString::from("k");
        let url = |url: &str| JumpCloud::new(Region::Url(url.into()), key());
        assert_eq!(field(url("http://console.jumpcloud.com")), "region");
        assert_eq!(field(url("nowhere")), "region");
        assert!(url("http://127.0.0.1:1").is_ok());
        assert_eq!(field(JumpCloud::new(Region::Us, "".into())), "api_key");
        let org = |id: &str| JumpCloud::builder(Region::Us, key()).org_id(id).build();
        assert_eq!(field(org("acme")), "org_id");
        assert_eq!(
            org("5F21c4d3b544067fd53ba0af\n").unwrap().org_id(),
            Some("5F21c4d3b544067fd53ba0af")
        );
    }
}

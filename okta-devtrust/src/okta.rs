//! The client: one org, its credentials, and the way every request goes.

use std::{sync::Arc, time::Duration};

use devtrust_transport::{
    Credentials, Dialect, Failure, HeaderCredentials, Limits, Origin, RateLimitHeaders, Retry,
    Transport, next_link, pages,
};
use futures::Stream;
use http::{HeaderName, header};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use url::Url;

use crate::{Error, Request, Response};

/// A client of one Okta org. Cloning is cheap and shares the connections.
///
/// Credentials go to this org's origin only, redirects are not followed, and a request that Okta turns away with 429
/// is sent again when the rate-limit window has passed.
///
/// ```
/// use okta_devtrust::Okta;
/// use secrecy::SecretString;
///
/// let okta = Okta::ssws("https://acme.okta.com", &SecretString::from("00token"))?;
/// assert_eq!(okta.url(), "https://acme.okta.com");
/// assert!(!format!("{okta:?}").contains("00token"));
/// # Ok::<(), okta_devtrust::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Okta {
    transport: Transport,
}

impl Okta {
    /// A client of the org at `url` (`https://{org}.okta.com`) with an API token (scheme `SSWS`).
    ///
    /// # Errors
    /// [`Error::Setup`] when the URL is not `https` (or `http` on loopback), or the token is empty or cannot be sent.
    pub fn ssws(url: &str, token: &SecretString) -> Result<Self, Error> {
        Self::with(url, ssws(token)?, Retry::default())
    }

    /// A client of the org at `url` with other credentials or another retry policy.
    ///
    /// # Errors
    /// [`Error::Setup`] when the URL is not `https` (or `http` on loopback), or TLS cannot be set up.
    pub fn with(url: &str, credentials: Arc<dyn Credentials>, retry: Retry) -> Result<Self, Error> {
        let origin = Origin::parse(url).map_err(Error::setup)?;
        let transport = Transport::new(origin, credentials, dialect(), retry, Limits::default())
            .map_err(|error| Error::setup(format!("TLS cannot be set up: {error}")))?;
        Ok(Self { transport })
    }

    /// The org's base URL.
    pub fn url(&self) -> String {
        self.transport.origin().to_string()
    }

    /// Sends any request with this client's credentials, retry and errors: the way to routes that the crate does not
    /// cover.
    ///
    /// # Errors
    /// Every variant of [`Error`] that carries a [`Context`](crate::Context); [`Error::Setup`] when a segment of the
    /// path is empty, `.` or `..`, since that would address another resource.
    pub async fn send(&self, request: &Request) -> Result<Response, Error> {
        if let Some(problem) = hollow(request) {
            return Err(Error::Setup { problem });
        }
        let answer = self.transport.send(&request.0).await;
        answer
            .map(Response)
            .map_err(|failure| error(&self.transport, failure))
    }

    pub(crate) async fn read<T: DeserializeOwned>(&self, request: &Request) -> Result<T, Error> {
        self.send(request).await?.json()
    }

    /// The items of all pages of any list, a page fetched when its first item is asked for. `T` is what an item is read
    /// as: a type of this crate, or [`serde_json::Value`].
    ///
    /// Pages are followed by Okta's `link` headers (`rel="next"`), at this org only.
    ///
    /// ```no_run
    /// use futures::TryStreamExt as _;
    /// use okta_devtrust::{Okta, Request, groups::Group};
    ///
    /// # async fn all(okta: &Okta) -> Result<(), okta_devtrust::Error> {
    /// let groups = okta.pages::<Group>(Request::get(["api", "v1", "groups"]).query("limit", "200"));
    /// let mut groups = std::pin::pin!(groups);
    /// while let Some(group) = groups.try_next().await? {
    ///     println!("{}", group.name());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Each item as [`Okta::send`]; after an error the list ends.
    pub fn pages<T: DeserializeOwned>(
        &self,
        first: Request,
    ) -> impl Stream<Item = Result<T, Error>> + use<T> {
        let transport = self.transport.clone();
        let problem = hollow(&first);
        pages::stream(first.0, move |request| {
            let (transport, problem) = (transport.clone(), problem.clone());
            async move {
                if let Some(problem) = problem {
                    return Err(Error::Setup { problem });
                }
                let response = transport
                    .send(&request)
                    .await
                    .map_err(|failure| error(&transport, failure))?;
                let next = next_link(response.headers())
                    .and_then(|link| transport.origin().url().join(&link).ok())
                    .filter(|link| !is_same(&request, link))
                    .map(devtrust_transport::Request::follow);
                Ok(pages::Page {
                    items: response.json()?,
                    next,
                })
            }
        })
    }

    /// The request that follows a link of the org, whole or without a host.
    pub(crate) fn link(&self, link: &str) -> Option<Request> {
        let url = self.transport.origin().url().join(link).ok()?;
        Some(Request(devtrust_transport::Request::follow(url)))
    }

    pub(crate) async fn sleep(&self, wait: Duration) {
        self.transport.clock().sleep(wait).await;
    }

    pub(crate) async fn list<T: DeserializeOwned>(&self, first: Request) -> Result<Vec<T>, Error> {
        use futures::TryStreamExt as _;
        self.pages(first).try_collect().await
    }
}

/// What a failure means, with what the credentials are good for.
fn error(transport: &Transport, failure: Failure) -> Error {
    Error::from(failure).granted(transport.credentials().grants().as_deref())
}

/// A `next` link to the very page it is on would never end.
fn is_same(request: &devtrust_transport::Request, link: &Url) -> bool {
    *request == devtrust_transport::Request::follow(link.clone())
}

/// Credentials of an API token: `Authorization: SSWS {token}`. It acts with the rights of the admin who made it.
///
/// # Errors
/// [`Error::Setup`] when the token is empty or holds characters that a header cannot carry.
pub fn ssws(token: &SecretString) -> Result<Arc<dyn Credentials>, Error> {
    let credentials =
        HeaderCredentials::new(header::AUTHORIZATION, "SSWS ", token).map_err(Error::setup)?;
    Ok(Arc::new(credentials))
}

pub(crate) fn dialect() -> Dialect {
    Dialect {
        request_id: vec![HeaderName::from_static("x-okta-request-id")],
        rate_limit: Some(RateLimitHeaders {
            limit: HeaderName::from_static("x-rate-limit-limit"),
            remaining: HeaderName::from_static("x-rate-limit-remaining"),
            reset: HeaderName::from_static("x-rate-limit-reset"),
        }),
        retry_for: Some(HeaderName::from_static("x-okta-retry-for")),
        retry_count: Some(HeaderName::from_static("x-okta-retry-count")),
        user_agent: concat!("okta-devtrust/", env!("CARGO_PKG_VERSION")).to_owned(),
        bucket,
    }
}

/// The rate limit that a request counts against, as recorded on real orgs: an app read by its id has one of its own,
/// and so do the users of devices; else every resource has one.
fn bucket(method: &http::Method, path: &str) -> String {
    let segments: Vec<&str> = path.split('/').skip_while(|part| *part != "v1").collect();
    match segments.as_slice() {
        ["v1", "apps", _] if method == http::Method::GET => "app".into(),
        ["v1", "devices", _, "users"] => "device users".into(),
        ["v1", resource, ..] => (*resource).into(),
        _ => String::new(),
    }
}

/// What is wrong with a path that has an empty segment, `.` or `..`: it would address another resource.
fn hollow(request: &Request) -> Option<String> {
    request
        .has_hollow_segment()
        .then(|| format!("`{request}` has an empty path segment; an id is missing"))
}

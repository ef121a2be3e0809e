//! A request as a pure value: it can be built, compared and tested without a socket.

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Serialize;
use serde_json::Value;
use url::Url;

/// A request to the configured origin: method, path, query, headers and body.
///
/// Path segments and query values are percent-encoded when the request is sent, so an id with a slash in it stays one
/// segment. `Debug` shows no query and no body: both can hold secrets.
#[derive(Clone, PartialEq)]
pub struct Request {
    method: Method,
    target: Target,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Option<Body>,
    repeatable: bool,
}

#[derive(Clone, PartialEq)]
enum Target {
    Segments(Vec<String>),
    Absolute(Url),
}

#[derive(Clone, PartialEq)]
enum Body {
    Json(Value),
    Form(Vec<(String, String)>),
}

impl Request {
    /// A request of any method to the path of `segments`.
    pub fn new<S: Into<String>>(method: Method, segments: impl IntoIterator<Item = S>) -> Self {
        Self {
            method,
            target: Target::Segments(segments.into_iter().map(Into::into).collect()),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: None,
            repeatable: false,
        }
    }

    /// A GET of the path of `segments`.
    pub fn get<S: Into<String>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self::new(Method::GET, segments)
    }

    /// A POST to the path of `segments`.
    pub fn post<S: Into<String>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self::new(Method::POST, segments)
    }

    /// A PUT to the path of `segments`.
    pub fn put<S: Into<String>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self::new(Method::PUT, segments)
    }

    /// A DELETE of the path of `segments`.
    pub fn delete<S: Into<String>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self::new(Method::DELETE, segments)
    }

    /// A GET of a link that the server gave. Sending it fails when the link leaves the configured origin.
    pub fn follow(link: Url) -> Self {
        Self {
            method: Method::GET,
            target: Target::Absolute(link),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: None,
            repeatable: false,
        }
    }

    /// Adds a query parameter. A name may be given several times.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Adds a query parameter when there is a value.
    #[must_use]
    pub fn query_opt(self, name: impl Into<String>, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Sets a header. Not for credentials: those belong to [`Credentials`](crate::Credentials).
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets the JSON body.
    ///
    /// # Errors
    /// When `body` does not serialise, which only a map with non-text keys does not.
    pub fn json(mut self, body: &impl Serialize) -> Result<Self, serde_json::Error> {
        self.body = Some(Body::Json(serde_json::to_value(body)?));
        Ok(self)
    }

    /// Sets the JSON body from a value.
    #[must_use]
    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(Body::Json(body));
        self
    }

    /// Sets a body of form fields (`application/x-www-form-urlencoded`).
    #[must_use]
    pub fn form<K: Into<String>, V: Into<String>>(
        mut self,
        fields: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let fields = fields.into_iter().map(|(k, v)| (k.into(), v.into()));
        self.body = Some(Body::Form(fields.collect()));
        self
    }

    /// Says that sending it twice does no harm, though its method does not say so: it is then retried like a GET.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path for people: unencoded segments, no query.
    pub fn path(&self) -> String {
        match &self.target {
            Target::Segments(segments) => format!("/{}", segments.join("/")),
            Target::Absolute(url) => url.path().to_owned(),
        }
    }

    /// The query parameters, in order.
    pub fn query_pairs(&self) -> &[(String, String)] {
        &self.query
    }

    /// The JSON body.
    pub fn json_body(&self) -> Option<&Value> {
        match self.body.as_ref()? {
            Body::Json(body) => Some(body),
            Body::Form(_) => None,
        }
    }

    /// Whether it may be sent again when its outcome is unknown.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.repeatable || self.method == Method::GET || self.method == Method::HEAD
    }

    /// The media type of the body.
    pub(crate) fn media_type(&self) -> Option<&'static str> {
        Some(match self.body.as_ref()? {
            Body::Json(_) => "application/json",
            Body::Form(_) => "application/x-www-form-urlencoded",
        })
    }

    /// The body as it is sent.
    pub(crate) fn encoded_body(&self) -> Option<String> {
        Some(match self.body.as_ref()? {
            Body::Json(body) => body.to_string(),
            Body::Form(fields) => url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(fields)
                .finish(),
        })
    }

    /// The headers set on this request.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The full URL at `origin`.
    pub(crate) fn url(&self, origin: &crate::Origin) -> Url {
        let mut url = match &self.target {
            Target::Segments(segments) => origin.join(segments.iter().map(String::as_str)),
            Target::Absolute(url) => url.clone(),
        };
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}

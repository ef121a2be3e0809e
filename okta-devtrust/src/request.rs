//! Requests and responses as plain values: what the pure request functions return and [`Okta::send`](crate::Okta::send)
//! takes, for the routes that this crate covers and for every other.

use std::fmt;

use devtrust_transport as transport;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::Error;

/// A request to the org: method, path, query and JSON body.
///
/// Path segments and query values are percent-encoded when the request is sent. `Debug` shows neither query nor body;
/// `Display` shows method and path.
///
/// ```
/// use okta_devtrust::Request;
/// use serde_json::json;
///
/// let request = Request::post(["api", "v1", "policies", "rst1", "clone"]).body(json!({}));
/// assert_eq!(request.to_string(), "POST /api/v1/policies/rst1/clone");
/// ```
#[derive(Clone, PartialEq)]
pub struct Request(pub(crate) transport::Request);

impl Request {
    /// A GET of the path of `segments`.
    pub fn get<S: Into<String>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self(transport::Request::get(segments))
    }

    /// A POST to the path of `segments`.
    pub fn post<S: Into<String>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self(transport::Request::post(segments))
    }

    /// A PUT to the path of `segments`.
    pub fn put<S: Into<String>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self(transport::Request::put(segments))
    }

    /// A DELETE of the path of `segments`.
    pub fn delete<S: Into<String>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self(transport::Request::delete(segments))
    }

    /// A PATCH of the path of `segments`.
    pub fn patch<S: Into<String>>(segments: impl IntoIterator<Item = S>) -> Self {
        Self(transport::Request::new(http::Method::PATCH, segments))
    }

    /// Adds a query parameter. A name may be given several times.
    #[must_use]
    pub fn query(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        Self(self.0.query(name, value))
    }

    /// Sets the JSON body.
    #[must_use]
    pub fn body(self, body: Value) -> Self {
        Self(self.0.body(body))
    }

    /// Says that sending it twice does no harm, though its method does not say so: it is then retried like a GET.
    #[must_use]
    pub fn repeatable(self) -> Self {
        Self(self.0.repeatable())
    }

    /// The method, such as `PUT`.
    pub fn method(&self) -> &str {
        self.0.method().as_str()
    }

    /// The path, unencoded and without the query.
    pub fn path(&self) -> String {
        self.0.path()
    }

    /// The query parameters, in order.
    pub fn query_pairs(&self) -> &[(String, String)] {
        self.0.query_pairs()
    }

    /// The JSON body.
    pub fn json_body(&self) -> Option<&Value> {
        self.0.json_body()
    }

    /// Whether a segment of the path would change which resource is meant: an empty id turns "this one" into "all".
    pub(crate) fn has_hollow_segment(&self) -> bool {
        self.0
            .path()
            .split('/')
            .skip(1)
            .any(|segment| matches!(segment, "" | "." | ".."))
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method(), self.path())
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({self})")
    }
}

/// The JSON of a value of this crate.
pub(crate) fn json_of(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("types of this crate have text keys only")
}

/// A successful response, read whole. `Debug` shows no body.
#[derive(Clone)]
pub struct Response(pub(crate) transport::Response);

impl Response {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    /// The value of a header, if it is text. The name is matched without regard to case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.headers().get(name)?.to_str().ok()
    }

    /// The body's bytes.
    pub fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }

    /// Okta's id of this request (`X-Okta-Request-Id`).
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id()
    }

    /// Decodes the JSON body.
    ///
    /// # Errors
    /// [`Error::Decode`] with the key path when the body has another shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.0.json().map_err(Error::from)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({:?})", self.0)
    }
}

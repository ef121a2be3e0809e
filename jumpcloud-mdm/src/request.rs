//! A request as a pure value. It knows which routes take `x-org-id`: the header is an error on the others.

use devtrust_transport as transport;
use http::{HeaderName, HeaderValue, Method};
use serde_json::Value;

/// A request to JumpCloud: method, API version, path segments, query and JSON body.
///
/// The typed calls build these; build one yourself for any route that has none, and give it to
/// [`JumpCloud::send`](crate::JumpCloud::send). Segments and query values are percent-encoded when sent. `Debug`
/// shows no query and no body, since both can hold secrets.
///
/// ```
/// use jumpcloud_mdm::{Method, Request};
///
/// let request = Request::v2(Method::GET, ["policygroups"]).query("limit", "100");
/// assert_eq!(request.path(), "/api/v2/policygroups");
/// assert!(request.takes_org_id());
/// assert!(!Request::v1(Method::GET, ["organizations"]).takes_org_id());
/// ```
#[derive(Clone, PartialEq)]
pub struct Request {
    inner: transport::Request,
    takes_org_id: bool,
    service: Service,
    reads: bool,
}

/// Which of JumpCloud's hosts a request goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// The console: API v1 and v2.
    Console,
    /// Directory Insights.
    Insights,
}

impl Request {
    /// A request to `/api/{segments}`.
    pub fn v1<S: Into<String>>(method: Method, segments: impl IntoIterator<Item = S>) -> Self {
        Self::new(method, Service::Console, &["api"], segments)
    }

    /// A request to `/api/v2/{segments}`.
    pub fn v2<S: Into<String>>(method: Method, segments: impl IntoIterator<Item = S>) -> Self {
        Self::new(method, Service::Console, &["api", "v2"], segments)
    }

    /// A request to Directory Insights, `/insights/directory/v1/{segments}` on its own host.
    pub fn insights<S: Into<String>>(
        method: Method,
        segments: impl IntoIterator<Item = S>,
    ) -> Self {
        let version = ["insights", "directory", "v1"];
        Self::new(method, Service::Insights, &version, segments)
    }

    fn new<S: Into<String>>(
        method: Method,
        service: Service,
        version: &[&str],
        segments: impl IntoIterator<Item = S>,
    ) -> Self {
        let mut path: Vec<String> = version.iter().map(ToString::to_string).collect();
        path.extend(segments.into_iter().map(Into::into));
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        Self {
            takes_org_id: takes_org_id(&parts),
            service,
            reads: method.is_safe(),
            inner: transport::Request::new(method, path),
        }
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.inner = self.inner.query(name, value);
        self
    }

    /// Sets the JSON body.
    #[must_use]
    pub fn body(mut self, body: Value) -> Self {
        self.inner = self.inner.body(body);
        self
    }

    /// Says that it only reads, though it is a POST: a search. It is then sent again like a GET.
    #[must_use]
    pub fn reading(mut self) -> Self {
        self.reads = true;
        self
    }

    /// The method.
    pub fn method(&self) -> &Method {
        self.inner.method()
    }

    /// The path with `/api` or `/api/v2`, without the query.
    pub fn path(&self) -> String {
        self.inner.path()
    }

    /// The query parameters, in order.
    pub fn query_pairs(&self) -> &[(String, String)] {
        self.inner.query_pairs()
    }

    /// The JSON body.
    pub fn json_body(&self) -> Option<&Value> {
        self.inner.json_body()
    }

    /// Whether the route accepts `x-org-id`. JumpCloud answers 403 when it comes with a route that does not.
    pub fn takes_org_id(&self) -> bool {
        self.takes_org_id
    }

    /// Whether sending it changes something.
    pub fn is_write(&self) -> bool {
        !self.reads
    }

    pub(crate) fn service(&self) -> Service {
        self.service
    }

    pub(crate) fn for_organization(&self, org_id: Option<&HeaderValue>) -> transport::Request {
        let mut sent = self.inner.clone();
        if self.reads {
            sent = sent.repeatable();
        }
        match org_id {
            Some(id) if self.takes_org_id => {
                sent.header(HeaderName::from_static("x-org-id"), id.clone())
            }
            _ => sent,
        }
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&self.inner, f)
    }
}

/// The routes without `x-org-id` name the organisation otherwise, or act on ids alone.
fn takes_org_id(path: &[&str]) -> bool {
    !matches!(
        path,
        ["api", "organizations", ..]
            | ["api", "search", "organizations", ..]
            | ["api", "v2", "organizations" | "providers", ..]
            | [
                "api",
                "v2",
                "softwareapps",
                _,
                "reclaim-licenses" | "retry-installation"
            ]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_organization_goes_only_where_the_route_takes_it() {
        let id = HeaderValue::from_static("5f21c4d3b544067fd53ba0af");
        let header = |request: Request| {
            request
                .for_organization(Some(&id))
                .headers()
                .get("x-org-id")
                .cloned()
        };
        for segments in [
            vec!["policies"],
            vec!["softwareapps", "a", "associations"],
            vec!["systeminsights", "apps"],
        ] {
            assert_eq!(header(Request::v2(Method::GET, segments)), Some(id.clone()));
        }
        assert_eq!(
            header(Request::v1(Method::GET, ["systems"])),
            Some(id.clone())
        );
        for segments in [
            vec!["organizations"],
            vec!["organizations", "x"],
            vec!["search", "organizations"],
        ] {
            assert_eq!(header(Request::v1(Method::GET, segments)), None);
        }
        for segments in [
            vec!["organizations", "cases"],
            vec!["providers", "p", "organizations"],
            vec!["softwareapps", "a", "retry-installation"],
        ] {
            assert_eq!(header(Request::v2(Method::POST, segments)), None);
        }
    }

    #[test]
    fn debug_shows_neither_query_nor_body() {
        let request = Request::v2(Method::POST, ["policies"])
            .query("filter", "canary")
            .body(serde_json::json!({"value": "canary"}));
        assert!(!format!("{request:?}").contains("canary"));
    }
}

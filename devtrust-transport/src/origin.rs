//! The one place that credentials may go to: scheme, host and port. `https` only, except on loopback.

use std::fmt;

use url::{Host, Url};

/// A checked base URL: `https`, or `http` on loopback; no user, query or fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(Url);

impl Origin {
    /// Checks `text` as the base URL of a server. A path, such as that of a gateway before it, is kept.
    ///
    /// # Errors
    /// When it is no URL, is neither `https` nor on loopback, or carries a user, query or fragment.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let url = Url::parse(text.trim()).map_err(|error| {
            OriginError(format!(
                "`{text}` is not a URL ({error}); write it as https://host.example"
            ))
        })?;
        if url.cannot_be_a_base() || url.host().is_none() {
            return Err(OriginError(format!(
                "`{text}` names no host; write it as https://host.example"
            )));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OriginError(
                "the URL carries a user or password; leave it out, credentials are given apart"
                    .into(),
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(OriginError(
                "the URL carries a query or fragment; give the base URL alone".into(),
            ));
        }
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if is_loopback(&url) => Ok(Self(url)),
            other => Err(OriginError(format!(
                "`{text}` uses {other}; only https is allowed, or http on loopback"
            ))),
        }
    }

    /// The URL itself.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Whether `other` has this origin's scheme, host and port.
    pub fn covers(&self, other: &Url) -> bool {
        self.0.origin() == other.origin()
    }

    /// This origin's URL with `segments` appended, each percent-encoded as one path segment.
    pub fn join<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// Why a text is no base URL, with the mend.
#[derive(Debug, Clone)]
pub struct OriginError(String);

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OriginError {}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_for_loopback_only() {
        for good in [
            "https://acme.okta.com",
            "http://127.0.0.1:8080",
            "http://[::1]:1",
            "http://localhost:9/gate/",
        ] {
            assert!(Origin::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://acme.okta.com",
            "http://127.0.0.1.example.com",
            "ftp://acme.okta.com",
            "acme.okta.com",
            "https://user:pw@acme.okta.com",
            "https://acme.okta.com/?x=1",
            "mailto:a@b.example",
        ] {
            assert!(Origin::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_segment_cannot_leave_its_place() {
        let origin = Origin::parse("https://h.example/gate").unwrap();
        let url = origin.join(["api", "a/../b?c#d"]);
        assert_eq!(url.path(), "/gate/api/a%2F..%2Fb%3Fc%23d");
        assert!(origin.covers(&url));
        assert!(!origin.covers(&Url::parse("https://h.example:444/").unwrap()));
    }

    #[test]
    fn a_user_in_the_url_is_refused_without_showing_it() {
        let error = Origin::parse("https://canary:canary@h.example").unwrap_err();
        assert!(!error.to_string().contains("canary"));
    }
}

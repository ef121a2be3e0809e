use crate::error::{Error, Field};
use std::fmt;
use url::{Host, Url};

/// The address of a SCEP server: `URL` of the payload.
///
/// Taken as it is, since servers differ (`https://acme.okta.com/pki/…/scep/rac…`); checked only for what breaks
/// every client. `https` is asked for unless the host is this machine: SCEP itself encrypts the challenge, but to
/// whatever certificate the server hands out.
///
/// ```
/// use scep_profile::ScepUrl;
///
/// assert!(ScepUrl::parse("https://scep.example.com/scep").is_ok());
/// assert!(ScepUrl::parse("http://127.0.0.1:8080/scep").is_ok());
/// assert!(ScepUrl::parse("http://scep.example.com/scep").unwrap_err().is_url());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScepUrl(Url);

impl ScepUrl {
    /// An `https` URL, or an `http` one to this machine.
    ///
    /// # Errors
    ///
    /// [`Error::is_url`]: not an absolute URL, another scheme, a user name, a query or a fragment.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let url = Self::parse_allowing_http(text)?;
        if url.is_secure() {
            Ok(url)
        } else {
            Err(refuse(
                "http would let anyone on the way pass for the CA",
                "use https (ScepUrl::parse_allowing_http takes it if you pin the CA by its fingerprint)",
            ))
        }
    }

    /// An `https` or `http` URL to any host. With `http` the fingerprint of the CA is the only protection.
    ///
    /// # Errors
    ///
    /// [`Error::is_url`], as for [`ScepUrl::parse`] but for the scheme.
    pub fn parse_allowing_http(text: &str) -> Result<Self, Error> {
        let example = "write it in full, like https://acme.okta.com/pki/…/scep/rac…";
        let url = Url::parse(text.trim())
            .map_err(|error| refuse(&format!("no absolute URL ({error})"), example))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(refuse(&format!("scheme {}", url.scheme()), example));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse(
                "it holds a user name or password",
                "SCEP has no login: leave it out",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse(
                "it has a query or fragment",
                "give the address before the `?`: clients append `?operation=…` themselves",
            ));
        }
        Ok(Self(url))
    }

    /// The URL as text, as written to the profile.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The URL as a value.
    #[must_use]
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    /// Whether the connection cannot be listened to: `https`, or a host that is this machine.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.0.scheme() == "https"
            || match self.0.host() {
                Some(Host::Domain(name)) => name == "localhost",
                Some(Host::Ipv4(address)) => address.is_loopback(),
                Some(Host::Ipv6(address)) => address.is_loopback(),
                None => false,
            }
    }
}

impl fmt::Display for ScepUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn refuse(problem: &str, mend: &str) -> Error {
    Error::new(Field::Url, problem, mend)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_complete_addresses_are_taken() {
        for bad in [
            "scep.example.com",
            "scep.example.com/scep",
            "ftp://a/scep",
            "https://user@a/scep",
            "https://a/scep?operation=GetCACaps",
            "https://a/scep#x",
            "",
        ] {
            assert!(
                ScepUrl::parse_allowing_http(bad).unwrap_err().is_url(),
                "{bad}"
            );
        }
    }

    #[test]
    fn http_needs_loopback_or_an_explicit_call() {
        for (url, secure) in [
            ("http://localhost:1/x", true),
            ("http://[::1]:1/x", true),
            ("http://127.9.9.9/x", true),
            ("http://10.0.0.1/x", false),
            ("http://localhost.example.com/x", false),
        ] {
            assert_eq!(ScepUrl::parse(url).is_ok(), secure, "{url}");
            assert!(ScepUrl::parse_allowing_http(url).is_ok(), "{url}");
        }
    }
}

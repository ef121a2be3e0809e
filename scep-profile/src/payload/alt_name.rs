use crate::error::{Error, Field};
use plist::Dictionary;
#[cfg(feature = "message")]
use {plist::Value, std::net::IpAddr};

/// Names beside the subject, `SubjectAltName` of the payload.
///
/// Apple takes a string or an array for the first three and one string only for the last; macOS skips kinds it does
/// not know without a word.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SubjectAltName {
    /// `rfc822Name`: e-mail addresses.
    pub rfc822_names: Vec<String>,
    /// `dNSName`: host names.
    pub dns_names: Vec<String>,
    /// `uniformResourceIdentifier`: URIs.
    pub uris: Vec<String>,
    /// `ntPrincipalName`: the user principal name in Active Directory.
    pub nt_principal_name: Option<String>,
    /// Kinds this type does not know, kept when a profile is read and written again. macOS understands `iPAddress`
    /// (its open source does; Apple's schema does not list it), and leaves the others out.
    pub extra: Dictionary,
}

impl SubjectAltName {
    /// Whether there is no name at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The addresses in `iPAddress`, in any case; what is no address is left out.
    #[cfg(feature = "message")]
    pub(crate) fn ip_addresses(&self) -> impl Iterator<Item = IpAddr> {
        let kinds = self.extra.iter();
        let addresses = kinds.filter(|(kind, _)| kind.eq_ignore_ascii_case("iPAddress"));
        addresses
            .flat_map(|(_, value)| match value {
                Value::Array(several) => several.as_slice(),
                one => std::slice::from_ref(one),
            })
            .filter_map(|address| address.as_string()?.parse().ok())
    }

    pub(super) fn validate(&self) -> Result<(), Error> {
        let all = self
            .rfc822_names
            .iter()
            .chain(&self.dns_names)
            .chain(&self.uris)
            .chain(&self.nt_principal_name);
        for name in all {
            // IA5String in the certificate; a principal name is UTF-8, yet nobody has an empty one.
            if name.trim().is_empty() {
                return Err(Error::new(
                    Field::AltName,
                    "an empty name",
                    "leave it out or give a value",
                ));
            }
        }
        let ascii = self
            .rfc822_names
            .iter()
            .chain(&self.dns_names)
            .chain(&self.uris);
        for name in ascii {
            if !name.is_ascii() {
                return Err(Error::new(
                    Field::AltName,
                    format!("`{name}` has letters beyond ASCII"),
                    "write an international domain in its xn-- form",
                ));
            }
        }
        match self
            .rfc822_names
            .iter()
            .find(|name| !name.contains('@') && !name.contains(['%', '$']))
        {
            Some(name) => Err(Error::new(
                Field::AltName,
                format!("rfc822Name `{name}` is no e-mail address"),
                "write it like user@example.com",
            )),
            None => Ok(()),
        }
    }
}

use crate::error::{Error, Field};

/// Names beside the subject, `SubjectAltName` of the payload.
///
/// Apple takes a string or an array for the first three and one string only for the last; macOS skips kinds it does
/// not know without a word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SubjectAltName {
    /// `rfc822Name`: e-mail addresses.
    pub rfc822_names: Vec<String>,
    /// `dNSName`: host names.
    pub dns_names: Vec<String>,
    /// `uniformResourceIdentifier`: URIs.
    pub uris: Vec<String>,
    /// `ntPrincipalName`: the user principal name in Active Directory.
    pub nt_principal_name: Option<String>,
}

impl SubjectAltName {
    /// Whether there is no name at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
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

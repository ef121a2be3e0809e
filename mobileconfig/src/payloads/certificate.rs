//! Certificates: `com.apple.security.root`, `com.apple.security.pkcs1`, `com.apple.security.pem`.
//!
//! ```
//! use mobileconfig::{Profile, certificate::Root};
//!
//! # const CA: &str = include_str!("../../tests/data/ca.pem");
//! let root = Root::from_pem(CA)?;
//! let profile = Profile::builder("Example Org", "org.example.trust").add("root-ca", &root).build()?;
//! assert_eq!(profile.payloads[0].decode::<Root>()?.der(), root.der());
//! # Ok::<(), mobileconfig::Error>(())
//! ```

use der::Decode;
use plist::Dictionary;
use x509_cert::Certificate;

use crate::cms::armour;
use crate::fields::{keys, payload};
use crate::{Error, keys::CONTENT};

macro_rules! der_certificate {
    ($(#[$meta:meta])* $type:ident = $payload_type:literal) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq)]
        pub struct $type {
            der: Vec<u8>,
            file_name: Option<String>,
            extra: Dictionary,
        }

        keys!($type { der: "PayloadContent", file_name: "PayloadCertificateFileName" });
        payload!($type = $payload_type, check = |this| check_der(&this.der));

        impl $type {
            /// From the DER bytes of one certificate (`PayloadContent`).
            ///
            /// # Errors
            /// [`Error::is_invalid_value`] if the bytes are anything else than exactly one certificate.
            pub fn new(der: impl Into<Vec<u8>>) -> Result<Self, Error> {
                let der = der.into();
                check_der(&der)?;
                Ok(Self { der, file_name: None, extra: Dictionary::new() })
            }

            /// From the PEM text of one certificate; the profile will hold its DER.
            ///
            /// # Errors
            /// [`Error::is_invalid_value`] if the text is anything else than exactly one certificate.
            pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self, Error> {
                Self::new(pem_to_der(pem.as_ref())?)
            }

            /// Sets `PayloadCertificateFileName`, which is only shown to people.
            #[must_use]
            pub fn file_name(mut self, name: impl Into<String>) -> Self {
                self.file_name = Some(name.into());
                self
            }

            /// The DER bytes as the profile holds them; not checked again when they were read from a profile.
            #[must_use]
            pub fn der(&self) -> &[u8] {
                &self.der
            }
        }
    };
}

der_certificate! {
    /// `com.apple.security.root`: a DER certificate; the usual type for a root to be trusted. Apple's schema makes it an alias of
    /// `com.apple.security.pkcs1`.
    ///
    /// ```
    /// use mobileconfig::{PayloadContent, certificate::Root};
    ///
    /// # const CA: &str = include_str!("../../tests/data/ca.pem");
    /// let root = Root::from_pem(CA)?.file_name("root.cer");
    /// let keys = root.to_dictionary()?;
    /// assert_eq!(keys.get("PayloadContent").and_then(|value| value.as_data()), Some(root.der()));
    /// assert_eq!(keys.get("PayloadCertificateFileName"), Some(&"root.cer".into()));
    /// # Ok::<(), mobileconfig::Error>(())
    /// ```
    Root = "com.apple.security.root"
}

der_certificate! {
    /// `com.apple.security.pkcs1`: a DER certificate; the usual type for an intermediate.
    ///
    /// ```
    /// use mobileconfig::{Profile, certificate::{Pkcs1, Root}};
    ///
    /// # const INTERMEDIATE: &str = include_str!("../../tests/data/ca.pem");
    /// let intermediate = Pkcs1::new(Root::from_pem(INTERMEDIATE)?.der())?;
    /// let profile = Profile::builder("Example Org", "org.example.trust").add("intermediate", &intermediate).build()?;
    /// assert_eq!(profile.payloads[0].payload_type, "com.apple.security.pkcs1");
    /// # Ok::<(), mobileconfig::Error>(())
    /// ```
    Pkcs1 = "com.apple.security.pkcs1"
}

/// `com.apple.security.pem`: a certificate in PEM.
///
/// ```
/// use mobileconfig::{Profile, certificate::Pem};
///
/// # const CA: &str = include_str!("../../tests/data/ca.pem");
/// let pem = Pem::new(CA)?;
/// let profile = Profile::builder("Example Org", "org.example.trust").add("ca", &pem).build()?;
/// let read: Pem = profile.payloads[0].decode()?;
/// assert_eq!((read.pem(), read.der()?), (CA.as_bytes(), pem.der()?));
/// # Ok::<(), mobileconfig::Error>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Pem {
    pem: Vec<u8>,
    file_name: Option<String>,
    extra: Dictionary,
}

keys!(Pem {
    pem: "PayloadContent",
    file_name: "PayloadCertificateFileName"
});
payload!(
    Pem = "com.apple.security.pem",
    check = |this| pem_to_der(&this.pem).map(drop)
);

impl Pem {
    /// From the PEM text of one certificate (`PayloadContent`), which the profile holds as it is.
    ///
    /// # Errors
    /// [`Error::is_invalid_value`] if the text is anything else than exactly one certificate.
    pub fn new(pem: impl Into<Vec<u8>>) -> Result<Self, Error> {
        let pem = pem.into();
        pem_to_der(&pem)?;
        Ok(Self {
            pem,
            file_name: None,
            extra: Dictionary::new(),
        })
    }

    /// Sets `PayloadCertificateFileName`, which is only shown to people.
    #[must_use]
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    /// The PEM text as the profile holds it.
    #[must_use]
    pub fn pem(&self) -> &[u8] {
        &self.pem
    }

    /// The certificate in DER.
    ///
    /// # Errors
    /// [`Error::is_invalid_value`] if the payload was read from a profile and holds no PEM certificate.
    pub fn der(&self) -> Result<Vec<u8>, Error> {
        pem_to_der(&self.pem)
    }
}

fn check_der(der: &[u8]) -> Result<(), Error> {
    if der.starts_with(b"-----BEGIN") {
        return Err(Error::invalid_value(
            CONTENT,
            "this is PEM; use `from_pem`, or the payload type com.apple.security.pem",
        ));
    }
    match Certificate::from_der(der) {
        Ok(_) => Ok(()),
        Err(error) => Err(not_a_certificate(&error)),
    }
}

/// Reads around text before and after the block, as `openssl x509 -text` writes it.
fn pem_to_der(pem: &[u8]) -> Result<Vec<u8>, Error> {
    let mut blocks = armour::blocks(pem).map_err(|error| Error::from(error).within(CONTENT))?;
    let message = match (blocks.pop(), blocks.is_empty()) {
        (Some(block), true) if block.label == "CERTIFICATE" => {
            check_der(&block.bytes)?;
            return Ok(block.bytes);
        }
        (Some(block), true) => format!(
            "a PEM block of the type {}; a CERTIFICATE is expected",
            block.label
        ),
        (Some(_), false) => {
            "one payload holds one certificate; add each of a bundle by itself".to_owned()
        }
        (None, _) => "no PEM text: the line -----BEGIN CERTIFICATE----- is missing".to_owned(),
    };
    Err(Error::invalid_value(CONTENT, message))
}

fn not_a_certificate(error: &der::Error) -> Error {
    Error::invalid_value(CONTENT, format!("not one X.509 certificate: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PayloadContent;

    const CA: &[u8] = include_bytes!("../../tests/data/ca.pem");

    #[test]
    fn der_and_pem_describe_the_same_certificate() {
        let root = Root::from_pem(CA).unwrap();
        assert_eq!(Pem::new(CA).unwrap().der().unwrap(), root.der());
        assert_eq!(Pkcs1::new(root.der()).unwrap().der(), root.der());
    }

    #[test]
    fn pem_where_der_belongs_is_told_apart_from_junk() {
        let pem = Root::new(CA).unwrap_err();
        assert!(pem.is_invalid_value() && pem.to_string().contains("from_pem"));
        let junk = Root::new(*b"junk").unwrap_err();
        assert!(
            junk.to_string()
                .starts_with("PayloadContent: not one X.509 certificate")
        );
    }

    #[test]
    fn a_byte_after_the_certificate_is_refused() {
        let mut der = Root::from_pem(CA).unwrap().der().to_vec();
        der.push(0);
        assert!(Root::new(der).is_err());
    }

    #[test]
    fn a_bundle_is_refused() {
        let error = Root::from_pem([CA, CA].concat()).unwrap_err();
        assert!(error.to_string().contains("one certificate"));
    }

    #[test]
    fn what_a_device_already_holds_stays_readable() {
        let mut keys = Dictionary::new();
        keys.insert(CONTENT.into(), plist::Value::Data(CA.to_vec()));
        let root = Root::from_dictionary(&keys).unwrap();
        assert_eq!(root.der(), CA);
        assert!(root.to_dictionary().is_err());
    }
}

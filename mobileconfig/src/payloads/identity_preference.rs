//! Which identity or certificate an app takes for a name: `com.apple.security.identitypreference` and
//! `com.apple.security.certificatepreference`.
//!
//! Both refer to a payload **of the same profile** by its `PayloadUUID`, and both exist on the user channel only: a
//! profile of scope System cannot choose the identity for a URL.
//!
//! ```
//! use mobileconfig::{Profile, Scope, identity_preference::IdentityPreference, pkcs12::Pkcs12};
//!
//! let builder = Profile::builder("Example Org", "org.example.identity").scope(Scope::User);
//! let preference = IdentityPreference::new("https://vpn.example.org", builder.payload_uuid("identity", 0));
//! let profile = builder
//!     .add("identity", &Pkcs12::new(vec![0x30, 0x00]))
//!     .add("preference", &preference)
//!     .build()?;
//! assert_eq!(profile.payloads[1].decode::<IdentityPreference>()?.payload_uuid, profile.payloads[0].uuid);
//! # Ok::<(), mobileconfig::Error>(())
//! ```

use plist::Dictionary;

use crate::Error;
use crate::fields::{keys, payload};

macro_rules! preference {
    ($(#[$meta:meta])* $type:ident = $payload_type:literal) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        pub struct $type {
            /// `Name`: a URL, an e-mail address or a host name.
            pub name: String,
            /// `PayloadCertificateUUID`: the `PayloadUUID` of a payload of the same profile.
            pub payload_uuid: String,
            /// Other keys.
            pub extra: Dictionary,
        }

        keys!($type { name: "Name", payload_uuid: "PayloadCertificateUUID" });
        payload!($type = $payload_type, check = |this| {
            for (key, text) in [("Name", &this.name), ("PayloadCertificateUUID", &this.payload_uuid)] {
                if text.is_empty() {
                    return Err(Error::invalid_value(key, "the text is empty"));
                }
            }
            Ok(())
        });

        impl $type {
            /// For this name, the payload with this `PayloadUUID`; see
            /// [`ProfileBuilder::payload_uuid`](crate::ProfileBuilder::payload_uuid).
            pub fn new(name: impl Into<String>, payload_uuid: impl Into<String>) -> Self {
                Self { name: name.into(), payload_uuid: payload_uuid.into(), extra: Dictionary::new() }
            }
        }
    };
}

preference! {
    /// `com.apple.security.identitypreference` (macOS 10.12, user channel): the identity to present.
    ///
    /// ```
    /// use mobileconfig::identity_preference::IdentityPreference;
    ///
    /// let preference = IdentityPreference::new("https://vpn.example.org", "5D3BA154-4B1C-4B0E-9A3E-6A1E5A3C0A01");
    /// assert_eq!(preference.name, "https://vpn.example.org");
    /// ```
    IdentityPreference = "com.apple.security.identitypreference"
}

preference! {
    /// `com.apple.security.certificatepreference` (macOS 10.12, user channel): the certificate to expect of the other side.
    ///
    /// ```
    /// use mobileconfig::{Profile, Scope, certificate::Pem, identity_preference::CertificatePreference};
    ///
    /// # const PARTNER: &str = include_str!("../../tests/data/ca.pem");
    /// let builder = Profile::builder("Example Org", "org.example.mail").scope(Scope::User);
    /// let preference = CertificatePreference::new("partner@example.org", builder.payload_uuid("partner", 0));
    /// let profile = builder.add("partner", &Pem::new(PARTNER)?).add("preference", &preference).build()?;
    /// assert_eq!(profile.payloads[0].uuid, preference.payload_uuid);
    /// # Ok::<(), mobileconfig::Error>(())
    /// ```
    CertificatePreference = "com.apple.security.certificatepreference"
}

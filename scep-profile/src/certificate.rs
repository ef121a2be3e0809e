use crate::error::{Error, Field};
use crate::{Fingerprint, FingerprintAlgorithm};
use der::Decode;
use mobileconfig::cms::Certificate;
use mobileconfig::cms::{self, armour};
use std::fmt;
use std::time::SystemTime;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};

/// A certificate of a certification authority, or of the registration authority in front of it.
///
/// Read from whatever file an administrator has: PEM, DER or PKCS#7.
#[derive(Clone)]
pub struct CaCertificate {
    der: Vec<u8>,
    certificate: Certificate,
}

impl CaCertificate {
    /// One certificate in DER.
    ///
    /// # Errors
    ///
    /// [`Error::is_certificate`] when the bytes are no certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let certificate = Certificate::from_der(der).map_err(|error| {
            refuse(
                &format!("not an X.509 certificate ({error})"),
                "give the file Okta offers as `Download x509 certificate`, in PEM or DER",
            )
        })?;
        Ok(Self {
            der: der.to_vec(),
            certificate,
        })
    }

    /// The one certificate in a file: PEM, DER or PKCS#7.
    ///
    /// # Errors
    ///
    /// [`Error::is_certificate`] when there is none in it, or more than one.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let mut certificates = Self::read_all(bytes)?;
        match (certificates.pop(), certificates.len()) {
            (Some(certificate), 0) => Ok(certificate),
            (_, others) => Err(refuse(
                &format!("{} certificates where one is expected", others + 1),
                "split the bundle, or use the call that takes several",
            )),
        }
    }

    /// All certificates of a file, in its order: PEM (whatever stands around the blocks), DER or PKCS#7.
    ///
    /// # Errors
    ///
    /// [`Error::is_certificate`] when there is none in it, or a block that is something else, for instance a key.
    pub fn read_all(bytes: &[u8]) -> Result<Vec<Self>, Error> {
        Self::read_each(
            bytes,
            "give the file Okta offers as `Download x509 certificate`, in PEM or DER, and keep keys out of it",
        )
    }

    /// The certificates of an answer to GetCACert.
    #[cfg(feature = "message")]
    pub(crate) fn of_get_ca_cert(body: &[u8]) -> Result<Vec<Self>, Error> {
        Self::read_each(body, "check the URL: no SCEP server answers there")
    }

    fn read_each(bytes: &[u8], mend: &str) -> Result<Vec<Self>, Error> {
        cms::read_certificates(bytes)
            .map_err(|error| refuse(&error.to_string(), mend))?
            .iter()
            .map(|der| Self::from_der(der))
            .collect()
    }

    /// The certificates of a certs-only message (RFC 8894 section 4.2.1.2), BER or DER.
    #[cfg(feature = "message")]
    pub(crate) fn of_pkcs7(message: &[u8]) -> Result<Vec<Self>, Error> {
        cms::certificates_only(message)
            .map_err(|error| {
                refuse(
                    &error.to_string(),
                    "a certs-only PKCS#7 message is expected",
                )
            })?
            .iter()
            .map(|der| Self::from_der(der))
            .collect()
    }

    /// The certificate in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate in PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        armour::encode("CERTIFICATE", &self.der)
    }

    /// Its parsed form.
    #[must_use]
    pub fn x509(&self) -> &Certificate {
        &self.certificate
    }

    /// The fingerprint by some digest.
    #[must_use]
    pub fn fingerprint(&self, algorithm: FingerprintAlgorithm) -> Fingerprint {
        Fingerprint::digest_of(algorithm, &self.der)
    }

    /// The subject as RFC 4514 text.
    #[must_use]
    pub fn subject(&self) -> String {
        self.certificate.tbs_certificate().subject().to_string()
    }

    /// The issuer as RFC 4514 text.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.certificate.tbs_certificate().issuer().to_string()
    }

    /// Whether subject and issuer are the same: a root. The signature is not checked here.
    #[must_use]
    pub fn is_root(&self) -> bool {
        let tbs = self.certificate.tbs_certificate();
        tbs.subject() == tbs.issuer()
    }

    /// Whether the basic constraints say CA (RFC 5280 section 4.2.1.9). A certificate of version 1 has none.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        matches!(
            self.certificate.tbs_certificate().get_extension::<BasicConstraints>(),
            Ok(Some((_, constraints))) if constraints.ca
        )
    }

    /// The key usage extension (RFC 5280 section 4.2.1.3); `None` without one.
    #[must_use]
    pub fn key_usage(&self) -> Option<KeyUsage> {
        match self
            .certificate
            .tbs_certificate()
            .get_extension::<KeyUsage>()
        {
            Ok(Some((_, usage))) => Some(usage),
            _ => None,
        }
    }

    /// Whether it is signed with SHA-1. That says nothing of a root, or of one that is pinned.
    #[cfg(feature = "client")]
    pub(crate) fn is_signed_with_sha1(&self) -> bool {
        use const_oid::ObjectIdentifier;
        use const_oid::db::rfc5912::SHA_1_WITH_RSA_ENCRYPTION;
        /// RFC 3279 section 2.2.3.
        const ECDSA_WITH_SHA_1: ObjectIdentifier =
            ObjectIdentifier::new_unwrap("1.2.840.10045.4.1");
        let oid = self.certificate.signature_algorithm().oid;
        [SHA_1_WITH_RSA_ENCRYPTION, ECDSA_WITH_SHA_1].contains(&oid)
    }

    /// The bits of its modulus, if it has an RSA key.
    #[cfg(feature = "client")]
    pub(crate) fn rsa_bits(&self) -> Option<usize> {
        use der::asn1::Uint;
        /// RFC 8017 appendix A.1.1.
        #[derive(der::Sequence)]
        struct RsaPublicKey {
            modulus: Uint,
            public_exponent: Uint,
        }
        let key = self.certificate.tbs_certificate().subject_public_key_info();
        let rsa = (key.algorithm.oid == const_oid::db::rfc5912::RSA_ENCRYPTION)
            .then(|| RsaPublicKey::from_der(key.subject_public_key.raw_bytes()))?
            .ok()?;
        let leading = rsa.modulus.as_bytes().first()?.leading_zeros();
        Some(rsa.modulus.as_bytes().len() * 8 - usize::try_from(leading).ok()?)
    }

    /// The first and the last moment it is valid at.
    #[must_use]
    pub fn validity(&self) -> (SystemTime, SystemTime) {
        let validity = self.certificate.tbs_certificate().validity();
        (
            validity.not_before.to_system_time(),
            validity.not_after.to_system_time(),
        )
    }

    /// Whether it is valid at a moment, as far as its own dates go.
    #[must_use]
    pub fn is_valid_at(&self, now: SystemTime) -> bool {
        let (from, to) = self.validity();
        from <= now && now <= to
    }
}

impl PartialEq for CaCertificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for CaCertificate {}

impl fmt::Debug for CaCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaCertificate")
            .field("subject", &self.subject())
            .field("issuer", &self.issuer())
            .field(
                "fingerprint",
                &self.fingerprint(FingerprintAlgorithm::Sha256),
            )
            .finish()
    }
}

fn refuse(problem: &str, mend: &str) -> Error {
    Error::new(Field::Certificate, problem, mend)
}

//! Making certificates, and checking signatures of those received.

use super::algorithm::{self, Digest};
use super::error::{malformed, of_cms};
use super::{EnrollmentKey, Error};
use aws_lc_rs::rand;
use const_oid::AssociatedOid;
use der::asn1::OctetString;
use der::{Decode, Encode, Sequence};
use mobileconfig::cms::Certificate;
use mobileconfig::cms::SignedObject;
use sha1::{Digest as _, Sha1};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use std::time::SystemTime;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, SubjectKeyIdentifier};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

/// Checks a signature made by [`EnrollmentKey::sign`] against the public key in a certificate (DER): proof that
/// whoever made it holds the certificate's private key.
///
/// # Errors
///
/// [`Error::BadSignature`] when it does not verify, [`Error::Malformed`] when the certificate is none.
pub fn verify_signature(certificate: &[u8], message: &[u8], signature: &[u8]) -> Result<(), Error> {
    let certificate = Certificate::from_der(certificate).map_err(malformed("certificate"))?;
    algorithm::verify(
        &algorithm::sha256_with_rsa(),
        certificate.tbs_certificate().subject_public_key_info(),
        message,
        signature,
        "message",
    )
    .map(drop)
}

/// Signs a certificate, request or list, and gives it in DER.
pub(super) fn sign(
    to_be_signed: &impl Encode,
    key: &EnrollmentKey,
    part: &'static str,
) -> Result<Vec<u8>, Error> {
    SignedObject::sign(to_be_signed, key.private_key())
        .map_err(of_cms(part))?
        .to_der()
        .map_err(malformed(part))
}

/// Checks the signature of a certificate, request or list (DER).
pub(super) fn verify(
    signed: &[u8],
    key: &SubjectPublicKeyInfoOwned,
    of: &'static str,
) -> Result<Digest, Error> {
    let signed = SignedObject::from_der(signed).map_err(malformed(of))?;
    algorithm::verify(
        &signed.algorithm,
        key,
        &signed.to_be_signed.to_der().map_err(malformed(of))?,
        signed.signature.raw_bytes(),
        of,
    )
}

/// Checks that a certificate (DER) is named after and signed by another.
pub(crate) fn verify_issued(certificate: &[u8], issuer: &Certificate) -> Result<Digest, Error> {
    let parsed = Certificate::from_der(certificate).map_err(malformed("certificate"))?;
    if parsed.tbs_certificate().issuer() != issuer.tbs_certificate().subject() {
        return Err(Error::BadSignature { of: "certificate" });
    }
    verify(
        certificate,
        issuer.tbs_certificate().subject_public_key_info(),
        "certificate",
    )
}

/// Checks that a revocation list (DER) is signed by a certificate's key.
pub(super) fn verify_crl(crl: &[u8], issuer: &Certificate) -> Result<Digest, Error> {
    verify(
        crl,
        issuer.tbs_certificate().subject_public_key_info(),
        "revocation list",
    )
}

/// A revocation list in DER.
#[cfg(feature = "server")]
pub(crate) fn sign_crl<T: Encode>(tbs: &T, key: &EnrollmentKey) -> Result<Vec<u8>, Error> {
    sign(tbs, key, "revocation list")
}

/// `TBSCertificate` (RFC 5280 section 4.1.2) of version 3.
#[derive(Sequence)]
struct Tbs {
    #[asn1(context_specific = "0")]
    version: u8,
    serial_number: SerialNumber,
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    validity: Validity,
    subject: Name,
    subject_public_key_info: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "3")]
    extensions: Vec<Extension>,
}

/// A certificate to be made.
pub(crate) struct CertificateSpec {
    pub(crate) subject: Name,
    pub(crate) public_key: SubjectPublicKeyInfoOwned,
    pub(crate) not_before: SystemTime,
    pub(crate) not_after: SystemTime,
    /// Beside the key identifiers, which every certificate gets.
    pub(crate) extensions: Vec<Extension>,
}

impl CertificateSpec {
    /// The certificate in DER, signed by an issuer.
    #[cfg(feature = "server")]
    pub(crate) fn issue(self, issuer: &Certificate, key: &EnrollmentKey) -> Result<Vec<u8>, Error> {
        let tbs = issuer.tbs_certificate();
        let issuer_key = tbs.subject_public_key_info().clone();
        self.sign(tbs.subject().clone(), &issuer_key, key)
    }

    /// The certificate in DER, signed by its own key.
    pub(crate) fn self_sign(self, key: &EnrollmentKey) -> Result<Vec<u8>, Error> {
        let (subject, public_key) = (self.subject.clone(), self.public_key.clone());
        self.sign(subject, &public_key, key)
    }

    fn sign(
        self,
        issuer: Name,
        issuer_key: &SubjectPublicKeyInfoOwned,
        key: &EnrollmentKey,
    ) -> Result<Vec<u8>, Error> {
        let mut extensions = self.extensions;
        let authority = AuthorityKeyIdentifier {
            key_identifier: Some(key_identifier(issuer_key)?),
            ..AuthorityKeyIdentifier::default()
        };
        extensions.push(extension(
            false,
            &SubjectKeyIdentifier(key_identifier(&self.public_key)?),
        )?);
        extensions.push(extension(false, &authority)?);
        let part = "certificate";
        let tbs = Tbs {
            version: 2,
            serial_number: random_serial()?,
            signature: algorithm::sha256_with_rsa(),
            issuer,
            validity: Validity::new(
                Time::try_from(self.not_before).map_err(malformed(part))?,
                Time::try_from(self.not_after).map_err(malformed(part))?,
            ),
            subject: self.subject,
            subject_public_key_info: self.public_key,
            extensions,
        };
        sign(&tbs, key, part)
    }
}

pub(crate) fn extension<T: AssociatedOid + Encode>(
    critical: bool,
    value: &T,
) -> Result<Extension, Error> {
    let value = value
        .to_der()
        .and_then(OctetString::new)
        .map_err(malformed("extension"))?;
    Ok(Extension {
        extn_id: T::OID,
        critical,
        extn_value: value,
    })
}

/// Method 1 of RFC 5280 section 4.2.1.2.
pub(crate) fn key_identifier(key: &SubjectPublicKeyInfoOwned) -> Result<OctetString, Error> {
    OctetString::new(Sha1::digest(key.subject_public_key.raw_bytes()).to_vec())
        .map_err(malformed("key identifier"))
}

/// 16 random bytes, positive and never with a leading zero.
fn random_serial() -> Result<SerialNumber, Error> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| Error::Key {
        what: "the system gives no random numbers",
    })?;
    bytes[0] = bytes[0] & 0x7f | 0x40;
    SerialNumber::new(&bytes).map_err(malformed("serial number"))
}

//! GetNextCACert (RFC 8894 section 4.6): the certificates that follow, signed by the CA they follow.

use super::error::malformed;
use super::pki::{self, Received};
use super::{CaCertificates, Digest, EnrollmentKey, Error, TrustedCa};
use crate::CaCertificate;
use der::Encode;
use mobileconfig::cms::{self, ContentInfo, SignedData};

/// The body of an answer to GetNextCACert: the next certificates (DER), signed by the present CA's certificate (DER)
/// and its key. The content type is [`CaCertificates::NEXT`].
///
/// # Errors
///
/// [`Error`] when a certificate is none, or signing fails.
pub fn next_ca_certificates(
    certificates: &[Vec<u8>],
    signer: &[u8],
    key: &EnrollmentKey,
) -> Result<Vec<u8>, Error> {
    let content = SignedData::certificates_only(certificates)
        .and_then(|signed| ContentInfo::wrap(cms::oid::ID_SIGNED_DATA, &signed))
        .and_then(|info| info.to_der())
        .map_err(malformed("GetNextCACert"))?;
    pki::sign(&content, Vec::new(), signer, key, Digest::Sha256)
}

impl TrustedCa {
    /// The certificates that follow those of this CA, out of an answer to GetNextCACert. They may be believed, since
    /// the present CA signed for them: take their fingerprints into the next profile, and
    /// [`pin`](CaCertificates::pin) them once the present CA has expired.
    ///
    /// # Errors
    ///
    /// [`Error::UntrustedSigner`] when another signed than a CA trusted here (the RA, for instance: it may not appoint
    /// a CA), [`Error::BadSignature`], or [`Error::Malformed`].
    pub fn next(&self, answer: &[u8]) -> Result<CaCertificates, Error> {
        let received = Received::parse_signed(answer)?;
        let signer = self
            .certificates()
            .iter()
            .filter(|certificate| certificate.is_ca() || *certificate == self.anchor())
            .find(|certificate| received.is_signer(certificate.x509()))
            .map(CaCertificate::x509)
            .ok_or(Error::UntrustedSigner)?;
        received.verify(signer)?;
        CaCertificates::parse(received.envelope())
    }
}

use crate::cms::verify_signature;
use crate::cms::{Digest, Error, SignerInfo, oid};
use const_oid::ObjectIdentifier;
use der::Decode;
use der::asn1::OctetString;
use spki::SubjectPublicKeyInfoOwned;
use std::time::SystemTime;
use x509_cert::time::Time;

impl SignerInfo {
    /// Checks digest and signature of the content under a key (RFC 5652 sections 5.4 and 5.6), and tells the digest.
    ///
    /// Whose key that is, and whether it is to be trusted, are other questions.
    ///
    /// # Errors
    ///
    /// [`Error::is_signature`] when the content is not the one signed, or the signature is not by this key;
    /// [`Error::is_content`] when attributes are missing, double or contradict the message; [`Error::is_unsupported`] for
    /// algorithms that are not checked.
    pub fn verify(
        &self,
        content_type: ObjectIdentifier,
        content: &[u8],
        key: &SubjectPublicKeyInfoOwned,
    ) -> Result<Digest, Error> {
        let digest = Digest::from_identifier(&self.digest_algorithm)?;
        let attributes;
        let message = if let Some(signed) = &self.signed_attrs {
            let named = signed
                .value(oid::ID_CONTENT_TYPE)
                .and_then(|value| value.decode_as::<ObjectIdentifier>().ok());
            if named != Some(content_type) {
                return Err(Error::content(
                    "the signed attribute contentType is missing, double, or of another type than the content",
                ));
            }
            let hash = signed
                .value(oid::ID_MESSAGE_DIGEST)
                .and_then(|value| value.decode_as::<OctetString>().ok())
                .ok_or_else(|| {
                    Error::content("the signed attribute messageDigest is missing or double")
                })?;
            if hash.as_bytes() != digest.hash(content) {
                return Err(Error::content_changed());
            }
            attributes = signed.to_signed_bytes()?;
            &attributes
        } else if content_type == oid::ID_DATA {
            content
        } else {
            return Err(Error::content("the message has no signed attributes"));
        };
        verify_signature(
            key,
            &self.signature_algorithm,
            Some(digest),
            message,
            self.signature.as_bytes(),
        )
    }

    /// The attribute `signingTime`: when the signer claims to have signed.
    #[must_use]
    pub fn signing_time(&self) -> Option<SystemTime> {
        let value = self.signed_attrs.as_ref()?.value(oid::ID_SIGNING_TIME)?;
        let time = Time::from_der(&der::Encode::to_der(value).ok()?).ok()?;
        Some(time.to_system_time())
    }
}

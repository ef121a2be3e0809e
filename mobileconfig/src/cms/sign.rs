//! Signing: attached `SignedData` in DER, as macOS and OpenSSL take it.

use super::{
    Attribute, Attributes, CertificateSet, ContentInfo, Digest, EncapsulatedContentInfo, Error,
    Identity, IssuerAndSerialNumber, KeyType, SetOf, SignedData, Signer, SignerIdentifier,
    SignerInfo, oid,
};
use crate::cms::Certificate;
use crate::cms::verify_signature;
use der::asn1::{Any, OctetString};
use der::{Decode, Encode};
use std::time::SystemTime;
use x509_cert::time::Time;

/// How content is signed.
///
/// By default as profiles in the field are: the digest that fits the key ([`KeyType::digest`]), and no other signed
/// attributes than `contentType` and `messageDigest` (RFC 5652 section 11).
///
/// ```
/// use mobileconfig::cms::{Digest, Identity, Signing, Trust, verify};
/// use std::time::SystemTime;
///
/// # let pem = include_str!("../../tests/data/identity.pem");
/// let identity = Identity::from_file(pem, None)?;
/// let signed = Signing::new().digest(Digest::Sha512).time(SystemTime::now()).sign(b"content", &identity)?;
///
/// let verified = verify(&signed, &Trust::new(identity.certificates()))?;
/// assert_eq!(verified.signers[0].digest, Some(Digest::Sha512));
/// # Ok::<(), mobileconfig::cms::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Signing {
    digest: Option<Digest>,
    time: Option<SystemTime>,
    attributes: Vec<Attribute>,
}

/// Signs content as [`Signing::new`] does.
///
/// # Errors
///
/// As [`Signing::sign`].
pub fn sign(content: &[u8], identity: &Identity) -> Result<Vec<u8>, Error> {
    Signing::new().sign(content, identity)
}

impl Signing {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Signs by another digest than the one that fits the key; SHA-1 is refused when it comes to signing.
    pub fn digest(mut self, digest: Digest) -> Self {
        self.digest = Some(digest);
        self
    }

    /// Adds the attribute `signingTime`: the signer's own claim, which proves nothing.
    pub fn time(mut self, time: SystemTime) -> Self {
        self.time = Some(time);
        self
    }

    /// Adds a signed attribute, such as those of SCEP.
    pub fn attribute(mut self, attribute: Attribute) -> Self {
        self.attributes.push(attribute);
        self
    }

    /// The signed message in DER.
    ///
    /// # Errors
    ///
    /// [`Error::is_unsupported`] for SHA-1, [`Error::is_key`] when the key cannot sign.
    pub fn sign(&self, content: &[u8], identity: &Identity) -> Result<Vec<u8>, Error> {
        let unsigned = self.prepare(content, identity.certificates())?;
        let signature = identity.key().sign(unsigned.digest, &unsigned.message)?;
        unsigned.assemble(signature)
    }

    /// The signed message, by a key held elsewhere. `certificates` are the signer's own (DER) and then its issuers.
    ///
    /// # Errors
    ///
    /// As [`Signing::sign`], and [`Error::is_signature`] when what `signer` made does not verify under the key of the
    /// first certificate.
    pub fn sign_with(
        &self,
        content: &[u8],
        certificates: &[impl AsRef<[u8]>],
        signer: &dyn Signer,
    ) -> Result<Vec<u8>, Error> {
        let unsigned = self.prepare(content, certificates)?;
        let signature = signer.sign(unsigned.digest, &unsigned.message)?;
        unsigned.finish(signature)
    }

    /// The first of two steps, for signers that answer later: gives what has to be signed.
    ///
    /// # Errors
    ///
    /// [`Error::is_unsupported`] for SHA-1 or a type of key that cannot sign; [`Error::is_key`] without a certificate.
    pub fn prepare(
        &self,
        content: &[u8],
        certificates: &[impl AsRef<[u8]>],
    ) -> Result<Unsigned, Error> {
        let signer = certificates
            .first()
            .ok_or_else(|| Error::key("signing needs its certificate"))?;
        let signer = Certificate::from_der(signer.as_ref())?;
        let key_type = KeyType::of(signer.tbs_certificate().subject_public_key_info())?;
        let digest = self.digest.unwrap_or_else(|| key_type.digest());
        // Refused here, before anything is hashed by it.
        key_type.signature_identifier(digest)?;
        let mut attributes = self.attributes.clone();
        attributes.push(Attribute::single(oid::ID_CONTENT_TYPE, &oid::ID_DATA)?);
        let hash = OctetString::new(digest.hash(content))?;
        attributes.push(Attribute::single(oid::ID_MESSAGE_DIGEST, &hash)?);
        if let Some(time) = self.time {
            let time = Any::from_der(&Time::try_from(time)?.to_der()?)?;
            attributes.push(Attribute {
                oid: oid::ID_SIGNING_TIME,
                values: SetOf(vec![time]),
            });
        }
        let attributes = Attributes::new(attributes)?;
        Ok(Unsigned {
            message: attributes.to_signed_bytes()?,
            attributes,
            content: content.to_vec(),
            certificates: SetOf::sorted(CertificateSet::of_der(certificates)?.0.0)?,
            signer,
            key_type,
            digest,
        })
    }
}

/// A message that waits for its signature.
pub struct Unsigned {
    message: Vec<u8>,
    attributes: Attributes,
    content: Vec<u8>,
    certificates: SetOf<Any>,
    signer: Certificate,
    key_type: KeyType,
    digest: Digest,
}

impl Unsigned {
    /// The bytes to sign: the signed attributes (RFC 5652 section 5.4), not the content itself.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// The digest to sign them by.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The signed message in DER.
    ///
    /// # Errors
    ///
    /// [`Error::is_signature`] when the signature does not verify under the key of the certificate.
    pub fn finish(self, signature: Vec<u8>) -> Result<Vec<u8>, Error> {
        verify_signature(
            self.signer.tbs_certificate().subject_public_key_info(),
            &self.key_type.signature_identifier(self.digest)?,
            Some(self.digest),
            &self.message,
            &signature,
        )?;
        self.assemble(signature)
    }

    fn assemble(self, signature: Vec<u8>) -> Result<Vec<u8>, Error> {
        let signer_info = SignerInfo {
            version: 1,
            sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber::from(&self.signer)),
            digest_algorithm: self.digest.identifier(),
            signed_attrs: Some(self.attributes),
            signature_algorithm: self.key_type.signature_identifier(self.digest)?,
            signature: OctetString::new(signature)?,
            unsigned_attrs: None,
        };
        let signed = SignedData {
            version: 1,
            digest_algorithms: SetOf(vec![self.digest.identifier()]),
            encap_content_info: EncapsulatedContentInfo::data(&self.content)?,
            certificates: Some(CertificateSet(self.certificates)),
            crls: None,
            signer_infos: SetOf(vec![signer_info]),
        };
        Ok(ContentInfo::wrap(oid::ID_SIGNED_DATA, &signed)?.to_der()?)
    }
}

// The content holds the SCEP challenge.
impl std::fmt::Debug for Unsigned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unsigned")
            .field("digest", &self.digest)
            .field("content", &format_args!("{} bytes", self.content.len()))
            .finish_non_exhaustive()
    }
}

//! `EnvelopedData` with RSA key transport (RFC 8894 section 3.2.2: pkcsPKIEnvelope).

use super::algorithm::{Cipher, rsa_encryption};
use super::error::malformed;
use super::{EnrollmentKey, Error};
use aws_lc_rs::rsa::{Pkcs1PublicEncryptingKey, PublicEncryptingKey};
use const_oid::db::rfc5912::RSA_ENCRYPTION;
use der::Encode;
use der::asn1::OctetString;
use mobileconfig::cms::{
    self, ContentInfo, EncryptedContentInfo, EnvelopedData, KeyTransRecipientInfo, RecipientInfo,
    SetOf, SignerIdentifier,
};
use x509_cert::Certificate;

const PART: &str = "pkcsPKIEnvelope";

/// The content encrypted to one certificate, as a `ContentInfo` in DER.
pub(super) fn seal(
    content: &[u8],
    recipient: &Certificate,
    cipher: Cipher,
) -> Result<Vec<u8>, Error> {
    let (key, algorithm, encrypted) = cipher.encrypt(content)?;
    let public_key = recipient
        .tbs_certificate()
        .subject_public_key_info()
        .to_der()
        .map_err(malformed(PART))?;
    let public_key = PublicEncryptingKey::from_der(&public_key).map_err(|_| Error::NoRecipient)?;
    let public_key = Pkcs1PublicEncryptingKey::new(public_key).map_err(|_| Error::NoRecipient)?;
    let mut encrypted_key = vec![0; public_key.ciphertext_size()];
    let len = public_key
        .encrypt(&key, &mut encrypted_key)
        .map_err(|_| Error::NoRecipient)?
        .len();
    encrypted_key.truncate(len);
    let sealed = || -> der::Result<Vec<u8>> {
        let recipient = KeyTransRecipientInfo {
            version: 0,
            rid: SignerIdentifier::IssuerAndSerialNumber(recipient.into()),
            key_encryption_algorithm: rsa_encryption(),
            encrypted_key: OctetString::new(encrypted_key)?,
        };
        let enveloped = EnvelopedData {
            version: 0,
            originator_info: None,
            recipient_infos: SetOf(vec![RecipientInfo::KeyTransport(recipient)]),
            encrypted_content_info: EncryptedContentInfo {
                content_type: cms::oid::ID_DATA,
                content_encryption_algorithm: algorithm,
                encrypted_content: Some(encrypted),
            },
            unprotected_attrs: None,
        };
        ContentInfo::wrap(cms::oid::ID_ENVELOPED_DATA, &enveloped)?.to_der()
    };
    sealed().map_err(malformed(PART))
}

/// The content of an envelope, and the cipher it was under.
pub(super) fn open(
    envelope: &[u8],
    recipient: &Certificate,
    key: &EnrollmentKey,
) -> Result<(Vec<u8>, Cipher), Error> {
    let enveloped: EnvelopedData = cms::from_ber(envelope)
        .and_then(|info| info.decode(cms::oid::ID_ENVELOPED_DATA))
        .map_err(malformed(PART))?;
    let transports: Vec<_> = enveloped
        .recipient_infos
        .0
        .iter()
        .filter_map(|info| match info {
            RecipientInfo::KeyTransport(transport) => Some(transport),
            RecipientInfo::Other(_) => None,
        })
        .collect();
    let transport = match transports.as_slice() {
        // With only one it is tried whatever it is named after: some servers name the certificate they issue.
        [only] => only,
        several => several
            .iter()
            .find(|transport| transport.rid.matches(recipient))
            .ok_or(Error::Undecryptable)?,
    };
    if transport.key_encryption_algorithm.oid != RSA_ENCRYPTION {
        return Err(Error::unsupported(format!(
            "key transport {}",
            transport.key_encryption_algorithm.oid
        )));
    }
    let info = &enveloped.encrypted_content_info;
    let (cipher, iv) = Cipher::from_identifier(&info.content_encryption_algorithm)?;
    let content = info
        .encrypted_content
        .as_deref()
        .ok_or_else(|| Error::malformed(PART, "it has no content"))?;
    let content_key = key.unwrap_key(transport.encrypted_key.as_bytes(), cipher.key_len())?;
    Ok((cipher.decrypt(&content_key, &iv, content)?, cipher))
}

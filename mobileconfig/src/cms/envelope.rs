//! `EnvelopedData` with RSA key transport (RFC 5652 section 6).

use super::algorithm::rsa_encryption;
use super::{
    Cipher, ContentInfo, EncryptedContentInfo, EnvelopedData, Error, KeyTransRecipientInfo,
    PrivateKey, RecipientInfo, SetOf, SignerIdentifier, from_ber, oid,
};
use crate::cms::Certificate;
use aws_lc_rs::rsa::{Pkcs1PublicEncryptingKey, PublicEncryptingKey};
use const_oid::db::rfc5912::RSA_ENCRYPTION;
use der::asn1::OctetString;
use der::{Decode, Encode};

/// The content encrypted to certificates (DER), each of which can open it alone: a `ContentInfo` in DER.
///
/// The content key travels under RSAES-PKCS1-v1_5, which is what SCEP and macOS speak.
///
/// ```
/// use mobileconfig::cms::{Cipher, Identity, open, seal};
///
/// # let pem = include_str!("../../tests/data/identity-rsa.pem");
/// let device = Identity::from_file(pem, None)?;
/// let envelope = seal(b"content", &device.certificates()[..1], Cipher::Aes256)?;
/// let (content, cipher) = open(&envelope, device.key(), Some(&device.certificates()[0]))?;
/// assert_eq!((content.as_slice(), cipher), (&b"content"[..], Cipher::Aes256));
/// # Ok::<(), mobileconfig::cms::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::is_unsupported`] for a recipient without an RSA key of 2048 bits or more, and for [`Cipher::Des`];
/// [`Error::is_key`] when there is no recipient.
pub fn seal(
    content: &[u8],
    recipients: &[impl AsRef<[u8]>],
    cipher: Cipher,
) -> Result<Vec<u8>, Error> {
    if recipients.is_empty() {
        return Err(Error::key("an envelope needs a certificate to encrypt to"));
    }
    let sealed = cipher.encrypt(content)?;
    let recipients = recipients
        .iter()
        .map(|recipient| wrap_key(&sealed.key, recipient.as_ref()))
        .collect::<Result<Vec<_>, Error>>()?;
    let enveloped = EnvelopedData {
        version: 0,
        originator_info: None,
        recipient_infos: SetOf::sorted(recipients)?,
        encrypted_content_info: EncryptedContentInfo {
            content_type: oid::ID_DATA,
            content_encryption_algorithm: sealed.algorithm,
            encrypted_content: Some(sealed.content),
        },
        unprotected_attrs: None,
    };
    Ok(ContentInfo::wrap(oid::ID_ENVELOPED_DATA, &enveloped)?.to_der()?)
}

fn wrap_key(key: &[u8], recipient: &[u8]) -> Result<RecipientInfo, Error> {
    let no_rsa = || Error::unsupported("a recipient without an RSA key of 2048 bits or more");
    let recipient = Certificate::from_der(recipient)?;
    let public_key = recipient
        .tbs_certificate()
        .subject_public_key_info()
        .to_der()?;
    let public_key = PublicEncryptingKey::from_der(&public_key).map_err(|_| no_rsa())?;
    let public_key = Pkcs1PublicEncryptingKey::new(public_key).map_err(|_| no_rsa())?;
    let mut encrypted_key = vec![0; public_key.ciphertext_size()];
    let len = public_key
        .encrypt(key, &mut encrypted_key)
        .map_err(|_| no_rsa())?
        .len();
    encrypted_key.truncate(len);
    Ok(RecipientInfo::KeyTransport(KeyTransRecipientInfo {
        version: 0,
        rid: SignerIdentifier::IssuerAndSerialNumber((&recipient).into()),
        key_encryption_algorithm: rsa_encryption(),
        encrypted_key: OctetString::new(encrypted_key)?,
    }))
}

/// The content of an envelope (BER or DER), and the cipher it was under.
///
/// `certificate` (DER) says which of several recipients we are. An only recipient is tried whatever it is named after,
/// since some SCEP servers name the certificate they issue.
///
/// # Errors
///
/// [`Error::is_decryption`] for an envelope to another key or one that was changed, without a word on which;
/// [`Error::is_unsupported`] for other key transports and ciphers.
pub fn open(
    envelope: &[u8],
    key: &PrivateKey,
    certificate: Option<&[u8]>,
) -> Result<(Vec<u8>, Cipher), Error> {
    let enveloped: EnvelopedData = from_ber(envelope)?.decode(oid::ID_ENVELOPED_DATA)?;
    let certificate = certificate.map(Certificate::from_der).transpose()?;
    let transports: Vec<_> = enveloped
        .recipient_infos
        .0
        .iter()
        .filter_map(|info| match info {
            RecipientInfo::KeyTransport(transport) => Some(transport),
            RecipientInfo::Other(_) => None,
        })
        .collect();
    let transport = match (transports.as_slice(), &certificate) {
        ([only], _) => only,
        (several, Some(certificate)) => several
            .iter()
            .find(|transport| transport.rid.matches(certificate))
            .ok_or_else(Error::decryption)?,
        (_, None) => {
            return Err(Error::key(
                "the envelope has several recipients or none: give the certificate, to tell which one is meant",
            ));
        }
    };
    if transport.key_encryption_algorithm.oid != RSA_ENCRYPTION {
        return Err(Error::unsupported(format!(
            "the key transport {}",
            transport.key_encryption_algorithm.oid
        )));
    }
    let info = &enveloped.encrypted_content_info;
    let (cipher, iv) = Cipher::from_identifier(&info.content_encryption_algorithm)?;
    let content = info
        .encrypted_content
        .as_deref()
        .ok_or_else(|| Error::content("the envelope has no content"))?;
    let content_key = key.unwrap_key(transport.encrypted_key.as_bytes(), cipher.key_len())?;
    Ok((cipher.decrypt(&content_key, &iv, content)?, cipher))
}

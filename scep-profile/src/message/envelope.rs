//! `EnvelopedData` with RSA key transport (RFC 8894 section 3.2.2: pkcsPKIEnvelope).

use super::algorithm::{Cipher, Encrypted, rsa_encryption};
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
    let Encrypted {
        key,
        algorithm,
        content: encrypted,
    } = cipher.encrypt(content)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::KeySize;
    use crate::message::certificate::CertificateSpec;
    use cbc::cipher::block_padding::Pkcs7;
    use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
    use der::asn1::{Any, AnyRef, ObjectIdentifier};
    use der::{Decode, Tag, TagNumber};
    use std::time::SystemTime;
    use x509_cert::name::Name;

    fn recipient() -> (Certificate, EnrollmentKey) {
        let key = EnrollmentKey::generate(KeySize::Rsa2048).unwrap();
        let spec = CertificateSpec {
            subject: Name::default(),
            public_key: key.spki().unwrap(),
            not_before: SystemTime::now(),
            not_after: SystemTime::now(),
            extensions: Vec::new(),
        };
        (
            Certificate::from_der(&spec.self_sign(&key).unwrap()).unwrap(),
            key,
        )
    }

    fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
        AnyRef::new(Tag::Sequence, &parts.concat())
            .unwrap()
            .to_der()
            .unwrap()
    }

    /// What micromdm's scepserver sends: single DES, the ciphertext as an OCTET STRING in a constructed `[0]`.
    #[test]
    fn single_des_in_constructed_content_is_opened() {
        let (certificate, key) = recipient();
        let sealed = cms::from_ber(&seal(b"x", &certificate, Cipher::Aes128).unwrap()).unwrap();
        let mut enveloped: EnvelopedData = sealed.decode(cms::oid::ID_ENVELOPED_DATA).unwrap();

        let (des_key, iv) = ([1_u8; 8], [2_u8; 8]);
        let spki = certificate
            .tbs_certificate()
            .subject_public_key_info()
            .to_der()
            .unwrap();
        let public =
            Pkcs1PublicEncryptingKey::new(PublicEncryptingKey::from_der(&spki).unwrap()).unwrap();
        let mut wrapped = vec![0; public.ciphertext_size()];
        public.encrypt(&des_key, &mut wrapped).unwrap();
        let RecipientInfo::KeyTransport(transport) = &mut enveloped.recipient_infos.0[0] else {
            panic!()
        };
        transport.encrypted_key = OctetString::new(wrapped).unwrap();

        let ciphertext = cbc::Encryptor::<des::Des>::new(&des_key.into(), &iv.into())
            .encrypt_padded_vec::<Pkcs7>(b"hello");
        let constructed = Tag::ContextSpecific {
            constructed: true,
            number: TagNumber(0),
        };
        let content = OctetString::new(ciphertext).unwrap().to_der().unwrap();
        let algorithm = sequence(&[
            ObjectIdentifier::new_unwrap("1.3.14.3.2.7")
                .to_der()
                .unwrap(),
            OctetString::new(iv).unwrap().to_der().unwrap(),
        ]);
        let info = sequence(&[
            cms::oid::ID_DATA.to_der().unwrap(),
            algorithm,
            AnyRef::new(constructed, &content)
                .unwrap()
                .to_der()
                .unwrap(),
        ]);
        let message = sequence(&[
            0_u8.to_der().unwrap(),
            enveloped.recipient_infos.to_der().unwrap(),
            info,
        ]);
        let message = ContentInfo {
            content_type: cms::oid::ID_ENVELOPED_DATA,
            content: Any::from_der(&message).unwrap(),
        };
        let opened = open(&message.to_der().unwrap(), &certificate, &key).unwrap();
        assert_eq!(opened, (b"hello".to_vec(), Cipher::Des));
    }

    #[test]
    fn an_envelope_for_another_key_is_undecryptable() {
        let (certificate, _) = recipient();
        let (_, other) = recipient();
        let sealed = seal(&[7; 100], &certificate, Cipher::Aes256).unwrap();
        // A random key gives valid padding once in 256 times, and then rubbish.
        assert_ne!(
            open(&sealed, &certificate, &other).ok(),
            Some((vec![7; 100], Cipher::Aes256))
        );
    }
}

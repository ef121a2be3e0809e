//! `EnvelopedData` with RSA key transport (RFC 8894 section 3.2.2: pkcsPKIEnvelope).

use super::error::{malformed, of_cms};
use super::{Cipher, EnrollmentKey, Error};
use der::Encode;
use mobileconfig::cms;
use mobileconfig::cms::Certificate;

const PART: &str = "pkcsPKIEnvelope";

/// The content encrypted to one certificate, as a `ContentInfo` in DER.
pub(super) fn seal(
    content: &[u8],
    recipient: &Certificate,
    cipher: Cipher,
) -> Result<Vec<u8>, Error> {
    let recipient = recipient.to_der().map_err(malformed(PART))?;
    cms::seal(content, &[recipient], cipher).map_err(|error| {
        if error.is_unsupported() && cipher != Cipher::Des {
            Error::NoRecipient
        } else {
            of_cms(PART)(error)
        }
    })
}

/// The content of an envelope, and the cipher it was under.
pub(super) fn open(
    envelope: &[u8],
    recipient: &Certificate,
    key: &EnrollmentKey,
) -> Result<(Vec<u8>, Cipher), Error> {
    let recipient = recipient.to_der().map_err(malformed(PART))?;
    cms::open(envelope, key.private_key(), Some(&recipient)).map_err(of_cms(PART))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::KeySize;
    use crate::message::certificate::CertificateSpec;
    use aws_lc_rs::rsa::{Pkcs1PublicEncryptingKey, PublicEncryptingKey};
    use cbc::cipher::block_padding::Pkcs7;
    use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
    use der::asn1::{Any, AnyRef, ObjectIdentifier, OctetString};
    use der::{Decode, Tag, TagNumber};
    use mobileconfig::cms::{ContentInfo, EnvelopedData, RecipientInfo};
    use std::time::SystemTime;
    use x509_cert::name::Name;

    fn recipient() -> (Certificate, EnrollmentKey) {
        let key = EnrollmentKey::generate(KeySize::Rsa2048).unwrap();
        let spec = CertificateSpec {
            subject: Name::default(),
            public_key: key.spki().clone(),
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

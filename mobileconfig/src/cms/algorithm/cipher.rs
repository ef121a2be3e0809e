use crate::cms::Error;
use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, Algorithm, DecryptionContext, EncryptionContext,
    PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rand;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use const_oid::db::rfc5911;
use der::asn1::{Any, ObjectIdentifier, OctetString};
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

/// A cipher that content is encrypted by, in CBC mode with PKCS#7 padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cipher {
    /// AES-128.
    Aes128,
    /// AES-192.
    Aes192,
    /// AES-256.
    Aes256,
    /// Triple DES: broken for large amounts of data; for SCEP servers that announce nothing better.
    TripleDes,
    /// Single DES: read only, from servers of the last century that are still about.
    Des,
}

/// `desCBC` of the OIW; no registry of `const-oid` has it.
const DES_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.7");

impl Cipher {
    const ALL: [Self; 5] = [
        Self::Aes128,
        Self::Aes192,
        Self::Aes256,
        Self::TripleDes,
        Self::Des,
    ];

    fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Aes128 => rfc5911::ID_AES_128_CBC,
            Self::Aes192 => rfc5911::ID_AES_192_CBC,
            Self::Aes256 => rfc5911::ID_AES_256_CBC,
            Self::TripleDes => rfc5911::DES_EDE_3_CBC,
            Self::Des => DES_CBC,
        }
    }

    /// Bytes of a key.
    #[must_use]
    pub fn key_len(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::Aes192 | Self::TripleDes => 24,
            Self::Aes256 => 32,
            Self::Des => 8,
        }
    }

    fn aes(self) -> Option<&'static Algorithm> {
        match self {
            Self::Aes128 => Some(&AES_128),
            Self::Aes192 => Some(&AES_192),
            Self::Aes256 => Some(&AES_256),
            Self::TripleDes | Self::Des => None,
        }
    }

    fn iv_len(self) -> usize {
        if self.aes().is_some() { 16 } else { 8 }
    }

    /// The cipher that an algorithm identifier names, and its initialisation vector.
    pub(crate) fn from_identifier(
        algorithm: &AlgorithmIdentifierOwned,
    ) -> Result<(Self, Vec<u8>), Error> {
        let cipher = Self::ALL
            .into_iter()
            .find(|cipher| cipher.oid() == algorithm.oid)
            .ok_or_else(|| Error::unsupported(format!("the content cipher {}", algorithm.oid)))?;
        let iv = algorithm
            .parameters
            .as_ref()
            .and_then(|parameters| parameters.decode_as::<OctetString>().ok())
            .map(|iv| iv.as_bytes().to_vec())
            .filter(|iv| iv.len() == cipher.iv_len())
            .ok_or_else(|| {
                Error::content("the content cipher has no initialisation vector of its length")
            })?;
        Ok((cipher, iv))
    }

    /// A fresh key, and the content under it with the algorithm identifier to go with it.
    pub(crate) fn encrypt(self, content: &[u8]) -> Result<Encrypted, Error> {
        let failed = |_| Error::key("the content cannot be encrypted");
        let mut key = Zeroizing::new(vec![0; self.key_len()]);
        let mut iv = vec![0; self.iv_len()];
        rand::fill(&mut key).map_err(failed)?;
        rand::fill(&mut iv).map_err(failed)?;
        let content = if let Some(aes) = self.aes() {
            let context = FixedLength::<16>::try_from(iv.as_slice()).map_err(failed)?;
            let mut buffer = content.to_vec();
            PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(aes, &key).map_err(failed)?)
                .and_then(|key| {
                    key.less_safe_encrypt(&mut buffer, EncryptionContext::Iv128(context))
                })
                .map_err(failed)?;
            buffer
        } else if self == Self::TripleDes {
            cbc::Encryptor::<des::TdesEde3>::new_from_slices(&key, &iv)
                .map_err(|_| failed(aws_lc_rs::error::Unspecified))?
                .encrypt_padded_vec::<Pkcs7>(content)
        } else {
            return Err(Error::unsupported("encrypting with single DES"));
        };
        Ok(Encrypted {
            key,
            algorithm: AlgorithmIdentifierOwned {
                oid: self.oid(),
                parameters: Some(Any::encode_from(&OctetString::new(iv)?)?),
            },
            content,
        })
    }

    /// The content; every failure looks the same, since the difference would help whoever guesses at it.
    pub(crate) fn decrypt(self, key: &[u8], iv: &[u8], content: &[u8]) -> Result<Vec<u8>, Error> {
        let failed = || Error::decryption();
        if let Some(aes) = self.aes() {
            let context = FixedLength::<16>::try_from(iv).map_err(|_| failed())?;
            let key = UnboundCipherKey::new(aes, key).map_err(|_| failed())?;
            let mut buffer = content.to_vec();
            return PaddedBlockDecryptingKey::cbc_pkcs7(key)
                .map_err(|_| failed())?
                .decrypt(&mut buffer, DecryptionContext::Iv128(context))
                .map(|content| content.to_vec())
                .map_err(|_| failed());
        }
        match self {
            Self::TripleDes => cbc::Decryptor::<des::TdesEde3>::new_from_slices(key, iv)
                .map_err(|_| failed())?
                .decrypt_padded_vec::<Pkcs7>(content)
                .map_err(|_| failed()),
            _ => cbc::Decryptor::<des::Des>::new_from_slices(key, iv)
                .map_err(|_| failed())?
                .decrypt_padded_vec::<Pkcs7>(content)
                .map_err(|_| failed()),
        }
    }
}

/// Content under a fresh key.
pub(crate) struct Encrypted {
    pub(crate) key: Zeroizing<Vec<u8>>,
    pub(crate) algorithm: AlgorithmIdentifierOwned,
    pub(crate) content: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn content_is_decrypted_again(
            content in prop::collection::vec(any::<u8>(), 0..100),
            cipher in prop::sample::select(vec![Cipher::Aes128, Cipher::Aes192, Cipher::Aes256, Cipher::TripleDes]),
        ) {
            let sealed = cipher.encrypt(&content).unwrap();
            let (read, iv) = Cipher::from_identifier(&sealed.algorithm).unwrap();
            prop_assert_eq!(read, cipher);
            prop_assert_eq!(cipher.decrypt(&sealed.key, &iv, &sealed.content).unwrap(), content);
            prop_assert!(cipher.decrypt(&sealed.key, &iv, &sealed.content[1..]).unwrap_err().is_decryption());
        }
    }

    #[test]
    fn single_des_is_never_written() {
        assert!(Cipher::Des.encrypt(b"x").err().unwrap().is_unsupported());
    }
}

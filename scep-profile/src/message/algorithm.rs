use super::Error;
use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, Algorithm, DecryptionContext, EncryptionContext,
    PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rand;
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaParameters, VerificationAlgorithm};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use const_oid::db::{rfc5911, rfc5912};
use der::Encode;
use der::asn1::{Any, ObjectIdentifier, OctetString};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use zeroize::Zeroizing;

/// A digest a message is signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Digest {
    /// Read only, and reported as [`super::Weakness::Sha1Signature`].
    Sha1,
    /// What we sign with unless the server announces nothing but SHA-512.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Digest {
    const ALL: [Self; 4] = [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha1 => rfc5912::ID_SHA_1,
            Self::Sha256 => rfc5912::ID_SHA_256,
            Self::Sha384 => rfc5912::ID_SHA_384,
            Self::Sha512 => rfc5912::ID_SHA_512,
        }
    }

    fn rsa_oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha1 => rfc5912::SHA_1_WITH_RSA_ENCRYPTION,
            Self::Sha256 => rfc5912::SHA_256_WITH_RSA_ENCRYPTION,
            Self::Sha384 => rfc5912::SHA_384_WITH_RSA_ENCRYPTION,
            Self::Sha512 => rfc5912::SHA_512_WITH_RSA_ENCRYPTION,
        }
    }

    pub(super) fn identifier(self) -> AlgorithmIdentifierOwned {
        with_null(self.oid())
    }

    /// Some servers name a signature algorithm where the digest belongs; parameters may be absent.
    pub(super) fn from_identifier(algorithm: &AlgorithmIdentifierOwned) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|digest| digest.oid() == algorithm.oid || digest.rsa_oid() == algorithm.oid)
            .ok_or_else(|| Error::unsupported(format!("digest {}", algorithm.oid)))
    }

    pub(super) fn hash(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(data).to_vec(),
            Self::Sha256 => Sha256::digest(data).to_vec(),
            Self::Sha384 => Sha384::digest(data).to_vec(),
            Self::Sha512 => Sha512::digest(data).to_vec(),
        }
    }

    fn rsa_parameters(self) -> &'static RsaParameters {
        match self {
            Self::Sha1 => &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
            Self::Sha384 => &signature::RSA_PKCS1_2048_8192_SHA384,
            Self::Sha512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        }
    }
}

/// How a certificate, request or message is signed. `rsaEncryption` alone leaves the digest to the context.
pub(super) fn verify(
    algorithm: &AlgorithmIdentifierOwned,
    digest: Option<Digest>,
    key: &SubjectPublicKeyInfoOwned,
    message: &[u8],
    signature: &[u8],
    of: &'static str,
) -> Result<Digest, Error> {
    let (digest, verification): (_, &'static dyn VerificationAlgorithm) =
        match (algorithm.oid, digest) {
            (rfc5912::RSA_ENCRYPTION, Some(digest)) => (digest, digest.rsa_parameters()),
            (rfc5912::ECDSA_WITH_SHA_256, _) => {
                (Digest::Sha256, &signature::ECDSA_P256_SHA256_ASN1)
            }
            (rfc5912::ECDSA_WITH_SHA_384, _) => {
                (Digest::Sha384, &signature::ECDSA_P384_SHA384_ASN1)
            }
            (oid, _) => match Digest::ALL
                .into_iter()
                .find(|digest| digest.rsa_oid() == oid)
            {
                Some(digest) => (digest, digest.rsa_parameters()),
                None => {
                    return Err(Error::unsupported(format!(
                        "signature algorithm {oid} of the {of}"
                    )));
                }
            },
        };
    #[cfg(test)]
    counted::verification();
    let refused = || Error::BadSignature { of };
    let public_key = key.to_der().map_err(|_| refused())?;
    // A key of another type or below 2048 bits fails here as well.
    ParsedPublicKey::new(verification, public_key)
        .map_err(|_| refused())?
        .verify_sig(message, signature)
        .map_err(|_| refused())?;
    Ok(digest)
}

pub(super) fn rsa_encryption() -> AlgorithmIdentifierOwned {
    with_null(rfc5912::RSA_ENCRYPTION)
}

pub(super) fn sha256_with_rsa() -> AlgorithmIdentifierOwned {
    with_null(rfc5912::SHA_256_WITH_RSA_ENCRYPTION)
}

fn with_null(oid: ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid,
        parameters: Some(Any::null()),
    }
}

/// A cipher that content is encrypted by, in CBC mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cipher {
    /// AES-128: what `AES` means in GetCACaps.
    Aes128,
    /// AES-192, read only.
    Aes192,
    /// AES-256.
    Aes256,
    /// Triple DES: written only to a server that announces it and not AES.
    TripleDes,
    /// Single DES: read only, from servers of the last century that are still about.
    Des,
}

/// Content under a fresh key.
pub(super) struct Encrypted {
    pub(super) key: Zeroizing<Vec<u8>>,
    /// The cipher with its initialisation vector.
    pub(super) algorithm: AlgorithmIdentifierOwned,
    pub(super) content: Vec<u8>,
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

    pub(super) fn key_len(self) -> usize {
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

    /// The cipher and its initialisation vector.
    pub(super) fn from_identifier(
        algorithm: &AlgorithmIdentifierOwned,
    ) -> Result<(Self, Vec<u8>), Error> {
        let cipher = Self::ALL
            .into_iter()
            .find(|cipher| cipher.oid() == algorithm.oid)
            .ok_or_else(|| Error::unsupported(format!("content cipher {}", algorithm.oid)))?;
        let iv = algorithm
            .parameters
            .as_ref()
            .and_then(|parameters| parameters.decode_as::<OctetString>().ok())
            .map(|iv| iv.as_bytes().to_vec())
            .filter(|iv| iv.len() == cipher.iv_len())
            .ok_or_else(|| {
                Error::malformed(
                    "content cipher",
                    "no initialisation vector of the right length",
                )
            })?;
        Ok((cipher, iv))
    }

    fn iv_len(self) -> usize {
        if self.aes().is_some() { 16 } else { 8 }
    }

    /// The content under a fresh key.
    pub(super) fn encrypt(self, content: &[u8]) -> Result<Encrypted, Error> {
        let failed = |_| Error::Key {
            what: "encryption failed",
        };
        let mut key = Zeroizing::new(vec![0; self.key_len()]);
        let mut iv = vec![0; self.iv_len()];
        rand::fill(&mut key).map_err(failed)?;
        rand::fill(&mut iv).map_err(failed)?;
        let encrypted = if let Some(aes) = self.aes() {
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
        let iv = OctetString::new(iv).and_then(|iv| Any::encode_from(&iv));
        let algorithm = AlgorithmIdentifierOwned {
            oid: self.oid(),
            parameters: Some(iv.map_err(super::error::malformed("content cipher"))?),
        };
        Ok(Encrypted {
            key,
            algorithm,
            content: encrypted,
        })
    }

    pub(super) fn decrypt(self, key: &[u8], iv: &[u8], content: &[u8]) -> Result<Vec<u8>, Error> {
        let failed = || Error::Undecryptable;
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

/// What the refusals are compared by: the verifications each of them costs.
#[cfg(test)]
pub(super) mod counted {
    use std::cell::Cell;

    thread_local!(static VERIFICATIONS: Cell<u32> = const { Cell::new(0) });

    pub(super) fn verification() {
        VERIFICATIONS.with(|count| count.set(count.get() + 1));
    }

    /// How many there were on this thread since the last call.
    #[cfg(feature = "server")]
    pub(in super::super) fn take() -> u32 {
        VERIFICATIONS.with(Cell::take)
    }
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
            let Encrypted { key, algorithm, content: encrypted } = cipher.encrypt(&content).unwrap();
            let (read, iv) = Cipher::from_identifier(&algorithm).unwrap();
            prop_assert_eq!(read, cipher);
            prop_assert_eq!(cipher.decrypt(&key, &iv, &encrypted).unwrap(), content);
            prop_assert!(cipher.decrypt(&key, &iv, &encrypted[1..]).is_err());
        }
    }

    #[test]
    fn a_digest_is_known_without_parameters_and_by_its_signature_algorithm() {
        for oid in [rfc5912::ID_SHA_1, rfc5912::SHA_1_WITH_RSA_ENCRYPTION] {
            let algorithm = AlgorithmIdentifierOwned {
                oid,
                parameters: None,
            };
            assert_eq!(Digest::from_identifier(&algorithm).unwrap(), Digest::Sha1);
        }
    }

    #[test]
    fn single_des_is_never_written() {
        assert!(matches!(
            Cipher::Des.encrypt(b"x"),
            Err(Error::Unsupported { .. })
        ));
    }
}

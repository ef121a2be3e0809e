//! PKCS#12 files (RFC 7292): a key with its certificates.
//!
//! Two ways of protection are read: PBES2, which OpenSSL 3 writes, and the old one by triple DES and RC2, which macOS
//! Keychain Access and older tools write. The file's MAC is always checked.

use super::file::{decrypt_pbes2, from_pkcs8, wrong_password};
use crate::cms::{ContentInfo, Digest, EncryptedContentInfo, Error, PrivateKey, SetOf, ber, oid};
use aws_lc_rs::hmac;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use const_oid::db::rfc5911::ID_ENCRYPTED_DATA;
use der::asn1::{Any, ObjectIdentifier, OctetString};
use der::{Decode, Encode, Sequence};
use secrecy::{ExposeSecret, SecretString};
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

/// The contents of a PKCS#12 file that matter here.
pub(crate) struct Contents {
    pub(crate) keys: Vec<PrivateKey>,
    pub(crate) certificates: Vec<Vec<u8>>,
}

/// `PFX` (RFC 7292 section 4).
#[derive(Sequence)]
struct Pfx {
    version: u8,
    auth_safe: ContentInfo,
    #[asn1(optional = "true")]
    mac: Option<MacData>,
}

/// `MacData` (RFC 7292 section 4).
#[derive(Sequence)]
struct MacData {
    mac: DigestInfo,
    salt: OctetString,
    #[asn1(default = "one")]
    iterations: u32,
}

fn one() -> u32 {
    1
}

#[derive(Sequence)]
struct DigestInfo {
    algorithm: AlgorithmIdentifierOwned,
    digest: OctetString,
}

/// `EncryptedData` (RFC 5652 section 8).
#[derive(Sequence)]
struct EncryptedData {
    version: u8,
    info: EncryptedContentInfo,
}

/// `SafeBag` (RFC 7292 section 4.2).
#[derive(Sequence)]
struct SafeBag {
    id: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    value: Any,
    #[asn1(optional = "true")]
    attributes: Option<SetOf<Any>>,
}

/// `CertBag` (RFC 7292 section 4.2.3).
#[derive(Sequence)]
struct CertBag {
    id: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    value: OctetString,
}

#[derive(Sequence)]
struct ShroudedKey {
    algorithm: AlgorithmIdentifierOwned,
    encrypted: OctetString,
}

/// Parameters of the PBE algorithms (RFC 7292 appendix C).
#[derive(Sequence)]
struct PbeParameters {
    salt: OctetString,
    iterations: u32,
}

const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERT_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
const X509_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
const PBE_3DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3");
const PBE_RC2_40: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.6");
const PBMAC1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.14");

/// Enough for every tool, and not enough to hang on a malicious file.
const MAX_ITERATIONS: u32 = 10_000_000;

/// Whether a file is one of PKCS#12, by its first elements: SEQUENCE { INTEGER 3, SEQUENCE … }.
pub(crate) fn is_pkcs12(file: &[u8]) -> bool {
    ber::to_der(file)
        .ok()
        .and_then(|der| Pfx::from_der(&der).ok())
        .is_some_and(|pfx| pfx.version == 3)
}

pub(crate) fn read(file: &[u8], password: Option<&SecretString>) -> Result<Contents, Error> {
    let Some(password) = password else {
        return Err(Error::password(
            "a PKCS#12 file needs its password, even an empty one",
        ));
    };
    let pfx = Pfx::from_der(&ber::to_der(file)?)?;
    let safe = pfx
        .auth_safe
        .decode::<OctetString>(oid::ID_DATA)
        .map_err(|_| Error::unsupported("a PKCS#12 file that is signed by a public key"))?;
    let mac = pfx
        .mac
        .ok_or_else(|| Error::unsupported("a PKCS#12 file without a MAC"))?;
    check_mac(&mac, safe.as_bytes(), password)?;
    let mut contents = Contents {
        keys: Vec::new(),
        certificates: Vec::new(),
    };
    for info in Vec::<ContentInfo>::from_der(&ber::to_der(safe.as_bytes())?)? {
        let bags = if info.content_type == ID_ENCRYPTED_DATA {
            let data: EncryptedData = info.decode(ID_ENCRYPTED_DATA)?;
            let encrypted = data.info.encrypted_content.unwrap_or_default();
            decrypt(
                &data.info.content_encryption_algorithm,
                &encrypted,
                password,
            )?
        } else {
            let data: OctetString = info.decode(oid::ID_DATA)?;
            Zeroizing::new(data.into_bytes().into())
        };
        for bag in Vec::<SafeBag>::from_der(&Zeroizing::new(ber::to_der(&bags)?))? {
            contents.take(&bag, password)?;
        }
    }
    Ok(contents)
}

impl Contents {
    fn take(&mut self, bag: &SafeBag, password: &SecretString) -> Result<(), Error> {
        match bag.id {
            KEY_BAG => {
                let key = Zeroizing::new(bag.value.to_der()?);
                self.keys.push(from_pkcs8(&key)?);
            }
            SHROUDED_KEY_BAG => {
                let key: ShroudedKey = bag.value.decode_as()?;
                let plain = decrypt(&key.algorithm, key.encrypted.as_bytes(), password)?;
                self.keys.push(from_pkcs8(&plain)?);
            }
            CERT_BAG => {
                let certificate: CertBag = bag.value.decode_as()?;
                if certificate.id == X509_CERTIFICATE {
                    self.certificates
                        .push(certificate.value.into_bytes().into());
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn decrypt(
    algorithm: &AlgorithmIdentifierOwned,
    encrypted: &[u8],
    password: &SecretString,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    if algorithm.oid == PBES2 {
        return decrypt_pbes2(algorithm, encrypted, password);
    }
    let parameters: PbeParameters = match &algorithm.parameters {
        Some(parameters) => parameters.decode_as()?,
        None => return Err(Error::unsupported("a PKCS#12 cipher without parameters")),
    };
    let (salt, rounds) = (parameters.salt.as_bytes(), parameters.iterations);
    let derive = |id, len| derive(Digest::Sha1, id, password, salt, rounds, len);
    let iv = derive(Purpose::Iv, 8)?;
    let plain = match algorithm.oid {
        PBE_3DES => {
            cbc::Decryptor::<des::TdesEde3>::new_from_slices(&derive(Purpose::Key, 24)?, &iv)
                .map_err(|_| wrong_password())?
                .decrypt_padded_vec::<Pkcs7>(encrypted)
        }
        PBE_RC2_40 => {
            let key = derive(Purpose::Key, 5)?;
            // The length of the key is not in its type, so the mode is put around the cipher by hand.
            let cipher = rc2::Rc2::new_with_eff_key_len(&key, 40);
            let iv = iv.as_slice().try_into().map_err(|_| wrong_password())?;
            <cbc::Decryptor<rc2::Rc2> as cbc::cipher::InnerIvInit>::inner_iv_init(cipher, iv)
                .decrypt_padded_vec::<Pkcs7>(encrypted)
        }
        other => return Err(Error::unsupported(format!("the PKCS#12 cipher {other}"))),
    };
    plain.map(Zeroizing::new).map_err(|_| wrong_password())
}

fn check_mac(mac: &MacData, content: &[u8], password: &SecretString) -> Result<(), Error> {
    if mac.mac.algorithm.oid == PBMAC1 {
        return Err(Error::unsupported(
            "a PKCS#12 file with PBMAC1; write it anew without `-pbmac1_pbkdf2`",
        ));
    }
    let digest = Digest::from_identifier(&mac.mac.algorithm)?;
    let len = digest.algorithm().output_len();
    let key = derive(
        digest,
        Purpose::Mac,
        password,
        mac.salt.as_bytes(),
        mac.iterations,
        len,
    )?;
    let algorithm = match digest {
        Digest::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Digest::Sha256 => hmac::HMAC_SHA256,
        Digest::Sha384 => hmac::HMAC_SHA384,
        Digest::Sha512 => hmac::HMAC_SHA512,
    };
    hmac::verify(
        &hmac::Key::new(algorithm, &key),
        content,
        mac.mac.digest.as_bytes(),
    )
    .map_err(|_| wrong_password())
}

/// What derived bytes are for (RFC 7292 appendix B.3).
#[derive(Clone, Copy)]
enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

/// The key derivation of PKCS#12 (RFC 7292 appendix B.2).
fn derive(
    digest: Digest,
    purpose: Purpose,
    password: &SecretString,
    salt: &[u8],
    iterations: u32,
    len: usize,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    if iterations == 0 || iterations > MAX_ITERATIONS {
        return Err(Error::unsupported(format!(
            "a PKCS#12 file of {iterations} iterations"
        )));
    }
    let block = digest.algorithm().block_len();
    // BMPString with a final NUL (appendix B.1).
    let password: Zeroizing<Vec<u8>> = Zeroizing::new(
        password
            .expose_secret()
            .encode_utf16()
            .chain([0])
            .flat_map(u16::to_be_bytes)
            .collect(),
    );
    let diversifier = vec![purpose as u8; block];
    let mut input = Zeroizing::new([fill(salt, block), fill(&password, block)].concat());
    let mut derived = Zeroizing::new(Vec::new());
    loop {
        let mut hash =
            Zeroizing::new(digest.hash(&Zeroizing::new([&diversifier[..], &input].concat())));
        for _ in 1..iterations {
            hash = Zeroizing::new(digest.hash(&hash));
        }
        derived.extend_from_slice(&hash);
        if derived.len() >= len {
            derived.truncate(len);
            return Ok(derived);
        }
        let addend = fill(&hash, block);
        for chunk in input.chunks_mut(block) {
            add_one_more(chunk, &addend);
        }
    }
}

/// `bytes` repeated up to the next multiple of `block`.
fn fill(bytes: &[u8], block: usize) -> Vec<u8> {
    let len = bytes.len().div_ceil(block) * block;
    bytes.iter().copied().cycle().take(len).collect()
}

/// `number + addend + 1`, both big-endian and of one length, without the overflow.
fn add_one_more(number: &mut [u8], addend: &[u8]) {
    let mut carry = 1;
    for (digit, added) in number.iter_mut().zip(addend).rev() {
        let sum = u16::from(*digit) + u16::from(*added) + carry;
        *digit = sum as u8;
        carry = sum >> 8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addition_carries_and_drops_the_overflow() {
        let mut number = [0xff, 0x00, 0xff];
        add_one_more(&mut number, &[0x00, 0x00, 0x00]);
        assert_eq!(number, [0xff, 0x01, 0x00]);
        let mut number = [0xff, 0xff, 0xff];
        add_one_more(&mut number, &[0x00, 0x00, 0x01]);
        assert_eq!(number, [0x00, 0x00, 0x01]);
    }

    #[test]
    fn absurd_iterations_are_refused() {
        let password = "x".into();
        for iterations in [0, u32::MAX] {
            let derived = derive(
                Digest::Sha1,
                Purpose::Key,
                &password,
                b"salt",
                iterations,
                8,
            );
            assert!(derived.unwrap_err().is_unsupported());
        }
    }
}

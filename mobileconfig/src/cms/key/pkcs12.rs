//! PKCS#12 files (RFC 7292): a key with its certificates.
//!
//! Keys and certificates are protected as OpenSSL 3 does it (PBES2) and as macOS Keychain Access and older tools do
//! (triple DES, RC2). The file's MAC is always checked.

use super::file::{EncryptedPrivateKey, from_pkcs8};
use super::pbe::{self, CONVERT_PKCS12, Purpose, derive, wrong_password};
use crate::cms::{ContentInfo, Digest, EncryptedContentInfo, Error, PrivateKey, SetOf, ber, oid};
use aws_lc_rs::hmac;
use const_oid::db::rfc5911::ID_ENCRYPTED_DATA;
use der::asn1::{Any, ObjectIdentifier, OctetString};
use der::{Decode, Encode, Sequence};
use secrecy::SecretString;
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

const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERT_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
const X509_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
const PBMAC1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.14");

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
            pbe::decrypt(
                &data.info.content_encryption_algorithm,
                &encrypted,
                password,
                CONVERT_PKCS12,
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
                let key: EncryptedPrivateKey = bag.value.decode_as()?;
                self.keys
                    .push(from_pkcs8(&key.decrypt(password, CONVERT_PKCS12)?)?);
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

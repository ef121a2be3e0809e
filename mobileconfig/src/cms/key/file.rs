//! Key files: PKCS#8 (RFC 5958), plain or encrypted, PKCS#1 (RFC 8017), SEC1 (RFC 5915), in PEM or DER.

use super::pbe::{self, CONVERT_PKCS8, wrong_password};
use crate::cms::{Error, KeyType, PrivateKey, armour};
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::EcdsaKeyPair;
use const_oid::db::rfc5912;
use der::asn1::{AnyRef, ObjectIdentifier, OctetString};
use der::{Decode, Sequence, SliceReader};
use secrecy::SecretString;
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

impl PrivateKey {
    /// The key in a file: `PRIVATE KEY`, `ENCRYPTED PRIVATE KEY`, `RSA PRIVATE KEY` or `EC PRIVATE KEY` in PEM,
    /// whatever stands around the block, or PKCS#8, PKCS#1 or SEC1 in DER.
    ///
    /// Encrypted PKCS#8 is read with PBES2 (PBKDF2 or scrypt, AES or triple DES) and in the older ways of
    /// `openssl pkcs8 -v1` that go without MD5, MD2 and RC4: `PBE-SHA1-3DES`, `PBE-SHA1-2DES`, `PBE-SHA1-RC2-40`,
    /// `PBE-SHA1-RC2-128`, `PBE-SHA1-DES`, `PBE-SHA1-RC2-64`. The others are refused by name, with the command that converts the
    /// file.
    ///
    /// # Errors
    ///
    /// [`Error::is_password`] when the password is missing or wrong; [`Error::is_key`] when there is no key or several
    /// of them, or the file is in another form; [`Error::is_unsupported`] for another type or size of key, and for a key
    /// derivation of more than 10 000 000 iterations, or by scrypt in more than 64 MiB.
    pub fn from_file(
        file: impl AsRef<[u8]>,
        password: Option<&SecretString>,
    ) -> Result<Self, Error> {
        let file = file.as_ref();
        if !armour::is_armoured(file) {
            return from_der(file, password);
        }
        let mut keys: Vec<_> = armour::blocks(file)?
            .into_iter()
            .filter(|block| block.label.ends_with("PRIVATE KEY"))
            .map(|block| (block.label, Zeroizing::new(block.bytes)))
            .collect();
        let (Some((label, der)), true) = (keys.pop(), keys.is_empty()) else {
            return Err(Error::key(
                "the file must have exactly one BEGIN … PRIVATE KEY block",
            ));
        };
        match label.as_str() {
            "PRIVATE KEY" => from_pkcs8(&der),
            "ENCRYPTED PRIVATE KEY" => from_encrypted(&der, password),
            // Its base64 is the ciphertext when RFC 1421 headers stand before it.
            _ if is_traditionally_encrypted(file) => Err(Error::key(
                "it is encrypted in OpenSSL's old way, which is weak; convert it with `openssl pkcs8 -topk8 -in OLD -out NEW`",
            )),
            "RSA PRIVATE KEY" => from_pkcs1(&der),
            "EC PRIVATE KEY" => from_sec1(&der),
            other => Err(Error::key(format!(
                "a block of the type {other}; convert it with `openssl pkcs8 -topk8 -in OLD -out NEW`"
            ))),
        }
    }
}

fn is_traditionally_encrypted(file: &[u8]) -> bool {
    const HEADER: &[u8] = b"Proc-Type:";
    file.windows(HEADER.len()).any(|window| window == HEADER)
}

fn from_der(der: &[u8], password: Option<&SecretString>) -> Result<PrivateKey, Error> {
    if EncryptedPrivateKey::from_der(der).is_ok() {
        return from_encrypted(der, password);
    }
    if algorithm_of_pkcs8(der).is_ok() {
        return from_pkcs8(der);
    }
    from_sec1(der).or_else(|_| from_pkcs1(der)).map_err(|_| {
        Error::key("the file is neither PEM nor a key in DER (PKCS#8, PKCS#1 or SEC1)")
    })
}

pub(crate) fn from_pkcs8(der: &[u8]) -> Result<PrivateKey, Error> {
    let algorithm = algorithm_of_pkcs8(der)
        .map_err(|_| Error::key("a BEGIN PRIVATE KEY block that holds no PKCS#8"))?;
    match algorithm.oid {
        rfc5912::RSA_ENCRYPTION => rsa(KeyPair::from_pkcs8(der)),
        rfc5912::ID_EC_PUBLIC_KEY => {
            let curve = algorithm
                .parameters
                .and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
            let key_type = match curve {
                Some(rfc5912::SECP_256_R_1) => KeyType::P256,
                Some(rfc5912::SECP_384_R_1) => KeyType::P384,
                Some(rfc5912::SECP_521_R_1) => KeyType::P521,
                _ => return Err(Error::unsupported(UNKNOWN_CURVE)),
            };
            EcdsaKeyPair::from_pkcs8(key_type.signing()?, der)
                .map_err(|_| Error::key("its numbers do not fit together"))
                .and_then(PrivateKey::from_ec)
        }
        other => Err(Error::unsupported(format!(
            "private keys of the type {other}; sign with RSA or ECDSA"
        ))),
    }
}

/// The algorithm of an unencrypted PKCS#8; what follows it is aws-lc's to read.
fn algorithm_of_pkcs8(der: &[u8]) -> der::Result<AlgorithmIdentifierOwned> {
    let outer: AnyRef<'_> = AnyRef::from_der(der)?;
    let mut reader = SliceReader::new(outer.value())?;
    u8::decode(&mut reader)?;
    let algorithm = AlgorithmIdentifierOwned::decode(&mut reader)?;
    OctetString::decode(&mut reader)?;
    Ok(algorithm)
}

fn from_pkcs1(der: &[u8]) -> Result<PrivateKey, Error> {
    rsa(KeyPair::from_der(der))
}

fn rsa(pair: Result<KeyPair, aws_lc_rs::error::KeyRejected>) -> Result<PrivateKey, Error> {
    pair.map_err(|_| Error::unsupported("the RSA key: it has to have 2048 to 8192 bits"))
        .and_then(PrivateKey::from_rsa)
}

fn from_sec1(der: &[u8]) -> Result<PrivateKey, Error> {
    [KeyType::P256, KeyType::P384, KeyType::P521]
        .into_iter()
        .find_map(|curve| EcdsaKeyPair::from_private_key_der(curve.signing().ok()?, der).ok())
        .ok_or_else(|| Error::unsupported(UNKNOWN_CURVE))
        .and_then(PrivateKey::from_ec)
}

/// `EncryptedPrivateKeyInfo` (RFC 5958 section 3), and the same structure in PKCS#12.
#[derive(Sequence)]
pub(super) struct EncryptedPrivateKey {
    algorithm: AlgorithmIdentifierOwned,
    encrypted: OctetString,
}

impl EncryptedPrivateKey {
    pub(super) fn decrypt(
        &self,
        password: &SecretString,
        convert: &str,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        pbe::decrypt(
            &self.algorithm,
            self.encrypted.as_bytes(),
            password,
            convert,
        )
    }
}

fn from_encrypted(der: &[u8], password: Option<&SecretString>) -> Result<PrivateKey, Error> {
    let Some(password) = password else {
        return Err(Error::password("the key is encrypted: give its password"));
    };
    let plain = EncryptedPrivateKey::from_der(der)?.decrypt(password, CONVERT_PKCS8)?;
    // A wrong password passes the padding check once in 256 times.
    from_pkcs8(&plain).map_err(|error| {
        if algorithm_of_pkcs8(&plain).is_ok() {
            error
        } else {
            wrong_password()
        }
    })
}

const UNKNOWN_CURVE: &str = "the elliptic curve of the key; use P-256, P-384 or P-521";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_told_apart() {
        let error = |file: &str| PrivateKey::from_file(file, None).unwrap_err().to_string();
        assert!(error("junk").contains("neither PEM nor"));
        let certificate = armour::encode("CERTIFICATE", b"x");
        assert!(error(&certificate).contains("exactly one BEGIN"));
        let openssh = armour::encode("OPENSSH PRIVATE KEY", b"x");
        assert!(error(&openssh).contains("openssl pkcs8 -topk8"));
    }

    #[test]
    fn a_key_file_that_asks_scrypt_for_nothing_is_refused() {
        let file = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n\
            MHIwTgYJKoZIhvcNAQUNMEEwIAYJKwYBBAHaRwQLMBMECHNhbHRzYWx0AgEAAgEIAgEBMB0GCWCG\n\
            SAFlAwQBKgQQAAAAAAAAAAAAAAAAAAAAAAQgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n\
            AAA=\n\
            -----END ENCRYPTED PRIVATE KEY-----\n";
        let error = PrivateKey::from_file(file, Some(&"x".into())).unwrap_err();
        assert!(error.is_unsupported(), "{error}");
        assert!(error.to_string().contains("N=0"), "{error}");
    }

    #[test]
    fn a_key_file_never_shows_in_an_error() {
        let file = armour::encode("PRIVATE KEY", b"hunter2");
        let error = PrivateKey::from_file(file, None).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

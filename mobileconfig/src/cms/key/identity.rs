use super::pkcs12::{is_pkcs12, read};
use crate::cms::Certificate;
use crate::cms::{Error, PrivateKey, armour, read_certificates};
use der::Decode;
use secrecy::SecretString;
use std::fmt;

/// A private key with its certificate, and the certificates that lead from there to a root.
///
/// ```
/// # use mobileconfig::cms::{Identity, sign};
/// # fn run(pem: &str) -> Result<(), mobileconfig::Error> {
/// let identity = Identity::from_file(pem, None)?;
/// let signed = sign(b"<plist version='1.0'><dict/></plist>", &identity)?;
/// # assert!(signed.starts_with(&[0x30])); Ok(()) }
/// # run(include_str!("../../../tests/data/identity.pem")).unwrap();
/// ```
#[derive(Clone)]
pub struct Identity {
    key: PrivateKey,
    /// The key's own first, then issuer after issuer.
    certificates: Vec<Vec<u8>>,
}

impl Identity {
    /// A key and certificates (DER) in any order. The key's own certificate is found by its public key, its issuers by
    /// name. A root (a certificate that names itself as issuer) is left out, unless it is the key's own: who verifies
    /// has to have it anyway.
    ///
    /// # Errors
    ///
    /// [`Error::is_key`] when none of the certificates is for the key, or one of them is in no chain with it.
    pub fn new(
        key: PrivateKey,
        certificates: impl IntoIterator<Item = Vec<u8>>,
    ) -> Result<Self, Error> {
        let mut rest = certificates
            .into_iter()
            .map(|der| Ok((Certificate::from_der(&der)?, der)))
            .collect::<Result<Vec<_>, Error>>()?;
        let own = rest
            .iter()
            .position(|(certificate, _)| {
                certificate.tbs_certificate().subject_public_key_info() == key.public_key()
            })
            .ok_or_else(|| {
                Error::key("none of the certificates is for it: give the certificate that was issued for this key")
            })?;
        let (mut last, der) = rest.swap_remove(own);
        let mut chain = vec![der];
        loop {
            let issuer = last.tbs_certificate().issuer();
            let next = rest
                .iter()
                .position(|(certificate, _)| certificate.tbs_certificate().subject() == issuer);
            let Some(next) = next else { break };
            let (certificate, der) = rest.swap_remove(next);
            if !is_self_issued(&certificate) {
                chain.push(der);
            }
            last = certificate;
        }
        // The same certificate twice, or a root that names itself, is no mistake; a stranger is.
        let stranger = rest
            .iter()
            .find(|(certificate, der)| !is_self_issued(certificate) && !chain.contains(der));
        match stranger {
            Some((certificate, _)) => Err(Error::key(format!(
                "the certificate of {} does not belong to the chain; leave it out",
                certificate.tbs_certificate().subject()
            ))),
            None => Ok(Self {
                key,
                certificates: chain,
            }),
        }
    }

    /// The identity in a file: a PEM text with one key and its certificates in any order, or PKCS#12.
    ///
    /// PKCS#12 is read as OpenSSL 3 writes it (PBES2) and as Keychain Access does (triple DES, RC2); what is protected
    /// by other means is refused by name.
    ///
    /// # Errors
    ///
    /// As [`PrivateKey::from_file`] and [`Identity::new`].
    pub fn from_file(
        file: impl AsRef<[u8]>,
        password: Option<&SecretString>,
    ) -> Result<Self, Error> {
        let file = file.as_ref();
        if is_pkcs12(file) {
            let contents = read(file, password)?;
            let mut keys = contents.keys;
            return match (keys.pop(), keys.is_empty()) {
                (Some(key), true) => Self::new(key, contents.certificates),
                _ => Err(Error::key("the PKCS#12 file must have exactly one key")),
            };
        }
        let key = PrivateKey::from_file(file, password)?;
        let mut certificates = Vec::new();
        if armour::is_armoured(file) {
            for block in armour::blocks(file)? {
                if !block.label.ends_with("PRIVATE KEY") && !block.label.ends_with("PARAMETERS") {
                    certificates.extend(read_certificates(armour::encode(
                        &block.label,
                        &block.bytes,
                    ))?);
                }
            }
        }
        Self::new(key, certificates)
    }

    /// The private key.
    #[must_use]
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// The certificates in DER: the key's own, then its issuers in order.
    #[must_use]
    pub fn certificates(&self) -> &[Vec<u8>] {
        &self.certificates
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("key", &self.key)
            .field("certificates", &self.certificates.len())
            .finish()
    }
}

fn is_self_issued(certificate: &Certificate) -> bool {
    let tbs = certificate.tbs_certificate();
    tbs.subject() == tbs.issuer()
}

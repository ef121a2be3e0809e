use super::{Error, SignedData, armour, from_ber, oid};
use crate::cms::Certificate;
use der::Decode;

/// All certificates of a file in DER, in its order: PEM (whatever stands around the blocks), one certificate in DER,
/// or PKCS#7.
///
/// ```
/// # const CA: &str = include_str!("../../tests/data/ca.pem");
/// let bundle = [CA, CA].concat();
/// assert_eq!(mobileconfig::cms::read_certificates(bundle)?.len(), 2);
/// # Ok::<(), mobileconfig::cms::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::is_content`] when there is none in it, or a PEM block that is something else, for instance a key; otherwise
/// what is wrong with the first bad one.
pub fn read_certificates(file: impl AsRef<[u8]>) -> Result<Vec<Vec<u8>>, Error> {
    let file = file.as_ref();
    let mut certificates = Vec::new();
    if armour::is_armoured(file) {
        for block in armour::blocks(file)? {
            match block.label.as_str() {
                // What OpenSSL calls trusted has its own data after the certificate.
                "CERTIFICATE" | "X509 CERTIFICATE" => certificates.push(checked(block.bytes)?),
                "PKCS7" | "CMS" => certificates.extend(certificates_only(&block.bytes)?),
                _ => {
                    return Err(Error::content(
                        "a PEM block that is no certificate stands among the certificates",
                    ));
                }
            }
        }
    } else {
        match checked(file.to_vec()) {
            Ok(certificate) => certificates.push(certificate),
            // Whichever error says more: a PKCS#7 that opens but holds rubbish, or a file that is neither.
            Err(error) => match from_ber(file) {
                Ok(_) => certificates = certificates_only(file)?,
                Err(_) => return Err(error),
            },
        }
    }
    if certificates.is_empty() {
        return Err(Error::content("the file holds no certificate"));
    }
    Ok(certificates)
}

/// The certificates of a certs-only message (RFC 5652 section 5.2), BER or DER, each in DER.
///
/// # Errors
///
/// When the message is no signed data, or one of them is no X.509 certificate.
pub fn certificates_only(message: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let signed: SignedData = from_ber(message)?.decode(oid::ID_SIGNED_DATA)?;
    signed
        .certificates
        .unwrap_or_default()
        .certificates()?
        .into_iter()
        .map(checked)
        .collect()
}

fn checked(der: Vec<u8>) -> Result<Vec<u8>, Error> {
    match Certificate::from_der(&der) {
        Ok(_) => Ok(der),
        Err(error) => Err(Error::certificate(&error)),
    }
}

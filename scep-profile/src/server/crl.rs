//! The revocation list of an authority (RFC 5280 section 5).

use super::IssuedCertificate;
use super::chain::Chain;
use crate::message::{Error, extension, key_identifier, sign_crl};
use const_oid::db::rfc5912::SHA_256_WITH_RSA_ENCRYPTION;
use der::Decode;
use der::asn1::{Any, Uint};
use spki::AlgorithmIdentifierOwned;
use std::time::{Duration, SystemTime};
use x509_cert::crl::{RevokedCert, TbsCertList};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlNumber};
use x509_cert::time::Time;
use x509_cert::{Certificate, Version};

/// How long a list stands for the present.
const VALIDITY: Duration = Duration::from_secs(7 * 86_400);

/// The list in DER, of those among `issued` that are revoked.
pub(super) fn make(
    chain: &Chain,
    issued: &[IssuedCertificate],
    now: SystemTime,
) -> Result<Vec<u8>, Error> {
    let malformed = |error: der::Error| Error::malformed("revocation list", error);
    let time = |at: SystemTime| Time::try_from(at).map_err(malformed);
    let issuer = chain.issuer.x509().tbs_certificate();
    let mut revoked = Vec::new();
    for certificate in issued.iter().filter(|certificate| certificate.revoked) {
        let parsed = Certificate::from_der(&certificate.der()).map_err(malformed)?;
        let tbs = parsed.tbs_certificate();
        // After a roll-over each CA answers for its own certificates.
        if tbs.issuer() != issuer.subject() {
            continue;
        }
        let since = certificate.revoked_at;
        revoked.push(RevokedCert {
            serial_number: tbs.serial_number().clone(),
            revocation_date: time(
                since.unwrap_or_else(|| tbs.validity().not_before.to_system_time()),
            )?,
            crl_entry_extensions: None,
        });
    }
    let seconds = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let authority = AuthorityKeyIdentifier {
        key_identifier: Some(key_identifier(issuer.subject_public_key_info())?),
        ..AuthorityKeyIdentifier::default()
    };
    // The time counts the lists: it grows, and needs no state.
    let number = CrlNumber(Uint::new(&seconds.to_be_bytes()).map_err(malformed)?);
    let tbs: TbsCertList = TbsCertList {
        version: Version::V2,
        signature: AlgorithmIdentifierOwned {
            oid: SHA_256_WITH_RSA_ENCRYPTION,
            parameters: Some(Any::null()),
        },
        issuer: issuer.subject().clone(),
        this_update: time(now)?,
        next_update: Some(time(now.checked_add(VALIDITY).unwrap_or(now))?),
        revoked_certificates: (!revoked.is_empty()).then_some(revoked),
        crl_extensions: Some(vec![
            extension(false, &authority)?,
            extension(false, &number)?,
        ]),
    };
    sign_crl(&tbs, &chain.issuer_key)
}

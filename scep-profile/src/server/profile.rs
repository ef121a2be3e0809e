//! What stands in the certificates an authority makes.

use crate::Subject;
use crate::message::{
    CMC_RA, CertificateSpec, EnrollmentKey, Error, ReceivedRequest, extension, name,
};
use const_oid::AssociatedOid;
use const_oid::db::rfc5280::ID_KP_CLIENT_AUTH;
use der::Decode;
use std::time::{Duration, SystemTime};
use x509_cert::ext::pkix::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName,
};

/// Certificates begin an hour early, for devices whose clock is behind.
const HOUR: Duration = Duration::from_secs(3600);
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// A device's certificate: subject, key and alternative names as asked for, usage as Okta grants it.
pub(super) fn leaf(
    csr: &ReceivedRequest,
    validity: Duration,
    now: SystemTime,
) -> Result<CertificateSpec, Error> {
    let mut extensions = vec![
        extension(
            true,
            &BasicConstraints {
                ca: false,
                path_len_constraint: None,
            },
        )?,
        extension(true, &KeyUsage(KeyUsages::DigitalSignature.into()))?,
        extension(false, &ExtendedKeyUsage(vec![ID_KP_CLIENT_AUTH]))?,
    ];
    let alt_names = csr
        .extensions()
        .iter()
        .find(|asked| asked.extn_id == SubjectAltName::OID);
    if let Some(asked) = alt_names {
        let names = SubjectAltName::from_der(asked.extn_value.as_bytes())
            .map_err(|error| Error::malformed("SubjectAltName", error))?;
        extensions.push(extension(false, &names)?);
    }
    Ok(CertificateSpec {
        subject: csr.subject().clone(),
        public_key: csr.public_key().clone(),
        not_before: now.checked_sub(HOUR).unwrap_or(now),
        not_after: now.checked_add(validity).unwrap_or(now),
        extensions,
    })
}

/// The certificate of a registration authority: it signs replies and decrypts requests, and is no CA.
pub(super) fn registration(
    organization: &str,
    common_name: &str,
    key: &EnrollmentKey,
    now: SystemTime,
) -> Result<CertificateSpec, Error> {
    let mut spec = authority(organization, common_name, key, now)?;
    let basic = BasicConstraints {
        ca: false,
        path_len_constraint: None,
    };
    let usage = KeyUsages::DigitalSignature | KeyUsages::KeyEncipherment;
    spec.extensions = vec![
        extension(true, &basic)?,
        extension(true, &KeyUsage(usage))?,
        extension(false, &ExtendedKeyUsage(vec![CMC_RA]))?,
    ];
    Ok(spec)
}

/// A certificate of the authority itself, which issues, signs replies and decrypts requests.
pub(super) fn authority(
    organization: &str,
    common_name: &str,
    key: &EnrollmentKey,
    now: SystemTime,
) -> Result<CertificateSpec, Error> {
    let subject = Subject::from_pairs([("O", organization), ("CN", common_name)])
        .map_err(|error| Error::malformed("organization", error))?;
    let usage = KeyUsages::DigitalSignature
        | KeyUsages::KeyEncipherment
        | KeyUsages::KeyCertSign
        | KeyUsages::CRLSign;
    Ok(CertificateSpec {
        subject: name(&subject)?,
        public_key: key.spki().clone(),
        not_before: now.checked_sub(HOUR).unwrap_or(now),
        not_after: now.checked_add(10 * YEAR).unwrap_or(now),
        extensions: vec![
            extension(
                true,
                &BasicConstraints {
                    ca: true,
                    path_len_constraint: None,
                },
            )?,
            extension(true, &KeyUsage(usage))?,
        ],
    })
}

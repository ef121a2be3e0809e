//! Building a chain (RFC 5280 section 6, the part that leaves time aside): small and strict.
//!
//! Checked are names, signatures, `basicConstraints`, `keyUsage` and path lengths; a critical extension that is not
//! understood ends the chain, and so do name constraints and SHA-1, since neither is evaluated. Revocation is not looked at,
//! policies are not asked for, and no network is used.

use super::verdict::{ChainProblem, name};
use crate::cms::Certificate;
use crate::cms::{Digest, SignedObject};
use const_oid::AssociatedOid;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280;
use der::Decode;
use std::time::SystemTime;
use x509_cert::certificate::Version;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};

/// A certificate with the bytes it was read from.
#[derive(Clone, Debug)]
pub(super) struct Parsed {
    pub(super) der: Vec<u8>,
    pub(super) certificate: Certificate,
}

impl Parsed {
    pub(super) fn read(der: &[u8]) -> der::Result<Self> {
        Ok(Self {
            der: der.to_vec(),
            certificate: Certificate::from_der(der)?,
        })
    }

    pub(super) fn subject(&self) -> String {
        name(self.certificate.tbs_certificate().subject())
    }

    pub(super) fn not_before(&self) -> SystemTime {
        self.certificate
            .tbs_certificate()
            .validity()
            .not_before
            .to_system_time()
    }

    pub(super) fn not_after(&self) -> SystemTime {
        self.certificate
            .tbs_certificate()
            .validity()
            .not_after
            .to_system_time()
    }

    fn is_valid_at(&self, time: SystemTime) -> bool {
        self.not_before() <= time && time <= self.not_after()
    }

    fn is_self_issued(&self) -> bool {
        let tbs = self.certificate.tbs_certificate();
        tbs.subject() == tbs.issuer()
    }

    /// An extension; `Err` when it is there and cannot be read.
    fn extension<T>(&self) -> Result<Option<T>, ChainProblem>
    where
        T: for<'a> Decode<'a, Error = der::Error> + AssociatedOid,
    {
        self.certificate
            .tbs_certificate()
            .get_extension::<T>()
            .map(|found| found.map(|(_, value)| value))
            .map_err(|_| ChainProblem::MalformedExtension(T::OID.to_string()))
    }

    fn check_extensions(&self) -> Result<(), ChainProblem> {
        const UNDERSTOOD: [ObjectIdentifier; 8] = [
            rfc5280::ID_CE_BASIC_CONSTRAINTS,
            rfc5280::ID_CE_KEY_USAGE,
            // They say what the key is for, and nothing of it is about profiles.
            rfc5280::ID_CE_EXT_KEY_USAGE,
            rfc5280::ID_CE_SUBJECT_ALT_NAME,
            rfc5280::ID_CE_ISSUER_ALT_NAME,
            // A policy would matter to a caller who asks for one.
            rfc5280::ID_CE_CERTIFICATE_POLICIES,
            rfc5280::ID_CE_SUBJECT_KEY_IDENTIFIER,
            rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER,
        ];
        let extensions = self.certificate.tbs_certificate().extensions();
        for extension in extensions.into_iter().flatten() {
            let constrains_names = extension.extn_id == rfc5280::ID_CE_NAME_CONSTRAINTS;
            if constrains_names || extension.critical && !UNDERSTOOD.contains(&extension.extn_id) {
                return Err(ChainProblem::CriticalExtension(
                    extension.extn_id.to_string(),
                ));
            }
        }
        Ok(())
    }

    /// Whether this may sign content at all.
    pub(super) fn check_signer(&self) -> Result<(), ChainProblem> {
        self.check_extensions()?;
        match self.extension::<KeyUsage>()? {
            Some(usage) if !usage.digital_signature() && !usage.non_repudiation() => {
                Err(ChainProblem::KeyUsage)
            }
            _ => Ok(()),
        }
    }

    /// Whether this may issue a certificate with so many authorities below it.
    fn check_issuer(&self, authorities_below: usize) -> Result<(), ChainProblem> {
        self.check_extensions()?;
        let constraints = self.extension::<BasicConstraints>()?;
        match constraints {
            Some(constraints) if constraints.ca => {
                let limit = constraints.path_len_constraint.map(usize::from);
                if limit.is_some_and(|limit| authorities_below > limit) {
                    return Err(ChainProblem::PathTooLong);
                }
            }
            // Certificates of version 1 have no extensions; only a root that was given as such is taken without.
            None if self.certificate.tbs_certificate().version() == Version::V1
                && self.is_self_issued() => {}
            _ => return Err(ChainProblem::NotAnAuthority),
        }
        match self.extension::<KeyUsage>()? {
            Some(usage) if !usage.key_cert_sign() => Err(ChainProblem::KeyUsage),
            _ => Ok(()),
        }
    }

    fn check_issued_by(&self, issuer: &Self) -> Result<(), ChainProblem> {
        let tbs = self.certificate.tbs_certificate();
        if tbs.signature() != self.certificate.signature_algorithm() {
            return Err(ChainProblem::Algorithm(
                "it is named differently inside and outside".to_owned(),
            ));
        }
        let signed = SignedObject::from_der(&self.der)
            .map_err(|error| ChainProblem::Algorithm(error.to_string()))?;
        match signed.verify(
            issuer
                .certificate
                .tbs_certificate()
                .subject_public_key_info(),
        ) {
            Ok(Digest::Sha1) => Err(ChainProblem::Algorithm("SHA-1 is broken".to_owned())),
            Ok(_) => Ok(()),
            Err(error) if error.is_signature() => Err(ChainProblem::BadSignature),
            Err(error) => Err(ChainProblem::Algorithm(error.to_string())),
        }
    }
}

/// Where a search ended.
pub(super) struct Outcome<'a> {
    /// The signer's certificate, and as far as it went from there.
    pub(super) path: Vec<&'a Parsed>,
    /// What stopped it below a root; the subject of the certificate and the reason.
    pub(super) problem: Option<(String, ChainProblem)>,
}

/// A way from the signer to a root; one that is valid at `time` before others, else the longest attempt.
pub(super) fn build<'a>(
    signer: &'a Parsed,
    roots: &'a [Parsed],
    others: &'a [Parsed],
    time: SystemTime,
) -> Outcome<'a> {
    let mut search = Search {
        roots,
        others,
        time,
        signatures_left: MAX_SIGNATURES,
        found: None,
        attempt: Outcome {
            path: vec![signer],
            problem: None,
        },
    };
    if let Err(problem) = signer.check_signer() {
        search.attempt.problem = Some((signer.subject(), problem));
        return search.attempt;
    }
    search.extend(&mut vec![signer]);
    match search.found {
        Some(path) => Outcome {
            path,
            problem: None,
        },
        None => search.attempt,
    }
}

/// Certificates of a chain, the signer's and the root's among them.
const MAX_LEN: usize = 10;

/// Signatures checked in one search: certificates that name each other in circles must not cost more.
const MAX_SIGNATURES: usize = 64;

struct Search<'a> {
    roots: &'a [Parsed],
    others: &'a [Parsed],
    time: SystemTime,
    signatures_left: usize,
    found: Option<Vec<&'a Parsed>>,
    attempt: Outcome<'a>,
}

impl<'a> Search<'a> {
    /// True once a chain is found that needs no better one.
    fn extend(&mut self, path: &mut Vec<&'a Parsed>) -> bool {
        let Some(last) = path.last().copied() else {
            return false;
        };
        if self.roots.iter().any(|root| root.der == last.der) {
            return self.reached(path);
        }
        let issuer_name = last.certificate.tbs_certificate().issuer();
        let named =
            |candidate: &&Parsed| candidate.certificate.tbs_certificate().subject() == issuer_name;
        let candidates: Vec<_> = self.roots.iter().chain(self.others).filter(named).collect();
        let mut problem = None;
        for candidate in candidates {
            if path.iter().any(|known| known.der == candidate.der) {
                continue;
            }
            if path.len() == MAX_LEN || self.signatures_left == 0 {
                problem = Some((last.subject(), ChainProblem::TooMany));
                break;
            }
            self.signatures_left -= 1;
            // Certificates that name themselves as issuer do not count (RFC 5280 section 4.2.1.9).
            let below = path[1..]
                .iter()
                .filter(|known| !known.is_self_issued())
                .count();
            if let Err(found) = candidate.check_issuer(below) {
                problem = Some((candidate.subject(), found));
                continue;
            }
            if let Err(found) = last.check_issued_by(candidate) {
                problem = Some((last.subject(), found));
                continue;
            }
            path.push(candidate);
            let done = self.extend(path);
            path.pop();
            if done {
                return true;
            }
            // The further attempt has reported what stopped it.
            problem = None;
        }
        let none_tried = || {
            let problem = if last.is_self_issued() {
                ChainProblem::UnknownRoot
            } else {
                ChainProblem::IssuerNotFound(name(issuer_name))
            };
            (last.subject(), problem)
        };
        if self.attempt.problem.is_none() || path.len() > self.attempt.path.len() {
            self.attempt = Outcome {
                path: path.clone(),
                problem: Some(problem.unwrap_or_else(none_tried)),
            };
        }
        false
    }

    fn reached(&mut self, path: &[&'a Parsed]) -> bool {
        let valid = path
            .iter()
            .all(|certificate| certificate.is_valid_at(self.time));
        if valid || self.found.is_none() {
            self.found = Some(path.to_vec());
        }
        valid
    }
}

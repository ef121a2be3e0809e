use super::AuthorityOptions;
use super::profile;
use super::state::{ChainState, RegistrationState};
use crate::message::{CaCertificates, EnrollmentKey, Error};
use crate::{CaCertificate, KeySize};
use der::Encode;
use mobileconfig::cms::{self, ContentInfo, SignedData};
use std::time::SystemTime;

/// The certificates of an authority and the keys it needs: what a roll-over replaces as a whole.
#[derive(Clone)]
pub(super) struct Chain {
    pub(super) root: CaCertificate,
    pub(super) issuer: CaCertificate,
    pub(super) issuer_key: EnrollmentKey,
    /// Stands before the issuer: opens requests and signs replies.
    registration: Option<(CaCertificate, EnrollmentKey)>,
}

impl Chain {
    /// The chain of this number among those of one authority, from 1. It stands in the names from 2 on: two CAs of one
    /// name could not be told apart.
    pub(super) fn generate(
        options: &AuthorityOptions,
        number: usize,
        now: SystemTime,
    ) -> Result<Self, Error> {
        let organization = &options.organization;
        let name = |role: &str| match number {
            0 | 1 => format!("Organization {role} Authority"),
            later => format!("Organization {role} Authority {later}"),
        };
        let new_key = || EnrollmentKey::generate(KeySize::Rsa2048);
        let root_key = new_key()?;
        let spec = profile::authority(organization, &name("Root"), &root_key, now)?;
        let root = parse(&spec.self_sign(&root_key)?)?;
        let (issuer, issuer_key) = if options.intermediate {
            let key = new_key()?;
            let spec = profile::authority(organization, &name("Intermediate"), &key, now)?;
            (parse(&spec.issue(root.x509(), &root_key)?)?, key)
        } else {
            (root.clone(), root_key)
        };
        let registration = if options.registration_authority {
            let key = new_key()?;
            let spec = profile::registration(organization, &name("Registration"), &key, now)?;
            let certificate = parse(&spec.issue(issuer.x509(), &issuer_key)?)?;
            Some((certificate, key))
        } else {
            None
        };
        Ok(Self {
            root,
            issuer,
            issuer_key,
            registration,
        })
    }

    pub(super) fn from_state(state: &ChainState) -> Result<Self, Error> {
        let registration = state.registration.as_ref().map(|saved| {
            let key = EnrollmentKey::from_pkcs8_pem(&saved.key)?;
            paired(read(&saved.certificate)?, key)
        });
        let key = EnrollmentKey::from_pkcs8_pem(&state.issuer_key)?;
        let (issuer, issuer_key) = paired(read(&state.issuer_certificate)?, key)?;
        Ok(Self {
            root: read(&state.root_certificate)?,
            issuer,
            issuer_key,
            registration: registration.transpose()?,
        })
    }

    pub(super) fn state(&self) -> Result<ChainState, Error> {
        let registration = self.registration.as_ref().map(|(certificate, key)| {
            Ok::<_, Error>(RegistrationState {
                certificate: certificate.pem(),
                key: key.to_pkcs8_pem()?,
            })
        });
        Ok(ChainState {
            root_certificate: self.root.pem(),
            issuer_certificate: self.issuer.pem(),
            issuer_key: self.issuer_key.to_pkcs8_pem()?,
            registration: registration.transpose()?,
        })
    }

    /// Whoever opens requests and signs replies.
    pub(super) fn recipient(&self) -> (&CaCertificate, &EnrollmentKey) {
        match &self.registration {
            Some((certificate, key)) => (certificate, key),
            None => (&self.issuer, &self.issuer_key),
        }
    }

    /// In DER, the issuing one first, the root last.
    pub(super) fn authorities(&self) -> Vec<Vec<u8>> {
        if self.issuer == self.root {
            vec![self.root.der().to_vec()]
        } else {
            vec![self.issuer.der().to_vec(), self.root.der().to_vec()]
        }
    }

    /// In DER, as GetCACert hands them out: the RA first, if there is one.
    pub(super) fn certificates(&self) -> Vec<Vec<u8>> {
        let registration = self.registration.iter();
        let registration = registration.map(|(certificate, _)| certificate.der().to_vec());
        registration.chain(self.authorities()).collect()
    }

    pub(super) fn get_ca_cert(&self) -> (&'static str, Vec<u8>) {
        match self.certificates().as_slice() {
            [single] => (CaCertificates::SINGLE, single.clone()),
            several => {
                let message = SignedData::certificates_only(several)
                    .and_then(|signed| ContentInfo::wrap(cms::oid::ID_SIGNED_DATA, &signed))
                    .and_then(|info| info.to_der());
                (CaCertificates::CHAIN, message.unwrap_or_default())
            }
        }
    }
}

pub(super) fn parse(der: &[u8]) -> Result<CaCertificate, Error> {
    CaCertificate::from_der(der).map_err(|error| Error::malformed("certificate", error))
}

/// A saved certificate.
pub(super) fn read(pem: &str) -> Result<CaCertificate, Error> {
    CaCertificate::read(pem.as_bytes())
        .map_err(|error| Error::malformed("saved certificate", error))
}

fn paired(
    certificate: CaCertificate,
    key: EnrollmentKey,
) -> Result<(CaCertificate, EnrollmentKey), Error> {
    let public = certificate
        .x509()
        .tbs_certificate()
        .subject_public_key_info();
    if *public == *key.spki() {
        Ok((certificate, key))
    } else {
        Err(Error::KeyMismatch)
    }
}

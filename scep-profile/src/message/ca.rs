use super::certificate::verify_issued;
use super::error::malformed;
use super::{Error, Weakness};
use crate::{CaCertificate, Fingerprint, FingerprintAlgorithm};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::RSA_ENCRYPTION;
use std::time::SystemTime;
use x509_cert::ext::pkix::ExtendedKeyUsage;

/// What marks a registration authority: `id-kp-cmcRA` (RFC 6402), and Microsoft's Certificate Request Agent, which NDES has.
const REGISTRATION: [ObjectIdentifier; 2] = [
    CMC_RA,
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.20.2.1"),
];

/// `id-kp-cmcRA`, RFC 6402 section 2.10.
pub(crate) const CMC_RA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.28");

/// What a server answered to GetCACert (RFC 8894 section 4.2.1). **Not to be trusted** before [`CaCertificates::pin`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaCertificates {
    certificates: Vec<CaCertificate>,
    is_single: bool,
}

impl CaCertificates {
    /// The content type of one certificate.
    pub const SINGLE: &'static str = "application/x-x509-ca-cert";

    /// The content type of several, in a certs-only message.
    pub const CHAIN: &'static str = "application/x-x509-ca-ra-cert";

    /// The content type of those that follow, in a certs-only message signed by the present CA.
    pub const NEXT: &'static str = "application/x-x509-next-ca-cert";

    /// The certificates of an answer. The form is told by the bytes: servers mix up the two content types.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] when it is neither a certificate nor a certs-only message, or there is none in it.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        let certificates = CaCertificate::of_get_ca_cert(body).map_err(malformed("GetCACert"))?;
        Ok(Self {
            certificates,
            is_single: CaCertificate::from_der(body).is_ok(),
        })
    }

    /// The content type that the form of the answer asks for (RFC 8894 section 4.2.1): [`SINGLE`](Self::SINGLE) for a
    /// certificate alone, [`CHAIN`](Self::CHAIN) for a certs-only message, though it hold a single certificate.
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        if self.is_single {
            Self::SINGLE
        } else {
            Self::CHAIN
        }
    }

    /// The certificates in the order received.
    #[must_use]
    pub fn certificates(&self) -> &[CaCertificate] {
        &self.certificates
    }

    /// Trusts the certificate with this fingerprint, and those of the answer that it vouches for: as macOS does, any
    /// certificate of the answer may be the pinned one, and it becomes the only anchor.
    ///
    /// # Errors
    ///
    /// [`Error::CaMismatch`] when there is none, [`Error::NoRecipient`] when none of the trusted ones has an RSA key.
    pub fn pin(&self, fingerprint: &Fingerprint) -> Result<TrustedCa, Error> {
        let anchor = self
            .certificates
            .iter()
            .find(|certificate| fingerprint.is_of(certificate.der()))
            .ok_or_else(|| Error::CaMismatch {
                pinned: fingerprint.clone(),
                found: self.fingerprints(fingerprint.algorithm()),
            })?;
        let mut trusted = vec![anchor.clone()];
        let mut checked = 0;
        while let Some(issuer) = trusted.get(checked).cloned() {
            checked += 1;
            // Only a CA vouches for others; the pinned one does so by being pinned, as a CA of version 1 says nothing.
            if checked > 1 && !issuer.is_ca() {
                continue;
            }
            for certificate in &self.certificates {
                if !trusted.contains(certificate)
                    && (certificate.is_ca() || authority_by_usage(certificate) != Some(false))
                    && verify_issued(certificate.der(), issuer.x509()).is_ok()
                {
                    trusted.push(certificate.clone());
                }
            }
        }
        TrustedCa::new(anchor.clone(), trusted)
    }

    /// The fingerprints of all of them.
    #[must_use]
    pub fn fingerprints(&self, algorithm: FingerprintAlgorithm) -> Vec<Fingerprint> {
        self.certificates
            .iter()
            .map(|certificate| certificate.fingerprint(algorithm))
            .collect()
    }
}

/// The certificates of a server that the pinned one vouches for, and the roles they play.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedCa {
    anchor: CaCertificate,
    trusted: Vec<CaCertificate>,
    recipient: CaCertificate,
}

impl TrustedCa {
    fn new(anchor: CaCertificate, trusted: Vec<CaCertificate>) -> Result<Self, Error> {
        let rsa = || trusted.iter().filter(|certificate| is_rsa(certificate));
        let encrypting = || {
            rsa().filter(|certificate| {
                certificate
                    .key_usage()
                    .is_some_and(|usage| usage.key_encipherment())
            })
        };
        // One whose time it is before one that is over, an RA before the CA that issues, that CA before the root.
        let now = SystemTime::now();
        let rank = |certificate: &&CaCertificate| {
            (
                !certificate.is_valid_at(now),
                certificate.is_ca(),
                certificate.is_root(),
            )
        };
        let recipient = encrypting()
            .min_by_key(rank)
            .or_else(|| rsa().min_by_key(rank));
        let recipient = recipient.cloned().ok_or(Error::NoRecipient)?;
        Ok(Self {
            anchor,
            trusted,
            recipient,
        })
    }

    /// The pinned certificate.
    #[must_use]
    pub fn anchor(&self) -> &CaCertificate {
        &self.anchor
    }

    /// The certificate that requests are encrypted to: the RA if there is one, else the issuing CA.
    #[must_use]
    pub fn recipient(&self) -> &CaCertificate {
        &self.recipient
    }

    /// The CA that issues: the recipient, or whoever issued the RA's certificate; the pinned one when nothing tells.
    #[must_use]
    pub fn issuer(&self) -> &CaCertificate {
        if self.recipient.is_ca() {
            return &self.recipient;
        }
        let tbs = self.recipient.x509().tbs_certificate();
        self.trusted
            .iter()
            .find(|ca| ca.x509().tbs_certificate().subject() == tbs.issuer())
            .unwrap_or(&self.anchor)
    }

    /// All trusted certificates, the pinned one first.
    #[must_use]
    pub fn certificates(&self) -> &[CaCertificate] {
        &self.trusted
    }

    /// Whether the server has, by its key usages, someone to sign replies and someone to decrypt requests (RFC 8894
    /// section 2.1.2): one certificate, or one of each, which macOS takes as well.
    #[must_use]
    pub fn signs_and_decrypts(&self) -> bool {
        let usage = |certificate: &CaCertificate| certificate.key_usage();
        let mut signers = self.trusted.iter().filter_map(usage);
        usage(&self.recipient).is_some_and(|usage| {
            usage.key_encipherment()
                && (usage.digital_signature() || signers.any(|usage| usage.digital_signature()))
        })
    }

    /// Whether requests are encrypted to a certificate that is neither a CA's nor marked as a registration authority's.
    #[must_use]
    pub fn is_unmarked(&self) -> bool {
        let recipient = &self.recipient;
        *recipient != self.anchor && !recipient.is_ca() && authority_by_usage(recipient).is_none()
    }

    /// What is weak about the recipient at a moment.
    #[must_use]
    pub fn weaknesses(&self, now: SystemTime) -> Vec<Weakness> {
        let mut weaknesses = Vec::new();
        if !self.signs_and_decrypts() {
            weaknesses.push(Weakness::CaKeyUsage);
        }
        if self.is_unmarked() {
            weaknesses.push(Weakness::UnmarkedRegistrationAuthority);
        }
        if !self.recipient.is_valid_at(now) {
            weaknesses.push(Weakness::CaNotValidNow);
        }
        weaknesses
    }
}

/// Whether the extended key usage of a certificate that is no CA makes it a registration authority: `None` when it has none.
///
/// Every enrolled device, and perhaps a web server, holds a certificate of the same CA. Slipped into the answer, it must
/// not pass for the RA: requests, and the challenge in them, would be encrypted to whoever has its key.
fn authority_by_usage(certificate: &CaCertificate) -> Option<bool> {
    let usage = certificate
        .x509()
        .tbs_certificate()
        .get_extension::<ExtendedKeyUsage>();
    match usage {
        Ok(None) => None,
        Ok(Some((_, usages))) => Some(REGISTRATION.iter().any(|one| usages.0.contains(one))),
        Err(_) => Some(false),
    }
}

fn is_rsa(certificate: &CaCertificate) -> bool {
    let key = certificate
        .x509()
        .tbs_certificate()
        .subject_public_key_info();
    key.algorithm.oid == RSA_ENCRYPTION
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::message::{CertificateSpec, EnrollmentKey, extension, name};
    use crate::{KeySize, Subject};
    use const_oid::db::rfc5280::ID_KP_SERVER_AUTH;
    use der::Encode;
    use mobileconfig::cms::{self, ContentInfo, SignedData};
    use std::time::Duration;
    use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages};

    fn spec(subject: &str, key: &EnrollmentKey, ca: bool) -> CertificateSpec {
        let basic = BasicConstraints {
            ca,
            path_len_constraint: None,
        };
        let usage = KeyUsages::DigitalSignature | KeyUsages::KeyEncipherment;
        let now = SystemTime::now();
        CertificateSpec {
            subject: name(&subject.parse::<Subject>().unwrap()).unwrap(),
            public_key: key.spki().clone(),
            not_before: now - Duration::from_secs(60),
            not_after: now + Duration::from_secs(3600),
            extensions: vec![
                extension(true, &basic).unwrap(),
                extension(true, &KeyUsage(usage)).unwrap(),
            ],
        }
    }

    #[test]
    fn another_certificate_of_the_ca_does_not_pass_for_the_ra_and_an_unmarked_ra_is_told() {
        let key = EnrollmentKey::generate(KeySize::Rsa2048).unwrap();
        let root = spec("CN=Root", &key, true).self_sign(&key).unwrap();
        let root = CaCertificate::from_der(&root).unwrap();
        let pin = root.fingerprint(FingerprintAlgorithm::Sha256);
        let other = EnrollmentKey::generate(KeySize::Rsa2048).unwrap();
        let beside = |purposes: Option<Vec<ObjectIdentifier>>| {
            let mut leaf = spec("CN=Leaf", &other, false);
            let usage = purposes.map(ExtendedKeyUsage);
            leaf.extensions
                .extend(usage.iter().map(|usage| extension(false, usage).unwrap()));
            let leaf = leaf.issue(root.x509(), &key).unwrap();
            let signed = SignedData::certificates_only(&[&leaf[..], root.der()]).unwrap();
            let answer = ContentInfo::wrap(cms::oid::ID_SIGNED_DATA, &signed)
                .and_then(|info| info.to_der())
                .unwrap();
            let ca = CaCertificates::parse(&answer).unwrap().pin(&pin).unwrap();
            let is_leaf = ca.recipient().der() == leaf;
            (is_leaf, ca.weaknesses(SystemTime::now()))
        };
        let unmarked = Weakness::UnmarkedRegistrationAuthority;
        assert_eq!(beside(Some(vec![ID_KP_SERVER_AUTH])), (false, vec![]));
        assert_eq!(beside(Some(vec![])), (false, vec![]));
        assert_eq!(beside(None), (true, vec![unmarked]));
        for mark in REGISTRATION {
            assert_eq!(beside(Some(vec![ID_KP_SERVER_AUTH, mark])), (true, vec![]));
        }
    }
}

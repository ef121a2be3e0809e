use super::certificate::{CertificateSpec, extension};
use super::error::malformed;
use super::exchange::{Exchange, Opened, Signer};
use super::request::IssuerAndSubject;
use super::{
    Capabilities, CertificateRequest, EnrollmentKey, Error, MessageType, TransactionId, TrustedCa,
    Weakness,
};
use crate::CaCertificate;
use der::Encode;
use std::time::{Duration, SystemTime};
use x509_cert::ext::pkix::{KeyUsage, KeyUsages};
use x509_cert::name::Name;

/// One enrolment seen from the device: makes the requests and reads the replies to them.
///
/// It holds the private keys, so its `Debug` shows the transaction identifier only.
///
/// ```
/// # #[cfg(feature = "server")] {
/// use scep_profile::message::{CaCertificates, Capabilities, CertificateRequest, EnrollmentKey, Reply, Transaction};
/// use scep_profile::server::{Authority, AuthorityOptions};
/// use scep_profile::{Fingerprint, KeySize};
/// use std::time::SystemTime;
///
/// let now = SystemTime::now();
/// let mut authority = Authority::generate(AuthorityOptions::new("Acme", "secret".into()), now)?;
///
/// let caps = Capabilities::parse(&authority.get_ca_caps());
/// let (_, ca) = authority.get_ca_cert();
/// let pin = Fingerprint::sha256_of_der(authority.root_certificate())?;
/// let ca = CaCertificates::parse(&ca)?.pin(&pin)?;
///
/// let key = EnrollmentKey::generate(KeySize::Rsa2048)?;
/// let request = CertificateRequest::new("CN=cert".parse()?).challenge("secret".into());
/// let (transaction, message) = Transaction::enroll(&key, &request, &ca, &caps)?;
/// let reply = authority.pki_operation(&message, now);
/// let Reply::Issued(issued) = transaction.read(&reply)? else { panic!("approved by hand") };
/// authority.verify_leaf(&issued.certificate, now)?;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Transaction {
    exchange: Exchange,
    /// The key the certificate is for.
    key: EnrollmentKey,
    subject: Name,
}

/// What a CA answered, when it did not refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// SUCCESS.
    Issued(Issued),
    /// PENDING: ask again with [`Transaction::poll`].
    Pending,
}

/// A certificate for the key it was asked for, in a reply that the pinned CA vouches for. Whether that CA issued it is for
/// the caller to look at; preflight does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Issued {
    /// The certificate in DER.
    pub certificate: Vec<u8>,
    /// The others in the reply, in DER: usually the chain.
    pub others: Vec<Vec<u8>>,
    /// Weaknesses met on the way, each once.
    pub weaknesses: Vec<Weakness>,
}

impl Transaction {
    /// Begins an enrolment: the transaction and its PKCSReq (RFC 8894 section 3.3.1), signed under a temporary
    /// self-signed certificate of the same subject.
    ///
    /// # Errors
    ///
    /// [`Error`] when the request cannot be made, encrypted or signed.
    pub fn enroll(
        key: &EnrollmentKey,
        request: &CertificateRequest,
        ca: &TrustedCa,
        caps: &Capabilities,
    ) -> Result<(Self, Vec<u8>), Error> {
        let subject = request.name()?;
        let signer = Signer {
            key: key.clone(),
            certificate: temporary_certificate(key, &subject)?,
        };
        Self::begin(MessageType::PkcsReq, key, request, signer, ca, caps)
    }

    /// Begins a renewal: RenewalReq (RFC 8894 section 3.3.1.2) for a new key, signed under the old certificate (in
    /// DER). Okta's CA refuses it.
    ///
    /// # Errors
    ///
    /// As [`Transaction::enroll`].
    pub fn renew(
        key: &EnrollmentKey,
        request: &CertificateRequest,
        old_key: &EnrollmentKey,
        old_certificate: &[u8],
        ca: &TrustedCa,
        caps: &Capabilities,
    ) -> Result<(Self, Vec<u8>), Error> {
        let signer = Signer {
            key: old_key.clone(),
            certificate: old_certificate.to_vec(),
        };
        Self::begin(MessageType::RenewalReq, key, request, signer, ca, caps)
    }

    fn begin(
        message_type: MessageType,
        key: &EnrollmentKey,
        request: &CertificateRequest,
        signer: Signer,
        ca: &TrustedCa,
        caps: &Capabilities,
    ) -> Result<(Self, Vec<u8>), Error> {
        let id = TransactionId::of_public_key(key.public_key_pkcs1());
        let mut transaction = Self {
            exchange: Exchange::new(id, signer, ca, caps)?,
            key: key.clone(),
            subject: request.name()?,
        };
        let message = transaction
            .exchange
            .request(message_type, &request.to_der(key)?)?;
        Ok((transaction, message))
    }

    /// Asks again after PENDING: CertPoll (RFC 8894 section 3.3.3) in the same transaction.
    ///
    /// # Errors
    ///
    /// As [`Transaction::enroll`].
    pub fn poll(&mut self) -> Result<Vec<u8>, Error> {
        let issuer = self.exchange.ca().issuer().x509().tbs_certificate();
        let body = IssuerAndSubject {
            issuer: issuer.subject().clone(),
            subject: self.subject.clone(),
        };
        let body = body.to_der().map_err(malformed("CertPoll"))?;
        self.exchange.request(MessageType::CertPoll, &body)
    }

    /// The identifier of the transaction.
    #[must_use]
    pub fn id(&self) -> &TransactionId {
        self.exchange.id()
    }

    /// Reads the CertRep to the last request.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when the CA answered FAILURE; any other error when the reply is not to be believed.
    pub fn read(&self, reply: &[u8]) -> Result<Reply, Error> {
        match self.exchange.read(reply)? {
            Some(opened) => self.issued(opened).map(Reply::Issued),
            None => Ok(Reply::Pending),
        }
    }

    fn issued(&self, opened: Opened) -> Result<Issued, Error> {
        let Opened {
            content,
            weaknesses,
        } = opened;
        let mut certificates = CaCertificate::of_pkcs7(&content).map_err(malformed("CertRep"))?;
        let ours = self.key.spki().clone();
        let index = certificates
            .iter()
            .position(|certificate| {
                *certificate
                    .x509()
                    .tbs_certificate()
                    .subject_public_key_info()
                    == ours
            })
            .ok_or(Error::KeyMismatch)?;
        let certificate = certificates.remove(index);
        Ok(Issued {
            certificate: certificate.der().to_vec(),
            others: certificates
                .iter()
                .map(|other| other.der().to_vec())
                .collect(),
            weaknesses,
        })
    }
}

impl std::fmt::Debug for Transaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transaction")
            .field("id", self.id())
            .finish_non_exhaustive()
    }
}

/// The certificate RFC 8894 section 2.3 asks a new client to sign with. Its dates leave room for clocks that differ.
fn temporary_certificate(key: &EnrollmentKey, subject: &Name) -> Result<Vec<u8>, Error> {
    const DAY: Duration = Duration::from_secs(86_400);
    let now = SystemTime::now();
    let usage = KeyUsage(KeyUsages::DigitalSignature | KeyUsages::KeyEncipherment);
    CertificateSpec {
        subject: subject.clone(),
        public_key: key.spki().clone(),
        not_before: now.checked_sub(DAY).unwrap_or(now),
        not_after: now.checked_add(7 * DAY).unwrap_or(now),
        extensions: vec![extension(true, &usage)?],
    }
    .self_sign(key)
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::message::{Answer, CaCertificates, Request, name};
    use crate::{FingerprintAlgorithm, KeySize};

    /// A reply that is signed, encrypted and numbered as it should be, and brings somebody else's certificate.
    #[test]
    fn a_certificate_for_another_key_is_refused() {
        let key = EnrollmentKey::generate(KeySize::Rsa2048).unwrap();
        let other = EnrollmentKey::generate(KeySize::Rsa2048).unwrap();
        let ca_name = name(&"CN=CA".parse().unwrap()).unwrap();
        let ca = temporary_certificate(&other, &ca_name).unwrap();
        let ca = CaCertificate::from_der(&ca).unwrap();
        let pin = ca.fingerprint(FingerprintAlgorithm::Sha256);
        let trusted = CaCertificates::parse(ca.der()).unwrap().pin(&pin).unwrap();
        let request = CertificateRequest::new("CN=cert".parse().unwrap());
        let (transaction, message) =
            Transaction::enroll(&key, &request, &trusted, &Capabilities::default()).unwrap();
        let received = Request::open(&message, ca.x509(), &other).unwrap();
        let subject = name(&"CN=cert".parse().unwrap()).unwrap();
        let answered = |certified: &EnrollmentKey| {
            let leaf = temporary_certificate(certified, &subject).unwrap();
            let reply = Answer::issued(&received, vec![leaf]);
            transaction.read(&reply.sign(ca.der(), &other).unwrap())
        };
        assert!(matches!(answered(&key), Ok(Reply::Issued(_))));
        assert!(matches!(answered(&other), Err(Error::KeyMismatch)));
    }
}

use super::certificate::{verify_crl, verify_issued};
use super::error::malformed;
use super::exchange::{Exchange, Signer};
use super::{Capabilities, EnrollmentKey, Error, MessageType, TransactionId, TrustedCa};
use crate::CaCertificate;
use der::{Decode, Encode};
use mobileconfig::cms::Certificate;
use mobileconfig::cms::{self, IssuerAndSerialNumber, SignedData};
use x509_cert::crl::CertificateList;

/// A question about what an authority issued: GetCert or GetCRL (RFC 8894 sections 3.3.4 and 3.3.5), asked under a
/// certificate that it issued to the requester.
///
/// ```
/// # #[cfg(feature = "server")] {
/// # use scep_profile::message::{CaCertificates, Capabilities, CertificateRequest, EnrollmentKey, Reply, Transaction};
/// use scep_profile::message::Lookup;
/// # use scep_profile::server::{Authority, AuthorityOptions};
/// # use scep_profile::{Fingerprint, KeySize};
/// # let now = std::time::SystemTime::now();
/// # let mut authority = Authority::generate(AuthorityOptions::new("Acme", "secret".into()), now)?;
/// # let caps = Capabilities::parse(&authority.get_ca_caps());
/// # let pin = Fingerprint::sha256_of_der(authority.root_certificate())?;
/// # let ca = CaCertificates::parse(&authority.get_ca_cert().1)?.pin(&pin)?;
/// # let key = EnrollmentKey::generate(KeySize::Rsa2048)?;
/// # let request = CertificateRequest::new("CN=cert".parse()?).challenge("secret".into());
/// # let (transaction, message) = Transaction::enroll(&key, &request, &ca, &caps)?;
/// # let Reply::Issued(issued) = transaction.read(&authority.pki_operation(&message, now))? else { panic!() };
/// // After an enrolment: is the certificate revoked?
/// let (lookup, message) = Lookup::crl(&key, &issued.certificate, &ca, &caps)?;
/// let crl = lookup.read(&authority.pki_operation(&message, now))?;
/// assert!(!crl.is_empty());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Lookup {
    exchange: Exchange,
    wanted: Wanted,
}

#[derive(Clone)]
enum Wanted {
    Certificate(IssuerAndSerialNumber),
    Crl,
}

impl Lookup {
    /// Asks for a certificate by its serial number (big-endian bytes), as the CA that issued the requester's own
    /// certificate (in DER) counts them.
    ///
    /// # Errors
    ///
    /// [`Error`] when the request cannot be made, encrypted or signed.
    pub fn certificate(
        key: &EnrollmentKey,
        certificate: &[u8],
        serial: &[u8],
        ca: &TrustedCa,
        caps: &Capabilities,
    ) -> Result<(Self, Vec<u8>), Error> {
        let mut id = id_of(certificate)?;
        id.serial_number = x509_cert::serial_number::SerialNumber::new(serial)
            .map_err(malformed("serial number"))?;
        Self::begin(key, certificate, Wanted::Certificate(id), ca, caps)
    }

    /// Asks for the revocation list that covers the requester's certificate (in DER).
    ///
    /// # Errors
    ///
    /// As [`Lookup::certificate`].
    pub fn crl(
        key: &EnrollmentKey,
        certificate: &[u8],
        ca: &TrustedCa,
        caps: &Capabilities,
    ) -> Result<(Self, Vec<u8>), Error> {
        Self::begin(key, certificate, Wanted::Crl, ca, caps)
    }

    fn begin(
        key: &EnrollmentKey,
        certificate: &[u8],
        wanted: Wanted,
        ca: &TrustedCa,
        caps: &Capabilities,
    ) -> Result<(Self, Vec<u8>), Error> {
        let (message_type, id) = match &wanted {
            Wanted::Certificate(id) => (MessageType::GetCert, id.clone()),
            Wanted::Crl => (MessageType::GetCrl, id_of(certificate)?),
        };
        let signer = Signer {
            key: key.clone(),
            certificate: certificate.to_vec(),
        };
        // Not the identifier of the key: that one belongs to its enrolment.
        let id_of_transaction = TransactionId::random()?;
        let mut exchange = Exchange::new(id_of_transaction, signer, ca, caps)?;
        let body = id.to_der().map_err(malformed("issuerAndSerialNumber"))?;
        let message = exchange.request(message_type, &body)?;
        Ok((Self { exchange, wanted }, message))
    }

    /// What the reply brings, in DER: the certificate with the serial number asked for, or the revocation list; its
    /// signature is verified under the CA. Dates are for the caller to look at.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when there is no such certificate or the CA does not offer it; any other error when the
    /// reply is not to be believed.
    pub fn read(&self, reply: &[u8]) -> Result<Vec<u8>, Error> {
        let opened = self
            .exchange
            .read(reply)?
            .ok_or_else(|| Error::malformed("pkiStatus", "PENDING, to a question"))?;
        match &self.wanted {
            Wanted::Certificate(id) => self.pick_certificate(&opened.content, id),
            Wanted::Crl => self.pick_crl(&opened.content),
        }
    }

    fn pick_certificate(
        &self,
        content: &[u8],
        id: &IssuerAndSerialNumber,
    ) -> Result<Vec<u8>, Error> {
        let certificates = CaCertificate::of_pkcs7(content).map_err(malformed("CertRep"))?;
        let wanted = certificates
            .iter()
            .find(|certificate| IssuerAndSerialNumber::from(certificate.x509()) == *id)
            .ok_or_else(|| {
                Error::malformed("CertRep", "it has another certificate than asked for")
            })?;
        self.issuer(&id.issuer)
            .and_then(|issuer| verify_issued(wanted.der(), issuer.x509()))?;
        Ok(wanted.der().to_vec())
    }

    fn pick_crl(&self, content: &[u8]) -> Result<Vec<u8>, Error> {
        let signed: SignedData = cms::from_ber(content)
            .and_then(|info| info.decode(cms::oid::ID_SIGNED_DATA))
            .map_err(malformed("CertRep"))?;
        let crls = signed.crls.map(|set| set.0).unwrap_or_default();
        let [crl] = crls.as_slice() else {
            return Err(Error::malformed(
                "CertRep",
                "it has not exactly one revocation list",
            ));
        };
        let der = crl.to_der().map_err(malformed("revocation list"))?;
        let list: CertificateList =
            CertificateList::from_der(&der).map_err(malformed("revocation list"))?;
        self.issuer(&list.tbs_cert_list.issuer)
            .and_then(|issuer| verify_crl(&der, issuer.x509()))?;
        Ok(der)
    }

    fn issuer(&self, name: &x509_cert::name::Name) -> Result<&CaCertificate, Error> {
        self.exchange
            .ca()
            .certificates()
            .iter()
            .find(|ca| ca.x509().tbs_certificate().subject() == name)
            .ok_or(Error::UntrustedSigner)
    }
}

impl std::fmt::Debug for Lookup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lookup")
            .field("transaction", self.exchange.id())
            .finish_non_exhaustive()
    }
}

fn id_of(certificate: &[u8]) -> Result<IssuerAndSerialNumber, Error> {
    let certificate = Certificate::from_der(certificate).map_err(malformed("certificate"))?;
    Ok(IssuerAndSerialNumber::from(&certificate))
}

use super::algorithm;
use super::envelope;
use super::error::malformed;
use super::pki::Received;
use super::{
    Cipher, Digest, EnrollmentKey, Error, MessageType, Nonce, ReceivedRequest, TransactionId,
    Weakness,
};
use der::{Decode, Sequence};
use mobileconfig::cms::Certificate;
use mobileconfig::cms::IssuerAndSerialNumber;
use x509_cert::name::Name;

/// `IssuerAndSubject` (RFC 8894 section 3.3.3): what CertPoll asks after.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub(super) struct IssuerAndSubject {
    pub(super) issuer: Name,
    pub(super) subject: Name,
}

impl Body {
    fn read(message_type: &MessageType, content: &[u8]) -> Result<Self, Error> {
        Ok(match message_type {
            MessageType::PkcsReq | MessageType::RenewalReq => {
                Self::Certificate(Box::new(ReceivedRequest::parse(content)?))
            }
            MessageType::CertPoll => {
                let names = IssuerAndSubject::from_der(content).map_err(malformed("CertPoll"))?;
                Self::Poll {
                    subject: names.subject,
                }
            }
            MessageType::GetCert | MessageType::GetCrl => Self::Named(Box::new(
                IssuerAndSerialNumber::from_der(content).map_err(malformed("GetCert"))?,
            )),
            _ => Self::Other,
        })
    }
}

/// A request as an authority received it: signature verified under the certificate it brought along, envelope
/// opened. Whether that certificate may ask is for the authority to decide.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// Type of the message.
    pub message_type: MessageType,
    /// Identifier of the transaction.
    pub transaction_id: TransactionId,
    /// The nonce to send back.
    pub sender_nonce: Option<Nonce>,
    /// The certificate that signed, in DER: self-signed in PKCSReq, the one to be renewed in RenewalReq. The reply is
    /// encrypted to it.
    pub signer: Vec<u8>,
    /// What is asked.
    pub body: Body,
    /// The digest it was signed with.
    pub digest: Digest,
    /// The cipher it was encrypted by.
    pub cipher: Cipher,
}

/// The content of a request's envelope.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Body {
    /// PKCSReq or RenewalReq.
    Certificate(Box<ReceivedRequest>),
    /// CertPoll: the subject asked for.
    Poll {
        /// The subject of the pending request.
        subject: Name,
    },
    /// GetCert or GetCRL: a certificate issued earlier.
    Named(Box<IssuerAndSerialNumber>),
    /// Of a type that RFC 8894 does not have.
    Other,
}

impl Request {
    /// Reads a request that is encrypted to a certificate of the authority.
    ///
    /// # Errors
    ///
    /// [`Error`]; a server must answer all of them alike, or it becomes an oracle for ciphertexts.
    pub fn open(
        message: &[u8],
        recipient: &Certificate,
        key: &EnrollmentKey,
    ) -> Result<Self, Error> {
        let received = Received::parse(message)?;
        let signer = received.own_signer()?;
        let certificate = Certificate::from_der(&signer).map_err(malformed("signer"))?;
        let digest = received.verify(&certificate)?;
        let message_type = received.message_type()?;
        let transaction_id = received.transaction_id()?;
        let opened = envelope::open(received.envelope(), recipient, key)
            .and_then(|(content, cipher)| Ok((Body::read(&message_type, &content)?, cipher)));
        if !matches!(&opened, Ok((Body::Certificate(_), _))) {
            // A request that opens costs one more verification, that of its own signature. Whoever measures must not
            // learn from the time whether the envelope opened, so all others cost as much.
            let tbs = recipient.tbs_certificate();
            algorithm::verify_in_vain(tbs.subject_public_key_info(), key.bits());
        }
        let (body, cipher) = opened?;
        if let Body::Certificate(request) = &body {
            request.verify()?;
        }
        Ok(Self {
            message_type,
            transaction_id,
            sender_nonce: received.sender_nonce(),
            signer,
            body,
            digest,
            cipher,
        })
    }

    /// What is weak about the requester.
    #[must_use]
    pub fn weaknesses(&self) -> Vec<Weakness> {
        let mut weaknesses = Vec::new();
        if self.digest == Digest::Sha1 {
            weaknesses.push(Weakness::Sha1Signature);
        }
        match self.cipher {
            Cipher::Des => weaknesses.push(Weakness::DesContent),
            Cipher::TripleDes => weaknesses.push(Weakness::TripleDesContent),
            _ => {}
        }
        weaknesses
    }
}

/// The certificate a message is signed by, in DER, whether or not it can be opened.
#[cfg(feature = "server")]
pub(crate) fn signer_of(message: &[u8]) -> Option<Vec<u8>> {
    Received::parse(message).ok()?.own_signer().ok()
}

/// What can be told of a request that cannot be opened: enough to answer in its transaction.
pub(super) fn addressee(message: &[u8]) -> Option<(TransactionId, Option<Nonce>)> {
    let received = Received::parse(message).ok()?;
    Some((received.transaction_id().ok()?, received.sender_nonce()))
}

use super::envelope;
use super::error::malformed;
use super::pki::Head;
use super::request::addressee;
use super::{
    Cipher, Digest, EnrollmentKey, Error, FailInfo, MessageType, Nonce, PkiStatus, Request,
    TransactionId,
};
use der::asn1::Any;
use der::{Decode, Encode};
use mobileconfig::cms::Certificate;
use mobileconfig::cms::{self, ContentInfo, SetOf, SignedData};

/// A CertRep (RFC 8894 section 3.3.2) to be signed by an authority.
#[derive(Clone, Debug)]
pub struct Answer {
    transaction_id: TransactionId,
    recipient_nonce: Option<Nonce>,
    digest: Digest,
    outcome: Outcome,
}

#[derive(Clone, Debug)]
enum Outcome {
    Issued {
        certificates: Vec<Vec<u8>>,
        crls: Vec<Vec<u8>>,
        recipient: Vec<u8>,
        cipher: Cipher,
    },
    Pending,
    Refused(FailInfo),
}

impl Answer {
    /// SUCCESS: certificates in DER, the one asked for first, encrypted to whoever signed the request. Single DES is
    /// answered with AES.
    #[must_use]
    pub fn issued(request: &Request, certificates: Vec<Vec<u8>>) -> Self {
        Self::granted(request, certificates, Vec::new())
    }

    /// SUCCESS to GetCRL: a revocation list in DER, encrypted to whoever signed the request.
    #[must_use]
    pub fn crl(request: &Request, crl: Vec<u8>) -> Self {
        Self::granted(request, Vec::new(), vec![crl])
    }

    fn granted(request: &Request, certificates: Vec<Vec<u8>>, crls: Vec<Vec<u8>>) -> Self {
        let cipher = match request.cipher {
            Cipher::Des => Cipher::Aes128,
            cipher => cipher,
        };
        Self::to(
            request,
            Outcome::Issued {
                certificates,
                crls,
                recipient: request.signer.clone(),
                cipher,
            },
        )
    }

    /// PENDING.
    #[must_use]
    pub fn pending(request: &Request) -> Self {
        Self::to(request, Outcome::Pending)
    }

    /// FAILURE to a message, in its transaction as far as that can be read. It takes nothing from an opened
    /// [`Request`], so that a refusal does not tell whether the message could be opened.
    #[must_use]
    pub fn refused(message: &[u8], fail_info: FailInfo) -> Self {
        let (transaction_id, recipient_nonce) =
            addressee(message).unwrap_or_else(|| (TransactionId::from_text("unreadable"), None));
        Self {
            transaction_id,
            recipient_nonce,
            digest: Digest::Sha256,
            outcome: Outcome::Refused(fail_info),
        }
    }

    fn to(request: &Request, outcome: Outcome) -> Self {
        Self {
            transaction_id: request.transaction_id.clone(),
            recipient_nonce: request.sender_nonce.clone(),
            digest: request.digest,
            outcome,
        }
    }

    /// The message in DER, signed by a certificate (DER) and its key.
    ///
    /// # Errors
    ///
    /// [`Error`] when the requester's certificate cannot be encrypted to, or signing fails.
    pub fn sign(&self, signer: &[u8], key: &EnrollmentKey) -> Result<Vec<u8>, Error> {
        let (status, fail_info, envelope) = match &self.outcome {
            Outcome::Pending => (PkiStatus::Pending, None, None),
            Outcome::Refused(fail_info) => (PkiStatus::Failure, Some(fail_info.clone()), None),
            Outcome::Issued {
                certificates,
                crls,
                recipient,
                cipher,
            } => {
                let recipient = Certificate::from_der(recipient).map_err(malformed("signer"))?;
                let content = degenerate(certificates, crls).map_err(malformed("CertRep"))?;
                (
                    PkiStatus::Success,
                    None,
                    Some(envelope::seal(&content, &recipient, *cipher)?),
                )
            }
        };
        let head = Head {
            message_type: MessageType::CertRep,
            transaction_id: self.transaction_id.clone(),
            sender_nonce: Nonce::random()?,
            recipient_nonce: self.recipient_nonce.clone(),
            status: Some(status),
            fail_info,
        };
        head.sign(envelope.as_deref(), signer, key, self.digest)
    }
}

/// Signed data without a signer (RFC 8894 section 3.4).
fn degenerate(certificates: &[Vec<u8>], crls: &[Vec<u8>]) -> der::Result<Vec<u8>> {
    let mut signed = SignedData::certificates_only(certificates)?;
    if !crls.is_empty() {
        let crls = crls.iter().map(|crl| Any::from_der(crl));
        signed.crls = Some(SetOf(crls.collect::<der::Result<_>>()?));
    }
    if certificates.is_empty() {
        signed.certificates = None;
    }
    ContentInfo::wrap(cms::oid::ID_SIGNED_DATA, &signed)?.to_der()
}

//! What a requester keeps between a request and the reply to it, whatever is asked.

use super::envelope;
use super::pki::{Head, Received};
use super::{
    Capabilities, Cipher, Digest, EnrollmentKey, Error, MessageType, Nonce, PkiStatus,
    TransactionId, TrustedCa, Weakness,
};
use crate::CaCertificate;
use der::Decode;
use mobileconfig::cms::Certificate;
use std::time::SystemTime;

/// Whoever signs the requests: a temporary certificate of the new key, or one issued earlier.
#[derive(Clone)]
pub(super) struct Signer {
    pub(super) key: EnrollmentKey,
    /// In DER.
    pub(super) certificate: Vec<u8>,
}

#[derive(Clone)]
pub(super) struct Exchange {
    id: TransactionId,
    nonce: Nonce,
    signer: Signer,
    ca: TrustedCa,
    cipher: Cipher,
    digest: Digest,
    weaknesses: Vec<Weakness>,
}

/// The content of a SUCCESS.
pub(super) struct Opened {
    /// A certs-only message.
    pub(super) content: Vec<u8>,
    /// Those met on the way, each once.
    pub(super) weaknesses: Vec<Weakness>,
}

impl Exchange {
    pub(super) fn new(
        id: TransactionId,
        signer: Signer,
        ca: &TrustedCa,
        caps: &Capabilities,
    ) -> Result<Self, Error> {
        let mut weaknesses = caps.weaknesses();
        weaknesses.extend(ca.weaknesses(SystemTime::now()));
        Ok(Self {
            id,
            nonce: Nonce::random()?,
            signer,
            ca: ca.clone(),
            cipher: caps.cipher(),
            digest: caps.digest(),
            weaknesses,
        })
    }

    pub(super) fn id(&self) -> &TransactionId {
        &self.id
    }

    pub(super) fn ca(&self) -> &TrustedCa {
        &self.ca
    }

    /// A request under a fresh nonce, in the same transaction.
    pub(super) fn request(
        &mut self,
        message_type: MessageType,
        body: &[u8],
    ) -> Result<Vec<u8>, Error> {
        self.nonce = Nonce::random()?;
        let envelope = envelope::seal(body, self.ca.recipient().x509(), self.cipher)?;
        let head = Head {
            message_type,
            transaction_id: self.id.clone(),
            sender_nonce: self.nonce.clone(),
            recipient_nonce: None,
            status: None,
            fail_info: None,
        };
        head.sign(
            Some(&envelope),
            &self.signer.certificate,
            &self.signer.key,
            self.digest,
        )
    }

    /// The content of the reply to the last request; `None` while it is PENDING.
    pub(super) fn read(&self, reply: &[u8]) -> Result<Option<Opened>, Error> {
        let received = Received::parse(reply)?;
        let mut weaknesses = self.weaknesses.clone();
        if self.verify_signer(&received)? == Digest::Sha1 {
            weaknesses.push(Weakness::Sha1Signature);
        }
        if received.message_type()? != MessageType::CertRep {
            return Err(Error::malformed("messageType", "it is not CertRep"));
        }
        if received.transaction_id()? != self.id {
            return Err(Error::TransactionMismatch);
        }
        if received.recipient_nonce().as_ref() != Some(&self.nonce) {
            return Err(Error::NonceMismatch);
        }
        if received.sender_nonce().as_ref() == Some(&self.nonce) {
            weaknesses.push(Weakness::EchoedNonce);
        }
        match received.status()? {
            PkiStatus::Pending => Ok(None),
            PkiStatus::Failure => Err(Error::Refused {
                fail_info: received.fail_info(),
                text: received.fail_info_text(),
            }),
            PkiStatus::Success => self.open(received.envelope(), weaknesses).map(Some),
        }
    }

    /// The signer is looked for among the trusted certificates only, whatever the reply brings along.
    fn verify_signer(&self, received: &Received) -> Result<Digest, Error> {
        let signer = self
            .ca
            .certificates()
            .iter()
            .find(|certificate| received.is_signer(certificate.x509()))
            .map(CaCertificate::x509)
            .ok_or(Error::UntrustedSigner)?;
        received.verify(signer)
    }

    fn open(&self, envelope: &[u8], mut weaknesses: Vec<Weakness>) -> Result<Opened, Error> {
        let recipient = Certificate::from_der(&self.signer.certificate)
            .map_err(super::error::malformed("signer"))?;
        let (content, cipher) = envelope::open(envelope, &recipient, &self.signer.key)?;
        match cipher {
            Cipher::Des => weaknesses.push(Weakness::DesContent),
            Cipher::TripleDes => weaknesses.push(Weakness::TripleDesContent),
            _ => {}
        }
        weaknesses.sort_unstable();
        weaknesses.dedup();
        Ok(Opened {
            content,
            weaknesses,
        })
    }
}

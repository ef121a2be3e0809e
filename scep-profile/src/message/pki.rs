//! `pkiMessage` (RFC 8894 section 3.2): signed data with the attributes of SCEP.

use super::error::{malformed, of_cms};
use super::{Digest, EnrollmentKey, Error, FailInfo, MessageType, Nonce, PkiStatus, TransactionId};
use const_oid::ObjectIdentifier;
use der::asn1::{Any, OctetString, PrintableStringRef};
use der::{Decode, Tag, Tagged};
use mobileconfig::cms::Certificate;
use mobileconfig::cms::{self, Attribute, SignedData, SignerInfo, Signing};

const MESSAGE_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.113733.1.9.2");
const PKI_STATUS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.113733.1.9.3");
const FAIL_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.113733.1.9.4");
const SENDER_NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.113733.1.9.5");
const RECIPIENT_NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.113733.1.9.6");
const TRANSACTION_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.113733.1.9.7");
const FAIL_INFO_TEXT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.24.1");

const PART: &str = "pkiMessage";

/// The attributes of SCEP, to be signed.
pub(super) struct Head {
    pub(super) message_type: MessageType,
    pub(super) transaction_id: TransactionId,
    pub(super) sender_nonce: Nonce,
    pub(super) recipient_nonce: Option<Nonce>,
    pub(super) status: Option<PkiStatus>,
    pub(super) fail_info: Option<FailInfo>,
}

impl Head {
    fn attributes(&self) -> der::Result<Vec<Attribute>> {
        let text = |oid, text: &str| match PrintableStringRef::new(text) {
            Ok(printable) => Attribute::single(oid, &printable),
            Err(_) => Attribute::single(oid, &der::asn1::Utf8StringRef::new(text)?),
        };
        let nonce =
            |oid, nonce: &Nonce| Attribute::single(oid, &OctetString::new(nonce.as_bytes())?);
        let mut attributes = vec![
            text(MESSAGE_TYPE, self.message_type.as_str())?,
            text(TRANSACTION_ID, self.transaction_id.as_str())?,
            nonce(SENDER_NONCE, &self.sender_nonce)?,
        ];
        if let Some(recipient) = &self.recipient_nonce {
            attributes.push(nonce(RECIPIENT_NONCE, recipient)?);
        }
        if let Some(status) = self.status {
            attributes.push(text(PKI_STATUS, status.as_str())?);
        }
        if let Some(fail_info) = &self.fail_info {
            attributes.push(text(FAIL_INFO, fail_info.as_str())?);
        }
        Ok(attributes)
    }

    /// The message in DER. Without an envelope (FAILURE, PENDING) the content is an empty OCTET STRING: verifiers
    /// take an absent one for a detached signature.
    pub(super) fn sign(
        &self,
        envelope: Option<&[u8]>,
        signer: &[u8],
        key: &EnrollmentKey,
        digest: Digest,
    ) -> Result<Vec<u8>, Error> {
        let attributes = self.attributes().map_err(malformed(PART))?;
        sign(
            envelope.unwrap_or_default(),
            attributes,
            signer,
            key,
            digest,
        )
    }
}

/// A content under a signature that covers these attributes beside the two that CMS asks for.
pub(super) fn sign(
    content: &[u8],
    attributes: Vec<Attribute>,
    signer: &[u8],
    key: &EnrollmentKey,
    digest: Digest,
) -> Result<Vec<u8>, Error> {
    // We never sign with SHA-1: a server that knows nothing better refuses us, and says so.
    let digest = if digest == Digest::Sha1 {
        Digest::Sha256
    } else {
        digest
    };
    attributes
        .into_iter()
        .fold(Signing::new().digest(digest), Signing::attribute)
        .sign_with(content, &[signer], key.private_key())
        .map_err(of_cms(PART))
}

/// A message as received; nothing in it is believed until [`Received::verify`].
pub(super) struct Received {
    signed: SignedData,
    signer: SignerInfo,
}

impl Received {
    /// A pkiMessage: all of SCEP stands in the signed attributes.
    pub(super) fn parse(message: &[u8]) -> Result<Self, Error> {
        let received = Self::parse_signed(message)?;
        if received.signer.signed_attrs.is_none() {
            return Err(Error::malformed(PART, "it has no signed attributes"));
        }
        Ok(received)
    }

    /// Any signed data with one signer.
    pub(super) fn parse_signed(message: &[u8]) -> Result<Self, Error> {
        let mut signed: SignedData = cms::from_ber(message)
            .and_then(|info| info.decode(cms::oid::ID_SIGNED_DATA))
            .map_err(malformed(PART))?;
        let (Some(signer), true) = (
            signed.signer_infos.0.pop(),
            signed.signer_infos.0.is_empty(),
        ) else {
            return Err(Error::malformed(PART, "it has not exactly one signer"));
        };
        Ok(Self { signed, signer })
    }

    /// The certificate the message claims to be signed by, among those it brings along.
    pub(super) fn own_signer(&self) -> Result<Vec<u8>, Error> {
        let certificates = match &self.signed.certificates {
            Some(set) => set.certificates().map_err(malformed(PART))?,
            None => Vec::new(),
        };
        certificates
            .into_iter()
            .find(|der| {
                Certificate::from_der(der).is_ok_and(|certificate| self.is_signer(&certificate))
            })
            .ok_or_else(|| Error::malformed(PART, "it does not bring its signer's certificate"))
    }

    pub(super) fn is_signer(&self, certificate: &Certificate) -> bool {
        self.signer.sid.matches(certificate)
    }

    /// Checks digest and signature under a certificate's key.
    pub(super) fn verify(&self, signer: &Certificate) -> Result<Digest, Error> {
        #[cfg(test)]
        super::algorithm::counted::verification(signer.tbs_certificate().subject_public_key_info());
        self.signer
            .verify(
                self.signed.encap_content_info.content_type,
                self.envelope(),
                signer.tbs_certificate().subject_public_key_info(),
            )
            .map_err(of_cms(PART))
    }

    /// The content: an envelope, or nothing.
    pub(super) fn envelope(&self) -> &[u8] {
        self.signed.encap_content_info.bytes().unwrap_or_default()
    }

    pub(super) fn message_type(&self) -> Result<MessageType, Error> {
        self.text(MESSAGE_TYPE)
            .map(|text| MessageType::from_text(&text))
            .ok_or_else(|| Error::malformed("messageType", "it is missing"))
    }

    pub(super) fn transaction_id(&self) -> Result<TransactionId, Error> {
        self.text(TRANSACTION_ID)
            .map(TransactionId::from_text)
            .ok_or_else(|| Error::malformed("transactionID", "it is missing"))
    }

    pub(super) fn status(&self) -> Result<PkiStatus, Error> {
        self.text(PKI_STATUS)
            .and_then(|text| PkiStatus::from_text(&text))
            .ok_or_else(|| Error::malformed("pkiStatus", "it is missing or none of 0, 2, 3"))
    }

    pub(super) fn fail_info(&self) -> FailInfo {
        FailInfo::from_text(&self.text(FAIL_INFO).unwrap_or_default())
    }

    pub(super) fn fail_info_text(&self) -> Option<String> {
        // It goes to terminals and reports, and comes from elsewhere.
        self.text(FAIL_INFO_TEXT).map(|text| {
            text.chars()
                .filter(|character| !character.is_control())
                .take(200)
                .collect()
        })
    }

    pub(super) fn sender_nonce(&self) -> Option<Nonce> {
        self.nonce(SENDER_NONCE)
    }

    pub(super) fn recipient_nonce(&self) -> Option<Nonce> {
        self.nonce(RECIPIENT_NONCE)
    }

    fn nonce(&self, oid: ObjectIdentifier) -> Option<Nonce> {
        let value: OctetString = self
            .signer
            .signed_attrs
            .as_ref()?
            .value(oid)?
            .decode_as()
            .ok()?;
        Some(Nonce::from_bytes(value.as_bytes()))
    }

    fn text(&self, oid: ObjectIdentifier) -> Option<String> {
        let value: &Any = self.signer.signed_attrs.as_ref()?.value(oid)?;
        matches!(
            value.tag(),
            Tag::PrintableString | Tag::Utf8String | Tag::Ia5String
        )
        .then(|| String::from_utf8(value.value().to_vec()).ok())?
    }
}

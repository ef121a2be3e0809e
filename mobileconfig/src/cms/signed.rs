use super::{Attributes, CertificateSet, EncapsulatedContentInfo, Error, SetOf};
use der::asn1::{Any, OctetString};
use der::{Choice, Sequence};
use spki::AlgorithmIdentifierOwned;
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::name::Name;

/// An X.509 certificate as received. What RFC 5280 asks of authorities is not asked of it: requesters of SCEP sign with
/// certificates of their own making, and certmonger numbers those with 32 bytes.
pub type Certificate = CertificateInner<Raw>;

/// A serial number as received, of any length.
pub type SerialNumber = x509_cert::serial_number::SerialNumber<Raw>;

/// `DigestAlgorithmIdentifiers` (RFC 5652 section 5.1).
pub type DigestAlgorithms = SetOf<AlgorithmIdentifierOwned>;

/// `SignerInfos` (RFC 5652 section 5.1); empty in a message that only carries certificates.
pub type SignerInfos = SetOf<SignerInfo>;

/// `SignedData` (RFC 5652 section 5.1).
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub struct SignedData {
    /// 1, or 3 when a signer is named by key identifier or the content is no [`super::oid::ID_DATA`].
    pub version: u8,
    /// The digests a one-pass reader has to compute.
    pub digest_algorithms: DigestAlgorithms,
    /// What is signed.
    pub encap_content_info: EncapsulatedContentInfo,
    /// Certificates that help to verify; nothing vouches for them.
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    pub certificates: Option<CertificateSet>,
    /// Revocation lists, not interpreted.
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub crls: Option<SetOf<Any>>,
    /// One entry a signer.
    pub signer_infos: SignerInfos,
}

impl SignedData {
    /// The bytes that are signed.
    ///
    /// # Errors
    ///
    /// [`Error::is_content`] when there are none: the signature is detached, or the message only carries certificates.
    pub fn content(&self) -> Result<&[u8], Error> {
        let unsigned = self.signer_infos.0.is_empty() && self.certificates.is_some();
        match self.encap_content_info.bytes() {
            None | Some([]) if unsigned => Err(Error::content(
                "the message carries certificates only (.p7b): nothing is signed, and there is no profile in it",
            )),
            Some(content) => Ok(content),
            None => Err(Error::content(
                "the signature is detached: the message carries no content",
            )),
        }
    }

    /// A certs-only message (RFC 5652 section 5.2): what a SCEP server answers with.
    ///
    /// # Errors
    ///
    /// A certificate is no DER element.
    pub fn certificates_only<C: AsRef<[u8]>>(certificates: &[C]) -> der::Result<Self> {
        Ok(Self {
            version: 1,
            digest_algorithms: SetOf::default(),
            encap_content_info: EncapsulatedContentInfo {
                content_type: super::oid::ID_DATA,
                content: None,
            },
            certificates: Some(CertificateSet::of_der(certificates)?),
            crls: None,
            signer_infos: SetOf::default(),
        })
    }
}

/// `SignerInfo` (RFC 5652 section 5.3).
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub struct SignerInfo {
    /// 1 for [`SignerIdentifier::IssuerAndSerialNumber`], 3 for a key identifier.
    pub version: u8,
    /// Whose key signed.
    pub sid: SignerIdentifier,
    /// The digest of content and attributes.
    pub digest_algorithm: AlgorithmIdentifierOwned,
    /// The attributes that are signed in place of the content; one of them holds its digest.
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    pub signed_attrs: Option<Attributes>,
    /// The key's algorithm, with or without the digest named in it.
    pub signature_algorithm: AlgorithmIdentifierOwned,
    /// The signature.
    pub signature: OctetString,
    /// Attributes nobody signed.
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub unsigned_attrs: Option<Attributes>,
}

/// `SignerIdentifier` and `RecipientIdentifier` (RFC 5652 sections 5.3 and 6.2.1): whose key is meant.
#[derive(Clone, Debug, PartialEq, Eq, Choice)]
pub enum SignerIdentifier {
    /// By the issuer and serial number of the certificate.
    IssuerAndSerialNumber(IssuerAndSerialNumber),
    /// By the subject key identifier extension of the certificate.
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    SubjectKeyIdentifier(OctetString),
}

impl SignerIdentifier {
    /// Whether this names the given certificate.
    #[must_use]
    pub fn matches(&self, certificate: &Certificate) -> bool {
        let tbs = certificate.tbs_certificate();
        match self {
            Self::IssuerAndSerialNumber(id) => {
                id.issuer == *tbs.issuer() && id.serial_number == *tbs.serial_number()
            }
            Self::SubjectKeyIdentifier(id) => matches!(
                tbs.get_extension::<x509_cert::ext::pkix::SubjectKeyIdentifier>(),
                Ok(Some((_, found))) if found.0 == *id
            ),
        }
    }
}

/// `IssuerAndSerialNumber` (RFC 5652 section 10.2.4).
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub struct IssuerAndSerialNumber {
    /// The issuer of the certificate.
    pub issuer: Name,
    /// Its number among those of that issuer.
    pub serial_number: SerialNumber,
}

impl From<&Certificate> for IssuerAndSerialNumber {
    fn from(certificate: &Certificate) -> Self {
        let tbs = certificate.tbs_certificate();
        Self {
            issuer: tbs.issuer().clone(),
            serial_number: tbs.serial_number().clone(),
        }
    }
}

use super::certificate::{self, extension};
use super::error::malformed;
use super::{EnrollmentKey, Error};
use crate::{KeyUsage, ScepPayload, Subject, SubjectAltName};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc3280::EMAIL_ADDRESS;
use const_oid::db::rfc4519::{COUNTRY_NAME, DOMAIN_COMPONENT};
use const_oid::db::rfc5912::ID_EXTENSION_REQ;
use der::asn1::{
    Any, AnyRef, BitString, Ia5String, OctetString, PrintableStringRef, Utf8StringRef,
};
use der::{Decode, Encode, Sequence, Tag, Tagged};
use mobileconfig::cms::{Attribute, Attributes, SignedObject};
use secrecy::{ExposeSecret, SecretString};
use spki::SubjectPublicKeyInfoOwned;
use std::fmt;
use std::net::IpAddr;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::SubjectAltName as SubjectAltNameExtension;
use x509_cert::ext::pkix::name::{GeneralName, OtherName};
use x509_cert::name::Name;

/// What a device asks a certificate for: the content of its PKCS#10 request (RFC 2986).
///
/// ```
/// use scep_profile::message::CertificateRequest;
/// use scep_profile::{ScepPayload, ScepUrl, Subject};
///
/// let request = CertificateRequest::new("CN=cert".parse()?).challenge("secret".into());
///
/// // What a Mac asks for when it is handed this payload:
/// let payload = ScepPayload::new(ScepUrl::parse("https://scep.example.com/scep")?, "secret".into());
/// assert_eq!(CertificateRequest::from_payload(&payload).subject, request.subject);
/// # Ok::<(), scep_profile::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CertificateRequest {
    /// The name; `None` asks for an empty one.
    pub subject: Option<Subject>,
    /// `challengePassword` (RFC 2985 section 5.4.1).
    pub challenge: Option<SecretString>,
    /// Names beside the subject.
    pub alt_name: SubjectAltName,
    /// Key usage.
    pub key_usage: KeyUsage,
}

impl CertificateRequest {
    /// A request for a subject, for signing.
    #[must_use]
    pub fn new(subject: Subject) -> Self {
        Self {
            subject: Some(subject),
            challenge: None,
            alt_name: SubjectAltName::default(),
            key_usage: KeyUsage::SIGNING,
        }
    }

    /// The request a Mac makes of a payload. Variables in the subject are left as they are.
    #[must_use]
    pub fn from_payload(payload: &ScepPayload) -> Self {
        Self {
            subject: payload.subject.clone(),
            challenge: payload.challenge.clone(),
            alt_name: payload.alt_name.clone(),
            key_usage: payload.key_usage,
        }
    }

    /// Sets the challenge.
    #[must_use]
    pub fn challenge(mut self, challenge: SecretString) -> Self {
        self.challenge = Some(challenge);
        self
    }

    /// Sets the subject.
    #[must_use]
    pub fn subject(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }

    /// Adds an e-mail address.
    #[must_use]
    pub fn rfc822_name(mut self, address: impl Into<String>) -> Self {
        self.alt_name.rfc822_names.push(address.into());
        self
    }

    /// Sets the key usage.
    #[must_use]
    pub fn key_usage(mut self, usage: KeyUsage) -> Self {
        self.key_usage = usage;
        self
    }

    /// The PKCS#10 request in DER, signed with SHA-256 by the key it is about.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] for a subject or name that cannot be encoded, [`Error::Key`] when signing fails.
    pub fn to_der(&self, key: &EnrollmentKey) -> Result<Vec<u8>, Error> {
        let info = RequestInfo {
            version: 0,
            subject: self.name()?,
            public_key: key.spki().clone(),
            attributes: Some(self.attributes().map_err(malformed("request"))?),
        };
        certificate::sign(&info, key, "request")
    }

    pub(super) fn name(&self) -> Result<Name, Error> {
        self.subject
            .as_ref()
            .map_or_else(|| Ok(Name::default()), name)
    }

    fn attributes(&self) -> der::Result<Attributes> {
        let mut attributes = Vec::new();
        if let Some(challenge) = &self.challenge {
            let challenge = challenge.expose_secret();
            attributes.push(match PrintableStringRef::new(challenge) {
                Ok(printable) => Attribute::single(CHALLENGE_PASSWORD, &printable)?,
                Err(_) => Attribute::single(CHALLENGE_PASSWORD, &Utf8StringRef::new(challenge)?)?,
            });
        }
        let extensions = self.extensions()?;
        if !extensions.is_empty() {
            attributes.push(Attribute::single(ID_EXTENSION_REQ, &extensions)?);
        }
        Attributes::new(attributes)
    }

    fn extensions(&self) -> der::Result<Vec<Extension>> {
        let mut extensions = Vec::new();
        let names = general_names(&self.alt_name)?;
        let failed = |_| der::ErrorKind::Failed;
        if !names.is_empty() {
            extensions.push(extension(false, &SubjectAltNameExtension(names)).map_err(failed)?);
        }
        if self.key_usage != KeyUsage::NONE {
            // The payload counts from the first bit of the BIT STRING, which stands highest in its octet.
            let bits = self.key_usage.bits().reverse_bits().to_be_bytes();
            let used = 16 - self.key_usage.bits().leading_zeros() as usize;
            let octets = used.div_ceil(8);
            let unused = u8::try_from(octets * 8 - used).map_err(|_| der::ErrorKind::Failed)?;
            let value = BitString::new(unused, &bits[..octets])?.to_der()?;
            extensions.push(Extension {
                extn_id: const_oid::db::rfc5280::ID_CE_KEY_USAGE,
                critical: true,
                extn_value: OctetString::new(value)?,
            });
        }
        Ok(extensions)
    }
}

/// `challengePassword`, RFC 2985 section 5.4.1.
const CHALLENGE_PASSWORD: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.7");

/// VeriSign's older identifier of an extension request, registered with those of SCEP.
const VERISIGN_EXTENSION_REQ: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("2.16.840.1.113733.1.9.8");

/// Microsoft's user principal name as an `otherName`.
const NT_PRINCIPAL_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.20.2.3");

/// The subject as it stands in a certificate.
pub(crate) fn name(subject: &Subject) -> Result<Name, Error> {
    let rdns = subject.rdns().map(rdn).collect::<der::Result<Vec<_>>>();
    rdns.and_then(|rdns| rdns.to_der())
        .and_then(|rdns| Name::from_der(&rdns))
        .map_err(malformed("Subject"))
}

/// One RDN, whose pairs DER wants sorted.
fn rdn<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> der::Result<Any> {
    let mut pairs = pairs.map(pair).collect::<der::Result<Vec<_>>>()?;
    pairs.sort();
    Any::new(Tag::Set, pairs.concat())
}

/// Type and value, in the string types Apple's client uses.
fn pair((kind, value): (&str, &str)) -> der::Result<Vec<u8>> {
    let oid = match kind {
        "C" => COUNTRY_NAME,
        "ST" => const_oid::db::rfc4519::ST,
        "L" => const_oid::db::rfc4519::L,
        "O" => const_oid::db::rfc4519::O,
        "OU" => const_oid::db::rfc4519::OU,
        "CN" => const_oid::db::rfc4519::CN,
        "EMAIL" => EMAIL_ADDRESS,
        dotted => ObjectIdentifier::new(dotted)?,
    };
    let tag = if matches!(oid, EMAIL_ADDRESS | DOMAIN_COMPONENT) && value.is_ascii() {
        Tag::Ia5String
    } else if PrintableStringRef::new(value).is_ok() {
        Tag::PrintableString
    } else {
        Tag::Utf8String
    };
    let mut pair = oid.to_der()?;
    pair.extend(AnyRef::new(tag, value.as_bytes())?.to_der()?);
    AnyRef::new(Tag::Sequence, &pair)?.to_der()
}

fn general_names(names: &SubjectAltName) -> der::Result<Vec<GeneralName>> {
    let ia5 = |text: &String| Ia5String::new(text);
    let mut all = Vec::new();
    for name in &names.rfc822_names {
        all.push(GeneralName::Rfc822Name(ia5(name)?));
    }
    for name in &names.dns_names {
        all.push(GeneralName::DnsName(ia5(name)?));
    }
    for name in &names.uris {
        all.push(GeneralName::UniformResourceIdentifier(ia5(name)?));
    }
    for address in names.ip_addresses() {
        let octets = match address {
            IpAddr::V4(address) => OctetString::new(address.octets()),
            IpAddr::V6(address) => OctetString::new(address.octets()),
        };
        all.push(GeneralName::IpAddress(octets?));
    }
    if let Some(name) = &names.nt_principal_name {
        all.push(GeneralName::OtherName(OtherName {
            type_id: NT_PRINCIPAL_NAME,
            value: Any::encode_from(&Utf8StringRef::new(name)?)?,
        }));
    }
    Ok(all)
}

/// `CertificationRequestInfo` (RFC 2986 section 4.1), with attributes as received: not every client sorts them.
#[derive(Sequence)]
struct RequestInfo {
    version: u8,
    subject: Name,
    public_key: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    attributes: Option<Attributes>,
}

/// A PKCS#10 request as an authority received it, its own signature verified.
#[derive(Clone)]
pub struct ReceivedRequest {
    der: Vec<u8>,
    subject: Name,
    public_key: SubjectPublicKeyInfoOwned,
    challenge: Option<SecretString>,
    extensions: Vec<Extension>,
}

impl ReceivedRequest {
    /// Reads a request and checks that it is signed by the key it is about.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::Unsupported`] or [`Error::BadSignature`].
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let request = Self::parse(der)?;
        request.verify()?;
        Ok(request)
    }

    /// The signature of a parsed request.
    pub(super) fn verify(&self) -> Result<(), Error> {
        certificate::verify(&self.der, &self.public_key, "request").map(drop)
    }

    /// A request whose signature is still to be verified.
    pub(super) fn parse(der: &[u8]) -> Result<Self, Error> {
        let part = "request";
        let signed = SignedObject::from_der(der).map_err(malformed(part))?;
        let info: RequestInfo = signed.to_be_signed.decode_as().map_err(malformed(part))?;
        let attribute = |oid| {
            info.attributes
                .as_ref()
                .and_then(|attributes| attributes.value(oid))
        };
        let extensions = attribute(ID_EXTENSION_REQ).or_else(|| attribute(VERISIGN_EXTENSION_REQ));
        Ok(Self {
            der: der.to_vec(),
            challenge: attribute(CHALLENGE_PASSWORD).map(text).transpose()?,
            extensions: extensions
                .map(Any::decode_as)
                .transpose()
                .map_err(malformed(part))?
                .unwrap_or_default(),
            subject: info.subject,
            public_key: info.public_key,
        })
    }

    /// The request in DER. It holds the challenge in clear.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The subject asked for.
    #[must_use]
    pub fn subject(&self) -> &Name {
        &self.subject
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> &SubjectPublicKeyInfoOwned {
        &self.public_key
    }

    /// The challenge, if there is exactly one.
    #[must_use]
    pub fn challenge(&self) -> Option<&SecretString> {
        self.challenge.as_ref()
    }

    /// The extensions asked for.
    #[must_use]
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }
}

// Neither the challenge nor the request that holds it.
impl fmt::Debug for ReceivedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedRequest")
            .field("subject", &self.subject.to_string())
            .field("challenge", &self.challenge)
            .finish_non_exhaustive()
    }
}

/// A `DirectoryString` of any kind.
fn text(value: &Any) -> Result<SecretString, Error> {
    let bytes = value.value();
    let text = match value.tag() {
        Tag::BmpString => {
            let (units, []) = bytes.as_chunks::<2>() else {
                return Err(Error::malformed("challenge", "a BMPString of odd length"));
            };
            let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            String::from_utf16(&units).ok()
        }
        Tag::PrintableString | Tag::Utf8String | Tag::Ia5String | Tag::TeletexString => {
            String::from_utf8(bytes.to_vec()).ok()
        }
        _ => None,
    };
    text.map(SecretString::from)
        .ok_or_else(|| Error::malformed("challenge", "no text"))
}

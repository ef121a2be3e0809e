use super::{Error, SignedData, armour, ber, oid};
use der::asn1::{Any, ObjectIdentifier};
use der::{Decode, Encode, EncodeValue, Sequence, Tag, Tagged};
use std::fmt;

/// `ContentInfo` (RFC 5652 section 3): a type and the content of that type.
#[derive(Clone, PartialEq, Eq, Sequence)]
pub struct ContentInfo {
    /// One of [`oid`].
    pub content_type: ObjectIdentifier,
    /// The content: a [`SignedData`] or [`super::EnvelopedData`].
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    pub content: Any,
}

impl ContentInfo {
    /// The content info around some content.
    ///
    /// # Errors
    ///
    /// The content cannot be encoded.
    pub fn wrap<T: EncodeValue + Tagged>(
        content_type: ObjectIdentifier,
        content: &T,
    ) -> der::Result<Self> {
        Ok(Self {
            content_type,
            content: Any::encode_from(content)?,
        })
    }

    /// The content, if it is of the type asked for.
    ///
    /// # Errors
    ///
    /// [`Error::is_content`] when it is of another type; otherwise the content is malformed.
    pub fn decode<T: for<'a> Decode<'a, Error = der::Error>>(
        &self,
        content_type: ObjectIdentifier,
    ) -> Result<T, Error> {
        if self.content_type != content_type {
            return Err(Error::content(match (content_type, self.content_type) {
                (oid::ID_SIGNED_DATA, oid::ID_ENVELOPED_DATA) => {
                    "the CMS message is encrypted and not signed; decrypt it with the key that it is for"
                }
                (oid::ID_ENVELOPED_DATA, oid::ID_SIGNED_DATA) => {
                    "the CMS message is signed and not encrypted"
                }
                (oid::ID_SIGNED_DATA, _) => "the CMS message is not signed data",
                (oid::ID_ENVELOPED_DATA, _) => "the CMS message is not enveloped data",
                _ => "the CMS message is of another content type",
            }));
        }
        Ok(T::from_der(&self.content.to_der()?)?)
    }
}

// The content of a signed profile holds the SCEP challenge.
impl fmt::Debug for ContentInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContentInfo")
            .field("content_type", &self.content_type)
            .field(
                "content",
                &format_args!("{} bytes", self.content.value().len()),
            )
            .finish()
    }
}

/// `EncapsulatedContentInfo` (RFC 5652 section 5.2): what a [`SignedData`] signs.
#[derive(Clone, PartialEq, Eq, Sequence)]
pub struct EncapsulatedContentInfo {
    /// The type of the content, [`oid::ID_DATA`] for a profile.
    pub content_type: ObjectIdentifier,
    /// The content, usually an OCTET STRING; absent in a detached signature.
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub content: Option<Any>,
}

impl EncapsulatedContentInfo {
    /// Content of type [`oid::ID_DATA`].
    ///
    /// # Errors
    ///
    /// The content is too long for DER (4 GiB).
    pub fn data(content: &[u8]) -> der::Result<Self> {
        Ok(Self {
            content_type: oid::ID_DATA,
            content: Some(Any::new(Tag::OctetString, content)?),
        })
    }

    /// The bytes that are signed: the value of the OCTET STRING, without tag and length.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        self.content.as_ref().map(Any::value)
    }
}

// The content of a signed profile holds the SCEP challenge.
impl fmt::Debug for EncapsulatedContentInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncapsulatedContentInfo")
            .field("content_type", &self.content_type)
            .field(
                "content",
                &self.bytes().map(|bytes| format!("{} bytes", bytes.len())),
            )
            .finish()
    }
}

/// The content info in BER or DER.
///
/// # Errors
///
/// [`Error`] with the position when the message is no BER or no `ContentInfo`.
pub fn from_ber(message: &[u8]) -> Result<ContentInfo, Error> {
    Ok(ContentInfo::from_der(&ber::to_der(message)?)?)
}

/// The content of a signed message, **without checking the signature**.
///
/// Takes DER, BER as `openssl cms -stream` writes it, and either of them in PEM armour.
///
/// # Errors
///
/// An error when the message is no CMS, is not signed data, or carries no content: a detached signature, or certificates
/// only (`.p7b`).
pub fn signed_content(message: &[u8]) -> Result<Vec<u8>, crate::Error> {
    Ok(content_of_signed(message)?)
}

fn content_of_signed(message: &[u8]) -> Result<Vec<u8>, Error> {
    let signed: SignedData = from_ber(&armour::unwrap(message)?)?.decode(oid::ID_SIGNED_DATA)?;
    signed.content().map(<[u8]>::to_vec)
}

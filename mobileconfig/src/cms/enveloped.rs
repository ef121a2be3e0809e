use super::{Attributes, SetOf, SignerIdentifier};
use der::asn1::{Any, ObjectIdentifier, OctetString};
use der::{
    Decode, DecodeValue, Encode, EncodeValue, Header, Length, Reader, Sequence, SliceReader, Tag,
    TagNumber, Tagged, Writer,
};
use spki::AlgorithmIdentifierOwned;

/// `EnvelopedData` (RFC 5652 section 6.1).
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub struct EnvelopedData {
    /// 0 when all recipients are named by issuer and serial number and nothing optional is present.
    pub version: u8,
    /// Not interpreted.
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    pub originator_info: Option<SetOf<Any>>,
    /// The content key, once for each recipient.
    pub recipient_infos: SetOf<RecipientInfo>,
    /// The encrypted content.
    pub encrypted_content_info: EncryptedContentInfo,
    /// Attributes nobody encrypted.
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub unprotected_attrs: Option<Attributes>,
}

/// `RecipientInfo` (RFC 5652 section 6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecipientInfo {
    /// The content key encrypted to the recipient's public key; the only kind SCEP and profiles use.
    KeyTransport(KeyTransRecipientInfo),
    /// Key agreement, password and other kinds, as received.
    Other(Any),
}

impl<'a> Decode<'a> for RecipientInfo {
    type Error = der::Error;

    fn decode<R: Reader<'a>>(reader: &mut R) -> der::Result<Self> {
        if Tag::peek(reader)? == Tag::Sequence {
            KeyTransRecipientInfo::decode(reader).map(Self::KeyTransport)
        } else {
            Any::decode(reader).map(Self::Other)
        }
    }
}

impl Encode for RecipientInfo {
    fn encoded_len(&self) -> der::Result<Length> {
        match self {
            Self::KeyTransport(info) => info.encoded_len(),
            Self::Other(other) => other.encoded_len(),
        }
    }

    fn encode(&self, writer: &mut impl Writer) -> der::Result<()> {
        match self {
            Self::KeyTransport(info) => info.encode(writer),
            Self::Other(other) => other.encode(writer),
        }
    }
}

/// `KeyTransRecipientInfo` (RFC 5652 section 6.2.1).
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub struct KeyTransRecipientInfo {
    /// 0 for issuer and serial number, 2 for a key identifier.
    pub version: u8,
    /// Whose key decrypts.
    pub rid: SignerIdentifier,
    /// How the content key is encrypted.
    pub key_encryption_algorithm: AlgorithmIdentifierOwned,
    /// The encrypted content key.
    pub encrypted_key: OctetString,
}

/// `EncryptedContentInfo` (RFC 5652 section 6.1).
///
/// Read from the primitive `[0]` that DER asks for and from the constructed one that streaming writers send;
/// written as primitive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptedContentInfo {
    /// The type of the content once decrypted.
    pub content_type: ObjectIdentifier,
    /// The cipher, with its initialisation vector.
    pub content_encryption_algorithm: AlgorithmIdentifierOwned,
    /// The ciphertext; absent when it is kept elsewhere.
    pub encrypted_content: Option<Vec<u8>>,
}

impl<'a> DecodeValue<'a> for EncryptedContentInfo {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _: Header) -> der::Result<Self> {
        let content_type = reader.decode()?;
        let content_encryption_algorithm = reader.decode()?;
        let encrypted_content = if reader.is_finished() {
            None
        } else {
            let content = Any::decode(reader)?;
            match content.tag() {
                Tag::ContextSpecific {
                    constructed: false,
                    number: TagNumber(0),
                } => Some(content.value().to_vec()),
                Tag::ContextSpecific {
                    constructed: true,
                    number: TagNumber(0),
                } => {
                    let mut joined = Vec::new();
                    let mut pieces = SliceReader::new(content.value())?;
                    while !pieces.is_finished() {
                        joined.extend_from_slice(pieces.decode::<OctetString>()?.as_bytes());
                    }
                    Some(joined)
                }
                tag => return Err(tag.unexpected_error(Some(ENCRYPTED_CONTENT)).into()),
            }
        };
        Ok(Self {
            content_type,
            content_encryption_algorithm,
            encrypted_content,
        })
    }
}

impl EncryptedContentInfo {
    fn content(&self) -> der::Result<Option<der::asn1::AnyRef<'_>>> {
        self.encrypted_content
            .as_deref()
            .map(|content| der::asn1::AnyRef::new(ENCRYPTED_CONTENT, content))
            .transpose()
    }
}

impl EncodeValue for EncryptedContentInfo {
    fn value_len(&self) -> der::Result<Length> {
        let head =
            self.content_type.encoded_len()? + self.content_encryption_algorithm.encoded_len()?;
        match self.content()? {
            Some(content) => head? + content.encoded_len()?,
            None => head,
        }
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        self.content_type.encode(writer)?;
        self.content_encryption_algorithm.encode(writer)?;
        match self.content()? {
            Some(content) => content.encode(writer),
            None => Ok(()),
        }
    }
}

impl Sequence<'_> for EncryptedContentInfo {}

const ENCRYPTED_CONTENT: Tag = Tag::ContextSpecific {
    constructed: false,
    number: TagNumber(0),
};

#[cfg(test)]
mod tests {
    use super::*;
    use der::asn1::AnyRef;

    fn info(content: &AnyRef<'_>) -> Vec<u8> {
        let oid = ObjectIdentifier::new_unwrap("1.2.3");
        let algorithm = AlgorithmIdentifierOwned {
            oid,
            parameters: None,
        };
        let mut value = oid.to_der().unwrap();
        value.extend(algorithm.to_der().unwrap());
        value.extend(content.to_der().unwrap());
        AnyRef::new(Tag::Sequence, &value)
            .unwrap()
            .to_der()
            .unwrap()
    }

    #[test]
    fn constructed_content_is_joined_and_written_primitive() {
        let pieces = [0x04, 0x02, 1, 2, 0x04, 0x01, 3];
        let constructed = Tag::ContextSpecific {
            constructed: true,
            number: TagNumber(0),
        };
        let read =
            EncryptedContentInfo::from_der(&info(&AnyRef::new(constructed, &pieces).unwrap()))
                .unwrap();
        assert_eq!(read.encrypted_content.as_deref(), Some(&[1, 2, 3][..]));
        let primitive = info(&AnyRef::new(ENCRYPTED_CONTENT, &[1, 2, 3]).unwrap());
        assert_eq!(read.to_der().unwrap(), primitive);
    }
}

use super::SetOf;
use der::asn1::{Any, ObjectIdentifier};
use der::{
    Decode, DecodeValue, Encode, EncodeValue, FixedTag, Header, Length, Reader, Sequence,
    SliceReader, Tag, Writer,
};

/// `Attribute` (RFC 5652 section 5.3): a type and its values.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub struct Attribute {
    /// What the attribute means.
    pub oid: ObjectIdentifier,
    /// Its values; nearly every attribute of CMS and SCEP has exactly one.
    pub values: SetOf<Any>,
}

impl Attribute {
    /// An attribute with a single value.
    ///
    /// # Errors
    ///
    /// The value cannot be encoded.
    pub fn single<T: EncodeValue + der::Tagged>(
        oid: ObjectIdentifier,
        value: &T,
    ) -> der::Result<Self> {
        Ok(Self {
            oid,
            values: SetOf(vec![Any::encode_from(value)?]),
        })
    }
}

/// `SignedAttributes`, `UnsignedAttributes` or the attributes of a certification request, **kept as received**.
///
/// A signature covers these bytes, and not every sender sorts them as DER asks; so nothing is sorted or re-encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes {
    list: Vec<Attribute>,
    value: Vec<u8>,
}

impl Attributes {
    /// Attributes of a message of our own, in DER order.
    ///
    /// # Errors
    ///
    /// An attribute that cannot be encoded.
    pub fn new(attributes: Vec<Attribute>) -> der::Result<Self> {
        let set = SetOf::sorted(attributes)?;
        let mut value = Vec::new();
        set.encode_value(&mut value)?;
        Ok(Self { list: set.0, value })
    }

    /// The attributes in the order received.
    pub fn iter(&self) -> impl Iterator<Item = &Attribute> {
        self.list.iter()
    }

    /// The only value of an attribute; `None` when it is absent, has no or several values, or occurs twice (RFC 5652
    /// section 5.3 forbids repetition, and picking one would let a sender choose which one is checked).
    #[must_use]
    pub fn value(&self, oid: ObjectIdentifier) -> Option<&Any> {
        let mut found = self.list.iter().filter(|attribute| attribute.oid == oid);
        match (found.next(), found.next()) {
            (Some(attribute), None) => match attribute.values.0.as_slice() {
                [value] => Some(value),
                _ => None,
            },
            _ => None,
        }
    }

    /// The bytes a signature covers: the attributes as received, under the tag of `SET OF` (RFC 5652 section 5.4).
    ///
    /// # Errors
    ///
    /// The attributes are too long to encode, which cannot come from reading.
    pub fn to_signed_bytes(&self) -> der::Result<Vec<u8>> {
        der::asn1::AnyRef::new(Tag::Set, &self.value)?.to_der()
    }
}

impl FixedTag for Attributes {
    const TAG: Tag = Tag::Set;
}

impl<'a> DecodeValue<'a> for Attributes {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
        let value = reader.read_slice(header.length())?.to_vec();
        let mut list = Vec::new();
        let mut attributes = SliceReader::new(&value)?;
        while !attributes.is_finished() {
            list.push(Attribute::decode(&mut attributes)?);
        }
        Ok(Self { list, value })
    }
}

impl EncodeValue for Attributes {
    fn value_len(&self) -> der::Result<Length> {
        self.value.len().try_into()
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        writer.write(&self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsorted_attributes_are_hashed_as_received() {
        // Two attributes, 1.3 before 1.2: not DER order.
        let received = [
            0x31, 0x12, 0x30, 0x07, 0x06, 0x01, 0x2b, 0x31, 0x02, 0x05, 0x00, 0x30, 0x07, 0x06,
            0x01, 0x2a, 0x31, 0x02, 0x05, 0x00,
        ];
        let attributes = Attributes::from_der(&received).unwrap();
        assert_eq!(attributes.to_signed_bytes().unwrap(), received);
        assert_eq!(attributes.to_der().unwrap(), received);
    }

    #[test]
    fn repeated_attribute_has_no_value() {
        let oid = ObjectIdentifier::new_unwrap("1.2.3");
        let one = Attribute::single(oid, &Any::null()).unwrap();
        assert!(
            Attributes::new(vec![one.clone()])
                .unwrap()
                .value(oid)
                .is_some()
        );
        assert!(
            Attributes::new(vec![one.clone(), one])
                .unwrap()
                .value(oid)
                .is_none()
        );
    }
}

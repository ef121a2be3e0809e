use der::asn1::Any;
use der::{
    DecodeValue, Encode, EncodeValue, FixedTag, Header, Length, Reader, Tag, Tagged, Writer,
};

/// A `SET OF` in the order received.
///
/// DER wants the elements sorted; senders do not always do so, and a signature covers the order sent.
/// [`SetOf::sorted`] is the constructor for messages of our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetOf<T>(pub Vec<T>);

impl<T> Default for SetOf<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Encode> SetOf<T> {
    /// The set in the order DER prescribes: by encoding (X.690 section 11.6).
    ///
    /// # Errors
    ///
    /// An element that cannot be encoded.
    pub fn sorted(elements: Vec<T>) -> der::Result<Self> {
        let mut keyed = elements
            .into_iter()
            .map(|element| Ok((element.to_der()?, element)))
            .collect::<der::Result<Vec<_>>>()?;
        keyed.sort_by(|(left, _), (right, _)| left.cmp(right));
        Ok(Self(
            keyed.into_iter().map(|(_, element)| element).collect(),
        ))
    }
}

impl<T> FixedTag for SetOf<T> {
    const TAG: Tag = Tag::Set;
}

impl<'a, T: der::Decode<'a>> DecodeValue<'a> for SetOf<T> {
    type Error = T::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _: Header) -> Result<Self, Self::Error> {
        let mut elements = Vec::new();
        while !reader.is_finished() {
            elements.push(T::decode(reader)?);
        }
        Ok(Self(elements))
    }
}

impl<T: Encode> EncodeValue for SetOf<T> {
    fn value_len(&self) -> der::Result<Length> {
        self.0
            .iter()
            .try_fold(Length::ZERO, |len, element| len + element.encoded_len()?)
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        self.0.iter().try_for_each(|element| element.encode(writer))
    }
}

/// `CertificateSet` (RFC 5652 section 10.2.2): certificates and the historical or foreign forms the standard lets
/// stand beside them, all as received.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateSet(pub SetOf<Any>);

impl CertificateSet {
    /// A set of X.509 certificates given in DER.
    ///
    /// # Errors
    ///
    /// One of them is no DER element.
    pub fn of_der<C: AsRef<[u8]>>(certificates: &[C]) -> der::Result<Self> {
        certificates
            .iter()
            .map(|certificate| der::Decode::from_der(certificate.as_ref()))
            .collect::<der::Result<Vec<_>>>()
            .map(|elements| Self(SetOf(elements)))
    }

    /// The X.509 certificates in DER, in the order received; other forms are passed over.
    ///
    /// # Errors
    ///
    /// An element too long to encode, which cannot come from reading.
    pub fn certificates(&self) -> der::Result<Vec<Vec<u8>>> {
        self.0
            .0
            .iter()
            .filter(|element| element.tag() == Tag::Sequence)
            .map(Encode::to_der)
            .collect()
    }
}

impl FixedTag for CertificateSet {
    const TAG: Tag = Tag::Set;
}

impl<'a> DecodeValue<'a> for CertificateSet {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
        SetOf::decode_value(reader, header).map(Self)
    }
}

impl EncodeValue for CertificateSet {
    fn value_len(&self) -> der::Result<Length> {
        self.0.value_len()
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        self.0.encode_value(writer)
    }
}

//! Normalising BER to DER: indefinite lengths, constructed strings and over-long lengths.
//!
//! What DER additionally demands of *values* (sorted sets, canonical booleans) is left as received: signatures cover
//! those bytes. A constructed *implicitly tagged* string cannot be told from a structure without knowing its type;
//! [`EncryptedContentInfo`](super::EncryptedContentInfo) resolves the one that CMS has.

use super::Error;

/// The largest message accepted, in bytes.
pub const MAX_LEN: usize = 32 * 1024 * 1024;

/// The deepest nesting accepted. A SCEP reply with its certificates needs less than twenty.
pub const MAX_DEPTH: usize = 64;

/// The most elements accepted: many tiny ones cost far more memory than their bytes.
pub const MAX_ELEMENTS: usize = 500_000;

const CONSTRUCTED: u8 = 0x20;
const INDEFINITE: u8 = 0x80;
const BIT_STRING: u8 = 3;

/// The DER form of one BER element; a message that is DER already comes back unchanged.
///
/// ```
/// use mobileconfig::cms::ber;
///
/// // An OCTET STRING sent in two pieces, of indefinite length.
/// let streamed = [0x24, 0x80, 0x04, 0x01, b'a', 0x04, 0x01, b'b', 0x00, 0x00];
/// assert_eq!(ber::to_der(&streamed)?, [0x04, 0x02, b'a', b'b']);
/// # Ok::<(), mobileconfig::cms::Error>(())
/// ```
///
/// # Errors
///
/// [`Error`] with the position, when the input is no BER, has bytes after the element, or exceeds [`MAX_LEN`],
/// [`MAX_DEPTH`] or [`MAX_ELEMENTS`].
pub fn to_der(input: &[u8]) -> Result<Vec<u8>, Error> {
    if input.len() > MAX_LEN {
        return Err(Error::limit("it is larger than 32 MiB", MAX_LEN));
    }
    let mut reader = Reader {
        input,
        position: 0,
        elements: 0,
    };
    let element = reader.element(0)?;
    if reader.position != input.len() {
        return Err(Error::syntax("bytes follow its end", reader.position));
    }
    let mut der = Vec::with_capacity(input.len());
    element.write(&mut der);
    Ok(der)
}

/// One element in DER terms, borrowed as far as possible so that nesting does not multiply copies.
struct Element<'a> {
    tag: &'a [u8],
    /// Set when a constructed string became a primitive one.
    flattened: bool,
    body: Body<'a>,
    /// Length of the encoded body.
    len: usize,
}

enum Body<'a> {
    Bytes(&'a [u8]),
    Joined(Vec<u8>),
    Children(Vec<Element<'a>>),
}

struct Reader<'a> {
    input: &'a [u8],
    position: usize,
    elements: usize,
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8, Error> {
        let byte = *self
            .input
            .get(self.position)
            .ok_or_else(|| Error::syntax("it ends too early", self.position))?;
        self.position += 1;
        Ok(byte)
    }

    /// Identifier octets; in high-tag-number form at most five.
    fn tag(&mut self) -> Result<&'a [u8], Error> {
        let start = self.position;
        if self.byte()? & 0x1f == 0x1f {
            while self.byte()? & 0x80 != 0 {
                if self.position - start > 5 {
                    return Err(Error::limit("a tag number is too large", start));
                }
            }
        }
        Ok(&self.input[start..self.position])
    }

    /// The end of the value; `None` for the indefinite form.
    fn end(&mut self) -> Result<Option<usize>, Error> {
        let start = self.position;
        let first = self.byte()?;
        let len = match first {
            INDEFINITE => return Ok(None),
            0..=0x7f => usize::from(first),
            _ => {
                let mut len = 0_usize;
                for _ in 0..first & 0x7f {
                    if len > MAX_LEN {
                        return Err(Error::limit("a length is too large", start));
                    }
                    len = len << 8 | usize::from(self.byte()?);
                }
                len
            }
        };
        match self.position.checked_add(len) {
            Some(end) if end <= self.input.len() => Ok(Some(end)),
            _ => Err(Error::syntax("it ends too early", self.input.len())),
        }
    }

    fn element(&mut self, depth: usize) -> Result<Element<'a>, Error> {
        let start = self.position;
        if depth > MAX_DEPTH {
            return Err(Error::limit("it is nested too deeply", start));
        }
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(Error::limit("it has too many elements", start));
        }
        let tag = self.tag()?;
        let end = self.end()?;
        if tag[0] & CONSTRUCTED == 0 {
            let Some(end) = end else {
                return Err(Error::syntax("a primitive value has no length", start));
            };
            let bytes = &self.input[self.position..end];
            self.position = end;
            return Ok(Element {
                tag,
                flattened: false,
                len: bytes.len(),
                body: Body::Bytes(bytes),
            });
        }
        let children = self.children(end, depth)?;
        if is_string(tag) {
            let joined = join(tag[0], &children, start)?;
            return Ok(Element {
                tag,
                flattened: true,
                len: joined.len(),
                body: Body::Joined(joined),
            });
        }
        Ok(Element {
            tag,
            flattened: false,
            len: children.iter().map(Element::encoded_len).sum(),
            body: Body::Children(children),
        })
    }

    fn children(&mut self, end: Option<usize>, depth: usize) -> Result<Vec<Element<'a>>, Error> {
        let mut children = Vec::new();
        loop {
            match end {
                Some(end) if self.position == end => return Ok(children),
                Some(end) if self.position > end => {
                    return Err(Error::syntax("a value runs past its container", end));
                }
                None if self.input[self.position..].starts_with(&[0, 0]) => {
                    self.position += 2;
                    return Ok(children);
                }
                _ => children.push(self.element(depth + 1)?),
            }
        }
    }
}

impl Element<'_> {
    fn encoded_len(&self) -> usize {
        self.tag.len() + length_octets(self.len) + self.len
    }

    fn write(&self, der: &mut Vec<u8>) {
        let mut tag = self.tag.iter().copied();
        if self.flattened {
            der.extend(tag.next().map(|first| first & !CONSTRUCTED));
        }
        der.extend(tag);
        write_length(self.len, der);
        match &self.body {
            Body::Bytes(bytes) => der.extend_from_slice(bytes),
            Body::Joined(bytes) => der.extend_from_slice(bytes),
            Body::Children(children) => {
                for child in children {
                    child.write(der);
                }
            }
        }
    }
}

/// A universal type that BER lets a sender cut into pieces (X.690 section 8).
fn is_string(tag: &[u8]) -> bool {
    tag[0] & 0xc0 == 0 && matches!(tag[0] & 0x1f, 3 | 4 | 12 | 18..=28 | 30)
}

fn join(tag: u8, pieces: &[Element<'_>], start: usize) -> Result<Vec<u8>, Error> {
    let bit_string = tag & 0x1f == BIT_STRING;
    let mut joined = Vec::new();
    if bit_string {
        joined.push(0);
    }
    for (index, piece) in pieces.iter().enumerate() {
        let bytes: &[u8] = match &piece.body {
            Body::Bytes(bytes) => bytes,
            Body::Joined(bytes) => bytes,
            Body::Children(_) => &[],
        };
        // A piece is of the string's own type or, for the character strings, an OCTET STRING.
        let number = piece.tag[0] & 0x1f;
        if piece.tag[0] & 0xc0 != 0
            || matches!(piece.body, Body::Children(_))
            || (number != tag & 0x1f && (bit_string || number != 4))
        {
            return Err(Error::syntax("a string has a piece of another type", start));
        }
        if bit_string {
            let Some((unused, bits)) = bytes.split_first() else {
                return Err(Error::syntax("a BIT STRING has an empty piece", start));
            };
            if *unused != 0 && index + 1 != pieces.len() {
                return Err(Error::syntax("a BIT STRING has a gap", start));
            }
            joined[0] = *unused;
            joined.extend_from_slice(bits);
        } else {
            joined.extend_from_slice(bytes);
        }
    }
    Ok(joined)
}

fn length_octets(len: usize) -> usize {
    if len < 0x80 {
        1
    } else {
        1 + (usize::BITS as usize - len.leading_zeros() as usize).div_ceil(8)
    }
}

fn write_length(len: usize, der: &mut Vec<u8>) {
    if let Ok(short @ 0..0x80) = u8::try_from(len) {
        der.push(short);
        return;
    }
    let octets = length_octets(len) - 1;
    // At most eight octets: the width of a usize.
    der.push(0x80 | u8::try_from(octets).unwrap_or(8));
    der.extend_from_slice(&len.to_be_bytes()[size_of::<usize>() - octets..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn der_comes_back_unchanged() {
        let der = [0x30, 0x06, 0x02, 0x01, 0x05, 0x04, 0x01, 0xff];
        assert_eq!(to_der(&der).unwrap(), der);
    }

    #[test]
    fn nested_indefinite_lengths_become_definite() {
        let ber = [0x30, 0x80, 0xa0, 0x80, 0x02, 0x01, 0x07, 0, 0, 0, 0];
        assert_eq!(
            to_der(&ber).unwrap(),
            [0x30, 0x05, 0xa0, 0x03, 0x02, 0x01, 0x07]
        );
    }

    #[test]
    fn bit_string_pieces_keep_the_unused_bits_of_the_last() {
        let ber = [0x23, 0x08, 0x03, 0x02, 0x00, 0xaa, 0x03, 0x02, 0x04, 0xf0];
        assert_eq!(to_der(&ber).unwrap(), [0x03, 0x03, 0x04, 0xaa, 0xf0]);
        let gap = [0x23, 0x08, 0x03, 0x02, 0x04, 0xa0, 0x03, 0x02, 0x00, 0xf0];
        assert!(to_der(&gap).is_err());
    }

    #[test]
    fn long_length_in_more_octets_than_needed_is_shortened() {
        assert_eq!(to_der(&[0x04, 0x83, 0, 0, 1, 9]).unwrap(), [0x04, 0x01, 9]);
    }

    #[test]
    fn implicit_constructed_content_stays_constructed() {
        let ber = [0xa0, 0x80, 0x04, 0x01, 1, 0x04, 0x01, 2, 0, 0];
        assert_eq!(
            to_der(&ber).unwrap(),
            [0xa0, 0x06, 0x04, 0x01, 1, 0x04, 0x01, 2]
        );
    }

    #[test]
    fn malformed_input_is_refused_with_its_position() {
        for (input, offset) in [
            (&[][..], 0),
            (&[0x30], 1),
            (&[0x30, 0x05, 0x02], 3),
            (&[0x04, 0x80, 0, 0], 0),
            (&[0x30, 0x80, 0x02, 0x01, 0x05], 5),
            (&[0x05, 0x00, 0x00], 2),
            (&[0x30, 0x03, 0x04, 0x02, 0, 0, 0], 5),
            (&[0x24, 0x03, 0x02, 0x01, 0], 0),
        ] {
            let error = to_der(input).unwrap_err();
            assert_eq!(error.offset(), Some(offset), "{input:02x?}: {error}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_before_the_stack_ends() {
        let error = to_der(&[0x30, 0x80].repeat(100_000)).unwrap_err();
        assert!(error.is_limit(), "{error}");
    }

    #[test]
    fn many_tiny_elements_are_refused_before_the_memory_ends() {
        let mut input = vec![0x30, 0x80];
        input.extend([0x05, 0x00].repeat(MAX_ELEMENTS));
        let error = to_der(&input).unwrap_err();
        assert!(error.is_limit(), "{error}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused_without_panic(input in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(der) = to_der(&input) {
                prop_assert_eq!(to_der(&der).unwrap(), der);
            }
        }
    }
}

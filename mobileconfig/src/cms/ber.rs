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

/// The most elements accepted. The DER form takes no more memory than the message does, but what is decoded from it
/// costs many times the bytes of tiny elements.
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
        der: Vec::with_capacity(input.len()),
    };
    reader.element(0)?;
    if reader.position != input.len() {
        return Err(Error::syntax("bytes follow its end", reader.position));
    }
    Ok(reader.der)
}

/// Reads elements and writes them at once: a tree of them would take many times the memory of the message.
struct Reader<'a> {
    input: &'a [u8],
    position: usize,
    elements: usize,
    der: Vec<u8>,
}

/// The identifier and length octets of an element.
struct Head<'a> {
    start: usize,
    tag: &'a [u8],
    /// The end of the value; `None` for the indefinite form.
    end: Option<usize>,
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

    fn head(&mut self, depth: usize) -> Result<Head<'a>, Error> {
        let start = self.position;
        if depth > MAX_DEPTH {
            return Err(Error::limit("it is nested too deeply", start));
        }
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(Error::limit("it has too many elements", start));
        }
        let (tag, end) = (self.tag()?, self.end()?);
        Ok(Head { start, tag, end })
    }

    /// The value of a primitive element.
    fn bytes(&mut self, head: &Head<'a>) -> Result<&'a [u8], Error> {
        let end = head
            .end
            .ok_or_else(|| Error::syntax("a primitive value has no length", head.start))?;
        let bytes = &self.input[self.position..end];
        self.position = end;
        Ok(bytes)
    }

    fn element(&mut self, depth: usize) -> Result<(), Error> {
        let head = self.head(depth)?;
        let first = head.tag[0];
        self.der.extend_from_slice(head.tag);
        if first & CONSTRUCTED == 0 {
            let bytes = self.bytes(&head)?;
            write_length(bytes.len(), &mut self.der);
            self.der.extend_from_slice(bytes);
            return Ok(());
        }
        let joins = is_string(head.tag);
        if joins {
            let at = self.der.len() - head.tag.len();
            self.der[at] = first & !CONSTRUCTED;
        }
        // Most messages are DER, so that the length stays and nothing has to move.
        let length_at = self.der.len();
        write_length(head.end.map_or(0, |end| end - self.position), &mut self.der);
        let body_at = self.der.len();
        if joins {
            self.pieces(&head, depth)?;
        } else {
            while self.goes_on(&head)? {
                self.element(depth + 1)?;
            }
        }
        let mut length = Vec::new();
        write_length(self.der.len() - body_at, &mut length);
        self.der.splice(length_at..body_at, length);
        Ok(())
    }

    /// Whether a constructed element has another element in it; takes the end of an indefinite one.
    fn goes_on(&mut self, head: &Head<'_>) -> Result<bool, Error> {
        match head.end {
            Some(end) if self.position > end => {
                Err(Error::syntax("a value runs past its container", end))
            }
            Some(end) => Ok(self.position < end),
            None if self.input[self.position..].starts_with(&[0, 0]) => {
                self.position += 2;
                Ok(false)
            }
            None => Ok(true),
        }
    }

    /// The value of a constructed string: that of its pieces, one after the other.
    fn pieces(&mut self, string: &Head<'a>, depth: usize) -> Result<(), Error> {
        let number = string.tag[0] & 0x1f;
        let bit_string = number == BIT_STRING;
        // A BIT STRING begins with the number of bits that its last byte does not use.
        let unused_at = self.der.len();
        if bit_string {
            self.der.push(0);
        }
        while self.goes_on(string)? {
            if bit_string && self.der[unused_at] != 0 {
                return Err(Error::syntax("a BIT STRING has a gap", string.start));
            }
            let piece = self.head(depth + 1)?;
            // A piece is of the string's own type or, for the character strings, an OCTET STRING.
            let own = piece.tag[0] & 0x1f;
            if piece.tag[0] & 0xc0 != 0 || (own != number && (bit_string || own != 4)) {
                return Err(Error::syntax(
                    "a string has a piece of another type",
                    string.start,
                ));
            }
            let piece_at = self.der.len();
            if piece.tag[0] & CONSTRUCTED == 0 {
                let bytes = self.bytes(&piece)?;
                self.der.extend_from_slice(bytes);
            } else {
                self.pieces(&piece, depth + 1)?;
            }
            if bit_string {
                if piece_at == self.der.len() {
                    return Err(Error::syntax(
                        "a BIT STRING has an empty piece",
                        string.start,
                    ));
                }
                self.der[unused_at] = self.der.remove(piece_at);
            }
        }
        Ok(())
    }
}

/// A universal type that BER lets a sender cut into pieces (X.690 section 8).
fn is_string(tag: &[u8]) -> bool {
    tag[0] & 0xc0 == 0 && matches!(tag[0] & 0x1f, 3 | 4 | 12 | 18..=28 | 30)
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

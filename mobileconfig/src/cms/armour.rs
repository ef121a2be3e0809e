//! PEM armour (RFC 7468), read as leniently as OpenSSL reads it.
//!
//! Text around the blocks, CRLF, any line width and trailing blanks are accepted: certificates and signed profiles
//! arrive by e-mail and web forms.

use super::Error;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// One PEM block: its label and the bytes it carries.
#[derive(Clone, PartialEq, Eq)]
pub struct Block {
    /// The text after `BEGIN`, for instance `CERTIFICATE`.
    pub label: String,
    /// The decoded bytes.
    pub bytes: Vec<u8>,
}

// A block may be a private key, or a profile with a secret in it.
impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Block")
            .field("label", &self.label)
            .field("bytes", &format_args!("{} bytes", self.bytes.len()))
            .finish()
    }
}

/// Whether the input has a PEM block in it (rather than being DER).
#[must_use]
pub fn is_armoured(input: &[u8]) -> bool {
    input
        .windows(BEGIN.len())
        .take(64 * 1024)
        .any(|window| window == BEGIN.as_bytes())
        && input.first() != Some(&0x30)
}

/// All PEM blocks of a text, in order.
///
/// ```
/// let text = "subject=/CN=x\n-----BEGIN DEMO-----\r\nAQID\r\n-----END DEMO-----\r\n";
/// let blocks = mobileconfig::cms::armour::blocks(text.as_bytes())?;
/// assert_eq!((blocks[0].label.as_str(), &blocks[0].bytes[..]), ("DEMO", &[1, 2, 3][..]));
/// # Ok::<(), mobileconfig::cms::Error>(())
/// ```
///
/// # Errors
///
/// [`Error`] with the position of the block that has no end, or whose body is not base64. Text without any block
/// gives an empty list.
pub fn blocks(input: &[u8]) -> Result<Vec<Block>, Error> {
    let text = String::from_utf8_lossy(input);
    let mut blocks = Vec::new();
    let mut offset = 0;
    while let Some(found) = text[offset..].find(BEGIN) {
        let start = offset + found;
        let (label, body) = text[start + BEGIN.len()..]
            .split_once(DASHES)
            .ok_or_else(|| Error::syntax("a PEM BEGIN line has no end", start))?;
        let end = format!("-----END {label}{DASHES}");
        let len = body
            .find(&end)
            .ok_or_else(|| Error::syntax("a PEM block has no END line", start))?;
        // RFC 1421 headers (`Proc-Type:`) precede a blank line; the base64 follows it.
        let base64 = match body[..len].rsplit_once(":") {
            Some((_, rest)) => rest.split_once('\n').map_or("", |(_, base64)| base64),
            None => &body[..len],
        };
        let base64: String = base64.split_whitespace().collect();
        let bytes = STANDARD
            .decode(base64)
            .map_err(|_| Error::syntax("a PEM block is not base64", start))?;
        blocks.push(Block {
            label: label.to_owned(),
            bytes,
        });
        offset = start + BEGIN.len() + label.len() + DASHES.len() + len + end.len();
    }
    Ok(blocks)
}

/// The bytes of a message that may stand in PEM armour.
///
/// # Errors
///
/// [`Error`] for several blocks, a block that by its label is a certificate or a key, and as [`blocks`].
pub(super) fn unwrap(message: &[u8]) -> Result<Cow<'_, [u8]>, Error> {
    if !is_armoured(message) {
        return Ok(Cow::Borrowed(message));
    }
    let mut blocks = blocks(message)?;
    match (blocks.pop(), blocks.is_empty()) {
        (Some(block), true) if block.label.contains("CERTIFICATE") => Err(Error::content(
            "the PEM block is a certificate and no message; give the signed or encrypted file itself",
        )),
        (Some(block), true) if block.label.ends_with(" KEY") => Err(Error::content(
            "the PEM block is a key and no message; give the signed or encrypted file itself",
        )),
        (Some(block), true) => Ok(Cow::Owned(block.bytes)),
        _ => Err(Error::content(
            "one PEM block is expected, and there are several",
        )),
    }
}

/// The PEM text of some bytes, in lines of 64 characters.
#[must_use]
pub fn encode(label: &str, bytes: &[u8]) -> String {
    let base64 = STANDARD.encode(bytes);
    let mut text = format!("{BEGIN}{label}{DASHES}\n");
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = tail;
    }
    text + "-----END " + label + DASHES + "\n"
}

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn block_without_end_or_base64_is_refused_with_its_position() {
        let error = blocks(b"x\n-----BEGIN A-----\nAQID\n").unwrap_err();
        assert_eq!(error.offset(), Some(2));
        assert!(blocks(b"-----BEGIN A-----\n*\n-----END A-----\n").is_err());
        assert_eq!(blocks(b"no block").unwrap(), []);
    }

    #[test]
    fn debug_shows_no_content() {
        let blocks = blocks(encode("PRIVATE KEY", b"hunter2").as_bytes()).unwrap();
        assert_eq!(
            format!("{blocks:?}"),
            r#"[Block { label: "PRIVATE KEY", bytes: 7 bytes }]"#
        );
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read_back(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let text = encode("DATA", &bytes);
            prop_assert_eq!(&blocks(text.as_bytes()).unwrap()[0].bytes, &bytes);
        }

        #[test]
        fn any_text_is_read_or_refused_without_panic(text in ".*(-----BEGIN .*-----)?.*") {
            let _ = blocks(text.as_bytes());
        }
    }
}

//! What is unusual about a document, apart from the profile in it.

use super::{Code, Finding, codes, codes_of};
use crate::Note;

/// The finding that a note of the reader is: an info, since devices read such documents.
///
/// ```
/// use mobileconfig::{Note, lint::{Severity, note}};
///
/// let finding = note(Note::ByteOrderMark);
/// assert_eq!((finding.code, finding.severity), ("byte-order-mark", Severity::Info));
/// ```
#[must_use]
pub fn note(note: Note) -> Finding {
    let (code, message, mend) = match note {
        Note::ByteOrderMark => (
            codes::BYTE_ORDER_MARK,
            "the document starts with a byte order mark",
            "save it as UTF-8 without one",
        ),
        Note::LeadingWhitespace => (
            codes::LEADING_WHITE_SPACE,
            "white space stands before the start of the document, which some tools refuse",
            "remove it",
        ),
        Note::MissingDeclaration => (
            codes::MISSING_DECLARATION,
            "the XML declaration is missing, without which some tools refuse the document",
            "write <?xml version=\"1.0\" encoding=\"UTF-8\"?> in the first line",
        ),
        Note::EncodingLabel => (
            codes::ENCODING_LABEL,
            "the XML declaration names another encoding than UTF-8, and the document is UTF-8",
            "write UTF-8 in the declaration",
        ),
        Note::MissingPlistElement => (
            codes::MISSING_PLIST_ELEMENT,
            "the element plist around the profile is missing",
            "put <plist version=\"1.0\"> around it",
        ),
        Note::Binary => (
            codes::BINARY_DOCUMENT,
            "the document is a binary property list",
            "nothing",
        ),
        Note::FractionalSecond => (
            codes::FRACTIONAL_SECOND,
            "a date has a fraction of a second, which other readers of XML property lists refuse",
            "write the date to the second",
        ),
        Note::Signed => (
            codes::SIGNATURE_NOT_CHECKED,
            "the document is signed, and the signature was not checked",
            "verify it",
        ),
    };
    Finding::new(code, "", message, mend)
}

pub(super) fn codes() -> Vec<Code> {
    codes_of![
        BYTE_ORDER_MARK,
        LEADING_WHITE_SPACE,
        MISSING_DECLARATION,
        ENCODING_LABEL,
        MISSING_PLIST_ELEMENT,
        BINARY_DOCUMENT,
        FRACTIONAL_SECOND,
        SIGNATURE_NOT_CHECKED,
    ]
}

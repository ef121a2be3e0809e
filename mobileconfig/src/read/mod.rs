//! Reading: strict where a silent repair would change what a device sees, tolerant where devices are.

mod binary;
mod xml;

use plist::Value;

use crate::{Error, Profile, cms};

/// How large a document may be. Beyond it reading stops with [`Error::is_limit`] instead of using up memory or stack.
///
/// What is read takes memory in proportion to the document: at most 34 bytes for each of its bytes, 50 if it is signed, and
/// 3 MiB. XML sees to that by itself. A binary document can refer to
/// one object over and over, so it may not stand for more than a value for each of its bytes and 10,000 besides, nor for
/// more than 16 times its size in texts and data and 1 MiB besides. What Apple's tools, plistlib and libplist write stays
/// far below, since they share texts and numbers only.
///
/// ```
/// use mobileconfig::{Limits, Profile};
///
/// let deep = ["<plist>", &"<array>".repeat(100_000)].concat();
/// assert!(Profile::from_bytes(deep.as_bytes()).unwrap_err().is_limit());
/// let error = Profile::read_with(deep.as_bytes(), &Limits::default().max_bytes(1000)).unwrap_err();
/// assert!(error.is_limit());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    max_bytes: usize,
    max_depth: usize,
    max_values: usize,
}

impl Default for Limits {
    /// 32 MiB, 64 levels, 1,000,000 values. Apple's schema needs 8 levels.
    fn default() -> Self {
        Self {
            max_bytes: 32 << 20,
            max_depth: 64,
            max_values: 1_000_000,
        }
    }
}

impl Limits {
    /// Bytes of the document. For a binary property list also the bytes of all its texts and data once decoded, however
    /// often they are shared.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// The largest document in bytes, so that a caller need not read more than one byte beyond it.
    ///
    /// ```
    /// assert_eq!(mobileconfig::Limits::default().max_bytes(1000).bytes(), 1000);
    /// ```
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.max_bytes
    }

    /// Arrays and dictionaries within each other; at most 512, so that the stack suffices.
    #[must_use]
    pub fn max_depth(mut self, levels: usize) -> Self {
        self.max_depth = levels.min(512);
        self
    }

    /// Values of the whole document, containers included.
    #[must_use]
    pub fn max_values(mut self, values: usize) -> Self {
        self.max_values = values;
        self
    }

    fn check_bytes(&self, length: usize) -> Result<(), Error> {
        if length <= self.max_bytes {
            return Ok(());
        }
        let message = format!(
            "{length} bytes are more than the limit of {}",
            self.max_bytes
        );
        Err(Error::limit(self.max_bytes as u64, "", message))
    }

    fn check_depth(&self, depth: usize, position: u64) -> Result<(), Error> {
        if depth < self.max_depth {
            return Ok(());
        }
        Err(Error::limit(
            position,
            "",
            format!("nested deeper than the limit of {} levels", self.max_depth),
        ))
    }

    fn check_values(&self, values: usize, position: u64) -> Result<(), Error> {
        if values <= self.max_values {
            return Ok(());
        }
        Err(Error::limit(
            position,
            "",
            format!("more values than the limit of {}", self.max_values),
        ))
    }
}

/// Something a careful tool does not write and devices nevertheless accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Note {
    /// The document starts with a byte order mark.
    ByteOrderMark,
    /// White space stands before the XML declaration or the first element.
    LeadingWhitespace,
    /// The XML declaration is missing.
    MissingDeclaration,
    /// The XML declaration names another encoding than UTF-8; the document was read as UTF-8.
    EncodingLabel,
    /// The value stands by itself, without the `plist` element around it.
    MissingPlistElement,
    /// The document is a binary property list.
    Binary,
    /// A date has a fraction of a second. Binary property lists carry it; XML ones are not meant to, and other readers refuse
    /// it there. The value keeps it, and [`to_xml`](crate::to_xml) leaves it out.
    FractionalSecond,
    /// The document was the content of a signed message (CMS). **The signature was not checked.**
    Signed,
}

impl Profile {
    /// A profile from the bytes of a `.mobileconfig`: an XML or binary property list, by itself or as the content of a
    /// signed message (CMS in DER, BER or PEM). Reading does not check the signature.
    ///
    /// ```
    /// let xml = br#"<?xml version="1.0" encoding="UTF-8"?>
    /// <plist version="1.0"><dict>
    ///     <key>PayloadType</key><string>Configuration</string>
    ///     <key>PayloadVersion</key><integer>1</integer>
    ///     <key>PayloadIdentifier</key><string>org.example.empty</string>
    ///     <key>PayloadUUID</key><string>5d3ba154-4b1c-4b0e-9a3e-6a1e5a3c0a01</string>
    ///     <key>PayloadContent</key><array/>
    ///     <key>TargetDeviceType</key><integer>5</integer>
    /// </dict></plist>"#;
    /// let profile = mobileconfig::Profile::from_bytes(xml)?;
    /// assert_eq!(profile.identifier, "org.example.empty");
    /// assert_eq!(profile.extra.get("TargetDeviceType").and_then(|value| value.as_signed_integer()), Some(5));
    /// # Ok::<(), mobileconfig::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::is_syntax`] with the byte position and the key path for a malformed document: a key that occurs twice or
    /// has no value, an entity other than the five predefined ones, a document type with an internal subset, anything
    /// after the end, base64, integers, dates that are none. [`Error::is_limit`] beyond [`Limits::default`].
    /// [`Error::is_missing_key`] and [`Error::is_wrong_type`] for a property list that is no profile. [`Error::is_cms`]
    /// for a signed message that cannot be read; positions count from the start of its content.
    pub fn from_bytes(bytes: impl AsRef<[u8]>) -> Result<Self, Error> {
        Self::read(bytes).map(|(profile, _)| profile)
    }

    /// Like [`from_bytes`](Self::from_bytes), together with what was unusual about the document.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes).
    pub fn read(bytes: impl AsRef<[u8]>) -> Result<(Self, Vec<Note>), Error> {
        Self::read_with(bytes, &Limits::default())
    }

    /// Like [`read`](Self::read), with limits of one's own.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes), with `limits`.
    pub fn read_with(bytes: impl AsRef<[u8]>, limits: &Limits) -> Result<(Self, Vec<Note>), Error> {
        let (value, notes) = read_plist(bytes, limits)?;
        Ok((Self::from_value(value)?, notes))
    }
}

/// Any property list, XML or binary or in a signed message, under the rules of [`Profile::from_bytes`].
///
/// ```
/// use mobileconfig::{Limits, Note, read_plist};
///
/// let (value, notes) = read_plist("<plist version='1.0'><string>a &amp; b</string></plist>", &Limits::default())?;
/// assert_eq!(value.as_string(), Some("a & b"));
/// assert_eq!(notes, [Note::MissingDeclaration]);
/// # Ok::<(), mobileconfig::Error>(())
/// ```
///
/// # Errors
/// [`Error::is_syntax`] or [`Error::is_limit`], see [`Profile::from_bytes`].
pub fn read_plist(bytes: impl AsRef<[u8]>, limits: &Limits) -> Result<(Value, Vec<Note>), Error> {
    let bytes = bytes.as_ref();
    limits.check_bytes(bytes.len())?;
    let mut notes = Vec::new();
    let value = if is_cms(bytes) {
        notes.push(Note::Signed);
        let content = cms::signed_content(bytes)?;
        if is_cms(&content) {
            return Err(cms::Error::content(NESTED).into());
        }
        unsigned(&content, limits, &mut notes)?
    } else {
        unsigned(bytes, limits, &mut notes)?
    };
    Ok((value, notes))
}

/// Notes that hold for the whole document are given once.
fn note_once(notes: &mut Vec<Note>, note: Note) {
    if !notes.contains(&note) {
        notes.push(note);
    }
}

fn unsigned(bytes: &[u8], limits: &Limits, notes: &mut Vec<Note>) -> Result<Value, Error> {
    if bytes.starts_with(b"bplist") {
        notes.push(Note::Binary);
        binary::read(bytes, limits, notes)
    } else {
        xml::read(bytes, limits, notes)
    }
}

/// The tag of an ASN.1 SEQUENCE, or PEM armour with whatever stands before it, such as the bag attributes that openssl
/// prints. A property list that holds armour in a text is told by its start.
fn is_cms(bytes: &[u8]) -> bool {
    let start = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let is_plist = bytes.starts_with(b"bplist") || start.trim_ascii_start().starts_with(b"<");
    !is_plist && (bytes.starts_with(&[0x30]) || cms::armour::is_armoured(bytes))
}

const NESTED: &str = "the signed message holds another CMS message and no profile; take the outer one off, \
    for instance with `openssl cms -verify -noverify -inform DER -in OUTER -out INNER`";

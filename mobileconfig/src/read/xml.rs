//! XML property lists, from quick-xml's events.

use base64::{Engine, engine::general_purpose::STANDARD};
use plist::{Date, Dictionary, Integer, Value};
use quick_xml::XmlVersion;
use quick_xml::errors::{Error as XmlError, IllFormedError};
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use super::{Limits, Note, note_once};
use crate::Error;
use crate::write::{DATE_RANGE, forbidden, has_fraction, is_writable_date};

const WHITE_SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

pub(super) fn read(bytes: &[u8], limits: &Limits, notes: &mut Vec<Note>) -> Result<Value, Error> {
    let text = str::from_utf8(bytes).map_err(|error| {
        let message = "the document is not UTF-8; save it as UTF-8";
        Error::syntax(error.valid_up_to() as u64, "", message)
    })?;
    let mut body = text;
    if let Some(rest) = body.strip_prefix('\u{feff}') {
        notes.push(Note::ByteOrderMark);
        body = rest;
    }
    let trimmed = body.trim_start_matches(WHITE_SPACE);
    if trimmed.len() < body.len() {
        notes.push(Note::LeadingWhitespace);
    }
    if !trimmed.starts_with("<?xml") {
        notes.push(Note::MissingDeclaration);
    }
    let mut reader = Reader::from_str(trimmed);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    Parser {
        reader,
        offset: (text.len() - trimmed.len()) as u64,
        limits,
        values: 0,
        notes,
    }
    .document()
}

struct Parser<'a, 'n> {
    reader: Reader<&'a [u8]>,
    offset: u64,
    limits: &'n Limits,
    values: usize,
    notes: &'n mut Vec<Note>,
}

/// A start tag and where it stands.
struct Tag<'a> {
    start: BytesStart<'a>,
    position: u64,
}

impl<'a> Tag<'a> {
    fn name(&self) -> &str {
        self.start.name().into_inner()
    }
}

impl<'a> Parser<'a, '_> {
    fn document(&mut self) -> Result<Value, Error> {
        let root = self.prolog()?;
        let value = if root.name() == "plist" {
            let Some(tag) = self.child()? else {
                return Err(Error::syntax(
                    self.position(),
                    "",
                    "the plist element is empty; it holds one value",
                ));
            };
            let value = self.value(&tag, 0)?;
            if let Some(second) = self.child()? {
                return Err(Error::syntax(
                    second.position,
                    "",
                    "a second value after the first; a property list holds one",
                ));
            }
            value
        } else {
            self.notes.push(Note::MissingPlistElement);
            self.value(&root, 0)?
        };
        self.epilog()?;
        Ok(value)
    }

    /// Everything up to the first element.
    fn prolog(&mut self) -> Result<Tag<'a>, Error> {
        let mut document_types = 0;
        let mut events = 0;
        loop {
            let (position, event) = self.next()?;
            match event {
                Event::Decl(declaration) if events == 0 => {
                    self.declaration(&declaration, position)?;
                }
                Event::DocType(document_type) if document_types == 0 => {
                    document_types += 1;
                    if document_type.contains('[') {
                        let message = "the document type declares things of its own (internal subset); remove the part in brackets";
                        return Err(Error::syntax(position, "", message));
                    }
                }
                Event::Comment(_) | Event::PI(_) => {}
                Event::Text(text) if is_blank(&text) => {}
                Event::Start(start) => return Ok(Tag { start, position }),
                Event::Eof => {
                    return Err(Error::syntax(
                        position,
                        "",
                        "no property list: the document ends before its first element",
                    ));
                }
                _ => {
                    return Err(Error::syntax(
                        position,
                        "",
                        "expected <plist>; this is no XML property list",
                    ));
                }
            }
            events += 1;
        }
    }

    fn declaration(&mut self, declaration: &BytesDecl<'_>, position: u64) -> Result<(), Error> {
        match declaration.encoding() {
            None => {}
            Some(Ok(label)) if label.eq_ignore_ascii_case("utf-8") => {}
            Some(Ok(_)) => self.notes.push(Note::EncodingLabel),
            Some(Err(_)) => {
                return Err(Error::syntax(
                    position,
                    "",
                    "the XML declaration is malformed",
                ));
            }
        }
        Ok(())
    }

    /// Nothing but white space and comments after the end.
    fn epilog(&mut self) -> Result<(), Error> {
        loop {
            let (position, event) = self.next()?;
            match event {
                Event::Eof => return Ok(()),
                Event::Comment(_) | Event::PI(_) => {}
                Event::Text(text) if is_blank(&text) => {}
                _ => {
                    return Err(Error::syntax(
                        position,
                        "",
                        "the document goes on after the end of the property list",
                    ));
                }
            }
        }
    }

    /// The next element within the current one; `None` at its end.
    fn child(&mut self) -> Result<Option<Tag<'a>>, Error> {
        loop {
            let (position, event) = self.next()?;
            match event {
                Event::Start(start) => return Ok(Some(Tag { start, position })),
                Event::End(_) => return Ok(None),
                Event::Comment(_) | Event::PI(_) => {}
                Event::Text(text) if is_blank(&text) => {}
                Event::Eof => return Err(unclosed(position)),
                _ => {
                    return Err(Error::syntax(
                        position,
                        "",
                        "text where only elements may stand",
                    ));
                }
            }
        }
    }

    /// The value whose start tag was just read, up to and with its end tag.
    fn value(&mut self, tag: &Tag<'a>, depth: usize) -> Result<Value, Error> {
        self.values += 1;
        self.limits.check_values(self.values, tag.position)?;
        let wrong = |message: &str| Error::syntax(tag.position, "", message);
        match tag.name() {
            "dict" => self.dictionary(tag, depth),
            "array" => self.array(tag, depth),
            "string" => self.text().map(Value::String),
            "true" => self.nothing(tag).map(|()| Value::Boolean(true)),
            "false" => self.nothing(tag).map(|()| Value::Boolean(false)),
            "integer" => integer(self.text()?.trim())
                .map(Value::Integer)
                .map_err(wrong),
            "real" => {
                let number = self.text()?.trim().parse();
                number
                    .map(Value::Real)
                    .map_err(|_| wrong("this is no real number"))
            }
            "date" => {
                let date = date(self.text()?.trim()).map_err(wrong)?;
                if has_fraction(date) {
                    note_once(self.notes, Note::FractionalSecond);
                }
                Ok(Value::Date(date))
            }
            "data" => {
                let mut encoded = self.text()?;
                encoded.retain(|character| !character.is_ascii_whitespace());
                STANDARD
                    .decode(encoded)
                    .map(Value::Data)
                    .map_err(|_| wrong("the data is no valid base64"))
            }
            "key" => Err(wrong("a key where a value belongs")),
            _ => Err(wrong("no property list has an element of this name")),
        }
    }

    fn dictionary(&mut self, tag: &Tag<'a>, depth: usize) -> Result<Value, Error> {
        self.limits.check_depth(depth, tag.position)?;
        let mut keys = Dictionary::new();
        while let Some(tag) = self.child()? {
            if tag.name() != "key" {
                return Err(Error::syntax(
                    tag.position,
                    "",
                    "expected <key>: each value of a dictionary follows its key",
                ));
            }
            let key = self.text()?;
            if keys.contains_key(&key) {
                return Err(Error::duplicate_key(tag.position, key));
            }
            let value = self
                .value_of_key(depth)
                .map_err(|error| error.within(&key))?;
            keys.insert(key, value);
        }
        Ok(Value::Dictionary(keys))
    }

    fn value_of_key(&mut self, depth: usize) -> Result<Value, Error> {
        let position = self.position();
        match self.child()? {
            Some(tag) if tag.name() == "key" => Err(Error::syntax(
                tag.position,
                "",
                "the value is missing: another key follows",
            )),
            Some(tag) => self.value(&tag, depth + 1),
            None => Err(Error::syntax(
                position,
                "",
                "the value is missing: the dictionary ends after the key",
            )),
        }
    }

    fn array(&mut self, tag: &Tag<'a>, depth: usize) -> Result<Value, Error> {
        self.limits.check_depth(depth, tag.position)?;
        let mut items = Vec::new();
        while let Some(tag) = self.child()? {
            let item = self.value(&tag, depth + 1);
            items.push(item.map_err(|error| error.within(&format!("[{}]", items.len())))?);
        }
        Ok(Value::Array(items))
    }

    /// The text up to the end tag.
    fn text(&mut self) -> Result<String, Error> {
        let mut content = String::new();
        loop {
            let (position, event) = self.next()?;
            match event {
                Event::Text(text) => content.push_str(&text.xml10_content()),
                Event::CData(text) => content.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => push_reference(&mut content, &reference, position)?,
                Event::Comment(_) | Event::PI(_) => {}
                Event::End(_) => {
                    return match forbidden(&content) {
                        None => Ok(content),
                        Some(_) => Err(Error::syntax(
                            position,
                            "",
                            "the text before holds a control character that XML does not allow",
                        )),
                    };
                }
                Event::Eof => return Err(unclosed(position)),
                _ => {
                    return Err(Error::syntax(
                        position,
                        "",
                        "an element within a text; write `<` as `&lt;`",
                    ));
                }
            }
        }
    }

    fn nothing(&mut self, tag: &Tag<'a>) -> Result<(), Error> {
        if is_blank(&self.text()?) {
            return Ok(());
        }
        Err(Error::syntax(
            tag.position,
            "",
            "a boolean element is empty",
        ))
    }

    fn next(&mut self) -> Result<(u64, Event<'a>), Error> {
        let position = self.position();
        match self.reader.read_event() {
            Ok(event) => match malformed(&event) {
                None => Ok((position, event)),
                Some(message) => Err(Error::syntax(position, "", message)),
            },
            Err(error) => Err(Error::syntax(
                self.offset + self.reader.error_position(),
                "",
                describe(&error),
            )),
        }
    }

    fn position(&self) -> u64 {
        self.offset + self.reader.buffer_position()
    }
}

/// What is wrong by XML's own rules and passes quick-xml.
fn malformed(event: &Event<'_>) -> Option<&'static str> {
    const CONTROL: &str = "a control character that XML does not allow";
    match event {
        Event::Start(start) => attributes(start),
        Event::Text(text) if text.contains("]]>") => {
            Some("`]]>` in a text; write `>` as `&gt;` there")
        }
        Event::Comment(text) if text.contains("--") || text.ends_with('-') => {
            Some("`--` within a comment, where XML does not allow it")
        }
        Event::PI(instruction) if !is_target(instruction.target()) => {
            Some("a processing instruction without a target of its own")
        }
        Event::Comment(text) => forbidden(text).map(|_| CONTROL),
        Event::PI(instruction) => forbidden(instruction.content()).map(|_| CONTROL),
        Event::DocType(text) => forbidden(text).map(|_| CONTROL),
        _ => None,
    }
}

/// Attributes mean nothing in a property list, the plist element's `version` included; they must be well-formed all the same.
fn attributes(start: &BytesStart<'_>) -> Option<&'static str> {
    let sound = start.attributes().all(|attribute| {
        attribute.is_ok_and(|attribute| {
            !attribute.key.into_inner().is_empty()
                && !attribute.value.contains('<')
                && attribute
                    .normalized_value(XmlVersion::Implicit1_0)
                    .is_ok_and(|value| forbidden(&value).is_none())
        })
    });
    (!sound).then_some(
        "an attribute is malformed: each occurs once, with its value in quotes and `<` and `&` escaped",
    )
}

/// The name `xml`, however written, is the declaration's.
fn is_target(target: &str) -> bool {
    target.starts_with(|char: char| char.is_alphabetic() || matches!(char, '_' | ':'))
        && !target.eq_ignore_ascii_case("xml")
}

fn push_reference(
    content: &mut String,
    reference: &BytesRef<'_>,
    position: u64,
) -> Result<(), Error> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => content.push(character),
        Ok(None) => match resolve_xml_entity(reference) {
            Some(text) => content.push_str(text),
            None => {
                let message =
                    "only the entities amp, lt, gt, quot and apos exist; write `&` as `&amp;`";
                return Err(Error::syntax(position, "", message));
            }
        },
        Err(_) => {
            return Err(Error::syntax(
                position,
                "",
                "a character reference to a character that does not exist",
            ));
        }
    }
    Ok(())
}

fn integer(text: &str) -> Result<Integer, &'static str> {
    const RANGE: &str = "the integer does not fit in 64 bits";
    if let Some(digits) = text.strip_prefix("0x") {
        let number = u64::from_str_radix(digits, 16).ok();
        // The standard library takes a sign here.
        return number
            .filter(|_| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .map(Integer::from)
            .ok_or("this is no hexadecimal integer of 64 bits");
    }
    if let Ok(number) = text.parse::<i64>() {
        return Ok(number.into());
    }
    if let Ok(number) = text.parse::<u64>() {
        return Ok(number.into());
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    Err(if is_number {
        RANGE
    } else {
        "this is no integer"
    })
}

/// Only UTC: with an offset, a date could leave the years 1 to 9999 that a property list can write.
fn date(text: &str) -> Result<Date, &'static str> {
    const FORM: &str = "a date has the form 2030-12-31T23:59:59Z";
    if !text.ends_with('Z') {
        return Err(FORM);
    }
    let date = Date::from_xml_format(text).map_err(|_| FORM)?;
    if is_writable_date(&date) {
        Ok(date)
    } else {
        Err(DATE_RANGE)
    }
}

fn is_blank(text: &str) -> bool {
    text.chars()
        .all(|character| WHITE_SPACE.contains(&character))
}

fn unclosed(position: u64) -> Error {
    Error::syntax(
        position,
        "",
        "the document ends before all elements are closed",
    )
}

/// quick-xml's own texts repeat parts of the document, which may be part of a secret.
fn describe(error: &XmlError) -> &'static str {
    match error {
        XmlError::IllFormed(IllFormedError::MismatchedEndTag { .. }) => {
            "this end tag does not match the open element"
        }
        XmlError::IllFormed(IllFormedError::UnmatchedEndTag(_)) => {
            "an end tag without an open element"
        }
        XmlError::IllFormed(IllFormedError::MissingEndTag(_)) => {
            "the document ends before all elements are closed"
        }
        XmlError::IllFormed(IllFormedError::UnclosedReference) => "a lone `&`; write it as `&amp;`",
        XmlError::Syntax(_) => "a tag, comment or declaration is not closed",
        _ => "the XML is malformed",
    }
}

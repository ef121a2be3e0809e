//! Binary property lists (`bplist00`).
//!
//! Read here and not by the plist crate, whose reader has no limits: objects may be referred to many times, so that a
//! document of a few hundred bytes can stand for gigabytes, and nesting may exhaust the stack. It also keeps the last of two
//! equal keys without a word.
//!
//! Layout: `bplist00`, the objects, the table of their offsets, a trailer of 32 bytes (as in Apple's open CFBinaryPList.c).

use std::time::{Duration, UNIX_EPOCH};

use plist::{Date, Dictionary, Integer, Value};

use super::{Limits, Note, note_once};
use crate::Error;
use crate::write::{DATE_RANGE, has_fraction, is_writable_date};

const MAGIC: &[u8] = b"bplist00";
const TRAILER: usize = 32;
/// 2001-01-01T00:00:00Z in Unix time.
const EPOCH: u64 = 978_307_200;

/// Values that a document may stand for beyond one for each of its bytes: a list of references to one object has no more
/// than that, and who shares lists and dictionaries does it in small documents.
const SPARE_VALUES: usize = 10_000;
/// How many times its size a document may stand for in texts and data, beyond [`SPARE_BYTES`]: keys that are shared
/// by many dictionaries come to less than ten times.
const MAX_EXPANSION: usize = 16;
const SPARE_BYTES: usize = 1 << 20;

pub(super) fn read(bytes: &[u8], limits: &Limits, notes: &mut Vec<Note>) -> Result<Value, Error> {
    if !bytes.starts_with(MAGIC) {
        return Err(Error::syntax(
            6,
            "",
            "only version 00 of binary property lists is known",
        ));
    }
    let trailer_at = match bytes.len().checked_sub(TRAILER) {
        Some(at) if at >= MAGIC.len() => at,
        _ => {
            return Err(Error::syntax(
                bytes.len() as u64,
                "",
                "the binary property list is cut off",
            ));
        }
    };
    let trailer = &bytes[trailer_at..];
    let malformed = || {
        Error::syntax(
            trailer_at as u64,
            "",
            "the trailer of the binary property list is malformed",
        )
    };
    let size = |byte: u8| {
        if (1..=8).contains(&byte) {
            Ok(usize::from(byte))
        } else {
            Err(malformed())
        }
    };
    let offset_size = size(trailer[6])?;
    let reference_size = size(trailer[7])?;
    let field = |at| usize::try_from(unsigned(&trailer[at..at + 8])).map_err(|_| malformed());
    let (count, top, table) = (field(8)?, field(16)?, field(24)?);
    let table_end = count
        .checked_mul(offset_size)
        .and_then(|length| length.checked_add(table));
    match table_end {
        Some(end) if end <= trailer_at && table >= MAGIC.len() => {}
        _ => return Err(malformed()),
    }
    let mut document = Document {
        objects: &bytes[..table],
        offsets: &bytes[table..table + count * offset_size],
        offset_size,
        reference_size,
        limits,
        notes,
        max_values: bytes.len().saturating_add(SPARE_VALUES),
        max_decoded: bytes
            .len()
            .saturating_mul(MAX_EXPANSION)
            .saturating_add(SPARE_BYTES),
        values: 0,
        decoded: 0,
    };
    document.count(1, trailer_at)?;
    document.object(top, 0, trailer_at)
}

struct Document<'a, 'n> {
    objects: &'a [u8],
    offsets: &'a [u8],
    offset_size: usize,
    reference_size: usize,
    limits: &'n Limits,
    notes: &'n mut Vec<Note>,
    /// What the size of the document allows, see [`Limits`].
    max_values: usize,
    max_decoded: usize,
    values: usize,
    decoded: usize,
}

impl<'a> Document<'a, '_> {
    /// The object of a number; `from` is the place of the reference to it.
    fn object(&mut self, number: usize, depth: usize, from: usize) -> Result<Value, Error> {
        let at = self
            .offset(number)
            .ok_or_else(|| wrong(from, "a reference to an object that does not exist"))?;
        let marker = self.objects[at];
        let low = marker & 0x0f;
        match marker >> 4 {
            0x0 if low == 8 => Ok(Value::Boolean(false)),
            0x0 if low == 9 => Ok(Value::Boolean(true)),
            0x1 if low <= 4 => self.integer(at, 1 << low),
            0x2 if low == 2 => Ok(Value::Real(f32::from_be_bytes(self.array_at(at)?).into())),
            0x2 if low == 3 => Ok(Value::Real(f64::from_be_bytes(self.array_at(at)?))),
            0x3 if low == 3 => {
                let date = date(f64::from_be_bytes(self.array_at(at)?))
                    .ok_or_else(|| wrong(at, DATE_RANGE))?;
                if has_fraction(date) {
                    note_once(self.notes, Note::FractionalSecond);
                }
                Ok(Value::Date(date))
            }
            0x4 => self.counted(at, 1).map(|bytes| Value::Data(bytes.to_vec())),
            0x5 | 0x6 => self.string(at).map(Value::String),
            0xa => self.list(at, depth),
            0xd => self.dictionary(at, depth),
            0x8 => Err(wrong(at, "a UID; a profile cannot hold one")),
            _ => Err(wrong(at, "an object of an unknown type")),
        }
    }

    /// Counts values before room is made for them.
    fn count(&mut self, values: usize, at: usize) -> Result<(), Error> {
        self.values = self.values.saturating_add(values);
        self.limits.check_values(self.values, at as u64)?;
        if self.values > self.max_values {
            return Err(shared(at, "values", self.max_values));
        }
        Ok(())
    }

    fn offset(&self, number: usize) -> Option<usize> {
        let start = number.checked_mul(self.offset_size)?;
        let bytes = self
            .offsets
            .get(start..start.checked_add(self.offset_size)?)?;
        usize::try_from(unsigned(bytes))
            .ok()
            .filter(|at| (MAGIC.len()..self.objects.len()).contains(at))
    }

    fn integer(&self, at: usize, size: usize) -> Result<Value, Error> {
        let bytes = self.bytes(at + 1, size, at)?;
        let number = match size {
            16 => {
                let number = i128::from_be_bytes(self.array_at(at)?);
                let unsigned = u64::try_from(number).map(Integer::from);
                unsigned
                    .or_else(|_| i64::try_from(number).map(Integer::from))
                    .map_err(|_| wrong(at, "the integer does not fit in 64 bits"))?
            }
            8 => i64::from_be_bytes(self.array_at(at)?).into(),
            _ => unsigned(bytes).into(),
        };
        Ok(Value::Integer(number))
    }

    fn string(&mut self, at: usize) -> Result<String, Error> {
        if self.objects[at] >> 4 == 0x5 {
            let bytes = self.counted(at, 1)?;
            return str::from_utf8(bytes)
                .map(str::to_owned)
                .map_err(|_| wrong(at, "the text is not ASCII"));
        }
        let units = self
            .counted(at, 2)?
            .chunks_exact(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        char::decode_utf16(units)
            .collect::<Result<_, _>>()
            .map_err(|_| wrong(at, "the text is not UTF-16"))
    }

    fn list(&mut self, at: usize, depth: usize) -> Result<Value, Error> {
        self.limits.check_depth(depth, at as u64)?;
        let references = self.counted(at, self.reference_size)?;
        let length = references.len() / self.reference_size;
        self.count(length, at)?;
        let mut items = Vec::with_capacity(length);
        for reference in references.chunks_exact(self.reference_size) {
            let item = self.object(number(reference), depth + 1, at);
            items.push(item.map_err(|error| error.within(&format!("[{}]", items.len())))?);
        }
        Ok(Value::Array(items))
    }

    fn dictionary(&mut self, at: usize, depth: usize) -> Result<Value, Error> {
        self.limits.check_depth(depth, at as u64)?;
        let references = self.counted(at, 2 * self.reference_size)?;
        self.count(references.len() / self.reference_size, at)?;
        let (names, values) = references.split_at(references.len() / 2);
        let mut keys = Dictionary::new();
        for (name, value) in names
            .chunks_exact(self.reference_size)
            .zip(values.chunks_exact(self.reference_size))
        {
            let Value::String(key) = self.object(number(name), depth + 1, at)? else {
                return Err(wrong(at, "a key of this dictionary is no text"));
            };
            if keys.contains_key(&key) {
                return Err(Error::duplicate_key(at as u64, key));
            }
            let value = self
                .object(number(value), depth + 1, at)
                .map_err(|error| error.within(&key))?;
            keys.insert(key, value);
        }
        Ok(Value::Dictionary(keys))
    }

    /// The bytes of an object that states its length, in units of `unit` bytes.
    fn counted(&mut self, at: usize, unit: usize) -> Result<&'a [u8], Error> {
        let (count, start) = match self.objects[at] & 0x0f {
            0x0f => {
                let marker = self.bytes(at + 1, 1, at)?[0];
                if marker >> 4 != 0x1 || marker & 0x0f > 3 {
                    return Err(wrong(at, "the length of the object is malformed"));
                }
                let size = 1 << (marker & 0x0f);
                (number(self.bytes(at + 2, size, at)?), at + 2 + size)
            }
            low => (usize::from(low), at + 1),
        };
        let length = count.checked_mul(unit).ok_or_else(|| beyond(at))?;
        let bytes = self.bytes(start, length, at)?;
        self.decoded = self.decoded.saturating_add(length);
        self.limits.check_bytes(self.decoded)?;
        if self.decoded > self.max_decoded {
            return Err(shared(at, "bytes of texts and data", self.max_decoded));
        }
        Ok(bytes)
    }

    fn array_at<const N: usize>(&self, at: usize) -> Result<[u8; N], Error> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(at + 1, N, at)?);
        Ok(array)
    }

    fn bytes(&self, start: usize, length: usize, object: usize) -> Result<&'a [u8], Error> {
        let end = start.checked_add(length);
        end.and_then(|end| self.objects.get(start..end))
            .ok_or_else(|| beyond(object))
    }
}

fn unsigned(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// A number that is only compared with lengths: what does not fit is larger than each of them.
fn number(bytes: &[u8]) -> usize {
    usize::try_from(unsigned(bytes)).unwrap_or(usize::MAX)
}

fn date(seconds: f64) -> Option<Date> {
    let epoch = UNIX_EPOCH + Duration::from_secs(EPOCH);
    let distance = Duration::try_from_secs_f64(seconds.abs()).ok()?;
    let time = if seconds < 0.0 {
        epoch.checked_sub(distance)
    } else {
        epoch.checked_add(distance)
    };
    time.map(Date::from).filter(is_writable_date)
}

fn shared(at: usize, what: &str, limit: usize) -> Error {
    let message = format!(
        "objects are shared over and over: the document stands for more than {limit} {what}, the limit for its size"
    );
    Error::limit(at as u64, "", message)
}

fn wrong(at: usize, message: &str) -> Error {
    Error::syntax(at as u64, "", message)
}

fn beyond(at: usize) -> Error {
    wrong(at, "the object goes on after the end of all objects")
}

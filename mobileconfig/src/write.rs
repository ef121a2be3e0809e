//! Writing: one profile has one XML text.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use plist::{Date, Value};

use crate::{Error, Profile};

impl Profile {
    /// The profile as XML property list, UTF-8, with sorted keys and a final newline.
    ///
    /// Equal profiles give equal bytes. Dates have whole seconds in XML: a fraction is left out, so that the date written is the
    /// last whole second up to the one given.
    ///
    /// # Errors
    /// [`Error::is_unwritable`] if a text holds a character XML 1.0 cannot carry (a control character other than
    /// tab, line feed and carriage return), a date is outside the years 1 to 9999 (there is no year 0, and
    /// Python's plistlib reads none), or a value is a UID, which only binary property lists have.
    pub fn to_xml(&self) -> Result<Vec<u8>, Error> {
        to_xml(self.to_value())
    }
}

/// Any property list value as XML, under the rules of [`Profile::to_xml`].
///
/// ```
/// let mut keys = plist::Dictionary::new();
/// keys.insert("b".into(), true.into());
/// keys.insert("a".into(), "x < y".into());
/// let xml = String::from_utf8(mobileconfig::to_xml(keys.into())?).unwrap();
/// assert!(xml.ends_with("<dict>\n\t<key>a</key>\n\t<string>x &lt; y</string>\n\t<key>b</key>\n\t<true/>\n</dict>\n</plist>\n"));
/// # Ok::<(), mobileconfig::Error>(())
/// ```
///
/// # Errors
/// As [`Profile::to_xml`].
pub fn to_xml(mut value: Value) -> Result<Vec<u8>, Error> {
    prepare(&mut value)?;
    let mut xml = Vec::new();
    value
        .to_writer_xml(&mut xml)
        .map_err(|error| Error::unwritable("", error.to_string()))?;
    xml.push(b'\n');
    if xml.contains(&b'\r') {
        // XML readers turn a bare carriage return into a line feed; only a reference survives.
        xml = xml
            .split(|byte| *byte == b'\r')
            .collect::<Vec<_>>()
            .join(&b"&#13;"[..]);
    }
    Ok(xml)
}

/// Sorts keys, leaves fractions of seconds out and refuses what XML cannot carry.
fn prepare(value: &mut Value) -> Result<(), Error> {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                prepare(item).map_err(|error| error.within(&format!("[{index}]")))?;
            }
            Ok(())
        }
        Value::Dictionary(keys) => {
            keys.sort_keys();
            for (key, item) in keys.iter_mut() {
                check_text(key)
                    .and_then(|()| prepare(item))
                    .map_err(|error| error.within(key))?;
            }
            Ok(())
        }
        Value::String(text) => check_text(text),
        Value::Uid(_) => Err(Error::unwritable(
            "",
            "a UID exists in binary property lists only",
        )),
        Value::Date(date) if !is_writable_date(date) => Err(Error::unwritable("", DATE_RANGE)),
        Value::Date(date) => {
            *date = whole_seconds(*date);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn check_text(text: &str) -> Result<(), Error> {
    match forbidden(text) {
        Some(character) => {
            let message = format!(
                "the text holds U+{:04X}, which XML cannot carry",
                u32::from(character)
            );
            Err(Error::unwritable("", message))
        }
        None => Ok(()),
    }
}

/// The first character that XML 1.0 (section 2.2, production Char) cannot carry.
pub(crate) fn forbidden(text: &str) -> Option<char> {
    text.chars().find(|character| {
        matches!(character, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}')
    })
}

pub(crate) const DATE_RANGE: &str = "the date is outside the years 1 to 9999";

/// True for the years 1 to 9999: more have no four digits in XML, and a year 0 is read by some only.
pub(crate) fn is_writable_date(date: &Date) -> bool {
    const YEAR_1_TO_1970: Duration = Duration::from_secs(62_135_596_800);
    const YEAR_1970_TO_10000: Duration = Duration::from_secs(253_402_300_800);
    match SystemTime::from(*date).duration_since(UNIX_EPOCH) {
        Ok(after) => after < YEAR_1970_TO_10000,
        Err(before) => before.duration() <= YEAR_1_TO_1970,
    }
}

/// True if a date has a fraction of a second, which XML cannot carry.
pub(crate) fn has_fraction(date: Date) -> bool {
    whole_seconds(date) != date
}

/// The last whole second up to a date, before 1970 as well.
fn whole_seconds(date: Date) -> Date {
    let time = SystemTime::from(date);
    let past = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => Duration::from_nanos(after.subsec_nanos().into()),
        Err(before) => match before.duration().subsec_nanos() {
            0 => Duration::ZERO,
            nanos => Duration::from_secs(1) - Duration::from_nanos(nanos.into()),
        },
    };
    time.checked_sub(past).map_or(date, Date::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_of_a_second_is_left_out_before_1970_as_after() {
        let half = Duration::from_millis(500);
        for (time, written) in [
            (UNIX_EPOCH + half, "1970-01-01T00:00:00Z"),
            (UNIX_EPOCH - half, "1969-12-31T23:59:59Z"),
            (UNIX_EPOCH - Duration::from_secs(1), "1969-12-31T23:59:59Z"),
            (
                UNIX_EPOCH + Duration::from_nanos(999_999_999),
                "1970-01-01T00:00:00Z",
            ),
        ] {
            let xml = String::from_utf8(to_xml(Value::Date(time.into())).unwrap()).unwrap();
            assert!(xml.contains(&format!("<date>{written}</date>")), "{xml}");
        }
    }

    #[test]
    fn a_date_of_the_year_0_is_neither_written_nor_read() {
        let first = UNIX_EPOCH - Duration::from_secs(62_135_596_800);
        let written = to_xml(Value::Date(first.into())).unwrap();
        let written = String::from_utf8(written).unwrap();
        assert!(
            written.contains("<date>0001-01-01T00:00:00Z</date>"),
            "{written}"
        );
        assert!(crate::read_plist(&written, &crate::Limits::default()).is_ok());

        let before = Value::Date((first - Duration::from_secs(1)).into());
        let mut keys = plist::Dictionary::new();
        keys.insert("List".into(), Value::Array(vec![before]));
        let list = Value::Dictionary(keys);
        let error = to_xml(list.clone()).unwrap_err();
        assert!(error.is_unwritable());
        assert_eq!(
            error.to_string(),
            "List[0]: the date is outside the years 1 to 9999"
        );
        let xml = "<plist><dict><key>List</key><array><date>0000-12-31T23:59:59Z</date></array></dict></plist>";
        let mut binary = Vec::new();
        list.to_writer_binary(&mut binary).unwrap();
        for document in [xml.as_bytes(), &binary] {
            let error = crate::read_plist(document, &crate::Limits::default()).unwrap_err();
            assert!(
                error.to_string().contains("outside the years 1 to 9999"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_carriage_return_is_written_as_a_reference() {
        let xml = to_xml("one\r\ntwo".into()).unwrap();
        assert!(
            String::from_utf8(xml)
                .unwrap()
                .contains("<string>one&#13;\ntwo</string>")
        );
    }

    #[test]
    fn a_control_character_is_refused_with_its_path() {
        let mut keys = plist::Dictionary::new();
        keys.insert(
            "List".into(),
            Value::Array(vec!["fine".into(), "bell\u{7}".into()]),
        );
        let error = to_xml(keys.into()).unwrap_err();
        assert!(error.is_unwritable());
        assert_eq!(
            error.to_string(),
            "List[1]: the text holds U+0007, which XML cannot carry"
        );
    }
}

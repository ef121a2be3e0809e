//! Places in a profile as text, in memory that does not depend on what the profile calls its keys.

use std::borrow::Cow;

/// Longer than any key of Apple's (45 characters) and any in use, and short enough that a path below one cannot be made to
/// fill the memory.
const MAX_NAME: usize = 128;

/// The path of a key in the dictionary at `path`, which is empty for the profile. A name of more than 128 bytes is cut.
///
/// ```
/// assert_eq!(mobileconfig::lint::join("PayloadContent[0]", "Rules"), "PayloadContent[0].Rules");
/// ```
#[must_use]
pub fn join(path: &str, name: &str) -> String {
    let name = shown(name);
    if path.is_empty() {
        name.into_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// A name from the profile, cut where no name goes on.
pub(super) fn shown(name: &str) -> Cow<'_, str> {
    cut(name, MAX_NAME)
}

/// `text` with no more than about `max` bytes.
pub(super) fn cut(text: &str, max: usize) -> Cow<'_, str> {
    if text.len() <= max {
        return Cow::Borrowed(text);
    }
    let starts = text.char_indices().map(|(at, _)| at);
    let end = starts.take_while(|at| *at <= max).last().unwrap_or(0);
    Cow::Owned(format!("{}…", &text[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_between_characters() {
        assert_eq!(join("", "Rules"), "Rules");
        assert_eq!(
            join("PayloadContent[0]", "Rules"),
            "PayloadContent[0].Rules"
        );
        let long = join("a", &"€".repeat(1000));
        assert_eq!(long, format!("a.{}…", "€".repeat(42)));
    }
}

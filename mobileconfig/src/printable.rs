//! Text of a profile in messages for people: it must not steer a terminal, nor pass for a line of its own, nor be so long
//! that repeating it fills the memory.

use std::borrow::Cow;

/// The text, escaped if it has control characters or such as turn the direction of writing.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let steers = |char: char| {
        char.is_control()
            || matches!(char, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.contains(steers) {
        let escaped = text.chars().flat_map(|char| {
            let plain = (!steers(char)).then_some(char);
            let escaped = steers(char).then(|| char.escape_default());
            plain.into_iter().chain(escaped.into_iter().flatten())
        });
        Cow::Owned(escaped.collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Longer than any key of Apple's (45 characters) and any in use, and short enough that a path below one cannot be made to
/// fill the memory.
const MAX_NAME: usize = 128;

/// A name from the profile, cut where no name goes on.
pub(crate) fn shown(name: &str) -> Cow<'_, str> {
    cut(name, MAX_NAME)
}

/// `text` with no more than about `max` bytes.
pub(crate) fn cut(text: &str, max: usize) -> Cow<'_, str> {
    if text.len() <= max {
        return Cow::Borrowed(text);
    }
    let starts = text.char_indices().map(|(at, _)| at);
    let end = starts.take_while(|at| *at <= max).last().unwrap_or(0);
    Cow::Owned(format!("{}…", &text[..end]))
}

/// The path of a key in the dictionary at `path`, which is empty for the profile.
pub(crate) fn join(path: &str, name: &str) -> String {
    let name = shown(name);
    if path.is_empty() {
        name.into_owned()
    } else {
        format!("{path}.{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_escaped_and_all_else_stays() {
        assert_eq!(printable("Schlüssel \"日本\""), "Schlüssel \"日本\"");
        assert_eq!(printable("a\u{1b}[31m\nb"), "a\\u{1b}[31m\\nb");
        assert_eq!(printable("\u{9b}é\u{202e}"), "\\u{9b}é\\u{202e}");
    }
}

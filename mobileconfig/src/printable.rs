//! Text of a profile in messages for people: it must not steer a terminal, nor pass for a line of its own.

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

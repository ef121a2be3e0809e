//! Identifiers like JumpCloud's: 24 hexadecimal digits that sort by time of creation.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;

use crate::random;

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// A new identifier: seconds, ten random digits of this process, and a counter.
pub(crate) fn new() -> String {
    let seconds = Timestamp::now().as_second();
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!(
        "{seconds:08x}{:010x}{:06x}",
        process() & 0xff_ffff_ffff,
        count & 0xff_ffff
    )
}

/// Whether `text` has the form of an identifier.
pub(crate) fn is_valid(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn process() -> u64 {
    static PROCESS: std::sync::OnceLock<u64> = std::sync::OnceLock::new();
    *PROCESS.get_or_init(|| u64::from_le_bytes(random::bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_valid_distinct_and_sort_by_creation() {
        let ids: Vec<_> = (0..50).map(|_| new()).collect();
        assert!(ids.iter().all(|id| is_valid(id)));
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn other_lengths_and_digits_are_not_identifiers() {
        assert!(!is_valid("5f21c4d3b544067fd53ba0a"));
        assert!(!is_valid("5f21c4d3b544067fd53ba0ag"));
    }
}

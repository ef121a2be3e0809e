//! Time as the vendors write it.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

/// Okta's spelling: UTC with milliseconds and `Z`, e.g. `2026-01-01T00:00:00.000Z`.
#[must_use]
pub(crate) fn okta(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// JumpCloud's spelling is the same.
#[must_use]
pub(crate) fn jumpcloud(at: Timestamp) -> String {
    okta(at)
}

/// The same moment for interfaces of the standard library; moments before 1970 become 1970.
#[must_use]
pub(crate) fn system(at: Timestamp) -> SystemTime {
    let milliseconds = u64::try_from(at.as_millisecond()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds)
}

#[cfg(test)]
mod tests {
    #[test]
    fn milliseconds_are_always_written() {
        assert_eq!(
            super::okta(jiff::Timestamp::UNIX_EPOCH),
            "1970-01-01T00:00:00.000Z"
        );
    }
}

//! Places in a profile as text, in memory that does not depend on what the profile calls its keys.

pub(super) use crate::printable::{cut, shown};

/// The path of a key in the dictionary at `path`, which is empty for the profile. A name of more than 128 bytes is cut.
///
/// ```
/// assert_eq!(mobileconfig::lint::join("PayloadContent[0]", "Rules"), "PayloadContent[0].Rules");
/// ```
#[must_use]
pub fn join(path: &str, name: &str) -> String {
    crate::printable::join(path, name)
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

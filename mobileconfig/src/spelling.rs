//! The right spelling of a name that is nearly right.

/// The candidate that `name` was probably meant to be, if there is one: equal but for case, blanks and punctuation, or with
/// one or two letters amiss, depending on the length.
///
/// ```
/// use mobileconfig::lint::nearest;
///
/// assert_eq!(nearest("KeyUsage", ["Key Type", "Key Usage"].into_iter()), Some("Key Usage"));
/// assert_eq!(nearest("Name", ["Game"].into_iter()), None);
/// ```
#[cfg_attr(
    not(feature = "lint"),
    expect(unreachable_pub, reason = "public as part of the lint")
)]
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let folded = fold(name);
    let limit = match folded.len() {
        // In bytes: near enough for a limit.
        0..=4 => 0,
        5..=8 => 1,
        _ => 2,
    };
    candidates
        .map(|candidate| (fold(candidate), candidate))
        // Much cheaper than the distance, and most candidates end here.
        .filter(|(other, _)| other.len().abs_diff(folded.len()) <= 4 * limit)
        .map(|(other, candidate)| (strsim::osa_distance(&folded, &other), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *candidate != name)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn fold(name: &str) -> String {
    // Long texts are no names; comparing them would cost the square of their length.
    name.chars()
        .take(128)
        .filter(|char| char.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_blanks_and_a_slip_are_seen_through() {
        let names = ["Key Type", "Key Usage", "Keysize", "URL", "SubjectAltName"];
        let nearest = |name| nearest(name, names.into_iter());
        assert_eq!(nearest("KeyType"), Some("Key Type"));
        assert_eq!(nearest("KeySize"), Some("Keysize"));
        assert_eq!(nearest("SubjectAltNmae"), Some("SubjectAltName"));
        assert_eq!(nearest("url"), Some("URL"));
    }

    #[test]
    fn a_short_or_other_name_is_not_a_slip() {
        let nearest = |name| nearest(name, ["URL", "Name"].into_iter());
        assert_eq!(nearest("URI"), None);
        assert_eq!(nearest("Game"), None);
        assert_eq!(nearest("Challenge"), None);
        assert_eq!(nearest("Name"), None);
    }
}

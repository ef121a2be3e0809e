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
    let folded: String = fold(name).collect();
    let limit = match folded.len() {
        // In bytes: near enough for a limit.
        0..=4 => 0,
        5..=8 => 1,
        _ => 2,
    };
    let outline = Outline::of(fold(name));
    candidates
        // Much cheaper than the distance, and most candidates end here.
        .filter(|candidate| outline.may_be_within(limit, Outline::of(fold(candidate))))
        .map(|candidate| {
            let other: String = fold(candidate).collect();
            (strsim::osa_distance(&folded, &other), candidate)
        })
        .filter(|(distance, candidate)| *distance <= limit && *candidate != name)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn fold(name: &str) -> impl Iterator<Item = char> + '_ {
    // Long texts are no names; comparing them would cost the square of their length.
    name.chars()
        .take(128)
        .filter(|char| char.is_alphanumeric())
        .flat_map(char::to_lowercase)
}

/// What bounds the distance of two texts from below: one edit changes the length by one at most, and replaces one letter of
/// the set by another at most.
#[derive(Clone, Copy)]
struct Outline {
    length: usize,
    /// A bit for each letter that occurs. Letters that share a bit only make the bound weaker.
    letters: u64,
}

impl Outline {
    fn of(folded: impl Iterator<Item = char>) -> Self {
        let none = Self {
            length: 0,
            letters: 0,
        };
        folded.fold(none, |seen, char| Self {
            length: seen.length + 1,
            letters: seen.letters | 1 << (u32::from(char) % 64),
        })
    }

    fn may_be_within(self, edits: usize, other: Self) -> bool {
        let differing = (self.letters ^ other.letters).count_ones() as usize;
        self.length.abs_diff(other.length) <= edits && differing <= 2 * edits
    }
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

    proptest::proptest! {
        #[test]
        fn an_outline_rules_out_only_what_is_farther_away(a in "[a-cß-é]{0,6}", b in "[a-cß-é]{0,6}") {
            let distance = strsim::osa_distance(&a, &b);
            proptest::prop_assert!(Outline::of(a.chars()).may_be_within(distance, Outline::of(b.chars())));
        }
    }
}

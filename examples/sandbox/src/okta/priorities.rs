//! How Okta numbers policies and rules; two families with opposite habits.

/// The catch-all's number, always.
pub(crate) const CATCH_ALL: i64 = 99;

/// One numbered thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Numbered {
    pub(crate) id: String,
    pub(crate) priority: i64,
    pub(crate) system: bool,
}

/// Legacy family (`OKTA_SIGN_ON`, `MFA_ENROLL`): contiguous from 1, system last. `moved` is put at
/// `wanted`, or after all others but the system one.
pub(crate) fn contiguous(
    mut entries: Vec<Numbered>,
    moved: Option<(&str, Option<i64>)>,
) -> Vec<Numbered> {
    entries.sort_by_key(|entry| (entry.system, entry.priority));
    if let Some((id, wanted)) = moved
        && let Some(at) = entries
            .iter()
            .position(|entry| entry.id == id && !entry.system)
    {
        let entry = entries.remove(at);
        let end = entries.iter().filter(|entry| !entry.system).count();
        let wanted = wanted
            .and_then(|wanted| usize::try_from(wanted - 1).ok())
            .map_or(end, |wanted| wanted.min(end));
        entries.insert(wanted, entry);
    }
    for (number, entry) in (1..).zip(&mut entries) {
        entry.priority = number;
    }
    entries
}

/// `ACCESS_POLICY` rules: from 0, gaps stay, a taken number pushes its holder and the neighbours down
/// until a gap. Without a number: below all others, above the catch-all.
pub(crate) fn sparse(
    mut entries: Vec<Numbered>,
    moved: &str,
    wanted: Option<i64>,
) -> Vec<Numbered> {
    let next_free = entries
        .iter()
        .filter(|entry| !entry.system && entry.id != moved)
        .map(|entry| entry.priority + 1)
        .max()
        .unwrap_or(0);
    let mut number = wanted.unwrap_or(next_free).clamp(0, CATCH_ALL - 1);
    let mut placing = moved.to_owned();
    loop {
        let holder = entries
            .iter()
            .find(|entry| !entry.system && entry.priority == number && entry.id != placing)
            .map(|entry| entry.id.clone());
        if let Some(entry) = entries.iter_mut().find(|entry| entry.id == placing) {
            entry.priority = number;
        }
        let Some(holder) = holder.filter(|_| number < CATCH_ALL - 1) else {
            return entries;
        };
        placing = holder;
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(numbers: &[(&str, i64)]) -> Vec<Numbered> {
        numbers
            .iter()
            .map(|(id, priority)| Numbered {
                id: (*id).to_owned(),
                priority: *priority,
                system: *id == "system",
            })
            .collect()
    }

    fn number(entries: &[Numbered], id: &str) -> i64 {
        entries
            .iter()
            .find(|entry| entry.id == id)
            .unwrap()
            .priority
    }

    #[test]
    fn a_taken_number_pushes_down_only_as_far_as_the_next_gap() {
        let moved = entries(&[("a", 0), ("b", 1), ("c", 3), ("new", 0), ("system", 99)]);
        let after = sparse(moved, "new", Some(0));
        assert_eq!(
            ["new", "a", "b", "c", "system"].map(|id| number(&after, id)),
            [0, 1, 2, 3, 99]
        );
    }

    #[test]
    fn a_rule_without_a_number_goes_above_the_catch_all_only() {
        let after = sparse(
            entries(&[("a", 5), ("new", 0), ("system", 99)]),
            "new",
            None,
        );
        assert_eq!(number(&after, "new"), 6);
        assert_eq!(
            number(&sparse(entries(&[("new", 0)]), "new", None), "new"),
            0
        );
    }

    #[test]
    fn legacy_numbers_are_contiguous_from_one_with_the_default_last() {
        let before = entries(&[("a", 1), ("b", 2), ("new", 0), ("system", 3)]);
        let after = contiguous(before.clone(), Some(("new", Some(1))));
        assert_eq!(
            ["new", "a", "b", "system"].map(|id| number(&after, id)),
            [1, 2, 3, 4]
        );
        let after = contiguous(before, Some(("new", Some(50))));
        assert_eq!(
            ["a", "b", "new", "system"].map(|id| number(&after, id)),
            [1, 2, 3, 4]
        );
    }
}

//! Which payload of one profile is which of the other.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::{Rewrite, Rules};
use crate::Payload;
use crate::compare::{same, same_keys};

/// Indices of payloads that are the same one, and of those without a counterpart.
pub(super) struct Pairs {
    /// In the order of the first profile.
    pub(super) both: Vec<(usize, usize)>,
    pub(super) only_old: Vec<usize>,
    pub(super) only_new: Vec<usize>,
}

/// A device recognises a payload by its identifier. A server that rewrites those leaves the UUID, or else type and
/// content, to go by.
pub(super) fn pair(old: &[Payload], new: &[Payload], rules: &Rules) -> Pairs {
    let mut matching = Matching {
        old,
        new,
        pairs: Pairs {
            both: Vec::new(),
            only_old: (0..old.len()).collect(),
            only_new: (0..new.len()).collect(),
        },
    };
    // Identifiers occur twice in the field; then the one that is equal goes first.
    matching.take(same_payload);
    matching.take(|a, b| a.identifier == b.identifier && same_content(a, b));
    matching.take(|a, b| a.identifier == b.identifier);
    if rules.allows(Rewrite::Identifier) {
        matching.take(|a, b| a.uuid.eq_ignore_ascii_case(&b.uuid));
        matching.take(same_content);
        matching.take_most_similar();
    }
    matching.pairs.both.sort_unstable();
    matching.pairs
}

struct Matching<'a> {
    old: &'a [Payload],
    new: &'a [Payload],
    pairs: Pairs,
}

impl Matching<'_> {
    fn take(&mut self, is_pair: impl Fn(&Payload, &Payload) -> bool) {
        for a in std::mem::take(&mut self.pairs.only_old) {
            let (left, old) = (&self.old[a], self.new);
            let found =
                self.pairs.only_new.iter().position(|b| {
                    left.payload_type == old[*b].payload_type && is_pair(left, &old[*b])
                });
            match found {
                Some(at) => self.pairs.both.push((a, self.pairs.only_new.remove(at))),
                None => self.pairs.only_old.push(a),
            }
        }
    }

    /// Of the payloads of one type, those with the most in common first; of equals the first, so that the order of the
    /// profiles decides.
    fn take_most_similar(&mut self) {
        let Pairs {
            only_old, only_new, ..
        } = &self.pairs;
        if only_old.len() * only_new.len() > MAX_COMPARED {
            return self.take(|_, _| true);
        }
        let mut scores: Vec<_> = only_old
            .iter()
            .flat_map(|a| only_new.iter().map(move |b| (*a, *b)))
            .filter(|(a, b)| self.old[*a].payload_type == self.new[*b].payload_type)
            .map(|(a, b)| (Reverse(common(&self.old[a], &self.new[b])), a, b))
            .collect();
        scores.sort_unstable();
        let (mut old_taken, mut new_taken) = (HashSet::new(), HashSet::new());
        for (_, a, b) in scores {
            if !old_taken.contains(&a) && !new_taken.contains(&b) {
                old_taken.insert(a);
                new_taken.insert(b);
                self.pairs.both.push((a, b));
            }
        }
        self.pairs
            .only_old
            .retain(|index| !old_taken.contains(index));
        self.pairs
            .only_new
            .retain(|index| !new_taken.contains(index));
    }
}

/// Pairs of payloads compared in search of the most similar: five hundred against five hundred. Beyond that the order
/// decides.
const MAX_COMPARED: usize = 250_000;

fn same_payload(a: &Payload, b: &Payload) -> bool {
    a.identifier == b.identifier
        && a.uuid == b.uuid
        && a.version == b.version
        && a.display_name == b.display_name
        && a.description == b.description
        && a.organization == b.organization
        && same_content(a, b)
}

fn same_content(a: &Payload, b: &Payload) -> bool {
    same_keys(&a.content, &b.content)
}

fn common(a: &Payload, b: &Payload) -> usize {
    let names = usize::from(a.display_name == b.display_name);
    let contents = a
        .content
        .iter()
        .filter(|(key, value)| b.content.get(key).is_some_and(|other| same(value, other)));
    names + contents.count()
}

//! Which payload of one profile is which of the other.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;

use super::{Rewrite, Rules};
use crate::Payload;
use crate::compare::{Digests, same, same_keys};

/// Indices of payloads that are the same one, and of those without a counterpart.
pub(super) struct Pairs {
    /// In the order of the first profile.
    pub(super) both: Vec<(usize, usize)>,
    pub(super) only_old: Vec<usize>,
    pub(super) only_new: Vec<usize>,
}

/// A device recognises a payload by its identifier. A server that rewrites those leaves the UUID, or else type and
/// content, to go by.
pub(super) fn pair<'a>(old: &'a [Payload], new: &'a [Payload], rules: &Rules) -> Pairs {
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
    let identifier = |payload: &'a Payload| payload.identifier.as_str();
    let digests = Digests::default();
    let content = |payload: &'a Payload| digests.of_keys(&payload.content);
    matching.take(
        |payload| (identity(payload), content(payload)),
        same_payload,
    );
    matching.take(
        |payload| (identifier(payload), content(payload)),
        same_content,
    );
    matching.take(identifier, |_, _| true);
    if rules.allows(Rewrite::Identifier) {
        matching.take(|payload| payload.uuid.to_ascii_lowercase(), |_, _| true);
        matching.take(content, same_content);
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

impl<'a> Matching<'a> {
    /// Pairs payloads of one type and one `key`, in order, as far as `is_pair` agrees.
    fn take<K: Eq + Hash>(
        &mut self,
        key: impl Fn(&'a Payload) -> K,
        is_pair: impl Fn(&Payload, &Payload) -> bool,
    ) {
        let key = |payload: &'a Payload| (payload.payload_type.as_str(), key(payload));
        // A profile may have very many payloads: looking at each for each would take the square of their number.
        let mut waiting: HashMap<_, VecDeque<usize>> = HashMap::new();
        for b in &self.pairs.only_new {
            waiting.entry(key(&self.new[*b])).or_default().push_back(*b);
        }
        let mut taken = HashSet::new();
        for a in std::mem::take(&mut self.pairs.only_old) {
            let left = &self.old[a];
            let alike = waiting.get_mut(&key(left));
            let found = alike.and_then(|alike| {
                let at = alike.iter().position(|b| is_pair(left, &self.new[*b]))?;
                alike.remove(at)
            });
            match found {
                Some(b) => {
                    taken.insert(b);
                    self.pairs.both.push((a, b));
                }
                None => self.pairs.only_old.push(a),
            }
        }
        self.pairs.only_new.retain(|index| !taken.contains(index));
    }

    /// Of the payloads of one type, those with the most in common first; of equals the first, so that the order of the
    /// profiles decides.
    fn take_most_similar(&mut self) {
        let Pairs {
            only_old, only_new, ..
        } = &self.pairs;
        if only_old.len() * only_new.len() > MAX_COMPARED {
            return self.take(|_| (), |_, _| true);
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
    identity(a) == identity(b) && same_content(a, b)
}

/// All of a payload but its type and content.
fn identity(payload: &Payload) -> impl Eq + Hash + '_ {
    let Payload {
        identifier,
        uuid,
        version,
        display_name,
        description,
        organization,
        payload_type: _,
        content: _,
    } = payload;
    (
        identifier,
        uuid,
        version,
        display_name,
        description,
        organization,
    )
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

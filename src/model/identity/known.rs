//! The entries that the identity keys of one source lead to, as packed runs: sorted, searched in place, and merged so
//! that few of them are kept.

use std::cmp::Ordering;

use super::IdentityKey;
use crate::model::stored::EntryNo;

/// Octets of an identity key that stand in a run: two that say what it is, and ten of its hash.
const KEY: usize = 12;
/// Octets of an entry's number. More entries than it can say would need some hundred terabytes.
const NUMBER: usize = 5;
/// Octets of a pair of both.
const PAIR: usize = KEY + NUMBER;

/// Pairs of a key and the number of its entry, in the order of the keys; 0 for a key that leads to no entry any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run(Vec<u8>);

impl Run {
    /// Packs pairs, which come in the order of their keys.
    pub fn pack<'a>(pairs: impl IntoIterator<Item = (&'a IdentityKey, Option<EntryNo>)>) -> Self {
        let mut packed: Vec<u8> = Vec::new();
        for (key, no) in pairs {
            let key = &key.as_bytes()[..KEY];
            // Who wants to can make two keys that differ in what does not stand here only. The later one counts.
            if let Some(last) = packed.len().checked_sub(PAIR).filter(|last| packed[*last..].starts_with(key))
            {
                packed.truncate(last);
            }
            packed.extend_from_slice(key);
            packed.extend_from_slice(&no.unwrap_or(0).to_be_bytes()[8 - NUMBER..]);
        }
        Self(packed)
    }

    /// Takes the output of [`Run::octets`] back; `None` if it is not in order.
    pub fn read(octets: &[u8]) -> Option<Self> {
        let pairs = octets.chunks_exact(PAIR);
        let whole = pairs.remainder().is_empty() && !octets.is_empty();
        (whole && pairs.map(|pair| &pair[..KEY]).is_sorted_by(|a, b| a < b)).then(|| Self(octets.to_vec()))
    }

    pub fn octets(&self) -> &[u8] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// This run with a later one laid over it.
    #[must_use]
    pub fn merged(&self, later: &Self) -> Self {
        let (mut old, mut new) = (self.pairs().peekable(), later.pairs().peekable());
        let mut packed = Vec::with_capacity(self.0.len() + later.0.len());
        loop {
            let order = match (old.peek(), new.peek()) {
                (Some(a), Some(b)) => a[..KEY].cmp(&b[..KEY]),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return Self(packed),
            };
            let one = if order == Ordering::Less { old.next() } else { new.next() };
            packed.extend_from_slice(one.unwrap_or_default());
            if order == Ordering::Equal {
                old.next();
            }
        }
    }

    /// This run as the first of a source, where a key that leads nowhere has nothing to cover.
    #[must_use]
    pub fn bottom(&self) -> Self {
        Self(self.pairs().filter(|pair| number(pair) != 0).flatten().copied().collect())
    }

    fn pairs(&self) -> std::slice::ChunksExact<'_, u8> {
        self.0.chunks_exact(PAIR)
    }

    fn find(&self, key: &[u8]) -> Option<EntryNo> {
        let (mut from, mut to) = (0, self.0.len() / PAIR);
        while from < to {
            let middle = usize::midpoint(from, to);
            let pair = &self.0[middle * PAIR..][..PAIR];
            match pair[..KEY].cmp(key) {
                Ordering::Less => from = middle + 1,
                Ordering::Greater => to = middle,
                Ordering::Equal => return Some(number(pair)),
            }
        }
        None
    }
}

fn number(pair: &[u8]) -> EntryNo {
    pair[KEY..].iter().fold(0, |no, octet| no << 8 | EntryNo::from(*octet))
}

/// All keys of a source, with the entries they lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownKeys {
    /// The oldest first. What a later one says of a key counts.
    runs: Vec<Run>,
}

impl KnownKeys {
    pub fn new(runs: Vec<Run>) -> Self {
        Self { runs }
    }

    /// The octets that they take.
    pub fn octets(&self) -> usize {
        self.runs.iter().map(|run| run.octets().len()).sum()
    }

    /// The entry that goes by a key.
    pub fn get(&self, key: &IdentityKey) -> Option<EntryNo> {
        self.find(&key.as_bytes()[..KEY])
    }

    /// The entries that a run of this source leads to by keys of which no later run says otherwise: each entry, and
    /// the first octets of the key.
    pub fn leads<'a>(&'a self, run: &'a Run) -> impl Iterator<Item = (EntryNo, &'a [u8])> + 'a {
        let pairs = run.pairs().map(|pair| (number(pair), &pair[..KEY]));
        pairs.filter(|(no, key)| *no != 0 && self.find(key) == Some(*no))
    }

    /// All keys that lead to an entry, as one run.
    #[cfg(test)]
    pub(crate) fn merged(&self) -> Run {
        self.runs.iter().fold(Run::default(), |all, run| all.merged(run)).bottom()
    }

    fn find(&self, key: &[u8]) -> Option<EntryNo> {
        self.runs.iter().rev().find_map(|run| run.find(key)).filter(|no| *no != 0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::model::identity::KeyKind;

    fn key(n: u8) -> IdentityKey {
        IdentityKey::new(KeyKind::Guid, &[&[n]])
    }

    type Said = BTreeMap<IdentityKey, Option<EntryNo>>;

    fn pack(said: &Said) -> Run {
        Run::pack(said.iter().map(|(key, no)| (key, *no)))
    }

    proptest! {
        #[test]
        fn runs_say_what_was_said_last(
            steps in proptest::collection::vec(
                proptest::collection::btree_map(0_u8..40, proptest::option::of(1_u64..1 << 40), 1..20), 0..6),
            merged in 0_usize..6,
        ) {
            let steps: Vec<Said> = steps.into_iter()
                .map(|step| step.into_iter().map(|(n, no)| (key(n), no)).collect())
                .collect();
            let mut all = Said::new();
            steps.iter().for_each(|step| all.extend(step.clone()));
            let mut runs: Vec<Run> = steps.iter().map(pack).collect();
            let first = runs.drain(..merged.min(runs.len())).reduce(|old, new| old.merged(&new));
            if let Some(first) = first {
                prop_assert_eq!(Run::read(first.octets()), Some(first.clone()));
                runs.insert(0, first.bottom());
            }
            let known = KnownKeys::new(runs);
            for n in 0..40 {
                prop_assert_eq!(known.get(&key(n)), all.get(&key(n)).copied().flatten(), "{}", n);
            }
        }

        #[test]
        fn octets_that_are_no_run_are_refused(octets in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Some(run) = Run::read(&octets) {
                prop_assert!(octets.len() % PAIR == 0 && run.octets() == octets);
            }
        }
    }

    #[test]
    fn a_run_is_in_order_and_not_empty() {
        let run = pack(&(1..9).map(|n| (key(n), Some(EntryNo::from(n)))).collect());
        assert_eq!(run.octets().len(), 8 * PAIR);
        assert!(Run::read(run.octets()).is_some());
        assert_eq!(Run::read(&[]), None);
        assert_eq!(Run::read(&run.octets()[1..]), None);
        let twice = [&run.octets()[..PAIR], &run.octets()[..PAIR]].concat();
        assert_eq!(Run::read(&twice), None, "one key twice");
    }

    #[test]
    fn keys_that_differ_behind_what_is_kept_are_one() {
        let keys: Vec<IdentityKey> = ["00", "01", "ff"]
            .iter()
            .map(|end| {
                serde_json::from_str(&format!("\"010100112233445566778899aabbcc{end}\"")).expect("a key")
            })
            .collect();
        let run = Run::pack(keys.iter().zip([Some(1), Some(2), Some(3)]));
        assert_eq!(Run::read(run.octets()), Some(run.clone()));
        assert_eq!(KnownKeys::new(vec![run]).get(&keys[0]), Some(3));
    }

    #[test]
    fn a_run_leads_to_what_no_later_one_takes_away() {
        let old = pack(&[(key(1), Some(1)), (key(2), Some(2)), (key(3), Some(3))].into());
        let new = pack(&[(key(2), Some(9)), (key(3), None)].into());
        let known = KnownKeys::new(vec![old.clone(), new.clone()]);
        let leads = |run| known.leads(run).map(|(no, _)| no).collect::<Vec<_>>();
        assert_eq!((leads(&old), leads(&new)), (vec![1], vec![9]));
    }
}

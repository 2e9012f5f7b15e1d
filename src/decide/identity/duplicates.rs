//! Finds entries that a document lists twice.

use std::collections::{BTreeMap, BTreeSet};

use super::candidate::Candidate;
use crate::model::identity::IdentityKey;

/// For each candidate the index of the one it repeats, or its own. Of several the latest is kept.
///
/// Entries are one if they share a usable guid or address, or if one of them has nothing but a title and
/// a date, another has those too, or a time of that day, and they have no two texts.
pub(super) fn duplicates(candidates: &[Candidate]) -> Vec<usize> {
    let mut root: Vec<usize> = (0..candidates.len()).collect();
    let mut holder: BTreeMap<IdentityKey, usize> = BTreeMap::new();
    for (index, candidate) in candidates.iter().enumerate() {
        for key in candidate.twins_by.into_iter().flatten() {
            let other = *holder.entry(key).or_insert(index);
            join(&mut root, other, index);
        }
    }
    // With titles, dates and texts, the greatest candidate that has them stands for all that have nothing else.
    let mut titled: BTreeMap<(IdentityKey, Option<u64>), usize> = BTreeMap::new();
    let mut timed = titled.clone();
    for (index, candidate) in candidates.iter().enumerate() {
        for (by, key) in [(&mut titled, Some(candidate.title_date)), (&mut timed, candidate.day)] {
            let Some(key) = key else { continue };
            // One without a text is found whatever it says.
            for text in BTreeSet::from([candidate.text, None]) {
                let best = by.entry((key, text)).or_insert(index);
                if rank(candidate) > rank(&candidates[*best]) {
                    *best = index;
                }
            }
        }
    }
    for (index, candidate) in candidates.iter().enumerate().filter(|(_, c)| names(c) == 0) {
        let key = (candidate.title_date, candidate.text);
        for other in [&titled, &timed].into_iter().filter_map(|by| by.get(&key)) {
            join(&mut root, *other, index);
        }
    }
    keep_the_latest(candidates, &mut root)
}

fn find(root: &mut [usize], mut at: usize) -> usize {
    while root[at] != at {
        root[at] = root[root[at]];
        at = root[at];
    }
    at
}

fn join(root: &mut [usize], a: usize, b: usize) {
    let (a, b) = (find(root, a), find(root, b));
    root[a.max(b)] = a.min(b);
}

fn names(candidate: &Candidate) -> usize {
    candidate.twins_by.into_iter().flatten().count()
}

/// More names first (a guid is worth more than none), then one with a text, the later date, the content. Nothing of
/// what the source's earlier documents have shown: of two, the same one is kept at each poll.
fn rank(candidate: &Candidate) -> impl Ord + use<> {
    let text = candidate.text.is_some();
    (names(candidate), text, candidate.facts.published, candidate.fingerprint, candidate.said)
}

fn keep_the_latest(candidates: &[Candidate], root: &mut [usize]) -> Vec<usize> {
    let roots: Vec<usize> = (0..candidates.len()).map(|at| find(root, at)).collect();
    let mut best = roots.clone();
    for (at, root) in roots.iter().enumerate() {
        if rank(&candidates[at]) > rank(&candidates[best[*root]]) {
            best[*root] = at;
        }
    }
    roots.iter().map(|root| best[*root]).collect()
}

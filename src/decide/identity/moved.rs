//! Detects a site that moved, or that signs its links anew at each poll: a document with other guids and addresses
//! but the old content. A list whose entries were all replaced has none of the old addresses either.

use std::collections::{BTreeMap, BTreeSet};

use super::candidate::{Candidate, same_date};
use super::evidence::{Past, Words};
use crate::model::identity::IdentityKey;

/// The keys by which a document has what was known before it moved; none where it did not.
///
/// Among the titles of a list that turned over are those that come several times a day: the forecast, or `关于…的公示`
/// as a list cuts it. So it takes at least two entries with different titles, and half of all titles; and a title
/// and date that two entries of the document share names neither.
///
/// A title without a date says less: that of a bulletin comes back every day, and for ever. So it counts only with
/// what the address kept of the old one or with an equal text, and neither speaks for titles with dates nor they
/// for it, but that a list which moved did so as a whole.
pub(super) fn moved<'p>(
    candidates: &[&Candidate],
    known: &dyn Fn(&IdentityKey) -> Option<(u64, Past<'p>)>,
) -> BTreeSet<IdentityKey> {
    let mut holders: BTreeMap<IdentityKey, usize> = BTreeMap::new();
    for key in candidates.iter().flat_map(|c| [c.title_date].into_iter().chain(c.day)) {
        *holders.entry(key).or_default() += 1;
    }
    let only = |key: &IdentityKey| holders.get(key) == Some(&1);
    let (mut keys, mut entries) = (BTreeSet::new(), BTreeSet::new());
    let (mut found_titles, mut titles) = (BTreeSet::new(), BTreeSet::new());
    let mut undated = BTreeMap::new();
    for candidate in candidates.iter().filter(|c| c.is_named() && c.facts.title.is_some()) {
        let (title, key) = (candidate.facts.title, candidate.title_date);
        if candidate.facts.published.is_none() {
            let found = known(&key).filter(|(_, past)| only(&key) && is_traced(candidate, past));
            undated.extend(found.map(|_| (title, key)));
            continue;
        }
        titles.insert(title);
        for key in [key].into_iter().chain(candidate.day) {
            let of_one_date =
                |past: &Past<'_>| same_date(candidate.facts.published, past.facts.published) == Some(true);
            if let Some((no, _)) = known(&key).filter(|(_, past)| only(&key) && of_one_date(past)) {
                keys.insert(key);
                entries.insert(no);
                found_titles.insert(title);
            }
        }
    }
    let enough = found_titles.len().min(entries.len()) >= 2 && 2 * found_titles.len() >= titles.len();
    if !enough {
        keys.clear();
    }
    if enough || undated.len() >= 2 {
        keys.extend(undated.into_values());
    }
    keys
}

/// True if the address is the old one but for its signature or its directory, or the text is the old one.
fn is_traced(candidate: &Candidate, past: &Past<'_>) -> bool {
    let both = |a: Option<u64>, b: Option<u64>| a.is_some() && a == b;
    let (trail, before) = (candidate.facts.trail, past.facts.trail);
    both(trail.serial, before.serial)
        || both(trail.unsigned, before.unsigned)
        || both(candidate.text, Words::of(past.body).hash())
}

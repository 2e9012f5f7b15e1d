//! Which entries of a document are known, which are new, and which are there twice. No decision depends
//! on the order of entries.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Candidate, same_date};
use super::key::{IdentityKey, KeyKind};
use crate::core::time::{Precision, Stamp};

/// What the caller knows of the entry that a key leads to, as of its last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownEntry {
    /// The entry's number in the store.
    pub no: u64,
    /// [`Candidate::title`] of it.
    pub title: Option<u64>,
    /// [`Candidate::page`] of it.
    pub page: Option<u64>,
    /// [`Candidate::serial`] of it.
    pub serial: Option<u64>,
    /// [`Candidate::published`] of it.
    pub published: Option<Stamp>,
}

/// What an entry of a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The known entry of this number, found by a key of this kind.
    Known {
        /// Its number.
        no: u64,
        /// What it was found by.
        by: KeyKind,
    },
    /// An entry never seen; `key` is its own (no known entry has it), and what to mint its id from.
    New {
        /// The key.
        key: IdentityKey,
    },
    /// Once more the entry at this index of the document.
    Duplicate(usize),
}

/// Decides for each candidate of one document.
///
/// | what the publisher did | verdict |
/// |---|---|
/// | same guid, other title, link or date | known |
/// | same guid, but title, link and date are all others | new: the guid was reused |
/// | new guid, same link, same title or same date | known |
/// | new guid, same link, another title and date | new: a live page; but known if guids change at every poll |
/// | no guid, same link | known |
/// | no usable guid or link, same title and date | known |
/// | every guid and link is new, half of the titles and dates are not, and no two of those are alike | those are known: the site moved |
/// | the same, of entries without a date: two titles are not new, and have the numbers of their old addresses | those are known |
/// | every guid and link is new, one title and date is not | new: bulletins have one title all day |
///
/// A day and an instant within it are the same date: articles and later lists say more, older lists less.
/// A known entry is matched once; the candidate with the more trusted key gets it.
#[must_use]
pub fn match_known(
    candidates: &[Candidate],
    known: &mut dyn FnMut(&IdentityKey) -> Option<KnownEntry>,
) -> Vec<Verdict> {
    let first_of = duplicates(candidates);
    let mut hits: BTreeMap<IdentityKey, KnownEntry> = BTreeMap::new();
    for key in candidates.iter().flat_map(|c| c.keys.iter().chain(&c.day)).collect::<BTreeSet<_>>() {
        if let Some(found) = known(key) {
            hits.insert(*key, found);
        }
    }
    let firsts = || candidates.iter().enumerate().filter(|(at, _)| first_of[*at] == *at);
    let habits = Habits::of(candidates, firsts().map(|(_, candidate)| candidate), &hits);
    let mut offers: Vec<Offer<'_>> = Vec::new();
    for (index, candidate) in firsts() {
        offers.extend(candidate.keys.iter().chain(&candidate.day).filter_map(|key| {
            let (kind, found) = (key.kind()?, hits.get(key)?);
            let fits = is_of_one_date(candidate, key, found) && accepts(candidate, key, found, &habits);
            fits.then(|| Offer {
                kind,
                other_precision: precision(candidate.published) != precision(found.published),
                other_title: candidate.title != found.title,
                candidate,
                no: found.no,
                index,
            })
        }));
    }
    // The index decides nothing: candidates that are equal in all else are duplicates.
    offers.sort_by_key(|o| (o.kind, o.other_precision, o.other_title, o.candidate, o.no));
    let mut taken = BTreeSet::new();
    let mut verdicts: Vec<Option<Verdict>> = vec![None; candidates.len()];
    for offer in offers {
        if verdicts[offer.index].is_none() && taken.insert(offer.no) {
            verdicts[offer.index] = Some(Verdict::Known { no: offer.no, by: offer.kind });
        }
    }
    (0..candidates.len())
        .map(|at| match verdicts[at] {
            _ if first_of[at] != at => Verdict::Duplicate(first_of[at]),
            Some(verdict) => verdict,
            None => Verdict::New { key: own_key(&candidates[at], &hits) },
        })
        .collect()
}

struct Offer<'a> {
    kind: KeyKind,
    other_precision: bool,
    other_title: bool,
    candidate: &'a Candidate,
    no: u64,
    index: usize,
}

/// The first key that no known entry has; if all are taken, one of the content under the first.
fn own_key(candidate: &Candidate, hits: &BTreeMap<IdentityKey, KnownEntry>) -> IdentityKey {
    let free = candidate.keys.iter().find(|key| !hits.contains_key(key));
    free.copied().unwrap_or_else(|| {
        let first = candidate.keys.first().map_or(&[][..], |key| key.as_bytes());
        IdentityKey::new(KeyKind::Content, &[first, candidate.fingerprint.as_bytes()])
    })
}

/// What the document as a whole says of the source's habits.
struct Habits {
    /// No guid was ever seen, but some pages with their titles were: guids are made up at each poll.
    guids_change: bool,
    /// The titles with their dates that lead to what a site that moved had before; none where it did not.
    moved: BTreeSet<IdentityKey>,
}

impl Habits {
    fn of<'a>(
        candidates: &[Candidate],
        firsts: impl Iterator<Item = &'a Candidate>,
        hits: &BTreeMap<IdentityKey, KnownEntry>,
    ) -> Self {
        let any = |kind: KeyKind, test: &dyn Fn(&Candidate, &KnownEntry) -> bool| {
            candidates.iter().any(|c| {
                c.keys
                    .iter()
                    .any(|k| k.kind() == Some(kind) && hits.get(k).is_some_and(|found| test(c, found)))
            })
        };
        let guid_seen = any(KeyKind::Guid, &|_, _| true);
        let page_seen = any(KeyKind::Link, &|_, _| true);
        let page_with_title = any(KeyKind::Link, &|c, found| both(c.title, found.title) == Some(true));
        let all_new = !guid_seen && !page_seen;
        let moved = if all_new { moved(&firsts.collect::<Vec<_>>(), hits) } else { BTreeSet::new() };
        Self { guids_change: !guid_seen && page_with_title, moved }
    }
}

/// The keys by which a document of new guids and pages has what was known before it moved.
///
/// A list that merely turned over has none of the old pages either, and among its titles those that come
/// several times a day: the forecast, or `关于…的公示` as a list cuts it. So it takes at least two entries
/// with different titles, and half of all titles; and a title and date that two entries of the document
/// share names neither. What is wrongly taken for new comes once more; what is wrongly taken for known
/// never comes.
///
/// A title without a date says less: that of a bulletin comes back every day, and for ever. So it counts only
/// with what the address kept of the old one, and neither speaks for titles with dates nor they for it, but
/// that a list which moved did so as a whole.
fn moved(candidates: &[&Candidate], hits: &BTreeMap<IdentityKey, KnownEntry>) -> BTreeSet<IdentityKey> {
    let by_title = |c: &&Candidate| is_named(c) && c.title.is_some();
    let mut holders: BTreeMap<IdentityKey, usize> = BTreeMap::new();
    for key in candidates.iter().flat_map(|c| c.keys.last().into_iter().chain(&c.day)) {
        *holders.entry(*key).or_default() += 1;
    }
    let only = |key: &IdentityKey| holders.get(key) == Some(&1);
    let (mut keys, mut entries) = (BTreeSet::new(), BTreeSet::new());
    let (mut found_titles, mut titles) = (BTreeSet::new(), BTreeSet::new());
    let mut undated = BTreeMap::new();
    for candidate in candidates.iter().copied().filter(by_title) {
        if candidate.published.is_none() {
            let key = candidate.keys.last().filter(|key| only(key));
            let found = key.and_then(|key| hits.get(key));
            let same = found.is_some_and(|found| both(candidate.serial, found.serial) == Some(true));
            undated.extend(key.filter(|_| same).map(|key| (candidate.title, *key)));
            continue;
        }
        titles.insert(candidate.title);
        for key in candidate.keys.last().into_iter().chain(&candidate.day) {
            let found = hits.get(key).filter(|found| is_of_one_date(candidate, key, found));
            if let Some(found) = found.filter(|_| only(key)) {
                keys.insert(*key);
                entries.insert(found.no);
                found_titles.insert(candidate.title);
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

/// Under the day's key there may be another entry of that title and day.
fn is_of_one_date(candidate: &Candidate, key: &IdentityKey, found: &KnownEntry) -> bool {
    candidate.day != Some(*key) || same_date(candidate.published, found.published) == Some(true)
}

fn has(candidate: &Candidate, kind: KeyKind) -> bool {
    candidate.keys.iter().any(|key| key.kind() == Some(kind))
}

fn is_named(candidate: &Candidate) -> bool {
    has(candidate, KeyKind::Guid) || has(candidate, KeyKind::Link)
}

fn precision(date: Option<Stamp>) -> Option<Precision> {
    date.map(|stamp| stamp.precision)
}

fn both<T: PartialEq>(a: Option<T>, b: Option<T>) -> Option<bool> {
    Some(a? == b?)
}

fn accepts(candidate: &Candidate, key: &IdentityKey, found: &KnownEntry, habits: &Habits) -> bool {
    let title = both(candidate.title, found.title);
    let page = both(candidate.page, found.page);
    let date = same_date(candidate.published, found.published);
    let unnamed = !has(candidate, KeyKind::Guid) || habits.guids_change;
    match key.kind() {
        Some(KeyKind::Guid) => [title, page, date] != [Some(false); 3],
        Some(KeyKind::Link) => unnamed || title == Some(true) || date == Some(true),
        Some(KeyKind::LinkDate) => unnamed || title == Some(true),
        // Its page may have told a whole title and a minute since: it was listed under this key.
        Some(KeyKind::TitleDate) => !is_named(candidate) || habits.moved.contains(key),
        Some(KeyKind::Content) | None => false,
    }
}

/// For each candidate the index of the one it repeats, or its own. Of several the latest is kept.
///
/// Entries are one if they share a usable guid or address, or if one of them has nothing but a title and
/// a date, and another has those too, or a time of that day.
fn duplicates(candidates: &[Candidate]) -> Vec<usize> {
    let mut root: Vec<usize> = (0..candidates.len()).collect();
    let mut holder: BTreeMap<IdentityKey, usize> = BTreeMap::new();
    for (index, candidate) in candidates.iter().enumerate() {
        for key in candidate.keys.iter().filter(|key| key.kind() != Some(KeyKind::TitleDate)) {
            let other = *holder.entry(*key).or_insert(index);
            join(&mut root, other, index);
        }
    }
    // With titles and dates, the greatest candidate that has one stands for all that have nothing else.
    let (mut named, mut timed) =
        (BTreeMap::<IdentityKey, usize>::new(), BTreeMap::<IdentityKey, usize>::new());
    for (index, candidate) in candidates.iter().enumerate() {
        for (by, key) in [(&mut named, candidate.keys.last()), (&mut timed, candidate.day.as_ref())] {
            let Some(key) = key else { continue };
            let best = by.entry(*key).or_insert(index);
            if rank(candidate) > rank(&candidates[*best]) {
                *best = index;
            }
        }
    }
    for (index, candidate) in candidates.iter().enumerate().filter(|(_, c)| c.keys.len() == 1) {
        for best in [&named, &timed].into_iter().filter_map(|by| by.get(candidate.keys.last()?)) {
            join(&mut root, *best, index);
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

/// More keys first (a guid is worth more than none), then the later date, then the content.
fn rank(candidate: &Candidate) -> (usize, Option<Stamp>, &Candidate) {
    (candidate.keys.len(), candidate.published, candidate)
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

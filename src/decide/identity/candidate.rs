//! Prepares the entries of a document for matching: computes their keys, and drops keys that this document or an
//! earlier one of the source has shown to be worthless.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use super::alike;
use super::facts::{Facts, short_hash};
use super::fingerprint;
use crate::model::entry::ParsedEntry;
use crate::model::identity::{Fingerprint, IdentityKey, KeyKind, Marks};
use crate::model::time::{Precision, Stamp};
use crate::read::link;
use crate::read::text::one_line;

/// An entry of a document as the matching sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// Its keys, most trusted first; never empty.
    pub keys: Vec<IdentityKey>,
    pub fingerprint: Fingerprint,
    /// The key of its title and day, if it has a time of day: its key in a list that gives only the day.
    pub(super) day: Option<IdentityKey>,
    pub(super) title_date: IdentityKey,
    /// Its facts, without a guid or an address that is shared.
    pub(super) facts: Facts,
    /// The guid and the address that other entries of its document have only if they are this one.
    pub(super) twins_by: [Option<IdentityKey>; 2],
    /// Hash of its text; `None` without one.
    pub(super) text: Option<u64>,
    /// True if that is long enough to be no form.
    pub(super) long: bool,
    /// True if no other entry of the document has its title and date.
    pub(super) alone: bool,
    /// The other things it said of itself, worthless or not: they decide between candidates that are equal in
    /// all above, so that the order in the document does not.
    pub(super) said: (Option<IdentityKey>, Option<u64>),
}

impl Candidate {
    /// The keys to record with it. An entry without a guid is known by its title and day too: lists show the
    /// time of today's entries, and the day of older ones.
    pub fn to_record(&self) -> Vec<IdentityKey> {
        let day = self.day.filter(|_| self.facts.guid.is_none());
        self.keys.iter().copied().chain(day).collect()
    }

    /// True if it has a guid or an address that is its own.
    pub(super) fn is_named(&self) -> bool {
        self.facts.guid.is_some() || self.facts.page.is_some()
    }
}

/// All an entry could be known by, before the document is judged.
struct Unjudged {
    facts: Facts,
    title_date: IdentityKey,
    /// The text of which that is: the title, or the text of an entry without one.
    named: String,
    words: String,
    fingerprint: Fingerprint,
    /// Hash of the page's address as written.
    href: Option<u64>,
}

impl Unjudged {
    fn of(entry: &ParsedEntry) -> Self {
        let canonical = entry.page().map(link::canonical);
        let facts = Facts::at(entry, canonical.as_deref());
        let summary = fingerprint::words(entry.summary.as_ref());
        let content = fingerprint::words(entry.content.as_ref());
        let fingerprint =
            fingerprint::of_words(entry, canonical.as_deref().unwrap_or_default(), &summary, &content);
        let words = if summary.is_empty() { content } else { summary };
        let title = entry.title.as_deref().map(one_line).filter(|title| !title.is_empty());
        let named = title.unwrap_or_else(|| words.clone());
        Self {
            title_date: titled(&named, facts.published),
            facts,
            named,
            words,
            fingerprint,
            href: entry.page().map(short_hash),
        }
    }

    /// `own` has the keys that entries of this document share, `shared` those of all documents.
    fn judged(
        self,
        own: &BTreeSet<IdentityKey>,
        shared: &BTreeSet<IdentityKey>,
        alone: bool,
        zone: Tz,
    ) -> Candidate {
        let Facts { guid, page, .. } = self.facts;
        let but = |key: Option<IdentityKey>, of: &BTreeSet<_>| key.filter(|key| !of.contains(key));
        let facts = Facts { guid: but(guid, shared), page: but(page, shared), ..self.facts };
        // What was shared once still finds the last entry that had it: it is no vote there.
        let twins_by = [but(guid, own), but(page, own)];
        let mut keys: Vec<_> = twins_by.into_iter().flatten().chain([self.title_date]).collect();
        let is_named = facts.guid.is_some() || facts.page.is_some();
        if !is_named && !self.words.is_empty() {
            // Others may have its title and date, or its title and text: with all three it is found in any case.
            let (title, words) = (self.named.as_bytes(), self.words.as_bytes());
            keys.push(IdentityKey::new(KeyKind::TitleText, &[title, words]));
            keys.push(IdentityKey::new(KeyKind::Content, &[self.title_date.as_bytes(), words]));
        }
        let timed = facts.published.filter(|stamp| stamp.precision == Precision::Second);
        Candidate {
            keys,
            fingerprint: self.fingerprint,
            day: timed.map(|stamp| titled(&self.named, Some(stamp.end_of_day(zone)))),
            title_date: self.title_date,
            facts,
            twins_by,
            text: (!self.words.is_empty()).then(|| short_hash(&self.words)),
            long: alike::is_long(&self.words),
            alone,
            said: (self.facts.guid, self.href),
        }
    }
}

fn titled(title: &str, date: Option<Stamp>) -> IdentityKey {
    let date = date.map(|stamp| stamp.at.timestamp().to_be_bytes());
    IdentityKey::new(KeyKind::TitleDate, &[title.as_bytes(), date.as_ref().map_or(&[][..], |bytes| bytes)])
}

/// The entries of a document, ready to be matched. `zone` is the source's: its days begin and end there.
pub fn candidates(entries: &[ParsedEntry], zone: Tz) -> Vec<Candidate> {
    read(entries, zone, &Marks::default()).0
}

/// The same under what is known of the source, and which guids and addresses the document shares among entries.
pub(super) fn read(entries: &[ParsedEntry], zone: Tz, marks: &Marks) -> (Vec<Candidate>, Vec<IdentityKey>) {
    let all: Vec<Unjudged> = entries.iter().map(Unjudged::of).collect();
    let mut shared = BTreeSet::new();
    judge(&all, |entry| entry.facts.guid, same_under_one_guid, &mut shared);
    let of_guids = shared.clone();
    let guid = |entry: &Unjudged| entry.facts.guid.filter(|key| !of_guids.contains(key));
    let same = |a: &Unjudged, b: &Unjudged| {
        (guid(a).is_some() && guid(a) == guid(b)) || same_under_one_address(a, b)
    };
    judge(&all, |entry| entry.facts.page, same, &mut shared);
    let found = shared.iter().copied().collect();
    let own = shared.clone();
    shared.extend(marks.shared());
    let mut holders: BTreeMap<IdentityKey, usize> = BTreeMap::new();
    for entry in &all {
        *holders.entry(entry.title_date).or_default() += 1;
    }
    let judged = all.into_iter().map(|entry| {
        let alone = holders.get(&entry.title_date) == Some(&1);
        entry.judged(&own, &shared, alone, zone)
    });
    (judged.collect(), found)
}

/// Marks the keys that several entries have which are not the same. All of a key's entries are held
/// against the one with the least content hash, and against the least of those with a date and of those with a
/// text, since one that says nothing contradicts none: linear, and the same in any order.
fn judge(
    all: &[Unjudged],
    key: impl Fn(&Unjudged) -> Option<IdentityKey>,
    same: impl Fn(&Unjudged, &Unjudged) -> bool,
    shared: &mut BTreeSet<IdentityKey>,
) {
    let mut least: BTreeMap<IdentityKey, [Option<&Unjudged>; 3]> = BTreeMap::new();
    let order = |entry: &Unjudged| (entry.fingerprint, entry.title_date, entry.facts.guid, entry.facts.page);
    for entry in all {
        let Some(key) = key(entry) else { continue };
        let says = [true, entry.facts.published.is_some(), !entry.words.is_empty()];
        for (first, _) in least.entry(key).or_default().iter_mut().zip(says).filter(|(_, says)| *says) {
            if first.is_none_or(|first| order(entry) < order(first)) {
                *first = Some(entry);
            }
        }
    }
    for entry in all {
        let Some(key) = key(entry) else { continue };
        if least.get(&key).is_some_and(|all| all.iter().flatten().any(|first| !same(first, entry))) {
            shared.insert(key);
        }
    }
}

/// Two entries under one guid are one entry listed twice if the rest agrees: they have one title, or
/// none contradicts and one of page and date is equal too. With other titles, page and date prove nothing: there
/// are generators that give one guid, one address and one date to all they list.
fn same_under_one_guid(a: &Unjudged, b: &Unjudged) -> bool {
    let page = equal(a.facts.page.as_ref(), b.facts.page.as_ref());
    let date = same_date(a.facts.published, b.facts.published);
    match equal(a.facts.title.as_ref(), b.facts.title.as_ref()) {
        Some(true) => page == Some(true) || date == Some(true) || page.is_none() && date.is_none(),
        Some(false) => false,
        None => {
            let compared = [page, date];
            !compared.contains(&Some(false))
                && (compared.contains(&Some(true)) || a.fingerprint == b.fingerprint)
        }
    }
}

/// Two entries under one address are one entry if they have one title and no two dates, and no two texts either.
fn same_under_one_address(a: &Unjudged, b: &Unjudged) -> bool {
    let dates_agree = same_date(a.facts.published, b.facts.published) != Some(false);
    let texts_agree = a.words.is_empty() || b.words.is_empty() || a.words == b.words;
    let titles = equal(a.facts.title.as_ref(), b.facts.title.as_ref());
    dates_agree
        && texts_agree
        && (titles == Some(true) || (titles.is_none() && a.fingerprint == b.fingerprint))
}

pub(super) fn same_date(a: Option<Stamp>, b: Option<Stamp>) -> Option<bool> {
    Some(a?.agrees_with(b?))
}

fn equal<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> Option<bool> {
    Some(a? == b?)
}

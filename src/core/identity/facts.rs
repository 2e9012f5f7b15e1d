//! What one document says about its own guids and links, and the keys each entry gets after that.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use super::fingerprint::{Fingerprint, fingerprint, words};
use super::key::{IdentityKey, KeyKind, digest};
use crate::core::entry::ParsedEntry;
use crate::core::link;
use crate::core::text::one_line;
use crate::core::time::{Precision, Stamp};

/// Keys of a document that tell no entry from another, so that none may be found by them alone.
#[derive(Clone, Debug, Default)]
pub struct DocFacts {
    worthless: BTreeSet<IdentityKey>,
}

/// An entry of a document as the matching sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// Its keys, most trusted first; never empty.
    pub keys: Vec<IdentityKey>,
    /// The key of its title and its day, where it has a time of day: what it goes by in a list that says
    /// less.
    pub day: Option<IdentityKey>,
    /// Hash of the title; `None` without one.
    pub title: Option<u64>,
    /// Hash of the canonical address of its page; `None` without one.
    pub page: Option<u64>,
    /// Hash of what of that address outlives a move: the name of the file, if it holds a serial number, and
    /// all numbers.
    pub serial: Option<u64>,
    /// Its date, if it has one.
    pub published: Option<Stamp>,
    /// Its content.
    pub fingerprint: Fingerprint,
    /// What else it said of itself, worthless or not: decides between candidates that are equal in all
    /// above, so that their order in the document does not.
    pub(super) said: (Option<IdentityKey>, Option<u64>),
}

impl Candidate {
    /// The keys to record with it. One without a guid is known by its title and day too: lists show the
    /// time of what came today, and of what is older the day.
    #[must_use]
    pub fn to_record(&self) -> Vec<IdentityKey> {
        let has_guid = self.keys.iter().any(|key| key.kind() == Some(KeyKind::Guid));
        self.keys.iter().copied().chain(self.day.filter(|_| !has_guid)).collect()
    }
}

/// All an entry could be known by, before the document is judged.
struct Draft {
    guid: Option<IdentityKey>,
    link: Option<IdentityKey>,
    link_date: Option<IdentityKey>,
    title_date: IdentityKey,
    /// What that is of: the title, or the text of one without.
    named: String,
    title: Option<u64>,
    page: Option<u64>,
    serial: Option<u64>,
    published: Option<Stamp>,
    fingerprint: Fingerprint,
    /// Hash of the page's address as written.
    href: Option<u64>,
}

impl Draft {
    fn of(entry: &ParsedEntry) -> Self {
        let guid = entry.id.as_deref().map(str::trim).filter(|id| !id.is_empty());
        let page = entry.page().map(link::canonical);
        let title = entry.title.as_deref().map(one_line).filter(|title| !title.is_empty());
        let published = entry.published.or(entry.updated);
        let date = published.map(seconds);
        let date = date.as_ref().map_or(&[][..], |bytes| bytes);
        let fingerprint = fingerprint(entry);
        // An address without a path is the site's front page, whatever entry it is given to.
        let own_page = page.as_deref().filter(|page| !is_front_page(page));
        let named = title.clone().unwrap_or_else(|| words(entry.summary.as_ref().or(entry.content.as_ref())));
        Self {
            guid: guid.map(|id| IdentityKey::new(KeyKind::Guid, &[id.as_bytes()])),
            link: own_page.map(|page| IdentityKey::new(KeyKind::Link, &[page.as_bytes()])),
            link_date: page
                .as_deref()
                .filter(|_| published.is_some())
                .map(|page| IdentityKey::new(KeyKind::LinkDate, &[page.as_bytes(), date])),
            title_date: IdentityKey::new(KeyKind::TitleDate, &[named.as_bytes(), date]),
            named,
            title: title.as_deref().map(short_hash),
            page: page.as_deref().map(short_hash),
            serial: page.as_deref().and_then(serial),
            published,
            fingerprint,
            href: entry.page().map(short_hash),
        }
    }

    fn keys(&self, facts: &DocFacts) -> Vec<IdentityKey> {
        [self.guid, self.link, self.link_date]
            .into_iter()
            .flatten()
            .filter(|key| !facts.worthless.contains(key))
            .chain([self.title_date])
            .collect()
    }

    fn title_day(&self, zone: Tz) -> Option<IdentityKey> {
        let stamp = self.published.filter(|stamp| stamp.precision == Precision::Second)?;
        let day = seconds(stamp.end_of_day(zone));
        Some(IdentityKey::new(KeyKind::TitleDate, &[self.named.as_bytes(), &day]))
    }

    fn judged(self, facts: &DocFacts, zone: Tz) -> Candidate {
        Candidate {
            keys: self.keys(facts),
            day: self.title_day(zone),
            title: self.title,
            page: self.page,
            serial: self.serial,
            published: self.published,
            fingerprint: self.fingerprint,
            said: (self.guid, self.href),
        }
    }
}

fn seconds(stamp: Stamp) -> [u8; 8] {
    stamp.at.timestamp().to_be_bytes()
}

fn is_front_page(canonical: &str) -> bool {
    canonical.split_once("://").is_some_and(|(_, rest)| !rest.contains(['/', '?', '#']))
}

/// What an entry keeps of its address when its site moves: under another host or in another directory, content
/// management leaves it the number that it was filed under. A day is none, for all of that day have it; and the
/// other numbers must be those they were, or the file is of another day's directory.
fn serial(canonical: &str) -> Option<u64> {
    /// Fewer digits may be the place in a list.
    const DIGITS: usize = 5;
    let (_, rest) = canonical.split_once("://")?;
    let (_, path) = rest.split_once('/')?;
    let stem = path.find(['?', '#']).unwrap_or(path.len());
    let file = path[..stem].rfind('/').map_or(path, |slash| &path[slash + 1..]);
    let numbers = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty()).map(str::to_owned).collect()
    };
    let is_day = |run: &str| run.len() == 8 && (run.starts_with("19") || run.starts_with("20"));
    let is_serial = |run: &String| run.len() >= DIGITS && !is_day(run);
    let filed = numbers(file).iter().any(is_serial);
    filed.then(|| short_hash(&format!("{file} {}", numbers(path).join(" "))))
}

fn short_hash(text: &str) -> u64 {
    let hash = digest(&[text.as_bytes()]);
    hash[..8].iter().fold(0, |n, byte| n << 8 | u64::from(*byte))
}

impl DocFacts {
    /// Judges the guids and links of a document's entries, in any order of them.
    #[must_use]
    pub fn of(entries: &[ParsedEntry]) -> Self {
        Self::judge(&entries.iter().map(Draft::of).collect::<Vec<_>>())
    }

    fn judge(drafts: &[Draft]) -> Self {
        let mut facts = Self::default();
        facts.judge_by(drafts, |draft| draft.guid, same_under_one_guid);
        let trusted_guid = |draft: &Draft| draft.guid.filter(|key| !facts.worthless.contains(key));
        let mut links = Self::default();
        let same =
            |a: &Draft, b: &Draft| same_guid(trusted_guid(a), trusted_guid(b)) || same_under_one_link(a, b);
        links.judge_by(drafts, |draft| draft.link, same);
        links.judge_by(drafts, |draft| draft.link_date, same);
        facts.worthless.extend(links.worthless);
        facts
    }

    /// Marks the keys that several entries have which are not the same. All of a key's entries are held
    /// against the one with the least content hash: linear, and the same in any order.
    fn judge_by(
        &mut self,
        drafts: &[Draft],
        key: impl Fn(&Draft) -> Option<IdentityKey>,
        same: impl Fn(&Draft, &Draft) -> bool,
    ) {
        let mut least: BTreeMap<IdentityKey, &Draft> = BTreeMap::new();
        let order = |draft: &Draft| (draft.fingerprint, draft.title_date, draft.guid, draft.link_date);
        for draft in drafts {
            let Some(key) = key(draft) else { continue };
            let first = least.entry(key).or_insert(draft);
            if order(draft) < order(first) {
                *first = draft;
            }
        }
        for draft in drafts {
            let Some(key) = key(draft) else { continue };
            if least.get(&key).is_some_and(|first| !same(first, draft)) {
                self.worthless.insert(key);
            }
        }
    }
}

fn same_guid(a: Option<IdentityKey>, b: Option<IdentityKey>) -> bool {
    a.is_some() && a == b
}

/// Two entries under one guid are one entry listed twice if what else they say agrees: nothing
/// contradicts, or two of title, page and date are equal.
fn same_under_one_guid(a: &Draft, b: &Draft) -> bool {
    let compared = [
        equal(a.title.as_ref(), b.title.as_ref()),
        equal(a.page.as_ref(), b.page.as_ref()),
        same_date(a.published, b.published),
    ];
    let agree = compared.iter().filter(|c| **c == Some(true)).count();
    let contradict = compared.contains(&Some(false));
    a.fingerprint == b.fingerprint && !contradict || agree >= 2 || (agree == 1 && !contradict)
}

/// Two entries under one address are one entry if they have one title and no two dates.
fn same_under_one_link(a: &Draft, b: &Draft) -> bool {
    let dates_agree = same_date(a.published, b.published) != Some(false);
    let titles = equal(a.title.as_ref(), b.title.as_ref());
    dates_agree && (titles == Some(true) || (titles.is_none() && a.fingerprint == b.fingerprint))
}

pub(super) fn same_date(a: Option<Stamp>, b: Option<Stamp>) -> Option<bool> {
    Some(a?.agrees_with(b?))
}

fn equal<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> Option<bool> {
    Some(a? == b?)
}

/// The keys of one entry, most trusted first, without those its document shows to be worthless. Never
/// empty: the last is always title and date.
#[must_use]
pub fn keys(entry: &ParsedEntry, doc: &DocFacts) -> Vec<IdentityKey> {
    Draft::of(entry).keys(doc)
}

/// The entries of a document, ready to be matched: as [`DocFacts::of`] and [`keys`] for each, in one
/// pass. `zone` is the source's: its days begin and end there.
#[must_use]
pub fn candidates(entries: &[ParsedEntry], zone: Tz) -> Vec<Candidate> {
    let drafts: Vec<Draft> = entries.iter().map(Draft::of).collect();
    let facts = DocFacts::judge(&drafts);
    drafts.into_iter().map(|draft| draft.judged(&facts, zone)).collect()
}

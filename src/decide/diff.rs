//! Compares the entries of a poll with the stored state: new, changed, or known. Pure: it reads the state and
//! returns values.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry::Vacant;

use chrono::TimeDelta;
use chrono_tz::Tz;

use crate::decide::identity::{
    self, Candidate, Facts, Identified, Matched, Matching, Past, still_text, still_title,
};
use crate::decide::story::Sketch;
use crate::model::entry::{Body, ParsedEntry, ParsedFeed};
use crate::model::identity::{Fingerprint, IdentityKey, KeyKind, Marks, Vote};
use crate::model::poll_state::FeedFacts;
use crate::model::record::{ChangedEntry, PollRecord};
use crate::model::source::SourceId;
use crate::model::state::{SourceState, State};
use crate::model::stored::Decision;
use crate::model::stored::{Entry, EntryNo};
use crate::model::time::Time;
use crate::read::html;
use crate::read::link;
use crate::read::page;
use crate::read::text;

/// An entry that its source keeps rewriting is change as changed at once so often: room for a live report that is
/// corrected every half hour of a day.
const AT_ONCE: u32 = 48;
/// From then on once an hour, up to so many times, and then once in six hours: a live report stays current, and
/// a page that prints its own clock costs four entries of the journal a day.
const HOURLY: u32 = 96;

/// An entry that is not rewritten learns no more guids and addresses once it has so many: some publishers
/// make them up at each poll.
const MAX_NAMES: usize = 16;

/// A poll, ready to be recorded but for the published ids of its new entries: those are given by the
/// one writer, who alone sees what other sources claim at the same time.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    pub poll: PollRecord,
    /// The feed's own metadata, if it changed.
    pub feed: Option<FeedFacts>,
    /// New entries, in document order.
    pub new: Vec<DraftEntry>,
    /// Rewritten ones, and those that go by other keys.
    pub changed: Vec<ChangedEntry>,
    /// The sketches of the new entries, then of the changed ones, by which stories are change. An entry without
    /// one is compared with none.
    pub sketches: Vec<Sketch>,
}

impl Draft {
    /// True if it is an observation, not just a poll.
    pub fn brings_something(&self) -> bool {
        self.feed.is_some() || !self.new.is_empty() || !self.changed.is_empty()
    }
}

/// A new entry before it has its published id.
#[derive(Clone, Debug, PartialEq)]
pub struct DraftEntry {
    /// The publisher's own id, if it could be published.
    pub iri: Option<String>,
    /// The id it gets if that is taken.
    pub minted: String,
    /// The keys it is recognised by.
    pub keys: Vec<IdentityKey>,
    pub fingerprint: Fingerprint,
    pub entry: ParsedEntry,
    /// True if it stood in its source's first list, though it comes later.
    pub backlog: bool,
    /// The facts that distinguish it from a known entry with which it shares some.
    pub decision: Option<Decision>,
}

/// The difference between a read feed and the store.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// The feed's own metadata, if it changed.
    pub feed: Option<FeedFacts>,
    pub new: Vec<DraftEntry>,
    /// Rewritten ones, and those that go by other keys.
    pub changed: Vec<ChangedEntry>,
    /// The smallest number of a known entry in it; 0 if none is known, `None` if it has no entry.
    pub window_from: Option<EntryNo>,
    /// The updated marks of the source's guids and addresses.
    pub marks: Marks,
    /// True if a rewritten entry has to wait: then the document must be read again, be it the same.
    pub deferred: bool,
    /// True if the new entries stand behind the known ones; `None` where that cannot be change.
    pub grows_at_end: Option<bool>,
}

/// How a known entry that its document now has otherwise is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As it is now, as a whole.
    Whole,
    /// Only its title: what else is stored of it was read from its own page, and that is not read again.
    Followed,
}

/// The origin of a document, its time, and the rules that apply to it.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    pub source: &'a SourceId,
    pub stored: Option<&'a SourceState>,
    pub url: &'a str,
    pub manner: Manner,
    /// Zone in which the source's days begin and end.
    pub zone: Tz,
    /// Time at which the document was fetched.
    pub at: Time,
}

/// Compares a read feed with the store. Sanitises only the entries that are recorded.
pub fn findings<S: State>(state: &S, origin: Origin<'_>, parsed: &ParsedFeed) -> Result<Findings, S::Error> {
    let Origin { source, stored, url, manner, zone, at } = origin;
    let mut found = Findings { feed: changed_facts(stored, parsed), ..Findings::default() };
    let marks = stored.map(|stored| stored.poll.marks.clone()).unwrap_or_default();
    let document = Matching::new(&parsed.entries, marks, zone);
    let mut memory = Memory::default();
    // A source that never brought an entry knows no keys.
    if stored.is_some_and(|stored| stored.entries + stored.stubs > 0) {
        memory.recall(state, source, &document)?;
    }
    let Memory { hits, entries: known } = memory;
    let past = |no: u64| known.get(&no).map(|remembered| remembered.past(manner));
    let Matched { identified, candidates, marks } = document.judged(&hits, &past);
    found.marks = marks;
    found.grows_at_end = grows_at_end(&identified);
    let mut window = None;
    for ((verdict, candidate), entry) in identified.into_iter().zip(candidates).zip(&parsed.entries) {
        match verdict {
            Identified::New { key, apart } => {
                let apart = apart.and_then(|(no, votes)| Some((&known.get(&no)?.entry, votes)));
                let decision = apart.map(|(other, votes)| Decision::apart(other.id.clone(), votes));
                found.new.push(draft(source, key, candidate, clean(entry, url), decision));
            }
            Identified::Known { no, votes } => {
                window = Some(window.map_or(no, |least: EntryNo| least.min(no)));
                let Some(Remembered { entry: old, .. }) = known.get(&no) else { continue };
                let changed = if old.is_shown() && candidate.fingerprint.differs(&old.fingerprint) {
                    rewritten(old, &candidate, entry, url, manner)
                } else {
                    None
                };
                let (change, waits) = match changed {
                    Some(changed) if is_too_soon(old, at) => (None, Some(changed)),
                    changed => (changed, None),
                };
                found.deferred |= waits.is_some();
                let change = change.or_else(|| renamed(old, &candidate, &votes));
                found.changed.extend(change.map(|changed| ChangedEntry {
                    decision: (!changed.renamed).then(|| Decision::known(votes, old)),
                    ..changed
                }));
            }
            Identified::Duplicate(_) => {}
        }
    }
    found.window_from = window.or((!found.new.is_empty()).then_some(0));
    Ok(found)
}

/// True if an entry was change as changed too often to be change again now.
fn is_too_soon(old: &Entry, at: Time) -> bool {
    let pause = match old.rewrites {
        ..AT_ONCE => return false,
        AT_ONCE..HOURLY => TimeDelta::hours(1),
        HOURLY.. => TimeDelta::hours(6),
    };
    (TimeDelta::zero()..pause).contains(&(at - old.updated))
}

/// True if all new entries of a document stand behind all known ones; `None` where it has not both, or they are
/// mixed.
fn grows_at_end(identified: &[Identified]) -> Option<bool> {
    let is_new = |verdict: &Identified| match verdict {
        Identified::New { .. } => Some(true),
        Identified::Known { .. } => Some(false),
        Identified::Duplicate(_) => None,
    };
    let kinds: Vec<bool> = identified.iter().filter_map(is_new).collect();
    let changes = kinds.windows(2).filter(|pair| pair[0] != pair[1]).count();
    (changes == 1).then(|| kinds.last() == Some(&true))
}

/// The stored entries of a source, as far as a document asks for them.
#[derive(Default)]
struct Memory {
    hits: BTreeMap<IdentityKey, EntryNo>,
    entries: BTreeMap<EntryNo, Remembered>,
}

struct Remembered {
    entry: Entry,
    facts: Facts,
}

impl Remembered {
    fn past(&self, manner: Manner) -> Past<'_> {
        let Entry { fingerprint, body, .. } = &self.entry;
        Past { facts: &self.facts, fingerprint: *fingerprint, body, followed: manner == Manner::Followed }
    }
}

impl Memory {
    fn recall<S: State>(
        &mut self,
        state: &S,
        source: &SourceId,
        document: &Matching<'_>,
    ) -> Result<(), S::Error> {
        let known = state.known(source)?;
        for key in document.keys() {
            let Some(no) = known.get(&key) else { continue };
            if let Vacant(free) = self.entries.entry(no) {
                let Some(entry) = state.entry(no)? else { continue };
                let facts = Facts::of(&entry.body);
                free.insert(Remembered { entry, facts });
            }
            self.hits.insert(key, no);
        }
        Ok(())
    }
}

fn draft(
    source: &SourceId,
    key: IdentityKey,
    candidate: Candidate,
    entry: ParsedEntry,
    decision: Option<Decision>,
) -> DraftEntry {
    let mut keys = candidate.to_record();
    if !keys.contains(&key) {
        keys.push(key);
    }
    DraftEntry {
        iri: identity::original_iri(entry.id.as_deref()),
        minted: identity::minted(source, &key),
        keys,
        fingerprint: candidate.fingerprint,
        entry,
        backlog: false,
        decision,
    }
}

fn rewritten(
    old: &Entry,
    candidate: &Candidate,
    entry: &ParsedEntry,
    url: &str,
    manner: Manner,
) -> Option<ChangedEntry> {
    let keys: Vec<_> = candidate.to_record().into_iter().filter(|key| !old.keys.contains(key)).collect();
    let entry = match manner {
        Manner::Whole => {
            let entry = clean(entry, url);
            if says_no_more(&old.body, &entry) {
                return None;
            }
            entry
        }
        Manner::Followed => {
            let address = |entry: &ParsedEntry| entry.page().map(link::canonical);
            let title = entry.title.clone().filter(|title| !page::says_no_more(title, old.title()));
            let moved = address(entry) != address(&old.body);
            // What it is recognised by is learned even where nothing is to be change: a list that moved
            // would come again as new.
            if title.is_none() && !moved && keys.is_empty() {
                return None;
            }
            let links = if moved { entry.links.clone() } else { old.body.links.clone() };
            let title = title.or_else(|| old.body.title.clone());
            ParsedEntry { title, links, ..old.body.clone() }
        }
    };
    let (published_id, fingerprint) = (old.id.clone(), candidate.fingerprint);
    Some(ChangedEntry { published_id, keys, fingerprint, entry, renamed: false, decision: None })
}

/// True if an entry says what it said before, but for what ticks in it: counters, clocks, advertisements.
fn says_no_more(before: &ParsedEntry, now: &ParsedEntry) -> bool {
    let title = |entry: &ParsedEntry| text::one_line(entry.title.as_deref().unwrap_or_default());
    let page = |entry: &ParsedEntry| entry.page().map(link::canonical);
    let same_titles = |a: &str, b: &str| a == b || still_title(a) == still_title(b);
    let same_texts = |a: &str, b: &str| a == b || still_text(a) == still_text(b);
    let same_words = |a: &Option<Body>, b: &Option<Body>| {
        same_texts(&identity::words(a.as_ref()), &identity::words(b.as_ref()))
    };
    same_titles(&title(before), &title(now))
        && page(before) == page(now)
        && same_words(&before.summary, &now.summary)
        && same_words(&before.content, &now.content)
}

/// The guid and the address that an entry has since its site moved, where there is nothing to tell of it.
/// Only the list that is all new is known to have moved: by its next poll those of other entries are known,
/// and what has not learned its own would come as new, be it withdrawn or expired.
fn renamed(old: &Entry, candidate: &Candidate, votes: &[Vote]) -> Option<ChangedEntry> {
    let names = |key: &IdentityKey| matches!(key.kind(), Some(KeyKind::Guid | KeyKind::Link));
    let has = old.keys.iter().filter(|key| names(key)).count();
    let by_name = votes.iter().any(|vote| matches!(vote, Vote::SameGuid | Vote::SameAddress));
    if by_name || has >= MAX_NAMES {
        return None;
    }
    let keys: Vec<_> =
        candidate.keys.iter().copied().filter(|key| names(key) && !old.keys.contains(key)).collect();
    (!keys.is_empty()).then(|| ChangedEntry {
        published_id: old.id.clone(),
        keys,
        fingerprint: old.fingerprint,
        entry: old.body.clone(),
        renamed: true,
        decision: None,
    })
}

/// The entry with its HTML made safe to display. Relative links in it start where the entry says, else at
/// its page, else at the feed.
fn clean(entry: &ParsedEntry, url: &str) -> ParsedEntry {
    let mut entry = entry.clone();
    let base = entry.base.take().or_else(|| entry.page().map(str::to_owned));
    let base = base.as_deref().unwrap_or(url);
    for body in [&mut entry.summary, &mut entry.content].into_iter().flatten() {
        if let Body::Html(markup) = body {
            *markup = html::sanitise(markup, Some(base));
        }
    }
    entry
}

/// The feed's facts about itself, if they differ from the stored ones. A source's first reading always gives some:
/// they record that it was read.
fn changed_facts(stored: Option<&SourceState>, parsed: &ParsedFeed) -> Option<FeedFacts> {
    let home = parsed.links.iter().find(|l| l.rel == "alternate").map(|l| l.href.clone());
    let facts = FeedFacts {
        id: parsed.id.clone().filter(|id| identity::original_iri(Some(id)).is_some()),
        title: parsed.title.clone(),
        home,
        rights: parsed.rights.clone(),
        language: parsed.language.clone(),
    };
    stored.is_none_or(|s| !s.seeded || s.facts != facts).then_some(facts)
}

#[cfg(test)]
mod tests;

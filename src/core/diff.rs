//! The decider between parser and store: of what a poll read, what is new, what changed, and what is
//! known already. Pure: it asks the state and answers with values.

use std::collections::BTreeMap;

use chrono_tz::Tz;

use super::entry::{Body, ParsedEntry, ParsedFeed};
use super::html;
use super::identity::{self, Candidate, Fingerprint, IdentityKey, KeyKind, KnownEntry, Verdict};
use super::link;
use super::page;
use super::record::{ChangedEntry, FeedFacts, PollRecord};
use super::source::SourceId;
use super::state::{Entry, EntryNo, SourceState, State};
use super::story::Sketch;

/// An entry that its source keeps rewriting is told as changed at most this often; 24 leaves room for a
/// live report that is corrected every hour of a day, and quiets a page that prints its own clock.
const MAX_REWRITES: u32 = 24;

/// An entry that is not rewritten learns no more guids and addresses once it has so many: some publishers
/// make them up at each poll.
const MAX_NAMES: usize = 16;

/// A poll, ready to be recorded but for the published ids of its new entries: those are given by the
/// one writer, who alone sees what other sources claim at the same time.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The poll.
    pub poll: PollRecord,
    /// What the feed says of itself, if that changed.
    pub feed: Option<FeedFacts>,
    /// New entries, in document order.
    pub new: Vec<DraftEntry>,
    /// Rewritten ones, and those that go by other keys.
    pub changed: Vec<ChangedEntry>,
    /// The sketches of the new entries, then of the changed ones, by which stories are told. An entry without
    /// one is compared with none.
    pub sketches: Vec<Sketch>,
}

impl Draft {
    /// Whether it is an observation, not just a poll.
    #[must_use]
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
    /// Fingerprint of its text.
    pub fingerprint: Fingerprint,
    /// The entry, sanitised.
    pub entry: ParsedEntry,
    /// Whether it stood in its source's first list, though it comes later.
    pub backlog: bool,
}

/// What a read feed brings, against what is stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// What the feed says of itself, if that changed.
    pub feed: Option<FeedFacts>,
    /// New entries.
    pub new: Vec<DraftEntry>,
    /// Rewritten ones, and those that go by other keys.
    pub changed: Vec<ChangedEntry>,
    /// The smallest number of a known entry in it; 0 if none is known, `None` if it has no entry.
    pub window_from: Option<EntryNo>,
}

/// How a known entry that its document now has otherwise is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As it is now, as a whole.
    Whole,
    /// Only its title: what else is stored of it was read from its own page, and that is not read again.
    Followed,
}

/// What of a read feed, which came from `url`, is new to the store, or changed. Only what is recorded is
/// sanitised. `zone` is where the source's days begin and end.
///
/// # Errors
/// When the state cannot be read.
pub fn findings<S: State>(
    state: &S,
    source: &SourceId,
    stored: Option<&SourceState>,
    parsed: &ParsedFeed,
    url: &str,
    manner: Manner,
    zone: Tz,
) -> Result<Findings, S::Error> {
    let mut found = Findings { feed: changed_facts(stored, parsed), ..Findings::default() };
    let candidates = identity::candidates(&parsed.entries, zone);
    // A source that never brought an entry knows no keys.
    let known = stored.is_some_and(|stored| stored.entries + stored.stubs > 0);
    let mut memory = Memory { state, source, zone, entries: BTreeMap::new(), failed: None };
    let mut recall = |key: &IdentityKey| if known { memory.recall(key) } else { None };
    let verdicts = identity::match_known(&candidates, &mut recall);
    let Memory { entries: known, failed, .. } = memory;
    if let Some(error) = failed {
        return Err(error);
    }
    let mut window = None;
    for ((verdict, candidate), entry) in verdicts.into_iter().zip(candidates).zip(&parsed.entries) {
        match verdict {
            Verdict::New { key } => found.new.push(draft(source, key, candidate, clean(entry, url))),
            Verdict::Known { no, by } => {
                window = Some(window.map_or(no, |least: EntryNo| least.min(no)));
                let Some(old) = known.get(&no) else { continue };
                let quiet = old.rewrites >= MAX_REWRITES || !old.is_shown();
                found.changed.extend(if quiet || !candidate.fingerprint.differs(&old.fingerprint) {
                    renamed(old, &candidate, by)
                } else {
                    rewritten(old, candidate, entry, url, manner)
                });
            }
            Verdict::Duplicate(_) => {}
        }
    }
    found.window_from = window.or((!found.new.is_empty()).then_some(0));
    Ok(found)
}

/// What is stored of a source's entries, as far as a document asks for it.
struct Memory<'a, S: State> {
    state: &'a S,
    source: &'a SourceId,
    zone: Tz,
    entries: BTreeMap<EntryNo, Entry>,
    /// The first question the state could not answer: the answers after it mean nothing.
    failed: Option<S::Error>,
}

impl<S: State> Memory<'_, S> {
    fn recall(&mut self, key: &IdentityKey) -> Option<KnownEntry> {
        if self.failed.is_some() {
            return None;
        }
        match self.look_up(key) {
            Ok(known) => known,
            Err(error) => {
                self.failed = Some(error);
                None
            }
        }
    }

    fn look_up(&mut self, key: &IdentityKey) -> Result<Option<KnownEntry>, S::Error> {
        let Some(no) = self.state.known(self.source, key)? else { return Ok(None) };
        if !self.entries.contains_key(&no) {
            let Some(entry) = self.state.entry(no)? else { return Ok(None) };
            self.entries.insert(no, entry);
        }
        let body = &self.entries[&no].body;
        Ok(identity::candidates(std::slice::from_ref(body), self.zone).pop().map(|was| KnownEntry {
            no,
            title: was.title,
            page: was.page,
            serial: was.serial,
            published: was.published,
        }))
    }
}

fn draft(source: &SourceId, key: IdentityKey, candidate: Candidate, entry: ParsedEntry) -> DraftEntry {
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
    }
}

fn rewritten(
    old: &Entry,
    candidate: Candidate,
    entry: &ParsedEntry,
    url: &str,
    manner: Manner,
) -> Option<ChangedEntry> {
    let keys: Vec<_> = candidate.to_record().into_iter().filter(|key| !old.keys.contains(key)).collect();
    let entry = match manner {
        Manner::Whole => clean(entry, url),
        Manner::Followed => {
            let address = |entry: &ParsedEntry| entry.page().map(link::canonical);
            let title = entry.title.clone().filter(|title| !page::says_no_more(title, old.title()));
            let moved = address(entry) != address(&old.body);
            // What it is recognised by is learned even where nothing is to be told: a list that moved
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
    Some(ChangedEntry { published_id, keys, fingerprint, entry, renamed: false })
}

/// The guid and the address that an entry has since its site moved, where there is nothing to tell of it.
/// Only the list that is all new is known to have moved: by its next poll those of other entries are known,
/// and what has not learned its own would come as new, be it withdrawn or expired.
fn renamed(old: &Entry, candidate: &Candidate, by: KeyKind) -> Option<ChangedEntry> {
    let names = |key: &IdentityKey| matches!(key.kind(), Some(KeyKind::Guid | KeyKind::Link));
    let has = old.keys.iter().filter(|key| names(key)).count();
    if by != KeyKind::TitleDate || has >= MAX_NAMES {
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

/// What the feed says of itself, if that differs from what is stored. A source's first reading always
/// tells something: that it has been read.
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

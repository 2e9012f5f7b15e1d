//! Deltas: the entries of a feed that changed since a state that a reader has (RFC 3229, `A-IM: feed`). Every
//! change of an entry's bytes counts: of the entry, of the reports it links to, and of the titles of their sources.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::paths::ViewKey;
use super::{Renderer, Version, selection};
use crate::ledger::store::{Store, StoreError};
use crate::model::source::SourceId;
use crate::model::state::{FeedState, Meta, State};
use crate::model::stored::Entry;
use crate::views::document::FeedDoc;
use crate::views::page::{Mark, Page};

/// The most cached deltas. Readers that poll at one pace name the same few states of a feed.
const MAX_DELTAS: usize = 256;

/// The most octets of cached deltas: a client that names every state there ever was cannot fill the memory.
const MAX_OCTETS: usize = 16 << 20;

/// Rendered deltas, by path and state. Each is valid until the view changes.
#[derive(Default)]
pub(super) struct DeltaCache(Mutex<ByState>);

#[derive(Default)]
struct ByState {
    pages: HashMap<(String, u64), (Version, Arc<Page>)>,
    octets: usize,
}

/// The state that a feed rendered now shows.
pub(super) fn mark(meta: &Meta, state: Option<&FeedState>) -> Mark {
    Mark {
        generation: Mark::generation(meta.instance.as_bytes(), &meta.config),
        seq: state.map_or(0, |state| state.changed_seq),
    }
}

impl Renderer {
    /// The delta of the feed at a path; `None` if `since` is no state of this feed.
    pub(super) fn since(&self, path: &str, since: Mark) -> Option<Arc<Page>> {
        let key = self.key(path).ok()?;
        self.delta_of(path, &key, since)
            .inspect_err(|error| tracing::error!(%error, path, "a delta cannot be rendered"))
            .ok()
            .flatten()
    }

    fn delta_of(&self, path: &str, key: &ViewKey, since: Mark) -> Result<Option<Arc<Page>>, StoreError> {
        let ViewKey::Feed(feed, format) = key else { return Ok(None) };
        let version = self.version(key);
        let place = (path.to_owned(), since.seq);
        if let Some((_, page)) = self.deltas.lock().pages.get(&place).filter(|(of, _)| *of == version) {
            return Ok(Some(Arc::clone(page)));
        }
        let whole = self.doc(feed)?;
        let (now, doc) = &whole.value;
        if since.generation != now.generation || since.seq > now.seq || !format.is_feed {
            return Ok(None);
        }
        let mut doc = doc.clone();
        keep_news(&self.store.load(), since.seq, &mut doc)?;
        let page = Arc::new(self.render_feed(&doc, format, Some(*now)));
        self.deltas.lock().keep(place, version, &page);
        Ok(Some(page))
    }
}

impl DeltaCache {
    fn lock(&self) -> MutexGuard<'_, ByState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ByState {
    fn keep(&mut self, place: (String, u64), version: Version, page: &Arc<Page>) {
        if self.pages.len() >= MAX_DELTAS || self.octets + page.octets() > MAX_OCTETS {
            *self = Self::default();
        }
        let before = self.pages.insert(place, (version, Arc::clone(page)));
        self.octets += page.octets();
        self.octets -= before.map_or(0, |(_, page)| page.octets());
    }
}

/// Leaves only the entries and withdrawals that changed after the state `since`.
fn keep_news(store: &Store, since: u64, doc: &mut FeedDoc) -> Result<(), StoreError> {
    let mut news = News { store, since, sources: HashMap::new() };
    let mut entries = Vec::new();
    for entry in doc.entries.drain(..) {
        if news.is_in(&entry.id)? {
            entries.push(entry);
        }
    }
    doc.entries = entries;
    let mut withdrawn = Vec::new();
    for (id, at) in doc.withdrawn.drain(..) {
        let entry = store.owner(&id)?.map(|no| store.entry(no)).transpose()?.flatten();
        if entry.is_none_or(|entry| entry.told_at() > since) {
            withdrawn.push((id, at));
        }
    }
    doc.withdrawn = withdrawn;
    Ok(())
}

struct News<'a> {
    store: &'a Store,
    since: u64,
    /// True for sources whose own titles changed.
    sources: HashMap<SourceId, bool>,
}

impl News<'_> {
    fn is_in(&mut self, id: &str) -> Result<bool, StoreError> {
        // An entry that is gone between two reads counts as changed: better sent twice than not at all.
        let Some(no) = self.store.owner(id)? else { return Ok(true) };
        let Some(entry) = self.store.entry(no)? else { return Ok(true) };
        if self.changed(&entry)? {
            return Ok(true);
        }
        let founder = entry.story.as_ref().map_or(no, |story| story.founder);
        for (no, _) in self.store.members(founder, selection::REPORTS)? {
            if let Some(report) = self.store.entry(no)?
                && self.changed(&report)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn changed(&mut self, entry: &Entry) -> Result<bool, StoreError> {
        if entry.told_at() > self.since {
            return Ok(true);
        }
        if let Some(changed) = self.sources.get(&entry.source) {
            return Ok(*changed);
        }
        let changed = self.store.source(&entry.source)?.is_some_and(|source| source.facts_seq > self.since);
        self.sources.insert(entry.source.clone(), changed);
        Ok(changed)
    }
}

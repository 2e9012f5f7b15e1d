//! What is new in a feed since a state that a reader has (RFC 3229, `A-IM: feed`). Whatever changed the
//! bytes of an entry counts: itself, the reports it links to, and what their sources say of themselves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::paths::ViewKey;
use super::{Publisher, Version, stories};
use crate::ledger::store::{Store, StoreError};
use crate::model::source::SourceId;
use crate::model::state::{FeedState, Meta, State};
use crate::model::stored::Entry;
use crate::views::document::FeedDoc;
use crate::views::page::{Mark, Page};
use crate::views::site::Face;

/// Deltas kept. Readers of one feed that poll at one pace name the same few states of it.
const KEPT: usize = 256;

/// And their octets: whoever names every state there ever was is answered, and fills no memory.
const OCTETS: usize = 16 << 20;

/// Rendered deltas, by view and state; each is of use until the view changes.
#[derive(Default)]
pub(super) struct Kept(Mutex<ByState>);

#[derive(Default)]
struct ByState {
    pages: HashMap<(ViewKey, u64), (Version, Arc<Page>)>,
    octets: usize,
}

/// What a feed that is rendered now shows the state as of.
pub(super) fn mark(meta: &Meta, state: Option<&FeedState>) -> Mark {
    Mark {
        generation: Mark::generation(meta.instance.as_bytes(), &meta.config),
        seq: state.map_or(0, |state| state.changed_seq),
    }
}

impl Publisher {
    /// The feed at a path with what came after `since`; `None` for a state that is not one of this feed.
    pub(super) fn since(&self, path: &str, since: Mark) -> Option<Arc<Page>> {
        let key = self.key(path).ok()?;
        self.delta_of(&key, since)
            .inspect_err(|error| tracing::error!(%error, path, "a delta cannot be rendered"))
            .ok()
            .flatten()
    }

    fn delta_of(&self, key: &ViewKey, since: Mark) -> Result<Option<Arc<Page>>, StoreError> {
        let ViewKey::Feed(feed, face) = key else { return Ok(None) };
        let version = self.version(key);
        let place = (key.clone(), since.seq);
        if let Some((_, page)) = self.deltas.lock().pages.get(&place).filter(|(of, _)| *of == version) {
            return Ok(Some(Arc::clone(page)));
        }
        let whole = self.doc(feed)?;
        let (now, doc) = &whole.value;
        if since.generation != now.generation || since.seq > now.seq || *face == Face::Html {
            return Ok(None);
        }
        let mut doc = doc.clone();
        keep_news(&self.store.load(), since.seq, &mut doc)?;
        let page = Arc::new(self.render_feed(&doc, *face, Some(*now)));
        self.deltas.lock().keep(place, version, &page);
        Ok(Some(page))
    }
}

impl Kept {
    fn lock(&self) -> MutexGuard<'_, ByState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ByState {
    fn keep(&mut self, place: (ViewKey, u64), version: Version, page: &Arc<Page>) {
        if self.pages.len() >= KEPT || self.octets + page.octets() > OCTETS {
            *self = Self::default();
        }
        let before = self.pages.insert(place, (version, Arc::clone(page)));
        self.octets += page.octets();
        self.octets -= before.map_or(0, |(_, page)| page.octets());
    }
}

/// Keeps the entries and withdrawals that a reader of the state as of `since` does not have as they are.
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
    /// Whether a source's own titles changed.
    sources: HashMap<SourceId, bool>,
}

impl News<'_> {
    fn is_in(&mut self, id: &str) -> Result<bool, StoreError> {
        // An entry that is gone between two reads is news: better told twice than not.
        let Some(no) = self.store.owner(id)? else { return Ok(true) };
        let Some(entry) = self.store.entry(no)? else { return Ok(true) };
        if self.changed(&entry)? {
            return Ok(true);
        }
        let founder = entry.story.as_ref().map_or(no, |story| story.founder);
        for (no, _) in self.store.members(founder, stories::REPORTS)? {
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

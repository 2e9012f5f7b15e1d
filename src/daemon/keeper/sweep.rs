//! One walk over all entries, the oldest first, that finds those that expire. It may stop anywhere and go
//! on later: what it decides holds for the moment it is decided at.

use std::collections::BTreeMap;

use crate::decide::retention::{Fate, Policy, fate};
use crate::ledger::store::{Store, StoreError};
use crate::model::feed_key::FeedKey;
use crate::model::record::Expiry;
use crate::model::source::SourceId;
use crate::model::state::{Rank, SourceState, State};
use crate::model::stored::EntryNo;
use crate::model::time::Time;

/// The most entries that one record takes away: applied about as fast as a large observation.
const STEP: usize = 250;
/// Entries read at a time.
const PAGE: usize = 500;
/// Young entries in a row after which only young ones follow. A clock that was ahead for a while leaves
/// some that seem young among the old.
const YOUNG: usize = 5_000;

/// A walk over the entries of a store.
pub struct Sweep {
    policy: Policy,
    now: Time,
    next: EntryNo,
    young: usize,
    /// [`YOUNG`], but for tests.
    enough: usize,
    over: bool,
    /// The last place that the floor protects in a feed; `None` where it has fewer entries.
    floors: BTreeMap<FeedKey, Option<Rank>>,
    sources: BTreeMap<SourceId, Option<SourceState>>,
}

impl Sweep {
    /// A walk that judges by the policy at an instant.
    #[must_use]
    pub fn new(policy: Policy, now: Time) -> Self {
        let (floors, sources) = (BTreeMap::new(), BTreeMap::new());
        Self { policy, now, next: 0, young: 0, enough: YOUNG, over: false, floors, sources }
    }

    /// Whether every entry was looked at.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Goes on for a bounded number of entries, and returns those that are to expire and to be forgotten.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn step(&mut self, store: &Store) -> Result<Expiry, StoreError> {
        let mut found = Expiry { at: self.now, ..Expiry::default() };
        // A poll between two steps may have moved a document back.
        self.sources.clear();
        let page = store.entries_from(self.next, PAGE)?;
        self.over = page.len() < PAGE;
        for (no, entry) in page {
            if found.entries.len() + found.forgotten.len() == STEP {
                self.over = false;
                return Ok(found);
            }
            self.next = no + 1;
            if !self.sources.contains_key(&entry.source) {
                self.sources.insert(entry.source.clone(), store.source(&entry.source)?);
            }
            let source = self.sources[&entry.source].as_ref();
            let (floors, keep) = (&mut self.floors, self.policy.keep_at_least);
            let mut newest = |feed| floor(floors, store, feed, keep);
            let fate = fate(self.policy, self.now, (no, &entry), source, &mut newest)?;
            self.young = if fate == Fate::Young { self.young + 1 } else { 0 };
            match fate {
                Fate::Expires => found.entries.push(entry.id),
                Fate::Forgotten => found.forgotten.push(entry.id),
                Fate::Young | Fate::Stays => {}
            }
        }
        self.over |= self.young >= self.enough;
        Ok(found)
    }
}

/// Looked up once a walk: what expires meanwhile stands behind it, and what comes only moves it up.
fn floor(
    floors: &mut BTreeMap<FeedKey, Option<Rank>>,
    store: &Store,
    feed: FeedKey,
    keep: usize,
) -> Result<Option<Rank>, StoreError> {
    if let Some(known) = floors.get(&feed) {
        return Ok(*known);
    }
    let protected = store.list(&feed, None, keep)?;
    let last = protected.last().map(|(rank, _)| *rank).filter(|_| protected.len() == keep);
    floors.insert(feed, last);
    Ok(last)
}

#[cfg(test)]
mod tests;

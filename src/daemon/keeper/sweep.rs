//! One pass over all entries, oldest first, that finds those to expire. The caller may stop it after any step
//! and go on later: each decision holds for the moment of its step.

use std::collections::BTreeMap;

use crate::decide::retention::{Policy, RetentionDecision, decide};
use crate::ledger::store::{Store, StoreError};
use crate::model::feed_key::FeedKey;
use crate::model::record::Expiry;
use crate::model::source::SourceId;
use crate::model::state::{Rank, SourceState, State};
use crate::model::stored::EntryNo;
use crate::model::time::Time;

/// The maximum number of entries in one expiry record: `apply` takes about as long as for a large observation.
pub(in crate::daemon) const STEP: usize = 250;
/// The number of entries read at a time.
pub(in crate::daemon) const PAGE: usize = 500;
/// The number of consecutive young entries after which the sweep ends. One is not enough: a clock that was
/// ahead for a while leaves some entries that seem young among the old ones.
const YOUNG: usize = 5_000;

pub struct Sweep {
    policy: Policy,
    now: Time,
    next: EntryNo,
    young: usize,
    /// [`YOUNG`]; tests set a smaller number.
    enough: usize,
    over: bool,
    /// The last rank that `keep_at_least` protects in a feed; `None` if the feed has fewer entries.
    floors: BTreeMap<FeedKey, Option<Rank>>,
    sources: BTreeMap<SourceId, Option<SourceState>>,
}

impl Sweep {
    pub fn new(policy: Policy, now: Time) -> Self {
        let (floors, sources) = (BTreeMap::new(), BTreeMap::new());
        Self { policy, now, next: 0, young: 0, enough: YOUNG, over: false, floors, sources }
    }

    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Checks a bounded number of entries, and returns those to expire and those to forget.
    pub fn step(&mut self, store: &Store) -> Result<Expiry, StoreError> {
        let mut found = Expiry { at: self.now, ..Expiry::default() };
        // A poll between two steps may have brought older entries back into a document.
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
            let decision = decide(self.policy, self.now, (no, &entry), source, &mut newest)?;
            self.young = if decision == RetentionDecision::Young { self.young + 1 } else { 0 };
            match decision {
                RetentionDecision::Expires => found.entries.push(entry.id),
                RetentionDecision::Forgotten => found.forgotten.push(entry.id),
                RetentionDecision::Young | RetentionDecision::Stays => {}
            }
        }
        self.over |= self.young >= self.enough;
        Ok(found)
    }
}

/// Looked up once a sweep and feed. Entries that expire meanwhile rank below it, and new entries only raise it.
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

//! What is lately read of the story index, in memory. An entry's story is looked for under dozens of
//! keys, nearly always among the entries of the last days: from sled that took a millisecond and more an
//! entry, from here some tens of microseconds. A mirror of what the backend holds, never ahead of it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::StoreError;
use crate::core::state::{Change, EntryNo};
use crate::core::story::{Lookup, MAX_MEMBERS, Sketch, StoryKey};

/// What is filed in one era: the story of each key and entry.
pub(super) type Filed = BTreeMap<(StoryKey, EntryNo), EntryNo>;

/// Rows of the index kept, at some sixty octets each. Days of a thousand busy sources fit, and the
/// thinly filled eras of old entries beside them.
const ROWS: usize = 1_000_000;
/// Eras kept whatever their size: an entry looks into two.
const ERAS: usize = 2;
/// Sketches kept, a kilobyte each at most.
const SKETCHES: usize = 40_000;

#[derive(Default)]
pub(super) struct Recent {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    eras: BTreeMap<u16, Filed>,
    /// Eras in the order they were last asked for.
    order: Vec<u16>,
    sketches: BTreeMap<EntryNo, Arc<Sketch>>,
    /// The first entries that joined a story, by its founder.
    joined: BTreeMap<EntryNo, Vec<EntryNo>>,
}

impl Recent {
    /// The answer to a lookup in an era, which `load` reads if it is not here.
    pub(super) fn near(
        &self,
        era: u16,
        lookup: &Lookup,
        limit: usize,
        load: impl FnOnce() -> Result<Filed, StoreError>,
    ) -> Result<Vec<EntryNo>, StoreError> {
        let mut kept = self.lock();
        if let Entry::Vacant(place) = kept.eras.entry(era) {
            place.insert(load()?);
        }
        kept.asked_for(era);
        let filed = &kept.eras[&era];
        let before = filed.range((lookup.from, 0)..=(lookup.at, EntryNo::MAX)).rev().take(limit);
        let after = filed.range((lookup.at, EntryNo::MAX)..=(lookup.to, EntryNo::MAX)).take(limit);
        Ok(before.chain(after).map(|(_, founder)| *founder).collect())
    }

    pub(super) fn sketch(&self, no: EntryNo) -> Option<Arc<Sketch>> {
        self.lock().sketches.get(&no).map(Arc::clone)
    }

    pub(super) fn keep_sketch(&self, no: EntryNo, sketch: &Arc<Sketch>) {
        self.lock().keep_sketch(no, sketch);
    }

    /// The first entries that joined a story, which `load` reads if they are not here.
    pub(super) fn joined(
        &self,
        founder: EntryNo,
        load: impl FnOnce() -> Result<Vec<EntryNo>, StoreError>,
    ) -> Result<Vec<EntryNo>, StoreError> {
        let mut kept = self.lock();
        if let Entry::Vacant(place) = kept.joined.entry(founder) {
            place.insert(load()?);
        }
        let joined = kept.joined[&founder].clone();
        while kept.joined.len() > SKETCHES {
            kept.joined.pop_first();
        }
        Ok(joined)
    }

    /// Takes over what was written. An era that is not here stays out until it is asked for.
    pub(super) fn follow(&self, changes: &[Change]) {
        let mut kept = self.lock();
        for change in changes {
            match change {
                Change::Filed(key, no, founder) => {
                    if let Some(filed) = key.era().and_then(|era| kept.eras.get_mut(&era)) {
                        filed.insert((*key, *no), *founder);
                    }
                }
                Change::Unfiled(key, no) => {
                    if let Some(filed) = key.era().and_then(|era| kept.eras.get_mut(&era)) {
                        filed.remove(&(*key, *no));
                    }
                }
                Change::Joined(founder, no) => {
                    let joined = kept.joined.get_mut(founder);
                    if let Some(joined) = joined.filter(|j| j.len() < MAX_MEMBERS && !j.contains(no)) {
                        joined.push(*no);
                    }
                }
                Change::Unsketched(no) => {
                    kept.sketches.remove(no);
                }
                // Which member comes into its place among the first is the backend's to say.
                Change::Parted(founder, _) => {
                    kept.joined.remove(founder);
                }
                Change::Sketch(no, sketch) => kept.keep_sketch(*no, sketch),
                _ => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn asked_for(&mut self, era: u16) {
        if self.order.last() == Some(&era) {
            return;
        }
        self.order.retain(|other| *other != era);
        self.order.push(era);
        while self.order.len() > ERAS && self.eras.values().map(BTreeMap::len).sum::<usize>() > ROWS {
            let oldest = self.order.remove(0);
            self.eras.remove(&oldest);
        }
    }

    fn keep_sketch(&mut self, no: EntryNo, sketch: &Arc<Sketch>) {
        self.sketches.insert(no, Arc::clone(sketch));
        // Stories are told within days: the oldest entries are the least likely to be asked for.
        while self.sketches.len() > SKETCHES {
            self.sketches.pop_first();
        }
    }
}

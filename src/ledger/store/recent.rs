//! What is lately read of the story index, in memory. An entry's story is looked for under dozens of
//! keys, nearly always among the entries of the last days: from sled that took a millisecond and more an
//! entry, from here some tens of microseconds. A mirror of what the backend holds, never ahead of it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::StoreError;
use crate::core::state::{Change, EntryNo};
use crate::core::story::{Lookup, MAX_MEMBERS, Sketch, StoryKey};

/// What is filed in one era. A thousand busy sources file four million keys in one, so a key is kept in
/// sixteen octets: its stem, its minute, and the low half of the entry's number, which no two entries of
/// one era share.
#[derive(Default)]
pub(super) struct Era {
    keys: BTreeSet<(u64, u32, u32)>,
    founders: HashMap<u32, EntryNo>,
}

impl Era {
    /// Files an entry under stems and minutes.
    pub(super) fn file(&mut self, no: EntryNo, founder: EntryNo, keys: impl IntoIterator<Item = (u64, u32)>) {
        self.founders.insert(low(no), founder);
        self.keys.extend(keys.into_iter().map(|(stem, minute)| (stem, minute, low(no))));
    }

    fn unfile(&mut self, no: EntryNo, keys: impl IntoIterator<Item = (u64, u32)>) {
        self.founders.remove(&low(no));
        for (stem, minute) in keys {
            self.keys.remove(&(stem, minute, low(no)));
        }
    }

    fn near(&self, lookup: &Lookup, limit: usize) -> Vec<EntryNo> {
        let stem = lookup.at.stem();
        let (from, at, to) = (lookup.from.minute(), lookup.at.minute(), lookup.to.minute());
        let before = self.keys.range((stem, from, 0)..=(stem, at, u32::MAX)).rev().take(limit);
        let behind = (Bound::Excluded((stem, at, u32::MAX)), Bound::Included((stem, to, u32::MAX)));
        let found = before.chain(self.keys.range(behind).take(limit));
        found.filter_map(|(_, _, low)| self.founders.get(low)).copied().collect()
    }
}

fn low(no: EntryNo) -> u32 {
    no as u32
}

/// Keys of the index kept, at some twenty-five octets each. Days of a thousand busy sources fit, and the
/// thinly filled eras of old entries beside them.
const ROWS: usize = 1_000_000;
/// Eras kept whatever their size: an entry looks into two.
const ERAS: usize = 2;
/// Sketches kept, a kilobyte each at most.
const SKETCHES: usize = 20_000;

#[derive(Default)]
pub(super) struct Recent {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    eras: BTreeMap<u16, Era>,
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
        load: impl FnOnce() -> Result<Era, StoreError>,
    ) -> Result<Vec<EntryNo>, StoreError> {
        let mut kept = self.lock();
        if let Entry::Vacant(place) = kept.eras.entry(era) {
            place.insert(load()?);
        }
        kept.asked_for(era);
        Ok(kept.eras[&era].near(lookup, limit))
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
                Change::Filed(no, founder, keys) => {
                    if let Some((era, keys)) = kept.era_of(keys) {
                        era.file(*no, *founder, keys);
                    }
                }
                Change::Unfiled(no, keys) => {
                    if let Some((era, keys)) = kept.era_of(keys) {
                        era.unfile(*no, keys);
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
    /// The era that an entry with these keys is filed in, if it is here, and the keys of it.
    fn era_of<'a>(
        &'a mut self,
        keys: &'a [StoryKey],
    ) -> Option<(&'a mut Era, impl Iterator<Item = (u64, u32)>)> {
        let era = self.eras.get_mut(&keys.iter().find_map(StoryKey::era)?)?;
        let of_era = keys.iter().filter(|key| key.era().is_some());
        Some((era, of_era.map(|key| (key.stem(), key.minute()))))
    }

    fn asked_for(&mut self, era: u16) {
        if self.order.last() == Some(&era) {
            return;
        }
        self.order.retain(|other| *other != era);
        self.order.push(era);
        while self.order.len() > ERAS && self.eras.values().map(|era| era.keys.len()).sum::<usize>() > ROWS {
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

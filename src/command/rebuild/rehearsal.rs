//! The journal under the rules of a configuration, beside the store as it is. Changes nothing: the replay is kept in
//! memory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Difference;
use crate::decide::rules::Rules;
use crate::ledger::journal::Losses;
use crate::ledger::store::{Store, StoreError};
use crate::ledger::{self, LedgerError, Replay};
use crate::model::feed_key::FeedKey;
use crate::model::region::RegionId;
use crate::model::state::State;

/// The part of an entry that rules decide, and its title to know it by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derived {
    pub regions: Vec<RegionId>,
    /// The published id of the entry whose story it joined.
    pub story: Option<String>,
    pub title: String,
}

/// Every entry that is shown anywhere, by its published id.
pub(super) type EntriesById = BTreeMap<String, Derived>;

/// The journal of a state directory, replayed under some rules.
#[derive(Debug)]
pub(super) struct Rehearsed {
    pub(super) entries: EntriesById,
    /// The position of its last line.
    seq: u64,
    /// The parts of it that cannot be read.
    unread: Losses,
}

/// Replays the journal of a state directory under some rules.
pub(super) fn rehearse(state_dir: &Path, rules: &Rules) -> Result<Rehearsed, LedgerError> {
    let mut replay = Replay::of(state_dir, rules)?;
    if !replay.losses.is_empty() {
        // What seemed torn may have been a write under way, by a daemon that runs.
        replay = Replay::of(state_dir, rules)?;
    }
    let Replay { store, losses } = replay;
    let seq = store.meta()?.map_or(0, |meta| meta.seq);
    Ok(Rehearsed { entries: entries(&store)?, seq, unread: losses })
}

impl Rehearsed {
    /// The damage of the journal and what a rebuild would do about it, in one line; `None` when it is whole.
    /// `stored` is the position of the store, if that is known.
    pub(super) fn damage(&self, stored: Option<u64>) -> Option<String> {
        let cut = stored.filter(|stored| *stored > self.seq);
        let cut = cut.map(|stored| format!("lines {} to {stored} were cut off", self.seq + 1));
        let unread = (!self.unread.is_empty()).then(|| self.unread.to_string());
        let damage: Vec<String> = unread.into_iter().chain(cut).collect();
        (!damage.is_empty()).then(|| {
            format!(
                "the journal is damaged: {}; what stood there is left out here. A rebuild first writes the journal a new \
                 base from the store, and loses only what neither has",
                damage.join("; ")
            )
        })
    }
}

/// The entries of a store that no daemon has open, as they were last derived, and its position.
pub(super) fn stored(state_dir: &Path) -> Result<(EntriesById, u64), LedgerError> {
    let read = |store: &Store| Ok((entries(store)?, store.meta()?.map_or(0, |meta| meta.seq)));
    Ok(ledger::peek(state_dir, read)?.unwrap_or_default())
}

fn entries(store: &Store) -> Result<EntriesById, StoreError> {
    let mut entries = EntriesById::new();
    for (rank, _) in store.list(&FeedKey::All, None, usize::MAX)? {
        let (_, entry) = store.listed_entry(rank)?;
        let story = match &entry.story {
            Some(story) => store.entry(story.founder)?.map(|founder| founder.id),
            None => None,
        };
        let regions = entry.regions.iter().map(|evidence| evidence.region.clone()).collect();
        let title = entry.title().to_owned();
        entries.insert(entry.id, Derived { regions, story, title });
    }
    Ok(entries)
}

/// The entries that are not the same before and after.
pub(super) fn differences(before: &EntriesById, after: &EntriesById) -> Vec<Difference> {
    let ids: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = ids.into_iter().filter(|id| before.get(*id) != after.get(*id));
    let difference = |id: &String| Difference {
        id: id.clone(),
        before: before.get(id).cloned(),
        after: after.get(id).cloned(),
    };
    changed.map(difference).collect()
}

#[cfg(test)]
mod tests;

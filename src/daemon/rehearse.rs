//! `dibao rebuild --dry-run`: what the journal would say under the rules of a configuration, beside what
//! the store says now. Changes nothing; the replay is kept in memory.

use std::collections::BTreeMap;
use std::path::Path;

use crate::decide::rules::Rules;
use crate::ledger::journal::Losses;
use crate::ledger::store::{Store, StoreError};
use crate::ledger::{self, LedgerError, Replay};
use crate::model::feed_key::FeedKey;
use crate::model::state::State;

/// What rules decide of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Told {
    /// Its regions.
    pub regions: Vec<String>,
    /// The published id of the entry whose story it joined.
    pub story: Option<String>,
    /// Its title, to know it by.
    pub title: String,
}

/// Every entry that is shown anywhere, by its published id.
pub type Telling = BTreeMap<String, Told>;

/// What the journal of a state directory says under some rules.
#[derive(Debug)]
pub struct Derived {
    /// Its entries.
    pub telling: Telling,
    /// The position of its last line.
    seq: u64,
    /// What of it cannot be read.
    unread: Losses,
}

/// What the journal of a state directory says under these rules.
///
/// # Errors
/// When the journal cannot be read.
pub fn derived(state_dir: &Path, rules: &Rules) -> Result<Derived, LedgerError> {
    let mut replay = Replay::of(state_dir, rules)?;
    if !replay.losses.is_empty() {
        // What seemed torn may have been a write under way, by a daemon that runs.
        replay = Replay::of(state_dir, rules)?;
    }
    let Replay { store, losses } = replay;
    let seq = store.meta()?.map_or(0, |meta| meta.seq);
    Ok(Derived { telling: telling(&store)?, seq, unread: losses })
}

impl Derived {
    /// What ails the journal and what a rebuild would do about it, in one line; `None` when it is whole.
    /// `stored` is the position of the store, where that is known.
    #[must_use]
    pub fn ailment(&self, stored: Option<u64>) -> Option<String> {
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

/// What the store of a state directory, which no daemon has open, says as it was last derived, and its
/// position.
///
/// # Errors
/// When it is in use, or cannot be read.
pub fn stored(state_dir: &Path) -> Result<(Telling, u64), LedgerError> {
    let read = |store: &Store| Ok((telling(store)?, store.meta()?.map_or(0, |meta| meta.seq)));
    Ok(ledger::peek(state_dir, read)?.unwrap_or_default())
}

fn telling(store: &Store) -> Result<Telling, StoreError> {
    let mut told = Telling::new();
    for (rank, _) in store.list(&FeedKey::All, None, usize::MAX)? {
        let (_, entry) = store.listed_entry(rank)?;
        let story = match &entry.story {
            Some(story) => store.entry(story.founder)?.map(|founder| founder.id),
            None => None,
        };
        let regions = entry.regions.iter().map(|evidence| evidence.region.to_string()).collect();
        let title = entry.title().to_owned();
        told.insert(entry.id, Told { regions, story, title });
    }
    Ok(told)
}

/// The entries that are told otherwise: before and after, `None` where one is not there.
#[must_use]
pub fn differences<'a>(
    before: &'a Telling,
    after: &'a Telling,
) -> Vec<(&'a str, Option<&'a Told>, Option<&'a Told>)> {
    let ids: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let pair = |id: &'a String| (id.as_str(), before.get(id), after.get(id));
    ids.into_iter().map(pair).filter(|(_, before, after)| before != after).collect()
}

#[cfg(test)]
mod tests;

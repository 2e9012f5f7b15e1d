//! `dibao rebuild --dry-run`: what the journal would say under the rules of a configuration, beside what
//! the store says now. Changes nothing; the replay is kept in memory.

use std::collections::BTreeMap;
use std::path::Path;

use super::vault::{self, VaultError, Wound};
use crate::core::rules::Rules;
use crate::core::state::{FeedKey, State};
use crate::ledger::journal::{self, JournalError, Losses};
use crate::ledger::store::{MemoryBackend, Store, StoreError};

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
pub fn derived(state_dir: &Path, rules: &Rules) -> Result<Derived, VaultError> {
    let store = Store::new(Box::<MemoryBackend>::default());
    let journal = state_dir.join("journal");
    let mut unread = journal::replay(&journal, 0, &mut |line| -> Result<(), VaultError> {
        Ok(vault::fold(&store, &line, rules).map(drop)?)
    })?;
    if !unread.is_empty() {
        // What seemed torn may have been a write under way, by a daemon that runs.
        unread = journal::replay(&journal, 0, &mut |_| Ok::<_, JournalError>(()))?;
    }
    let seq = store.meta()?.map_or(0, |meta| meta.seq);
    Ok(Derived { telling: telling(&store)?, seq, unread })
}

impl Derived {
    /// What ails the journal and what a rebuild would do about it, in one line; `None` when it is whole.
    /// `stored` is the position of the store, where that is known.
    #[must_use]
    pub fn ailment(&self, stored: Option<u64>) -> Option<String> {
        let cut = stored.filter(|stored| *stored > self.seq).map(|stored| (self.seq + 1, stored));
        let wound = Wound { unread: self.unread.clone(), cut, lost: Losses::default() };
        (cut.is_some() || !self.unread.is_empty()).then(|| {
            format!(
                "the journal is damaged: {wound}; what stood there is left out here. A rebuild would first heal the \
                 journal from the store, if that is sound, and lose only what neither has"
            )
        })
    }
}

/// What the store of a state directory, which no daemon has open, says as it was last derived, and its
/// position.
///
/// # Errors
/// When it is in use, or cannot be read.
pub fn stored(state_dir: &Path) -> Result<(Telling, u64), VaultError> {
    vault::peek(state_dir, |store| Ok((telling(store)?, store.meta()?.map_or(0, |meta| meta.seq))))
}

fn telling(store: &Store) -> Result<Telling, StoreError> {
    let mut told = Telling::new();
    for rank in store.list(&FeedKey::All, None, usize::MAX)? {
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

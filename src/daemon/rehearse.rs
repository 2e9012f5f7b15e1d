//! `dibao rebuild --dry-run`: what the journal would say under the rules of a configuration, beside what
//! the store says now. Changes nothing; the replay is kept in memory.

use std::collections::BTreeMap;
use std::path::Path;

use super::vault::{self, VaultError};
use crate::core::rules::Rules;
use crate::core::state::{FeedKey, State};
use crate::journal;
use crate::store::{MemoryBackend, Store, StoreError};

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

/// What the journal of a state directory says under these rules.
///
/// # Errors
/// When the journal cannot be read.
pub fn derived(state_dir: &Path, rules: &Rules) -> Result<Telling, VaultError> {
    let store = Store::new(Box::<MemoryBackend>::default());
    journal::replay(&state_dir.join("journal"), 0, &mut |line| -> Result<(), VaultError> {
        Ok(vault::fold(&store, &line, rules).map(drop)?)
    })?;
    Ok(telling(&store)?)
}

/// What the store of a state directory, which no daemon has open, says as it was last derived.
///
/// # Errors
/// When it is in use, or cannot be read.
pub fn stored(state_dir: &Path) -> Result<Telling, VaultError> {
    vault::peek(state_dir, |store| Ok(telling(store)?))
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

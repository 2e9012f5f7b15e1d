//! The self-check: every value against its checksum, every count and digest against what is there.
//! A successful open of sled proves nothing: a flipped bit gave silently wrong data in one of ten tries.

use std::collections::BTreeMap;

use super::{Store, StoreError, key};
use crate::core::apply::entry_digest;
use crate::core::source::SourceId;
use crate::core::state::{Entry, FeedState, Meta, SourceState, State};

/// What does not hold.
#[derive(Debug, thiserror::Error)]
pub enum Unsound {
    /// A record cannot be read.
    #[error(transparent)]
    Unreadable(#[from] StoreError),
    /// A count is off.
    #[error("store: {what}: {found} found, {said} recorded")]
    Count {
        /// What was counted.
        what: String,
        /// How many there are.
        found: u64,
        /// How many there should be.
        said: u64,
    },
}

/// What is counted on the way through.
#[derive(Default)]
struct Tally {
    entries: BTreeMap<SourceId, (u64, u64)>,
    listed: BTreeMap<Vec<u8>, u64>,
    known: u64,
    owners: u64,
    sketches: u64,
    filed: u64,
    joined: u64,
    members: u64,
}

pub(super) fn check(store: &Store) -> Result<(), Unsound> {
    let Some(meta) = store.meta()? else {
        // Nothing may stand in a store that has no record about itself.
        let any = store.backend.scan(&[0], &[0xff]).next().transpose()?;
        return count("records without a head record", u64::from(any.is_some()), 0);
    };
    let (tally, sources, feeds) = walk(store)?;
    compare(&tally, &meta, &sources, &feeds)
}

type Feeds = BTreeMap<Vec<u8>, FeedState>;

fn walk(store: &Store) -> Result<(Tally, BTreeMap<SourceId, SourceState>, Feeds), StoreError> {
    let (mut tally, mut feeds) = (Tally::default(), Feeds::new());
    for pair in store.backend.scan(&[key::ENTRY], &[0xff]) {
        let (key, value) = pair?;
        match key[0] {
            key::ENTRY => {
                let entry: Entry = store.open(&key, &value)?;
                let no = u64::from_be_bytes(
                    key[1..].try_into().map_err(|_| super::value::damaged(&key, "it is no entry's key"))?,
                );
                tally.members += u64::from(entry.story.is_some());
                let (n, digest) = tally.entries.entry(entry.source.clone()).or_default();
                *n += 1;
                *digest = digest.wrapping_add(entry_digest(no, &entry));
            }
            key::KNOWN => tally.known += 1,
            key::OWNER => tally.owners += 1,
            key::FEED => {
                let state = store.open(&key, &value)?;
                feeds.insert(key[1..].to_vec(), state);
            }
            key::LISTED => {
                key::rank(&key)?;
                *tally.listed.entry(key[1..key.len() - 24].to_vec()).or_default() += 1;
            }
            key::SKETCH => {
                store.payload(&key, &value)?;
                tally.sketches += 1;
            }
            key::FILED => tally.filed += 1,
            key::JOINED => tally.joined += 1,
            _ => {}
        }
    }
    Ok((tally, store.sources()?, feeds))
}

fn compare(
    tally: &Tally,
    meta: &Meta,
    sources: &BTreeMap<SourceId, SourceState>,
    feeds: &Feeds,
) -> Result<(), Unsound> {
    let found: u64 = tally.entries.values().map(|(n, _)| n).sum();
    count("entries", found, meta.entries)?;
    count("published ids", tally.owners, meta.entries)?;
    count("identity keys", tally.known, meta.known)?;
    count("sketches", tally.sketches, meta.entries)?;
    count("keys of the story index", tally.filed, meta.filed)?;
    count("entries that joined a story", tally.joined, tally.members)?;
    for (id, source) in sources {
        let (n, digest) = tally.entries.get(id).copied().unwrap_or_default();
        count(&format!("entries of source {id}"), n, source.entries)?;
        count(&format!("digest of source {id}"), digest, source.digest)?;
    }
    for (feed, state) in feeds {
        let n = tally.listed.get(feed).copied().unwrap_or_default();
        let name = String::from_utf8_lossy(feed);
        count(&format!("entries listed in feed {}", name.trim_end_matches('\0')), n, state.entries)?;
    }
    Ok(())
}

fn count(what: &str, found: u64, said: u64) -> Result<(), Unsound> {
    if found == said {
        return Ok(());
    }
    Err(Unsound::Count { what: what.to_owned(), found, said })
}

//! The self-check: every value against its checksum, every count and digest against what is there.
//! A successful open of sled proves nothing: a flipped bit gave silently wrong data in one of ten tries.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{Store, StoreError, filing, key, value, work};
use crate::core::source::SourceId;
use crate::core::state::{Entry, EntryNo, FeedState, Meta, Rank, SourceState, State};
use crate::core::story::Sketch;
use crate::ledger::apply::{entry_digest, filing_keys};

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

/// What is counted on the way through. A sum of hashes over the rows that the entries call for, less
/// those over the rows that are there, is zero when they are the same rows.
#[derive(Default)]
struct Tally {
    entries: BTreeMap<SourceId, Entries>,
    listed: BTreeMap<Vec<u8>, u64>,
    known: u64,
    owners: u64,
    sketches: u64,
    filed: u64,
    parts: u64,
    rows: u64,
    newest_seq: u64,
    /// What all rows add up to, in octets.
    octets: u64,
    founders: BTreeMap<EntryNo, EntryNo>,
    /// The rows that keys of entries may stand in: a key leads to the newest entry that has it.
    keys: Vec<u64>,
}

/// The entries of one source.
#[derive(Clone, Copy, Default)]
struct Entries {
    kept: u64,
    stubs: u64,
    digest: u64,
}

impl Tally {
    fn expect(&mut self, key: &[u8], value: &[u8]) {
        self.rows = self.rows.wrapping_add(row_hash(key, value));
    }

    fn find(&mut self, key: &[u8], value: &[u8]) {
        self.rows = self.rows.wrapping_sub(row_hash(key, value));
    }

    /// The rows of the story index that an entry is filed in.
    fn sketch(&mut self, no: EntryNo, sketch: &Sketch) {
        let founder = self.founders.get(&no).copied().unwrap_or(no);
        for (key, row) in filing::rows(no, founder, &filing_keys(sketch)) {
            self.expect(&key, &row);
        }
        self.sketches += 1;
    }

    /// The rows that an entry stands in besides its own.
    fn entry(&mut self, no: EntryNo, entry: &Entry) {
        let number = no.to_be_bytes();
        for feed in entry.feeds() {
            for key in key::places(&feed, Rank::of(no, entry), entry.first_seen) {
                self.expect(&key, &[]);
            }
        }
        for identity in &entry.keys {
            self.keys.push(row_hash(&key::known(&entry.source, identity), &number));
        }
        if let Some(when) = entry.withdrawn {
            // One that had expired before was announced nowhere: it is in no feed then either.
            let before = Entry { withdrawn: None, ..entry.clone() };
            for feed in before.feeds() {
                self.expect(&key::withdrawn(&feed, when, no), entry.id.as_bytes());
            }
        }
        self.expect(&key::owner(&entry.id), &number);
        if let Some(story) = &entry.story {
            self.expect(&key::joined(story.founder, no), &[]);
            self.founders.insert(no, story.founder);
        }
        let theirs = self.entries.entry(entry.source.clone()).or_default();
        let counted = if entry.expired.is_some() { &mut theirs.stubs } else { &mut theirs.kept };
        *counted += 1;
        theirs.digest = theirs.digest.wrapping_add(entry_digest(no, entry));
        self.newest_seq = self.newest_seq.max(entry.seq);
    }
}

/// Returns what all rows add up to, in octets.
pub(super) fn check(store: &Store) -> Result<u64, Unsound> {
    let Some(meta) = store.meta()? else {
        // Nothing may stand in a store that has no record about itself.
        let any = store.backend.scan(&[0], &[0xff]).next().transpose()?;
        return count("records without a head record", u64::from(any.is_some()), 0).map(|()| 0);
    };
    let (tally, sources, feeds) = walk(store)?;
    compare(&tally, &meta, &sources, &feeds)?;
    Ok(tally.octets)
}

type Sources = BTreeMap<SourceId, SourceState>;
type Feeds = BTreeMap<Vec<u8>, FeedState>;

fn walk(store: &Store) -> Result<(Tally, Sources, Feeds), StoreError> {
    let (mut tally, mut sources, mut feeds) = (Tally::default(), Sources::new(), Feeds::new());
    let mut parts = 0;
    for pair in store.backend.scan(&[0], &[0xff]) {
        let (key, value) = pair?;
        work::step();
        tally.octets += (key.len() + value.len()) as u64;
        match key[0] {
            key::META | key::SOURCE | key::ENTRY | key::FEED | key::SKETCH => {
                parts += u64::from(value::parts(&key, &value)?);
            }
            key::PART => tally.parts += 1,
            key::KNOWN => {}
            // Every other row is called for by an entry.
            _ => tally.find(&key, &value),
        }
        match key[0] {
            key::SOURCE => {
                sources.insert(key::source_id(&key)?, store.open(&key, &value)?);
            }
            key::ENTRY => tally.entry(key::entry_no(&key)?, &store.open(&key, &value)?),
            key::KNOWN => {
                if tally.known == 0 {
                    // Entries come before them: all are there.
                    tally.keys.sort_unstable();
                }
                if tally.keys.binary_search(&row_hash(&key, &value)).is_err() {
                    return Err(value::damaged(&key, "the entry it leads to has no such key"));
                }
                tally.known += 1;
            }
            key::OWNER => tally.owners += 1,
            key::FEED => {
                let state: FeedState = store.open(&key, &value)?;
                tally.newest_seq = tally.newest_seq.max(state.changed_seq);
                feeds.insert(key[1..].to_vec(), state);
            }
            key::LISTED | key::BACKLOG => {
                key::rank(&key)?;
                *tally.listed.entry(key[1..key.len() - 24].to_vec()).or_default() += 1;
            }
            key::SKETCH => {
                // Entries come before what they are compared by: their founders are known here.
                let sketch = value::from_compact(&key, &store.payload(&key, &value)?)?;
                tally.sketch(key::entry_no(&key)?, &sketch);
            }
            key::FILED => tally.filed += 1,
            key::FILING => tally.filed += filing::read(&key, &value)?.stems.len() as u64,
            key::META | key::PART | key::JOINED | key::WITHDRAWN | key::SEEN => {}
            _ => return Err(value::damaged(&key, "nothing is kept under such keys")),
        }
    }
    tally.parts = tally.parts.wrapping_sub(parts);
    Ok((tally, sources, feeds))
}

fn compare(tally: &Tally, meta: &Meta, sources: &Sources, feeds: &Feeds) -> Result<(), Unsound> {
    let sum = |of: fn(&Entries) -> u64| tally.entries.values().map(of).sum::<u64>();
    count("entries", sum(|e| e.kept), meta.entries)?;
    count("expired entries", sum(|e| e.stubs), meta.stubs)?;
    count("published ids", tally.owners, meta.entries + meta.stubs)?;
    count("sources", sources.len() as u64, meta.sources)?;
    count("feeds", feeds.len() as u64, meta.feeds)?;
    count("identity keys", tally.known, meta.known)?;
    count("sketches", tally.sketches, meta.entries)?;
    count("keys of the story index", tally.filed, meta.filed)?;
    count("further parts of values, less those recorded", tally.parts, 0)?;
    count("positions beyond the last", tally.newest_seq.saturating_sub(meta.seq), 0)?;
    for id in tally.entries.keys().filter(|id| !sources.contains_key(id)) {
        count(&format!("sources {id}"), 0, 1)?;
    }
    for (id, source) in sources {
        let Entries { kept, stubs, digest } = tally.entries.get(id).copied().unwrap_or_default();
        count(&format!("entries of source {id}"), kept, source.entries)?;
        count(&format!("expired entries of source {id}"), stubs, source.stubs)?;
        count(&format!("digest of source {id}"), digest, source.digest)?;
    }
    let name = |feed: &[u8]| String::from_utf8_lossy(feed).trim_end_matches('\0').to_owned();
    for feed in tally.listed.keys().filter(|feed| !feeds.contains_key(*feed)) {
        count(&format!("feeds {}", name(feed)), 0, 1)?;
    }
    for (feed, state) in feeds {
        let n = tally.listed.get(feed).copied().unwrap_or_default();
        count(&format!("entries listed in feed {}", name(feed)), n, state.entries)?;
    }
    count("sum of the rows that entries call for", tally.rows, 0)
}

/// Sixty-four bits that tell one row from another, for a sum that does not depend on their order.
fn row_hash(key: &[u8], value: &[u8]) -> u64 {
    let mut hash = Sha256::new();
    hash.update((key.len() as u64).to_be_bytes());
    hash.update(key);
    hash.update(value);
    let bytes: [u8; 32] = hash.finalize().into();
    u64::from_be_bytes(bytes[..8].try_into().expect("eight of thirty-two bytes"))
}

fn count(what: &str, found: u64, said: u64) -> Result<(), Unsound> {
    if found == said {
        return Ok(());
    }
    Err(Unsound::Count { what: what.to_owned(), found, said })
}

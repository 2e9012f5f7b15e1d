//! The store: sled as the index of what the journal records. It can be thrown away and built again, so
//! it is written without a sync of its own, checked at every open, and never trusted over the journal.
//!
//! One tree; every line of the journal becomes one atomic batch that also says which line it was.

mod backend;
mod check;
mod disk;
mod filing;
mod freeze;
mod key;
mod memory;
mod recent;
mod value;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::core::identity::IdentityKey;
use crate::core::source::SourceId;
use crate::core::state::{Change, Entry, EntryNo, FeedKey, FeedState, Known, Meta, Rank, SourceState, State};
use crate::core::story::{Lookup, MAX_MEMBERS, Sketch};
use crate::core::time::Time;

pub use backend::{Backend, Batch, Pair, Pairs};
pub use check::Unsound;
pub use disk::SledBackend;
pub use memory::MemoryBackend;
pub use work::work_done;

/// Octets of one batch when a store is copied.
const COPIED: usize = 1 << 20;

/// Why the store cannot answer. After any of these the handle is not used again: set it aside and
/// rebuild from the journal.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// sled refused or panicked.
    #[error("store: sled: {0}")]
    Backend(String),
    /// A value is not what was written.
    #[error("store: the record under {key} is damaged: {why}")]
    Damaged {
        /// The key, for people.
        key: String,
        /// What is wrong with it.
        why: String,
    },
    /// A value of an earlier version of dibao, whose rows were laid out otherwise.
    #[error("store: written by an older dibao (record version {0})")]
    Older(u8),
    /// A value of a later version of dibao.
    #[error("store: written by a newer dibao (record version {0})")]
    Newer(u8),
}

/// The store.
pub struct Store {
    backend: Box<dyn Backend>,
    recent: recent::Recent,
    frozen: freeze::Freezer,
}

impl Store {
    /// A store over a backend.
    #[must_use]
    pub fn new(backend: Box<dyn Backend>) -> Self {
        Self { backend, recent: recent::Recent::default(), frozen: freeze::Freezer::default() }
    }

    /// Writes the changes of one line of the journal: all or none.
    ///
    /// # Errors
    /// When the backend refuses.
    pub fn commit(&self, changes: &[Change]) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        for change in changes {
            self.encode(change, &mut batch)?;
        }
        self.frozen.before(&batch, &*self.backend)?;
        self.backend.commit(batch)?;
        work::step();
        self.recent.follow(changes);
        Ok(())
    }

    /// The store as it is now, for reading, whatever is written from now on. Nothing may be written at the
    /// very moment. `None` while another freeze is in use.
    #[must_use]
    pub fn freeze(self: &Arc<Self>) -> Option<Self> {
        let aside = self.frozen.freeze()?;
        Some(Self::new(Box::new(freeze::Frozen::new(Arc::clone(self), aside))))
    }

    fn encode(&self, change: &Change, batch: &mut Batch) -> Result<(), StoreError> {
        match change {
            Change::Meta(meta) => self.put(batch, key::meta(), &value::json(meta)),
            Change::Source(id, source) => self.put(batch, key::source(id), &value::json(source)),
            Change::Entry(no, entry) => self.put(batch, key::entry(*no), &value::json(entry)),
            Change::Feed(feed, state) => self.put(batch, key::feed(feed), &value::json(state)),
            Change::Known(id, identity, known) => {
                batch.put(key::known(id, identity), known.no.to_be_bytes().to_vec());
                Ok(())
            }
            Change::Owner(id, no) => {
                batch.put(key::owner(id), no.to_be_bytes().to_vec());
                Ok(())
            }
            Change::Sketch(no, sketch) => self.put(batch, key::sketch(*no), &value::compact(&**sketch)),
            Change::Filed(no, founder, keys) => {
                filing::rows(*no, *founder, keys).into_iter().for_each(|(key, value)| batch.put(key, value));
                Ok(())
            }
            Change::Unfiled(no, keys) => {
                filing::rows(*no, 0, keys).into_iter().for_each(|(key, _)| batch.delete(key));
                Ok(())
            }
            Change::Joined(founder, no) => {
                batch.put(key::joined(*founder, *no), Vec::new());
                Ok(())
            }
            Change::Listed(feed, rank, first_seen) => {
                key::places(feed, *rank, *first_seen).into_iter().for_each(|key| batch.put(key, Vec::new()));
                Ok(())
            }
            Change::Withdrawn(feed, at, no, id) => {
                batch.put(key::withdrawn(feed, *at, *no), id.clone().into_bytes());
                Ok(())
            }
            Change::Unlisted(feed, rank, first_seen) => {
                key::places(feed, *rank, *first_seen).into_iter().for_each(|key| batch.delete(key));
                Ok(())
            }
            Change::Removed(no) => self.remove(batch, key::entry(*no)),
            Change::Unsketched(no) => self.remove(batch, key::sketch(*no)),
            Change::Unknown(id, identity) => {
                batch.delete(key::known(id, identity));
                Ok(())
            }
            Change::Disowned(id) => {
                batch.delete(key::owner(id));
                Ok(())
            }
            Change::Parted(founder, no) => {
                batch.delete(key::joined(*founder, *no));
                Ok(())
            }
        }
    }

    /// Deletes a value with all its parts.
    fn remove(&self, batch: &mut Batch, key: Vec<u8>) -> Result<(), StoreError> {
        let parts = self.backend.get(&key)?.map_or(Ok(0), |old| value::parts(&key, &old))?;
        for n in 0..parts {
            batch.delete(key::part(&key, n));
        }
        batch.delete(key);
        Ok(())
    }

    /// A value of any length: what sled would put into a file of its own (which it never syncs) is cut
    /// into parts that it keeps in its pages.
    fn put(&self, batch: &mut Batch, key: Vec<u8>, payload: &[u8]) -> Result<(), StoreError> {
        let before = self.backend.get(&key)?.map_or(Ok(0), |old| value::parts(&key, &old))?;
        let (head, parts) = value::seal(&key, payload);
        for (n, part) in (0u16..).zip(&parts) {
            batch.put(key::part(&key, n), part.clone());
        }
        for n in (0..before).skip(parts.len()) {
            batch.delete(key::part(&key, n));
        }
        batch.put(key, head);
        Ok(())
    }

    fn read<T: serde::de::DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, StoreError> {
        match self.backend.get(key)? {
            Some(head) => self.open(key, &head).map(Some),
            None => Ok(None),
        }
    }

    fn open<T: serde::de::DeserializeOwned>(&self, key: &[u8], head: &[u8]) -> Result<T, StoreError> {
        value::from_json(key, &self.payload(key, head)?)
    }

    fn payload(&self, key: &[u8], head: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut rest = Vec::new();
        for n in 0..value::parts(key, head)? {
            let part = self.backend.get(&key::part(key, n))?;
            rest.extend(part.ok_or_else(|| value::damaged(key, "a part of it is missing"))?);
        }
        value::unseal(key, head, &rest)
    }

    fn number(&self, key: &[u8]) -> Result<Option<EntryNo>, StoreError> {
        self.backend.get(key)?.map(|bytes| number(key, &bytes)).transpose()
    }

    /// The places on a feed's list, first to last, from behind `after` on; at most `limit`.
    ///
    /// # Errors
    /// When the backend cannot be read.
    pub fn list(&self, feed: &FeedKey, after: Option<Rank>, limit: usize) -> Result<Vec<Rank>, StoreError> {
        let mut ranks = Vec::new();
        for list in [key::LISTED, key::BACKLOG] {
            let (from, to) = key::list_range(list, feed, after);
            for pair in self.backend.scan_back(&from, &to).take(limit) {
                ranks.push(key::rank(&pair?.0)?);
            }
        }
        ranks.sort_unstable_by(|a, b| b.cmp(a));
        ranks.truncate(limit);
        Ok(ranks)
    }

    /// The first entries of a feed, with their numbers.
    ///
    /// # Errors
    /// When the backend cannot be read, or an entry on the list is not there.
    pub fn newest(&self, feed: &FeedKey, limit: usize) -> Result<Vec<(EntryNo, Entry)>, StoreError> {
        let ranks = self.list(feed, None, limit)?;
        ranks.into_iter().map(|rank| self.listed_entry(rank)).collect()
    }

    /// Stored entries of any kind in the order of their numbers, from `first` on; at most `limit`.
    ///
    /// # Errors
    /// When the backend cannot be read.
    pub fn entries_from(&self, first: EntryNo, limit: usize) -> Result<Vec<(EntryNo, Entry)>, StoreError> {
        let read = |pair: Result<Pair, StoreError>| {
            let (key, head) = pair?;
            Ok((key::entry_no(&key)?, self.open(&key, &head)?))
        };
        self.backend.scan(&key::entry(first), &key::entries_end()).take(limit).map(read).collect()
    }

    /// What an entry is compared by, for readers of all of them: it is not kept in memory.
    ///
    /// # Errors
    /// When the backend cannot be read.
    pub fn stored_sketch(&self, no: EntryNo) -> Result<Option<Sketch>, StoreError> {
        let key = key::sketch(no);
        let Some(head) = self.backend.get(&key)? else { return Ok(None) };
        Ok(Some(value::from_compact(&key, &self.payload(&key, &head)?)?))
    }

    /// Every feed ever touched.
    ///
    /// # Errors
    /// When the backend cannot be read.
    pub fn feeds(&self) -> Result<Vec<(FeedKey, FeedState)>, StoreError> {
        let (from, to) = key::feeds();
        let mut feeds = Vec::new();
        for pair in self.backend.scan(&from, &to) {
            let (key, head) = pair?;
            feeds.push((key::feed_key(&key)?, self.open(&key, &head)?));
        }
        Ok(feeds)
    }

    /// The entry at a place of a list.
    ///
    /// # Errors
    /// When it cannot be read, or is not there.
    pub fn listed_entry(&self, rank: Rank) -> Result<(EntryNo, Entry), StoreError> {
        Ok((rank.no, self.there(rank.no)?))
    }

    /// An entry that a list says is there.
    ///
    /// # Errors
    /// When it cannot be read, or is not there.
    pub fn there(&self, no: EntryNo) -> Result<Entry, StoreError> {
        let missing = || value::damaged(&key::entry(no), "it is on a list, but not there");
        self.entry(no)?.ok_or_else(missing)
    }

    /// What was withdrawn from a feed at or after a time, latest first: published ids and when; at most
    /// `limit`.
    ///
    /// # Errors
    /// When the backend cannot be read.
    pub fn withdrawn(
        &self,
        feed: &FeedKey,
        since: Time,
        limit: usize,
    ) -> Result<Vec<(String, Time)>, StoreError> {
        let (from, to) = key::withdrawn_since(feed, since);
        let mut found = Vec::new();
        for pair in self.backend.scan_back(&from, &to).take(limit) {
            let (key, id) = pair?;
            let id = String::from_utf8(id).map_err(|_| value::damaged(&key, "it is no id"))?;
            found.push((id, key::withdrawn_at(&key)?));
        }
        Ok(found)
    }

    /// What a feed lists that was first seen from one time on and before another, the latest first; at
    /// most `limit`.
    ///
    /// # Errors
    /// When the backend cannot be read.
    pub fn seen_between(
        &self,
        feed: &FeedKey,
        from: Time,
        before: Time,
        limit: usize,
    ) -> Result<Vec<EntryNo>, StoreError> {
        let mut seen = Vec::new();
        let (first, last) = key::surfaced_range(feed, from, before);
        for pair in self.backend.scan_back(&first, &last).take(limit) {
            let Rank { surfaced, no, .. } = key::rank(&pair?.0)?;
            seen.push((surfaced, no));
        }
        let (first, last) = key::seen_range(feed, from, before);
        for pair in self.backend.scan_back(&first, &last).take(limit) {
            seen.push(key::seen_parts(&pair?.0)?);
        }
        seen.sort_unstable_by(|a, b| b.cmp(a));
        Ok(seen.into_iter().take(limit).map(|(_, no)| no).collect())
    }

    /// When the last entry of a feed's list that was first seen before a time was first seen.
    ///
    /// # Errors
    /// When the backend cannot be read.
    pub fn last_seen_before(&self, feed: &FeedKey, before: Time) -> Result<Option<Time>, StoreError> {
        let (from, to) = key::surfaced_range(feed, Time::MIN_UTC, before);
        let news = first(self.backend.scan_back(&from, &to), key::rank)?.map(|rank| rank.surfaced);
        let (from, to) = key::seen_range(feed, Time::MIN_UTC, before);
        let backlog = first(self.backend.scan_back(&from, &to), key::seen_parts)?.map(|(at, _)| at);
        Ok(news.max(backlog))
    }

    /// When the first entry of a feed's list that was first seen at or after a time was first seen.
    ///
    /// # Errors
    /// When the backend cannot be read.
    pub fn first_seen_from(&self, feed: &FeedKey, from: Time) -> Result<Option<Time>, StoreError> {
        let (start, end) = key::surfaced_range(feed, from, Time::MAX_UTC);
        let news = first(self.backend.scan(&start, &end), key::rank)?.map(|rank| rank.surfaced);
        let (start, end) = key::seen_range(feed, from, Time::MAX_UTC);
        let backlog = first(self.backend.scan(&start, &end), key::seen_parts)?.map(|(at, _)| at);
        Ok(news.into_iter().chain(backlog).min())
    }

    /// Everything filed in the story index in one era.
    fn era(&self, era: u16) -> Result<recent::Era, StoreError> {
        let mut filed = recent::Era::default();
        let (from, to) = key::era_range(era);
        for pair in self.backend.scan(&from, &to) {
            let (key, row) = pair?;
            let filing::Filing { no, founder, minute, stems } = filing::read(&key, &row)?;
            filed.file(no, founder, stems.into_iter().map(|stem| (stem, minute)));
        }
        Ok(filed)
    }

    /// Every source ever known, by id.
    ///
    /// # Errors
    /// When the backend cannot be read.
    pub fn sources(&self) -> Result<BTreeMap<SourceId, SourceState>, StoreError> {
        let (from, to) = key::sources();
        let mut sources = BTreeMap::new();
        for pair in self.backend.scan(&from, &to) {
            let (key, head) = pair?;
            sources.insert(key::source_id(&key)?, self.open(&key, &head)?);
        }
        Ok(sources)
    }

    /// Copies every row into an empty store.
    ///
    /// # Errors
    /// When one cannot be read, or the other not be written.
    pub fn copy_into(&self, fresh: &Self) -> Result<(), StoreError> {
        let (mut batch, mut octets) = (Batch::default(), 0);
        for pair in self.backend.scan(&[0], &[0xff]) {
            let (key, value) = pair?;
            octets += key.len() + value.len();
            batch.put(key, value);
            if octets >= COPIED {
                fresh.backend.commit(std::mem::take(&mut batch))?;
                work::step();
                octets = 0;
            }
        }
        fresh.backend.commit(batch)
    }

    /// Holds the whole store against its own checksums and counts. Returns what its rows add up to, in
    /// octets.
    ///
    /// # Errors
    /// [`Unsound`] says what does not hold.
    pub fn check(&self) -> Result<u64, Unsound> {
        check::check(self)
    }

    /// Every row, in order: two stores with the same dump say the same.
    #[cfg(test)]
    pub(crate) fn dump(&self) -> Vec<Pair> {
        self.backend.scan(&[0], &[0xff]).collect::<Result<_, _>>().expect("the store can be read")
    }

    /// Hands everything written to the disk.
    ///
    /// # Errors
    /// When the backend refuses.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.backend.flush()
    }
}

impl State for Store {
    type Error = StoreError;

    fn meta(&self) -> Result<Option<Meta>, StoreError> {
        self.read(&key::meta())
    }

    fn source(&self, id: &SourceId) -> Result<Option<SourceState>, StoreError> {
        self.read(&key::source(id))
    }

    fn entry(&self, no: EntryNo) -> Result<Option<Entry>, StoreError> {
        self.read(&key::entry(no))
    }

    fn known(&self, source: &SourceId, identity: &IdentityKey) -> Result<Option<Known>, StoreError> {
        Ok(self.number(&key::known(source, identity))?.map(|no| Known { no }))
    }

    fn owner(&self, published_id: &str) -> Result<Option<EntryNo>, StoreError> {
        self.number(&key::owner(published_id))
    }

    fn sketch(&self, no: EntryNo) -> Result<Option<Arc<Sketch>>, StoreError> {
        if let Some(sketch) = self.recent.sketch(no) {
            return Ok(Some(sketch));
        }
        let sketch = self.stored_sketch(no)?.map(Arc::new);
        if let Some(sketch) = &sketch {
            self.recent.keep_sketch(no, sketch);
        }
        Ok(sketch)
    }

    fn near(&self, lookup: &Lookup, limit: usize) -> Result<Vec<EntryNo>, StoreError> {
        if let Some(era) = lookup.at.era() {
            return self.recent.near(era, lookup, limit, || self.era(era));
        }
        let [(from, middle), (after, to)] = key::lookup_ranges(lookup);
        let before = self.backend.scan_back(&from, &middle).take(limit);
        let behind = self.backend.scan(&after, &to).take(limit);
        before.chain(behind).map(|pair| pair.and_then(|(key, value)| number(&key, &value))).collect()
    }

    fn joined(&self, founder: EntryNo, limit: usize) -> Result<Vec<EntryNo>, StoreError> {
        let read = |limit| {
            let (from, to) = key::joined_range(founder);
            self.backend.scan(&from, &to).take(limit).map(|pair| key::joined_no(&pair?.0)).collect()
        };
        if limit > MAX_MEMBERS {
            return read(limit);
        }
        let mut joined: Vec<EntryNo> = self.recent.joined(founder, || read(MAX_MEMBERS))?;
        joined.truncate(limit);
        Ok(joined)
    }

    fn feed(&self, feed: &FeedKey) -> Result<Option<FeedState>, StoreError> {
        self.read(&key::feed(feed))
    }
}

/// What the key of the first pair says, if there is a pair.
fn first<T>(
    mut pairs: Pairs<'_>,
    read: impl Fn(&[u8]) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    pairs.next().transpose()?.map(|(key, _)| read(&key)).transpose()
}

fn number(key: &[u8], value: &[u8]) -> Result<EntryNo, StoreError> {
    let bytes = <[u8; 8]>::try_from(value);
    bytes.map(EntryNo::from_be_bytes).map_err(|_| value::damaged(key, "it is not the number of an entry"))
}

#[cfg(test)]
mod tests;

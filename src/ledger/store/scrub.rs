//! Scrubs the store: reads all of it, a few rows at a time, while it is in use. Checks the checksum of every value,
//! every entry against the rows that lead to it, and every such row against its entry.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Octets, Store, StoreError, key, pack, read, value};
use crate::model::feed_key::FeedKey;
use crate::model::identity::{IdentityKey, KnownKeys};
use crate::model::source::SourceId;
use crate::model::source::SourceNo;
use crate::model::state::{
    BacklogKey, FeedState, Listing, ListingKey, Meta, Rank, Reached, SourceState, State,
};
use crate::model::stored::{Entry, EntryNo};
use crate::model::story::Member;

/// A step ends early when this many rows have to be checked again.
const DOUBTS: usize = 64;

/// Entries that are kept at hand: the rows of one source that lead to an entry are not far from each other.
const AT_HAND: usize = 2_000;

/// Octets of identity keys at hand: those of a million entries.
const MOST_KEYS: usize = 64 << 20;

/// A violated invariant of the store.
#[derive(Debug, thiserror::Error)]
pub enum Unsound {
    #[error(transparent)]
    Unreadable(#[from] StoreError),
    #[error("store: the row {key}: {why}")]
    Row { key: String, why: &'static str },
    #[error("store: {what}: {found} found, {said} recorded")]
    Count { what: String, found: u64, said: u64 },
}

/// The result of one step of a scrub.
#[derive(Debug, Default)]
pub struct Scrubbed {
    /// The key to go on from; `None` after the last row.
    pub next: Option<Vec<u8>>,
    pub rows: u64,
    pub octets: u64,
    /// Entries among them, those that expired too.
    pub entries: u64,
    /// Keys of rows that do not fit the others. They may have been written between two reads: hold off
    /// the writer, and ask [`Store::recheck`] about each.
    pub doubts: Vec<Vec<u8>>,
}

impl Store {
    /// Reads at most `rows` rows from a key on (from the first without one). Fails if a row cannot be read or does
    /// not meet its checksum. That is never a matter of timing.
    pub fn scrub_step(
        &self,
        from: Option<Vec<u8>>,
        rows: usize,
        keys: &mut KeysAtHand,
    ) -> Result<Scrubbed, StoreError> {
        Scrub::new(self, keys).step(from, rows)
    }

    /// Looks at one row again, while nothing is written. Fails with [`Unsound`] names the violated invariant. A row
    /// that was deleted meanwhile is sound.
    pub fn recheck(&self, key: &[u8]) -> Result<(), Unsound> {
        let Some(value) = self.backend.get(key)? else { return Ok(()) };
        match Scrub::new(self, &mut KeysAtHand::default()).judge(key, value)? {
            None => Ok(()),
            Some(why) => Err(Unsound::Row { key: value::name(key), why }),
        }
    }
}

/// The identity keys of sources, as they were when an entry or a run of theirs came first: entries of many sources
/// follow each other, and all keys of a source are read at once.
#[derive(Default)]
pub struct KeysAtHand {
    of: BTreeMap<SourceId, Arc<KnownKeys>>,
    octets: usize,
}

impl KeysAtHand {
    fn of(&mut self, store: &Store, source: &SourceId) -> Result<Arc<KnownKeys>, StoreError> {
        match self.of.get(source) {
            Some(known) => Ok(Arc::clone(known)),
            None => self.read(store, source),
        }
    }

    fn read(&mut self, store: &Store, source: &SourceId) -> Result<Arc<KnownKeys>, StoreError> {
        let known = Arc::new(store.known(source)?);
        if self.octets + known.octets() > MOST_KEYS {
            *self = Self::default();
        }
        self.octets += known.octets();
        self.of.insert(source.clone(), Arc::clone(&known));
        Ok(known)
    }
}

/// The defect of a row; `None` for a sound one.
type RowCheck = Result<Option<&'static str>, StoreError>;

pub(super) struct Scrub<'a> {
    store: &'a Store,
    /// The numbers of sources, which never change.
    numbers: BTreeMap<SourceId, Option<SourceNo>>,
    /// Entries as they were when a row led to them, without what they say.
    at_hand: BTreeMap<EntryNo, Option<Entry>>,
    keys: &'a mut KeysAtHand,
    pub(super) sources: BTreeMap<SourceId, SourceState>,
    pub(super) feeds: BTreeMap<FeedKey, FeedState>,
    /// Entries of each source: those that are kept, and those that expired.
    pub(super) entries: BTreeMap<SourceId, (u64, u64)>,
    pub(super) listed: BTreeMap<FeedKey, u64>,
}

impl<'a> Scrub<'a> {
    pub(super) fn new(store: &'a Store, keys: &'a mut KeysAtHand) -> Self {
        Self {
            store,
            numbers: BTreeMap::new(),
            at_hand: BTreeMap::new(),
            keys,
            sources: BTreeMap::new(),
            feeds: BTreeMap::new(),
            entries: BTreeMap::new(),
            listed: BTreeMap::new(),
        }
    }

    pub(super) fn step(&mut self, from: Option<Vec<u8>>, rows: usize) -> Result<Scrubbed, StoreError> {
        let from = from.as_deref().unwrap_or(&key::ALL.0);
        let mut done = Scrubbed::default();
        for pair in self.store.backend.scan(from, &key::ALL.1) {
            let (key, value) = pair?;
            if done.rows == rows as u64 || done.doubts.len() == DOUBTS {
                done.next = Some(key.to_vec());
                break;
            }
            done.rows += 1;
            done.octets += (key.len() + value.len()) as u64;
            done.entries += u64::from(key[0] == key::ENTRY);
            if self.judge(&key, value)?.is_some() {
                done.doubts.push(key.to_vec());
            }
        }
        Ok(done)
    }

    fn judge(&mut self, key: &[u8], value: Octets) -> RowCheck {
        match key[0] {
            key::META => self.store.open::<Meta>(key, value).map(|_| None),
            key::POSITION => self.store.open::<Reached>(key, value).map(|_| None),
            key::SOURCE => {
                if let Some(source) = self.store.open(key, value)? {
                    self.sources.insert(key::source_id(key)?, source);
                }
                Ok(None)
            }
            key::FEED => {
                if let Some(feed) = self.store.open(key, value)? {
                    self.feeds.insert(key::feed_key(key)?, feed);
                }
                Ok(None)
            }
            key::ENTRY => match self.store.open(key, value)? {
                Some(entry) => self.entry(key::entry_no(key)?, &entry),
                None => Ok(None),
            },
            key::PART => self.part(key),
            key::KNOWN => self.run(key, value),
            key::OWNER => self.owner(key, &value),
            key::LISTED | key::BACKLOG => self.place(key, &value),
            key::SEEN => self.seen(key, value),
            key::MEMBER => self.member(key, value),
            key::WITHDRAWN => self.withdrawn(key, &value),
            _ => Ok(Some("nothing is kept under such keys")),
        }
    }

    /// An entry, and all rows that lead to it.
    fn entry(&mut self, no: EntryNo, entry: &Entry) -> RowCheck {
        let store = self.store;
        let (kept, expired) = self.entries.entry(entry.source.clone()).or_default();
        *(if entry.expired.is_some() { expired } else { kept }) += 1;
        if store.last_meta()?.is_none_or(|meta| meta.next_no <= no || meta.seq < entry.told_at()) {
            return Ok(Some("it is of a later line than the last one"));
        }
        if store.owner(&entry.id)? != Some(no) {
            return Ok(Some("its published id does not lead to it"));
        }
        // A key leads to the newest entry that has it.
        let lead =
            |known: &KnownKeys| entry.keys.iter().all(|key| known.get(key).is_some_and(|known| known >= no));
        if !lead(&*self.keys.of(store, &entry.source)?) && !lead(&*self.keys.read(store, &entry.source)?) {
            return Ok(Some("a key that it is recognised by does not lead to it"));
        }
        let Some(source) = self.source_no(&entry.source)? else { return Ok(Some("its source is not there")) };
        if let Some(at) = entry.withdrawn {
            // One that had expired before was announced nowhere: it is in no feed then either.
            let before = Entry { withdrawn: None, ..entry.clone() };
            for feed in before.feeds() {
                if store.backend.get(&key::withdrawn(&feed, at, no))?.is_none() {
                    return Ok(Some("a feed that had it does not announce that it was withdrawn"));
                }
            }
        }
        if !entry.is_shown() {
            return Ok(None);
        }
        let (founder, member) = self.membership(no, entry)?;
        if entry.story.is_some() && member.is_none() {
            return Ok(Some("it is not among the members of its story"));
        }
        if member.as_ref().is_some_and(|member| *member != entry.member()) {
            return Ok(Some("its story knows it otherwise"));
        }
        let expected = Listing { source, backlog: entry.backlog, story: member.map(|_| founder) };
        for feed in entry.feeds() {
            let key = key::place(&place_of(no, entry, feed.clone()));
            let listed = store.backend.get(&key)?.map(|value| read::place(&key, &value)).transpose()?;
            if listed != Some(expected) {
                return Ok(Some("a feed lists it otherwise, or not at all"));
            }
            if store.backend.get(&key::feed(&feed))?.is_none() {
                return Ok(Some("a feed of it is not there"));
            }
            if entry.backlog.is_some() && !store.backlog(&seen_of(entry, feed))?.contains(&no) {
                return Ok(Some("a feed does not say when it was first seen"));
            }
        }
        Ok(None)
    }

    fn part(&self, key: &[u8]) -> RowCheck {
        let (of, n) = key::part_of(key)?;
        let head = self.store.backend.get(of)?;
        let parts = head.map_or(Ok(0), |head| value::parts(of, &head))?;
        Ok((parts <= n).then_some("no value calls for this part"))
    }

    fn run(&mut self, key: &[u8], head: Octets) -> RowCheck {
        let (source, _) = key::known_key(key)?;
        let known = self.keys.read(self.store, &source)?;
        let Some(run) = self.store.payload(key, head, |octets| read::run(key, octets))? else {
            return Ok(None);
        };
        // Each entry is read once for all its keys.
        let mut leads: Vec<_> = known.leads(&run).collect();
        leads.sort_unstable();
        for (no, identity) in leads {
            let goes_by = |own: &IdentityKey| own.as_bytes().starts_with(identity);
            let leads = |entry: &Entry| entry.source == source && entry.keys.iter().any(goes_by);
            if !self.led_to(no)?.is_some_and(leads) {
                return Ok(Some("an entry that it leads to has no such key"));
            }
        }
        Ok(None)
    }

    fn owner(&mut self, key: &[u8], value: &[u8]) -> RowCheck {
        let entry = self.led_to(read::number(key, value)?)?;
        let leads = |entry: &Entry| *key::owner(&entry.id) == *key;
        Ok((!entry.is_some_and(leads)).then_some("the entry it leads to is published under another id"))
    }

    fn place(&mut self, key: &[u8], value: &[u8]) -> RowCheck {
        let (place, listed) = (key::place_key(key)?, read::place(key, value)?);
        *self.listed.entry(place.feed.clone()).or_default() += 1;
        let no = place.rank.no;
        let entry = self.led_to(no)?.filter(|entry| entry.feeds().contains(&place.feed)).cloned();
        let Some(entry) = entry else {
            return Ok(Some("it lists an entry that is not there, or not in this feed"));
        };
        if *key::place(&place_of(no, &entry, place.feed)) != *key {
            return Ok(Some("its entry stands at another place"));
        }
        let (founder, member) = self.membership(no, &entry)?;
        let story = member.map(|_| founder);
        let source = self.source_no(&entry.source)?;
        let same = source == Some(listed.source) && (entry.backlog, story) == (listed.backlog, listed.story);
        Ok((!same).then_some("its entry is otherwise"))
    }

    fn seen(&mut self, key: &[u8], value: Octets) -> RowCheck {
        let bad = || value::damaged(key, "it is no list of numbers");
        let numbers = self.store.payload(key, value, |packed| pack::read_numbers(packed).ok_or_else(bad))?;
        let Some(numbers) = numbers else { return Ok(None) };
        if numbers.is_empty() || !numbers.is_sorted_by(|a, b| a < b) {
            return Ok(Some("its numbers are not in order"));
        }
        let feed = key::seen_key(key)?.feed;
        for no in numbers {
            let fits = |entry: &Entry| {
                entry.backlog.is_some()
                    && entry.feeds().contains(&feed)
                    && *key::seen(&seen_of(entry, feed.clone())) == *key
            };
            if !self.led_to(no)?.is_some_and(fits) {
                return Ok(Some("an entry of it is not there, or did not come then"));
            }
        }
        Ok(None)
    }

    fn member(&self, key: &[u8], value: Octets) -> RowCheck {
        let (founder, no) = key::member_key(key)?;
        let Some(member) = self.store.open::<Member>(key, value)? else { return Ok(None) };
        let fits =
            |entry: Entry| entry.is_shown() && founder_of(no, &entry) == founder && entry.member() == member;
        Ok((!self.store.entry(no)?.is_some_and(fits)).then_some("its entry is not there, or otherwise"))
    }

    fn withdrawn(&self, key: &[u8], value: &[u8]) -> RowCheck {
        let (feed, _, no) = key::withdrawn_key(key)?;
        let id = read::text(key, value)?;
        let fits = |mut entry: Entry| {
            let at = entry.withdrawn.take();
            entry.id == id
                && entry.feeds().contains(&feed)
                && at.is_some_and(|at| *key::withdrawn(&feed, at, no) == *key)
        };
        Ok((!self.store.entry(no)?.is_some_and(fits))
            .then_some("its entry was not withdrawn from this feed then"))
    }

    /// The entry that a row leads to, without what it says.
    fn led_to(&mut self, no: EntryNo) -> Result<Option<&Entry>, StoreError> {
        if !self.at_hand.contains_key(&no) {
            if self.at_hand.len() == AT_HAND {
                self.at_hand.clear();
            }
            let mut entry = self.store.entry(no)?;
            entry.iter_mut().for_each(Entry::fall_silent);
            self.at_hand.insert(no, entry);
        }
        Ok(self.at_hand[&no].as_ref())
    }

    /// The founder of an entry's story, and the entry as a member of it.
    fn membership(&self, no: EntryNo, entry: &Entry) -> Result<(EntryNo, Option<Member>), StoreError> {
        let founder = founder_of(no, entry);
        Ok((founder, self.store.read(&key::member(founder, no))?))
    }

    fn source_no(&mut self, id: &SourceId) -> Result<Option<SourceNo>, StoreError> {
        if let Some(no) = self.numbers.get(id) {
            return Ok(*no);
        }
        // The row itself, not what the store has of it in memory.
        let row: Option<SourceState> = self.store.read(&key::source(id))?;
        let no = row.map(|source| source.no);
        self.numbers.insert(id.clone(), no);
        Ok(no)
    }
}

fn founder_of(no: EntryNo, entry: &Entry) -> EntryNo {
    entry.story.as_ref().map_or(no, |story| story.founder)
}

fn place_of(no: EntryNo, entry: &Entry, feed: FeedKey) -> ListingKey {
    ListingKey { feed, backlog: entry.backlog.is_some(), rank: Rank::of(no, entry) }
}

fn seen_of(entry: &Entry, feed: FeedKey) -> BacklogKey {
    BacklogKey { feed, first_seen: entry.first_seen, seq: entry.seq }
}

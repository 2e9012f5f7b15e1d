//! The queries of the store: single records, lists, and ranges.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use super::backend::{Backend, Octets, Pair, Pairs};
use super::{Store, StoreError, key, pack, value};
use crate::model::entry_key::EntryKey;
use crate::model::feed_key::FeedKey;
use crate::model::identity::{KnownKeys, Run};
use crate::model::source::SourceId;
use crate::model::state::{BacklogKey, FeedState, Listing, Meta, Rank, Reached, SourceState, State};
use crate::model::stored::{Entry, EntryNo};
use crate::model::story::Member;
use crate::model::time::Time;

impl Store {
    /// The place in the journal that the store reflects.
    pub fn position(&self) -> Result<Option<Reached>, StoreError> {
        self.read(&key::position())
    }

    /// The places on a feed's list, first to last, from behind `after` on; at most `limit`.
    pub fn list(
        &self,
        feed: &FeedKey,
        after: Option<Rank>,
        limit: usize,
    ) -> Result<Vec<(Rank, Listing)>, StoreError> {
        let mut places = Vec::new();
        for list in [key::LISTED, key::BACKLOG] {
            let (from, to) = key::list_range(list, feed, after);
            for pair in self.backend.scan_back(&from, &to).take(limit) {
                let (key, value) = pair?;
                places.push((key::rank(&key)?, place(&key, &value)?));
            }
        }
        places.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
        places.truncate(limit);
        Ok(places)
    }

    /// The first entries of a feed, with their numbers.
    pub fn newest(&self, feed: &FeedKey, limit: usize) -> Result<Vec<(EntryNo, Entry)>, StoreError> {
        let places = self.list(feed, None, limit)?;
        places.into_iter().map(|(rank, _)| self.listed_entry(rank)).collect()
    }

    /// The entry at a place of a list.
    pub fn listed_entry(&self, rank: Rank) -> Result<(EntryNo, Entry), StoreError> {
        Ok((rank.no, self.there(rank.no)?))
    }

    /// An entry that a list says is there.
    pub fn there(&self, no: EntryNo) -> Result<Entry, StoreError> {
        let missing = || value::damaged(&key::entry(no), "it is on a list, but not there");
        self.entry(no)?.ok_or_else(missing)
    }

    /// Stored entries of any kind in the order of their numbers, from `first` on; at most `limit`.
    pub fn entries_from(&self, first: EntryNo, limit: usize) -> Result<Vec<(EntryNo, Entry)>, StoreError> {
        let (from, to) = key::entries_from(first);
        self.entries(self.backend.scan(&from, &to).take(limit)).collect()
    }

    /// Stored entries of any kind, the one with the greatest number first, from the one before `before` on
    /// (or from the last); as many as are taken.
    pub fn newest_entries(
        &self,
        before: Option<EntryNo>,
    ) -> impl Iterator<Item = Result<(EntryNo, Entry), StoreError>> + '_ {
        let (from, end) = key::entries_from(0);
        let to = before.map_or(end, key::entry);
        self.entries(self.backend.scan_back(&from, &to))
    }

    fn entries<'a>(
        &'a self,
        pairs: impl Iterator<Item = Result<Pair, StoreError>> + 'a,
    ) -> impl Iterator<Item = Result<(EntryNo, Entry), StoreError>> + 'a {
        // One that is deleted meanwhile is left out.
        pairs.filter_map(|pair| {
            let read = |(key, head): Pair| Ok((key::entry_no(&key)?, self.open(&key, head)?));
            match pair.and_then(read) {
                Ok((no, entry)) => entry.map(|entry| Ok((no, entry))),
                Err(error) => Some(Err(error)),
            }
        })
    }

    pub fn feeds(&self) -> Result<Vec<(FeedKey, FeedState)>, StoreError> {
        let (from, to) = key::feeds();
        let mut feeds = Vec::new();
        for pair in self.backend.scan(&from, &to) {
            let (key, head) = pair?;
            if let Some(state) = self.open(&key, head)? {
                feeds.push((key::feed_key(&key)?, state));
            }
        }
        Ok(feeds)
    }

    /// Every source ever known, by id.
    pub fn sources(&self) -> Result<BTreeMap<SourceId, SourceState>, StoreError> {
        let (from, to) = key::sources();
        let mut sources = BTreeMap::new();
        for pair in self.backend.scan(&from, &to) {
            let (key, head) = pair?;
            if let Some(state) = self.open(&key, head)? {
                sources.insert(key::source_id(&key)?, state);
            }
        }
        Ok(sources)
    }

    /// Entries withdrawn from a feed at or after a time, latest first: published ids and times; at most
    /// `limit`.
    pub fn withdrawn(
        &self,
        feed: &FeedKey,
        since: Time,
        limit: usize,
    ) -> Result<Vec<(String, Time)>, StoreError> {
        let (from, to) = key::withdrawn_since(feed, since);
        let mut found = Vec::new();
        for pair in self.backend.scan_back(&from, &to).take(limit) {
            let (key, value) = pair?;
            let (_, at, _) = key::withdrawn_key(&key)?;
            found.push((text(&key, &value)?.to_owned(), at));
        }
        Ok(found)
    }

    /// The places on a feed's list of what surfaced from one time on and before another, first to last; at most
    /// `limit`.
    pub fn surfaced_between(
        &self,
        feed: &FeedKey,
        from: Time,
        before: Time,
        limit: usize,
    ) -> Result<Vec<(Rank, Listing)>, StoreError> {
        let mut places = Vec::new();
        for list in [key::LISTED, key::BACKLOG] {
            let (from, to) = key::surfaced_range(list, feed, from, before);
            for pair in self.backend.scan_back(&from, &to).take(limit) {
                let (key, value) = pair?;
                places.push((key::rank(&key)?, place(&key, &value)?));
            }
        }
        places.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
        places.truncate(limit);
        Ok(places)
    }

    /// Time at which the last entry of a feed's list before a given time surfaced.
    pub fn last_surfaced_before(&self, feed: &FeedKey, before: Time) -> Result<Option<Time>, StoreError> {
        let mut last = None;
        for list in [key::LISTED, key::BACKLOG] {
            let (from, to) = key::surfaced_range(list, feed, Time::MIN_UTC, before);
            last = last.max(first(self.backend.scan_back(&from, &to), key::rank)?.map(|rank| rank.surfaced));
        }
        Ok(last)
    }

    /// Time at which the first entry of a feed's list from a given time on surfaced.
    pub fn first_surfaced_from(&self, feed: &FeedKey, from: Time) -> Result<Option<Time>, StoreError> {
        let mut found = Vec::new();
        for list in [key::LISTED, key::BACKLOG] {
            let (from, to) = key::surfaced_range(list, feed, from, Time::MAX_UTC);
            found.extend(first(self.backend.scan(&from, &to), key::rank)?.map(|rank| rank.surfaced));
        }
        Ok(found.into_iter().min())
    }

    /// The entry whose published id has this hash.
    pub fn published(&self, id: EntryKey) -> Result<Option<EntryNo>, StoreError> {
        self.number(&key::published(id))
    }

    /// Entries on a feed's list that were first seen from one time on and before another, the latest first; at
    /// most `limit`.
    pub fn seen_between(
        &self,
        feed: &FeedKey,
        from: Time,
        before: Time,
        limit: usize,
    ) -> Result<Vec<EntryNo>, StoreError> {
        let mut seen = Vec::new();
        let (first, last) = key::surfaced_range(key::LISTED, feed, from, before);
        for pair in self.backend.scan_back(&first, &last).take(limit) {
            let Rank { surfaced, no, .. } = key::rank(&pair?.0)?;
            seen.push((surfaced, no));
        }
        let (first, last) = key::seen_range(feed, from, before);
        let (mut backlog, mut cut) = (0, None);
        for pair in self.backend.scan_back(&first, &last) {
            let (key, head) = pair?;
            let at = key::seen_key(&key)?.first_seen;
            // Polls of one instant are taken together: their numbers may be mixed.
            if cut.is_some_and(|cut| at < cut) {
                break;
            }
            let numbers = self.numbers(&key, head)?;
            backlog += numbers.len();
            seen.extend(numbers.into_iter().map(|no| (at, no)));
            cut = (backlog >= limit).then_some(at);
        }
        seen.sort_unstable_by(|a, b| b.cmp(a));
        Ok(seen.into_iter().take(limit).map(|(_, no)| no).collect())
    }

    /// Time at which the last entry of a feed's list before a given time was first seen.
    pub fn last_seen_before(&self, feed: &FeedKey, before: Time) -> Result<Option<Time>, StoreError> {
        let (from, to) = key::surfaced_range(key::LISTED, feed, Time::MIN_UTC, before);
        let news = first(self.backend.scan_back(&from, &to), key::rank)?.map(|rank| rank.surfaced);
        let (from, to) = key::seen_range(feed, Time::MIN_UTC, before);
        let backlog = first(self.backend.scan_back(&from, &to), key::seen_key)?.map(|key| key.first_seen);
        Ok(news.max(backlog))
    }

    /// Time at which the first entry of a feed's list from a given time on was first seen.
    pub fn first_seen_from(&self, feed: &FeedKey, from: Time) -> Result<Option<Time>, StoreError> {
        let (start, end) = key::surfaced_range(key::LISTED, feed, from, Time::MAX_UTC);
        let news = first(self.backend.scan(&start, &end), key::rank)?.map(|rank| rank.surfaced);
        let (start, end) = key::seen_range(feed, from, Time::MAX_UTC);
        let backlog = first(self.backend.scan(&start, &end), key::seen_key)?.map(|key| key.first_seen);
        Ok(news.into_iter().chain(backlog).min())
    }

    pub(super) fn read<T: serde::de::DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, StoreError> {
        match self.backend.get(key)? {
            Some(head) => self.open(key, head),
            None => Ok(None),
        }
    }

    /// Reads a record given its head; `None` if it is deleted while its parts are read.
    pub(super) fn open<T: serde::de::DeserializeOwned>(
        &self,
        key: &[u8],
        head: Octets,
    ) -> Result<Option<T>, StoreError> {
        self.payload(key, head, |payload| value::from_json(key, payload))
    }

    fn numbers(&self, key: &[u8], head: Octets) -> Result<Vec<EntryNo>, StoreError> {
        let bad = || value::damaged(key, "it is no list of numbers");
        let numbers = self.payload(key, head, |packed| pack::read_numbers(packed).ok_or_else(bad))?;
        Ok(numbers.unwrap_or_default())
    }

    /// Reads the payload of a value given its head. The parts of a long one are read one by one, and may be of a later
    /// value than its head: then all of it is read again while nothing is written.
    pub(super) fn payload<T>(
        &self,
        key: &[u8],
        head: Octets,
        read: impl Fn(&[u8]) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let found = whole(&*self.backend, key, &head, &read);
        if found.is_ok() || value::parts(key, &head)? == 0 {
            return found.map(Some);
        }
        let _still = self.writing.read().unwrap_or_else(PoisonError::into_inner);
        let Some(head) = self.backend.get(key)? else { return Ok(None) };
        whole(&*self.backend, key, &head, &read).map(Some)
    }

    pub(super) fn number(&self, key: &[u8]) -> Result<Option<EntryNo>, StoreError> {
        self.backend.get(key)?.map(|value| number(key, &value)).transpose()
    }
}

impl State for Store {
    type Error = StoreError;

    fn meta(&self) -> Result<Option<Meta>, StoreError> {
        Ok(self.last_meta()?.map(|meta| Meta::clone(&meta)))
    }

    fn source(&self, id: &SourceId) -> Result<Option<SourceState>, StoreError> {
        if let Some(source) = self.held_sources().get(id) {
            return Ok(Some(SourceState::clone(source)));
        }
        let Some(read) = self.read::<SourceState>(&key::source(id))? else { return Ok(None) };
        // One that was committed meanwhile is newer.
        let source = Arc::clone(self.held_sources().entry(id.clone()).or_insert_with(|| Arc::new(read)));
        Ok(Some(SourceState::clone(&source)))
    }

    fn entry(&self, no: EntryNo) -> Result<Option<Entry>, StoreError> {
        self.read(&key::entry(no))
    }

    fn known(&self, source: &SourceId) -> Result<KnownKeys, StoreError> {
        // A batch merges runs: some from before it and others from after it would not be all keys.
        let _still = self.writing.read().unwrap_or_else(PoisonError::into_inner);
        let (from, to) = key::known_runs(source);
        let runs = self.backend.scan(&from, &to);
        let runs = runs.map(|pair| {
            pair.and_then(|(key, head)| whole(&*self.backend, &key, &head, |octets| run(&key, octets)))
        });
        Ok(KnownKeys::new(runs.collect::<Result<_, _>>()?))
    }

    fn owner(&self, published_id: &str) -> Result<Option<EntryNo>, StoreError> {
        self.number(&key::owner(published_id))
    }

    fn members(&self, founder: EntryNo, limit: usize) -> Result<Vec<(EntryNo, Member)>, StoreError> {
        let (from, to) = key::members(founder);
        let mut members = Vec::new();
        for pair in self.backend.scan(&from, &to).take(limit) {
            let (key, head) = pair?;
            if let Some(member) = self.open(&key, head)? {
                members.push((key::member_key(&key)?.1, member));
            }
        }
        Ok(members)
    }

    fn feed(&self, feed: &FeedKey) -> Result<Option<FeedState>, StoreError> {
        self.read(&key::feed(feed))
    }

    fn backlog(&self, backlog: &BacklogKey) -> Result<Vec<EntryNo>, StoreError> {
        let key = key::seen(backlog);
        match self.backend.get(&key)? {
            Some(head) => self.numbers(&key, head),
            None => Ok(Vec::new()),
        }
    }
}

impl Store {
    /// The record about the whole as it was last committed: nothing is read for it after the first time.
    pub fn last_meta(&self) -> Result<Option<Arc<Meta>>, StoreError> {
        if let Some(meta) = &*self.held() {
            return Ok(Some(Arc::clone(meta)));
        }
        let read: Option<Arc<Meta>> = self.read::<Meta>(&key::meta())?.map(Arc::new);
        let mut meta = self.held();
        if meta.is_none() {
            meta.clone_from(&read);
        }
        Ok(meta.clone())
    }
}

/// The key of the first pair, read, if there is a pair.
fn first<T>(
    mut pairs: Pairs<'_>,
    read: impl Fn(&[u8]) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    pairs.next().transpose()?.map(|(key, _)| read(&key)).transpose()
}

/// Reads a value given its head, while nothing is written.
pub(super) fn whole<T>(
    backend: &dyn Backend,
    key: &[u8],
    head: &[u8],
    read: impl Fn(&[u8]) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let missing = || value::damaged(key, "a part of it is missing");
    let parts = 0..value::parts(key, head)?;
    let parts = parts.map(|n| backend.get(&key::part(key, n))?.ok_or_else(missing));
    value::open(key, head, &parts.collect::<Result<Vec<_>, _>>()?, read)
}

pub(super) fn run(key: &[u8], octets: &[u8]) -> Result<Run, StoreError> {
    Run::read(octets).ok_or_else(|| value::damaged(key, "it is no run of keys"))
}

pub(super) fn number(key: &[u8], value: &[u8]) -> Result<EntryNo, StoreError> {
    let bad = || value::damaged(key, "it is not the number of an entry");
    pack::read_number(value::short(key, value)?).ok_or_else(bad)
}

pub(super) fn place(key: &[u8], value: &[u8]) -> Result<Listing, StoreError> {
    let bad = || value::damaged(key, "it says nothing of an entry");
    pack::read_place(value::short(key, value)?).ok_or_else(bad)
}

pub(super) fn text<'a>(key: &[u8], value: &'a [u8]) -> Result<&'a str, StoreError> {
    std::str::from_utf8(value::short(key, value)?).map_err(|_| value::damaged(key, "it is no text"))
}
